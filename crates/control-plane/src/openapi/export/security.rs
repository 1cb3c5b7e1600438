//! Who may call a method, as security schemes and what operations require of them.

use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::rest_api::{Authorizer, Definition, JwtConfiguration, Method};
use serde_json::{Value, json};

use super::{Extensions, Object, set, set_filled};

const IAM: &str = "AWS_IAM";
/// A scheme of this name says nothing of where the identity is; the extension does.
const UNUSED: &str = "Unused";

/// Names of the schemes that are no authorizers.
pub(super) struct Schemes {
    api_key: String,
    sigv4: String,
}

impl Schemes {
    /// Names that no authorizer has.
    pub(super) fn of(definition: &Definition) -> Self {
        let free = |name: &str| {
            let mut name = name.to_owned();
            while definition.authorizers.values().any(|authorizer| authorizer.name == name) {
                name.push('_');
            }
            name
        };
        Self { api_key: free("api_key"), sigv4: free("sigv4") }
    }

    /// What an operation requires. One whose authorizer is gone requires a scheme that does not exist, and never nothing.
    pub(super) fn requirements(&self, method: &Method, definition: &Definition) -> Vec<Value> {
        let mut requirements = Vec::new();
        if method.authorization_type == IAM {
            requirements.push(json!({ &self.sigv4: [] }));
        } else if let Some(id) = &method.authorizer_id {
            let name = definition.authorizers.get(id).map_or(id, |authorizer| &authorizer.name);
            requirements.push(json!({ name: method.authorization_scopes }));
        }
        if method.api_key_required {
            requirements.push(json!({ &self.api_key: [] }));
        }
        requirements
    }

    /// The schemes that methods require, and all authorizers.
    pub(super) fn definitions(&self, definition: &Definition, wanted: Extensions) -> Object {
        let methods = || definition.resources.values().flat_map(|resource| resource.methods.values());
        let mut schemes = Object::new();
        for authorizer in definition.authorizers.values() {
            schemes.insert(authorizer.name.clone(), Value::Object(scheme(authorizer, wanted)));
        }
        schemes.sort_keys();
        if methods().any(|method| method.api_key_required) {
            schemes.insert(self.api_key.clone(), json!({"type": "apiKey", "name": "x-api-key", "in": "header"}));
        }
        if methods().any(|method| method.authorization_type == IAM) {
            let mut sigv4 = json!({"type": "apiKey", "name": "Authorization", "in": "header"});
            sigv4["x-amazon-apigateway-authtype"] = json!("awsSigv4");
            schemes.insert(self.sigv4.clone(), sigv4);
        }
        schemes
    }
}

fn scheme(authorizer: &Authorizer, wanted: Extensions) -> Object {
    let source = authorizer.identity_source.as_deref();
    let header = source.and_then(|source| source.strip_prefix("method.request.header."));
    let header = header.filter(|name| authorizer.kind != AuthorizerType::Request && !name.contains(','));
    let mut scheme = Object::new();
    scheme.insert("type".to_owned(), json!("apiKey"));
    scheme.insert("name".to_owned(), json!(header.unwrap_or(UNUSED)));
    scheme.insert("in".to_owned(), json!("header"));
    if wanted.authorizers {
        set(&mut scheme, "x-amazon-apigateway-authtype", authorizer.auth_type.as_ref());
        let mut extension = extension(authorizer);
        if header.is_none() {
            set(&mut extension, "identitySource", authorizer.identity_source.as_ref());
        }
        scheme.insert("x-amazon-apigateway-authorizer".to_owned(), Value::Object(extension));
    }
    scheme
}

fn extension(authorizer: &Authorizer) -> Object {
    let mut extension = Object::new();
    extension.insert("type".to_owned(), json!(authorizer.kind.as_str().to_ascii_lowercase()));
    set(&mut extension, "authorizerUri", authorizer.authorizer_uri.as_ref());
    set(&mut extension, "authorizerCredentials", authorizer.authorizer_credentials.as_ref());
    if let Some(seconds) = authorizer.authorizer_result_ttl_in_seconds {
        extension.insert("authorizerResultTtlInSeconds".to_owned(), json!(seconds));
    }
    set(&mut extension, "identityValidationExpression", authorizer.identity_validation_expression.as_ref());
    if !authorizer.provider_arns.is_empty() {
        extension.insert("providerARNs".to_owned(), json!(authorizer.provider_arns));
    }
    set_filled(&mut extension, "jwtConfiguration", authorizer.jwt_configuration.as_ref().map(jwt).unwrap_or_default());
    extension
}

/// As it is put in; the address of the keys is found, not said.
fn jwt(configuration: &JwtConfiguration) -> Object {
    let mut written = Object::new();
    let issuers = configuration.issuers.iter().map(|issuer| {
        let mut written = Object::new();
        written.insert("issuer".to_owned(), json!(issuer.issuer));
        written.insert("audiences".to_owned(), json!(issuer.audiences));
        if !issuer.additional_claims.is_empty() {
            let claims = issuer.additional_claims.iter().map(|claim| {
                let mut written = Object::new();
                written.insert("claimName".to_owned(), json!(claim.claim_name));
                written.insert("format".to_owned(), json!(claim.format));
                if let Some(required) = claim.required {
                    written.insert("required".to_owned(), json!(required));
                }
                if let Some(values) = &claim.expected_values {
                    written.insert("expectedValues".to_owned(), json!(values));
                }
                Value::Object(written)
            });
            written.insert("additionalClaims".to_owned(), claims.collect());
        }
        Value::Object(written)
    });
    written.insert("issuers".to_owned(), issuers.collect());
    written.insert("defaultAlgorithms".to_owned(), json!(configuration.default_algorithms));
    written
}
