//! A node of the API's path tree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Method;

/// One path segment and the methods on it. Paths are derived from the tree, never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Ten characters for the root, six for the others.
    pub id: String,
    /// `None` for the root only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// `pets`, `{id}` or `{proxy+}`; empty for the root only.
    #[serde(default)]
    pub path_part: String,
    /// By HTTP verb in capitals, or `ANY`.
    #[serde(default)]
    pub methods: BTreeMap<String, Method>,
}
