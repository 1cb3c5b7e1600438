//! What is sent to a collector, and how it is bounded.

use std::io::Write;
use std::sync::Arc;

use postern_data_plane::{ApiMetrics, SeriesCounts, Span, SpanKind, SpanSink, SpanValue};
use serde_json::json;

use super::*;

fn span() -> Span {
    Span {
        trace_id: 0x1,
        span_id: 0x2,
        parent_id: Some(0x3),
        name: "GET /pets".to_owned(),
        kind: SpanKind::Server,
        start_ns: 10,
        end_ns: 20,
        attributes: vec![
            ("http.route", SpanValue::Text("/pets".to_owned())),
            ("http.response.status_code", SpanValue::Number(500)),
        ],
        is_error: true,
    }
}

#[test]
fn spans_as_otlp_has_them() {
    let sent = encode::traces(&[span(), Span { parent_id: None, is_error: false, ..span() }]);
    let spans = &sent["resourceSpans"][0]["scopeSpans"][0]["spans"];
    let attributes = json!([
        {"key": "http.route", "value": {"stringValue": "/pets"}},
        {"key": "http.response.status_code", "value": {"intValue": "500"}},
    ]);
    let expected = json!({
        "traceId": "00000000000000000000000000000001", "spanId": "0000000000000002", "parentSpanId": "0000000000000003",
        "name": "GET /pets", "kind": 2, "startTimeUnixNano": "10", "endTimeUnixNano": "20", "attributes": attributes,
        "status": {"code": 2},
    });
    assert_eq!(spans[0], expected);
    assert!(spans[1].get("parentSpanId").is_none() && spans[1]["status"] == json!({}));
}

#[test]
fn metrics_under_the_names_of_cloudwatchs_streams() {
    let mut counts = SeriesCounts { since_ms: 1, client_errors: 2, ..SeriesCounts::default() };
    counts.latency.buckets[1] = 3;
    counts.latency.sum_us = 4_500;
    let method = Some(("/p".to_owned(), "GET".to_owned()));
    let series = ApiMetrics { api_id: "abc".to_owned(), api_name: "Pets".to_owned(), stage: "s".to_owned(), method, counts };
    let sent = encode::metrics(&[series], 7);
    let metrics = sent["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let named =
        |name: &str| metrics.iter().find(|metric| metric["name"] == format!("amazonaws.com/AWS/ApiGateway/{name}")).unwrap();
    let point = &named("Count")["sum"]["dataPoints"][0];
    assert_eq!(
        (&point["asInt"], &point["startTimeUnixNano"], &point["timeUnixNano"]),
        (&json!("3"), &json!("1000000"), &json!("7"))
    );
    let keys: Vec<_> =
        point["attributes"].as_array().unwrap().iter().map(|attribute| attribute["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["Namespace", "ApiName", "ApiId", "Stage", "Resource", "Method"]);
    assert_eq!(named("4XXError")["sum"]["dataPoints"][0]["asInt"], "2");
    let point = &named("Latency")["histogram"]["dataPoints"][0];
    assert_eq!((&point["count"], &point["sum"], &point["bucketCounts"][1]), (&json!("3"), &json!(4.5), &json!("3")));
    let lengths = (point["bucketCounts"].as_array().unwrap().len(), point["explicitBounds"].as_array().unwrap().len());
    assert_eq!(lengths, (13, 12));
    assert_eq!(metrics.len(), 7);
}

#[test]
fn lines_wait_with_their_destination_and_are_bounded() {
    let queue = Arc::new(Queue::default());
    let mut lines = OtlpLines::new(Arc::clone(&queue), "/pets");
    lines.write_all(b"one\ntwo\n").unwrap();
    let batch = queue.take_lines();
    let sent = encode::logs(batch.items());
    batch.taken(0);
    let records = sent["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(records[1]["body"], json!({"stringValue": "two"}));
    assert_eq!(records[1]["attributes"], json!([{"key": "log.destination", "value": {"stringValue": "/pets"}}]));
    lines.write_all("x\n".repeat(50_001).as_bytes()).unwrap();
    (0..20_003).for_each(|_| queue.take(span()));
    let dropped = queue.dropped();
    assert_eq!((dropped.lines, dropped.spans), (1, 3));
    drop(queue.take_lines());
    assert_eq!(queue.dropped().lines, 513, "a batch that nobody took is lost");
    queue.give_up();
    assert_eq!((queue.dropped().lines, queue.dropped().spans), (50_001, 20_003));
}

#[test]
fn what_waits_is_bounded_in_bytes_as_well() {
    let queue = Arc::new(Queue::default());
    let mut lines = OtlpLines::new(Arc::clone(&queue), "/pets");
    let long = format!("{}\n", "x".repeat(400_000));
    (0..100).for_each(|_| lines.write_all(long.as_bytes()).unwrap());
    let name = "x".repeat(40_000);
    (0..1_000).for_each(|_| queue.take(Span { name: name.clone(), ..span() }));
    let dropped = queue.dropped();
    assert_eq!(dropped.lines, 100 - 83, "33,554,432 bytes hold 83 lines");
    assert!(dropped.spans > 150, "{dropped:?}");
    assert_eq!(queue.take_lines().items().len(), 2, "a request holds a megabyte");
    lines.write_all(format!("{}\n", "x".repeat(800_000)).as_bytes()).unwrap();
    assert_eq!(queue.dropped().lines, 17 + 2, "there is room again");
}
