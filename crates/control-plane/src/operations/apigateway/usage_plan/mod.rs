//! UsagePlan: which keys may call which stages, how fast and how often.

mod patch;
mod settings;
mod stages;

use std::collections::BTreeSet;

use postern_api_model::api_key::ApiKey;
use postern_api_model::apigateway::{
    ApiStage as ShownStage, CreateUsagePlanInput, DeleteUsagePlanInput, GetUsagePlanInput, GetUsagePlansInput,
    UpdateUsagePlanInput, UsagePlan as Shown, UsagePlans,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Caller;
use postern_api_model::usage_plan::{ApiStage, UsagePlan, UsagePlanKey};
use postern_store::{Kind, Versioned, Write};

use super::{api_key, tag};
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;
use crate::{ControlPlane, ids};

pub(super) use stages::without_stages;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateUsagePlanInput) -> ApiResult<Shown> {
    let plan = UsagePlan {
        id: String::new(),
        name: checked_name(&input.name)?,
        description: input.description.filter(|description| !description.is_empty()),
        api_stages: created_stages(input.api_stages.unwrap_or_default())?,
        throttle: input.throttle.as_ref().map(settings::throttle).transpose()?.flatten(),
        quota: input.quota.map(|quota| settings::Draft::new(&quota).checked()).transpose()?,
        product_code: None,
        tags: tag::created(input.tags)?,
    };
    plane.transact::<UsagePlan, _, _>(caller, "", || create_once(plane, caller, &plan)).await
}

async fn create_once(plane: &ControlPlane, caller: &Caller, plan: &UsagePlan) -> ApiResult<(Shown, Vec<Write>)> {
    let plan = UsagePlan { id: ids::random(ids::SHORT), ..plan.clone() };
    let mut writes = stages::changes(plane, caller, &plan.id, &[], &plan.api_stages).await?;
    writes.push(postern_store::create(&caller.scope, &plan.id, &plan).map_err(store_failure)?);
    Ok((show_one(&plan), writes))
}

fn checked_name(name: &str) -> ApiResult<String> {
    if name.trim().is_empty() {
        return Err(ApiError::bad_request("Usage Plan name cannot be blank"));
    }
    Ok(name.to_owned())
}

fn created_stages(given: Vec<ShownStage>) -> ApiResult<Vec<ApiStage>> {
    let mut created: Vec<ApiStage> = Vec::with_capacity(given.len());
    for ShownStage { api_id, stage, throttle } in given {
        let mut made =
            ApiStage { api_id: api_id.unwrap_or_default(), stage: stage.unwrap_or_default(), throttle: Default::default() };
        for (method, limits) in throttle.unwrap_or_default() {
            settings::check_method(&method)?;
            made.throttle.insert(method, settings::throttle(&limits)?.unwrap_or_default());
        }
        settings::check_method_count(&made)?;
        if created.iter().any(|other| other.api_id == made.api_id && other.stage == made.stage) {
            let text = format!("API Stage {}:{} is specified more than once", made.api_id, made.stage);
            return Err(ApiError::bad_request(text));
        }
        created.push(made);
    }
    Ok(created)
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetUsagePlanInput) -> ApiResult<Shown> {
    let plan: UsagePlan = plane.load(caller, &input.usage_plan_id, missing).await?;
    Ok(show_one(&plan))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetUsagePlansInput) -> ApiResult<UsagePlans> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let (plans, position) = match input.key_id.filter(|id| !id.is_empty()) {
        Some(key_id) => plans_of(plane, caller, &key_id, &page).await?,
        None => plane.page(caller, &page, "", |_: &UsagePlan| true).await?,
    };
    Ok(UsagePlans { items: Some(plans.iter().map(show_one).collect()), position })
}

