//! `/_postern/metrics`: Prometheus' text format. Whoever may connect may read it, so nothing here names a tenant or an API, but where the
//! configuration says so (`api_metrics`). Functions and destinations of logs are named as the operator declared them, and no others: their
//! number is bounded.

use std::fmt;
use std::sync::Arc;

use postern_data_plane::ApiMetrics;
use postern_functions::FunctionStats;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::api_metrics::{ApiSeries, LinesDropped, OtlpDropped};
use crate::otlp::Dropped;
use crate::serve::counters::Counters;

/// Everything that is shown.
pub struct Metrics {
    /// What is counted here.
    pub counters: Arc<Counters>,
    registry: Registry,
}

/// A count with the value of its one label.
pub type Labelled = (&'static str, u64);

/// What the data plane counts, read when metrics are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficCounts {
    /// Requests by outcome.
    pub requests: [Labelled; 3],
    /// Requests that failed for another reason than the client, by whose fault it was.
    pub failures: [Labelled; 2],
    /// Requests that admission refused, by why.
    pub refusals: [Labelled; 3],
    /// API keys in memory.
    pub resident_api_keys: u64,
    /// API keys whose counts are not stored yet.
    pub usage_unwritten: u64,
    /// Compiled APIs in memory.
    pub resident_apis: u64,
    /// Of what stages cache.
    pub cache_bytes: u64,
    /// Access log lines that were dropped.
    pub access_log_dropped: u64,
    /// Connections to backends, idle ones included.
    pub backend_connections: u64,
    /// Those without a request.
    pub backend_connections_idle: u64,
}

struct Shown<F, G> {
    counters: Arc<Counters>,
    traffic: F,
    functions: G,
}

impl Metrics {
    /// Prometheus' text format is OpenMetrics' here, which it reads as well.
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Shows `counters`, and what `traffic` and `functions` read.
    pub fn new(
        counters: Arc<Counters>,
        traffic: impl Fn() -> TrafficCounts + Send + Sync + 'static,
        functions: impl Fn() -> Vec<FunctionStats> + Send + Sync + 'static,
    ) -> Self {
        let mut registry = Registry::with_prefix("postern");
        registry.register_collector(Box::new(Shown { counters: Arc::clone(&counters), traffic, functions }));
        Self { counters, registry }
    }

    /// With the metrics of each API.
    pub fn with_apis(mut self, read: impl Fn() -> Vec<ApiMetrics> + Send + Sync + 'static) -> Self {
        self.registry.register_collector(Box::new(ApiSeries(read)));
        self
    }

    /// With what the collector of telemetry was not sent.
    pub fn with_otlp(mut self, read: impl Fn() -> Dropped + Send + Sync + 'static) -> Self {
        self.registry.register_collector(Box::new(OtlpDropped(read)));
        self
    }

    /// With the lines that each destination of logs lost.
    pub fn with_lines_dropped(mut self, read: impl Fn() -> Vec<(String, u64)> + Send + Sync + 'static) -> Self {
        self.registry.register_collector(Box::new(LinesDropped(read)));
        self
    }

    /// The page.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail, and no collector of ours does.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

impl<F, G> fmt::Debug for Shown<F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

impl<F, G> Collector for Shown<F, G>
where
    F: Fn() -> TrafficCounts + Send + Sync + 'static,
    G: Fn() -> Vec<FunctionStats> + Send + Sync + 'static,
{
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let (counters, traffic) = (&self.counters, (self.traffic)());
        family(&mut encoder, "requests", "Requests for APIs, by outcome", "outcome", traffic.requests)?;
        family(&mut encoder, "request_failures", "Requests not served, by fault", "fault", traffic.failures)?;
        family(&mut encoder, "admission_refusals", "Requests that no limit let in, by limit", "limit", traffic.refusals)?;
        gauge(&mut encoder, "resident_apis", "Compiled APIs in memory", traffic.resident_apis)?;
        gauge(&mut encoder, "stage_cache_bytes", "Memory taken by what stages cache", traffic.cache_bytes)?;
        gauge(&mut encoder, "resident_api_keys", "API keys in memory", traffic.resident_api_keys)?;
        gauge(&mut encoder, "usage_unwritten", "API keys whose counts are not stored yet", traffic.usage_unwritten)?;
        gauge(&mut encoder, "backend_connections", "Connections to backends, idle ones included", traffic.backend_connections)?;
        let help = "Connections to backends without a request";
        gauge(&mut encoder, "backend_connections_idle", help, traffic.backend_connections_idle)?;
        let help = "Access log lines dropped because the log was too slow";
        family(&mut encoder, "access_log_lines", help, "outcome", [("dropped", traffic.access_log_dropped)])?;
        let help = "Management calls, by class of status";
        family(&mut encoder, "management_requests", help, "class", counters.management.read())?;
        let help = "Versions of APIs given to the data plane, by outcome";
        family(&mut encoder, "deploys", help, "outcome", counters.publications.read())?;
        let help = "Commits to the store, by outcome; a conflict that is tried again is a failure";
        family(&mut encoder, "store_writes", help, "outcome", counters.commits.read())?;
        functions(&mut encoder, &(self.functions)())?;
        gauge(&mut encoder, "uptime_seconds", "Since the process began to serve", counters.started.elapsed().as_secs())
    }
}

