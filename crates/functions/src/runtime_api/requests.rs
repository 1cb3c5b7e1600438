//! One request of a function's process, and what it is answered.

use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use postern_api_model::ports::FunctionPiece;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::{Answer, Asked, Delivery, Mode, Refusal, Reply, Sink};
use crate::failure::Failure;
use crate::job::Outcome;
use crate::limits::{DISCARDED_BYTES_MAX, RESPONSE_BYTES_MAX, STREAMED_BYTES_MAX};

/// The version of the API, in front of every path but `/ping`.
const PREFIX: &str = "/2018-06-01/runtime/";
/// `streaming`, or absent.
const RESPONSE_MODE: &str = "lambda-runtime-function-response-mode";
/// On errors, and as a trailer of a result that broke off.
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
/// The trailer with the error object, in base64.
const ERROR_BODY: &str = "lambda-runtime-function-error-body";

/// Answers a request.
pub async fn answer(request: Request<Incoming>, asked: &mpsc::Sender<Asked>) -> Reply {
    // A web page that a developer has open can send requests to loopback ports; a browser says so, a runtime never does.
    if request.headers().contains_key(header::ORIGIN) {
        return error(StatusCode::FORBIDDEN, "Forbidden", "Requests of web pages are refused");
    }
    let path = request.uri().path().to_owned();
    if path == "/ping" || path == "/2018-06-01/ping" {
        return plain(StatusCode::OK, "pong");
    }
    let parts: Vec<&str> = path.strip_prefix(PREFIX).unwrap_or_default().split('/').collect();
    match (request.method(), parts.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(asked).await,
        (&Method::POST, ["invocation", id, "response"]) => response(id, request, asked).await,
        (&Method::POST, ["invocation", id, "error"]) => invocation_error(id, request, asked).await,
        (&Method::POST, ["init", "error"]) => init_error(request, asked).await,
        (_, ["invocation", "next"] | ["invocation", _, "response" | "error"] | ["init", "error"]) => {
            error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "Method not allowed")
        }
        _ => error(StatusCode::NOT_FOUND, "NotFound", "There is no such path in the Lambda Runtime API"),
    }
}

async fn next(asked: &mpsc::Sender<Asked>) -> Reply {
    let (sender, delivery) = oneshot::channel();
    if asked.send(Asked::Next(sender)).await.is_err() {
        return gone();
    }
    match delivery.await {
        Ok(Ok(delivery)) => deliver(delivery),
        Ok(Err(refusal)) => refused(&refusal),
        Err(_) => gone(),
    }
}

fn deliver(Delivery { event, deadline_ms }: Delivery) -> Reply {
    let mut response = Response::new(Full::new(event.payload));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut set = |name: &'static str, value: &str| {
        // What came from a client was checked when it came; a header that cannot be one is left out as an empty one would be.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("lambda-runtime-aws-request-id", &event.request_id);
    set("lambda-runtime-deadline-ms", &deadline_ms.to_string());
    set("lambda-runtime-invoked-function-arn", &event.arn);
    if let Some(trace_id) = &event.trace_id {
        set("lambda-runtime-trace-id", trace_id);
    }
    if let Some(context) = &event.client_context {
        set("lambda-runtime-client-context", context);
    }
    response
}

