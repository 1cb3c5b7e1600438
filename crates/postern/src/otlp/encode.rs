//! The three kinds of messages, in the JSON of OTLP: ids are hexadecimal digits, 64-bit numbers are text, enumerations are numbers
//! (OpenTelemetry Protocol, "JSON Protobuf Encoding").

use std::time::{SystemTime, UNIX_EPOCH};

use postern_data_plane::{ApiMetrics, HistogramCounts, LATENCY_BOUNDS_MS, SeriesCounts, Span, SpanKind, SpanValue};
use serde_json::{Value, json};

use super::queue::Line;

/// How CloudWatch's metric streams name metrics in OTLP (AWS docs, "CloudWatch metric streams output in OpenTelemetry format").
const METRIC_PREFIX: &str = "amazonaws.com/AWS/ApiGateway/";
/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u8 = 2;
/// `SEVERITY_NUMBER_INFO`.
const INFO: u8 = 9;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// Now, in nanoseconds since the epoch.
pub(super) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The body of `/v1/traces`.
pub(super) fn traces(spans: &[Span]) -> Value {
    let spans: Vec<_> = spans.iter().map(span).collect();
    json!({"resourceSpans": [{"resource": resource(), "scopeSpans": [{"scope": scope(), "spans": spans}]}]})
}

/// The body of `/v1/logs`.
pub(super) fn logs(lines: &[Line]) -> Value {
    let records: Vec<_> = lines
        .iter()
        .map(|line| {
            json!({
                "timeUnixNano": line.time_ns.to_string(),
                "observedTimeUnixNano": line.time_ns.to_string(),
                "severityNumber": INFO,
                "severityText": "INFO",
                "body": {"stringValue": &*line.text},
                "attributes": [attribute("log.destination", &line.destination)],
            })
        })
        .collect();
    json!({"resourceLogs": [{"resource": resource(), "scopeLogs": [{"scope": scope(), "logRecords": records}]}]})
}

/// The body of `/v1/metrics`.
pub(super) fn metrics(all: &[ApiMetrics], now_ns: u64) -> Value {
    let sums = [
        ("Count", (|counts: &SeriesCounts| counts.latency.count()) as fn(&SeriesCounts) -> u64),
        ("4XXError", |counts| counts.client_errors),
        ("5XXError", |counts| counts.server_errors),
        ("CacheHitCount", |counts| counts.cache_hits),
        ("CacheMissCount", |counts| counts.cache_misses),
    ];
    let sums = sums.map(|(name, count)| {
        let points: Vec<_> =
            all.iter().map(|series| point(series, now_ns, json!({"asInt": count(&series.counts).to_string()}))).collect();
        let sum = json!({"dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": true});
        json!({"name": format!("{METRIC_PREFIX}{name}"), "unit": "{Count}", "sum": sum})
    });
    let histograms = [
        ("Latency", (|counts: &SeriesCounts| counts.latency) as fn(&SeriesCounts) -> HistogramCounts),
        ("IntegrationLatency", |counts| counts.integration_latency),
    ];
    let histograms = histograms.map(|(name, times)| {
        let points: Vec<_> = all.iter().map(|series| point(series, now_ns, histogram(&times(&series.counts)))).collect();
        let histogram = json!({"dataPoints": points, "aggregationTemporality": CUMULATIVE});
        json!({"name": format!("{METRIC_PREFIX}{name}"), "unit": "ms", "histogram": histogram})
    });
    let metrics: Vec<_> = sums.into_iter().chain(histograms).collect();
    json!({"resourceMetrics": [{"resource": resource(), "scopeMetrics": [{"scope": scope(), "metrics": metrics}]}]})
}

fn histogram(times: &HistogramCounts) -> Value {
    let buckets: Vec<_> = times.buckets.iter().map(u64::to_string).collect();
    json!({
        "count": times.count().to_string(),
        "sum": times.sum_us as f64 / 1e3,
        "bucketCounts": buckets,
        "explicitBounds": LATENCY_BOUNDS_MS.map(|bound| bound as f64),
    })
}

/// A value with its series: AWS's dimensions, and the id.
fn point(series: &ApiMetrics, now_ns: u64, mut value: Value) -> Value {
    let mut attributes = vec![
        attribute("Namespace", "AWS/ApiGateway"),
        attribute("ApiName", &series.api_name),
        attribute("ApiId", &series.api_id),
        attribute("Stage", &series.stage),
    ];
    if let Some((resource, method)) = &series.method {
        attributes.extend([attribute("Resource", resource), attribute("Method", method)]);
    }
    value["attributes"] = attributes.into();
    value["startTimeUnixNano"] = series.counts.since_ms.saturating_mul(1_000_000).to_string().into();
    value["timeUnixNano"] = now_ns.to_string().into();
    value
}

fn span(span: &Span) -> Value {
    let kind = match span.kind {
        SpanKind::Server => 2,
        SpanKind::Client => 3,
    };
    let attributes = span.attributes.iter().map(|(name, value)| match value {
        SpanValue::Text(text) => attribute(name, text),
        SpanValue::Number(number) => json!({"key": name, "value": {"intValue": number.to_string()}}),
    });
    let mut shown = json!({
        "traceId": format!("{:032x}", span.trace_id),
        "spanId": format!("{:016x}", span.span_id),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": span.start_ns.to_string(),
        "endTimeUnixNano": span.end_ns.to_string(),
        "attributes": attributes.collect::<Vec<_>>(),
        "status": if span.is_error { json!({"code": ERROR}) } else { json!({}) },
    });
    if let Some(parent_id) = span.parent_id {
        shown["parentSpanId"] = format!("{parent_id:016x}").into();
    }
    shown
}

fn resource() -> Value {
    json!({"attributes": [attribute("service.name", "postern"), attribute("service.version", env!("CARGO_PKG_VERSION"))]})
}

fn scope() -> Value {
    json!({"name": "postern", "version": env!("CARGO_PKG_VERSION")})
}

fn attribute(name: &str, value: &str) -> Value {
    json!({"key": name, "value": {"stringValue": value}})
}
