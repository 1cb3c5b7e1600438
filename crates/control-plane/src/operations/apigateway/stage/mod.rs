//! Stage: a named place from which a deployment is served. Every change to one is served before its call answers.

mod canary;
mod flush;
mod method_setting;
mod patch;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use postern_api_model::apigateway::{
    AccessLogSettings as ShownAccessLog, CacheClusterSize, CacheClusterStatus, CanarySettings as ShownCanary, CreateStageInput,
    DeleteStageInput, GetStageInput, GetStagesInput, Stage as Shown, Stages, UpdateStageInput,
};
use postern_api_model::base_path_mapping::BasePathMapping;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{CanarySettings, DocumentationVersion, RestApi, Stage};
use postern_api_model::scope::Caller;
use postern_api_model::wire::Timestamp;
use postern_store::{Versioned, Write};

use super::{account, base_path_mapping, client_certificate, rest_api, tag, usage_plan};
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::patch::Patch;

/// AWS's quotas: stages per API,
const STAGES_MAX: usize = 10;
/// characters of a stage's name,
const NAME_CHARS_MAX: usize = 128;
/// variables per stage,
const VARIABLES_MAX: usize = 100;
/// characters of a variable's name
const VARIABLE_NAME_CHARS_MAX: usize = 64;
/// and of its value.
const VARIABLE_VALUE_CHARS_MAX: usize = 512;
/// Size of a cache that is switched on without one.
const CACHE_SIZE_DEFAULT: CacheClusterSize = CacheClusterSize::V05;

/// Whether the account has the role for CloudWatch Logs that a log level needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logging {
    Allowed,
    Refused,
}

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateStageInput) -> ApiResult<Shown> {
    let now = plane.now();
    let change = |api: &mut RestApi| create_in(api, &input, now);
    let missing = || rest_api::missing(caller, &input.rest_api_id);
    let shown = plane.change_rest_api(caller, &input.rest_api_id, missing, change).await?;
    plane.publish(&input.rest_api_id).await;
    Ok(shown)
}

fn create_in(api: &mut RestApi, input: &CreateStageInput, now: i64) -> ApiResult<Shown> {
    if input.deployment_id.is_empty() {
        return Err(ApiError::bad_request("DeploymentId cannot be empty"));
    }
    if !api.deployments.contains_key(&input.deployment_id) {
        return Err(unknown_deployment());
    }
    if api.stages.contains_key(&input.stage_name) {
        return Err(ApiError::conflict("Stage already exists"));
    }
    let variables = input.variables.clone().unwrap_or_default();
    check_variables(&variables)?;
    check_documentation_version(&api.documentation_versions, input.documentation_version.as_deref())?;
    let mut stage = new(api, &input.stage_name, &input.deployment_id, now)?;
    stage.description = input.description.clone().filter(|description| !description.is_empty());
    stage.documentation_version = input.documentation_version.clone().filter(|version| !version.is_empty());
    stage.variables.extend(variables);
    stage.cache_cluster_enabled = input.cache_cluster_enabled.unwrap_or_default();
    stage.cache_cluster_size = cache_size(stage.cache_cluster_enabled, input.cache_cluster_size);
    stage.tracing_enabled = input.tracing_enabled.unwrap_or_default();
    stage.canary_settings = input.canary_settings.as_ref().map(|settings| canary::created(settings, api, &stage)).transpose()?;
    stage.tags = tag::created(input.tags.clone())?;
    let shown = show_one(&stage);
    api.stages.insert(stage.name.clone(), stage);
    Ok(shown)
}

/// A stage with AWS's defaults, its name checked; not yet part of the API.
pub(super) fn new(api: &RestApi, name: &str, deployment_id: &str, now: i64) -> ApiResult<Stage> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || !name.bytes().all(legal) {
        return Err(ApiError::bad_request("Stage name only allows a-zA-Z0-9_-"));
    }
    if name.len() > NAME_CHARS_MAX {
        return Err(ApiError::bad_request(format!("Stage name can be at most {NAME_CHARS_MAX} characters")));
    }
    if api.stages.len() >= STAGES_MAX {
        return Err(ApiError::limit_exceeded(
            "Maximum number of stages for this API has been reached. Please contact AWS if you need additional stages.",
        ));
    }
    Ok(Stage::new(name, deployment_id, now))
}

/// A cache that is on has a size; one that is off shows the size only if it was given.
pub(super) fn cache_size(enabled: bool, asked: Option<CacheClusterSize>) -> Option<CacheClusterSize> {
    asked.or(enabled.then_some(CACHE_SIZE_DEFAULT))
}

