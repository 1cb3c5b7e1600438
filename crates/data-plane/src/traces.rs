//! Traces: what a request of a stage with `tracingEnabled` takes over from its client, hands on to its backend, and reports when it is over.
//!
//! Two fields say which trace a request belongs to: AWS's `X-Amzn-Trace-Id`, and `traceparent` (W3C Trace Context). AWS's comes first, as
//! on AWS; both are sent to backends. A trace's id is the same 32 digits in both, which X-Ray splits after the eighth. Nothing is traced unless the
//! gateway was given somewhere to report to.

mod propagation;
mod report;

use std::fmt;
use std::sync::Arc;

pub(crate) use propagation::{TRACEPARENT, TraceContext};
pub(crate) use report::Reported;

/// Takes the spans of requests that are over. It is called on a request's own thread, and must not wait.
pub trait SpanSink: Send + Sync {
    /// Takes one.
    fn take(&self, span: Span);
}

/// Whether requests are traced, and how many of those whose clients have not decided it.
#[derive(Clone, Default)]
pub struct Tracing {
    sink: Option<Arc<dyn SpanSink>>,
    sample_percent: u8,
}

/// A piece of work within a trace (OpenTelemetry's, which X-Ray calls a segment).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The trace.
    pub trace_id: u128,
    /// Its own id.
    pub span_id: u64,
    /// The span that it is a part of.
    pub parent_id: Option<u64>,
    /// What was done, from a bounded set of names.
    pub name: String,
    /// Which side of a call it is.
    pub kind: SpanKind,
    /// Nanoseconds since the epoch.
    pub start_ns: u64,
    /// The same, when it was over.
    pub end_ns: u64,
    /// Names as OpenTelemetry's conventions have them, and values.
    pub attributes: Vec<(&'static str, SpanValue)>,
    /// Whether it failed, for another reason than the client.
    pub is_error: bool,
}

/// Which side of a call a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A request of a client's.
    Server,
    /// A call of an integration.
    Client,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanValue {
    /// Text, which a client may have sent.
    Text(String),
    /// A number.
    Number(i64),
}

impl Tracing {
    /// Reports to `sink` what clients want to have traced, and of what they leave open so many of a hundred.
    pub fn to(sink: Arc<dyn SpanSink>, sample_percent: u8) -> Self {
        Self { sink: Some(sink), sample_percent: sample_percent.min(100) }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.sink.is_some()
    }

    /// Whether a request is reported whose client has not decided it.
    fn draw(&self) -> bool {
        fastrand::u8(0..100) < self.sample_percent
    }
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing").field("is_on", &self.is_on()).field("sample_percent", &self.sample_percent).finish()
    }
}
