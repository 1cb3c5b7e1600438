//! What stands behind a method, and how its answers come back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::OrderedMap;
use crate::apigateway::{ConnectionType, ContentHandlingStrategy, IntegrationType, ResponseTransferMode};

/// Default of `timeoutInMillis`.
pub const TIMEOUT_MS_DEFAULT: u32 = 29_000;

/// The integration request and its responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Integration {
    /// HTTP, HTTP_PROXY, AWS, AWS_PROXY or MOCK.
    pub kind: IntegrationType,
    /// The verb sent to the backend, or `ANY` for the client's own; `None` only for MOCK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// `None` only for MOCK. May hold `{name}` and `${stageVariables.name}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// INTERNET or VPC_LINK; shown for HTTP and HTTP_PROXY only, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_type: Option<ConnectionType>,
    /// A VPC link's id, or `${stageVariables.name}` in its place; read with VPC_LINK only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// ARN of a load balancer or listener, to which a VPC link of `apigatewayv2` leads this integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_target: Option<String>,
    /// Role ARN for AWS integrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// `integration.request.{header|querystring|path}.{name}` to the source expression.
    #[serde(default)]
    pub request_parameters: OrderedMap<String>,
    /// Media type to template.
    #[serde(default)]
    pub request_templates: OrderedMap<String>,
    /// WHEN_NO_MATCH, WHEN_NO_TEMPLATES or NEVER; the model has it as a plain string.
    pub passthrough_behavior: String,
    /// Conversion of request bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<ContentHandlingStrategy>,
    /// 50 to 29,000.
    pub timeout_in_millis: u32,
    /// Defaults to the resource id.
    pub cache_namespace: String,
    /// Parameters that make the cache key.
    #[serde(default)]
    pub cache_key_parameters: Vec<String>,
    /// BUFFERED unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_transfer_mode: Option<ResponseTransferMode>,
    /// `tlsConfig.insecureSkipVerification`; `None` when no `tlsConfig` was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insecure_skip_verification: Option<bool>,
    /// By status code.
    #[serde(default)]
    pub responses: BTreeMap<String, IntegrationResponse>,
}

impl Integration {
    /// The id of the VPC link that it goes through, empty when a stage lacks the variable that should hold it. `None`: through none.
    pub fn vpc_link_id<'a>(&'a self, stage_variables: &'a BTreeMap<String, String>) -> Option<&'a str> {
        if self.connection_type != Some(ConnectionType::VpcLink) {
            return None;
        }
        let text = self.connection_id.as_deref().unwrap_or_default();
        Some(vpc_link_id(text, stage_variables))
    }
}

/// A `connectionId` under a stage's variables.
pub fn vpc_link_id<'a>(connection_id: &'a str, stage_variables: &'a BTreeMap<String, String>) -> &'a str {
    let variable = connection_id.strip_prefix("${stageVariables.").and_then(|rest| rest.strip_suffix('}'));
    match variable {
        Some(name) => stage_variables.get(name).map_or("", String::as_str),
        None => connection_id,
    }
}

/// How backend answers that match `selection_pattern` become the method response of one status.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IntegrationResponse {
    /// `None` or empty: the default response. Kept apart because the echo differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection_pattern: Option<String>,
    /// `method.response.header.{name}` to the source expression.
    #[serde(default)]
    pub response_parameters: OrderedMap<String>,
    /// Media type to template. `None` and empty are kept apart because the echo differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_templates: Option<OrderedMap<String>>,
    /// Conversion of response bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<ContentHandlingStrategy>,
}
