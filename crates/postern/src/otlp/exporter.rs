//! Sends what waits, once a second, and metrics at their own interval: a batch of each in turn, so that none keeps the others waiting.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use postern_data_plane::ApiMetrics;
use postern_data_plane::transport::{Body, Origin, Scheme, TlsVerify, UpstreamRequest, Upstreams};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::encode;
use super::queue::{Dropped, Queue};
use crate::config::OtlpSettings;

/// How long anything waits before it is sent.
const EXPORT_INTERVAL: Duration = Duration::from_secs(1);
/// For one request to the collector.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Series in one request.
const SERIES_BATCH_MAX: usize = 1_000;
/// How often a batch is sent before it is given up.
const TRIES_MAX: u32 = 4;
/// Before the second try; each later one waits twice as long.
const RETRY_DELAY: Duration = Duration::from_millis(500);
/// What of an answer is read: it says what of a message was not taken.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// For what is left at the end.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads the metrics that are sent.
type ReadMetrics = Box<dyn Fn() -> Vec<ApiMetrics> + Send + Sync>;

/// Sends in the background, from [`Self::start`] on.
pub struct Exporter {
    settings: OtlpSettings,
    queue: Arc<Queue>,
    stop: watch::Sender<bool>,
    running: Mutex<Option<JoinHandle<()>>>,
}

struct Running {
    settings: OtlpSettings,
    queue: Arc<Queue>,
    upstreams: Upstreams,
    read_metrics: ReadMetrics,
    stop: watch::Receiver<bool>,
    /// When they are sent next.
    metrics_at: Instant,
    /// Whether the collector failed the last time, so that the log says it once.
    is_failing: bool,
}

/// Whether to go on trying.
enum Sent {
    /// But for so many of it.
    Taken(u64),
    /// Later, perhaps.
    Refused(String),
    /// Never.
    Rejected(String),
}

impl Exporter {
    /// One that has not started yet.
    pub fn new(settings: OtlpSettings) -> Self {
        Self { settings, queue: Arc::default(), stop: watch::Sender::new(false), running: Mutex::default() }
    }

    /// Where to put what is to be sent.
    pub fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Of a hundred requests whose clients have not decided it, how many are traced.
    pub fn sample_percent(&self) -> u8 {
        self.settings.sample_percent
    }

    /// Begins to send.
    pub fn start(&self, upstreams: Upstreams, read_metrics: impl Fn() -> Vec<ApiMetrics> + Send + Sync + 'static) {
        let (settings, queue) = (self.settings.clone(), Arc::clone(&self.queue));
        let (stop, metrics_at) = (self.stop.subscribe(), Instant::now() + settings.metrics_interval);
        let read_metrics = Box::new(read_metrics);
        let running = Running { settings, queue, upstreams, read_metrics, stop, metrics_at, is_failing: false };
        let task = tokio::spawn(running.run());
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Sends what is left and ends.
    pub async fn end(&self) {
        self.stop.send_replace(true);
        let task = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut task) = task
            && tokio::time::timeout(END_TIMEOUT, &mut task).await.is_err()
        {
            task.abort();
            // What was being sent is counted when the task is gone.
            let _ = task.await;
            self.queue.give_up();
            let Dropped { spans, lines } = self.queue.dropped();
            tracing::warn!(
                spans,
                lines,
                "not everything was sent to the OTLP collector before the end; so much was dropped in all"
            );
        }
    }
}

