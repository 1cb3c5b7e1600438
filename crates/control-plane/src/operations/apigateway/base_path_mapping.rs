//! BasePathMapping: which API and stage a custom domain name leads to. It is part of the domain name, and is served at once.
//!
//! A mapping refers to an API, so making one touches the API in the same commit: a deletion of the API or of its stage that ran at the same
//! time conflicts and sees the mapping.

use postern_api_model::apigateway::{
    BasePathMapping as Shown, BasePathMappings, CreateBasePathMappingInput, DeleteBasePathMappingInput, EndpointType,
    GetBasePathMappingInput, GetBasePathMappingsInput, RoutingMode, UpdateBasePathMappingInput,
};
use postern_api_model::base_path_mapping::{BasePathMapping, ROOT};
use postern_api_model::domain_name::DomainName;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::RestApi;
use postern_api_model::scope::Caller;
use postern_store::{LIST_ROWS_MAX, Versioned, Write};

use super::domain_name;
use super::map_patch::{only_replace, unknown_path};
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;

/// AWS docs, "API mappings": characters of a base path besides letters and digits; the slash is for multi-level mappings only.
const PATH_CHARACTERS: &[u8] = b"$-_.+!*'()";
/// and how many.
const PATH_CHARS_MAX: usize = 300;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateBasePathMappingInput) -> ApiResult<Shown> {
    let id = DomainName::stored_id(&input.domain_name, input.domain_name_id.as_deref());
    plane.transact::<DomainName, _, _>(caller, &id, || creation(plane, caller, &id, &input)).await
}

async fn creation(
    plane: &ControlPlane,
    caller: &Caller,
    id: &str,
    input: &CreateBasePathMappingInput,
) -> ApiResult<(Shown, Vec<Write>)> {
    let mut domain = domain(plane, caller, id).await?;
    let base_path = base_path(input.base_path.as_deref().unwrap_or_default())?;
    let mapping = BasePathMapping { rest_api_id: input.rest_api_id.clone(), stage: stage(input.stage.as_deref()) };
    if domain.value.routing_mode == RoutingMode::RoutingRuleOnly {
        return Err(ApiError::bad_request("Base path mappings cannot be created while the routingMode is ROUTING_RULE_ONLY."));
    }
    let touch = target(plane, caller, &domain.value, &mapping).await?;
    refuse_taken(&domain.value, &base_path)?;
    let shown = show_one(&base_path, &mapping);
    domain.value.mappings.insert(base_path, mapping);
    changed(caller, id, &domain, shown, touch)
}

async fn domain(plane: &ControlPlane, caller: &Caller, id: &str) -> ApiResult<Versioned<DomainName>> {
    plane.load_versioned(caller, id, domain_name::missing).await
}

fn changed(
    caller: &Caller,
    id: &str,
    domain: &Versioned<DomainName>,
    shown: Shown,
    touch: Write,
) -> ApiResult<(Shown, Vec<Write>)> {
    let write = postern_store::replace(&caller.scope, id, domain.version, &domain.value).map_err(store_failure)?;
    Ok((shown, vec![write, touch]))
}

/// The key under which a mapping is kept.
fn base_path(text: &str) -> ApiResult<String> {
    if text.is_empty() || text == ROOT {
        return Ok(ROOT.to_owned());
    }
    if text.contains('/') {
        return Err(ApiError::bad_request(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path \
             mapping, use API Gateway V2.",
        ));
    }
    let is_legal = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || PATH_CHARACTERS.contains(&byte));
    if is_legal && text.len() <= PATH_CHARS_MAX {
        return Ok(text.to_owned());
    }
    Err(ApiError::bad_request(format!(
        "Invalid base path specified: use 1 to {PATH_CHARS_MAX} characters of a-zA-Z0-9$-_.+!*'()"
    )))
}

fn stage(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty() && *text != ROOT).map(str::to_owned)
}

/// Refuses a target that is not there, or that the domain cannot lead to; gives the write that holds it.
async fn target(plane: &ControlPlane, caller: &Caller, domain: &DomainName, mapping: &BasePathMapping) -> ApiResult<Write> {
    let missing = || ApiError::bad_request("Invalid REST API identifier specified");
    let api = plane.load_versioned::<RestApi>(caller, &mapping.rest_api_id, missing).await?;
    if mapping.stage.as_ref().is_some_and(|stage| !api.value.stages.contains_key(stage)) {
        return Err(ApiError::bad_request("Invalid stage identifier specified"));
    }
    let is_private = api.value.definition.endpoint_configuration.types.contains(&EndpointType::Private);
    if is_private != domain.is_private() {
        return Err(ApiError::bad_request(
            "Private APIs can only be mapped to private domain names, and public APIs to public ones.",
        ));
    }
    Ok(postern_store::touch::<RestApi>(&caller.scope, &mapping.rest_api_id, api.version))
}

