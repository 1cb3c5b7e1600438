//! Method: a verb on a resource.

mod patch;
mod test_invoke;

#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod tests;

use postern_api_model::apigateway::{DeleteMethodInput, GetMethodInput, Method as Shown, PutMethodInput, UpdateMethodInput};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{AUTHORIZATION_NONE, Authorizer, Definition, Method, OrderedMap, RestApi};
use postern_api_model::scope::Caller;

use super::{integration, mapping, method_response};
use crate::ControlPlane;
use crate::patch::Patch;
pub(super) use test_invoke::{headers as test_headers, refusal as test_refusal, test_invoke};

/// Verbs that a method may have, in the order in which the service lists them.
const VERBS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"];
/// Authorization types without an authorizer.
const OPEN_TYPES: [&str; 2] = [AUTHORIZATION_NONE, "AWS_IAM"];
/// Authorization types that need one.
const AUTHORIZER_TYPES: [&str; 3] = ["CUSTOM", "COGNITO_USER_POOLS", "JWT"];
/// The types whose tokens carry scopes.
const SCOPED_TYPES: [&str; 2] = ["COGNITO_USER_POOLS", "JWT"];

pub(super) async fn put(plane: &ControlPlane, caller: &Caller, input: PutMethodInput) -> ApiResult<Shown> {
    let change = |api: &mut RestApi| put_in(&mut api.definition, &input);
    plane.change_rest_api(caller, &input.rest_api_id, missing_resource, change).await
}

pub(super) fn put_in(definition: &mut Definition, input: &PutMethodInput) -> ApiResult<Shown> {
    let resource = definition.resources.get(&input.resource_id).ok_or_else(missing_resource)?;
    check_verb(&input.http_method)?;
    if resource.methods.contains_key(&input.http_method) {
        return Err(ApiError::conflict("Method already exists for this resource"));
    }
    let mut method = Method {
        http_method: input.http_method.clone(),
        authorization_type: authorization_type(&input.authorization_type)?,
        authorizer_id: input.authorizer_id.clone().filter(|id| !id.is_empty()),
        authorization_scopes: input.authorization_scopes.clone().unwrap_or_default(),
        api_key_required: input.api_key_required.unwrap_or_default(),
        operation_name: input.operation_name.clone().filter(|name| !name.is_empty()),
        request_validator_id: input.request_validator_id.clone().filter(|id| !id.is_empty()),
        request_parameters: input.request_parameters.clone().unwrap_or_default(),
        request_models: input.request_models.clone().unwrap_or_default(),
        responses: Default::default(),
        integration: None,
    };
    mapping::check_request_parameters(method.request_parameters.keys())?;
    settle_authorization(&mut method, definition)?;
    check_validator(method.request_validator_id.as_deref(), definition)?;
    method.request_models.values().try_for_each(|name| check_model(name, definition))?;
    let shown = show_one(&method);
    let resource = definition.resources.get_mut(&input.resource_id).ok_or_else(missing_resource)?;
    resource.methods.insert(input.http_method.clone(), method);
    Ok(shown)
}

/// Refuses what is no verb of a method or of an integration.
pub(super) fn check_verb(verb: &str) -> ApiResult<()> {
    if VERBS.contains(&verb) {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("Invalid HttpMethod specified. Valid options are {}", VERBS.join(","))))
}

/// The type in capitals, as it is stored and shown; the service takes it in any case, as recorded.
fn authorization_type(text: &str) -> ApiResult<String> {
    let known = OPEN_TYPES.iter().chain(&AUTHORIZER_TYPES).find(|known| known.eq_ignore_ascii_case(text));
    known.map(|known| (*known).to_owned()).ok_or_else(|| {
        let text = "Invalid Method authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS";
        ApiError::bad_request(text)
    })
}

/// What must hold between the members that say who may call. An authorizer is ignored for a type that takes none, as recorded; any
/// other type needs one of the API that suits it.
fn settle_authorization(method: &mut Method, definition: &Definition) -> ApiResult<()> {
    let authorization_type = method.authorization_type.as_str();
    if OPEN_TYPES.contains(&authorization_type) {
        method.authorizer_id = None;
    }
    let authorizer = method.authorizer_id.as_ref().and_then(|id| definition.authorizers.get(id));
    let suits = authorizer.is_some_and(|authorizer| Authorizer::authorization_type(authorizer.kind) == authorization_type);
    if AUTHORIZER_TYPES.contains(&authorization_type) && !suits {
        return Err(ApiError::bad_request(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid \
             authorizer.",
        ));
    }
    if !method.authorization_scopes.is_empty() && !SCOPED_TYPES.contains(&authorization_type) {
        return Err(ApiError::bad_request(
            "Invalid Method authorization type specified. Authorization Scopes are only valid for COGNITO_USER_POOLS \
             authorization type",
        ));
    }
    Ok(())
}

