//! The authorizers of a deployment, and which of them a method asks.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};
use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::rest_api::{Authorizer, Definition, Method};

use super::lambda_authorizer::LambdaAuthorizer;
use super::uri::AddressError;
use crate::tokens::{Claims, JwtRules, Refused, TokenCheck, UserPoolRules, UserPools};

/// Index of an authorizer in its [`CompiledApi`](super::CompiledApi).
pub(crate) type AuthorizerIndex = usize;

/// The authorization types that are built and need an authorizer.
pub(super) const BUILT_TYPES: &[&str] = &["CUSTOM", "COGNITO_USER_POOLS", "JWT"];

/// One authorizer.
#[derive(Debug)]
pub(crate) struct CompiledAuthorizer {
    pub(crate) id: Box<str>,
    pub(crate) kind: AuthorizerKind,
}

/// How an authorizer decides.
#[derive(Debug)]
pub(crate) enum AuthorizerKind {
    /// A function does.
    Lambda(LambdaAuthorizer),
    /// By a token of a user pool.
    UserPools(UserPoolRules),
    /// By a token of another issuer.
    Jwt(JwtRules),
    /// Nobody can: what is wrong with it, for the log.
    Broken(String),
}

/// All authorizers of a definition.
pub(super) fn compile(definition: &Definition) -> Vec<CompiledAuthorizer> {
    let compile = |authorizer: &Authorizer| CompiledAuthorizer {
        id: authorizer.id.as_str().into(),
        kind: AuthorizerKind::compile(authorizer),
    };
    definition.authorizers.values().map(compile).collect()
}

impl AuthorizerKind {
    fn compile(authorizer: &Authorizer) -> Self {
        match authorizer.kind {
            AuthorizerType::Token | AuthorizerType::Request => {
                LambdaAuthorizer::compile(authorizer).map_or_else(Self::Broken, Self::Lambda)
            }
            AuthorizerType::CognitoUserPools => UserPoolRules::compile(authorizer).map_or_else(Self::Broken, Self::UserPools),
            AuthorizerType::Jwt => JwtRules::compile(authorizer).map_or_else(Self::Broken, Self::Jwt),
        }
    }
}

impl CompiledAuthorizer {
    /// The function, when it is one.
    pub(crate) fn lambda(&self) -> Option<&LambdaAuthorizer> {
        match &self.kind {
            AuthorizerKind::Lambda(lambda) => Some(lambda),
            AuthorizerKind::UserPools(_) | AuthorizerKind::Jwt(_) | AuthorizerKind::Broken(_) => None,
        }
    }

    /// The field that tokens are in, where it is tokens that the authorizer asks for.
    pub(crate) fn token_field(&self) -> Option<&HeaderName> {
        match &self.kind {
            AuthorizerKind::UserPools(rules) => Some(rules.field()),
            AuthorizerKind::Jwt(rules) => Some(rules.field()),
            AuthorizerKind::Lambda(_) | AuthorizerKind::Broken(_) => None,
        }
    }

    /// Its user pools on a stage with these variables, when it has any.
    pub(super) fn user_pools(&self, variables: &BTreeMap<String, String>) -> Option<Result<UserPools, AddressError>> {
        match &self.kind {
            AuthorizerKind::UserPools(rules) => Some(rules.resolve(variables)),
            AuthorizerKind::Lambda(_) | AuthorizerKind::Jwt(_) | AuthorizerKind::Broken(_) => None,
        }
    }

    /// The claims of a request's token, where it is tokens that the authorizer asks for. `pools` are its own on the request's stage.
    pub(crate) async fn claims(
        &self,
        pools: Result<&UserPools, AddressError>,
        headers: &HeaderMap,
        scopes: &[Box<str>],
        by: TokenCheck<'_>,
    ) -> Result<Claims, Refused> {
        match &self.kind {
            AuthorizerKind::UserPools(rules) => {
                let pools = pools.map_err(|reason| Refused::Misconfigured(reason.to_owned()))?;
                rules.check(pools, headers, scopes, by).await
            }
            AuthorizerKind::Jwt(rules) => rules.check(headers, scopes, by).await,
            AuthorizerKind::Broken(reason) => Err(Refused::Misconfigured(reason.clone())),
            AuthorizerKind::Lambda(_) => Err(Refused::Misconfigured("it takes no tokens".to_owned())),
        }
    }
}

/// The authorizer that a method asks, in the order of [`compile`]; or why every request to the method fails.
pub(super) fn of_method(method: &Method, definition: &Definition) -> Result<AuthorizerIndex, &'static str> {
    let id = method.authorizer_id.as_deref().ok_or("the method names no authorizer")?;
    let mut authorizers = definition.authorizers.values().enumerate();
    let (index, found) = authorizers.find(|(_, known)| known.id == id).ok_or("the method's authorizer does not exist")?;
    if Authorizer::authorization_type(found.kind) == method.authorization_type {
        Ok(index)
    } else {
        Err("the method's authorizer is of another type than its authorization")
    }
}
