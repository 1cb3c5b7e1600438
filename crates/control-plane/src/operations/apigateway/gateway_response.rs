//! GatewayResponse: what the gateway itself answers, by kind of failure.
//!
//! All types are always listed. One that was never put shows what it inherits: the family default (DEFAULT_4XX or
//! DEFAULT_5XX) where that was put, else the built-in. One that was put ignores the family default completely.

use postern_api_model::apigateway::{
    DeleteGatewayResponseInput, GatewayResponse as Shown, GatewayResponseType, GatewayResponses, GetGatewayResponseInput,
    GetGatewayResponsesInput, Op, PutGatewayResponseInput, UpdateGatewayResponseInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, GatewayResponse, RestApi, TEMPLATE_DEFAULT};
use postern_api_model::scope::Caller;

use super::{integration, map_patch, mapping, rest_api};
use crate::ControlPlane;
use crate::page::Page;
use crate::patch::Patch;

/// The media type of the built-in template.
const JSON: &str = "application/json";

pub(super) async fn put(plane: &ControlPlane, caller: &Caller, input: PutGatewayResponseInput) -> ApiResult<Shown> {
    let change = |api: &mut RestApi| {
        let response = GatewayResponse {
            status_code: input.status_code.clone(),
            response_parameters: input.response_parameters.clone().unwrap_or_default(),
            response_templates: input.response_templates.clone().unwrap_or_default(),
        };
        check(&response)?;
        api.definition.gateway_responses.insert(input.response_type, response);
        Ok(show_one(&api.definition, input.response_type))
    };
    plane.change_rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

pub(super) fn check(response: &GatewayResponse) -> ApiResult<()> {
    mapping::check_gateway_response(&response.response_parameters)?;
    response.response_templates.values().try_for_each(|template| integration::check_template(template))
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetGatewayResponseInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    Ok(show_one(&api.definition, input.response_type))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetGatewayResponsesInput) -> ApiResult<GatewayResponses> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    let mut types = GatewayResponseType::ALL.to_vec();
    types.sort_by_key(|kind| kind.as_str());
    let (types, position) = page.cut(types, |kind| kind.as_str());
    let items = types.into_iter().map(|kind| show_one(&api.definition, kind)).collect();
    Ok(GatewayResponses { items: Some(items), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateGatewayResponseInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| {
        if !patches.is_empty() {
            // A type never put starts from what it shows, and becomes explicit.
            let mut response = effective(&api.definition, input.response_type);
            patches.iter().try_for_each(|patch| apply(&mut response, patch))?;
            api.definition.gateway_responses.insert(input.response_type, response);
        }
        Ok(show_one(&api.definition, input.response_type))
    };
    plane.change_rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

fn apply(response: &mut GatewayResponse, patch: &Patch) -> ApiResult<()> {
    match (patch.parts().as_slice(), patch.op) {
        (["statusCode"], Op::Replace) => response.status_code = Some(status(patch)?),
        (["responseParameters", name], Op::Add | Op::Replace | Op::Remove) => {
            let parameters = &mut response.response_parameters;
            map_patch::apply_entry(parameters, name, patch, || value(patch, "responseParameters"))?;
            let set = parameters.get_key_value(*name).map(|(name, source)| (name.clone(), source.clone()));
            mapping::check_gateway_response(&set.into_iter().collect())?;
        }
        (["responseTemplates", media_type], Op::Add | Op::Replace | Op::Remove) => {
            integration::check_template(patch.text())?;
            map_patch::apply_entry(&mut response.response_templates, media_type, patch, || value(patch, "responseTemplates"))?;
        }
        _ => return Err(map_patch::unknown_path(patch)),
    }
    Ok(())
}

fn value(patch: &Patch, member: &str) -> ApiResult<String> {
    patch.optional().ok_or_else(|| ApiError::bad_request(format!("Invalid null or empty value in {member}")))
}

fn status(patch: &Patch) -> ApiResult<String> {
    let text = patch.text();
    let valid = text.len() == 3 && text.starts_with(['1', '2', '3', '4', '5']) && text.bytes().all(|byte| byte.is_ascii_digit());
    if valid { Ok(text.to_owned()) } else { Err(ApiError::bad_request(format!("Invalid status code specified: {text}"))) }
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteGatewayResponseInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| {
        let removed = api.definition.gateway_responses.remove(&input.response_type);
        removed.map(drop).ok_or_else(|| ApiError::not_found("Gateway response type not defined on api"))
    };
    plane.change_rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

/// What a type amounts to: its own, or else its family's, or else the built-in; with the built-in template where none is set.
fn effective(definition: &Definition, kind: GatewayResponseType) -> GatewayResponse {
    let stored = &definition.gateway_responses;
    let inherited = || kind.family().and_then(|family| stored.get(&family));
    let mut response = stored.get(&kind).or_else(inherited).cloned().unwrap_or_default();
    if response.status_code.is_none() {
        response.status_code = kind.default_status().map(|status| status.to_string());
    }
    if response.response_templates.is_empty() {
        response.response_templates.insert(JSON.to_owned(), TEMPLATE_DEFAULT.to_owned());
    }
    response
}

fn show_one(definition: &Definition, kind: GatewayResponseType) -> Shown {
    let response = effective(definition, kind);
    Shown {
        default_response: Some(!definition.gateway_responses.contains_key(&kind)),
        response_type: Some(kind),
        status_code: response.status_code,
        response_parameters: Some(response.response_parameters),
        response_templates: Some(response.response_templates),
    }
}

#[cfg(test)]
mod tests;
