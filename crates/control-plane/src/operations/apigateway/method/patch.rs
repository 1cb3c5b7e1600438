//! PATCH of a method. The authorization and the names of parameters are checked once at the end, by the caller: an authorizer may
//! come before or after the type that needs it, as recorded. Models and validators are checked where a patch names one, so that a patch of
//! something else does not fail on a reference that went stale.

use postern_api_model::apigateway::Op;
use postern_api_model::error::ApiResult;
use postern_api_model::rest_api::{Definition, Method};

use super::super::map_patch::{apply_entry, only_replace, unknown_path, unsupported_op};
use super::{authorization_type, check_model, check_validator};
use crate::patch::Patch;

pub(super) fn apply(method: &mut Method, patch: &Patch, definition: &Definition) -> ApiResult<()> {
    match patch.parts().as_slice() {
        ["requestParameters", name] => {
            apply_entry(&mut method.request_parameters, name, patch, || Ok(patch.flag()))?;
            if patch.op == Op::Remove {
                // As in a patch of the integration itself.
                let keys = method.integration.as_mut().map(|integration| &mut integration.cache_key_parameters);
                keys.into_iter().for_each(|keys| keys.retain(|key| key != name));
            }
            Ok(())
        }
        ["requestModels", media_type] => {
            let model = || check_model(patch.text(), definition).map(|()| patch.text().to_owned());
            apply_entry(&mut method.request_models, media_type, patch, model)
        }
        ["authorizationScopes"] => apply_scope(method, patch),
        [member] => apply_member(method, member, patch, definition),
        _ => Err(unknown_path(patch)),
    }
}

fn apply_scope(method: &mut Method, patch: &Patch) -> ApiResult<()> {
    let scopes = &mut method.authorization_scopes;
    match patch.op {
        Op::Add if scopes.iter().any(|scope| scope == patch.text()) => {}
        Op::Add => scopes.push(patch.text().to_owned()),
        Op::Remove => scopes.retain(|scope| scope != patch.text()),
        _ => return Err(unsupported_op("[add, remove]")),
    }
    Ok(())
}

fn apply_member(method: &mut Method, member: &str, patch: &Patch, definition: &Definition) -> ApiResult<()> {
    let known = ["authorizationType", "authorizerId", "apiKeyRequired", "operationName", "requestValidatorId"];
    if !known.contains(&member) {
        return Err(unknown_path(patch));
    }
    only_replace(patch)?;
    match member {
        "authorizationType" => method.authorization_type = authorization_type(patch.text())?,
        "apiKeyRequired" => method.api_key_required = patch.flag(),
        "operationName" => method.operation_name = patch.optional(),
        "requestValidatorId" => {
            method.request_validator_id = patch.optional();
            check_validator(method.request_validator_id.as_deref(), definition)?;
        }
        // Whether it is an authorizer, and whether the type takes one, is seen at the end.
        _ => method.authorizer_id = patch.optional(),
    }
    Ok(())
}
