//! What a PATCH changes on a usage plan. The operations are applied in order, and the quota is checked at their end: Terraform sets
//! its members one by one.

use std::collections::BTreeSet;

use postern_api_model::apigateway::Op;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::OrderedMap;
use postern_api_model::usage_plan::{ApiStage, Throttle, UsagePlan};

use super::settings::Draft;
use super::{StageName, checked_name, has_stage, settings};
use crate::patch::{self, Patch};

// The paths that each operation takes. The spelling `apidId` is the service's; the list of remove is known from public reports, the
// others are in its manner.
const REMOVE: &[&str] = &[
    "/apiStages",
    "/quota",
    "/throttle",
    "/productCode",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>",
    "/apiStages/<apidId:stageName>/throttle",
];
const REPLACE: &[&str] = &[
    "/name",
    "/description",
    "/productCode",
    "/quota/limit",
    "/quota/offset",
    "/quota/period",
    "/throttle/rateLimit",
    "/throttle/burstLimit",
    "/apiStages/<apidId:stageName>/throttle",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit",
];
const ADD: &[&str] = &[
    "/apiStages",
    "/productCode",
    "/quota/limit",
    "/quota/offset",
    "/quota/period",
    "/throttle/rateLimit",
    "/throttle/burstLimit",
    "/apiStages/<apidId:stageName>/throttle",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit",
];

/// The plan with the quota on its way.
struct Working<'a> {
    plan: &'a mut UsagePlan,
    quota: Option<Draft>,
    /// The stages that are there, of those that the operations add.
    known: &'a BTreeSet<StageName>,
}

pub(super) fn apply_all(plan: &mut UsagePlan, patches: &[Patch], known: &BTreeSet<StageName>) -> ApiResult<()> {
    let quota = plan.quota.as_ref().map(Draft::of);
    let mut working = Working { plan, quota, known };
    patches.iter().try_for_each(|patch| apply(&mut working, patch))?;
    let quota = working.quota.map(Draft::checked).transpose()?;
    plan.quota = quota;
    plan.api_stages.iter().try_for_each(settings::check_method_count)
}

fn apply(working: &mut Working<'_>, patch: &Patch) -> ApiResult<()> {
    let plan = &mut *working.plan;
    match (patch.op, patch.path.as_deref().unwrap_or_default()) {
        (Op::Replace, "/name") => plan.name = checked_name(patch.text())?,
        (Op::Replace, "/description") => plan.description = patch.optional(),
        (Op::Add | Op::Replace, "/productCode") => plan.product_code = patch.optional(),
        (Op::Remove, "/productCode") => plan.product_code = None,
        (Op::Remove, "/quota") => working.quota = None,
        (Op::Add | Op::Replace, "/quota/limit") => draft(working).limit = Some(settings::limit(patch.text())?),
        (Op::Add | Op::Replace, "/quota/offset") => draft(working).offset = settings::offset(patch.text())?,
        (Op::Add | Op::Replace, "/quota/period") => draft(working).period = Some(settings::period(patch.text())?),
        (Op::Remove, "/throttle") => plan.throttle = None,
        (Op::Add | Op::Replace, path @ ("/throttle/rateLimit" | "/throttle/burstLimit")) => {
            set_limit(plan.throttle.get_or_insert_default(), path, patch)?;
        }
        (Op::Add, "/apiStages") => add_stage(working, patch.text())?,
        (Op::Remove, "/apiStages") => remove_stage(plan, patch.text())?,
        (Op::Add | Op::Replace | Op::Remove, path) => match path.strip_prefix("/apiStages/") {
            Some(rest) => method_throttle(plan, rest, patch)?,
            None => return Err(unknown_path(patch)),
        },
        (Op::Copy | Op::Move | Op::Test, _) => return Err(unknown_path(patch)),
    }
    Ok(())
}

fn draft<'a>(working: &'a mut Working<'_>) -> &'a mut Draft {
    working.quota.get_or_insert_default()
}

fn set_limit(throttle: &mut Throttle, path: &str, patch: &Patch) -> ApiResult<()> {
    if path.ends_with("/rateLimit") {
        throttle.rate_limit = Some(settings::rate(patch.text())?);
    } else {
        throttle.burst_limit = Some(settings::burst(patch.text())?);
    }
    Ok(())
}