/// AWS docs, "Stage variables": names of letters, digits and `_`, values of letters, digits and `-._~:/?#&=,`.
pub(super) fn check_variables(variables: &IndexMap<String, String>) -> ApiResult<()> {
    check_variable_count(variables.len())?;
    variables.iter().try_for_each(|(name, value)| check_variable(name, value))
}

/// A stage's variables, and a canary's overrides.
pub(super) fn check_variable_count(count: usize) -> ApiResult<()> {
    if count > VARIABLES_MAX {
        return Err(ApiError::bad_request(format!("Too many stage variables: a stage can have at most {VARIABLES_MAX}")));
    }
    Ok(())
}

fn check_variable(name: &str, value: &str) -> ApiResult<()> {
    let name_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let value_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#&=,".contains(&byte);
    if name.is_empty() || name.len() > VARIABLE_NAME_CHARS_MAX || !name.bytes().all(name_legal) {
        return Err(ApiError::bad_request(format!(
            "Stage variable name {name:?} is invalid: use 1 to {VARIABLE_NAME_CHARS_MAX} characters of a-zA-Z0-9_"
        )));
    }
    if value.len() > VARIABLE_VALUE_CHARS_MAX || !value.bytes().all(value_legal) {
        return Err(ApiError::bad_request(format!(
            "Stage variable value for {name} is invalid: use at most {VARIABLE_VALUE_CHARS_MAX} characters of a-zA-Z0-9-._~:/?#&=,"
        )));
    }
    Ok(())
}

/// Empty names none.
fn check_documentation_version(known: &BTreeMap<String, DocumentationVersion>, version: Option<&str>) -> ApiResult<()> {
    match version {
        None | Some("") => Ok(()),
        Some(version) if known.contains_key(version) => Ok(()),
        Some(_) => Err(ApiError::bad_request("Invalid Documentation version specified")),
    }
}

/// The share of a canary.
pub(super) fn check_percent(percent: f64) -> ApiResult<()> {
    if (0.0..=100.0).contains(&percent) {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("Invalid percentTraffic value {percent}: it must be between 0.0 and 100.0")))
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetStageInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    api.stages.get(&input.stage_name).map(show_one).ok_or_else(missing)
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetStagesInput) -> ApiResult<Stages> {
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    let asked = |stage: &&Stage| input.deployment_id.as_ref().is_none_or(|id| *id == stage.deployment_id);
    Ok(Stages { item: Some(api.stages.values().filter(asked).map(show_one).collect()) })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateStageInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let asks_for_logs = patches.iter().any(|patch| patch.path_text().ends_with(method_setting::LOG_LEVEL));
    let has_role = asks_for_logs && account::stored(plane, caller).await?.cloudwatch_role_arn.is_some();
    let logging = if has_role { Logging::Allowed } else { Logging::Refused };
    let now = plane.now();
    let (id, name) = (&input.rest_api_id, &input.stage_name);
    let once = || update_once(plane, caller, (id, name), &patches, logging, now);
    let shown = plane.transact::<RestApi, _, _>(caller, id, once).await?;
    plane.publish(&input.rest_api_id).await;
    Ok(shown)
}

/// The stage of that API and name, with the certificates that it leaves and takes.
async fn update_once(
    plane: &ControlPlane,
    caller: &Caller,
    (id, name): (&str, &str),
    patches: &[Patch],
    logging: Logging,
    now: i64,
) -> ApiResult<(Shown, Vec<Write>)> {
    let found = plane.find_versioned::<RestApi>(caller, id).await?;
    let Versioned { version, value: mut api } = found.ok_or_else(|| rest_api::missing(caller, id))?;
    let before = api.stages.get(name).and_then(|stage| stage.client_certificate_id.clone());
    let certificates = client_certificate::known(plane, caller, patches.iter().filter_map(patch::certificate).collect()).await?;
    let shown = update_in(&mut api, name, patches, &certificates, logging, now)?;
    let after = shown.client_certificate_id.as_deref();
    let stage = client_certificate::stage_name(id, name);
    let mut writes = client_certificate::moved(plane, caller, &stage, before.as_deref(), after).await?;
    writes.push(postern_store::replace(&caller.scope, id, version, &api).map_err(store_failure)?);
    Ok((shown, writes))
}

