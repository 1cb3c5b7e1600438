//! RestApi: the aggregate itself, everything in it aside.

mod clone;
mod create;
mod endpoint;
mod export;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod import;
mod patch;
pub(super) mod policy;

use postern_api_model::apigateway::{
    CreateRestApiInput, DeleteRestApiInput, EndpointConfiguration as ShownEndpoint, GetRestApiInput, GetRestApisInput,
    RestApi as Shown, RestApis, UpdateRestApiInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{EndpointConfiguration, RestApi};
use postern_api_model::scope::Caller;
use postern_api_model::wire::Timestamp;
use postern_store::{Kind, Versioned, Write};

use super::{base_path_mapping, stage, tag};
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;

/// APIs that a list holds in memory whole at one time: each may be large, and a page may have 500.
const LOADED_MAX: usize = 25;

pub(super) use export::export;
pub use import::{CheckedImport, check_import};
pub(super) use import::{import, put};

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateRestApiInput) -> ApiResult<Shown> {
    let source = match input.clone_from.as_deref().filter(|id| !id.is_empty()) {
        // CreateRestApi knows no NotFoundException.
        Some(id) => {
            let missing = || ApiError::bad_request("Invalid REST API identifier specified");
            Some(plane.rest_api(caller, id, missing).await?)
        }
        None => None,
    };
    let now = plane.now();
    let api = plane.create(caller, |id| create::build(&input, source.as_ref(), caller, id, now)).await?;
    Ok(show_one(&api))
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetRestApiInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, || missing(caller, &input.rest_api_id)).await?;
    Ok(show_one(&api))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetRestApisInput) -> ApiResult<RestApis> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    // One more than the page holds, which tells whether another page follows.
    let wanted = page.limit + 1;
    let mut found: Vec<(String, Shown)> = Vec::new();
    while found.len() < wanted {
        let after = found.last().map(|(id, _)| id.as_str()).or(page.after.as_deref());
        let limit = LOADED_MAX.min(wanted - found.len());
        let rows = postern_store::list::<RestApi>(plane.store(), &caller.scope, after, limit).await.map_err(store_failure)?;
        let is_last = rows.len() < limit;
        found.extend(rows.into_iter().map(|(id, api)| (id, show_one(&api.value))));
        if is_last {
            break;
        }
    }
    let (items, position) = page.cut(found, |(id, _)| id);
    Ok(RestApis { items: Some(items.into_iter().map(|(_, shown)| shown).collect()), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateRestApiInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| {
        patch::apply_all(api, &patches)?;
        Ok(show_updated(api))
    };
    plane.change_rest_api(caller, &input.rest_api_id, || missing(caller, &input.rest_api_id), change).await
}

/// Takes the API with all that it froze out of the store and out of service, and its stages out of usage plans and certificates.
pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteRestApiInput) -> ApiResult<()> {
    let id = &input.rest_api_id;
    plane.transact::<RestApi, _, _>(caller, id, || removal(plane, caller, id)).await?;
    plane.publish(id).await;
    Ok(())
}

/// Refused while a domain leads to the API, in the reported text. The domains are looked through after the API was read: a mapping that
/// is made later touches the API, so that the removal conflicts and looks again.
async fn removal(plane: &ControlPlane, caller: &Caller, id: &str) -> ApiResult<((), Vec<Write>)> {
    let Versioned { version, value: api } = plane.load_versioned::<RestApi>(caller, id, || missing(caller, id)).await?;
    let domains = base_path_mapping::domains_with(plane, caller, |mapping| mapping.rest_api_id == id).await?;
    if !domains.is_empty() {
        return Err(ApiError::bad_request(format!(
            "Deleting RestApi {id} failed. Please remove all base path mappings related to the RestApi in your domains: {}",
            domains.join(", ")
        )));
    }
    let mut writes = stage::released(plane, caller, id, &api.stages.values().collect::<Vec<_>>()).await?;
    writes.push(postern_store::delete::<RestApi>(&caller.scope, id, version));
    let snapshots = |kind| Write::DeleteChildren { kind, scope: caller.scope.clone(), parent_id: id.to_owned() };
    writes.extend([Kind::REST_DEPLOYMENT, Kind::DOCUMENTATION_VERSION].map(snapshots));
    Ok(((), writes))
}

pub(super) fn missing(caller: &Caller, id: &str) -> ApiError {
    ApiError::not_found(format!("Invalid API identifier specified {}:{id}", caller.scope.account))
}

fn show_one(api: &RestApi) -> Shown {
    let definition = &api.definition;
    Shown {
        id: Some(api.id.clone()),
        name: Some(definition.name.clone()),
        description: definition.description.clone(),
        version: definition.version.clone(),
        created_date: Some(Timestamp(api.created)),
        api_key_source: Some(definition.api_key_source),
        binary_media_types: Some(definition.binary_media_types.clone()).filter(|types| !types.is_empty()),
        minimum_compression_size: definition.minimum_compression_size.and_then(|bytes| i32::try_from(bytes).ok()),
        disable_execute_api_endpoint: Some(definition.disable_execute_api_endpoint),
        endpoint_configuration: Some(show_endpoint(&definition.endpoint_configuration)),
        policy: definition.policy.as_deref().map(policy::shown),
        security_policy: definition.security_policy,
        endpoint_access_mode: definition.endpoint_access_mode,
        root_resource_id: Some(definition.root_resource_id.clone()),
        tags: tag::shown(&api.tags),
        // No recording has them: a change here is in effect when its answer is sent.
        api_status: None,
        api_status_message: None,
        warnings: None,
    }
}

/// UpdateRestApi answers with an empty map of tags where the other operations leave the member out, as recorded.
fn show_updated(api: &RestApi) -> Shown {
    let shown = show_one(api);
    Shown { tags: Some(shown.tags.unwrap_or_default()), ..shown }
}

fn show_endpoint(endpoint: &EndpointConfiguration) -> ShownEndpoint {
    ShownEndpoint {
        types: Some(endpoint.types.clone()),
        ip_address_type: Some(endpoint.ip_address_type),
        vpc_endpoint_ids: Some(endpoint.vpc_endpoint_ids.clone()).filter(|ids| !ids.is_empty()),
    }
}