async fn response(id: &str, request: Request<Incoming>, asked: &mpsc::Sender<Asked>) -> Reply {
    let mode = match request.headers().get(RESPONSE_MODE).map(HeaderValue::as_bytes) {
        None | Some(b"") => Mode::Buffered,
        Some(value) if value.eq_ignore_ascii_case(b"streaming") => Mode::Streaming,
        Some(_) => return error(StatusCode::BAD_REQUEST, "InvalidFunctionResponseMode", "Invalid function response mode"),
    };
    let content_type = text(request.headers(), header::CONTENT_TYPE.as_str());
    let answer = Answer::Result { content_type: content_type.clone(), mode };
    let (sink, mut report) = match begin(id, answer, asked).await {
        Ok(begun) => begun,
        Err(refused) => return refused,
    };
    match sink {
        Sink::Collect => {
            let (received, trailers) = collect(request.into_body()).await;
            match (received, trailers.as_ref().and_then(late_failure)) {
                (Ok(_), Some(failure)) => report.done(Outcome::Failed(failure)).await,
                (Ok(payload), None) => report.done(Outcome::Result { payload, content_type }).await,
                (Err(NotReceived::TooLong(bytes)), _) => return too_long(report, bytes).await,
                (Err(NotReceived::BrokenOff), _) => return broken_off(report).await,
            }
        }
        Sink::Pieces(pieces) => match forward(request.into_body(), pieces).await {
            Ok(None) => report.done(Outcome::Streamed).await,
            Ok(Some(failure)) => report.done(Outcome::Failed(failure)).await,
            Err(NotReceived::TooLong(bytes)) => return too_long(report, bytes).await,
            Err(NotReceived::BrokenOff) => return broken_off(report).await,
        },
    }
    accepted()
}

async fn invocation_error(id: &str, request: Request<Incoming>, asked: &mpsc::Sender<Asked>) -> Reply {
    let error_type = text(request.headers(), ERROR_TYPE);
    let (_, mut report) = match begin(id, Answer::Error, asked).await {
        Ok(begun) => begun,
        Err(refused) => return refused,
    };
    match collect(request.into_body()).await.0 {
        Ok(payload) => report.done(Outcome::Failed(Failure::reported(error_type, payload))).await,
        Err(NotReceived::TooLong(bytes)) => return too_long(report, bytes).await,
        Err(NotReceived::BrokenOff) => return broken_off(report).await,
    }
    accepted()
}

async fn init_error(request: Request<Incoming>, asked: &mpsc::Sender<Asked>) -> Reply {
    let error_type = text(request.headers(), ERROR_TYPE);
    let payload = match collect(request.into_body()).await.0 {
        Ok(payload) => payload,
        Err(NotReceived::TooLong(_)) => return too_large(),
        Err(NotReceived::BrokenOff) => return truncated(),
    };
    let (reply, taken) = oneshot::channel();
    if asked.send(Asked::InitError { failure: Failure::reported(error_type, payload), reply }).await.is_err() {
        return gone();
    }
    match taken.await {
        Ok(Ok(())) => accepted(),
        Ok(Err(refusal)) => refused(&refusal),
        Err(_) => gone(),
    }
}

/// Says what becomes of an invocation, in any case: a connection that is cut drops it.
struct Report<'a> {
    asked: &'a mpsc::Sender<Asked>,
    request_id: String,
    state: Reported,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reported {
    NotYet,
    Done,
}

impl Report<'_> {
    async fn done(&mut self, outcome: Outcome) {
        self.state = Reported::Done;
        // An environment that is gone has answered its caller.
        self.asked.send(Asked::Done { request_id: self.request_id.clone(), outcome }).await.ok();
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if self.state == Reported::NotYet {
            let outcome = Outcome::Failed(Failure::truncated(&self.request_id));
            // A full queue belongs to a process that does anything but this; its deadline ends it.
            self.asked.try_send(Asked::Done { request_id: std::mem::take(&mut self.request_id), outcome }).ok();
        }
    }
}

async fn begin<'a>(id: &str, answer: Answer, asked: &'a mpsc::Sender<Asked>) -> Result<(Sink, Report<'a>), Reply> {
    let (reply, sink) = oneshot::channel();
    asked.send(Asked::Begin { request_id: id.to_owned(), answer, reply }).await.map_err(|_| gone())?;
    let sink = sink.await.map_err(|_| gone())?.map_err(|refusal| refused(&refusal))?;
    Ok((sink, Report { asked, request_id: id.to_owned(), state: Reported::NotYet }))
}

