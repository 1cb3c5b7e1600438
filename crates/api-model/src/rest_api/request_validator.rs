//! Which parts of a request are checked before the integration is called.

use serde::{Deserialize, Serialize};

/// Two switches under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestValidator {
    /// Six characters.
    pub id: String,
    /// Shown only; not unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Check the body against the method's model.
    #[serde(default)]
    pub validate_request_body: bool,
    /// Check that required parameters are there.
    #[serde(default)]
    pub validate_request_parameters: bool,
}
