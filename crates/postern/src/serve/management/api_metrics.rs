//! Each API's part of `/_postern/metrics`: what CloudWatch would show of it, under AWS's names.
//!
//! Only where the configuration lets the page name APIs. A series is named by the API's name and id, the stage and, where the stage asks
//! for it, the resource and verb as they are defined: never by anything that a client sends.

use std::fmt;

use postern_data_plane::{ApiMetrics, HistogramCounts, LATENCY_BOUNDS_MS, SeriesCounts};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::otlp::Dropped;

/// Series that the page shows: at about three kilobytes each, thirty megabytes. Stages come before methods.
const SERIES_MAX: usize = 10_000;

/// Shows the metrics of APIs.
pub struct ApiSeries<F>(pub F);

/// Shows how many lines each destination of logs lost.
pub struct LinesDropped<F>(pub F);

/// Shows what the collector of telemetry was not sent.
pub struct OtlpDropped<F>(pub F);

impl<F> fmt::Debug for OtlpDropped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpDropped").finish_non_exhaustive()
    }
}

impl<F: Fn() -> Dropped + Send + Sync + 'static> Collector for OtlpDropped<F> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let Dropped { spans, lines } = (self.0)();
        let help = "Spans and lines of logs that the OTLP collector was not sent";
        let mut metric = encoder.encode_descriptor("otlp_dropped", help, None, MetricType::Counter)?;
        for (signal, count) in [("traces", spans), ("logs", lines)] {
            ConstCounter::new(count).encode(metric.encode_family(&[("signal", signal)])?)?;
        }
        Ok(())
    }
}

impl<F> fmt::Debug for ApiSeries<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiSeries").finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for LinesDropped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinesDropped").finish_non_exhaustive()
    }
}

impl<F: Fn() -> Vec<(String, u64)> + Send + Sync + 'static> Collector for LinesDropped<F> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let destinations = (self.0)();
        if destinations.is_empty() {
            return Ok(());
        }
        let help = "Lines of stages' access logs that were dropped, by destination";
        let mut metric = encoder.encode_descriptor("log_destination_lines_dropped", help, None, MetricType::Counter)?;
        for (name, lines) in destinations {
            ConstCounter::new(lines).encode(metric.encode_family(&[("destination", name.as_str())])?)?;
        }
        Ok(())
    }
}

impl<F: Fn() -> Vec<ApiMetrics> + Send + Sync + 'static> Collector for ApiSeries<F> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let all = bounded((self.0)());
        let hidden = encoder.encode_descriptor(
            "apigateway_series_hidden",
            "Series of APIs that are too many to be shown here",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(i64::try_from(all.hidden).unwrap_or(i64::MAX)).encode(hidden)?;
        let shown = &all.shown;
        counters(&mut encoder, "apigateway_count", "Count: requests", shown, |counts| counts.latency.count())?;
        counters(&mut encoder, "apigateway_4xx_error", "4XXError: answers with 4xx", shown, |counts| counts.client_errors)?;
        counters(&mut encoder, "apigateway_5xx_error", "5XXError: answers with 5xx", shown, |counts| counts.server_errors)?;
        let help = "CacheHitCount: requests answered from the stage's cache";
        counters(&mut encoder, "apigateway_cache_hit_count", help, shown, |counts| counts.cache_hits)?;
        let help = "CacheMissCount: requests that the stage's cache had no answer for";
        counters(&mut encoder, "apigateway_cache_miss_count", help, shown, |counts| counts.cache_misses)?;
        let help = "Latency: from a request's arrival to its answer";
        histograms(&mut encoder, "apigateway_latency_seconds", help, shown, |counts| &counts.latency)?;
        let help = "IntegrationLatency: from calling the integration to its answer";
        histograms(&mut encoder, "apigateway_integration_latency_seconds", help, shown, |counts| &counts.integration_latency)
    }
}

struct Bounded {
    shown: Vec<ApiMetrics>,
    hidden: usize,
}

/// As many as anything that reads them is given.
pub fn at_most(all: Vec<ApiMetrics>) -> Vec<ApiMetrics> {
    bounded(all).shown
}

fn bounded(mut all: Vec<ApiMetrics>) -> Bounded {
    let hidden = all.len().saturating_sub(SERIES_MAX);
    if hidden > 0 {
        // Stable: among stages, and among methods, the order stays.
        all.sort_by_key(|series| series.method.is_some());
        all.truncate(SERIES_MAX);
    }
    Bounded { shown: all, hidden }
}

