//! Asking a function that is an authorizer. What is no result of its code is no answer, however it looks.

use bytes::Bytes;

use super::invoke::invoke;
use super::{FUNCTION_ERROR, Invoked, LambdaFailure, error_message_of};
use crate::authorizers::{AuthorizerFault, OUTPUT_BYTES_MAX};
use crate::backends::Backends;
use crate::error::GatewayError;
use crate::execution_log::ExecutionLog;
use crate::stages::LambdaCall;
use crate::transport::Upstreams;

/// How a function says that it lets nobody in: by failing with this message (AWS docs, "Output from an API Gateway Lambda authorizer").
const UNAUTHORIZED: &str = "Unauthorized";

/// What came of a call.
pub(crate) struct AuthorizerAnswer {
    /// What Lambda's Invoke API answered; `None` when nothing was answered.
    pub(crate) status: Option<u16>,
    /// Of the invocation.
    pub(crate) request_id: Option<Box<str>>,
    pub(crate) payload: Result<Bytes, AuthorizerFault>,
}

impl AuthorizerAnswer {
    /// There is no function to call.
    pub(crate) fn misconfigured(reason: &str) -> Self {
        Self { status: None, request_id: None, payload: Err(AuthorizerFault::Configuration(reason.to_owned())) }
    }
}

/// Calls the function.
pub(crate) async fn ask_authorizer(
    upstreams: &Upstreams,
    backends: &Backends,
    mut call: LambdaCall<'_>,
    log: Option<&ExecutionLog>,
) -> AuthorizerAnswer {
    if let Some(log) = log {
        log.authorizer_request(&mut call.request).await;
    }
    // Its lines are not those of an integration.
    match invoke(upstreams, backends, call, None).await {
        Ok(invoked) => AuthorizerAnswer {
            status: Some(invoked.status.as_u16()),
            request_id: Some(invoked.request_id().into()),
            payload: result(invoked),
        },
        Err(error) => AuthorizerAnswer { status: None, request_id: None, payload: Err(unreached(&error)) },
    }
}

fn result(invoked: Invoked) -> Result<Bytes, AuthorizerFault> {
    if let Err(error) = invoked.refusal() {
        return Err(unreached(&error));
    }
    if invoked.headers.contains_key(FUNCTION_ERROR) {
        if invoked.payload.len() <= OUTPUT_BYTES_MAX && error_message_of(&invoked.payload).as_deref() == Some(UNAUTHORIZED) {
            return Err(AuthorizerFault::Unauthorized);
        }
        // AWS reads an error object as if it were an answer, which ends at its first member (published logs).
        let reason = match crate::authorizers::Output::parse(&invoked.payload) {
            Err(reason) => reason,
            Ok(_) => "the function failed, and its error looks like an answer".to_owned(),
        };
        return Err(AuthorizerFault::Configuration(reason));
    }
    Ok(invoked.payload)
}

/// AWS tells what is configured wrongly from what could not be reached (AWS docs, "Gateway response types for API Gateway").
fn unreached(error: &GatewayError) -> AuthorizerFault {
    let detail = error.log_detail().map_or_else(|| error.message().into_owned(), str::to_owned);
    match error {
        GatewayError::Unconfigured(_) | GatewayError::Configuration(_) | GatewayError::RequestTooLarge => {
            AuthorizerFault::Configuration(detail)
        }
        GatewayError::Lambda(failure) => match **failure {
            LambdaFailure::NotPermitted(_) => {
                AuthorizerFault::Configuration(format!("Invalid permissions on Lambda function: {detail}"))
            }
            LambdaFailure::Malformed(_) => AuthorizerFault::Configuration(detail),
            LambdaFailure::Raised { .. }
            | LambdaFailure::Throttled { .. }
            | LambdaFailure::Refused { .. }
            | LambdaFailure::NotBase64 => AuthorizerFault::Failure(detail),
        },
        _ => AuthorizerFault::Failure(detail),
    }
}
