//! Usage: what the keys of a plan used of their quota, day by day.

use indexmap::IndexMap;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz};
use postern_api_model::apigateway::{GetUsageInput, Op, QuotaPeriodType, UpdateUsageInput, Usage};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Caller;
use postern_api_model::usage_plan::{DayUsage, Quota, UsagePlan, UsagePlanKey};

use super::{api_key, usage_plan};
use crate::ControlPlane;
use crate::page::Page;
use crate::patch::{self, Patch};

/// Days of one answer: a leap year. AWS names no bound.
const DAYS_MAX: i32 = 366;
/// The paths a PATCH may name.
const PATHS: &[&str] = &["/remaining"];

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetUsageInput) -> ApiResult<Usage> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let days = days(&input.start_date, &input.end_date)?;
    let plan: UsagePlan = plane.load(caller, &input.usage_plan_id, usage_plan::missing).await?;
    let (members, position) = match input.key_id.as_deref().filter(|id| !id.is_empty()) {
        Some(key_id) => {
            let membership = postern_store::child_id(&plan.id, key_id);
            (vec![plane.load::<UsagePlanKey>(caller, &membership, api_key::missing).await?], None)
        }
        None => plane.page(caller, &page, &postern_store::child_id(&plan.id, ""), |_| true).await?,
    };
    let logs = members.iter().map(|member| (member.api_key_id.clone(), log(plan.quota.as_ref(), member, &days)));
    Ok(answer(&plan.id, &input.start_date, &input.end_date, logs.collect(), position))
}

fn answer(plan_id: &str, start: &str, end: &str, logs: IndexMap<String, Vec<Vec<i64>>>, position: Option<String>) -> Usage {
    Usage {
        usage_plan_id: Some(plan_id.to_owned()),
        start_date: Some(start.to_owned()),
        end_date: Some(end.to_owned()),
        items: Some(logs),
        position,
    }
}

fn days(start: &str, end: &str) -> ApiResult<Vec<Date>> {
    let (first, last) = (date(start)?, date(end)?);
    if first > last {
        return Err(ApiError::bad_request(format!("Invalid date range: the end date {end} is before the start date {start}")));
    }
    let days: Vec<Date> =
        first.series(1.day()).take_while(|day| *day <= last).take(DAYS_MAX.unsigned_abs() as usize + 1).collect();
    if days.len() > DAYS_MAX.unsigned_abs() as usize {
        return Err(ApiError::bad_request(format!("Invalid date range: it has more than {DAYS_MAX} days")));
    }
    Ok(days)
}

/// `YYYY-MM-DD` and no other form.
fn date(text: &str) -> ApiResult<Date> {
    let invalid = || ApiError::bad_request(format!("Invalid date specified: {text}. The format is YYYY-MM-DD"));
    let date: Date = text.parse().map_err(|_| invalid())?;
    if date.to_string() == text { Ok(date) } else { Err(invalid()) }
}

/// `[used, remaining]` per day. A day without an entry used nothing, and has what the day before it in the period left, or the whole
/// quota. Without a quota nothing is counted down.
fn log(quota: Option<&Quota>, member: &UsagePlanKey, days: &[Date]) -> Vec<Vec<i64>> {
    let day = |day: &Date| {
        let entry = member.usage.get(&day.to_string());
        entry.copied().unwrap_or_else(|| DayUsage { used: 0, remaining: quota.map_or(0, |quota| left(quota, member, *day)) })
    };
    days.iter().map(day).map(|DayUsage { used, remaining }| vec![used, remaining]).collect()
}

/// What is left of the quota on a day without an entry.
fn left(quota: &Quota, member: &UsagePlanKey, day: Date) -> i64 {
    let (first, day) = (period_start(quota, day).to_string(), day.to_string());
    let last = member.usage.range(first..day).next_back();
    last.map_or(i64::from(quota.limit), |(_, entry)| entry.remaining)
}

/// The first day of the period that holds `day`: offset 0 is Sunday for a WEEK and the first for a MONTH, AWS docs, `QuotaSettings`.
fn period_start(quota: &Quota, day: Date) -> Date {
    let offset = i8::try_from(quota.offset).unwrap_or_default();
    let back = match quota.period {
        QuotaPeriodType::Day => 0,
        QuotaPeriodType::Week => (day.weekday().to_sunday_zero_offset() - offset).rem_euclid(7),
        QuotaPeriodType::Month if day.day() > offset => day.day() - 1 - offset,
        // In the month before, which has more than `offset` days: it is 27 at most.
        QuotaPeriodType::Month => {
            let before = day.first_of_month().yesterday().unwrap_or(day);
            return before.first_of_month().saturating_add(i64::from(offset).days());
        }
    };
    day.saturating_sub(i64::from(back).days())
}

/// Grants a key another remainder of its quota for the rest of the period.
pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateUsageInput) -> ApiResult<Usage> {
    let patches = Patch::list(input.patch_operations)?;
    let plan: UsagePlan = plane.load(caller, &input.usage_plan_id, usage_plan::missing).await?;
    let now = Timestamp::from_second(plane.now()).map_err(|_| ApiError::internal())?;
    let today = tz::TimeZone::UTC.to_datetime(now).date();
    let membership = postern_store::child_id(&plan.id, &input.key_id);
    let change = |member: &mut UsagePlanKey| {
        patches.iter().try_for_each(|patch| apply(plan.quota.as_ref(), member, patch, today))?;
        Ok(log(plan.quota.as_ref(), member, &[today]))
    };
    let log = plane.change(caller, &membership, api_key::missing, change).await?;
    let today = today.to_string();
    Ok(answer(&plan.id, &today, &today, IndexMap::from([(input.key_id, log)]), None))
}

