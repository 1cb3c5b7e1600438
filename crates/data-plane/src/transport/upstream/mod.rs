//! Requests to backends, over a pool of connections that belongs to one worker.
//!
//! A connection is a task that owns the socket, so that a backend closing an idle one is seen at once. A request that a
//! connection gives back unsent is sent again on another one; a sent one is never sent twice, whatever its verb.
//! An answer that a second reader could understand differently is an error, never passed on.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tokio::time::Instant;

mod connect;
mod connection;
mod error;
mod exchange;
mod guard;
mod host;
mod http2;
mod identity;
mod io;
mod origin;
mod pool;
mod race;
mod reach;
mod receiving;
mod resolve;
mod slot;
mod table;
mod tls;
mod waiting;
mod waking;

use connect::Connector;
use connection::Lease;
pub use error::UpstreamError;
use exchange::Failure;
pub use identity::{ClientIdentity, ClientIdentityError};
pub use origin::{ChosenBy, Origin, Scheme, TlsVerify};
use pool::{Checkout, Pool};
pub(super) use receiving::Receiving;
use resolve::CachedResolver;
pub use resolve::{ResolveFuture, Resolver, SystemResolver};
use slot::Slot;

use super::{Body, Response, UpstreamRequest, framing};

/// Connections to one name and port from one worker, whatever certificates they are shown: past it, requests wait for one until
/// their deadline.
pub const CONNECTIONS_PER_HOST_MAX: usize = 1_024;
/// Connections to all backends from one worker. Past it idle ones are closed for others, and requests wait. A file descriptor each.
pub const CONNECTIONS_TOTAL_MAX: usize = 8_192;
/// Idle connections kept to one origin by one worker.
pub const IDLE_PER_ORIGIN_MAX: usize = 256;
/// Idle connections kept by one worker to all origins together.
pub const IDLE_TOTAL_MAX: usize = 2_048;
/// How long an idle connection is kept: under the 60 s after which common backends and load balancers close it themselves.
pub const IDLE_TIMEOUT_MS: u64 = 55_000;
/// How long a connection is used at all, so that a change of the backend's addresses is followed.
pub const LIFETIME_MS: u64 = 300_000;
/// How long one address is tried; the next one is tried meanwhile.
pub const CONNECT_ATTEMPT_TIMEOUT_MS: u64 = 3_000;
/// How long a name's addresses are used again: short, since a backend's failover is often a change of its DNS records.
pub const DNS_CACHE_TTL_MS: u64 = 5_000;

/// Not among the library's names.
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// How often a request is tried that shared connections give back: a backend that ends them after so many requests gives back all that
/// were under way.
const UNSENT_TRIES_MAX: u32 = 4;

/// How backends are connected to.
#[derive(Clone)]
pub struct UpstreamSettings {
    /// See [`CONNECTIONS_PER_HOST_MAX`].
    pub connections_per_host_max: usize,
    /// See [`CONNECTIONS_TOTAL_MAX`].
    pub connections_total_max: usize,
    /// See [`IDLE_PER_ORIGIN_MAX`].
    pub idle_per_origin_max: usize,
    /// See [`IDLE_TOTAL_MAX`].
    pub idle_total_max: usize,
    /// See [`IDLE_TIMEOUT_MS`].
    pub idle_timeout: Duration,
    /// See [`LIFETIME_MS`].
    pub lifetime: Duration,
    /// See [`CONNECT_ATTEMPT_TIMEOUT_MS`].
    pub connect_attempt_timeout: Duration,
    /// See [`DNS_CACHE_TTL_MS`].
    pub dns_cache_ttl: Duration,
    /// Addresses that may be connected to although the guard refuses them otherwise.
    pub allowed_addresses: Vec<IpAddr>,
    /// Postern's own listeners, which a backend must not be: a request would go round for ever.
    pub own_addresses: Vec<SocketAddr>,
    /// Whether HTTP/2 is offered to backends over TLS. Over plain TCP they are spoken to in HTTP/1.1.
    pub http2: bool,
    /// Certificates (DER) trusted besides the system's.
    pub extra_roots: Vec<Vec<u8>>,
    /// Turns names into addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Where connections are counted, all workers' together.
    pub counts: Arc<UpstreamCounts>,
}