fn refuse_taken(domain: &DomainName, base_path: &str) -> ApiResult<()> {
    if !domain.mappings.contains_key(base_path) {
        return Ok(());
    }
    Err(ApiError::conflict(match base_path {
        ROOT => "Only one base path mapping is allowed if the base path is empty.",
        _ => "Base path already exists for this domain name",
    }))
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetBasePathMappingInput) -> ApiResult<Shown> {
    let id = DomainName::stored_id(&input.domain_name, input.domain_name_id.as_deref());
    let domain = domain(plane, caller, &id).await?.value;
    let mapping = domain.mappings.get(&input.base_path).ok_or_else(missing)?;
    Ok(show_one(&input.base_path, mapping))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetBasePathMappingsInput) -> ApiResult<BasePathMappings> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let id = DomainName::stored_id(&input.domain_name, input.domain_name_id.as_deref());
    let domain = domain(plane, caller, &id).await?.value;
    let (items, position) = page.cut(domain.mappings.iter(), |(base_path, _)| base_path);
    let items = items.into_iter().map(|(base_path, mapping)| show_one(base_path, mapping)).collect();
    Ok(BasePathMappings { items: Some(items), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateBasePathMappingInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations.clone())?;
    let id = DomainName::stored_id(&input.domain_name, input.domain_name_id.as_deref());
    plane.transact::<DomainName, _, _>(caller, &id, || replacement(plane, caller, &id, &input.base_path, &patches)).await
}

async fn replacement(
    plane: &ControlPlane,
    caller: &Caller,
    id: &str,
    old_path: &str,
    patches: &[Patch],
) -> ApiResult<(Shown, Vec<Write>)> {
    let mut domain = domain(plane, caller, id).await?;
    let mut mapping = domain.value.mappings.remove(old_path).ok_or_else(missing)?;
    let mut new_path = old_path.to_owned();
    for patch in patches {
        apply(&mut new_path, &mut mapping, patch)?;
    }
    let touch = target(plane, caller, &domain.value, &mapping).await?;
    refuse_taken(&domain.value, &new_path)?;
    let shown = show_one(&new_path, &mapping);
    domain.value.mappings.insert(new_path, mapping);
    changed(caller, id, &domain, shown, touch)
}

fn apply(key: &mut String, mapping: &mut BasePathMapping, patch: &Patch) -> ApiResult<()> {
    match patch.parts().as_slice() {
        ["basePath"] => {
            only_replace(patch)?;
            *key = base_path(patch.text())?;
        }
        // AWS docs write it so, Terraform too; the member's own spelling means the same.
        ["restapiId" | "restApiId"] => {
            only_replace(patch)?;
            patch.text().clone_into(&mut mapping.rest_api_id);
        }
        ["stage"] => {
            only_replace(patch)?;
            mapping.stage = stage(patch.value.as_deref());
        }
        _ => return Err(unknown_path(patch)),
    }
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteBasePathMappingInput) -> ApiResult<()> {
    let id = DomainName::stored_id(&input.domain_name, input.domain_name_id.as_deref());
    let change = |domain: &mut DomainName| domain.mappings.remove(&input.base_path).map(drop).ok_or_else(missing);
    plane.change(caller, &id, domain_name::missing, change).await
}

/// The names of the caller's domains that have such a mapping.
pub(super) async fn domains_with(
    plane: &ControlPlane,
    caller: &Caller,
    is_wanted: impl Fn(&BasePathMapping) -> bool,
) -> ApiResult<Vec<String>> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let rows = postern_store::list::<DomainName>(plane.store(), &caller.scope, after.as_deref(), LIST_ROWS_MAX).await;
        let rows = rows.map_err(store_failure)?;
        let Some((last, _)) = rows.last() else { return Ok(found) };
        after = Some(last.clone());
        let domains = rows.into_iter().map(|(_, domain)| domain.value);
        found.extend(domains.filter(|domain| domain.mappings.values().any(&is_wanted)).map(|domain| domain.name));
    }
}

fn missing() -> ApiError {
    ApiError::not_found("Invalid base path mapping identifier specified")
}

fn show_one(base_path: &str, mapping: &BasePathMapping) -> Shown {
    Shown { base_path: Some(base_path.to_owned()), rest_api_id: Some(mapping.rest_api_id.clone()), stage: mapping.stage.clone() }
}
