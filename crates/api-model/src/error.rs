//! What a management call can fail with: AWS's codes, statuses and texts.

use std::fmt;

/// A refused management call, as the client will see it.
///
/// `code` travels in `x-amzn-ErrorType`, `message` in the body's `message` member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Shape name, such as `NotFoundException`.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// AWS's text.
    pub message: String,
}

/// The result of an operation.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    fn new(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into() }
    }

    /// 400: the request makes no sense as it stands.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new("BadRequestException", 400, message)
    }

    /// 400: constraints of the model were broken; `message` lists every one.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", 400, message)
    }

    /// 400: the body is no JSON, or a member has the wrong JSON type.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", 400, message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("NotFoundException", 404, message)
    }

    /// 409.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new("ConflictException", 409, message)
    }

    /// 429: a quota of the account or API is used up.
    pub fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new("LimitExceededException", 429, message)
    }

    /// 429: too much at once; the same call may succeed a little later.
    pub fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new("TooManyRequestsException", 429, message)
    }

    /// 403: the front door did not let the request in (signatures, keys). `code` says why.
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, 403, message)
    }

    /// 404: no operation has this method and path.
    pub fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", 404, "Unknown operation")
    }

    /// 413: more bytes than a management call may carry.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new("RequestEntityTooLargeException", 413, message)
    }

    /// 501: the operation is part of AWS's surface and not built yet.
    pub fn not_implemented(operation: &str) -> Self {
        Self::new("NotImplementedException", 501, format!("{operation} is not implemented yet"))
    }

    /// 500: a fault of ours. The cause goes to the log, never to the client.
    pub fn internal() -> Self {
        Self::new("InternalFailure", 500, "Internal Failure")
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for ApiError {}
