//! The stages of plans, and the plans of stages: both sides are written in one transaction, so that no plan names a stage that is
//! gone, and whoever deletes a stage finds its plans.

use std::collections::{BTreeMap, BTreeSet};

use postern_api_model::apigateway::Op;
use postern_api_model::error::ApiResult;
use postern_api_model::rest_api::{RestApi, Stage};
use postern_api_model::scope::Caller;
use postern_api_model::usage_plan::{ApiStage, UsagePlan, UsagePlanKey};
use postern_store::{Versioned, Write};

use super::{StageName, has_stage, patch, shared_stage, stage_names};
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;

/// The stages that the operations add and that are there.
pub(super) async fn named(plane: &ControlPlane, caller: &Caller, patches: &[Patch]) -> ApiResult<BTreeSet<StageName>> {
    let added = patches.iter().filter(|patch| patch.op == Op::Add && patch.path.as_deref() == Some("/apiStages"));
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (api_id, stage) in added.filter_map(|patch| patch::stage_name(patch.text()).ok()) {
        asked.entry(api_id).or_default().insert(stage);
    }
    let mut known = BTreeSet::new();
    for (api_id, stages) in asked {
        if let Some(api) = plane.find_versioned::<RestApi>(caller, &api_id).await? {
            let there = stages.into_iter().filter(|stage| api.value.stages.contains_key(stage));
            known.extend(there.map(|stage| (api_id.clone(), stage)));
        }
    }
    Ok(known)
}

/// The writes of the other side when the stages of a plan change: each API whose stages come or go.
pub(super) async fn changes(
    plane: &ControlPlane,
    caller: &Caller,
    plan_id: &str,
    before: &[ApiStage],
    after: &[ApiStage],
) -> ApiResult<Vec<Write>> {
    let (before, after) = (stage_names(before), stage_names(after));
    let changed: BTreeSet<&str> = before.symmetric_difference(&after).map(|(api_id, _)| api_id.as_str()).collect();
    let mut writes = Vec::new();
    let mut rivals: BTreeSet<String> = BTreeSet::new();
    for api_id in changed {
        let found = plane.find_versioned::<RestApi>(caller, api_id).await?;
        let of_api = |names: &BTreeSet<StageName>, other: &BTreeSet<StageName>| -> Vec<String> {
            names.difference(other).filter(|(id, _)| id == api_id).map(|(_, stage)| stage.clone()).collect()
        };
        let (came, went) = (of_api(&after, &before), of_api(&before, &after));
        let unknown = |stage: &str| patch::unknown_stage(&format!("{api_id}:{stage}"));
        let Some(Versioned { version, value: mut api }) = found else {
            // A stage that went with its API needs no other side; one that came does.
            if let Some(stage) = came.first() {
                return Err(unknown(stage));
            }
            continue;
        };
        for name in &came {
            let stage = api.stages.get_mut(name).ok_or_else(|| unknown(name))?;
            rivals.extend(stage.usage_plans.iter().cloned());
            stage.usage_plans.insert(plan_id.to_owned());
        }
        for name in &went {
            if let Some(stage) = api.stages.get_mut(name) {
                stage.usage_plans.remove(plan_id);
            }
        }
        writes.push(postern_store::replace(&caller.scope, api_id, version, &api).map_err(store_failure)?);
    }
    rivals.remove(plan_id);
    for rival in rivals {
        writes.extend(check_rival(plane, caller, plan_id, &rival, &after).await?);
    }
    Ok(writes)
}

/// No key may be in both plans, which share a stage from now on. The rival is touched: a key that joins it at the same time comes
/// before this change or after it.
async fn check_rival(
    plane: &ControlPlane,
    caller: &Caller,
    plan_id: &str,
    rival_id: &str,
    stages: &BTreeSet<StageName>,
) -> ApiResult<Option<Write>> {
    let Some(Versioned { version, value: rival }) = plane.find_versioned::<UsagePlan>(caller, rival_id).await? else {
        return Ok(None);
    };
    let shared = stages.iter().find(|(api_id, stage)| has_stage(&rival, api_id, stage));
    let Some((api_id, stage)) = shared else { return Ok(None) };
    let members = postern_store::child_id(plan_id, "");
    let mut page = Page::largest();
    loop {
        let (found, next) = plane.page::<UsagePlanKey>(caller, &page, &members, |_| true).await?;
        page.after = found.last().map(|member| member.api_key_id.clone());
        for member in found {
            let other = postern_store::child_id(rival_id, &member.api_key_id);
            if plane.find_versioned::<UsagePlanKey>(caller, &other).await?.is_some() {
                return Err(shared_stage(&member.api_key_id, rival_id, api_id, stage));
            }
        }
        if next.is_none() {
            break;
        }
    }
    Ok(Some(postern_store::touch::<UsagePlan>(&caller.scope, rival_id, version)))
}

/// The writes that take stages which are about to go out of their plans.
pub(in super::super) async fn without_stages(
    plane: &ControlPlane,
    caller: &Caller,
    api_id: &str,
    gone: &[&Stage],
) -> ApiResult<Vec<Write>> {
    let plans: BTreeSet<&String> = gone.iter().flat_map(|stage| &stage.usage_plans).collect();
    let mut writes = Vec::new();
    for id in plans {
        let Some(Versioned { version, value: mut plan }) = plane.find_versioned::<UsagePlan>(caller, id).await? else { continue };
        plan.api_stages.retain(|known| known.api_id != api_id || gone.iter().all(|stage| stage.name != known.stage));
        writes.push(postern_store::replace(&caller.scope, id, version, &plan).map_err(store_failure)?);
    }
    Ok(writes)
}