/// How many connections to backends there are.
#[derive(Debug, Default)]
pub struct UpstreamCounts {
    open: AtomicUsize,
    idle: AtomicUsize,
}

impl UpstreamCounts {
    /// Those that are open or being opened, idle ones included.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Those without a request, as of a second ago at most.
    pub fn idle(&self) -> usize {
        self.idle.load(Relaxed)
    }
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            connections_per_host_max: CONNECTIONS_PER_HOST_MAX,
            connections_total_max: CONNECTIONS_TOTAL_MAX,
            idle_per_origin_max: IDLE_PER_ORIGIN_MAX,
            idle_total_max: IDLE_TOTAL_MAX,
            idle_timeout: Duration::from_millis(IDLE_TIMEOUT_MS),
            lifetime: Duration::from_millis(LIFETIME_MS),
            connect_attempt_timeout: Duration::from_millis(CONNECT_ATTEMPT_TIMEOUT_MS),
            dns_cache_ttl: Duration::from_millis(DNS_CACHE_TTL_MS),
            allowed_addresses: Vec::new(),
            own_addresses: Vec::new(),
            http2: true,
            extra_roots: Vec::new(),
            resolver: Arc::new(SystemResolver),
            counts: Arc::default(),
        }
    }
}

/// One worker's way to backends. Cheap to clone; a clone shares the connections.
#[derive(Clone)]
pub struct Upstreams {
    pool: Arc<Pool>,
    connector: Arc<Connector>,
    settings: Arc<UpstreamSettings>,
}

/// What connection a request is to be sent on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    /// One that cannot have been closed by an impatient backend.
    Fresh,
}

impl Upstreams {
    /// A pool without connections.
    pub fn new(settings: UpstreamSettings) -> Self {
        let resolver = CachedResolver::new(Arc::clone(&settings.resolver), settings.dns_cache_ttl);
        let pool = Pool::new(&settings, resolver.clone());
        let kept = Arc::new(settings.clone());
        Self { pool: Arc::new(pool), connector: Arc::new(Connector::new(settings, resolver)), settings: kept }
    }

    /// Connections of its own, by the same rules, to backends whose certificates may also be issued by one of `roots` (DER).
    #[must_use]
    pub fn trusting(&self, roots: &[Vec<u8>]) -> Self {
        let mut settings = (*self.settings).clone();
        settings.extra_roots.extend_from_slice(roots);
        Self::new(settings)
    }

    /// Sends `request` and returns the answer once its head is there; its body streams. `deadline` covers waiting for a
    /// connection, connecting, sending and the head; put [`Body::with_deadline`] on the answer's body to cover that as well.
    /// Dropping the future, or the body before its end, closes the connection.
    ///
    /// # Errors
    ///
    /// See [`UpstreamError`].
    pub async fn send(&self, request: UpstreamRequest, deadline: Instant) -> Result<Response, UpstreamError> {
        let (origin, message) = into_message(request);
        let (message, wanted) = match self.pool.take_idle(&origin) {
            Some(mut lease) => {
                let answered = pin!(lease.exchange(message, deadline)).await;
                match answered {
                    Ok(answer) => return accept(answer, lease),
                    Err(Failure::Unsent(unsent)) => (unsent.message, Wanted::Fresh),
                    Err(Failure::Lost(error)) => return Err(error),
                }
            }
            None => (message, Wanted::Any),
        };
        // Boxed because it is rare: what a future may have to hold is copied for every request.
        Box::pin(self.send_after_waiting(origin, message, wanted, deadline)).await
    }

    /// How many connections are open, idle ones included.
    pub fn open_connections(&self) -> usize {
        self.pool.open_connections()
    }