/// The plans that the key is in; those it was in may still stand in it.
async fn plans_of(
    plane: &ControlPlane,
    caller: &Caller,
    key_id: &str,
    page: &Page,
) -> ApiResult<(Vec<UsagePlan>, Option<String>)> {
    let key: ApiKey = plane.load(caller, key_id, api_key::missing).await?;
    let mut plans = Vec::new();
    for id in &key.usage_plans {
        if plane.find_versioned::<UsagePlanKey>(caller, &postern_store::child_id(id, key_id)).await?.is_some() {
            plans.extend(plane.find_versioned::<UsagePlan>(caller, id).await?.map(|found| found.value));
        }
    }
    let (page, position) = page.cut(plans, |plan| &plan.id);
    Ok((page, position))
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateUsagePlanInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let id = &input.usage_plan_id;
    plane.transact::<UsagePlan, _, _>(caller, id, || update_once(plane, caller, id, &patches)).await
}

async fn update_once(plane: &ControlPlane, caller: &Caller, id: &str, patches: &[Patch]) -> ApiResult<(Shown, Vec<Write>)> {
    let Versioned { version, value: mut plan } = plane.load_versioned::<UsagePlan>(caller, id, missing).await?;
    let before = plan.api_stages.clone();
    let named = stages::named(plane, caller, patches).await?;
    patch::apply_all(&mut plan, patches, &named)?;
    let mut writes = stages::changes(plane, caller, id, &before, &plan.api_stages).await?;
    writes.push(postern_store::replace(&caller.scope, id, version, &plan).map_err(store_failure)?);
    Ok((show_one(&plan), writes))
}

/// Only without stages; the keys in it stay, without the plan.
pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteUsagePlanInput) -> ApiResult<()> {
    let members = |plan: &UsagePlan| {
        if let Some(ApiStage { api_id, stage, .. }) = plan.api_stages.first() {
            let id = &plan.id;
            let text = format!(
                "Cannot delete Usage Plan {id} because there are API Stages associated with it, including {api_id}:{stage}"
            );
            return Err(ApiError::bad_request(text));
        }
        let children = |kind| Write::DeleteChildren { kind, scope: caller.scope.clone(), parent_id: plan.id.clone() };
        Ok(vec![children(Kind::USAGE_PLAN_KEY), children(Kind::USAGE_DAY)])
    };
    plane.remove(caller, &input.usage_plan_id, missing, members).await
}

/// Whether the plan opens the stage.
pub(super) fn has_stage(plan: &UsagePlan, api_id: &str, stage: &str) -> bool {
    plan.api_stages.iter().any(|known| known.api_id == api_id && known.stage == stage)
}

/// The refusal of a second plan that would open a stage for a key. AWS docs, "Usage plans and API keys for REST APIs": for one stage
/// a key belongs to one plan only.
pub(super) fn shared_stage(key_id: &str, plan_id: &str, api_id: &str, stage: &str) -> ApiError {
    ApiError::conflict(format!(
        "API Key {key_id} cannot be associated with more than one Usage Plan for the same API Stage: {api_id}:{stage} is in Usage \
         Plan {plan_id}"
    ))
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid Usage Plan ID specified")
}

fn show_one(plan: &UsagePlan) -> Shown {
    let stage = |stage: &ApiStage| ShownStage {
        api_id: Some(stage.api_id.clone()),
        stage: Some(stage.stage.clone()),
        throttle: (!stage.throttle.is_empty()).then(|| {
            stage.throttle.iter().map(|(method, throttle)| (method.clone(), settings::show_throttle(throttle))).collect()
        }),
    };
    Shown {
        id: Some(plan.id.clone()),
        name: Some(plan.name.clone()),
        description: plan.description.clone(),
        api_stages: Some(plan.api_stages.iter().map(stage).collect()),
        throttle: plan.throttle.as_ref().map(settings::show_throttle),
        quota: plan.quota.as_ref().map(settings::show_quota),
        product_code: plan.product_code.clone(),
        tags: tag::shown(&plan.tags),
    }
}

/// `{api}:{stage}`.
type StageName = (String, String);

/// The stages of a plan, without their limits.
fn stage_names(stages: &[ApiStage]) -> BTreeSet<StageName> {
    stages.iter().map(|stage| (stage.api_id.clone(), stage.stage.clone())).collect()
}

#[cfg(test)]
mod tests;
