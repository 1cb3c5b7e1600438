//! The execution log: what AWS says of one request, line for line.
//!
//! TestInvokeMethod answers with it. For live requests it goes to the server's log, when the stage's `loggingLevel` asks for it or when the
//! request proves with [`token`] that it may. A request without one pays for one look at an empty place in its
//! [`Arrival`](crate::context::Arrival): what a line says is only put together when it is written.
//!
//! Lines, their order and their texts are from AWS's documentation and from published logs of the service; what is guessed stands in
//! COMPATIBILITY.md. Secrets are masked here, in one place, before a line is cut and before anyone sees it.

mod authorizer;
mod peek;
mod result_fields;
mod secrets;
mod spelling;
mod text;
pub(crate) mod token;

use std::borrow::Cow;
use std::sync::{Mutex, OnceLock, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use postern_api_model::usage_plan::Quota;
use tokio::time::Instant;

use crate::clock;
use crate::compile::{PublishedStage, Transfer};
use crate::error::GatewayError;
use crate::headers::names;
use crate::metering::Limit;
use crate::transport::{Body, Response, Scheme, UpstreamRequest};
pub(crate) use authorizer::IdentityShown;
use secrets::Secrets;
pub(crate) use spelling::Spellings;

/// How much of a request is logged. Each holds what the one before it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Why it failed.
    Failures,
    /// What was done, without what was in the messages.
    Steps,
    /// Parameters, fields and the start of bodies as well.
    Everything,
}

/// The log of one request.
pub(crate) struct ExecutionLog {
    request_id: Box<str>,
    detail: Detail,
    sink: Sink,
    spellings: Spellings,
    secrets: OnceLock<Secrets>,
    /// What an authorizer knows its caller by.
    identity: OnceLock<Secrets>,
    /// What the backend gives its client to prove itself with.
    answer: OnceLock<Secrets>,
    /// Of the request's body.
    content_type: OnceLock<HeaderValue>,
    sent: OnceLock<Instant>,
    /// What an AWS service calls the request that it was sent.
    service_request_id: OnceLock<Box<str>>,
    extended_id_said: OnceLock<()>,
}

/// Where lines go.
enum Sink {
    /// Into the answer of TestInvokeMethod.
    Answer(Mutex<String>),
    /// To the server's log, each as it is written.
    Server { api: Box<str>, stage: Box<str>, log_name: Box<str> },
}

/// What the first lines say of a request.
pub(crate) struct MethodRequest<'a> {
    pub(crate) verb: &'a str,
    /// As it was given, without the stage.
    pub(crate) path: &'a str,
    pub(crate) path_parameters: Vec<(&'a str, &'a str)>,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// Why the limits let a request not pass.
pub(crate) enum UsageCheck<'a> {
    /// There is no key, or nobody has it.
    UnknownKey { method: &'a str, key: Option<&'a HeaderValue> },
    /// The key opens another stage, or none.
    NoPlan { method: &'a str, key: Option<&'a HeaderValue> },
    /// Of which method, and how fast it may be called.
    Throttled { resource_id: &'a str, verb: &'a str, limit: Limit },
    /// The quota of the key's plan.
    QuotaExceeded { key: Option<&'a HeaderValue>, quota: Quota },
}

impl ExecutionLog {
    /// One that TestInvokeMethod answers with.
    pub(crate) fn answered(request_id: &HeaderValue, spellings: Spellings) -> Self {
        let request_id = id(request_id);
        let first = format!("Execution log for request {request_id}\n");
        Self::new(request_id, Detail::Everything, Sink::Answer(Mutex::new(first)), spellings)
    }

    /// One of a live request.
    pub(crate) fn live(request_id: &HeaderValue, detail: Detail, stage: &PublishedStage) -> Self {
        let (api, log_name) = (stage.api_id().into(), stage.log_name().into());
        Self::new(id(request_id), detail, Sink::Server { api, stage: stage.name().into(), log_name }, Spellings::default())
    }

