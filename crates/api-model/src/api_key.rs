//! API keys: what a client of an API presents, and the index that finds one by its value.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::hidden::Hidden;
use crate::rest_api::{EpochSeconds, Tags};

/// One API key. An aggregate of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Ten characters.
    pub id: String,
    /// What a client sends. Unique in the account and region: see [`ApiKeyValue`]. It never changes.
    pub value: Hidden,
    /// Not unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A customer of AWS Marketplace; GetApiKeys can be asked for the keys of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// A key that is not enabled opens nothing.
    #[serde(default)]
    pub enabled: bool,
    /// When it was made.
    pub created: EpochSeconds,
    /// When it was last changed.
    pub last_updated: EpochSeconds,
    /// `{api}/{stage}` each: the associations of the time before usage plans. They open nothing.
    #[serde(default)]
    pub stage_keys: BTreeSet<String>,
    /// Labels of a PATCH; no answer shows them.
    #[serde(default)]
    pub labels: BTreeSet<String>,
    /// Ids of the plans that the key was added to. A plan that was deleted may still stand here: the key is in a plan if, and only
    /// if, there is a [`UsagePlanKey`](crate::usage_plan::UsagePlanKey) of the two.
    #[serde(default)]
    pub usage_plans: BTreeSet<String>,
    /// Tags of the key.
    #[serde(default)]
    pub tags: Tags,
}

/// Which key has a value. Its id is a digest of the value, so that the store refuses a second key with the same one, whoever
/// writes at the same time, and a request's key is found in one look-up. Written once, with the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyValue {
    /// The key's id.
    pub api_key_id: String,
}
