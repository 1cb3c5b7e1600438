//! What a PATCH changes on an authorizer.

use postern_api_model::apigateway::{AuthorizerType, JwtConfigurationInput, Op};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Authorizer, JwtConfiguration};

use super::super::map_patch::{only_replace, unknown_path, unsupported_op};
use super::check;
use crate::patch::Patch;

/// Applies the operations in order, then drops what the type that came out of it does not have.
pub(super) fn apply_all(authorizer: &mut Authorizer, patches: &[Patch]) -> ApiResult<()> {
    let before = authorizer.kind;
    patches.iter().try_for_each(|patch| apply(authorizer, patch))?;
    if authorizer.kind != before {
        change_type(authorizer, before);
    }
    Ok(())
}

fn apply(authorizer: &mut Authorizer, patch: &Patch) -> ApiResult<()> {
    match patch.parts().as_slice() {
        ["identitySource"] => patch_source(authorizer, patch),
        ["providerARNs"] => patch_pools(authorizer, patch),
        [member] => {
            let known = [
                "authType",
                "authorizerCredentials",
                "authorizerResultTtlInSeconds",
                "authorizerUri",
                "identityValidationExpression",
                "jwtConfiguration",
                "name",
                "type",
            ];
            if !known.contains(member) {
                return Err(unknown_path(patch));
            }
            only_replace(patch)?;
            replace(authorizer, member, patch)
        }
        _ => Err(unknown_path(patch)),
    }
}

fn replace(authorizer: &mut Authorizer, member: &str, patch: &Patch) -> ApiResult<()> {
    match member {
        "authType" => {
            let default = || Authorizer::default_auth_type(authorizer.kind).to_owned();
            authorizer.auth_type = Some(patch.optional().unwrap_or_else(default));
        }
        "authorizerCredentials" => authorizer.authorizer_credentials = patch.optional(),
        "authorizerResultTtlInSeconds" => authorizer.authorizer_result_ttl_in_seconds = result_ttl(patch)?,
        "authorizerUri" => authorizer.authorizer_uri = patch.optional(),
        "identityValidationExpression" => authorizer.identity_validation_expression = patch.optional(),
        // The whole configuration at once: nothing is merged.
        "jwtConfiguration" => {
            let input = JwtConfigurationInput::from_json_text(patch.text())?;
            authorizer.jwt_configuration = Some(JwtConfiguration::from(input));
        }
        "name" => patch.text().clone_into(&mut authorizer.name),
        _ => authorizer.kind = authorizer_type(patch.text())?,
    }
    Ok(())
}

fn authorizer_type(text: &str) -> ApiResult<AuthorizerType> {
    AuthorizerType::from_wire(text).ok_or_else(|| {
        let options: Vec<&str> = AuthorizerType::ALL.iter().map(|kind| kind.as_str()).collect();
        ApiError::bad_request(format!("Invalid Authorizer type specified. Valid options are {}", options.join(",")))
    })
}

fn result_ttl(patch: &Patch) -> ApiResult<Option<u32>> {
    let Some(text) = patch.optional() else { return Ok(None) };
    // What is no number is out of every bound.
    check::result_ttl(text.parse().unwrap_or(-1)).map(Some)
}

/// One source, or for REQUEST a list of which one is added or removed.
fn patch_source(authorizer: &mut Authorizer, patch: &Patch) -> ApiResult<()> {
    let given = patch.optional();
    let stored = authorizer.identity_source.take();
    authorizer.identity_source = match (patch.op, given, stored) {
        (Op::Replace, given, _) | (Op::Add, given, None) => given,
        (Op::Add, None, stored) => stored,
        (Op::Add, Some(given), Some(stored)) if stored.split(',').any(|source| source.trim() == given) => Some(stored),
        (Op::Add, Some(given), Some(stored)) => Some(format!("{stored},{given}")),
        (Op::Remove, None, _) | (Op::Remove, _, None) => None,
        (Op::Remove, Some(given), Some(stored)) => {
            let kept: Vec<&str> = stored.split(',').map(str::trim).filter(|source| *source != given).collect();
            Some(kept.join(",")).filter(|kept| !kept.is_empty())
        }
        (Op::Move | Op::Copy | Op::Test, ..) => return Err(unsupported_op("[add, remove, replace]")),
    };
    Ok(())
}

fn patch_pools(authorizer: &mut Authorizer, patch: &Patch) -> ApiResult<()> {
    let pools = &mut authorizer.provider_arns;
    match patch.op {
        Op::Add if pools.iter().any(|pool| pool == patch.text()) => {}
        Op::Add => pools.push(patch.text().to_owned()),
        Op::Remove => pools.retain(|pool| pool != patch.text()),
        _ => return Err(unsupported_op("[add, remove]")),
    }
    Ok(())
}

fn change_type(authorizer: &mut Authorizer, before: AuthorizerType) {
    if authorizer.auth_type.as_deref() == Some(Authorizer::default_auth_type(before)) {
        authorizer.auth_type = Some(Authorizer::default_auth_type(authorizer.kind).to_owned());
    }
    if authorizer.kind == AuthorizerType::Jwt {
        authorizer.authorizer_uri = None;
        authorizer.authorizer_credentials = None;
        authorizer.authorizer_result_ttl_in_seconds = None;
        authorizer.identity_validation_expression = None;
        authorizer.provider_arns.clear();
    } else {
        authorizer.jwt_configuration = None;
    }
}
