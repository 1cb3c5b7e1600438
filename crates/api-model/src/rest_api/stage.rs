//! A named place from which a deployment is served, with settings that change without a new deployment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{EpochSeconds, OrderedMap, Tags};
use crate::apigateway::{CacheClusterSize, UnauthorizedCacheControlHeaderStrategy};

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// 1 to 128 characters of `[A-Za-z0-9_-]`.
    pub name: String,
    /// The deployment served.
    pub deployment_id: String,
    /// Creation time.
    pub created: EpochSeconds,
    /// Last change to the stage itself.
    pub last_updated: EpochSeconds,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Stage variables.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// By `{resource path with / as ~1}/{VERB}` or `*/*`.
    #[serde(default)]
    pub method_settings: BTreeMap<String, MethodSetting>,
    /// Whether the stage asks for a response cache.
    #[serde(default)]
    pub cache_cluster_enabled: bool,
    /// Its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_cluster_size: Option<CacheClusterSize>,
    /// A share of the traffic for another deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_settings: Option<CanarySettings>,
    /// Where access logs go and what they say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLogSettings>,
    /// Certificate offered to backends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
    /// Version of the documentation the stage stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation_version: Option<String>,
    /// X-Ray tracing.
    #[serde(default)]
    pub tracing_enabled: bool,
    /// Ids of the usage plans that name the stage: the other side of their `api_stages`.
    #[serde(default)]
    pub usage_plans: BTreeSet<String>,
    /// Tags of the stage.
    #[serde(default)]
    pub tags: Tags,
}

impl Stage {
    /// A stage without any settings.
    pub fn new(name: &str, deployment_id: &str, created: EpochSeconds) -> Self {
        Self {
            name: name.to_owned(),
            deployment_id: deployment_id.to_owned(),
            created,
            last_updated: created,
            description: None,
            variables: BTreeMap::new(),
            method_settings: BTreeMap::new(),
            cache_cluster_enabled: false,
            cache_cluster_size: None,
            canary_settings: None,
            access_log_settings: None,
            client_certificate_id: None,
            documentation_version: None,
            tracing_enabled: false,
            usage_plans: BTreeSet::new(),
            tags: Tags::new(),
        }
    }
}

/// Settings of one method on a stage, or of all (`*/*`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "AWS's own shape")]
pub struct MethodSetting {
    /// Detailed metrics.
    pub metrics_enabled: bool,
    /// `OFF`, `ERROR` or `INFO`; absent until set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    /// Bodies in the execution log.
    pub data_trace_enabled: bool,
    /// Token bucket size; -1 is no limit.
    pub throttling_burst_limit: i32,
    /// Tokens per second; -1 is no limit.
    pub throttling_rate_limit: f64,
    /// Response cache on or off.
    pub caching_enabled: bool,
    /// Seconds.
    pub cache_ttl_in_seconds: i32,
    /// Encrypted cache entries.
    pub cache_data_encrypted: bool,
    /// Whether `Cache-Control: max-age=0` needs a permission.
    pub require_authorization_for_cache_control: bool,
    /// What happens without that permission.
    pub unauthorized_cache_control_header_strategy: UnauthorizedCacheControlHeaderStrategy,
}

impl Default for MethodSetting {
    /// What setting any one member creates, as recorded.
    fn default() -> Self {
        Self {
            metrics_enabled: false,
            logging_level: None,
            data_trace_enabled: false,
            throttling_burst_limit: 5000,
            throttling_rate_limit: 10_000.0,
            caching_enabled: false,
            cache_ttl_in_seconds: 300,
            cache_data_encrypted: false,
            require_authorization_for_cache_control: true,
            unauthorized_cache_control_header_strategy: UnauthorizedCacheControlHeaderStrategy::SucceedWithResponseHeader,
        }
    }
}

/// A canary release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CanarySettings {
    /// The deployment canary requests use.
    pub deployment_id: String,
    /// 0.0 to 100.0.
    pub percent_traffic: f64,
    /// Laid over the stage's variables for canary requests.
    #[serde(default)]
    pub stage_variable_overrides: OrderedMap<String>,
    /// Whether canary requests share the stage's cache.
    #[serde(default)]
    pub use_stage_cache: bool,
}

/// Access log destination and format; either may be set before the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLogSettings {
    /// ARN of a log group or delivery stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_arn: Option<String>,
    /// Text with `$context` variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}
