//! Why an authorizer said nothing that could be obeyed. None of it lets a request pass.

use crate::error::GatewayError;

/// What came instead of an answer; shared by all who waited for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthorizerFault {
    /// The function said so, by failing with the message `Unauthorized`.
    Unauthorized,
    /// The authorizer, its function or what that answered is wrong; the text is for the log.
    Configuration(String),
    /// The function was not reached, or took too long; the text is for the log.
    Failure(String),
}

impl From<AuthorizerFault> for GatewayError {
    fn from(fault: AuthorizerFault) -> Self {
        match fault {
            AuthorizerFault::Unauthorized => Self::Unauthorized,
            AuthorizerFault::Configuration(reason) => Self::AuthorizerConfiguration(reason),
            AuthorizerFault::Failure(reason) => Self::AuthorizerFailure(reason),
        }
    }
}
