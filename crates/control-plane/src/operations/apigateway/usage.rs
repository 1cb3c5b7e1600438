//! Usage: what the keys of a plan used of their quota, day by day.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use postern_api_model::apigateway::{GetUsageInput, Op, UpdateUsageInput, Usage};
use postern_api_model::day::Day;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Caller;
use postern_api_model::usage_plan::{Quota, UsageDay, UsagePlan, UsagePlanKey};

use super::{api_key, usage_plan};
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::{self, Patch};

/// Days of one answer: a leap year. AWS names no bound.
const DAYS_MAX: i32 = 366;
/// Days before the first one of an answer that its period may have, and one more.
const PERIOD_DAYS_MAX: i32 = 32;
/// The paths a PATCH may name.
const PATHS: &[&str] = &["/remaining"];

/// Days with what was used on them.
type Days = BTreeMap<Day, UsageDay>;

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
    plane.settle_usage().await?;
    let mut logs = IndexMap::with_capacity(members.len());
    for member in members {
        let used = used(plane, caller, &postern_store::child_id(&plan.id, &member.api_key_id), &days).await?;
        logs.insert(member.api_key_id, log(plan.quota.as_ref(), &used, &days));
    }
    Ok(answer(&plan.id, &input.start_date, &input.end_date, logs, position))
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

/// What is stored of these days, which follow on each other, and of the days before them in the same period.
async fn used(plane: &ControlPlane, caller: &Caller, membership: &str, days: &[Day]) -> ApiResult<Days> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(Days::new()) };
    let prefix = postern_store::child_id(membership, "");
    let after = format!("{prefix}{}", first.plus(-PERIOD_DAYS_MAX));
    let most = usize::try_from(DAYS_MAX + PERIOD_DAYS_MAX + 1).unwrap_or(usize::MAX);
    let rows = postern_store::list::<UsageDay>(plane.store(), &caller.scope, Some(&after), most).await.map_err(store_failure)?;
    let of_key =
        |(id, row): (String, postern_store::Versioned<UsageDay>)| Some((Day::parse(id.strip_prefix(&prefix)?)?, row.value));
    // Rows of other keys follow.
    Ok(rows.into_iter().map_while(of_key).take_while(|(day, _)| day <= last).collect())
}

fn days(start: &str, end: &str) -> ApiResult<Vec<Day>> {
    let (first, last) = (date(start)?, date(end)?);
    if first > last {
        return Err(ApiError::bad_request(format!("Invalid date range: the end date {end} is before the start date {start}")));
    }
    if last.0 - first.0 >= DAYS_MAX {
        return Err(ApiError::bad_request(format!("Invalid date range: it has more than {DAYS_MAX} days")));
    }
    Ok((first.0..=last.0).map(Day).collect())
}

/// `YYYY-MM-DD` and no other form.
fn date(text: &str) -> ApiResult<Day> {
    Day::parse(text).ok_or_else(|| ApiError::bad_request(format!("Invalid date specified: {text}. The format is YYYY-MM-DD")))
}

/// `[used, remaining]` per day, as of its end. Without a quota nothing is counted down.
fn log(quota: Option<&Quota>, used: &Days, days: &[Day]) -> Vec<Vec<i64>> {
    let of_day = |day: &Day| {
        let of_day = used.get(day).map_or(0, |used| i64::try_from(used.used).unwrap_or(i64::MAX));
        vec![of_day, quota.map_or(0, |quota| left(quota, used, *day).max(0))]
    };
    days.iter().map(of_day).collect()
}

/// What is left of the quota at the end of a day; below 0 when the quota was lowered.
fn left(quota: &Quota, used: &Days, day: Day) -> i64 {
    let (sum, granted) = in_period(quota, used, day);
    quota.left(sum, granted)
}

/// What was used in the period up to the end of a day, and what was granted.
fn in_period(quota: &Quota, used: &Days, day: Day) -> (u64, i64) {
    let period = || used.range(quota.period_start(day)..=day).map(|(_, used)| used);
    let sum = period().fold(0_u64, |sum, used| sum.saturating_add(used.used));
    (sum, period().next_back().map_or(0, |used| used.granted))
}