/// Reads `{api}:{stage}`.
pub(super) fn stage_name(text: &str) -> ApiResult<StageName> {
    if text.is_empty() {
        return Err(ApiError::bad_request("Invalid API Stage specified"));
    }
    let (api_id, stage) = text.split_once(':').ok_or_else(|| unknown_stage(text))?;
    Ok((api_id.to_owned(), stage.to_owned()))
}

/// The service's text, from public reports.
pub(super) fn unknown_stage(name: &str) -> ApiError {
    ApiError::not_found(format!("API Stage not found: {name}"))
}

fn add_stage(working: &mut Working<'_>, text: &str) -> ApiResult<()> {
    let name = stage_name(text)?;
    if !working.known.contains(&name) {
        return Err(unknown_stage(text));
    }
    let (api_id, stage) = name;
    // Adding what is there changes nothing: its limits stay.
    if !has_stage(working.plan, &api_id, &stage) {
        working.plan.api_stages.push(ApiStage { api_id, stage, throttle: OrderedMap::new() });
    }
    Ok(())
}

fn remove_stage(plan: &mut UsagePlan, text: &str) -> ApiResult<()> {
    let (api_id, stage) = stage_name(text)?;
    if !has_stage(plan, &api_id, &stage) {
        return Err(unknown_stage(text));
    }
    plan.api_stages.retain(|known| known.api_id != api_id || known.stage != stage);
    Ok(())
}

/// `{api}:{stage}/throttle[/{resource path}/{VERB}[/{member}]]`. The resource path keeps its slashes, or has them as `~1`.
fn method_throttle(plan: &mut UsagePlan, rest: &str, patch: &Patch) -> ApiResult<()> {
    let (name, rest) = rest.split_once('/').ok_or_else(|| unknown_path(patch))?;
    let rest = rest.strip_prefix("throttle").ok_or_else(|| unknown_path(patch))?;
    let (api_id, stage) = stage_name(name)?;
    let found = plan.api_stages.iter_mut().find(|known| known.api_id == api_id && known.stage == stage);
    let throttle = &mut found.ok_or_else(|| unknown_stage(name))?.throttle;
    match (rest, patch.op) {
        ("", Op::Remove) => throttle.clear(),
        ("", Op::Add | Op::Replace) => *throttle = whole(patch.text())?,
        (rest, op) => {
            let rest = rest.strip_prefix('/').ok_or_else(|| unknown_path(patch))?;
            let limit = ["/rateLimit", "/burstLimit"].into_iter().find_map(|member| Some((rest.strip_suffix(member)?, member)));
            match (limit, op) {
                (Some((method, member)), Op::Add | Op::Replace) => {
                    let method = checked_method(method)?;
                    set_limit(throttle.entry(method).or_default(), member, patch)?;
                }
                (None, Op::Remove) => {
                    let method = checked_method(rest)?;
                    throttle.shift_remove(&method).ok_or_else(super::super::map_patch::unknown_entry)?;
                }
                _ => return Err(unknown_path(patch)),
            }
        }
    }
    Ok(())
}

fn checked_method(text: &str) -> ApiResult<String> {
    let method = text.replace("~1", "/").replace("~0", "~");
    settings::check_method(&method).map(|()| method)
}

/// The whole map: a JSON object of limits by method.
fn whole(text: &str) -> ApiResult<OrderedMap<Throttle>> {
    use postern_api_model::apigateway::ThrottleSettings;
    use serde_json::{Map, Value};
    let invalid = || ApiError::bad_request("Invalid throttle specified: it must be a JSON object of throttle settings by method");
    let given: Map<String, Value> = serde_json::from_str(text).map_err(|_| invalid())?;
    let mut throttles = OrderedMap::new();
    for (method, limits) in given {
        settings::check_method(&method)?;
        let limits = limits.as_object().ok_or_else(invalid)?;
        let burst_limit = match limits.get("burstLimit") {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_i64().and_then(|limit| i32::try_from(limit).ok()).ok_or_else(invalid)?),
        };
        let rate_limit = match limits.get("rateLimit") {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_f64().ok_or_else(invalid)?),
        };
        let limits = settings::throttle(&ThrottleSettings { burst_limit, rate_limit })?;
        throttles.insert(method, limits.unwrap_or_default());
    }
    Ok(throttles)
}

fn unknown_path(patch: &Patch) -> ApiError {
    match patch.op {
        Op::Add => patch::unknown_path(patch, ADD),
        Op::Replace => patch::unknown_path(patch, REPLACE),
        Op::Remove => patch::unknown_path(patch, REMOVE),
        Op::Copy | Op::Move | Op::Test => patch::unsupported_op(patch),
    }
}
