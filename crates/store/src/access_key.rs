//! Access keys: who may sign requests, and for which account.

use std::fmt;

use postern_api_model::identity::Session;

/// A secret access key. It shows itself only to who asks for it by name, never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text of a secret key.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for verifying a signature and for the one answer that hands the key out.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// One access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// As sent in the credential scope of a signature, such as `AKIA...`.
    pub id: String,
    /// What signatures are made with.
    pub secret: Secret,
    /// Twelve digits: the account that the key's requests belong to.
    pub account: String,
    /// Seconds since the epoch.
    pub created: i64,
    /// Whether it still signs.
    pub status: AccessKeyStatus,
    /// The IAM policy that limits it, a JSON text; `None`: everything in its account.
    pub policy: Option<String>,
    /// For how long it was lent; `None`: for good. It was issued when it was created.
    pub session: Option<Session>,
}

/// Whether an access key still signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKeyStatus {
    /// It does.
    Active,
    /// It does not, for good; the row stays, so that its id is never given out again.
    Revoked,
}

impl AccessKeyStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Active, Self::Revoked].into_iter().find(|status| status.as_str() == name)
    }
}
