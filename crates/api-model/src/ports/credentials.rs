//! The keys with which requests to AWS services are signed.

use super::PortFuture;
use crate::hidden::Hidden;

/// Called by the data plane before it signs.
pub trait CredentialSource: Send + Sync {
    /// The credentials that configuration maps a role to, or the default ones.
    ///
    /// # Errors
    /// When there are none; says in words which configuration key to set.
    fn credentials<'a>(&'a self, wanted: WantedCredentials<'a>) -> PortFuture<'a, Result<Credentials, String>>;
}

/// Whose credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedCredentials<'a> {
    /// The ones that hold where nothing is named.
    Default,
    /// Those of the role with this ARN.
    Role(&'a str),
}

/// What a request is signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Names the key.
    pub access_key_id: String,
    /// Never printed.
    pub secret_access_key: Hidden,
    /// Of temporary credentials.
    pub session_token: Option<Hidden>,
}

/// What development signs with. Emulators take it for a secret; AWS knows no such key.
const DEVELOPMENT_SECRET: &str = "postern-development-key";

impl Credentials {
    /// Made up for an account: emulators that tell accounts apart do so by the key's id. Opens nothing at AWS.
    pub fn for_development(account: &str) -> Self {
        Self {
            access_key_id: account.to_owned(),
            secret_access_key: Hidden::new(DEVELOPMENT_SECRET.to_owned()),
            session_token: None,
        }
    }
}
