//! Client certificates: what a stage shows to its backends to prove that it is the caller.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::hidden::Hidden;
use crate::rest_api::{EpochSeconds, Tags};

/// One client certificate. An aggregate of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// Six characters.
    pub id: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The certificate, for backends to trust.
    pub pem: String,
    /// PKCS#8 in PEM. No answer and no log line shows it.
    pub private_key: Hidden,
    /// When it was made.
    pub created: EpochSeconds,
    /// After which it is not valid.
    pub expires: EpochSeconds,
    /// `{api}:{stage}` each: the stages that use it. A certificate in use cannot be deleted.
    #[serde(default)]
    pub stages: BTreeSet<String>,
    /// Tags of the certificate.
    #[serde(default)]
    pub tags: Tags,
}
