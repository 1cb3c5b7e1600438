//! Integration: what stands behind a method.
//!
//! A put replaces the integration as a whole, its responses included, as a put of a gateway response is recorded to do.

mod check;
mod patch;

#[cfg(test)]
mod tests;

use postern_api_model::apigateway::{
    ConnectionType, DeleteIntegrationInput, GetIntegrationInput, Integration as Shown, IntegrationType, PutIntegrationInput,
    TlsConfig, UpdateIntegrationInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, Integration, Method, RestApi, TIMEOUT_MS_DEFAULT};
use postern_api_model::scope::Caller;

use super::{integration_response, method};
use crate::ControlPlane;
use crate::patch::Patch;

pub(super) use check::{TEMPLATE_BYTES_MAX, check_template};
pub(super) use patch::content_handling;

/// Default of `passthroughBehavior`.
const PASSTHROUGH_DEFAULT: &str = "WHEN_NO_MATCH";

pub(super) async fn put(plane: &ControlPlane, caller: &Caller, input: PutIntegrationInput) -> ApiResult<Shown> {
    let change = |api: &mut RestApi| put_in(&mut api.definition, &input);
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

pub(super) fn put_in(definition: &mut Definition, input: &PutIntegrationInput) -> ApiResult<Shown> {
    let method = method::find_mut(definition, &input.resource_id, &input.http_method)?;
    let integration = from_input(input)?;
    check::check(&integration)?;
    check::check_parameters(&integration, method)?;
    check::check_cache_keys(&integration, &[], method)?;
    let integration = without_backend_of_a_mock(integration);
    let shown = show_one(&integration);
    method.integration = Some(integration);
    Ok(shown)
}

/// A MOCK integration is recorded to take a verb and not to show it; its address, which a PATCH cannot change either, goes
/// the same way.
fn without_backend_of_a_mock(integration: Integration) -> Integration {
    match integration.kind {
        IntegrationType::Mock => Integration { http_method: None, uri: None, ..integration },
        _ => integration,
    }
}

fn from_input(input: &PutIntegrationInput) -> ApiResult<Integration> {
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Ok(Integration {
        kind: input.r#type,
        http_method: set(&input.integration_http_method),
        uri: set(&input.uri),
        connection_type: input.connection_type,
        connection_id: set(&input.connection_id),
        integration_target: set(&input.integration_target),
        credentials: set(&input.credentials),
        request_parameters: input.request_parameters.clone().unwrap_or_default(),
        request_templates: input.request_templates.clone().unwrap_or_default(),
        passthrough_behavior: match set(&input.passthrough_behavior) {
            Some(behavior) => check::passthrough_behavior(&behavior)?,
            None => PASSTHROUGH_DEFAULT.to_owned(),
        },
        content_handling: input.content_handling,
        timeout_in_millis: match input.timeout_in_millis {
            Some(millis) => check::timeout(millis, input.response_transfer_mode)?,
            None => TIMEOUT_MS_DEFAULT,
        },
        cache_namespace: set(&input.cache_namespace).unwrap_or_else(|| input.resource_id.clone()),
        cache_key_parameters: input.cache_key_parameters.clone().unwrap_or_default(),
        response_transfer_mode: input.response_transfer_mode,
        insecure_skip_verification: input.tls_config.as_ref().map(|config| config.insecure_skip_verification.unwrap_or_default()),
        responses: Default::default(),
    })
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetIntegrationInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, method::missing_resource).await?;
    find(method::find(&api.definition, &input.resource_id, &input.http_method)?).map(show_one)
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateIntegrationInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| update_in(&mut api.definition, &input.resource_id, &input.http_method, &patches);
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

pub(super) fn update_in(definition: &mut Definition, resource_id: &str, verb: &str, patches: &[Patch]) -> ApiResult<Shown> {
    let method = method::find_mut(definition, resource_id, verb)?;
    let before = find(method)?;
    let mut integration = before.clone();
    patches.iter().try_for_each(|patch| patch::apply(&mut integration, patch, method))?;
    check::check(&integration)?;
    check::check_cache_keys(&integration, &before.cache_key_parameters, method)?;
    let shown = show_one(&integration);
    method.integration = Some(integration);
    Ok(shown)
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteIntegrationInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(&mut api.definition, &input.resource_id, &input.http_method);
    plane.change_rest_api(caller, &input.rest_api_id, method::missing_resource, change).await
}

fn delete_in(definition: &mut Definition, resource_id: &str, verb: &str) -> ApiResult<()> {
    method::find_mut(definition, resource_id, verb)?.integration.take().map(drop).ok_or_else(missing)
}

pub(super) fn find(method: &Method) -> ApiResult<&Integration> {
    method.integration.as_ref().ok_or_else(missing)
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid Integration identifier specified")
}

/// An integration as answers carry it, with its responses.
pub(super) fn show_one(integration: &Integration) -> Shown {
    let responses = &integration.responses;
    let shown_responses = || {
        responses.iter().map(|(status, response)| (status.clone(), integration_response::show_one(status, response))).collect()
    };
    Shown {
        r#type: Some(integration.kind),
        http_method: integration.http_method.clone(),
        uri: integration.uri.clone(),
        connection_type: integration.connection_type.or_else(|| default_connection(integration.kind)),
        connection_id: integration.connection_id.clone(),
        integration_target: integration.integration_target.clone(),
        credentials: integration.credentials.clone(),
        request_parameters: method::filled(&integration.request_parameters),
        request_templates: method::filled(&integration.request_templates),
        passthrough_behavior: Some(integration.passthrough_behavior.clone()),
        content_handling: integration.content_handling,
        timeout_in_millis: i32::try_from(integration.timeout_in_millis).ok(),
        cache_namespace: Some(integration.cache_namespace.clone()),
        cache_key_parameters: Some(integration.cache_key_parameters.clone()),
        response_transfer_mode: integration.response_transfer_mode,
        tls_config: integration.insecure_skip_verification.map(|skip| TlsConfig { insecure_skip_verification: Some(skip) }),
        integration_responses: (!responses.is_empty()).then(shown_responses),
    }
}

/// What is shown when no connection type was set: INTERNET for the HTTP types, nothing for the others, as recorded.
fn default_connection(kind: IntegrationType) -> Option<ConnectionType> {
    matches!(kind, IntegrationType::Http | IntegrationType::HttpProxy).then_some(ConnectionType::Internet)
}
