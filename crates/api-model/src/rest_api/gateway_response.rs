//! What the gateway itself answers, by kind of failure.

use serde::{Deserialize, Serialize};

use super::OrderedMap;
use crate::apigateway::GatewayResponseType;

/// An explicit gateway response. What it leaves out falls back to the built-in of its type, not to DEFAULT_4XX or DEFAULT_5XX.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayResponse {
    /// Three digits; wins over the status of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    /// `gatewayresponse.header.{name}` to the source expression.
    #[serde(default)]
    pub response_parameters: OrderedMap<String>,
    /// Media type to template; empty means the built-in template.
    #[serde(default)]
    pub response_templates: OrderedMap<String>,
}

/// The template every gateway response has until it is given another.
pub const TEMPLATE_DEFAULT: &str = "{\"message\":$context.error.messageString}";

impl GatewayResponseType {
    /// The built-in status of a type; the two defaults have none.
    pub const fn default_status(self) -> Option<u16> {
        match self {
            Self::Default4xx | Self::Default5xx => None,
            Self::BadRequestBody | Self::BadRequestParameters => Some(400),
            Self::Unauthorized => Some(401),
            Self::AccessDenied
            | Self::ExpiredToken
            | Self::InvalidApiKey
            | Self::InvalidSignature
            | Self::MissingAuthenticationToken
            | Self::WafFiltered => Some(403),
            Self::ResourceNotFound => Some(404),
            Self::RequestTooLarge => Some(413),
            Self::UnsupportedMediaType => Some(415),
            Self::QuotaExceeded | Self::Throttled => Some(429),
            Self::ApiConfigurationError | Self::AuthorizerConfigurationError | Self::AuthorizerFailure => Some(500),
            Self::IntegrationFailure | Self::IntegrationTimeout => Some(504),
        }
    }

    /// The family default a type inherits from while it was not put explicitly; the defaults themselves inherit nothing.
    pub const fn family(self) -> Option<Self> {
        match self.default_status() {
            None => None,
            Some(400..=499) => Some(Self::Default4xx),
            Some(_) => Some(Self::Default5xx),
        }
    }
}
