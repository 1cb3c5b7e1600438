//! Usage plans: which keys may call which stages, how fast and how often.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::apigateway::QuotaPeriodType;
use crate::rest_api::{OrderedMap, Tags};

/// One usage plan. An aggregate of its own; its keys are [`UsagePlanKey`]s, so that a plan of many keys stays small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsagePlan {
    /// Six characters.
    pub id: String,
    /// Not unique, not empty.
    pub name: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The stages that the plan opens, each once. Each of these stages names the plan too (`Stage::usage_plans`): whoever deletes a
    /// stage takes it out of its plans in the same commit.
    #[serde(default)]
    pub api_stages: Vec<ApiStage>,
    /// Of each key, over all stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// Of each key, over all stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// A product of AWS Marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_code: Option<String>,
    /// Tags of the plan.
    #[serde(default)]
    pub tags: Tags,
}

/// A stage that a plan opens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiStage {
    /// Id of the API.
    pub api_id: String,
    /// Name of the stage.
    pub stage: String,
    /// Limits of single methods, by `{resource path}/{VERB}`.
    #[serde(default)]
    pub throttle: OrderedMap<Throttle>,
}

/// A token bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Throttle {
    /// Its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst_limit: Option<i32>,
    /// Tokens a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<f64>,
}

/// Requests in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// How many.
    pub limit: i32,
    /// On which day a period begins: 0 for a DAY, 0 (Sunday) to 6 for a WEEK, 0 (the first) to 27 for a MONTH.
    pub offset: i32,
    /// How long.
    pub period: QuotaPeriodType,
}

/// A key in a plan. An aggregate of its own, whose id is that of the plan, a slash, and that of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsagePlanKey {
    /// The plan.
    pub usage_plan_id: String,
    /// The key.
    pub api_key_id: String,
    /// By date (`YYYY-MM-DD`, UTC); a day without traffic has no entry.
    #[serde(default)]
    pub usage: BTreeMap<String, DayUsage>,
}

/// What a key used of its quota on one day, and what remained of it at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayUsage {
    /// Requests of the day.
    pub used: i64,
    /// Requests left in the period.
    pub remaining: i64,
}
