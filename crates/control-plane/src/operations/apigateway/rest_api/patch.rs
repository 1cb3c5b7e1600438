//! What a PATCH changes on a RestApi.

use postern_api_model::apigateway::{ApiKeySourceType, EndpointAccessMode, EndpointType, IpAddressType, Op, SecurityPolicy};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, RestApi};

use super::super::map_patch::{only_replace, unknown_path, unsupported_op};
use super::{create, endpoint, policy};
use crate::patch::Patch;

/// Applies the operations in order, then checks the whole: clients pass through states that may not last.
pub(super) fn apply_all(api: &mut RestApi, patches: &[Patch]) -> ApiResult<()> {
    let before = endpoint::Before::new(&api.definition);
    patches.iter().try_for_each(|patch| apply(api, patch))?;
    before.check_change(&api.definition)?;
    endpoint::check(&api.definition)
}

fn apply(api: &mut RestApi, patch: &Patch) -> ApiResult<()> {
    let definition = &mut api.definition;
    match patch.parts()[..] {
        ["name"] => definition.name = create::name(replaced(patch)?)?,
        ["description"] => definition.description = description(patch)?,
        ["version"] => definition.version = Some(replaced(patch)?.to_owned()).filter(|version| !version.is_empty()),
        ["apiKeySource"] => definition.api_key_source = api_key_source(replaced(patch)?)?,
        ["disableExecuteApiEndpoint"] => {
            replaced(patch)?;
            definition.disable_execute_api_endpoint = patch.flag();
        }
        ["minimumCompressionSize"] => definition.minimum_compression_size = compression_size(replaced(patch)?)?,
        ["policy"] => definition.policy = policy::stored(replaced(patch)?, &api.scope, &api.id)?,
        ["securityPolicy"] => definition.security_policy = security_policy(replaced(patch)?)?,
        ["endpointAccessMode"] => definition.endpoint_access_mode = access_mode(replaced(patch)?)?,
        ["binaryMediaTypes", media_type] => patch_binary_media_types(definition, patch, media_type)?,
        ["endpointConfiguration", "ipAddressType"] => {
            definition.endpoint_configuration.ip_address_type = ip_address_type(replaced(patch)?)?;
        }
        ["endpointConfiguration", "types", place] => patch_type(definition, patch, place)?,
        ["endpointConfiguration", "vpcEndpointIds"] => patch_vpc_endpoint_ids(definition, patch)?,
        _ => return Err(unknown_path(patch)),
    }
    Ok(())
}

/// The value of a member that can only be replaced; a missing one is empty.
fn replaced(patch: &Patch) -> ApiResult<&str> {
    only_replace(patch).map(|()| patch.text())
}

fn description(patch: &Patch) -> ApiResult<Option<String>> {
    match patch.op {
        Op::Add | Op::Replace => Ok(patch.optional()),
        Op::Remove => Ok(None),
        Op::Move | Op::Copy | Op::Test => Err(unsupported_op("[add, remove, replace]")),
    }
}

fn api_key_source(text: &str) -> ApiResult<ApiKeySourceType> {
    let invalid = || ApiError::bad_request("Invalid ApiKeySource specified. Valid options are HEADER,AUTHORIZER");
    ApiKeySourceType::from_wire(text).ok_or_else(invalid)
}

/// Empty switches compression off.
fn compression_size(text: &str) -> ApiResult<Option<u32>> {
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = text.parse().map_err(|_| create::compression_size_error())?;
    create::compression_size(bytes).map(Some)
}

fn security_policy(text: &str) -> ApiResult<Option<SecurityPolicy>> {
    let invalid = || ApiError::bad_request(format!("Invalid securityPolicy specified: {text}"));
    optional(text, SecurityPolicy::from_wire, invalid)
}

fn access_mode(text: &str) -> ApiResult<Option<EndpointAccessMode>> {
    optional(text, EndpointAccessMode::from_wire, || ApiError::bad_request("endpointAccessMode must be either BASIC or STRICT."))
}

fn optional<T>(text: &str, read: impl Fn(&str) -> Option<T>, invalid: impl FnOnce() -> ApiError) -> ApiResult<Option<T>> {
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).ok_or_else(invalid)
}

fn ip_address_type(text: &str) -> ApiResult<IpAddressType> {
    IpAddressType::from_wire(text).ok_or_else(|| ApiError::bad_request("ipAddressType must be either ipv4 or dualstack."))
}

/// An array that is patched like a map, as recorded: the media type is the key, and a replaced one moves to the end.
fn patch_binary_media_types(definition: &mut Definition, patch: &Patch, media_type: &str) -> ApiResult<()> {
    let types = &mut definition.binary_media_types;
    let place = types.iter().position(|known| known == media_type);
    match patch.op {
        _ if media_type.is_empty() => return Err(unknown_path(patch)),
        Op::Add if place.is_some() => {}
        Op::Add => types.push(media_type.to_owned()),
        Op::Remove => drop(types.remove(place.ok_or_else(unknown_media_type)?)),
        Op::Replace => {
            types.remove(place.ok_or_else(unknown_media_type)?);
            let value = patch.optional().unwrap_or_else(|| media_type.to_owned());
            if !types.contains(&value) {
                types.push(value);
            }
        }
        Op::Move | Op::Copy | Op::Test => return Err(unsupported_op("[add, remove, replace]")),
    }
    Ok(())
}

fn unknown_media_type() -> ApiError {
    ApiError::not_found("Invalid binary media type specified")
}

/// The place is the index of the one type, or its name.
fn patch_type(definition: &mut Definition, patch: &Patch, place: &str) -> ApiResult<()> {
    if patch.op != Op::Replace {
        return Err(ApiError::bad_request("Invalid patch operation specified. Must be 'add'|'remove'|'replace'"));
    }
    if place != "0" && place != endpoint::the_type(definition).as_str() {
        return Err(unknown_path(patch));
    }
    let invalid = || ApiError::bad_request("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE");
    let endpoint_type = EndpointType::from_wire(patch.text()).ok_or_else(invalid)?;
    endpoint::set_type(&mut definition.endpoint_configuration, endpoint_type);
    Ok(())
}

/// A set that is patched by value.
fn patch_vpc_endpoint_ids(definition: &mut Definition, patch: &Patch) -> ApiResult<()> {
    let ids = &mut definition.endpoint_configuration.vpc_endpoint_ids;
    let id = patch.text();
    match patch.op {
        Op::Add | Op::Remove if id.is_empty() => {
            return Err(ApiError::bad_request("Invalid VPC endpoint identifier specified"));
        }
        Op::Add if ids.iter().any(|known| known == id) => {}
        Op::Add => ids.push(id.to_owned()),
        Op::Remove => ids.retain(|known| known != id),
        Op::Replace | Op::Move | Op::Copy | Op::Test => return Err(unsupported_op("[add, remove]")),
    }
    Ok(())
}
