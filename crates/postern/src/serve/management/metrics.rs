//! `/_postern/metrics`: Prometheus' text format. Whoever may connect may read it, so nothing here names a tenant or an API.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

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
    /// Compiled APIs in memory.
    pub resident_apis: u64,
    /// Access log lines that were dropped.
    pub access_log_dropped: u64,
}

struct Shown<F> {
    counters: Arc<Counters>,
    traffic: F,
}

impl Metrics {
    /// Prometheus' text format is OpenMetrics' here, which it reads as well.
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Shows `counters`, and what `traffic` reads.
    pub fn new(counters: Arc<Counters>, traffic: impl Fn() -> TrafficCounts + Send + Sync + 'static) -> Self {
        let mut registry = Registry::with_prefix("postern");
        registry.register_collector(Box::new(Shown { counters: Arc::clone(&counters), traffic }));
        Self { counters, registry }
    }

    /// The page.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail, and no collector of ours does.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

impl<F> fmt::Debug for Shown<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

impl<F: Fn() -> TrafficCounts + Send + Sync + 'static> Collector for Shown<F> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let (counters, traffic) = (&self.counters, (self.traffic)());
        family(&mut encoder, "requests", "Requests for APIs, by outcome", "outcome", traffic.requests)?;
        family(&mut encoder, "request_failures", "Requests not served, by fault", "fault", traffic.failures)?;
        gauge(&mut encoder, "resident_apis", "Compiled APIs in memory", traffic.resident_apis)?;
        let help = "Access log lines dropped because the log was too slow";
        family(&mut encoder, "access_log_lines", help, "outcome", [("dropped", traffic.access_log_dropped)])?;
        let help = "Management calls, by class of status";
        family(&mut encoder, "management_requests", help, "class", counters.management.read())?;
        let help = "Versions of APIs given to the data plane, by outcome";
        family(&mut encoder, "deploys", help, "outcome", counters.publications.read())?;
        let help = "Commits to the store, by outcome; a conflict that is tried again is a failure";
        family(&mut encoder, "store_writes", help, "outcome", counters.commits.read())?;
        gauge(&mut encoder, "uptime_seconds", "Since the process began to serve", counters.started.elapsed().as_secs())
    }
}

fn family(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    label: &str,
    counts: impl IntoIterator<Item = Labelled>,
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
            resident_apis: 3,
            access_log_dropped: 1,
        };
        let page = Metrics::new(counters, traffic).render();
        for line in [
            "postern_requests_total{outcome=\"success\"} 7",
            "postern_request_failures_total{fault=\"integration\"} 2",
            "postern_resident_apis 3",
            "postern_access_log_lines_total{outcome=\"dropped\"} 1",
            "postern_management_requests_total{class=\"4xx\"} 1",
            "postern_deploys_total{outcome=\"success\"} 1",
            "postern_store_writes_total{outcome=\"failure\"} 1",
            "postern_uptime_seconds 0",
        ] {
            assert!(page.lines().any(|have| have == line), "{line} is not in\n{page}");
        }
    }
}
