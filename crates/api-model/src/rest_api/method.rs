//! A verb on a resource: what a client may send, and what it may get back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Integration, OrderedMap};

/// Authorization type of a method that anyone may call.
pub const AUTHORIZATION_NONE: &str = "NONE";
/// Authorization type of a method whose callers sign their requests with an access key.
pub const AUTHORIZATION_AWS_IAM: &str = "AWS_IAM";

/// The method request, its integration and its responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// `GET` and so on, or `ANY`.
    pub http_method: String,
    /// `NONE`, `AWS_IAM`, `CUSTOM`, `COGNITO_USER_POOLS` or `JWT`.
    pub authorization_type: String,
    /// Set for the types that need one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<String>,
    /// OAuth scopes of which a token must carry one.
    #[serde(default)]
    pub authorization_scopes: Vec<String>,
    /// Whether a call needs an API key.
    #[serde(default)]
    pub api_key_required: bool,
    /// A name for generated clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    /// The validator that checks requests, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_validator_id: Option<String>,
    /// `method.request.{header|querystring|path}.{name}` to whether it is required.
    #[serde(default)]
    pub request_parameters: OrderedMap<bool>,
    /// Media type to model name.
    #[serde(default)]
    pub request_models: OrderedMap<String>,
    /// By status code.
    #[serde(default)]
    pub responses: BTreeMap<String, MethodResponse>,
    /// A deployment is refused while a method has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<Integration>,
}

/// What a client may get back under one status.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MethodResponse {
    /// `method.response.header.{name}` to whether it is required (which changes nothing in traffic, on AWS too).
    #[serde(default)]
    pub response_parameters: OrderedMap<bool>,
    /// Media type to model name.
    #[serde(default)]
    pub response_models: OrderedMap<String>,
}