/// Refuses an id that is no validator of the API; 400 here and 404 elsewhere, as recorded.
fn check_validator(id: Option<&str>, definition: &Definition) -> ApiResult<()> {
    if id.is_none_or(|id| definition.request_validators.contains_key(id)) {
        return Ok(());
    }
    Err(ApiError::bad_request("Invalid Request Validator identifier specified"))
}

/// Refuses a name that is no model of the API.
pub(super) fn check_model(name: &str, definition: &Definition) -> ApiResult<()> {
    if definition.models.contains_key(name) {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("Invalid model identifier specified: {name}")))
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetMethodInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, missing_resource).await?;
    find(&api.definition, &input.resource_id, &input.http_method).map(show_one)
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateMethodInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| update_in(&mut api.definition, &input.resource_id, &input.http_method, &patches);
    plane.change_rest_api(caller, &input.rest_api_id, missing_resource, change).await
}

pub(super) fn update_in(definition: &mut Definition, resource_id: &str, verb: &str, patches: &[Patch]) -> ApiResult<Shown> {
    let mut method = find(definition, resource_id, verb)?.clone();
    patches.iter().try_for_each(|patch| patch::apply(&mut method, patch, definition))?;
    mapping::check_request_parameters(method.request_parameters.keys())?;
    settle_authorization(&mut method, definition)?;
    let shown = show_one(&method);
    *find_mut(definition, resource_id, verb)? = method;
    Ok(shown)
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteMethodInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(&mut api.definition, &input.resource_id, &input.http_method);
    plane.change_rest_api(caller, &input.rest_api_id, missing_resource, change).await
}

fn delete_in(definition: &mut Definition, resource_id: &str, verb: &str) -> ApiResult<()> {
    let resource = definition.resources.get_mut(resource_id).ok_or_else(missing_resource)?;
    resource.methods.remove(verb).map(drop).ok_or_else(missing_method)
}

/// A method of the API, or the 404 of what is missing on the way to it. Text that is no verb is an unknown method.
pub(super) fn find<'a>(definition: &'a Definition, resource_id: &str, verb: &str) -> ApiResult<&'a Method> {
    let resource = definition.resources.get(resource_id).ok_or_else(missing_resource)?;
    resource.methods.get(verb).ok_or_else(missing_method)
}

/// The same, to change it.
pub(super) fn find_mut<'a>(definition: &'a mut Definition, resource_id: &str, verb: &str) -> ApiResult<&'a mut Method> {
    let resource = definition.resources.get_mut(resource_id).ok_or_else(missing_resource)?;
    resource.methods.get_mut(verb).ok_or_else(missing_method)
}

/// A method that uses something of the API, as path, slash and verb; the root's path is `/`, so `//ANY`. Of several the one with the
/// longest path: the recording names the non-root one first.
pub(super) fn user(definition: &Definition, uses: impl Fn(&Method) -> bool) -> Option<String> {
    let methods =
        definition.resources.values().flat_map(|resource| resource.methods.values().map(move |method| (resource, method)));
    let users = methods.filter(|(_, method)| uses(method)).map(|(resource, method)| {
        let path = definition.path(&resource.id).unwrap_or_default();
        format!("{path}/{}", method.http_method)
    });
    users.max_by_key(String::len)
}

/// Also what these operations answer when there is no such API, as recorded.
pub(super) fn missing_resource() -> ApiError {
    ApiError::not_found("Invalid Resource identifier specified")
}

fn missing_method() -> ApiError {
    ApiError::not_found("Invalid Method identifier specified")
}

/// A method as answers carry it, with its integration and its responses.
pub(super) fn show_one(method: &Method) -> Shown {
    let responses = &method.responses;
    let shown_responses =
        || responses.iter().map(|(status, response)| (status.clone(), method_response::show_one(status, response))).collect();
    Shown {
        http_method: Some(method.http_method.clone()),
        authorization_type: Some(method.authorization_type.clone()),
        authorizer_id: method.authorizer_id.clone(),
        authorization_scopes: (!method.authorization_scopes.is_empty()).then(|| method.authorization_scopes.clone()),
        api_key_required: Some(method.api_key_required),
        operation_name: method.operation_name.clone(),
        request_validator_id: method.request_validator_id.clone(),
        request_parameters: filled(&method.request_parameters),
        request_models: filled(&method.request_models),
        method_responses: (!responses.is_empty()).then(shown_responses),
        method_integration: method.integration.as_ref().map(integration::show_one),
    }
}

/// A map as answers carry it: absent when it is empty.
pub(super) fn filled<V: Clone>(map: &OrderedMap<V>) -> Option<OrderedMap<V>> {
    (!map.is_empty()).then(|| map.clone())
}
