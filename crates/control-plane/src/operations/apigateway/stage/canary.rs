//! A stage's canary settings: made at creation or by the first patch that names one of their members, promoted by copies.

use std::collections::BTreeMap;

use postern_api_model::apigateway::CanarySettings as Given;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{CanarySettings, Deployment, OrderedMap, RestApi, Stage};

use super::{check_percent, check_variables, unknown_deployment};
use crate::patch::Patch;

const DEPLOYMENT_ID: &str = "/canarySettings/deploymentId";
const OVERRIDES: &str = "/canarySettings/stageVariableOverrides";

/// The settings that a new stage was given.
pub(super) fn created(given: &Given, api: &RestApi, stage: &Stage) -> ApiResult<CanarySettings> {
    let deployment_id = given.deployment_id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| stage.deployment_id.clone());
    if !api.deployments.contains_key(&deployment_id) {
        return Err(unknown_deployment());
    }
    let percent_traffic = given.percent_traffic.unwrap_or_default();
    check_percent(percent_traffic)?;
    let stage_variable_overrides = given.stage_variable_overrides.clone().unwrap_or_default();
    check_variables(&stage_variable_overrides)?;
    Ok(CanarySettings {
        deployment_id,
        percent_traffic,
        stage_variable_overrides,
        use_stage_cache: given.use_stage_cache.unwrap_or_default(),
    })
}

/// The stage's canary, made with AWS's defaults when there is none.
fn ensured(stage: &mut Stage) -> &mut CanarySettings {
    let deployment_id = &stage.deployment_id;
    stage.canary_settings.get_or_insert_with(|| CanarySettings {
        deployment_id: deployment_id.clone(),
        percent_traffic: 0.0,
        stage_variable_overrides: OrderedMap::new(),
        use_stage_cache: false,
    })
}

/// A replace below `/canarySettings`. `None` when `member` is none of its members.
pub(super) fn replace(
    stage: &mut Stage,
    member: &[&str],
    patch: &Patch,
    deployments: &BTreeMap<String, Deployment>,
) -> Option<ApiResult<()>> {
    Some(match member {
        ["deploymentId"] => {
            if !deployments.contains_key(patch.text()) {
                return Some(Err(unknown_deployment()));
            }
            patch.text().clone_into(&mut ensured(stage).deployment_id);
            Ok(())
        }
        ["percentTraffic"] => percent(patch).map(|percent| ensured(stage).percent_traffic = percent),
        ["useStageCache"] => {
            ensured(stage).use_stage_cache = patch.flag();
            Ok(())
        }
        ["stageVariableOverrides", name] => super::check_variable(name, patch.text()).map(|()| {
            ensured(stage).stage_variable_overrides.insert((*name).to_owned(), patch.text().to_owned());
        }),
        _ => return None,
    })
}

fn percent(patch: &Patch) -> ApiResult<f64> {
    let text = patch.text();
    let percent = text.parse().map_err(|_| ApiError::bad_request(format!("Invalid value {text} for percentTraffic")))?;
    check_percent(percent)?;
    Ok(percent)
}

/// A remove below `/canarySettings`; false when there is nothing of that name.
pub(super) fn remove(stage: &mut Stage, member: &[&str]) -> bool {
    match (member, &mut stage.canary_settings) {
        ([], settings) => {
            *settings = None;
            true
        }
        (["stageVariableOverrides", name], Some(settings)) => settings.stage_variable_overrides.shift_remove(*name).is_some(),
        _ => false,
    }
}

/// Promotion: the canary's deployment and variables become the stage's.
pub(super) fn copy(stage: &mut Stage, patch: &Patch) -> ApiResult<()> {
    let (path, from) = (patch.path_text(), patch.from.as_deref().unwrap_or("null"));
    let known = matches!((path, from), ("/deploymentId", DEPLOYMENT_ID) | ("/variables", OVERRIDES));
    if !known {
        return Err(ApiError::bad_request(format!(
            "Invalid copy operation with path: {path} and from {from}. Valid copy:path are [/deploymentId, /variables] and valid \
             copy:from are [{DEPLOYMENT_ID}, {OVERRIDES}]"
        )));
    }
    let Some(settings) = &stage.canary_settings else {
        return Err(ApiError::bad_request("Promotion not available. Canary does not exist."));
    };
    if from == DEPLOYMENT_ID {
        stage.deployment_id.clone_from(&settings.deployment_id);
    } else {
        let overrides = settings.stage_variable_overrides.iter();
        stage.variables.extend(overrides.map(|(name, value)| (name.clone(), value.clone())));
    }
    Ok(())
}