/// Grants a key another remainder of its quota for the rest of the period.
pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateUsageInput) -> ApiResult<Usage> {
    let patches = Patch::list(input.patch_operations)?;
    let plan: UsagePlan = plane.load(caller, &input.usage_plan_id, usage_plan::missing).await?;
    let membership = postern_store::child_id(&plan.id, &input.key_id);
    plane.load::<UsagePlanKey>(caller, &membership, api_key::missing).await?;
    plane.settle_usage().await?;
    let today = Day::of_epoch_seconds(plane.now().try_into().unwrap_or_default());
    let before = used(plane, caller, &membership, &[today]).await?;
    let change = |stored: &mut UsageDay| {
        let mut used = before.clone();
        let granted = in_period_of(plan.quota.as_ref(), &before, today).1;
        used.insert(today, if *stored == UsageDay::default() { UsageDay { used: 0, granted } } else { *stored });
        patches.iter().try_for_each(|patch| apply(plan.quota.as_ref(), &mut used, patch, today))?;
        *stored = used.get(&today).copied().unwrap_or_default();
        Ok(log(plan.quota.as_ref(), &used, &[today]))
    };
    let log = match patches.is_empty() {
        true => log(plan.quota.as_ref(), &before, &[today]),
        false => plane.change_or_default(caller, &postern_store::child_id(&membership, &today.to_string()), change).await?,
    };
    let today = today.to_string();
    Ok(answer(&plan.id, &today, &today, IndexMap::from([(input.key_id, log)]), None))
}

fn in_period_of(quota: Option<&Quota>, used: &Days, day: Day) -> (u64, i64) {
    quota.map_or((0, 0), |quota| in_period(quota, used, day))
}

fn apply(quota: Option<&Quota>, used: &mut Days, patch: &Patch, today: Day) -> ApiResult<()> {
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
    let lacks = remaining.saturating_sub(left(quota, used, today));
    let of_today = used.entry(today).or_default();
    of_today.granted = of_today.granted.saturating_add(lacks);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use postern_api_model::apigateway::QuotaPeriodType;

    use super::*;
    use crate::server::fixture::{patch, refusal};

    fn quota(period: QuotaPeriodType, offset: i32) -> Quota {
        Quota { limit: 100, offset, period }
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn stored(usage: &[(&str, u64, i64)]) -> Days {
        usage.iter().map(|(date, used, granted)| (day(date), UsageDay { used: *used, granted: *granted })).collect()
    }

    #[test]
    fn a_day_has_what_the_period_left() {
        let used = stored(&[("2024-03-01", 30, 0), ("2024-03-04", 40, 0)]);
        let days = days("2024-03-02", "2024-03-05").unwrap();
        let week = log(Some(&quota(QuotaPeriodType::Week, 0)), &used, &days);
        assert_eq!(week, [[0, 70], [0, 100], [40, 60], [0, 60]]);
        assert_eq!(log(Some(&quota(QuotaPeriodType::Day, 0)), &used, &days), [[0, 100], [0, 100], [40, 60], [0, 100]]);
        assert_eq!(log(Some(&Quota { limit: 50, ..quota(QuotaPeriodType::Month, 0) }), &used, &days)[3], [0, 0]);
        assert_eq!(log(None, &used, &days)[2], [40, 0]);
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
        let today = day("2024-03-06");
        let mut granted = stored(&[("2024-03-05", 5, 0), ("2024-03-06", 5, 0)]);
        let week = quota(QuotaPeriodType::Week, 0);
        apply(Some(&week), &mut granted, &patch(Op::Replace, "/remaining", "1000"), today).unwrap();
        let shown = log(Some(&week), &granted, &days("2024-03-06", "2024-03-10").unwrap());
        assert_eq!(shown, [[5, 1000], [0, 1000], [0, 1000], [0, 1000], [0, 100]]);
        apply(Some(&week), &mut granted, &patch(Op::Replace, "/remaining", "3"), today).unwrap();
        assert_eq!(log(Some(&week), &granted, &[today]), [[5, 3]]);
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
            let mut used = Days::new();
            let refused = apply(quota, &mut used, &patch, day("2024-03-06"));
            assert_eq!(refusal(refused), (400, text.to_owned()));
            assert!(used.is_empty());
        }
    }
}
