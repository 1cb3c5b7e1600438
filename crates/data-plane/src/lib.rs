//! Serves the traffic of deployed APIs.
//!
//! * [`transport`] is the wire: workers that accept connections, pools of connections to backends, bodies.
//! * `compile` turns a frozen definition into what requests read; [`field_ledger`] says what each stored field does.
//! * [`backends`] is what AWS's names stand for on this machine.
//! * `links` is what VPC links lead to: addresses that are checked and take turns.
//! * `registry` holds the APIs of this node.
//! * `access` says who may call which method; `authorizers` are asked where an API says so.
//! * `pipeline` lists the stages of a request, which are in `stages`; `integrations` calls what stands behind a method.
//! * `mapping_template` is what templates see and do; [`render`] renders one without a request.
//! * [`inspection`] says what requests to an API would meet, without any.
//! * `execution_log` says what happened to one request; `test_invoke` makes one up to say it.
//! * [`tokens`] checks bearer tokens and knows the keys of their issuers.
//! * `metrics` counts what CloudWatch would show.
//! * `gateway_response` renders every failure.

mod access;
mod access_log;
mod authorizers;
pub mod backends;
mod cache;
mod clock;
mod compile;
mod content;
mod context;
mod counters;
mod encode;
mod error;
mod execution_log;
mod forwarded;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod gateway;
mod gateway_response;
mod headers;
mod heavy_work;
pub mod inspection;
mod integrations;
mod links;
mod mapping_template;
mod metering;
mod metrics;
mod observed;
mod pipeline;
mod record;
mod registry;
pub mod render;
mod stages;
mod test_invoke;
pub mod tokens;
mod traces;
pub mod transport;

pub use access_log::{AccessLog, LogDestinations};
pub use cache::{CACHE_BYTES_MAX, CacheLimits, STAGE_CACHE_BYTES_MAX};
pub use compile::{Effect, LedgerEntry, Route, field_ledger, routes_of};
pub use counters::GatewayMetrics;
pub use error::Fault;
pub use execution_log::token::LogKey;
pub use gateway::{AccountLimit, BODY_BYTES_MAX, BUFFER_BYTES, Gateway, GatewaySettings, RESIDENT_APIS_MAX};
pub use metrics::{ApiMetrics, HistogramCounts, LATENCY_BOUNDS_MS, SeriesCounts};
pub use traces::{Span, SpanKind, SpanSink, SpanValue, Tracing};