    fn new(request_id: Box<str>, detail: Detail, sink: Sink, spellings: Spellings) -> Self {
        Self {
            request_id,
            detail,
            sink,
            spellings,
            secrets: OnceLock::new(),
            identity: OnceLock::new(),
            answer: OnceLock::new(),
            content_type: OnceLock::new(),
            sent: OnceLock::new(),
            service_request_id: OnceLock::new(),
            extended_id_said: OnceLock::new(),
        }
    }

    /// What TestInvokeMethod answers with; nothing of a live request's.
    pub(crate) fn text(&self) -> String {
        match &self.sink {
            // A poisoned lock holds whole lines all the same.
            Sink::Answer(text) => text.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Sink::Server { .. } => String::new(),
        }
    }

    /// A field's name as the log spells it.
    pub(crate) fn spelled<'a>(&'a self, name: &'a HeaderName) -> Cow<'a, str> {
        self.spellings.of(name)
    }

    /// Shows nothing of what a request proves itself with. To be called before anything that might hold it is logged.
    pub(crate) fn keep_secrets_of(&self, headers: &HeaderMap, query: &str) {
        self.secrets.get_or_init(|| Secrets::of(headers, query));
    }

    /// What AWS logs of a deployed stage before the limits are looked at, in its words and with its double spaces where no key is.
    pub(crate) fn verifying_usage_plan(&self, extended_id: &HeaderValue, key: Option<&HeaderValue>) {
        let Sink::Server { api, stage, .. } = &self.sink else { return };
        let (request_id, key) = (&self.request_id, masked(key));
        self.extended_id(extended_id);
        self.step(|| format!("Verifying Usage Plan for request: {request_id}. API Key: {key} API Stage: {api}/{stage}"));
    }

    /// The limits let the request pass; `key` is that of a method which requires one.
    pub(crate) fn admitted(&self, method: &str, key: Option<&HeaderValue>) {
        let Sink::Server { api, stage, .. } = &self.sink else { return };
        let (does, will) = if key.is_some() { ("requires", "will") } else { ("does not require", "will not") };
        let key = masked(key);
        self.step(|| {
            format!(
                "API Key {key} authorized because method '{method}' {does} API Key. Request {will} contribute to throttle or quota \
                 limits"
            )
        });
        self.step(|| format!("Usage Plan check succeeded for API Key {key} and API Stage {api}/{stage}"));
    }

    /// The limits did not. AWS has one text for all throttles, also of a stage without any key.
    pub(crate) fn usage_refused(&self, check: &UsageCheck<'_>) {
        let Sink::Server { api, stage, .. } = &self.sink else { return };
        let closed = |method: &str, key: Option<&HeaderValue>, why: &str| {
            format!(
                "API Key {} not authorized because method '{method}' requires API Key and API Key is not associated with a Usage Plan \
                 for API Stage {api}/{stage}: {why}",
                masked(key)
            )
        };
        self.failure(|| match check {
            UsageCheck::UnknownKey { method, key } => closed(method, *key, "No active API Key was found"),
            UsageCheck::NoPlan { method, key } => closed(method, *key, "No Usage Plan found for key and API Stage"),
            UsageCheck::Throttled { resource_id, verb, limit } => format!(
                "Key throttle limit exceeded for RestApi {api}, Stage {stage}, Resource {resource_id}, HttpMethod {verb}. \
                 Limit: {:.2} Burst: {}",
                limit.rate, limit.burst
            ),
            UsageCheck::QuotaExceeded { key, quota } => format!(
                "Key quota limit exceeded for API Key {} and API Stage {api}/{stage}. Limit: {} per {}",
                masked(*key),
                quota.limit,
                quota.period
            ),
        });
    }

