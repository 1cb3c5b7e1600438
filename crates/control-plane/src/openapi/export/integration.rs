//! `x-amazon-apigateway-integration`. What has its default is left out, as recorded.

use postern_api_model::apigateway::{ConnectionType, ResponseTransferMode};
use postern_api_model::rest_api::{Integration, IntegrationResponse, TIMEOUT_MS_DEFAULT};
use serde_json::{Value, json};

use super::extensions::texts;
use super::{Object, set, set_filled};

/// The key of the response without a selection pattern.
const DEFAULT: &str = "default";

pub(super) fn write(integration: &Integration, resource_id: &str) -> Object {
    let mut written = Object::new();
    written.insert("type".to_owned(), json!(integration.kind.as_str().to_ascii_lowercase()));
    set(&mut written, "httpMethod", integration.http_method.as_ref());
    set(&mut written, "uri", integration.uri.as_ref());
    set(&mut written, "credentials", integration.credentials.as_ref());
    if let Some(kind) = integration.connection_type.filter(|kind| *kind != ConnectionType::Internet) {
        written.insert("connectionType".to_owned(), json!(kind));
    }
    set(&mut written, "connectionId", integration.connection_id.as_ref());
    set(&mut written, "integrationTarget", integration.integration_target.as_ref());
    let responses = integration.responses.iter().map(|(status, answer)| {
        let pattern = answer.selection_pattern.as_deref().filter(|pattern| !pattern.is_empty());
        (pattern.unwrap_or(DEFAULT).to_owned(), Value::Object(response(status, answer)))
    });
    set_filled(&mut written, "responses", responses.collect());
    set_filled(&mut written, "requestParameters", texts(&integration.request_parameters));
    set_filled(&mut written, "requestTemplates", texts(&integration.request_templates));
    written.insert("passthroughBehavior".to_owned(), json!(integration.passthrough_behavior.to_ascii_lowercase()));
    if let Some(handling) = integration.content_handling {
        written.insert("contentHandling".to_owned(), json!(handling));
    }
    if integration.timeout_in_millis != TIMEOUT_MS_DEFAULT {
        written.insert("timeoutInMillis".to_owned(), json!(integration.timeout_in_millis));
    }
    if integration.cache_namespace != resource_id {
        written.insert("cacheNamespace".to_owned(), json!(integration.cache_namespace));
    }
    if !integration.cache_key_parameters.is_empty() {
        written.insert("cacheKeyParameters".to_owned(), json!(integration.cache_key_parameters));
    }
    if let Some(mode) = integration.response_transfer_mode.filter(|mode| *mode != ResponseTransferMode::Buffered) {
        written.insert("responseTransferMode".to_owned(), json!(mode));
    }
    if let Some(skip) = integration.insecure_skip_verification {
        written.insert("tlsConfig".to_owned(), json!({"insecureSkipVerification": skip}));
    }
    written
}

fn response(status: &str, response: &IntegrationResponse) -> Object {
    let mut written = Object::new();
    written.insert("statusCode".to_owned(), json!(status));
    set_filled(&mut written, "responseParameters", texts(&response.response_parameters));
    set_filled(&mut written, "responseTemplates", response.response_templates.as_ref().map(texts).unwrap_or_default());
    if let Some(handling) = response.content_handling {
        written.insert("contentHandling".to_owned(), json!(handling));
    }
    written
}
