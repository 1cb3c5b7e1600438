//! HTTP/1.1 and HTTP/1.0 connections.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::StatusCode;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use tokio::net::TcpStream;

use super::client_io::ClientIo;
use super::connection::{Order, Ticket};
use super::service::{Ends, answer};
use super::worker::Shared;
use crate::transport::{Handler, Refused};

/// Read buffer of one connection at most. It bounds what is read of a head before the head is refused, and is above the
/// limits of head and target together so that those are told from each other.
const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Serves one connection to its end.
pub(super) async fn serve_http1<H: Handler>(
    stream: TcpStream,
    first: Bytes,
    peer: SocketAddr,
    local: SocketAddr,
    ticket: Ticket,
    shared: Arc<Shared<H>>,
) {
    let io = ClientIo::new(stream, first, Arc::clone(&ticket.state));
    let ends = Ends { peer, local };
    let state = Arc::clone(&ticket.state);
    let noting = Arc::clone(&shared);
    let service = service_fn(move |request| answer(Arc::clone(&shared), Arc::clone(&state), ends, request));
    // Timeouts are the sweep's, so no timer is given. Bodies are copied into the head's buffer and sent with it, which
    // measured cheaper than a vectored write. `pipeline_flush` stays off: it holds back a streaming answer while a
    // pipelined request waits.
    let mut connection =
        Builder::new().half_close(false).max_buf_size(READ_BUFFER_BYTES_MAX).writev(false).serve_connection(io, service);
    // A drain that comes before the first poll waits for it: a connection that has not read yet would be closed although
    // its request has arrived. Later it comes first, so that the answer under way says that the connection closes.
    let (mut polled, mut drained) = (false, false);
    let result = poll_fn(|cx| {
        let order = ticket.state.ordered(cx);
        if order == Order::Close {
            return Poll::Ready(None);
        }
        if !std::mem::replace(&mut polled, true) {
            let result = Pin::new(&mut connection).poll(cx).map(Some);
            if result.is_ready() || order == Order::Serve {
                return result;
            }
        }
        if order == Order::Drain && !std::mem::replace(&mut drained, true) {
            Pin::new(&mut connection).graceful_shutdown();
        }
        Pin::new(&mut connection).poll(cx).map(Some)
    })
    .await;
    if let Some(Err(error)) = result {
        tracing::debug!(%error, %peer, "client connection ended");
        if let Some(status) = answered_by_hyper(&error) {
            noting.handler.refused(&Refused { status, line: None, peer });
        }
        if error.is_user() {
            connection.into_parts().io.close_with_reset();
        }
    }
}

/// The status that hyper gave a head it could not read.
fn answered_by_hyper(error: &hyper::Error) -> Option<StatusCode> {
    if error.is_parse_too_large() {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    error.is_parse().then_some(StatusCode::BAD_REQUEST)
}
