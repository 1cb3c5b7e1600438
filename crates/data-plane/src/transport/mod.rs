//! The wire, behind a narrow interface: the pipeline sees requests, responses and body streams, never a hyper type.
//!
//! A worker is one current-thread runtime with its own listener socket (SO_REUSEPORT) and its own [`Upstreams`], so that a
//! request never crosses a thread and the pool's lock is never waited for. Futures stay `Send` all the same.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode, Uri, Version};

mod body;
mod framing;
mod sent_names;
mod server;
mod timer;
mod upstream;

pub use body::{Body, BodyError};
pub use sent_names::SentNames;
pub use server::{ListenerSettings, Workers};
pub use upstream::{
    ChosenBy, ClientIdentity, ClientIdentityError, Origin, ResolveFuture, Resolver, Scheme, SystemResolver, TlsVerify,
    UpstreamCounts, UpstreamError, UpstreamSettings, Upstreams,
};

/// A client's request: head parsed and checked for anything that two readers could understand differently, body streaming.
pub struct Request {
    /// The verb, any token.
    pub method: Method,
    /// Origin form: path and query as sent, not decoded. HTTP/2's `:authority` has been moved into `host`.
    pub uri: Uri,
    /// Version the client spoke.
    pub version: Version,
    /// All fields, hop-by-hop ones included: which of them travel on is the pipeline's decision. Exactly one valid `host`.
    pub headers: HeaderMap,
    /// The fields' names as the client wrote them, where that is known.
    pub names: SentNames,
    /// The body, empty or streaming.
    pub body: Body,
    /// Where the connection came from.
    pub peer: SocketAddr,
    /// What the connection came in on.
    pub local: SocketAddr,
    /// Whether it was TLS.
    pub tls: bool,
}

/// What goes back to the client. `content-length` is set by the transport from the body when its length is known.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// End-to-end fields only.
    pub headers: HeaderMap,
    /// The body; one that fails midway breaks the connection off, so that half a body never looks whole.
    pub body: Body,
}

/// A request to a backend.
pub struct UpstreamRequest {
    /// Where to connect.
    pub origin: Origin,
    /// The verb.
    pub method: Method,
    /// Origin form.
    pub uri: Uri,
    /// Fields to send, `host` included; hop-by-hop fields must not be here.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// What serves requests: implemented by the pipeline, called by each worker.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. Must not panic; a panic breaks off its connection only.
    fn handle(&self, upstreams: &Upstreams, request: Request) -> impl Future<Output = Response> + Send;

    /// Notes a request that the transport answered by itself, for logs and counts.
    fn refused(&self, _refused: &Refused<'_>) {}
}

/// A request that was refused for its form, so that [`Handler::handle`] never saw it.
#[derive(Debug)]
pub struct Refused<'a> {
    /// What it was answered.
    pub status: StatusCode,
    /// Method and path, when its head could be read that far.
    pub line: Option<(&'a Method, &'a str)>,
    /// Where the connection came from.
    pub peer: SocketAddr,
}

impl<H: Handler> Handler for Arc<H> {
    fn handle(&self, upstreams: &Upstreams, request: Request) -> impl Future<Output = Response> + Send {
        H::handle(self, upstreams, request)
    }

    fn refused(&self, refused: &Refused<'_>) {
        H::refused(self, refused);
    }
}
