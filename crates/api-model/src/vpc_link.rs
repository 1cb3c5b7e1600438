//! A REST API's way to a load balancer in a private network.

use serde::{Deserialize, Serialize};

use crate::rest_api::Tags;

/// One link; integrations refer to it by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcLink {
    /// Six characters.
    pub id: String,
    /// Never empty; not unique.
    pub name: String,
    /// Never stored empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// One ARN of a network load balancer; it never changes.
    pub target_arns: Vec<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}
