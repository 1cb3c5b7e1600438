//! A frozen definition, and the note of it that stays in the aggregate.

use serde::{Deserialize, Serialize};

use super::{Definition, EpochSeconds};
use crate::scope::Scope;

/// What the API remembers of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Six characters.
    pub id: String,
    /// When it was made.
    pub created: EpochSeconds,
    /// Absent when it was created without one or with an empty one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The immutable aggregate that a deployment writes once, and that the data plane compiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentSnapshot {
    /// The API it belongs to.
    pub api_id: String,
    /// The deployment's id.
    pub deployment_id: String,
    /// Whose API it is.
    pub scope: Scope,
    /// The definition as it was at that moment.
    pub definition: Definition,
}
