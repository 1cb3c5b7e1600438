//! A named JSON schema.

use serde::{Deserialize, Serialize};

/// A draft-04 schema under a name; methods refer to it by that name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// Six characters.
    pub id: String,
    /// Alphanumeric, unique in the API.
    pub name: String,
    /// Usually `application/json`.
    pub content_type: String,
    /// Never stored empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The schema's text, verbatim.
    pub schema: String,
}
