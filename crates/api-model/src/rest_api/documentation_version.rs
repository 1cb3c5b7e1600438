//! A published state of an API's documentation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DocumentationPart, EpochSeconds};

/// What the API remembers of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentationVersion {
    /// The user's own text, unique within the API.
    pub version: String,
    /// When it was made.
    pub created: EpochSeconds,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The parts as they were when a version was made: an aggregate of its own, written once, so that versions do not weigh on
/// every change of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentationSnapshot {
    /// By part id.
    pub parts: BTreeMap<String, DocumentationPart>,
}