/// Methods have families of their own, `…_method_…`: a sum over one family counts no request twice.
fn counters(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    all: &[ApiMetrics],
    count: impl Fn(&SeriesCounts) -> u64,
) -> Result<(), fmt::Error> {
    for level in Level::ALL {
        let name = level.name(name);
        let mut metric = encoder.encode_descriptor(&name, help, None, MetricType::Counter)?;
        for series in all.iter().filter(|series| level.shows(series)) {
            ConstCounter::new(count(&series.counts)).encode(metric.encode_family(&labels(series))?)?;
        }
    }
    Ok(())
}

fn histograms(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    all: &[ApiMetrics],
    times: impl Fn(&SeriesCounts) -> &HistogramCounts,
) -> Result<(), fmt::Error> {
    for level in Level::ALL {
        let name = level.name(name);
        let mut metric = encoder.encode_descriptor(&name, help, None, MetricType::Histogram)?;
        for series in all.iter().filter(|series| level.shows(series)) {
            let times = times(&series.counts);
            let bounds = LATENCY_BOUNDS_MS.iter().map(|ms| *ms as f64 / 1e3).chain([f64::INFINITY]);
            let buckets: Vec<_> = bounds.zip(times.buckets).collect();
            let labels = labels(series);
            let mut family = metric.encode_family(&labels)?;
            family.encode_histogram::<NoLabelSet>(times.sum_us as f64 / 1e6, times.count(), &buckets, None)?;
        }
    }
    Ok(())
}

/// What a family is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Stage,
    Method,
}

impl Level {
    const ALL: [Self; 2] = [Self::Stage, Self::Method];

    fn name(self, name: &str) -> String {
        match self {
            Self::Stage => name.to_owned(),
            Self::Method => name.replacen("apigateway_", "apigateway_method_", 1),
        }
    }

    fn shows(self, series: &ApiMetrics) -> bool {
        series.method.is_some() == (self == Self::Method)
    }
}

/// AWS's dimensions, and the id: names need not be unique.
fn labels(series: &ApiMetrics) -> Vec<(&'static str, &str)> {
    let mut labels = vec![("api_name", series.api_name.as_str()), ("api_id", &series.api_id), ("stage", &series.stage)];
    if let Some((resource, verb)) = &series.method {
        labels.extend([("resource", resource.as_str()), ("method", verb.as_str())]);
    }
    labels
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;

    use super::*;

    fn series(method: Option<(&str, &str)>) -> ApiMetrics {
        let mut counts = SeriesCounts { client_errors: 1, cache_hits: 2, cache_misses: 3, ..SeriesCounts::default() };
        counts.latency.buckets[0] = 4;
        counts.latency.buckets[12] = 1;
        counts.latency.sum_us = 40_000_000;
        ApiMetrics {
            api_id: "abc".to_owned(),
            api_name: "Pets \"1\"".to_owned(),
            stage: "prod".to_owned(),
            method: method.map(|(resource, verb)| (resource.to_owned(), verb.to_owned())),
            counts,
        }
    }

    fn page(all: Vec<ApiMetrics>) -> String {
        let mut registry = Registry::with_prefix("postern");
        registry.register_collector(Box::new(ApiSeries(move || all.clone())));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn a_stage_and_its_methods() {
        let page = page(vec![series(None), series(Some(("/pets/{id}", "GET")))]);
        let of_stage = "api_name=\"Pets \\\"1\\\"\",api_id=\"abc\",stage=\"prod\"";
        for line in [
            format!("postern_apigateway_count_total{{{of_stage}}} 5"),
            format!("postern_apigateway_4xx_error_total{{{of_stage}}} 1"),
            format!("postern_apigateway_5xx_error_total{{{of_stage}}} 0"),
            format!("postern_apigateway_cache_hit_count_total{{{of_stage}}} 2"),
            format!("postern_apigateway_cache_miss_count_total{{{of_stage}}} 3"),
            format!("postern_apigateway_latency_seconds_sum{{{of_stage}}} 40.0"),
            format!("postern_apigateway_latency_seconds_bucket{{le=\"0.001\",{of_stage}}} 4"),
            format!("postern_apigateway_latency_seconds_bucket{{le=\"30.0\",{of_stage}}} 4"),
            format!("postern_apigateway_latency_seconds_bucket{{le=\"+Inf\",{of_stage}}} 5"),
            format!("postern_apigateway_method_count_total{{{of_stage},resource=\"/pets/{{id}}\",method=\"GET\"}} 5"),
        ] {
            assert!(page.lines().any(|have| have == line), "{line} is not in\n{page}");
        }
    }

    #[test]
    fn what_is_shown_is_bounded() {
        let mut all = vec![series(Some(("/p", "GET"))); SERIES_MAX];
        all.push(series(None));
        let bounded = bounded(all);
        assert_eq!((bounded.shown.len(), bounded.hidden), (SERIES_MAX, 1));
        assert!(bounded.shown[0].method.is_none(), "stages come first");
    }
}
