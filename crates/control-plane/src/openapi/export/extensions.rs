//! Extensions at the root: settings of the API as a whole.

use postern_api_model::apigateway::ApiKeySourceType;
use postern_api_model::rest_api::{Definition, GatewayResponse, OrderedMap};
use serde_json::{Value, json};

use super::{Kind, Object, set, set_filled};

/// Of the root in 2.0, of the server in 3.0.
pub(super) const ENDPOINT: &str = "x-amazon-apigateway-endpoint-configuration";

pub(super) fn write(definition: &Definition, kind: Kind, document: &mut Object) {
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            document.insert(format!("x-amazon-apigateway-{name}"), value);
        }
    };
    let source = definition.api_key_source;
    put("api-key-source", (source != ApiKeySourceType::Header).then(|| json!(source)));
    let types = &definition.binary_media_types;
    put("binary-media-types", (!types.is_empty()).then(|| json!(types)));
    put("minimum-compression-size", definition.minimum_compression_size.map(|bytes| json!(bytes)));
    put("policy", definition.policy.as_deref().and_then(|policy| serde_json::from_str(policy).ok()));
    put("security-policy", definition.security_policy.map(|policy| json!(policy)));
    put("endpoint-access-mode", definition.endpoint_access_mode.map(|mode| json!(mode)));
    set_filled(document, "x-amazon-apigateway-gateway-responses", gateway_responses(definition));
    set_filled(document, "x-amazon-apigateway-request-validators", validators(definition));
    if kind == Kind::Swagger {
        set_filled(document, ENDPOINT, endpoint(definition));
    }
}

/// The endpoint's type, and what goes with one type only, are never exported.
pub(super) fn endpoint(definition: &Definition) -> Object {
    let mut endpoint = Object::new();
    if definition.disable_execute_api_endpoint {
        endpoint.insert("disableExecuteApiEndpoint".to_owned(), json!(true));
    }
    endpoint
}

fn gateway_responses(definition: &Definition) -> Object {
    let write = |response: &GatewayResponse| {
        let mut written = Object::new();
        set(&mut written, "statusCode", response.status_code.as_ref());
        set_filled(&mut written, "responseParameters", texts(&response.response_parameters));
        set_filled(&mut written, "responseTemplates", texts(&response.response_templates));
        Value::Object(written)
    };
    let mut responses: Object =
        definition.gateway_responses.iter().map(|(kind, response)| (kind.as_str().to_owned(), write(response))).collect();
    responses.sort_keys();
    responses
}

/// A map of texts.
pub(super) fn texts(map: &OrderedMap<String>) -> Object {
    map.iter().map(|(name, text)| (name.clone(), json!(text))).collect()
}

fn validators(definition: &Definition) -> Object {
    let mut validators: Object = definition
        .request_validators
        .values()
        .filter_map(|validator| {
            let switches = json!({
                "validateRequestParameters": validator.validate_request_parameters,
                "validateRequestBody": validator.validate_request_body,
            });
            Some((validator_name(definition, &validator.id)?, switches))
        })
        .collect();
    validators.sort_keys();
    validators
}

/// What a document calls a validator: its name where no other one has it, and its id otherwise.
pub(super) fn validator_name(definition: &Definition, id: &str) -> Option<String> {
    let validator = definition.request_validators.get(id)?;
    let Some(name) = &validator.name else { return Some(id.to_owned()) };
    let of_name = definition.request_validators.values().filter(|other| other.name.as_ref() == Some(name));
    if of_name.count() == 1 { Some(name.clone()) } else { Some(format!("{name} {id}")) }
}
