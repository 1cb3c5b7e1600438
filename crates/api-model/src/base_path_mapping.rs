//! Which API and stage a custom domain name leads to, by the first part of the path.

use serde::{Deserialize, Serialize};

/// How the mapping of the domain's root is named in paths and answers.
pub const ROOT: &str = "(none)";

/// One mapping of a domain name, which holds it by its base path ([`ROOT`] for the root).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasePathMapping {
    /// An API of the same account and region.
    pub rest_api_id: String,
    /// One of its stages; without one the caller names the stage in the next part of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}
