//! Why a request gets no answer of its integration: one enum, from which one place makes the gateway's own answer.

use std::borrow::Cow;

use http::StatusCode;
use postern_api_model::apigateway::GatewayResponseType;
use postern_sigv4::AuthError;

use crate::compile::Blocked;
use crate::integrations::LambdaFailure;
use crate::transport::{BodyError, UpstreamError};

/// Whose fault a failure is, for the log and the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is wrong.
    Client,
    /// The backend, or the way to it.
    Integration,
    /// The API's definition, or the gateway.
    Gateway,
}

/// A failure of the pipeline.
#[derive(Debug)]
pub(crate) enum GatewayError {
    /// No such API or stage, or its default endpoint is off.
    Forbidden,
    /// A method that requires an API key was called without one that opens it.
    InvalidApiKey,
    /// Too many requests in too short a time.
    Throttled,
    /// The client has used up its quota.
    QuotaExceeded,
    /// No resource has this path and verb.
    MissingAuthenticationToken,
    /// The same, with an `Authorization` that is no AWS signature: AWS tries to read it as one.
    IncompleteSignature(String),
    /// The request's signature is missing, or proves nothing.
    Unauthenticated(Box<AuthError>),
    /// A policy forbids the request, or none allows it; the text says whom and what.
    AccessDenied(String),
    /// The caller shows nothing that the method's authorizer accepts.
    Unauthorized,
    /// The caller's token was good once.
    TokenExpired,
    /// The method's authorizer could not be asked; the text is for the log.
    AuthorizerFailure(String),
    /// The method's authorizer answered nonsense, or is none; the text is for the log.
    AuthorizerConfiguration(String),
    /// The method's ARN is longer than what policies decide about.
    UriTooLong,
    /// The request needs what is not built yet.
    NotImplemented(Blocked),
    /// No template for the request's media type, and no passing it through.
    UnsupportedMediaType,
    /// Parameters that the method requires are absent; the message names them.
    MissingParameters(String),
    /// The request's body does not match its model; the text is `$context.error.validationErrorString`.
    InvalidBody(String),
    /// The request's body should be JSON, because mappings read it, and is none.
    MalformedJson,
    /// A value of the client's cannot stand where a mapping puts it; the text is for the log.
    UnusableParameter(&'static str),
    /// The request's body is over the limit.
    RequestTooLarge,
    /// The request's body did not arrive whole. The client that reads this has most likely gone.
    RequestBroken,
    /// The definition makes every such request fail; the text is for the log.
    Configuration(&'static str),
    /// What AWS's names stand for here is not configured; the text, which names the key to set, is for the log.
    Unconfigured(String),
    /// A body could not be transformed; the text is for the log.
    Transformation(String),
    /// No integration response is meant for the integration's status; the text is for the log.
    Unselected(String),
    /// The model that the body should match cannot be used; the text is for the log.
    Model(String),
    /// The backend's address is none, or nothing listens there.
    Address(String),
    /// The exchange with the backend broke off.
    Network(String),
    /// The backend's answer is no HTTP, or over the limit.
    Malformed(String),
    /// `timeoutInMillis` passed.
    Timeout,
    /// A function gave no answer that can be passed on.
    Lambda(Box<LambdaFailure>),
    /// The store could not be read; the text is for the log.
    Store(String),
}

/// Whether the integration stage was reached, which shows in the answer's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    Integration,
    Earlier,
}

impl GatewayError {
    /// The gateway response that customises the answer, when there is one.
    pub(crate) fn kind(&self) -> Option<GatewayResponseType> {
        Some(match self {
            // No API, so none that could have customised it.
            Self::Forbidden | Self::Store(_) => return None,
            // Must not be mistaken for an answer of the API.
            Self::NotImplemented(_) => return None,
            Self::InvalidApiKey => GatewayResponseType::InvalidApiKey,
            Self::Throttled => GatewayResponseType::Throttled,
            Self::QuotaExceeded => GatewayResponseType::QuotaExceeded,
            Self::UriTooLong => return None,
            Self::AccessDenied(_) => GatewayResponseType::AccessDenied,
            Self::Unauthorized | Self::TokenExpired => GatewayResponseType::Unauthorized,
            Self::AuthorizerFailure(_) => GatewayResponseType::AuthorizerFailure,
            Self::AuthorizerConfiguration(_) => GatewayResponseType::AuthorizerConfigurationError,
            Self::Unauthenticated(error) => match **error {
                AuthError::Missing => GatewayResponseType::MissingAuthenticationToken,
                AuthError::ExpiredToken => GatewayResponseType::ExpiredToken,
                _ => GatewayResponseType::InvalidSignature,
            },
            Self::MissingAuthenticationToken => GatewayResponseType::MissingAuthenticationToken,
            Self::IncompleteSignature(_) => GatewayResponseType::InvalidSignature,
            Self::UnsupportedMediaType => GatewayResponseType::UnsupportedMediaType,
            Self::UnusableParameter(_) => GatewayResponseType::BadRequestParameters,
            Self::RequestTooLarge => GatewayResponseType::RequestTooLarge,
            Self::MissingParameters(_) => GatewayResponseType::BadRequestParameters,
            Self::InvalidBody(_) | Self::MalformedJson | Self::RequestBroken => GatewayResponseType::BadRequestBody,
            Self::Configuration(_) | Self::Unconfigured(_) | Self::Transformation(_) | Self::Unselected(_) | Self::Model(_) => {
                GatewayResponseType::ApiConfigurationError
            }
            Self::Address(_) | Self::Network(_) | Self::Malformed(_) => GatewayResponseType::IntegrationFailure,
            Self::Timeout => GatewayResponseType::IntegrationTimeout,
            Self::Lambda(failure) => failure.kind(),
        })
    }