    /// [`Self::send`] for a request that has to wait for a connection.
    async fn send_after_waiting(
        &self,
        origin: Origin,
        mut message: http::Request<Body>,
        mut wanted: Wanted,
        deadline: Instant,
    ) -> Result<Response, UpstreamError> {
        let mut tries_left = UNSENT_TRIES_MAX;
        loop {
            tries_left -= 1;
            let leased = tokio::time::timeout_at(deadline, self.lease(&origin, wanted)).await;
            let mut lease = leased.map_err(|_elapsed| UpstreamError::Timeout { sent: false })??;
            match lease.exchange(message, deadline).await {
                Ok(answer) => return accept(answer, lease),
                Err(Failure::Unsent(unsent)) if wanted == Wanted::Any || unsent.is_shared && tries_left > 0 => {
                    message = unsent.message;
                    wanted = Wanted::Fresh;
                }
                Err(Failure::Unsent(unsent)) => return Err(unsent.error),
                Err(Failure::Lost(error)) => return Err(error),
            }
        }
    }

    async fn lease(&self, origin: &Origin, wanted: Wanted) -> Result<Lease, UpstreamError> {
        let checkout = match wanted {
            Wanted::Any => self.pool.checkout(origin).await,
            Wanted::Fresh => self.pool.checkout_fresh(origin).await,
        };
        match checkout {
            Checkout::Idle(lease) => Ok(lease),
            Checkout::Open(slot) => self.connector.connect(slot).await,
        }
    }
}

fn into_message(request: UpstreamRequest) -> (Origin, http::Request<Body>) {
    let UpstreamRequest { origin, method, uri, mut headers, body } = request;
    // The length is this body's and nobody else's: hyper would believe the fields.
    framing::strip(&mut headers);
    if body.exact_len() == Some(0) && matches!(method, Method::POST | Method::PUT | Method::PATCH) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let mut message = http::Request::new(body);
    *message.method_mut() = method;
    *message.uri_mut() = uri;
    *message.headers_mut() = headers;
    (origin, message)
}

/// Refuses an answer whose end two readers could see in different places (RFC 9112, 6.3), and an unasked upgrade.
fn accept(answer: http::Response<hyper::body::Incoming>, mut lease: Lease) -> Result<Response, UpstreamError> {
    let (head, incoming) = answer.into_parts();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(UpstreamError::protocol("the backend switched protocols without being asked"));
    }
    if let Some(timeout) = check_fields(&head.headers)? {
        lease.keep_for(timeout);
    }
    lease.head_arrived();
    Ok(Response { status: head.status, headers: head.headers, body: Body::from_upstream(lease.receive(incoming)) })
}

/// Checks the framing and gives the backend's own idle timeout.
fn check_fields(headers: &HeaderMap) -> Result<Option<Duration>, UpstreamError> {
    check_framing(headers)?;
    Ok(headers.get(KEEP_ALIVE).and_then(idle_timeout))
}

/// `timeout=SECONDS` (RFC 2068, 19.7.1.1, as it is used).
fn idle_timeout(value: &HeaderValue) -> Option<Duration> {
    let parameters = value.to_str().ok()?;
    let timeout = parameters.split(',').filter_map(|parameter| parameter.trim().split_once('='));
    let (_, seconds) = timeout.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))?;
    Some(Duration::from_secs(seconds.trim().trim_matches('"').parse().ok()?))
}

fn check_framing(headers: &HeaderMap) -> Result<(), UpstreamError> {
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let Some(encoding) = encodings.next() else {
        return Ok(());
    };
    if encodings.next().is_some() || !encoding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(UpstreamError::protocol("the backend's Transfer-Encoding is not exactly `chunked`"));
    }
    if headers.contains_key(header::CONTENT_LENGTH) {
        return Err(UpstreamError::protocol("the backend sent both Content-Length and Transfer-Encoding"));
    }
    Ok(())
}
