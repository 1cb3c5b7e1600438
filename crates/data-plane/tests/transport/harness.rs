//! Servers, backends and clients for the tests.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use postern_data_plane::transport::{
    Body, Handler, ListenerSettings, Origin, Request, Response, Scheme, TlsVerify, UpstreamRequest, UpstreamSettings, Upstreams,
    Workers,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// Nothing here takes this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub fn listener_settings() -> ListenerSettings {
    ListenerSettings { addresses: vec!["127.0.0.1:0".parse().unwrap()], workers: 1, ..ListenerSettings::default() }
}

/// A server of one worker, its address with it.
pub fn serve(handler: impl Handler) -> (Workers, SocketAddr) {
    serve_with(listener_settings(), handler)
}

pub fn serve_with(settings: ListenerSettings, handler: impl Handler) -> (Workers, SocketAddr) {
    let workers = Workers::start(settings, UpstreamSettings::default(), handler).unwrap();
    let address = workers.addresses()[0];
    (workers, address)
}

/// Answers with the request as it saw it, one line each, fields sorted.
#[derive(Clone, Default)]
pub struct Echo {
    pub seen: Arc<AtomicUsize>,
}

impl Handler for Echo {
    async fn handle(&self, _: &Upstreams, request: Request) -> Response {
        self.seen.fetch_add(1, Ordering::Relaxed);
        let mut lines: Vec<String> = request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        lines.sort();
        lines.insert(0, format!("{} {} {:?}", request.method, request.uri, request.version));
        match request.body.collect(1 << 20).await {
            Ok(body) => lines.push(format!("body={}", String::from_utf8_lossy(&body))),
            Err(error) => return text(StatusCode::BAD_REQUEST, format!("body failed: {error:?}")),
        }
        text(StatusCode::OK, lines.join("\n"))
    }
}

/// Passes every request on, and the error that comes back as the body of a 502.
pub struct Proxy {
    pub backend: SocketAddr,
    pub deadline: Duration,
}

impl Proxy {
    pub fn to(backend: SocketAddr) -> Self {
        Self { backend, deadline: PATIENCE }
    }
}

impl Handler for Proxy {
    async fn handle(&self, upstreams: &Upstreams, request: Request) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("backend"));
        let request = UpstreamRequest {
            origin: origin(self.backend),
            method: request.method,
            uri: request.uri,
            headers,
            body: request.body,
        };
        let deadline = Instant::now() + self.deadline;
        match upstreams.send(request, deadline).await {
            Ok(mut response) => {
                response.headers.remove(header::CONNECTION);
                response.body = response.body.with_deadline(deadline);
                response
            }
            Err(error) => text(StatusCode::BAD_GATEWAY, format!("{error:?} sent={}", error.sent())),
        }
    }
}

pub fn text(status: StatusCode, body: impl Into<String>) -> Response {
    Response { status, headers: HeaderMap::new(), body: Body::full(body.into()) }
}

pub fn origin(address: SocketAddr) -> Origin {
    Origin::new(Scheme::Http, &address.ip().to_string(), address.port(), TlsVerify::Full)
}

pub fn get(address: SocketAddr) -> UpstreamRequest {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static("backend"));
    UpstreamRequest { origin: origin(address), method: Method::GET, uri: Uri::from_static("/"), headers, body: Body::empty() }
}

pub fn soon() -> Instant {
    Instant::now() + PATIENCE
}

/// A backend that runs `serve` on each connection, which it numbers from 0.
pub async fn backend<F, Fut>(serve: F) -> Backend
where
    F: Fn(TcpStream, usize) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    backend_on(listener, serve)
}

pub fn backend_on<F, Fut>(listener: TcpListener, serve: F) -> Backend
where
    F: Fn(TcpStream, usize) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let task = tokio::spawn(async move {
        let mut served = tokio::task::JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            served.spawn(serve(stream, counter.fetch_add(1, Ordering::Relaxed)));
        }
    });
    Backend { address, connections, task }
}

pub struct Backend {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Backend {
    /// How many connections it has had.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Closes its listener and its connections.
    pub async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// A backend that answers each request head with the same bytes and leaves the connection open.
pub async fn canned(answer: &'static [u8]) -> Backend {
    backend(move |mut stream, _| async move {
        while read_head(&mut stream).await.is_some() {
            if stream.write_all(answer).await.is_err() {
                return;
            }
        }
    })
    .await
}

/// The same, closing the connection after the answer.
pub async fn canned_then_close(answer: &'static [u8]) -> Backend {
    backend(move |mut stream, _| async move {
        if read_head(&mut stream).await.is_some() {
            let _ = stream.write_all(answer).await;
        }
    })
    .await
}

/// A message's head, up to the empty line; `None` when the connection ends first.
pub async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// Sends `bytes` and reads until the server closes; what came, and whether the end was orderly.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> (String, Ended) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before it has read all.
    let _ = stream.write_all(bytes).await;
    read_to_end(&mut stream).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Closed,
    Reset,
    StillOpen,
}

pub async fn read_to_end(stream: &mut TcpStream) -> (String, Ended) {
    let mut read = Vec::new();
    let ended = match tokio::time::timeout(PATIENCE, stream.read_to_end(&mut read)).await {
        Ok(Ok(_)) => Ended::Closed,
        Ok(Err(_)) => Ended::Reset,
        Err(_) => Ended::StillOpen,
    };
    (String::from_utf8_lossy(&read).into_owned(), ended)
}

/// One answer with a content-length from a connection that stays open.
pub async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = tokio::time::timeout(PATIENCE, read_head(stream)).await.unwrap().unwrap();
    let len = answer.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |len| len.parse().unwrap());
    let mut body = vec![0; len];
    stream.read_exact(&mut body).await.unwrap();
    answer.push_str(&String::from_utf8_lossy(&body));
    answer
}

/// What connections told the test.
pub type Log = Arc<Mutex<Vec<String>>>;

/// Waits for `condition`, which something else is about to make true.
pub async fn eventually(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "it did not happen");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