    /// The status, unless the gateway response is customised.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Forbidden
            | Self::InvalidApiKey
            | Self::MissingAuthenticationToken
            | Self::IncompleteSignature(_)
            | Self::Unauthenticated(_)
            | Self::AccessDenied(_) => StatusCode::FORBIDDEN,
            Self::Unauthorized | Self::TokenExpired => StatusCode::UNAUTHORIZED,
            Self::Throttled | Self::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MissingParameters(_)
            | Self::InvalidBody(_)
            | Self::MalformedJson
            | Self::UnusableParameter(_)
            | Self::RequestBroken => StatusCode::BAD_REQUEST,
            // AWS calls an address that leads nowhere an "Invalid endpoint address" and answers 500.
            Self::Configuration(_)
            | Self::Unconfigured(_)
            | Self::Transformation(_)
            | Self::Unselected(_)
            | Self::Model(_)
            | Self::Address(_)
            | Self::AuthorizerFailure(_)
            | Self::AuthorizerConfiguration(_)
            | Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
            // 502 is what AWS gives malformed answers of Lambda functions; for HTTP backends there is no recording.
            Self::Malformed(_) => StatusCode::BAD_GATEWAY,
            Self::Network(_) | Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Lambda(failure) => failure.status(),
        }
    }

    /// `$context.error.message`.
    pub(crate) fn message(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Unauthenticated(error) => return Cow::Owned(error.message()),
            Self::Forbidden | Self::InvalidApiKey => "Forbidden",
            Self::Throttled => "Too Many Requests",
            Self::QuotaExceeded => "Limit Exceeded",
            Self::MissingAuthenticationToken => "Missing Authentication Token",
            Self::IncompleteSignature(message) => message,
            Self::AccessDenied(message) => message,
            Self::UriTooLong => "Request URI too long",
            Self::Unauthorized => "Unauthorized",
            // Reported of expired Cognito tokens.
            Self::TokenExpired => "The incoming token has expired",
            // There is none (reported); see `has_message`.
            Self::AuthorizerFailure(_) | Self::AuthorizerConfiguration(_) => "",
            Self::NotImplemented(blocked) => blocked.message(),
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::UnusableParameter(_) => "Invalid request parameters",
            Self::RequestTooLarge => "Request Too Long",
            Self::MissingParameters(message) => message,
            Self::InvalidBody(_) | Self::RequestBroken => "Invalid request body",
            // Reported from AWS.
            Self::MalformedJson => "Invalid JSON in request body",
            Self::Configuration(_)
            | Self::Unconfigured(_)
            | Self::Transformation(_)
            | Self::Unselected(_)
            | Self::Model(_)
            | Self::Address(_)
            | Self::Malformed(_)
            | Self::Lambda(_)
            | Self::Store(_) => "Internal server error",
            Self::Network(_) => "Network error communicating with endpoint",
            Self::Timeout => "Endpoint request timed out",
        })
    }

    /// The same for a log, without the credentials that AWS's text repeats.
    pub(crate) fn message_for_logs(&self) -> Cow<'_, str> {
        match self {
            Self::IncompleteSignature(message) => match message.split_once("Authorization=") {
                Some((before, _)) => format!("{before}Authorization=****").into(),
                None => "'****' not a valid key=value pair (missing equal-sign) in Authorization header: '****'.".into(),
            },
            other => other.message(),
        }
    }

    /// Whether `$context.error.message` is anything: failures of authorizers leave it null (reported).
    pub(crate) fn has_message(&self) -> bool {
        !matches!(self, Self::AuthorizerFailure(_) | Self::AuthorizerConfiguration(_))
    }

    /// `x-amzn-ErrorType`.
    pub(crate) fn error_type(&self) -> &'static str {
        match self {
            Self::Forbidden | Self::InvalidApiKey => "ForbiddenException",
            Self::Throttled => "TooManyRequestsException",
            Self::QuotaExceeded => "LimitExceededException",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::Unauthenticated(error) => error.code(),
            Self::AccessDenied(_) => "AccessDeniedException",
            Self::UriTooLong => "RequestTooLargeException",
            Self::Unauthorized | Self::TokenExpired => "UnauthorizedException",
            Self::AuthorizerFailure(_) => "AuthorizerFailureException",
            Self::AuthorizerConfiguration(_) => "AuthorizerConfigurationException",
            Self::NotImplemented(_) => "NotImplementedException",
            Self::UnsupportedMediaType
            | Self::MissingParameters(_)
            | Self::InvalidBody(_)
            | Self::MalformedJson
            | Self::UnusableParameter(_)
            | Self::RequestBroken => "BadRequestException",
            Self::RequestTooLarge => "RequestTooLargeException",
            Self::Configuration(_)
            | Self::Unconfigured(_)
            | Self::Transformation(_)
            | Self::Unselected(_)
            | Self::Model(_)
            | Self::Address(_)
            | Self::Network(_)
            | Self::Malformed(_)
            | Self::Timeout
            | Self::Lambda(_)
            | Self::Store(_) => "InternalServerErrorException",
        }
    }

    /// Whose fault it is.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Forbidden
            | Self::InvalidApiKey
            | Self::Throttled
            | Self::QuotaExceeded
            | Self::MissingAuthenticationToken
            | Self::IncompleteSignature(_)
            | Self::Unauthenticated(_)
            | Self::AccessDenied(_)
            | Self::Unauthorized
            | Self::TokenExpired
            | Self::UriTooLong
            | Self::UnsupportedMediaType
            | Self::MissingParameters(_)
            | Self::InvalidBody(_)
            | Self::MalformedJson
            | Self::UnusableParameter(_)
            | Self::RequestTooLarge
            | Self::RequestBroken => Fault::Client,
            Self::Address(_) | Self::Network(_) | Self::Malformed(_) | Self::Timeout | Self::Lambda(_) => Fault::Integration,
            Self::NotImplemented(_)
            | Self::Configuration(_)
            | Self::Unconfigured(_)
            | Self::Transformation(_)
            | Self::Unselected(_)
            | Self::Model(_)
            | Self::AuthorizerFailure(_)
            | Self::AuthorizerConfiguration(_)
            | Self::Store(_) => Fault::Gateway,
        }
    }

    /// Errors raised at the integration carry a trace id, earlier ones do not.
    pub(crate) fn reached(&self) -> Reached {
        match self.fault() {
            Fault::Integration => Reached::Integration,
            Fault::Client | Fault::Gateway => Reached::Earlier,
        }
    }

    /// What the operator should read, when the client's message does not say it.
    pub(crate) fn log_detail(&self) -> Option<&str> {
        match self {
            Self::Configuration(detail) | Self::UnusableParameter(detail) => Some(detail),
            Self::Model(detail) | Self::Transformation(detail) | Self::Unselected(detail) | Self::InvalidBody(detail) => {
                Some(detail)
            }
            Self::Unconfigured(detail) | Self::AuthorizerFailure(detail) | Self::AuthorizerConfiguration(detail) => Some(detail),
            Self::Address(detail) | Self::Network(detail) | Self::Malformed(detail) | Self::Store(detail) => Some(detail),
            Self::Lambda(failure) => Some(failure.detail()),
            _ => None,
        }
    }

    /// `$context.error.validationErrorString`: what is wrong with a body.
    pub(crate) fn validation_error(&self) -> &str {
        match self {
            Self::InvalidBody(detail) => detail,
            _ => "",
        }
    }

    /// Required parameters that a request lacks, in AWS's order.
    pub(crate) fn missing_parameters(names: &[&str]) -> Self {
        Self::MissingParameters(format!("Missing required request parameters: [{}]", names.join(", ")))
    }

    /// A body of the client's that could not be read.
    pub(crate) fn from_request_body(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge { .. } => Self::RequestTooLarge,
            BodyError::Timeout | BodyError::Incomplete | BodyError::Malformed => Self::RequestBroken,
        }
    }

    /// A backend's body that could not be read.
    pub(crate) fn from_response_body(error: BodyError) -> Self {
        match error {
            BodyError::Timeout => Self::Timeout,
            BodyError::TooLarge { .. } | BodyError::Malformed => Self::Malformed(error.to_string()),
            BodyError::Incomplete => Self::Network(error.to_string()),
        }
    }
}

impl From<LambdaFailure> for GatewayError {
    fn from(failure: LambdaFailure) -> Self {
        Self::Lambda(Box::new(failure))
    }
}

impl From<UpstreamError> for GatewayError {
    fn from(error: UpstreamError) -> Self {
        match error {
            // AWS tells an address that leads nowhere from one that does not answer.
            UpstreamError::Connect(ref failure) if failure.kind() == std::io::ErrorKind::TimedOut => {
                Self::Network(error.to_string())
            }
            UpstreamError::InvalidAddress { .. } | UpstreamError::Refused { .. } | UpstreamError::Connect(_) => {
                Self::Address(error.to_string())
            }
            UpstreamError::Tls(_) | UpstreamError::Network { .. } => Self::Network(error.to_string()),
            UpstreamError::Timeout { .. } => Self::Timeout,
            UpstreamError::Protocol { .. } => Self::Malformed(error.to_string()),
            UpstreamError::RequestBody(error) => Self::from_request_body(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn an_address_that_does_not_answer_is_no_invalid_one() {
        let status = |kind: ErrorKind| GatewayError::from(UpstreamError::Connect(kind.into())).status();
        assert_eq!(status(ErrorKind::TimedOut), StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(status(ErrorKind::ConnectionRefused), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