impl Running {
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(EXPORT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !self.is_over() {
                tokio::select! {
                    _ = ticks.tick() => {}
                    // An error says that the exporter is gone: the end as well.
                    _ = self.stop.changed() => {}
                }
            }
            // What comes from now on has the next turn.
            let is_last = self.is_over();
            if is_last {
                self.metrics_at = Instant::now();
            }
            while self.send_round().await {}
            if is_last {
                return;
            }
        }
    }

    fn is_over(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }

    /// Sends a batch of each signal; whether there was one of spans or lines.
    async fn send_round(&mut self) -> bool {
        let queue = Arc::clone(&self.queue);
        let spans = queue.take_spans();
        let had_spans = !spans.items().is_empty();
        if had_spans && let Some(rejected) = self.send("traces", &encode::traces(spans.items())).await {
            spans.taken(rejected);
        }
        let lines = queue.take_lines();
        let had_lines = !lines.items().is_empty();
        if had_lines && let Some(rejected) = self.send("logs", &encode::logs(lines.items())).await {
            lines.taken(rejected);
        }
        if Instant::now() >= self.metrics_at {
            self.metrics_at = Instant::now() + self.settings.metrics_interval;
            self.send_metrics().await;
        }
        had_spans || had_lines
    }

    async fn send_metrics(&mut self) {
        let all = (self.read_metrics)();
        let now_ns = encode::now_ns();
        for series in all.chunks(SERIES_BATCH_MAX) {
            // Not kept: the next ones count what these did.
            if self.send("metrics", &encode::metrics(series, now_ns)).await.is_none() {
                return;
            }
        }
    }

    /// Sends one message, several times if need be; at the end once, so that the end comes. How much of it was rejected, or `None` if all.
    async fn send(&mut self, signal: &str, message: &Value) -> Option<u64> {
        let body = Bytes::from(message.to_string());
        let (mut delay, mut attempt) = (RETRY_DELAY, 1);
        loop {
            match self.send_once(signal, body.clone()).await {
                Sent::Taken(rejected) => {
                    if std::mem::take(&mut self.is_failing) {
                        tracing::info!("the OTLP collector takes what it is sent again");
                    }
                    return Some(rejected);
                }
                Sent::Refused(_) if attempt < TRIES_MAX && !self.is_over() => {
                    tokio::select! {
                        () = tokio::time::sleep(delay) => {}
                        _ = self.stop.changed() => {}
                    }
                    delay *= 2;
                    attempt += 1;
                }
                Sent::Refused(reason) | Sent::Rejected(reason) => {
                    if !std::mem::replace(&mut self.is_failing, true) {
                        tracing::warn!(
                            signal,
                            reason,
                            "the OTLP collector does not take what it is sent; it is dropped and counted"
                        );
                    }
                    return None;
                }
            }
        }
    }

    async fn send_once(&self, signal: &str, body: Bytes) -> Sent {
        let request = match self.request(signal, body) {
            Ok(request) => request,
            Err(reason) => return Sent::Rejected(reason),
        };
        let deadline = Instant::now() + TIMEOUT;
        match self.upstreams.send(request, deadline).await {
            Ok(answer) => {
                let status = answer.status;
                // Read to its end, so that the connection can be used again.
                let body = answer.body.with_deadline(deadline).collect(ANSWER_BYTES_MAX).await;
                of_answer(status, body.as_deref().unwrap_or_default())
            }
            Err(error) => Sent::Refused(error.to_string()),
        }
    }

    fn request(&self, signal: &str, body: Bytes) -> Result<UpstreamRequest, String> {
        let url = &self.settings.endpoint;
        let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
        let host = format!("{host}:{}", url.port);
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::try_from(host).map_err(|error| error.to_string())?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("postern/", env!("CARGO_PKG_VERSION"))));
        for (name, value) in &self.settings.headers {
            headers.insert(name.clone(), value.clone());
        }
        let scheme = if url.tls { Scheme::Https } else { Scheme::Http };
        Ok(UpstreamRequest {
            origin: Origin::new(scheme, &url.host, url.port, TlsVerify::Full).chosen_by_operator(),
            method: Method::POST,
            uri: format!("{}/v1/{signal}", url.path).parse::<Uri>().map_err(|error| error.to_string())?,
            headers,
            body: Body::full(body),
        })
    }
}

/// OTLP/HTTP, "Retryable Response Codes" and "Partial Success".
fn of_answer(status: StatusCode, body: &[u8]) -> Sent {
    match status.as_u16() {
        200..=299 => Sent::Taken(rejected(body)),
        429 | 502..=504 => Sent::Refused(status.to_string()),
        _ => Sent::Rejected(status.to_string()),
    }
}

/// How much of a message the collector did not take. A 64-bit number of JSON Protobuf is text, or a number with some collectors.
fn rejected(answer: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let counts = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"].map(|name| &answer["partialSuccess"][name]);
    let rejected = counts.into_iter().filter_map(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok())).sum();
    if rejected > 0 {
        let reason = answer["partialSuccess"]["errorMessage"].as_str().unwrap_or_default();
        tracing::warn!(rejected, reason, "the OTLP collector took only a part of what it was sent");
    }
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        assert!(matches!(of_answer(StatusCode::OK, b""), Sent::Taken(0)));
        let partial = br#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#;
        assert!(matches!(of_answer(StatusCode::OK, partial), Sent::Taken(3)));
        assert!(matches!(of_answer(StatusCode::OK, br#"{"partialSuccess":{"rejectedLogRecords":2}}"#), Sent::Taken(2)));
        assert!(matches!(of_answer(StatusCode::SERVICE_UNAVAILABLE, b""), Sent::Refused(_)));
        assert!(matches!(of_answer(StatusCode::BAD_REQUEST, b""), Sent::Rejected(_)));
    }
}
