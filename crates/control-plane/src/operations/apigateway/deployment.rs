//! Deployment: a frozen definition, and the stage that it is put on.

use indexmap::IndexMap;
use postern_api_model::apigateway::{
    CreateDeploymentInput, DeleteDeploymentInput, Deployment as Shown, DeploymentCanarySettings, Deployments, GetDeploymentInput,
    GetDeploymentsInput, MethodSnapshot, Op, UpdateDeploymentInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{CanarySettings, Definition, Deployment, DeploymentSnapshot, Method, RestApi};
use postern_api_model::scope::Caller;
use postern_api_model::wire::Timestamp;
use postern_store::Write;

use super::{map_patch, rest_api, stage};
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;
use crate::{ControlPlane, ids};

/// The member of `embed` that asks for the summary.
const EMBED_API_SUMMARY: &str = "apisummary";
/// A snapshot is written once and never again, so its version is the first.
const SNAPSHOT_VERSION: u64 = 1;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateDeploymentInput) -> ApiResult<Shown> {
    let now = plane.now();
    let change = |api: &mut RestApi| create_in(api, &input, now);
    let missing = || rest_api::missing(caller, &input.rest_api_id);
    let shown = plane.change_and(caller, &input.rest_api_id, missing, change).await?;
    plane.publish(&input.rest_api_id).await;
    Ok(shown)
}

fn create_in(api: &mut RestApi, input: &CreateDeploymentInput, now: i64) -> ApiResult<(Shown, Vec<Write>)> {
    check_stage_reference(api, input)?;
    check_deployable(&api.definition)?;
    let id = ids::fresh(ids::SHORT, |id| api.deployments.contains_key(id));
    let deployment = Deployment {
        id: id.clone(),
        created: now,
        description: input.description.clone().filter(|description| !description.is_empty()),
    };
    let shown = show_one(&deployment);
    api.deployments.insert(id.clone(), deployment);
    put_on_stage(api, input, &id, now)?;
    let snapshot = DeploymentSnapshot {
        api_id: api.id.clone(),
        deployment_id: id,
        scope: api.scope.clone(),
        definition: api.definition.clone(),
    };
    let key = postern_store::snapshot_id(&api.id, &snapshot.deployment_id);
    let write = postern_store::create(&api.scope, &key, &snapshot).map_err(store_failure)?;
    Ok((shown, vec![write]))
}

/// A canary needs a stage that is there; a stage's own description is only for one that is not.
fn check_stage_reference(api: &RestApi, input: &CreateDeploymentInput) -> ApiResult<()> {
    let name = input.stage_name.as_deref();
    let exists = name.is_some_and(|name| api.stages.contains_key(name));
    if input.canary_settings.is_some() {
        let refused = |text: String| Err(ApiError::bad_request(format!("Invalid deployment content specified.{text}")));
        match name {
            None | Some("") => {
                let provided = name.map_or("null", |_| "");
                return refused(format!(
                    "Non null and non empty stageName must be provided for canary deployment. Provided value is {provided}"
                ));
            }
            Some(name) if !exists => {
                return refused(format!("Stage {name} must already be created before making a canary release deployment"));
            }
            Some(_) => {}
        }
    }
    if exists && input.stage_description.as_deref().is_some_and(|description| !description.is_empty()) {
        return Err(ApiError::bad_request(
            "StageDescription cannot be specified when stage referenced by StageName already exists",
        ));
    }
    Ok(())
}

/// What AWS refuses to freeze: an API without methods, a method without an integration, or (reported) one whose authorizer is gone.
fn check_deployable(definition: &Definition) -> ApiResult<()> {
    let mut methods = definition.resources.values().flat_map(|resource| resource.methods.values()).peekable();
    if methods.peek().is_none() {
        return Err(ApiError::bad_request("The REST API doesn't contain any methods"));
    }
    for method in methods {
        if method.integration.is_none() {
            return Err(ApiError::bad_request("No integration defined for method"));
        }
        if method.authorizer_id.as_ref().is_some_and(|id| !definition.authorizers.contains_key(id)) {
            return Err(ApiError::bad_request("Invalid Authorizer identifier specified"));
        }
    }
    Ok(())
}

