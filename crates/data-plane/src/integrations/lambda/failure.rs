//! What can go wrong with a function, in the words of AWS's execution log. The client learns none of it.

use http::StatusCode;
use postern_api_model::apigateway::GatewayResponseType;

/// Why a function gave no answer that can be passed on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LambdaFailure {
    /// What it returned is no answer of a proxy integration; the text says what is wrong with it.
    Malformed(String),
    /// Its code raised an error.
    Raised {
        /// Of the error object.
        error_message: String,
        request_id: String,
    },
    /// There is no such function, or it may not be invoked.
    NotPermitted(String),
    /// Lambda has no room for the call.
    Throttled { request_id: String },
    /// Lambda refused the call for another reason.
    Refused { status: u16, request_id: String, reason: String },
    /// The answer says that it is base64, which is to be decoded, and is not.
    NotBase64,
}

const MALFORMED: &str = "Malformed Lambda proxy response";
const NOT_PERMITTED: &str = "Invalid permissions on Lambda function";
const NOT_BASE64: &str = "Unable to base64 decode the body";

impl LambdaFailure {
    /// AWS answers 502 for what the function did, and 500 for what the configuration lacks (published transcripts).
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Raised { .. } => StatusCode::BAD_GATEWAY,
            Self::NotPermitted(_) | Self::Throttled { .. } | Self::Refused { .. } | Self::NotBase64 => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// The gateway response that customises the answer.
    pub(crate) fn kind(&self) -> GatewayResponseType {
        match self {
            Self::Malformed(_) | Self::Raised { .. } | Self::Throttled { .. } | Self::Refused { .. } => {
                GatewayResponseType::IntegrationFailure
            }
            Self::NotPermitted(_) | Self::NotBase64 => GatewayResponseType::ApiConfigurationError,
        }
    }

    /// For the server's log.
    pub(crate) fn detail(&self) -> &str {
        match self {
            Self::Malformed(reason) | Self::NotPermitted(reason) | Self::Refused { reason, .. } => reason,
            Self::Raised { error_message, .. } => error_message,
            Self::Throttled { .. } => "Lambda throttled the invocation",
            Self::NotBase64 => NOT_BASE64,
        }
    }

    /// The lines of the execution log (published transcripts; that for other refusals is by analogy).
    pub(crate) fn lines(&self) -> Vec<String> {
        let configuration = |text: &str| format!("Execution failed due to configuration error: {text}");
        let status = |status: u16, id: &str| format!("Lambda invocation failed with status: {status}. Lambda request id: {id}");
        match self {
            Self::Malformed(_) => vec![configuration(MALFORMED)],
            Self::Raised { error_message, request_id } => vec![format!(
                "Lambda execution failed with status 200 due to customer function error: {error_message}. Lambda request id: \
                 {request_id}"
            )],
            Self::NotPermitted(_) => vec![configuration(NOT_PERMITTED)],
            Self::Throttled { request_id } => vec![status(429, request_id), configuration("Rate Exceeded.")],
            Self::Refused { status: code, request_id, reason } => vec![status(*code, request_id), configuration(reason)],
            Self::NotBase64 => vec![configuration(NOT_BASE64)],
        }
    }
}
