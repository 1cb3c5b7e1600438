//! HTTP/2 connections to backends that offer it in the TLS handshake: many requests share one, each a stream of it.
//!
//! A backend that refuses a stream, or goes away before it, says that it has not looked at the request (RFC 9113, 8.7): such a
//! request is sent again if its body is still there.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, Response, Uri, Version, header};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioTimer;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::Lease;
use super::exchange::{Failure, Unsent};
use super::host::Place;
use super::io::UpstreamIo;
use super::pool::Pool;
use super::{Origin, Slot, UpstreamError};
use crate::transport::{Body, BodyError};

/// The name in the TLS handshake (RFC 9113, 3.2).
pub(super) const ALPN: &[u8] = b"h2";

/// Requests on one connection at a time, if the backend takes as many: what browsers and common servers use.
const STREAMS_MAX: usize = 100;
/// How many of them before the backend has said how many it takes.
const STREAMS_UNTOLD_MAX: usize = 32;
/// How much of an answer's body arrives ahead of its being passed on.
const STREAM_WINDOW_BYTES: u32 = 128 * 1024;
/// The same for a connection: room for all its streams, so that clients that take nothing hold up no other request's answer.
const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * STREAMS_MAX as u32;
/// How much of a request's body waits for the backend's window.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// All fields of an answer's head: what HTTP/1.1's may have.
const HEADER_LIST_BYTES_MAX: u32 = 64 * 1024;
/// A connection with requests on it that says nothing for this long is asked whether it is still there.
const PING_INTERVAL_MS: u64 = 15_000;
/// Time to answer that.
const PING_TIMEOUT_MS: u64 = 10_000;

/// A connection, shared by its streams and the pool. It closes when the last of them has let go of it.
pub(super) struct Multiplexed {
    sender: SendRequest<Body>,
    load: Arc<Load>,
    /// Set when it must take no more.
    retired: AtomicBool,
    idle_since_tick: AtomicU64,
    pub(super) opened_tick: u64,
    pub(super) place: Place,
}

/// How much there is on a connection.
struct Load {
    /// Streams under way.
    active: AtomicUsize,
    /// How many the backend takes, kept by the connection's task.
    limit: AtomicUsize,
    /// Tells that task to look again how many it takes.
    look: Notify,
}

/// The right to one stream, given back when it is dropped.
pub(super) struct Stream {
    shared: Arc<Multiplexed>,
    origin: Origin,
    pool: Arc<Pool>,
}

