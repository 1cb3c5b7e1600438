//! A function that runs here, as if Lambda's Invoke API stood between: what the fields of a call ask for, and what its answer has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use postern_api_model::ports::{FunctionAnswer, FunctionCall, FunctionError, Invocation, LogType};
use serde_json::{Value, json};

use super::invoke::too_long;
use super::proxy_response::RESULT_BYTES_MAX;
use super::{FUNCTION_ERROR, INLINE_BYTES_MAX, Invoked};
use crate::compile::MEDIA_TYPE_DEFAULT;
use crate::error::GatewayError;
use crate::headers::names;
use crate::stages::LambdaCall;

const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");
const LOG_TYPE: HeaderName = HeaderName::from_static("x-amz-log-type");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("x-amz-client-context");
const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");

/// What a call's fields ask for; `None` for what Lambda does not know.
pub(super) fn invocation(headers: &HeaderMap) -> Option<Invocation> {
    match text(headers, INVOCATION_TYPE) {
        None | Some("RequestResponse") => Some(Invocation::RequestResponse),
        Some("Event") => Some(Invocation::Event),
        Some("DryRun") => Some(Invocation::DryRun),
        Some(_) => None,
    }
}

/// The call for a function that runs here, or what Lambda answers to one that it does not take.
pub(super) async fn call(call: LambdaCall<'_>) -> Result<FunctionCall, FunctionError> {
    let LambdaCall { function, mut request, .. } = call;
    let headers = &request.headers;
    let invocation = invocation(headers).ok_or_else(|| FunctionError {
        code: "InvalidParameterValueException",
        status: 400,
        message: "X-Amz-Invocation-Type is none of RequestResponse, Event and DryRun".to_owned(),
    })?;
    Ok(FunctionCall {
        function: function.name.to_string(),
        client_context: text(headers, CLIENT_CONTEXT).map(str::to_owned),
        trace_id: text(headers, names::TRACE_ID).map(str::to_owned),
        log: if text(headers, LOG_TYPE) == Some("Tail") { LogType::Tail } else { LogType::None },
        payload: json_of(request.body.take_whole().unwrap_or_default()).await?,
        invocation,
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Lambda hands over JSON alone, and takes nothing for an empty object.
async fn json_of(payload: Bytes) -> Result<Bytes, FunctionError> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    let check = |payload: &[u8]| serde_json::from_slice::<Value>(payload).map(drop).map_err(|error| error.to_string());
    let checked = if payload.len() <= INLINE_BYTES_MAX {
        check(&payload)
    } else {
        let checking = payload.clone();
        tokio::task::spawn_blocking(move || check(&checking)).await.unwrap_or_else(|_| Err("the check broke off".to_owned()))
    };
    checked.map(|()| payload).map_err(|reason| FunctionError {
        code: "InvalidRequestContentException",
        status: 400,
        message: format!("Could not parse request body into json: {reason}"),
    })
}

/// The answer as Lambda's API gives it.
pub(super) fn answered(answer: FunctionAnswer, invocation: Invocation) -> Result<Invoked, GatewayError> {
    let FunctionAnswer { request_id, executed_version, function_error, payload, log_tail } = answer;
    if payload.len() > RESULT_BYTES_MAX {
        return Err(too_long());
    }
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE_DEFAULT));
    insert(&mut headers, names::REQUEST_ID, &request_id);
    insert(&mut headers, EXECUTED_VERSION, &executed_version);
    if let Some(error) = function_error {
        insert(&mut headers, FUNCTION_ERROR, &error);
    }
    if let Some(tail) = log_tail {
        insert(&mut headers, LOG_RESULT, &STANDARD.encode(tail));
    }
    let status = match invocation {
        Invocation::RequestResponse => StatusCode::OK,
        Invocation::Event => StatusCode::ACCEPTED,
        Invocation::DryRun => StatusCode::NO_CONTENT,
    };
    Ok(Invoked { status, headers, payload })
}

/// Text that cannot stand in a field is left out.
fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

impl From<FunctionError> for Invoked {
    fn from(error: FunctionError) -> Self {
        let FunctionError { code, status, message } = error;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE_DEFAULT));
        insert(&mut headers, names::ERROR_TYPE, code);
        let kind = if status.is_server_error() { "Service" } else { "User" };
        let payload = json!({"Type": kind, "message": message}).to_string().into();
        Self { status, headers, payload }
    }
}