    /// The request as it came.
    pub(crate) async fn method_request(&self, request: MethodRequest<'_>, body: &mut Body) {
        self.keep_secrets_of(request.headers, request.query);
        if let Some(content_type) = request.headers.get(header::CONTENT_TYPE) {
            let _ = self.content_type.set(content_type.clone());
        }
        self.step(|| format!("Starting execution for request: {}", self.request_id));
        self.step(|| format!("HTTP Method: {}, Resource Path: {}", request.verb, request.path));
        self.data(|| format!("Method request path: {}", text::map(request.path_parameters.iter().copied())));
        self.data(|| format!("Method request query string: {}", text::query(request.query)));
        self.data(|| format!("Method request headers: {}", text::headers(request.headers, &self.spellings)));
        if self.detail >= Detail::Everything {
            let start = peek::wait(body).await;
            self.data(|| format!("Method request body before transformations: {}", peek::shown(&start)));
        }
    }

    /// The body matched its model.
    pub(crate) fn validated(&self) {
        self.step(|| format!("Request validation succeeded for content type {}", text::media_type(self.content_type.get())));
    }

    /// What a backend is about to be sent.
    pub(crate) async fn endpoint_request(&self, request: &mut UpstreamRequest) {
        self.data(|| format!("Endpoint request URI: {}", uri(request, Query::Shown)));
        self.data(|| format!("Endpoint request headers: {}", text::headers(&request.headers, &self.spellings)));
        if self.detail >= Detail::Everything {
            let start = peek::wait(&mut request.body).await;
            self.data(|| format!("Endpoint request body after transformations: {}", peek::shown(&start)));
        }
        let query = if self.detail >= Detail::Everything { Query::Shown } else { Query::Hidden };
        self.step(|| format!("Sending request to {}", uri(request, query)));
        let _ = self.sent.set(Instant::now());
    }

    /// What the backend answered. A body that is to be passed on as it comes is not waited for.
    pub(crate) async fn endpoint_response(&self, response: &mut Response, transfer: Transfer) {
        let latency = self.sent.get().map(Instant::elapsed).unwrap_or_default().as_millis();
        let status = response.status.as_u16();
        self.step(|| format!("Received response. Status: {status}, Integration latency: {latency} ms"));
        self.data(|| format!("Endpoint response headers: {}", text::headers(&response.headers, &self.spellings)));
        if self.detail >= Detail::Everything {
            let start = match transfer {
                Transfer::Buffered => peek::wait(&mut response.body).await,
                Transfer::Stream => peek::ready(&mut response.body),
            };
            self.answer.get_or_init(|| Secrets::of_answer(&response.headers, &peek::shown(&start)));
            self.data(|| format!("Endpoint response body before transformations: {}", peek::shown(&start)));
        }
    }

    /// The endpoint's answer was in the stage's cache.
    pub(crate) fn cache_hit(&self) {
        self.step(|| "Found the endpoint response in the stage cache".to_owned());
    }

    /// What an AWS service answered besides.
    pub(crate) fn service_answered(&self, headers: &HeaderMap) {
        const OF_S3: HeaderName = HeaderName::from_static("x-amz-request-id");
        if let Some(request_id) = headers.get(names::REQUEST_ID).or_else(|| headers.get(OF_S3)) {
            let _ = self.service_request_id.set(id(request_id));
        }
    }

    /// What the client is about to be sent, before it is compressed.
    pub(crate) fn method_response(&self, response: &mut Response) {
        if self.detail < Detail::Everything {
            return;
        }
        let start = peek::ready(&mut response.body);
        self.data(|| format!("Method response body after transformations: {}", peek::shown(&start)));
        self.data(|| format!("Method response headers: {}", text::headers(&shown_of(&response.headers), &self.spellings)));
    }

    /// The API answered.
    pub(crate) fn succeeded(&self, status: StatusCode) {
        self.step(|| "Successfully completed execution".to_owned());
        self.step(|| completed(status));
        self.after_completion();
    }

    /// The gateway answered in its place.
    pub(crate) fn failed(&self, error: &GatewayError, status: StatusCode) {
        match error {
            GatewayError::Lambda(failure) => failure.lines().into_iter().for_each(|line| self.failure(|| line)),
            // Admission has said which limit it was.
            GatewayError::InvalidApiKey | GatewayError::Throttled | GatewayError::QuotaExceeded => {}
            _ => self.why(error),
        }
        self.failure(|| completed(status));
        self.after_completion();
    }