fn apply(quota: Option<&Quota>, member: &mut UsagePlanKey, patch: &Patch, today: Date) -> ApiResult<()> {
    if patch.path.as_deref() != Some("/remaining") {
        return Err(patch::unknown_path(patch, PATHS));
    }
    if patch.op != Op::Replace {
        return Err(patch::unsupported_op(patch));
    }
    let Some(quota) = quota else {
        return Err(ApiError::bad_request("Usage Plan has no quota whose remainder could be changed"));
    };
    let invalid = || ApiError::bad_request(format!("Invalid remaining quota specified: {}", patch.text()));
    let remaining: i64 = patch.text().parse().ok().filter(|remaining| *remaining >= 0).ok_or_else(invalid)?;
    let used = member.usage.get(&today.to_string()).map_or(0, |entry| entry.used);
    // What was before this period no longer counts, and is no longer shown past the bound of an answer.
    let oldest = period_start(quota, today).saturating_sub(i64::from(DAYS_MAX).days()).to_string();
    member.usage.retain(|day, _| *day >= oldest);
    member.usage.insert(today.to_string(), DayUsage { used, remaining });
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;
    use crate::server::fixture::{patch, refusal};

    fn quota(period: QuotaPeriodType, offset: i32) -> Quota {
        Quota { limit: 100, offset, period }
    }

    fn member(usage: &[(&str, i64, i64)]) -> UsagePlanKey {
        let usage =
            usage.iter().map(|(day, used, remaining)| ((*day).to_owned(), DayUsage { used: *used, remaining: *remaining }));
        UsagePlanKey { usage_plan_id: "plan12".into(), api_key_id: "key1234567".into(), usage: usage.collect() }
    }

    #[test]
    fn periods_begin_on_the_day_of_their_offset() {
        use QuotaPeriodType::{Day, Month, Week};
        // 2024-03-06 is a Wednesday.
        let cases = [
            (Day, 0, "2024-03-06", "2024-03-06"),
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
            assert_eq!(period_start(&quota(period, offset), day.parse().unwrap()).to_string(), start, "{period} {offset} {day}");
        }
    }

    #[test]
    fn a_day_without_an_entry_has_what_the_period_left() {
        let member = member(&[("2024-03-01", 30, 70), ("2024-03-04", 10, 60)]);
        let days = days("2024-03-02", "2024-03-05").unwrap();
        let week = log(Some(&quota(QuotaPeriodType::Week, 0)), &member, &days);
        assert_eq!(week, [[0, 70], [0, 100], [10, 60], [0, 60]]);
        assert_eq!(log(Some(&quota(QuotaPeriodType::Day, 0)), &member, &days), [[0, 100], [0, 100], [10, 60], [0, 100]]);
        assert_eq!(log(None, &member, &days)[0], [0, 0]);
    }

    #[test]
    fn ranges_are_bounded_and_in_order() {
        assert_eq!(days("2024-01-01", "2024-12-31").unwrap().len(), 366);
        let cases =
            [("2024-01-01", "2025-01-01"), ("2024-01-02", "2024-01-01"), ("2024-02-30", "2024-03-01"), ("20240101", "20240102")];
        for (start, end) in
            cases.into_iter().chain([("", ""), ("2024-01-01T00:00:00", "2024-01-02"), ("-009999-01-01", "9999-12-31")])
        {
            assert_eq!(refusal(days(start, end)).0, 400, "{start} {end}");
        }
    }

    #[test]
    fn a_grant_replaces_the_remainder_until_the_period_ends() {
        let today: Date = "2024-03-06".parse().unwrap();
        let mut granted = member(&[("2024-03-06", 5, 95)]);
        let week = quota(QuotaPeriodType::Week, 0);
        apply(Some(&week), &mut granted, &patch(Op::Replace, "/remaining", "1000"), today).unwrap();
        let shown = log(Some(&week), &granted, &days("2024-03-06", "2024-03-10").unwrap());
        assert_eq!(shown, [[5, 1000], [0, 1000], [0, 1000], [0, 1000], [0, 100]]);
    }

    #[test]
    fn what_a_patch_cannot_do() {
        let week = quota(QuotaPeriodType::Week, 0);
        let cases = [
            (
                Some(&week),
                patch(Op::Replace, "/used", "1"),
                "Invalid patch path  '/used' specified for op 'replace'. Must be one of: [/remaining]",
            ),
            (
                Some(&week),
                patch(Op::Add, "/remaining", "1"),
                "Invalid patch path  '/remaining' specified for op 'add'. Please choose supported operations",
            ),
            (Some(&week), patch(Op::Replace, "/remaining", "-1"), "Invalid remaining quota specified: -1"),
            (Some(&week), patch(Op::Replace, "/remaining", "many"), "Invalid remaining quota specified: many"),
            (None, patch(Op::Replace, "/remaining", "1"), "Usage Plan has no quota whose remainder could be changed"),
        ];
        for (quota, patch, text) in cases {
            let mut member = UsagePlanKey { usage: BTreeMap::new(), ..member(&[]) };
            let refused = apply(quota, &mut member, &patch, "2024-03-06".parse().unwrap());
            assert_eq!(refusal(refused), (400, text.to_owned()));
            assert!(member.usage.is_empty());
        }
    }
}
