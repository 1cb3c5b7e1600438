//! Settings of one method on a stage, or of all: `/{resource path or *}/{VERB or *}/{group}/{member}`.

use postern_api_model::apigateway::{MethodSetting as Shown, UnauthorizedCacheControlHeaderStrategy};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{MethodSetting, Stage};

use super::Logging;
use crate::patch::Patch;

/// The end of the path that sets a log level.
pub(super) const LOG_LEVEL: &str = "/logging/loglevel";
/// No limit.
const UNLIMITED: i32 = -1;
/// AWS's bound on a cached response's age.
const TTL_SECONDS_MAX: i32 = 3_600;
/// The service's text for logging on an account that has no role for it.
const NO_ROLE: &str = "CloudWatch Logs role ARN must be set in account settings to enable logging";

/// One member of a method setting, read from its patch.
enum Change {
    MetricsEnabled(bool),
    /// `None` is back to unset.
    LoggingLevel(Option<String>),
    DataTraceEnabled(bool),
    BurstLimit(i32),
    RateLimit(f64),
    CachingEnabled(bool),
    TtlInSeconds(i32),
    DataEncrypted(bool),
    RequireAuthorization(bool),
    Strategy(UnauthorizedCacheControlHeaderStrategy),
}

/// Splits a raw patch path into the settings' key, echoed as it was patched, and the member's two names.
/// `None` when it has no such form.
pub(super) fn split(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    let mut slashes = path.rmatch_indices('/').map(|(index, _)| index);
    let (_, second) = (slashes.next()?, slashes.next()?);
    let (key, member) = (&path[..second], &path[second + 1..]);
    key.contains('/').then_some((key, member))
}

/// A replace. `None` when `member` is none of a method setting's.
pub(super) fn replace(stage: &mut Stage, key: &str, member: &str, patch: &Patch, logging: Logging) -> Option<ApiResult<()>> {
    let change = match read(member, patch)? {
        Ok(Change::LoggingLevel(Some(level))) if level != "OFF" && logging == Logging::Refused => {
            return Some(Err(ApiError::bad_request(NO_ROLE)));
        }
        Ok(change) => change,
        Err(error) => return Some(Err(error)),
    };
    let setting = stage.method_settings.entry(key.to_owned()).or_default();
    match change {
        Change::MetricsEnabled(on) => setting.metrics_enabled = on,
        Change::LoggingLevel(level) => setting.logging_level = level,
        Change::DataTraceEnabled(on) => setting.data_trace_enabled = on,
        Change::BurstLimit(limit) => setting.throttling_burst_limit = limit,
        Change::RateLimit(limit) => setting.throttling_rate_limit = limit,
        Change::CachingEnabled(on) => setting.caching_enabled = on,
        Change::TtlInSeconds(seconds) => setting.cache_ttl_in_seconds = seconds,
        Change::DataEncrypted(on) => setting.cache_data_encrypted = on,
        Change::RequireAuthorization(on) => setting.require_authorization_for_cache_control = on,
        Change::Strategy(strategy) => setting.unauthorized_cache_control_header_strategy = strategy,
    }
    Some(Ok(()))
}

fn read(member: &str, patch: &Patch) -> Option<ApiResult<Change>> {
    let flag = patch.flag();
    Some(match member {
        "metrics/enabled" => Ok(Change::MetricsEnabled(flag)),
        "logging/loglevel" => level(patch.text()).map(Change::LoggingLevel),
        "logging/dataTrace" => Ok(Change::DataTraceEnabled(flag)),
        "throttling/burstLimit" => burst(patch).map(Change::BurstLimit),
        "throttling/rateLimit" => rate(patch).map(Change::RateLimit),
        "caching/enabled" => Ok(Change::CachingEnabled(flag)),
        "caching/ttlInSeconds" => ttl(patch).map(Change::TtlInSeconds),
        "caching/dataEncrypted" => Ok(Change::DataEncrypted(flag)),
        "caching/requireAuthorizationForCacheControl" => Ok(Change::RequireAuthorization(flag)),
        "caching/unauthorizedCacheControlHeaderStrategy" => strategy(patch.text()).map(Change::Strategy),
        _ => return None,
    })
}

fn level(text: &str) -> ApiResult<Option<String>> {
    match text {
        // Terraform's value for a level that is no longer configured.
        "" => Ok(None),
        "OFF" | "ERROR" | "INFO" => Ok(Some(text.to_owned())),
        _ => Err(ApiError::bad_request(format!("Invalid logging level: {text}. Must be one of: [OFF, ERROR, INFO]"))),
    }
}

fn burst(patch: &Patch) -> ApiResult<i32> {
    let limit = patch.text().parse().ok().filter(|limit: &i32| *limit >= UNLIMITED);
    limit.ok_or_else(|| invalid(patch, "a whole number, or -1 for no limit"))
}

fn rate(patch: &Patch) -> ApiResult<f64> {
    let limit =
        patch.text().parse().ok().filter(|limit: &f64| limit.is_finite() && (*limit >= 0.0 || *limit == f64::from(UNLIMITED)));
    limit.ok_or_else(|| invalid(patch, "a number, or -1 for no limit"))
}

fn ttl(patch: &Patch) -> ApiResult<i32> {
    let seconds = patch.text().parse().ok().filter(|seconds| (0..=TTL_SECONDS_MAX).contains(seconds));
    seconds.ok_or_else(|| invalid(patch, "seconds between 0 and 3600"))
}

fn strategy(text: &str) -> ApiResult<UnauthorizedCacheControlHeaderStrategy> {
    UnauthorizedCacheControlHeaderStrategy::from_wire(text)
        .ok_or_else(|| ApiError::bad_request(format!("Invalid unauthorizedCacheControlHeaderStrategy: {text}")))
}

fn invalid(patch: &Patch, wanted: &str) -> ApiError {
    ApiError::bad_request(format!("Invalid value {} for {}: it must be {wanted}", patch.text(), patch.path_text()))
}

/// How answers show a setting.
pub(super) fn show(setting: &MethodSetting) -> Shown {
    Shown {
        metrics_enabled: Some(setting.metrics_enabled),
        logging_level: setting.logging_level.clone(),
        data_trace_enabled: Some(setting.data_trace_enabled),
        throttling_burst_limit: Some(setting.throttling_burst_limit),
        throttling_rate_limit: Some(setting.throttling_rate_limit),
        caching_enabled: Some(setting.caching_enabled),
        cache_ttl_in_seconds: Some(setting.cache_ttl_in_seconds),
        cache_data_encrypted: Some(setting.cache_data_encrypted),
        require_authorization_for_cache_control: Some(setting.require_authorization_for_cache_control),
        unauthorized_cache_control_header_strategy: Some(setting.unauthorized_cache_control_header_strategy),
    }
}
