//! PATCH of an integration. What must hold of the whole is checked once at the end, by the caller: a client moves a
//! connection by two operations, type and id. A parameter that goes takes its cache key along, as Terraform's provider, which reads
//! the keys again before it changes them, found out. Mapping expressions are checked where a patch sets one, so that a patch of
//! something else does not fail on a parameter that the method no longer declares.

use postern_api_model::apigateway::{ConnectionType, ContentHandlingStrategy, IntegrationType, Op, ResponseTransferMode};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Integration, Method, OrderedMap};

use super::super::map_patch::{apply_entry, only_replace, unknown_entry, unknown_path, unsupported_op};
use super::super::mapping;
use super::check;
use crate::patch::Patch;

const MEMBERS: [&str; 11] = [
    "cacheNamespace",
    "connectionId",
    "connectionType",
    "contentHandling",
    "credentials",
    "httpMethod",
    "integrationTarget",
    "passthroughBehavior",
    "responseTransferMode",
    "timeoutInMillis",
    "uri",
];

pub(super) fn apply(integration: &mut Integration, patch: &Patch, method: &Method) -> ApiResult<()> {
    match patch.parts().as_slice() {
        ["requestParameters", name] => {
            apply_entry(&mut integration.request_parameters, name, patch, || Ok(patch.text().to_owned()))?;
            let set = integration.request_parameters.get(*name);
            if set.is_none() {
                integration.cache_key_parameters.retain(|key| key != name);
            }
            let set: OrderedMap<String> = set.map(|source| ((*name).to_owned(), source.clone())).into_iter().collect();
            mapping::check_integration_request(&set, method)
        }
        ["requestTemplates", media_type] => {
            apply_entry(&mut integration.request_templates, media_type, patch, || Ok(patch.text().to_owned()))
        }
        // Terraform puts the key into the path, the documentation's table into the value.
        ["cacheKeyParameters", key] => apply_cache_key(integration, key, patch),
        ["cacheKeyParameters"] => apply_cache_keys(integration, patch),
        ["tlsConfig", "insecureSkipVerification"] => {
            only_replace(patch)?;
            integration.insecure_skip_verification = Some(patch.flag());
            Ok(())
        }
        [member] if MEMBERS.contains(member) && has_member(integration, member) => apply_member(integration, member, patch),
        _ => Err(unknown_path(patch)),
    }
}

/// A MOCK integration has neither verb nor address to change.
fn has_member(integration: &Integration, member: &str) -> bool {
    integration.kind != IntegrationType::Mock || !matches!(member, "httpMethod" | "uri")
}

fn apply_cache_key(integration: &mut Integration, key: &str, patch: &Patch) -> ApiResult<()> {
    let keys = &mut integration.cache_key_parameters;
    let place = keys.iter().position(|known| known == key);
    match (patch.op, place) {
        (Op::Add, Some(_)) => {}
        (Op::Add, None) => keys.push(key.to_owned()),
        // A replace without a value, or with the same one, leaves the key as it is.
        (Op::Replace, Some(place)) => keys[place] = patch.optional().unwrap_or_else(|| key.to_owned()),
        (Op::Remove, Some(place)) => {
            keys.remove(place);
        }
        (Op::Replace | Op::Remove, None) => return Err(unknown_entry()),
        _ => return Err(unsupported_op("[add, remove, replace]")),
    }
    Ok(())
}

fn apply_cache_keys(integration: &mut Integration, patch: &Patch) -> ApiResult<()> {
    match patch.op {
        Op::Add | Op::Remove if patch.optional().is_none() => Err(ApiError::bad_request("Invalid cache key parameter specified")),
        Op::Add | Op::Remove => apply_cache_key(integration, patch.text(), patch),
        Op::Replace => {
            integration.cache_key_parameters = patch.optional().into_iter().collect();
            Ok(())
        }
        _ => Err(unsupported_op("[add, remove, replace]")),
    }
}

fn apply_member(integration: &mut Integration, member: &str, patch: &Patch) -> ApiResult<()> {
    only_replace(patch)?;
    let value = patch.optional();
    match member {
        "cacheNamespace" => {
            integration.cache_namespace = value.ok_or_else(|| ApiError::bad_request("Invalid cache namespace specified"))?;
        }
        "connectionId" => integration.connection_id = value,
        "connectionType" => {
            integration.connection_type =
                set(value, ConnectionType::from_wire, "ConnectionType", ConnectionType::ALL, |kind| kind.as_str())?;
        }
        "contentHandling" => integration.content_handling = content_handling(patch)?,
        "credentials" => integration.credentials = value,
        "httpMethod" => integration.http_method = value,
        "integrationTarget" => integration.integration_target = value,
        "passthroughBehavior" => integration.passthrough_behavior = check::passthrough_behavior(patch.text())?,
        "responseTransferMode" => {
            let all = ResponseTransferMode::ALL;
            integration.response_transfer_mode =
                set(value, ResponseTransferMode::from_wire, "ResponseTransferMode", all, |mode| mode.as_str())?;
        }
        // What is no number is out of bounds.
        "timeoutInMillis" => {
            let transfer = integration.response_transfer_mode;
            integration.timeout_in_millis = check::timeout(patch.text().parse().unwrap_or_default(), transfer)?;
        }
        _ => integration.uri = value,
    }
    Ok(())
}

/// Also for the content handling of an integration response. Empty clears it.
pub(in super::super) fn content_handling(patch: &Patch) -> ApiResult<Option<ContentHandlingStrategy>> {
    let all = ContentHandlingStrategy::ALL;
    set(patch.optional(), ContentHandlingStrategy::from_wire, "ContentHandling", all, |strategy| strategy.as_str())
}

/// A member of an enum from its text; none clears it.
fn set<T>(
    value: Option<String>,
    from_wire: impl FnOnce(&str) -> Option<T>,
    name: &str,
    all: &[T],
    as_str: impl Fn(&T) -> &'static str,
) -> ApiResult<Option<T>> {
    let Some(text) = value else { return Ok(None) };
    from_wire(&text).map(Some).ok_or_else(|| {
        let options: Vec<&str> = all.iter().map(as_str).collect();
        ApiError::bad_request(format!("Invalid {name} specified. Valid options are {}", options.join(",")))
    })
}
