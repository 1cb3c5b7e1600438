//! A security scheme with `x-amazon-apigateway-authorizer`.

use postern_api_model::apigateway::{AuthorizerType, CreateAuthorizerInput, JwtConfigurationInput};
use serde_json::Value;

use super::security::AUTH_TYPE;
use crate::openapi::node::Node;

/// The header that a scheme without a name stands for.
const AUTHORIZATION_HEADER: &str = "Authorization";
/// A scheme of this name says nothing of where the identity is; the extension does.
const UNUSED: &str = "Unused";

/// The authorizer of a scheme.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(name: &str, scheme: &Node<'_>, extension: &Node<'_>) -> Result<CreateAuthorizerInput, String> {
    let text = extension.text_of("type").ok_or_else(|| invalid_type("null"))?;
    let kind = AuthorizerType::ALL.iter().copied().find(|kind| kind.as_str().eq_ignore_ascii_case(&text));
    let kind = kind.ok_or_else(|| invalid_type(&text))?;
    let ttl = extension.get("authorizerResultTtlInSeconds").map(|ttl| {
        let seconds = ttl.integer().and_then(|seconds| i32::try_from(seconds).ok());
        seconds.ok_or_else(|| "Invalid authorizerResultTtlInSeconds specified".to_owned())
    });
    let provider_arns = extension.get("providerARNs");
    let jwt_configuration = extension.get("jwtConfiguration").map(|configuration| jwt_configuration(configuration.value));
    Ok(CreateAuthorizerInput {
        auth_type: scheme.text_of(AUTH_TYPE),
        authorizer_credentials: extension.text_of("authorizerCredentials"),
        authorizer_result_ttl_in_seconds: ttl.transpose()?,
        authorizer_uri: extension.text_of("authorizerUri"),
        identity_source: extension.text_of("identitySource").or_else(|| of_scheme(scheme, kind)),
        identity_validation_expression: extension.text_of("identityValidationExpression"),
        jwt_configuration: jwt_configuration.transpose()?,
        name: name.to_owned(),
        provider_arns: provider_arns.map(|arns| arns.items().filter_map(|arn| arn.text()).collect()),
        rest_api_id: String::new(),
        r#type: kind,
    })
}

/// The type of methods that name an authorizer.
pub(super) fn authorization_type(kind: AuthorizerType) -> &'static str {
    match kind {
        AuthorizerType::Token | AuthorizerType::Request => "CUSTOM",
        AuthorizerType::CognitoUserPools => "COGNITO_USER_POOLS",
        AuthorizerType::Jwt => "JWT",
    }
}

/// Where the scheme says that the identity is. A REQUEST authorizer may do without one when nothing is cached.
fn of_scheme(scheme: &Node<'_>, kind: AuthorizerType) -> Option<String> {
    let name = scheme.text_of("name").filter(|name| name != UNUSED);
    let place = match scheme.text_of("in").as_deref() {
        Some("query") => "querystring",
        _ => "header",
    };
    match (name, kind) {
        (Some(name), _) => Some(format!("method.request.{place}.{name}")),
        (None, AuthorizerType::Request) => None,
        (None, _) => Some(format!("method.request.header.{AUTHORIZATION_HEADER}")),
    }
}

/// The form of REST APIs, or that of HTTP APIs with one issuer.
fn jwt_configuration(value: &Value) -> Result<JwtConfigurationInput, String> {
    let text = match (value.get("issuer"), value.get("audience")) {
        (Some(issuer), Some(audience)) => {
            let issuers = serde_json::json!([{"issuer": issuer, "audiences": audience}]);
            serde_json::json!({"issuers": issuers, "defaultAlgorithms": ["RS256"]}).to_string()
        }
        _ => value.to_string(),
    };
    JwtConfigurationInput::from_json_text(&text).map_err(|error| error.message)
}

fn invalid_type(text: &str) -> String {
    format!("Invalid authorizer type specified: {text}. Valid options are token, request, cognito_user_pools and jwt")
}
