//! The transport against raw sockets on both sides, so that nothing between the test and the wire tidies up.
#![allow(clippy::unwrap_used)]

mod answers;
mod bodies;
mod harness;
mod http2;
mod http2_backend;
mod lifecycle;
mod limits;
mod names;
mod pool;
mod requests;
mod tls;
