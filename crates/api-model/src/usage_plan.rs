//! Usage plans: which keys may call which stages, how fast and how often.

use serde::{Deserialize, Serialize};

use crate::apigateway::QuotaPeriodType;
use crate::day::Day;
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
}

/// What a key used of a plan on one day of UTC. An aggregate of its own, so that many days stay small; its id is that of the
/// [`UsagePlanKey`], a slash, and the day. A day without traffic has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDay {
    /// Requests of the day, over all stages of the plan.
    pub used: u64,
    /// What was granted on top of the quota for the day's period, as of the end of the day; below 0 when it was cut.
    #[serde(default)]
    pub granted: i64,
}

impl Quota {
    /// The first day of the period that holds `day`: offset 0 is Sunday for a WEEK and the first for a MONTH, AWS docs, `QuotaSettings`.
    pub fn period_start(&self, day: Day) -> Day {
        match self.period {
            QuotaPeriodType::Day => day,
            QuotaPeriodType::Week => day.plus(-(day.weekday() - self.offset).rem_euclid(7)),
            QuotaPeriodType::Month => day.last_of_month_day(self.offset.saturating_add(1)),
        }
    }

    /// What is left for a key that used `used` in the period and was granted `granted` on top; below 0 when a limit was lowered.
    pub fn left(&self, used: u64, granted: i64) -> i64 {
        let used = i64::try_from(used).unwrap_or(i64::MAX);
        i64::from(self.limit).saturating_add(granted).saturating_sub(used)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn periods_begin_on_the_day_of_their_offset() {
        use QuotaPeriodType::{Day as OneDay, Month, Week};
        // 2024-03-06 is a Wednesday.
        let cases = [
            (OneDay, 0, "2024-03-06", "2024-03-06"),
            (Week, 0, "2024-03-06", "2024-03-03"),
            (Week, 3, "2024-03-06", "2024-03-06"),
            (Week, 4, "2024-03-06", "2024-02-29"),
            (Week, 6, "2024-03-06", "2024-03-02"),
            (Month, 0, "2024-03-06", "2024-03-01"),
            (Month, 5, "2024-03-06", "2024-03-06"),
            (Month, 6, "2024-03-06", "2024-02-07"),
            (Month, 27, "2024-03-06", "2024-02-28"),
            (Month, 27, "2024-01-01", "2023-12-28"),
        ];
        for (period, offset, day, start) in cases {
            let quota = Quota { limit: 1, offset, period };
            assert_eq!(quota.period_start(Day::parse(day).unwrap()).to_string(), start, "{period} {offset} {day}");
        }
    }
}
