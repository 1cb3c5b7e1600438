//! Lambda functions: who runs one, and what its answer becomes.
//!
//! Whoever runs it, the answer has the shape of Lambda's Invoke API: a status, fields, and a payload. A failure of the function's code is an
//! answer with status 200 that says so in a field.

mod authorizer;
mod event;
mod event_stream;
mod failure;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod invoke;
mod local;
mod proxy_response;
mod stream;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::Value;

use super::ProxyAnswer;
use super::cached::{Fetched, Place};
use super::hold::{Delivery, Limits};
use crate::backends::Backends;
use crate::compile::{LambdaFunction, Transfer};
use crate::content::{Conversion, Kind};
use crate::context::Arrival;
use crate::error::GatewayError;
use crate::execution_log::ExecutionLog;
use crate::headers::names;
use crate::stages::{CacheCall, LambdaCall, LambdaProxy};
use crate::transport::{Body, Response, Upstreams};
pub(crate) use authorizer::{AuthorizerAnswer, ask_authorizer};
pub(crate) use event::{Event, token_event};
pub(crate) use failure::LambdaFailure;
use invoke::Invocation;
use proxy_response::{Metadata, ProxyResponse};
use stream::Started;

/// Bytes of a result that are parsed at once: as many take about a millisecond.
const INLINE_BYTES_MAX: usize = 256 * 1024;
/// Characters of an error message that a log may be given: no line shows more.
const ERROR_MESSAGE_CHARS_MAX: usize = 1_024;
/// `X-Amz-Function-Error`: the payload is an error object.
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// What Lambda's Invoke API answers, whoever speaks it.
pub(crate) struct Invoked {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
}

/// Whether something runs this function for an API of this account.
///
/// # Errors
/// When nothing does; the text names the keys to set.
pub(crate) fn check(backends: &Backends, function: &LambdaFunction, account: &str) -> Result<(), GatewayError> {
    invoke::runner(backends, function, account).map(drop)
}

/// AWS_PROXY: the function's answer is the client's.
pub(super) async fn proxy<'a>(
    upstreams: &Upstreams,
    backends: &Backends,
    proxy: LambdaProxy<'a>,
    limits: Limits,
    cache: Option<&CacheCall<'_>>,
) -> Result<ProxyAnswer<'a>, GatewayError> {
    if proxy.call.function.transfer == Transfer::Stream {
        return Box::pin(streamed(upstreams, backends, proxy)).await;
    }
    let LambdaProxy { call, accepted, context } = proxy;
    let deadline = call.deadline;
    let asking = ask(upstreams, backends, call, accepted, context.arrival);
    let Fetched { response, from } = match cache {
        Some(cache) => cache.fetch(deadline, limits, asking).await?,
        None => Fetched { response: asking.await?, from: Place::Endpoint },
    };
    let answered_by = from.answered_by(context.arrival);
    Ok(ProxyAnswer { response, delivery: Delivery::Whole, answered_by, context })
}

/// Calls a function, and makes of its result what it says.
async fn ask(
    upstreams: &Upstreams,
    backends: &Backends,
    call: LambdaCall<'_>,
    accepted: Kind,
    arrival: &Arrival,
) -> Result<Response, GatewayError> {
    let log = arrival.log();
    let mut invoked = invoke::invoke(upstreams, backends, call, log).await?;
    seen(&invoked, arrival);
    if let Some(log) = log {
        invoked = logged(invoked, log).await;
    }
    let payload = invoked.result()?;
    let response = if payload.len() <= INLINE_BYTES_MAX {
        response(&payload, accepted)?
    } else {
        let parsing = tokio::task::spawn_blocking(move || response(&payload, accepted));
        parsing.await.map_err(|_| GatewayError::Configuration("parsing the function's answer broke off"))??
    };
    if let Some(observed) = arrival.observed() {
        observed.code_answered(response.status);
    }
    Ok(response)
}

/// AWS_PROXY in STREAM mode: the client gets what the function writes as it writes it.
async fn streamed<'a>(
    upstreams: &Upstreams,
    backends: &Backends,
    proxy: LambdaProxy<'a>,
) -> Result<ProxyAnswer<'a>, GatewayError> {
    let LambdaProxy { call, accepted: _, context } = proxy;
    let (deadline, log) = (call.deadline, context.arrival.log());
    let Invocation { pieces, request_id } = invoke::invoke_streaming(upstreams, backends, call, log).await?;
    let Started { metadata: Metadata { status, headers }, body } = stream::start(pieces, &request_id, deadline).await?;
    if let Some(observed) = context.arrival.observed() {
        observed.streamed(&request_id, status);
    }
    let mut response = Response { status, headers, body };
    if let Some(log) = log {
        log.endpoint_response(&mut response, Transfer::Stream).await;
    }
    let answered_by = Place::Endpoint.answered_by(context.arrival);
    Ok(ProxyAnswer { response, delivery: Delivery::Streaming, answered_by, context })
}