enum NotReceived {
    /// This many bytes, or more.
    TooLong(u64),
    BrokenOff,
}

/// The whole body, and its trailers.
async fn collect(mut body: Incoming) -> (Result<Bytes, NotReceived>, Option<HeaderMap>) {
    let announced = body.size_hint().exact();
    let mut collected = BytesMut::new();
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) if collected.len() + data.len() > RESPONSE_BYTES_MAX => {
                let counted = (collected.len() + data.len()) as u64;
                let rest = discard(body).await;
                return (Err(NotReceived::TooLong(announced.unwrap_or(counted + rest))), None);
            }
            Ok(Ok(data)) => collected.extend_from_slice(&data),
            Ok(Err(frame)) => trailers = frame.into_trailers().ok(),
            Err(_) => return (Err(NotReceived::BrokenOff), None),
        }
    }
    (Ok(collected.freeze()), trailers)
}

/// Passes a body on as it comes. Answers with the error that its trailers tell.
async fn forward(mut body: Incoming, pieces: mpsc::Sender<FunctionPiece>) -> Result<Option<Failure>, NotReceived> {
    let mut sent = 0;
    let mut failure = None;
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) => {
                sent += data.len() as u64;
                if sent > STREAMED_BYTES_MAX {
                    return Err(NotReceived::TooLong(sent));
                }
                // Who left no longer reads; the function goes on unheard.
                pieces.send(FunctionPiece::Chunk(data)).await.ok();
            }
            Ok(Err(frame)) => failure = frame.into_trailers().ok().as_ref().and_then(late_failure),
            Err(_) => return Err(NotReceived::BrokenOff),
        }
    }
    Ok(failure)
}

/// Reads on, so that the sender gets to read its answer.
async fn discard(mut body: Incoming) -> u64 {
    let mut count = 0;
    while count < DISCARDED_BYTES_MAX {
        match body.frame().await {
            Some(Ok(frame)) => count += frame.data_ref().map_or(0, Bytes::len) as u64,
            Some(Err(_)) | None => break,
        }
    }
    count
}

/// An error that came after the first bytes of a result.
fn late_failure(trailers: &HeaderMap) -> Option<Failure> {
    let error_type = text(trailers, ERROR_TYPE)?;
    let payload = text(trailers, ERROR_BODY).and_then(|body| base64::engine::general_purpose::STANDARD.decode(body).ok());
    Some(Failure::reported(Some(error_type), payload.unwrap_or_default().into()))
}

async fn too_long(mut report: Report<'_>, bytes: u64) -> Reply {
    report.done(Outcome::Failed(Failure::too_large(bytes))).await;
    too_large()
}

async fn broken_off(mut report: Report<'_>) -> Reply {
    let failure = Failure::truncated(&report.request_id);
    report.done(Outcome::Failed(failure)).await;
    truncated()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn accepted() -> Reply {
    json_reply(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
}

fn refused(refusal: &Refusal) -> Reply {
    match refusal {
        Refusal::InvalidRequestId => error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        Refusal::InvalidStateTransition { from, to } => {
            let text = format!("State transition from {from} to {to} failed for runtime. Error: State transition is not allowed");
            error(StatusCode::FORBIDDEN, "InvalidStateTransition", &text)
        }
    }
}

fn too_large() -> Reply {
    let text = format!("Exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes).");
    error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &text)
}

fn truncated() -> Reply {
    error(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", "HTTP request detected as truncated")
}

/// The environment is being ended; AWS tells a runtime to exit then.
fn gone() -> Reply {
    error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "Internal Server Error")
}

fn error(status: StatusCode, error_type: &str, message: &str) -> Reply {
    json_reply(status, &json!({ "errorMessage": message, "errorType": error_type }))
}

fn json_reply(status: StatusCode, body: &serde_json::Value) -> Reply {
    let mut reply = plain(status, body.to_string());
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn plain(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply
}