/// Makes the stage, moves it, or gives it a canary, as the input asks.
fn put_on_stage(api: &mut RestApi, input: &CreateDeploymentInput, deployment_id: &str, now: i64) -> ApiResult<()> {
    let Some(name) = input.stage_name.as_deref().filter(|name| !name.is_empty()) else { return Ok(()) };
    let variables = input.variables.clone().unwrap_or_default();
    stage::check_variables(&variables)?;
    let mut stage = match api.stages.remove(name) {
        Some(stage) => stage,
        None => {
            let mut made = stage::new(api, name, deployment_id, now)?;
            made.description = input.stage_description.clone().filter(|description| !description.is_empty());
            made
        }
    };
    match &input.canary_settings {
        Some(settings) => stage.canary_settings = Some(canary(settings, deployment_id)?),
        None => deployment_id.clone_into(&mut stage.deployment_id),
    }
    stage.variables.extend(variables);
    stage::check_variable_count(stage.variables.len())?;
    stage.cache_cluster_enabled = input.cache_cluster_enabled.unwrap_or(stage.cache_cluster_enabled);
    stage.cache_cluster_size =
        stage::cache_size(stage.cache_cluster_enabled, input.cache_cluster_size.or(stage.cache_cluster_size));
    stage.tracing_enabled = input.tracing_enabled.unwrap_or(stage.tracing_enabled);
    stage.last_updated = now;
    api.stages.insert(name.to_owned(), stage);
    Ok(())
}

fn canary(settings: &DeploymentCanarySettings, deployment_id: &str) -> ApiResult<CanarySettings> {
    let percent_traffic = settings.percent_traffic.unwrap_or_default();
    stage::check_percent(percent_traffic)?;
    let overrides = settings.stage_variable_overrides.clone().unwrap_or_default();
    stage::check_variables(&overrides)?;
    Ok(CanarySettings {
        deployment_id: deployment_id.to_owned(),
        percent_traffic,
        stage_variable_overrides: overrides,
        use_stage_cache: settings.use_stage_cache.unwrap_or_default(),
    })
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetDeploymentInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    let deployment = api.deployments.get(&input.deployment_id).ok_or_else(missing)?;
    let mut shown = show_one(deployment);
    if input.embed.unwrap_or_default().iter().any(|member| member == EMBED_API_SUMMARY) {
        let id = postern_store::snapshot_id(&api.id, &deployment.id);
        let snapshot: DeploymentSnapshot = plane.load(caller, &id, missing).await?;
        shown.api_summary = Some(summary(&snapshot.definition));
    }
    Ok(shown)
}

/// What `embed=apisummary` shows: resource path to verb to how the method may be called, as it was frozen.
fn summary(definition: &Definition) -> IndexMap<String, IndexMap<String, MethodSnapshot>> {
    let shown = |method: &Method| MethodSnapshot {
        authorization_type: Some(method.authorization_type.clone()),
        api_key_required: Some(method.api_key_required),
    };
    let with_methods = definition.resources.values().filter(|resource| !resource.methods.is_empty());
    let mut summary: IndexMap<_, _> = with_methods
        .map(|resource| {
            let methods = resource.methods.iter().map(|(verb, method)| (verb.clone(), shown(method))).collect();
            (definition.path(&resource.id).unwrap_or_default(), methods)
        })
        .collect();
    summary.sort_unstable_keys();
    summary
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetDeploymentsInput) -> ApiResult<Deployments> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    let (items, position) = page.cut(api.deployments.values(), |deployment| &deployment.id);
    Ok(Deployments { items: Some(items.into_iter().map(show_one).collect()), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateDeploymentInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| {
        let deployment = api.deployments.get_mut(&input.deployment_id).ok_or_else(missing)?;
        patches.iter().try_for_each(|patch| apply(deployment, patch))?;
        Ok(show_one(deployment))
    };
    plane.change_rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

fn apply(deployment: &mut Deployment, patch: &Patch) -> ApiResult<()> {
    match (patch.parts().as_slice(), patch.op) {
        (["description"], Op::Replace) => deployment.description = patch.optional(),
        (["description"], _) => {
            return Err(map_patch::unsupported_op("[replace]"));
        }
        _ => return Err(map_patch::unknown_path(patch)),
    }
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteDeploymentInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(api, &input.deployment_id);
    plane.change_and(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

fn delete_in(api: &mut RestApi, id: &str) -> ApiResult<((), Vec<Write>)> {
    if !api.deployments.contains_key(id) {
        return Err(missing());
    }
    if api.stages.values().any(|stage| stage.deployment_id == id) {
        return Err(ApiError::bad_request("Active stages pointing to this deployment must be moved or deleted"));
    }
    let in_canary = |settings: &CanarySettings| settings.deployment_id == id;
    if api.stages.values().any(|stage| stage.canary_settings.as_ref().is_some_and(in_canary)) {
        let text = "Active stages with canary settings pointing to this deployment must be moved or deleted";
        return Err(ApiError::bad_request(text));
    }
    api.deployments.remove(id);
    let key = postern_store::snapshot_id(&api.id, id);
    Ok(((), vec![postern_store::delete::<DeploymentSnapshot>(&api.scope, &key, SNAPSHOT_VERSION)]))
}

fn missing() -> ApiError {
    ApiError::not_found("Invalid Deployment identifier specified")
}

fn show_one(deployment: &Deployment) -> Shown {
    Shown {
        id: Some(deployment.id.clone()),
        description: deployment.description.clone(),
        created_date: Some(Timestamp(deployment.created)),
        api_summary: None,
    }
}

#[cfg(test)]
mod tests;
