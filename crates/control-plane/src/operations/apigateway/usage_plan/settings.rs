//! Throttles and quotas of a plan, checked.

use postern_api_model::apigateway::{QuotaPeriodType, QuotaSettings, ThrottleSettings};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::usage_plan::{ApiStage, Quota, Throttle};

/// AWS's quota: method throttles per stage in a plan.
const METHODS_MAX: usize = 20;

/// Limits as a client gave them; `None` when it gave neither.
pub(super) fn throttle(given: &ThrottleSettings) -> ApiResult<Option<Throttle>> {
    let throttle = Throttle {
        burst_limit: given.burst_limit.map(checked_burst).transpose()?,
        rate_limit: given.rate_limit.map(checked_rate).transpose()?,
    };
    Ok(Some(throttle).filter(|throttle| *throttle != Throttle::default()))
}

fn checked_burst(limit: i32) -> ApiResult<i32> {
    if limit < 0 { Err(invalid_burst()) } else { Ok(limit) }
}

fn checked_rate(limit: f64) -> ApiResult<f64> {
    if limit.is_finite() && limit >= 0.0 { Ok(limit) } else { Err(invalid_rate()) }
}

/// The value of a patch.
pub(super) fn burst(text: &str) -> ApiResult<i32> {
    text.parse().map_err(|_| invalid_burst()).and_then(checked_burst)
}

/// The value of a patch.
pub(super) fn rate(text: &str) -> ApiResult<f64> {
    text.parse().map_err(|_| invalid_rate()).and_then(checked_rate)
}

// In the manner of the text that is known for quotas.
fn invalid_burst() -> ApiError {
    ApiError::bad_request("Usage Plan throttle burst limit must be a non-negative numeric")
}

fn invalid_rate() -> ApiError {
    ApiError::bad_request("Usage Plan throttle rate limit must be a non-negative numeric")
}

/// `{resource path}/{VERB}`; the path begins with a slash.
pub(super) fn check_method(method: &str) -> ApiResult<()> {
    const VERBS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"];
    let (path, verb) = method.rsplit_once('/').unwrap_or((method, ""));
    if path.starts_with('/') && VERBS.contains(&verb) {
        return Ok(());
    }
    // The service's text, from public reports.
    Err(ApiError::bad_request(format!("Invalid method {{resourcePath: {path},method: {verb}}} specified")))
}

/// AWS's bound on the throttles of one stage.
pub(super) fn check_method_count(stage: &ApiStage) -> ApiResult<()> {
    if stage.throttle.len() > METHODS_MAX {
        let text = format!("API Stage {}:{} can have at most {METHODS_MAX} method throttles", stage.api_id, stage.stage);
        return Err(ApiError::limit_exceeded(text));
    }
    Ok(())
}

/// A quota on its way: the operations of a PATCH may each set one member, and only their end is checked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Draft {
    pub(super) limit: Option<i32>,
    pub(super) offset: i32,
    pub(super) period: Option<QuotaPeriodType>,
}

impl Draft {
    pub(super) fn new(given: &QuotaSettings) -> Self {
        Self { limit: given.limit, offset: given.offset.unwrap_or_default(), period: given.period }
    }

    pub(super) fn of(quota: &Quota) -> Self {
        Self { limit: Some(quota.limit), offset: quota.offset, period: Some(quota.period) }
    }

    /// The quota, with the service's texts for what it may not be; they stand in public reports and Terraform's provider.
    pub(super) fn checked(self) -> ApiResult<Quota> {
        let bad = |text: &str| Err(ApiError::bad_request(text));
        let Some(limit) = self.limit.filter(|limit| *limit >= 0) else { return Err(invalid_limit()) };
        let Some(period) = self.period else { return Err(invalid_period()) };
        match (period, self.offset) {
            (QuotaPeriodType::Day, 0) | (QuotaPeriodType::Week, 0..=6) | (QuotaPeriodType::Month, 0..=27) => {}
            (QuotaPeriodType::Day, _) => return bad("Usage Plan quota offset must be zero in the DAY period"),
            (QuotaPeriodType::Week, _) => {
                return bad("Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period");
            }
            (QuotaPeriodType::Month, _) => {
                return bad("Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period");
            }
        }
        Ok(Quota { limit, offset: self.offset, period })
    }
}

/// The value of a patch.
pub(super) fn limit(text: &str) -> ApiResult<i32> {
    text.parse().map_err(|_| invalid_limit())
}

/// The value of a patch.
pub(super) fn offset(text: &str) -> ApiResult<i32> {
    text.parse().map_err(|_| ApiError::bad_request("Usage Plan quota offset must be a non-negative numeric"))
}

/// The value of a patch.
pub(super) fn period(text: &str) -> ApiResult<QuotaPeriodType> {
    QuotaPeriodType::from_wire(text).ok_or_else(invalid_period)
}

fn invalid_limit() -> ApiError {
    ApiError::bad_request("Usage Plan quota limit must be a non-negative numeric")
}

fn invalid_period() -> ApiError {
    ApiError::bad_request("Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]")
}

pub(super) fn show_throttle(throttle: &Throttle) -> ThrottleSettings {
    ThrottleSettings { burst_limit: throttle.burst_limit, rate_limit: throttle.rate_limit }
}

pub(super) fn show_quota(quota: &Quota) -> QuotaSettings {
    QuotaSettings { limit: Some(quota.limit), offset: Some(quota.offset), period: Some(quota.period) }
}
