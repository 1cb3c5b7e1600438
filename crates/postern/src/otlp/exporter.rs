//! Sends what waits, once a second, and metrics at their own interval.

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
use super::queue::Queue;
use crate::config::OtlpSettings;

/// How long anything waits before it is sent.
const EXPORT_INTERVAL: Duration = Duration::from_secs(1);
/// For one request to the collector.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Spans or lines in one request: below a megabyte as a rule, which collectors take.
const BATCH_MAX: usize = 512;
/// Series in one request.
const SERIES_BATCH_MAX: usize = 1_000;
/// How often a batch is sent before it is given up.
const TRIES_MAX: u32 = 4;
/// Before the second try; each later one waits twice as long.
const RETRY_DELAY: Duration = Duration::from_millis(500);
/// What of an answer is read: nothing of it is needed.
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
    /// Whether the collector failed the last time, so that the log says it once.
    is_failing: bool,
}

/// Whether to go on trying.
enum Sent {
    Taken,
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
        let running = Running { settings, queue, upstreams, read_metrics: Box::new(read_metrics), is_failing: false };
        let task = tokio::spawn(running.run(self.stop.subscribe()));
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Sends what is left and ends.
    pub async fn end(&self) {
        self.stop.send_replace(true);
        let task = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && tokio::time::timeout(END_TIMEOUT, task).await.is_err()
        {
            tracing::warn!("not everything was sent to the OTLP collector before the end");
        }
    }
}

impl Running {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(EXPORT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut metrics_at = Instant::now() + self.settings.metrics_interval;
        loop {
            let is_over = tokio::select! {
                _ = ticks.tick() => false,
                // An error says that the exporter is gone: the end as well.
                _ = stop.changed() => true,
            };
            // At the end what is left is tried once.
            let tries = if is_over { 1 } else { TRIES_MAX };
            self.send_queue(tries).await;
            if is_over || Instant::now() >= metrics_at {
                metrics_at = Instant::now() + self.settings.metrics_interval;
                self.send_metrics(tries).await;
            }
            if is_over {
                return;
            }
        }
    }

    async fn send_queue(&mut self, tries: u32) {
        loop {
            let spans = self.queue.take_spans(BATCH_MAX);
            if spans.is_empty() {
                break;
            }
            if !self.send("traces", &encode::traces(&spans), tries).await {
                self.queue.lost_spans(spans.len());
            }
        }
        loop {
            let lines = self.queue.take_lines(BATCH_MAX);
            if lines.is_empty() {
                break;
            }
            if !self.send("logs", &encode::logs(&lines), tries).await {
                self.queue.lost_lines(lines.len());
            }
        }
    }

    async fn send_metrics(&mut self, tries: u32) {
        let all = (self.read_metrics)();
        let now_ns = encode::now_ns();
        for series in all.chunks(SERIES_BATCH_MAX) {
            // Not kept: the next ones count what these did.
            self.send("metrics", &encode::metrics(series, now_ns), tries).await;
        }
    }

    /// Sends one message, several times if need be.
    async fn send(&mut self, signal: &str, message: &Value, tries: u32) -> bool {
        let body = Bytes::from(message.to_string());
        let mut delay = RETRY_DELAY;
        for attempt in 1..=tries {
            match self.send_once(signal, body.clone()).await {
                Sent::Taken => {
                    if std::mem::take(&mut self.is_failing) {
                        tracing::info!("the OTLP collector takes what it is sent again");
                    }
                    return true;
                }
                Sent::Refused(_) if attempt < tries => {
                    tokio::time::sleep(delay).await;
                    delay *= 2;
                }
                Sent::Refused(reason) | Sent::Rejected(reason) => {
                    if !std::mem::replace(&mut self.is_failing, true) {
                        tracing::warn!(
                            signal,
                            reason,
                            "the OTLP collector does not take what it is sent; it is dropped and counted"
                        );
                    }
                    return false;
                }
            }
        }
        false
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
                let _ = answer.body.with_deadline(deadline).collect(ANSWER_BYTES_MAX).await;
                of_status(status)
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

/// OTLP/HTTP, "Retryable Response Codes".
fn of_status(status: StatusCode) -> Sent {
    match status.as_u16() {
        200..=299 => Sent::Taken,
        429 | 502..=504 => Sent::Refused(status.to_string()),
        _ => Sent::Rejected(status.to_string()),
    }
}