/// AWS: what the function answers is mapped.
pub(super) async fn custom(
    upstreams: &Upstreams,
    backends: &Backends,
    call: LambdaCall<'_>,
    arrival: &Arrival,
) -> Result<Response, GatewayError> {
    let log = arrival.log();
    let mut invoked = invoke::invoke(upstreams, backends, call, log).await?;
    seen(&invoked, arrival);
    if let Some(log) = log {
        invoked = logged(invoked, log).await;
    }
    // What Lambda says of a payload that is no JSON is mapped as a result is (reported).
    if invoked.status != StatusCode::BAD_REQUEST {
        invoked.refusal()?;
    }
    let Invoked { status, headers, payload } = invoked;
    Ok(Response { status, headers, body: Body::full(payload) })
}

/// The message that chooses an integration response: `errorMessage` of the payload. A result without one chooses the default (recorded).
pub(super) async fn error_message_in(payload: Bytes) -> Result<Option<String>, GatewayError> {
    match memchr::memmem::find(&payload, b"errorMessage") {
        None => Ok(None),
        Some(_) if payload.len() <= INLINE_BYTES_MAX => Ok(error_message_of(&payload)),
        Some(_) => {
            let parsing = tokio::task::spawn_blocking(move || error_message_of(&payload));
            parsing.await.map_err(|_| GatewayError::Configuration("parsing the function's answer broke off"))
        }
    }
}

fn error_message_of(payload: &[u8]) -> Option<String> {
    match serde_json::from_slice(payload).ok()? {
        Value::Object(mut object) => match object.remove("errorMessage")? {
            Value::String(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// What a function's result makes for a client that takes `accepted` first.
fn response(payload: &[u8], accepted: Kind) -> Result<Response, LambdaFailure> {
    let ProxyResponse { status, headers, body, is_base64 } = ProxyResponse::parse(payload)?;
    let body = Bytes::from(body);
    // Undecoded for a client that takes text first (recorded).
    let body = if is_base64 && accepted == Kind::Binary {
        Conversion::FromBase64.apply(body).map_err(|_| LambdaFailure::NotBase64)?
    } else {
        body
    };
    Ok(Response { status, headers, body: Body::full(body) })
}

/// Notes down what Lambda answered, where somebody asks.
fn seen(invoked: &Invoked, arrival: &Arrival) {
    if let Some(observed) = arrival.observed() {
        observed.answered(invoked.status, &invoked.headers);
    }
}

/// Writes what the function answered into the execution log.
async fn logged(invoked: Invoked, log: &ExecutionLog) -> Invoked {
    let Invoked { status, headers, payload } = invoked;
    let mut response = Response { status, headers, body: Body::full(payload.clone()) };
    log.endpoint_response(&mut response, Transfer::Buffered).await;
    Invoked { status, headers: response.headers, payload }
}

impl Invoked {
    /// The function's result, or why there is none.
    fn result(self) -> Result<Bytes, GatewayError> {
        self.refusal()?;
        if self.headers.contains_key(FUNCTION_ERROR) {
            let (error_message, request_id) = (error_message(&self.payload), self.request_id());
            return Err(LambdaFailure::Raised { error_message, request_id }.into());
        }
        Ok(self.payload)
    }

    /// What Lambda answers in place of a result (published transcripts for no permission and for throttling).
    fn refusal(&self) -> Result<(), GatewayError> {
        let reason = || error_message(&self.payload);
        let failure = match self.status.as_u16() {
            200..300 => return Ok(()),
            403 | 404 => LambdaFailure::NotPermitted(reason()),
            413 => return Err(GatewayError::RequestTooLarge),
            429 => LambdaFailure::Throttled { request_id: self.request_id() },
            status => LambdaFailure::Refused { status, request_id: self.request_id(), reason: reason() },
        };
        Err(failure.into())
    }

    fn request_id(&self) -> String {
        request_id(&self.headers)
    }
}

/// Of the invocation, for logs.
fn request_id(headers: &HeaderMap) -> String {
    let id = headers.get(names::REQUEST_ID);
    id.map_or_else(|| "-".to_owned(), |id| String::from_utf8_lossy(id.as_bytes()).into_owned())
}

/// `errorMessage` of an error object, or what Lambda's API says instead; what is neither is shown as it is.
fn error_message(payload: &[u8]) -> String {
    let bounded = |text: &str| text.chars().take(ERROR_MESSAGE_CHARS_MAX).collect::<String>();
    if payload.len() <= INLINE_BYTES_MAX
        && let Ok(Value::Object(object)) = serde_json::from_slice(payload)
    {
        let text = ["errorMessage", "Message", "message"].iter().find_map(|name| object.get(*name)?.as_str());
        if let Some(text) = text {
            return bounded(text);
        }
    }
    bounded(&String::from_utf8_lossy(&payload[..payload.len().min(ERROR_MESSAGE_CHARS_MAX * 4)]))
}