/// Runs a connection's tasks. Each holds the slot: the connection counts as open until the last has ended.
#[derive(Clone)]
struct SlotExecutor {
    slot: Arc<Slot>,
    load: Arc<Load>,
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for SlotExecutor {
    fn execute(&self, future: F) {
        let Self { slot, load } = self.clone();
        tokio::spawn(async move {
            let mut future = pin!(future);
            poll_fn(|cx| {
                let polled = future.as_mut().poll(cx);
                // One of these tasks reads what the backend says, and tells nobody: no request comes that would wake the other one.
                if !load.has_room() {
                    load.look.notify_one();
                }
                polled
            })
            .await;
            drop(slot);
        });
    }
}

/// Begins a connection on `slot` and takes its first stream.
pub(super) async fn begin(io: UpstreamIo, slot: Slot, place: Place) -> Result<Lease, UpstreamError> {
    let slot = Arc::new(slot);
    let load = Arc::new(Load::default());
    let (sender, connection) = Builder::new(SlotExecutor { slot: Arc::clone(&slot), load: Arc::clone(&load) })
        .timer(TokioTimer::new())
        .initial_max_send_streams(STREAMS_UNTOLD_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .keep_alive_interval(Duration::from_millis(PING_INTERVAL_MS))
        .keep_alive_timeout(Duration::from_millis(PING_TIMEOUT_MS))
        .handshake(io)
        .await
        .map_err(|error| UpstreamError::Network { reason: error.to_string(), sent: false })?;
    let multiplexed = Multiplexed {
        sender,
        load: Arc::clone(&load),
        retired: AtomicBool::new(false),
        idle_since_tick: AtomicU64::new(slot.pool().now()),
        opened_tick: slot.pool().now(),
        place,
    };
    let lease = slot.opened_http2(Arc::new(multiplexed));
    tokio::spawn(async move {
        let ended = run(connection, &load, &slot).await;
        drop(slot);
        if let Err(error) = ended {
            tracing::debug!(%error, "backend connection ended");
        }
    });
    Ok(lease)
}

/// Passes requests on until the connection ends, and keeps what the backend said last of how many it takes: every request wakes this
/// task, and where there is no room for one, whatever arrives does.
async fn run(mut connection: Connection<UpstreamIo, Body, SlotExecutor>, load: &Load, slot: &Slot) -> hyper::Result<()> {
    loop {
        let polled = poll_fn(|cx| {
            let polled = Pin::new(&mut connection).poll(cx);
            if load.takes(connection.current_max_send_streams()) {
                slot.streams_added();
            }
            polled
        });
        tokio::select! {
            biased;
            ended = polled => return ended,
            () = load.look.notified() => {}
        }
    }
}

impl Default for Load {
    fn default() -> Self {
        Self { active: AtomicUsize::new(0), limit: AtomicUsize::new(STREAMS_UNTOLD_MAX), look: Notify::new() }
    }
}

impl Load {
    fn has_room(&self) -> bool {
        self.active.load(Relaxed) < self.limit.load(Relaxed)
    }

    /// Notes how many streams the backend takes; whether these are more than before.
    fn takes(&self, streams: usize) -> bool {
        let limit = streams.min(STREAMS_MAX);
        limit > self.limit.swap(limit, Relaxed)
    }
}

impl Multiplexed {
    /// Whether it takes one more request.
    pub(super) fn has_room(&self) -> bool {
        self.load.has_room()
    }

    pub(super) fn is_over(&self) -> bool {
        self.retired.load(Relaxed) || self.sender.is_closed()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.load.active.load(Relaxed) == 0
    }

    /// The tick since which it has been idle.
    pub(super) fn idle_since_tick(&self) -> u64 {
        self.idle_since_tick.load(Relaxed)
    }

    pub(super) fn stream(self: &Arc<Self>, origin: &Origin, pool: &Arc<Pool>) -> Stream {
        self.load.active.fetch_add(1, Relaxed);
        Stream { shared: Arc::clone(self), origin: origin.clone(), pool: Arc::clone(pool) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.idle_since_tick.store(self.pool.now(), Relaxed);
        self.shared.load.active.fetch_sub(1, Relaxed);
        self.pool.stream_ended(&self.origin);
    }
}

/// What is kept of a request that may have to be sent again.
struct Kept {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl Kept {
    fn message(self, body: Body) -> Request<Body> {
        let mut message = Request::new(body);
        (*message.method_mut(), *message.uri_mut(), *message.headers_mut()) = (self.method, self.uri, self.headers);
        message
    }
}

impl Stream {
    /// Sends `message` and waits for the head of its answer.
    pub(super) async fn exchange(&self, message: Request<Body>, deadline: Instant) -> Result<Response<Incoming>, Failure> {
        let kept = Kept { method: message.method().clone(), uri: message.uri().clone(), headers: message.headers().clone() };
        let body = message.body().whole();
        let mut message = absolute(message).map_err(Failure::Lost)?;
        let failure = FailureNote::default();
        if body.is_none() {
            message = message.map(|body| Body::stream(Noting { body, failure: Arc::clone(&failure) }));
        }
        let answered = tokio::time::timeout_at(deadline, self.shared.sender.clone().try_send_request(message)).await;
        let Ok(answered) = answered else {
            return Err(Failure::Lost(UpstreamError::Timeout { sent: true }));
        };
        let body_failure = failure.get().copied();
        let mut failure = match answered {
            Ok(answer) if answer.headers().get_all(header::CONTENT_LENGTH).iter().count() > 1 => {
                return Err(Failure::Lost(UpstreamError::protocol("the backend sent more than one Content-Length")));
            }
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        if let Some(failure) = body_failure {
            return Err(Failure::Lost(UpstreamError::RequestBody(failure)));
        }
        if let Some(message) = failure.take_message() {
            // It was closed before it took the request.
            self.shared.retired.store(true, Relaxed);
            let error = UpstreamError::from_exchange(&failure.into_error(), false);
            let message = kept.message(message.into_body());
            return Err(Failure::Unsent(Box::new(Unsent { message, error, is_shared: true })));
        }
        let error = failure.into_error();
        let unread = refusal(&error);
        if unread == Some(Refusal::GoingAway) {
            self.shared.retired.store(true, Relaxed);
        }
        let error = UpstreamError::from_exchange(&error, unread.is_none());
        match body {
            Some(bytes) if unread.is_some() => {
                let message = kept.message(Body::full(bytes));
                Err(Failure::Unsent(Box::new(Unsent { message, error, is_shared: true })))
            }
            _ => Err(Failure::Lost(error)),
        }
    }
}

/// Why a request's body failed: a stream is only reset for it.
type FailureNote = Arc<OnceLock<BodyError>>;

/// A body that leaves such a note.
struct Noting {
    body: Body,
    failure: FailureNote,
}

impl http_body::Body for Noting {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if let Poll::Ready(Some(Err(error))) = &polled {
            // The first failure is the one.
            let _ = this.failure.set(*error);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How a backend says that it has not looked at a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Stream,
    GoingAway,
}

/// A stream is told of the peer's GOAWAY only when it is beyond the last one that the peer took up.
fn refusal(error: &hyper::Error) -> Option<Refusal> {
    let error = std::error::Error::source(error)?.downcast_ref::<h2::Error>()?;
    if !error.is_remote() {
        return None;
    }
    if error.is_go_away() {
        return Some(Refusal::GoingAway);
    }
    (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)).then_some(Refusal::Stream)
}

/// HTTP/2 names the host in the target, and has no field for it.
fn absolute(mut message: Request<Body>) -> Result<Request<Body>, UpstreamError> {
    let host = message.headers_mut().remove(header::HOST);
    let authority = host.as_ref().and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let Some(authority) = authority.filter(|authority| !authority.as_str().contains('@')) else {
        let host = host.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned()).unwrap_or_default();
        return Err(UpstreamError::InvalidAddress { host, reason: "it cannot be the host of an HTTP/2 request".to_owned() });
    };
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Some(authority);
    parts.path_and_query = Some(message.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
    let uri = Uri::from_parts(parts).map_err(|error| UpstreamError::protocol(error.to_string()))?;
    *message.uri_mut() = uri;
    *message.version_mut() = Version::HTTP_2;
    Ok(message)
}