pub(super) fn update_in(
    api: &mut RestApi,
    name: &str,
    patches: &[Patch],
    certificates: &BTreeSet<String>,
    logging: Logging,
    now: i64,
) -> ApiResult<Shown> {
    let RestApi { stages, deployments, documentation_versions, .. } = api;
    let stage = stages.get_mut(name).ok_or_else(missing)?;
    let context = patch::Context { deployments, documentation_versions, certificates, logging };
    patches.iter().try_for_each(|patch| patch::apply(stage, patch, &context))?;
    patch::check_whole(stage)?;
    if !patches.is_empty() {
        stage.last_updated = now;
    }
    Ok(show_one(stage))
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteStageInput) -> ApiResult<()> {
    let (id, name) = (&input.rest_api_id, &input.stage_name);
    plane.transact::<RestApi, _, _>(caller, id, || removal(plane, caller, id, name)).await?;
    plane.publish(&input.rest_api_id).await;
    Ok(())
}

/// Refused while a domain leads to the stage, in the reported text; as for a whole API.
async fn removal(plane: &ControlPlane, caller: &Caller, api_id: &str, name: &str) -> ApiResult<((), Vec<Write>)> {
    let found = plane.load_versioned::<RestApi>(caller, api_id, || rest_api::missing(caller, api_id)).await?;
    let Versioned { version, value: mut api } = found;
    let stage = api.stages.remove(name).ok_or_else(missing)?;
    let leads_here = |mapping: &BasePathMapping| mapping.rest_api_id == *api_id && mapping.stage.as_deref() == Some(name);
    let domains = base_path_mapping::domains_with(plane, caller, leads_here).await?;
    if !domains.is_empty() {
        return Err(ApiError::bad_request(format!(
            "Deleting stage {name} failed. Please remove all base path mappings related to the stage in your domains: {}",
            domains.join(", ")
        )));
    }
    let mut writes = released(plane, caller, api_id, &[&stage]).await?;
    writes.push(postern_store::replace(&caller.scope, api_id, version, &api).map_err(store_failure)?);
    Ok(((), writes))
}

/// The writes that take stages which are about to go out of what names them: their usage plans and client certificates.
pub(super) async fn released(plane: &ControlPlane, caller: &Caller, api_id: &str, gone: &[&Stage]) -> ApiResult<Vec<Write>> {
    let mut writes = usage_plan::without_stages(plane, caller, api_id, gone).await?;
    writes.extend(client_certificate::without_stages(plane, caller, api_id, gone).await?);
    Ok(writes)
}

pub(super) use flush::{flush_authorizers_cache, flush_cache};

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid stage identifier specified")
}

fn unknown_deployment() -> ApiError {
    ApiError::bad_request("Deployment id does not exist")
}

fn show_one(stage: &Stage) -> Shown {
    let cache_status = if stage.cache_cluster_enabled { CacheClusterStatus::Available } else { CacheClusterStatus::NotAvailable };
    let variables = || stage.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Shown {
        stage_name: Some(stage.name.clone()),
        deployment_id: Some(stage.deployment_id.clone()),
        description: stage.description.clone(),
        created_date: Some(Timestamp(stage.created)),
        last_updated_date: Some(Timestamp(stage.last_updated)),
        cache_cluster_enabled: Some(stage.cache_cluster_enabled),
        cache_cluster_size: stage.cache_cluster_size,
        cache_cluster_status: Some(cache_status),
        method_settings: Some(
            stage.method_settings.iter().map(|(key, setting)| (key.clone(), method_setting::show(setting))).collect(),
        ),
        variables: (!stage.variables.is_empty()).then(variables),
        documentation_version: stage.documentation_version.clone(),
        access_log_settings: stage.access_log_settings.as_ref().map(|settings| ShownAccessLog {
            destination_arn: settings.destination_arn.clone(),
            format: settings.format.clone(),
        }),
        canary_settings: stage.canary_settings.as_ref().map(show_canary),
        client_certificate_id: stage.client_certificate_id.clone(),
        tracing_enabled: Some(stage.tracing_enabled),
        web_acl_arn: None,
        tags: tag::shown(&stage.tags),
    }
}

fn show_canary(settings: &CanarySettings) -> ShownCanary {
    let overrides = &settings.stage_variable_overrides;
    ShownCanary {
        deployment_id: Some(settings.deployment_id.clone()),
        percent_traffic: Some(settings.percent_traffic),
        stage_variable_overrides: (!overrides.is_empty()).then(|| overrides.clone()),
        use_stage_cache: Some(settings.use_stage_cache),
    }
}

#[cfg(test)]
mod tests;