/// One family for each number, with a function for a label.
fn functions(encoder: &mut DescriptorEncoder, all: &[FunctionStats]) -> Result<(), fmt::Error> {
    if all.is_empty() {
        return Ok(());
    }
    let counted = |number: fn(&FunctionStats) -> u64| all.iter().map(move |stats| (stats.function.as_str(), number(stats)));
    let label = "function";
    family(encoder, "function_invocations", "Invocations that a process had", label, counted(|stats| stats.invocations))?;
    family(encoder, "function_errors", "Invocations that failed, timeouts included", label, counted(|stats| stats.errors))?;
    family(encoder, "function_timeouts", "Invocations that took too long", label, counted(|stats| stats.timeouts))?;
    family(encoder, "function_throttles", "Calls refused because too many wait", label, counted(|stats| stats.throttles))?;
    family(encoder, "function_cold_starts", "Processes that became ready", label, counted(|stats| stats.cold_starts))?;
    let help = "Asynchronous calls given up for good";
    family(encoder, "function_events_failed", help, label, counted(|stats| stats.events_failed))?;
    let help = "Time in invocations";
    family(encoder, "function_duration_microseconds", help, label, counted(|stats| stats.duration_us))?;
    gauges(encoder, "function_processes", "Processes now", label, counted(|stats| stats.processes))?;
    gauges(encoder, "function_waiting", "Calls that wait for a process now", label, counted(|stats| stats.waiting))
}

fn gauges<'a>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    label: &str,
    counts: impl IntoIterator<Item = (&'a str, u64)>,
) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (value, count) in counts {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        ConstGauge::new(count).encode(metric.encode_family(&[(label, value)])?)?;
    }
    Ok(())
}

fn family<'a>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    label: &str,
    counts: impl IntoIterator<Item = (&'a str, u64)>,
) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (value, count) in counts {
        ConstCounter::new(count).encode(metric.encode_family(&[(label, value)])?)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder, name: &str, help: &str, value: u64) -> Result<(), fmt::Error> {
    let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn the_page_lists_every_count() {
        let counters = Arc::new(Counters::new());
        counters.management.count(StatusCode::NOT_FOUND);
        counters.publications.count(&Ok::<_, ()>(()));
        counters.commits.count(&Err::<(), _>(()));
        let traffic = || TrafficCounts {
            requests: [("success", 7), ("client_error", 0), ("server_error", 0)],
            failures: [("integration", 2), ("gateway", 0)],
            refusals: [("throttle", 4), ("quota", 5), ("api_key", 6)],
            resident_api_keys: 8,
            usage_unwritten: 9,
            resident_apis: 3,
            cache_bytes: 11,
            access_log_dropped: 1,
            backend_connections: 5,
            backend_connections_idle: 4,
        };
        let functions =
            || vec![FunctionStats { function: "hello".to_owned(), invocations: 5, processes: 2, ..FunctionStats::default() }];
        let page = Metrics::new(counters, traffic, functions).render();
        for line in [
            "postern_requests_total{outcome=\"success\"} 7",
            "postern_request_failures_total{fault=\"integration\"} 2",
            "postern_resident_apis 3",
            "postern_stage_cache_bytes 11",
            "postern_admission_refusals_total{limit=\"quota\"} 5",
            "postern_resident_api_keys 8",
            "postern_usage_unwritten 9",
            "postern_backend_connections 5",
            "postern_backend_connections_idle 4",
            "postern_access_log_lines_total{outcome=\"dropped\"} 1",
            "postern_management_requests_total{class=\"4xx\"} 1",
            "postern_deploys_total{outcome=\"success\"} 1",
            "postern_store_writes_total{outcome=\"failure\"} 1",
            "postern_function_invocations_total{function=\"hello\"} 5",
            "postern_function_processes{function=\"hello\"} 2",
            "postern_uptime_seconds 0",
        ] {
            assert!(page.lines().any(|have| have == line), "{line} is not in\n{page}");
        }
    }
}
