//! IntegrationResponse: how a backend's answer becomes the method response of one status.
//!
//! A put replaces the response of its status: Terraform updates one by another put, and what that leaves out must be gone.

use postern_api_model::apigateway::{
    DeleteIntegrationResponseInput, GetIntegrationResponseInput, IntegrationResponse as Shown, PutIntegrationResponseInput,
    UpdateIntegrationResponseInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, Integration, IntegrationResponse, Method, OrderedMap, RestApi};
use postern_api_model::scope::Caller;

use super::map_patch::{apply_entry, only_replace, unknown_path};
use super::method_response::missing;
use super::{integration, mapping, method};
use crate::ControlPlane;
use crate::patch::Patch;

#[cfg(test)]
mod tests;

pub(super) async fn put(plane: &ControlPlane, caller: &Caller, input: PutIntegrationResponseInput) -> ApiResult<Shown> {
    let change = |api: &mut RestApi| put_in(&mut api.definition, &input);
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

pub(super) fn put_in(definition: &mut Definition, input: &PutIntegrationResponseInput) -> ApiResult<Shown> {
    let status = &input.status_code;
    let method = method::find_mut(definition, &input.resource_id, &input.http_method)?;
    let response = IntegrationResponse {
        selection_pattern: input.selection_pattern.clone(),
        response_parameters: input.response_parameters.clone().unwrap_or_default(),
        response_templates: input.response_templates.clone(),
        content_handling: input.content_handling,
    };
    let integration = integration::find(method)?;
    check_pattern(status, &response, integration)?;
    check_parameters(&response.response_parameters, status, method)?;
    check_templates(&response)?;
    let shown = show_one(status, &response);
    store(method, status, response)?;
    Ok(shown)
}

fn store(method: &mut Method, status: &str, response: IntegrationResponse) -> ApiResult<()> {
    let integration = method.integration.as_mut().ok_or_else(integration::missing)?;
    integration.responses.insert(status.to_owned(), response);
    Ok(())
}

/// Refuses a pattern that is no regular expression, or that another status has: of two equal ones the second is never used.
fn check_pattern(status: &str, response: &IntegrationResponse, integration: &Integration) -> ApiResult<()> {
    let pattern = response.selection_pattern.as_deref().unwrap_or_default();
    mapping::check_pattern(pattern)?;
    let is_same = |other: &IntegrationResponse| other.selection_pattern.as_deref().unwrap_or_default() == pattern;
    if integration.responses.iter().any(|(other, response)| other != status && is_same(response)) {
        let name = if pattern.is_empty() { "default" } else { pattern };
        return Err(ApiError::conflict(format!("Integration response with selection pattern {name} already exists")));
    }
    Ok(())
}

fn check_parameters(parameters: &OrderedMap<String>, status: &str, method: &Method) -> ApiResult<()> {
    mapping::check_integration_response(parameters, method.responses.get(status))
}

fn check_templates(response: &IntegrationResponse) -> ApiResult<()> {
    let mut templates = response.response_templates.iter().flat_map(OrderedMap::values);
    templates.try_for_each(|template| integration::check_template(template))
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetIntegrationResponseInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, method::missing_resource).await?;
    let method = method::find(&api.definition, &input.resource_id, &input.http_method)?;
    let response = integration::find(method)?.responses.get(&input.status_code).ok_or_else(missing)?;
    Ok(show_one(&input.status_code, response))
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateIntegrationResponseInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let (resource_id, verb) = (&input.resource_id, &input.http_method);
    let change = |api: &mut RestApi| update_in(&mut api.definition, resource_id, verb, &input.status_code, &patches);
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

pub(super) fn update_in(
    definition: &mut Definition,
    resource_id: &str,
    verb: &str,
    status: &str,
    patches: &[Patch],
) -> ApiResult<Shown> {
    let method = method::find_mut(definition, resource_id, verb)?;
    let integration = integration::find(method)?;
    let mut response = integration.responses.get(status).ok_or_else(missing)?.clone();
    patches.iter().try_for_each(|patch| apply(&mut response, patch, status, method))?;
    check_pattern(status, &response, integration)?;
    check_templates(&response)?;
    let shown = show_one(status, &response);
    store(method, status, response)?;
    Ok(shown)
}

fn apply(response: &mut IntegrationResponse, patch: &Patch, status: &str, method: &Method) -> ApiResult<()> {
    let text = || Ok(patch.text().to_owned());
    match patch.parts().as_slice() {
        ["responseParameters", name] => {
            apply_entry(&mut response.response_parameters, name, patch, text)?;
            // Only the one that was set: another may be stale because the method response changed since.
            let set = response.response_parameters.get_key_value(*name);
            let set = set.map(|(name, source)| (name.clone(), source.clone())).into_iter().collect();
            check_parameters(&set, status, method)
        }
        ["responseTemplates", media_type] => {
            let templates = response.response_templates.get_or_insert_default();
            apply_entry(templates, media_type, patch, text)?;
            response.response_templates.take_if(|templates| templates.is_empty());
            Ok(())
        }
        ["contentHandling"] => {
            only_replace(patch)?;
            response.content_handling = integration::content_handling(patch)?;
            Ok(())
        }
        ["selectionPattern"] => {
            only_replace(patch)?;
            response.selection_pattern = patch.value.clone();
            Ok(())
        }
        _ => Err(unknown_path(patch)),
    }
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteIntegrationResponseInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(&mut api.definition, &input);
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

/// The one operation whose unknown method is called an unknown integration, as recorded.
fn delete_in(definition: &mut Definition, input: &DeleteIntegrationResponseInput) -> ApiResult<()> {
    let resource = definition.resources.get_mut(&input.resource_id).ok_or_else(method::missing_resource)?;
    let method = resource.methods.get_mut(&input.http_method);
    let integration = method.and_then(|method| method.integration.as_mut()).ok_or_else(integration::missing)?;
    integration.responses.remove(&input.status_code).map(drop).ok_or_else(missing)
}

/// An integration response as answers carry it: what was sent as empty is shown as empty, what was not sent is absent.
pub(super) fn show_one(status: &str, response: &IntegrationResponse) -> Shown {
    Shown {
        status_code: Some(status.to_owned()),
        selection_pattern: response.selection_pattern.clone(),
        response_parameters: method::filled(&response.response_parameters),
        response_templates: response.response_templates.clone(),
        content_handling: response.content_handling,
    }
}