    /// Published logs of deployed stages end so; TestInvokeMethod's do not.
    fn after_completion(&self) {
        if let (Sink::Server { .. }, Some(request_id)) = (&self.sink, self.service_request_id.get()) {
            self.step(|| format!("AWS Integration Endpoint RequestId : {request_id}"));
        }
    }

    fn failure(&self, line: impl FnOnce() -> String) {
        self.write(Detail::Failures, line);
    }

    fn step(&self, line: impl FnOnce() -> String) {
        self.write(Detail::Steps, line);
    }

    fn data(&self, line: impl FnOnce() -> String) {
        self.write(Detail::Everything, line);
    }

    /// Writes a line of a log that goes at least into `detail`.
    fn write(&self, detail: Detail, line: impl FnOnce() -> String) {
        if detail > self.detail {
            return;
        }
        let mut line = line();
        for secrets in [&self.secrets, &self.identity, &self.answer].into_iter().filter_map(OnceLock::get) {
            line = secrets.masked_in(line);
        }
        let line = text::bounded(line);
        match &self.sink {
            Sink::Answer(text) => {
                let time = clock::now().execution_log_time();
                let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&format!("{time} : {line}\n"));
            }
            Sink::Server { api, log_name, .. } => self.say(detail, api, log_name, &text::on_one_line(line)),
        }
    }

    fn say(&self, detail: Detail, api: &str, stage: &str, line: &str) {
        let request = &*self.request_id;
        if detail == Detail::Failures {
            tracing::warn!(target: "postern::execution_log", request, api, stage, "({request}) {line}");
        } else {
            tracing::info!(target: "postern::execution_log", request, api, stage, "({request}) {line}");
        }
    }
}

impl std::fmt::Debug for ExecutionLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecutionLog").field("request_id", &self.request_id).field("detail", &self.detail).finish_non_exhaustive()
    }
}

/// What of an answer's fields the log and TestInvokeMethod show: not those that frame it, nor the ids (recorded).
pub(crate) fn shown_of(headers: &HeaderMap) -> HeaderMap {
    let mut shown = HeaderMap::with_capacity(headers.len());
    // AWS shows it first.
    for value in headers.get_all(names::TRACE_ID) {
        shown.append(names::TRACE_ID, value.clone());
    }
    let hidden = [
        names::TRACE_ID,
        names::REQUEST_ID,
        names::APIGW_ID,
        header::CONTENT_LENGTH,
        header::CONNECTION,
        header::TRANSFER_ENCODING,
    ];
    for (name, value) in headers.iter().filter(|(name, _)| !hidden.contains(name)) {
        shown.append(name.clone(), value.clone());
    }
    shown
}

fn completed(status: StatusCode) -> String {
    format!("Method completed with status: {}", status.as_u16())
}

/// An API key as a log shows it.
pub(crate) fn masked_api_key(value: &str) -> String {
    secrets::api_key(value)
}

/// An API key as a line shows it; nothing where there is none.
fn masked(key: Option<&HeaderValue>) -> String {
    key.map(|key| masked_api_key(&String::from_utf8_lossy(key.as_bytes()))).unwrap_or_default()
}

fn id(value: &HeaderValue) -> Box<str> {
    String::from_utf8_lossy(value.as_bytes()).into()
}

/// Whether an address is shown with its query.
#[derive(Clone, Copy)]
enum Query {
    Shown,
    Hidden,
}

fn uri(request: &UpstreamRequest, query: Query) -> String {
    let scheme = match request.origin.scheme() {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let host = request.headers.get(header::HOST).map(|host| String::from_utf8_lossy(host.as_bytes())).unwrap_or_default();
    match (query, request.uri.path_and_query()) {
        (Query::Shown, Some(path)) => format!("{scheme}://{host}{path}"),
        (Query::Hidden, _) | (Query::Shown, None) => format!("{scheme}://{host}{}", request.uri.path()),
    }
}

#[cfg(test)]
mod tests;
