//! The access keys that requests to methods with `AWS_IAM` are signed with.

use super::PortFuture;
use crate::hidden::Hidden;
use crate::identity::{Identity, Session};

/// Called by the data plane when a request says which key signed it.
pub trait CallerKeys: Send + Sync {
    /// The key with this id; `None` when there is none that signs, be it unknown or revoked. Answers are kept for less than a second.
    ///
    /// # Errors
    /// When the store cannot be read; says so in words for the log. The request is refused then.
    fn caller_key<'a>(&'a self, access_key_id: &'a str) -> PortFuture<'a, Result<Option<CallerKey>, String>>;
}

/// An access key that signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerKey {
    /// Whom it speaks for.
    pub identity: Identity,
    /// What a request must show.
    pub proof: Proof,
    /// The IAM policy that says what it may do; `None`: everything in its account.
    pub policy: Option<String>,
    /// `None`: a key for good.
    pub session: Option<Session>,
}

/// What proves that a request comes from a key's holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A signature made with this secret.
    Secret(Hidden),
    /// Nothing: whoever names the key holds it. For development on loopback alone.
    Waived,
}
