//! The spans of one request: the client's, and within it the call of the integration.

use std::time::Duration;

use http::{StatusCode, Version};

use super::{Span, SpanKind, SpanValue, TraceContext, Tracing};
use crate::compile::PublishedStage;
use crate::context::Arrival;
use crate::error::GatewayError;
use crate::observed::Observed;

/// Bytes of a value that somebody sent; the rest is cut.
const VALUE_BYTES_MAX: usize = 1_024;

/// Verbs that spans name; any other token is [`OTHER_VERB`], so that clients make up no names (OpenTelemetry, "HTTP request method").
const VERBS: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"];
const OTHER_VERB: &str = "_OTHER";

/// A traced request that is over.
pub(crate) struct Reported<'a> {
    pub(crate) arrival: &'a Arrival,
    pub(crate) stage: &'a PublishedStage,
    pub(crate) trace: &'a TraceContext,
    pub(crate) status: StatusCode,
    pub(crate) latency: Duration,
    /// `None` when no integration was called.
    pub(crate) integration_latency: Option<Duration>,
    pub(crate) error: Option<&'a GatewayError>,
}

impl Reported<'_> {
    /// Hands its spans over, if it is to be reported.
    pub(crate) fn report(&self, tracing: &Tracing) {
        let Some(sink) = tracing.sink.as_ref().filter(|_| self.trace.is_sampled) else { return };
        if let Some(latency) = self.integration_latency {
            sink.take(self.client(latency));
        }
        sink.take(self.server());
    }

    fn server(&self) -> Span {
        let Self { arrival, stage, trace, .. } = self;
        let resource = arrival.method_index.get().map(|index| &*stage.api.resource(stage.api.method(*index).resource).path);
        let verb = known(arrival.method.as_str());
        let mut attributes = vec![
            ("http.request.method", text(verb)),
            ("http.response.status_code", number(self.status)),
            ("url.scheme", text(arrival.scheme())),
            // Without the query, which may hold what a request proves itself with.
            ("url.path", text(arrival.uri.path())),
            ("client.address", text(&arrival.peer.to_string())),
            ("network.protocol.version", text(if arrival.version == Version::HTTP_2 { "2" } else { "1.1" })),
            ("aws.request_id", text(&String::from_utf8_lossy(arrival.ids.request.as_bytes()))),
            ("aws.apigateway.api_id", text(stage.api_id())),
            ("aws.apigateway.stage", text(stage.name())),
            ("cloud.account.id", text(stage.account())),
        ];
        attributes.extend(resource.map(|path| ("http.route", text(path))));
        attributes.extend(arrival.host.as_ref().and_then(|host| Some(("server.address", text(host.to_str().ok()?)))));
        attributes
            .extend(arrival.user_agent.as_ref().and_then(|agent| Some(("user_agent.original", text(agent.to_str().ok()?)))));
        attributes.extend(self.error.map(|error| ("error.type", text(error.error_type()))));
        Span {
            trace_id: trace.trace_id,
            span_id: trace.server_id,
            parent_id: trace.parent_id,
            // No path of a client's: names are few.
            name: cut(&resource.map_or_else(|| verb.to_owned(), |path| format!("{verb} {path}"))).to_owned(),
            kind: SpanKind::Server,
            start_ns: self.nanoseconds_at(Duration::ZERO),
            end_ns: self.nanoseconds_at(self.latency),
            attributes,
            is_error: self.status.is_server_error(),
        }
    }

    fn client(&self, latency: Duration) -> Span {
        let Self { arrival, trace, .. } = self;
        let began =
            arrival.integration_began.get().map_or(Duration::ZERO, |began| began.saturating_duration_since(arrival.started));
        let status = arrival.observed().and_then(Observed::service_status);
        Span {
            trace_id: trace.trace_id,
            span_id: trace.client_id,
            parent_id: Some(trace.server_id),
            name: "integration".to_owned(),
            kind: SpanKind::Client,
            start_ns: self.nanoseconds_at(began),
            end_ns: self.nanoseconds_at(began + latency),
            attributes: status.map(|status| ("http.response.status_code", number(status))).into_iter().collect(),
            is_error: self.error.is_some() || status.is_some_and(|status| status.is_server_error()),
        }
    }

    fn nanoseconds_at(&self, after: Duration) -> u64 {
        let since = Duration::from_millis(self.arrival.epoch.0) + after;
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

fn text(text: &str) -> SpanValue {
    SpanValue::Text(cut(text).to_owned())
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(VALUE_BYTES_MAX)]
}

fn known(verb: &str) -> &str {
    if VERBS.contains(&verb) { verb } else { OTHER_VERB }
}

fn number(status: StatusCode) -> SpanValue {
    SpanValue::Number(status.as_u16().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_make_up_no_names() {
        assert_eq!((known("GET"), known("PATCH")), ("GET", "PATCH"));
        assert_eq!((known("get"), known(&"M".repeat(60_000))), (OTHER_VERB, OTHER_VERB));
        assert_eq!(text(&"é".repeat(5_000)), SpanValue::Text("é".repeat(VALUE_BYTES_MAX / 2)));
    }
}
