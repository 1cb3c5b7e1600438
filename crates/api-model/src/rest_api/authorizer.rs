//! Who decides whether a request may be made, when it is neither everybody nor IAM.

use serde::{Deserialize, Serialize};

use crate::apigateway::{AuthorizerType, JwtClaimFormat, JwtConfigurationInput, JwtSigningAlgorithm};
use crate::error::{ApiError, ApiResult};
use crate::wire::read_text;

/// Default of `authorizerResultTtlInSeconds`: in force while the member is absent, and then not shown.
pub const RESULT_TTL_S_DEFAULT: u32 = 300;

/// One authorizer; methods refer to it by its id. Which members are set depends on the type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorizer {
    /// Six characters.
    pub id: String,
    /// Unique in the API.
    pub name: String,
    /// TOKEN, REQUEST, COGNITO_USER_POOLS or JWT.
    pub kind: AuthorizerType,
    /// Free text, for OpenAPI documents only; filled in from the type where it was not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
    /// TOKEN and REQUEST: the invocation URI of a Lambda function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_uri: Option<String>,
    /// The role under which the function is invoked; without one the function permits its callers itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_credentials: Option<String>,
    /// Seconds for which a decision is kept, 0 to 3,600; `None` when it was not given, see [`RESULT_TTL_S_DEFAULT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
    /// Where the identity is read from: one request header, or for REQUEST a list joined by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_source: Option<String>,
    /// TOKEN: what a token must match before the function is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
    /// COGNITO_USER_POOLS: ARNs of the pools.
    #[serde(default)]
    pub provider_arns: Vec<String>,
    /// JWT: whose tokens, and what they must carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_configuration: Option<JwtConfiguration>,
}

impl Authorizer {
    /// The `authType` of a type that was given none (recorded for TOKEN and COGNITO_USER_POOLS).
    pub const fn default_auth_type(kind: AuthorizerType) -> &'static str {
        match kind {
            AuthorizerType::Token | AuthorizerType::Request => "custom",
            AuthorizerType::CognitoUserPools => "cognito_user_pools",
            AuthorizerType::Jwt => "jwt",
        }
    }

    /// The `authorizationType` of the methods that may name an authorizer of this type.
    pub const fn authorization_type(kind: AuthorizerType) -> &'static str {
        match kind {
            AuthorizerType::Token | AuthorizerType::Request => "CUSTOM",
            AuthorizerType::CognitoUserPools => "COGNITO_USER_POOLS",
            AuthorizerType::Jwt => "JWT",
        }
    }
}

/// What tokens a JWT authorizer accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtConfiguration {
    /// Unique by their URL; a token's `iss` selects one.
    pub issuers: Vec<JwtIssuer>,
    /// Signature algorithms, for every issuer.
    pub default_algorithms: Vec<JwtSigningAlgorithm>,
}

/// One issuer of tokens. The address of its key set is not stored: it is discovered when a token is first checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtIssuer {
    /// An `https` URL, compared exactly with a token's `iss`.
    pub issuer: String,
    /// A token's `aud` must hold one of them.
    pub audiences: Vec<String>,
    /// Further claims; names are unique.
    #[serde(default)]
    pub additional_claims: Vec<JwtAdditionalClaim>,
}

/// One further claim that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtAdditionalClaim {
    /// Its name.
    pub claim_name: String,
    /// SINGLE_STRING.
    pub format: JwtClaimFormat,
    /// Whether a token must carry it; `None` when it was not said, which means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The values of which it must be one, exactly; `None` accepts every value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_values: Option<Vec<String>>,
}

impl JwtConfigurationInput {
    /// The input shape from JSON text, as the value of a PATCH carries it.
    ///
    /// # Errors
    /// 400 when it is no JSON, or misses a member, or has one of another type.
    pub fn from_json_text(text: &str) -> ApiResult<Self> {
        read_text(text, "jwtConfiguration").map_err(|error| ApiError::bad_request(error.message))
    }
}

impl From<JwtConfigurationInput> for JwtConfiguration {
    fn from(input: JwtConfigurationInput) -> Self {
        let claim = |claim: crate::apigateway::JwtAdditionalClaim| JwtAdditionalClaim {
            claim_name: claim.claim_name,
            format: claim.format,
            required: claim.required,
            expected_values: claim.expected_values,
        };
        let issuer = |issuer: crate::apigateway::JwtIssuerInput| JwtIssuer {
            issuer: issuer.issuer,
            audiences: issuer.audiences,
            additional_claims: issuer.additional_claims.unwrap_or_default().into_iter().map(claim).collect(),
        };
        Self { issuers: input.issuers.into_iter().map(issuer).collect(), default_algorithms: input.default_algorithms }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_configuration_is_read_from_the_value_of_a_patch() {
        let text = r#"{"defaultAlgorithms": ["ES256"], "issuers": [{"issuer": "https://a", "audiences": ["x"]}], "other": 1}"#;
        let configuration = JwtConfiguration::from(JwtConfigurationInput::from_json_text(text).unwrap());
        assert_eq!(configuration.default_algorithms, [JwtSigningAlgorithm::Es256]);
        let issuer = JwtIssuer { issuer: "https://a".into(), audiences: vec!["x".into()], additional_claims: Vec::new() };
        assert_eq!(configuration.issuers, [issuer]);
    }

    #[test]
    fn what_is_no_configuration_says_where() {
        for (text, part) in [
            ("{", "not valid JSON"),
            ("[]", "Member 'jwtConfiguration' must be an object"),
            ("{}", "Value null at 'jwtConfiguration.defaultAlgorithms'"),
            (r#"{"defaultAlgorithms": ["HS256"], "issuers": []}"#, "Member must satisfy enum value set"),
            (
                r#"{"defaultAlgorithms": [], "issuers": [{"issuer": 1}]}"#,
                "'jwtConfiguration.issuers.1.member.issuer' must be a string",
            ),
        ] {
            let error = JwtConfigurationInput::from_json_text(text).unwrap_err();
            assert_eq!((error.code, error.status), ("BadRequestException", 400));
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
    }
}
