//! An API's way to a load balancer in a private network. A link of `apigateway` leads to one network load balancer; one of
//! `apigatewayv2` leads into a network, and each integration says to which load balancer there.

use serde::{Deserialize, Serialize};

use crate::rest_api::{EpochSeconds, Tags};

/// One link of `apigateway`; integrations refer to it by its id.
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

/// One link of `apigatewayv2`; its id is never that of a [`VpcLink`] of the same account and region, since integrations name either
/// by its id alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcLinkV2 {
    /// Six characters.
    pub id: String,
    /// Never empty; not unique.
    pub name: String,
    /// They never change.
    #[serde(default)]
    pub security_group_ids: Vec<String>,
    /// At least one; they never change.
    pub subnet_ids: Vec<String>,
    /// When it was made.
    pub created: EpochSeconds,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}
