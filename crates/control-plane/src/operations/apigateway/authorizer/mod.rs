//! Authorizer: who decides whether a method may be called. Frozen by deployments with the rest of the definition.

mod check;
mod patch;
mod test_invoke;

#[cfg(test)]
mod tests;

use postern_api_model::apigateway::{
    Authorizer as Shown, Authorizers, CreateAuthorizerInput, DeleteAuthorizerInput, GetAuthorizerInput, GetAuthorizersInput,
    JwtAdditionalClaim as ShownClaim, JwtConfiguration as ShownJwt, JwtIssuer as ShownIssuer, UpdateAuthorizerInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Authorizer, Definition, JwtAdditionalClaim, JwtConfiguration, JwtIssuer, RestApi};
use postern_api_model::scope::Caller;

use super::rest_api;
use crate::page::Page;
use crate::patch::Patch;
use crate::{ControlPlane, ids};
pub(super) use test_invoke::test_invoke;

/// AWS's quota: authorizers per API.
const AUTHORIZERS_MAX: usize = 10;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateAuthorizerInput) -> ApiResult<Shown> {
    let missing = || rest_api::missing(caller, &input.rest_api_id);
    plane.change_rest_api(caller, &input.rest_api_id, missing, |api| create_in(&mut api.definition, &input)).await
}

pub(super) fn create_in(definition: &mut Definition, input: &CreateAuthorizerInput) -> ApiResult<Shown> {
    let authorizers = &mut definition.authorizers;
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let authorizer = Authorizer {
        id: ids::fresh(ids::SHORT, |id| authorizers.contains_key(id)),
        name: input.name.clone(),
        kind: input.r#type,
        auth_type: Some(filled(&input.auth_type).unwrap_or_else(|| Authorizer::default_auth_type(input.r#type).to_owned())),
        authorizer_uri: filled(&input.authorizer_uri),
        authorizer_credentials: filled(&input.authorizer_credentials),
        authorizer_result_ttl_in_seconds: input.authorizer_result_ttl_in_seconds.map(check::result_ttl).transpose()?,
        identity_source: filled(&input.identity_source),
        identity_validation_expression: filled(&input.identity_validation_expression),
        provider_arns: input.provider_arns.clone().unwrap_or_default(),
        jwt_configuration: input.jwt_configuration.clone().map(JwtConfiguration::from),
    };
    check::check(&authorizer, authorizers)?;
    if authorizers.len() >= AUTHORIZERS_MAX {
        return Err(ApiError::limit_exceeded(
            "Maximum number of Authorizers for this API has been reached. Please contact AWS if you need additional Authorizers.",
        ));
    }
    let shown = show_one(&authorizer);
    authorizers.insert(authorizer.id.clone(), authorizer);
    Ok(shown)
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetAuthorizerInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, missing).await?;
    api.definition.authorizers.get(&input.authorizer_id).map(show_one).ok_or_else(missing)
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetAuthorizersInput) -> ApiResult<Authorizers> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    let (items, position) = page.cut(api.definition.authorizers.values(), |authorizer| &authorizer.id);
    Ok(Authorizers { items: Some(items.into_iter().map(show_one).collect()), position })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateAuthorizerInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| update_in(&mut api.definition, &input.authorizer_id, &patches);
    plane.change_rest_api(caller, &input.rest_api_id, missing, change).await
}

/// The members of a type depend on each other, so they are checked once, on the result.
fn update_in(definition: &mut Definition, id: &str, patches: &[Patch]) -> ApiResult<Shown> {
    let mut authorizer = definition.authorizers.get(id).ok_or_else(missing)?.clone();
    patch::apply_all(&mut authorizer, patches)?;
    check::check(&authorizer, &definition.authorizers)?;
    let shown = show_one(&authorizer);
    definition.authorizers.insert(id.to_owned(), authorizer);
    Ok(shown)
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteAuthorizerInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(&mut api.definition, &input.authorizer_id);
    plane.change_rest_api(caller, &input.rest_api_id, missing, change).await
}

/// Refuses while a method names it, in the text that is reported: verb, slash, path. Of several methods the one with the longest path, as
/// recorded for models.
fn delete_in(definition: &mut Definition, id: &str) -> ApiResult<()> {
    let authorizer = definition.authorizers.get(id).ok_or_else(missing)?;
    let users = definition.resources.values().flat_map(|resource| {
        let methods = resource.methods.values().filter(|method| method.authorizer_id.as_deref() == Some(id));
        methods.map(|method| format!("{}/{}", method.http_method, definition.path(&resource.id).unwrap_or_default()))
    });
    if let Some(user) = users.max_by_key(String::len) {
        let text = format!("Cannot delete authorizer '{}', is referenced in method: {user}", authorizer.name);
        return Err(ApiError::conflict(text));
    }
    definition.authorizers.remove(id);
    Ok(())
}

fn missing() -> ApiError {
    ApiError::not_found("Invalid Authorizer identifier specified")
}

fn show_one(authorizer: &Authorizer) -> Shown {
    Shown {
        id: Some(authorizer.id.clone()),
        name: Some(authorizer.name.clone()),
        r#type: Some(authorizer.kind),
        auth_type: authorizer.auth_type.clone(),
        authorizer_uri: authorizer.authorizer_uri.clone(),
        authorizer_credentials: authorizer.authorizer_credentials.clone(),
        authorizer_result_ttl_in_seconds: authorizer.authorizer_result_ttl_in_seconds.and_then(|ttl| i32::try_from(ttl).ok()),
        identity_source: authorizer.identity_source.clone(),
        identity_validation_expression: authorizer.identity_validation_expression.clone(),
        provider_arns: Some(authorizer.provider_arns.clone()).filter(|arns| !arns.is_empty()),
        jwt_configuration: authorizer.jwt_configuration.as_ref().map(show_jwt),
    }
}

fn show_jwt(configuration: &JwtConfiguration) -> ShownJwt {
    ShownJwt {
        default_algorithms: Some(configuration.default_algorithms.clone()),
        issuers: Some(configuration.issuers.iter().map(show_issuer).collect()),
    }
}

fn show_issuer(issuer: &JwtIssuer) -> ShownIssuer {
    let claims = || issuer.additional_claims.iter().map(show_claim).collect();
    ShownIssuer {
        issuer: Some(issuer.issuer.clone()),
        audiences: Some(issuer.audiences.clone()),
        additional_claims: (!issuer.additional_claims.is_empty()).then(claims),
        // Discovered when a token is first checked, so there is none to show.
        jwks_uri: None,
    }
}

fn show_claim(claim: &JwtAdditionalClaim) -> ShownClaim {
    ShownClaim {
        claim_name: claim.claim_name.clone(),
        format: claim.format,
        required: claim.required,
        expected_values: claim.expected_values.clone(),
    }
}
