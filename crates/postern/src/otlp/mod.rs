//! OTLP: metrics, traces and access logs, sent to a collector over HTTP in JSON (OpenTelemetry Protocol 1.x, "OTLP/HTTP").
//!
//! What is to be sent waits in a bounded queue, which requests and logs put it into without waiting; once a second the queue is emptied
//! in batches. A collector that is away for a while is tried again; what there is no room for is dropped and counted.

mod encode;
mod exporter;
mod queue;

pub use exporter::Exporter;
pub use queue::{Dropped, OtlpLines, Queue};

#[cfg(test)]
mod tests;
