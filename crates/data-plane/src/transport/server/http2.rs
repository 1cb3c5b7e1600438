//! HTTP/2 connections.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpStream;

use super::client_io::ClientIo;
use super::connection::{Order, Ticket};
use super::service::{Ends, answer};
use super::stalled::StreamExecutor;
use super::worker::Shared;
use crate::transport::Handler;

/// Requests of one connection at a time: what browsers and common servers take.
const STREAMS_MAX: u32 = 128;
/// All of a request's fields, each counted with 32 bytes on top (RFC 9113, 6.5.2). Over the limit that requests are refused
/// by, so that they get an answer and not a reset.
const HEADER_LIST_BYTES_MAX: u32 = 32 * 1024;
/// How much of a body a client may send ahead of its being read.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// The same for all of a connection's bodies together.
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// How much of an answer waits for the client's window.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// Streams that a client may open and reset before they are taken up: past it the connection is closed (CVE-2023-44487).
const PENDING_RESETS_MAX: usize = 20;
/// Streams that may be reset because of the client's own errors (CVE-2025-8671): past it the connection is closed.
const LOCAL_RESETS_MAX: usize = 256;
/// A connection that says nothing for this long is asked whether it is still there.
const PING_INTERVAL_MS: u64 = 30_000;
/// Time to answer that.
const PING_TIMEOUT_MS: u64 = 10_000;

/// Serves one connection to its end.
pub(super) async fn serve_http2<H: Handler>(
    stream: TcpStream,
    first: Bytes,
    peer: SocketAddr,
    local: SocketAddr,
    ticket: Ticket,
    shared: Arc<Shared<H>>,
) {
    ticket.state.is_http2();
    let io = ClientIo::new(stream, first, Arc::clone(&ticket.state));
    let ends = Ends { peer, local };
    let state = Arc::clone(&ticket.state);
    let service = service_fn(move |request| answer(Arc::clone(&shared), Arc::clone(&state), ends, request));
    let mut connection = pin!(
        Builder::new(StreamExecutor)
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(HEADER_LIST_BYTES_MAX)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(SEND_BUFFER_BYTES)
            .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
            .max_local_error_reset_streams(LOCAL_RESETS_MAX)
            .keep_alive_interval(Duration::from_millis(PING_INTERVAL_MS))
            .keep_alive_timeout(Duration::from_millis(PING_TIMEOUT_MS))
            .serve_connection(io, service)
    );
    // A drain that comes before the first poll waits for it: a connection that has not read yet would be closed although
    // its request has arrived. Later it comes first, so that the answer under way says that the connection closes.
    let (mut polled, mut drained) = (false, false);
    let result = poll_fn(|cx| {
        let order = ticket.state.ordered(cx);
        if order == Order::Close {
            return Poll::Ready(Ok(()));
        }
        if !std::mem::replace(&mut polled, true) {
            let result = connection.as_mut().poll(cx);
            if result.is_ready() || order == Order::Serve {
                return result;
            }
        }
        if order == Order::Drain && !std::mem::replace(&mut drained, true) {
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    })
    .await;
    if let Err(error) = result {
        tracing::debug!(%error, %peer, "client connection ended");
    }
}
