//! HTTP/2 with prior knowledge.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Version};
use http_body::Frame;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use postern_data_plane::transport::{Body, BodyError, Handler, ListenerSettings, Request as HandledRequest, Response, Upstreams};
use tokio::net::TcpStream;

use crate::harness::{Echo, PATIENCE, eventually, listener_settings, serve, serve_with, text};

async fn connect(address: std::net::SocketAddr) -> (SendRequest<Empty<Bytes>>, tokio::task::JoinHandle<()>) {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let task = tokio::spawn(async move {
        let _ = connection.await;
    });
    (sender, task)
}

async fn send(sender: &mut SendRequest<Empty<Bytes>>, request: Request<Empty<Bytes>>) -> (u16, String) {
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn requests_arrive_as_in_http1() {
    let (_workers, address) = serve(Echo::default());
    let (mut sender, _task) = connect(address).await;
    let request = Request::get("http://api.example:81/p?q")
        .header("host", "evil")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Empty::new())
        .unwrap();
    let (status, seen) = send(&mut sender, request).await;
    assert_eq!(status, 200);
    assert!(seen.starts_with("GET /p?q HTTP/2.0"), "{seen}");
    assert!(seen.contains("cookie: a=1; b=2") && seen.contains("host: api.example:81"), "{seen}");
    assert!(!seen.contains("evil"), "{seen}");
}

#[tokio::test]
async fn what_cannot_be_read_one_way_is_refused_and_the_connection_lives_on() {
    let (_workers, address) = serve(Echo::default());
    let (mut sender, _task) = connect(address).await;
    for (name, request, status) in [
        ("user in the authority", Request::get("http://u@a/").body(Empty::new()), 400),
        ("asterisk", Request::options("http://a/*").header("expect", "x").body(Empty::new()), 417),
        ("many bytes", Request::get("http://a/").header("x", "y".repeat(11_000)).body(Empty::new()), 431),
        ("long target", Request::get(format!("http://a/{}", "p".repeat(11_000))).body(Empty::new()), 414),
        ("clean", Request::get("http://a/").body(Empty::new()), 200),
    ] {
        assert_eq!(send(&mut sender, request.unwrap()).await.0, status, "{name}");
    }
}

#[tokio::test]
async fn a_drain_lets_the_connection_end() {
    let (workers, address) = serve(Echo::default());
    let (mut sender, task) = connect(address).await;
    send(&mut sender, Request::get("http://a/").body(Empty::new()).unwrap()).await;
    let drained = tokio::spawn(workers.drain(PATIENCE));
    tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
    tokio::time::timeout(PATIENCE, drained).await.unwrap().unwrap();
}

/// Answers `/endless` with a body that never ends, and notes when that is let go.
#[derive(Clone, Default)]
struct Endless {
    let_go: Arc<AtomicBool>,
}

impl Handler for Endless {
    async fn handle(&self, _: &Upstreams, request: HandledRequest) -> Response {
        if request.uri.path() != "/endless" {
            return text(StatusCode::OK, "done");
        }
        let body = Body::stream(EndlessBody(Arc::clone(&self.let_go)));
        Response { status: StatusCode::OK, headers: HeaderMap::new(), body }
    }
}

struct EndlessBody(Arc<AtomicBool>);

impl http_body::Body for EndlessBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 16 * 1024])))))
    }
}

impl Drop for EndlessBody {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_stream_whose_client_takes_nothing_is_reset_alone() {
    let handler = Endless::default();
    let settings = ListenerSettings { body_timeout: Duration::from_millis(100), ..listener_settings() };
    let (_workers, address) = serve_with(settings, handler.clone());
    let (mut sender, _task) = connect(address).await;
    let endless = Request::get("http://a/endless").body(Empty::new()).unwrap();
    let stalled = sender.send_request(endless).await.unwrap();
    assert_eq!(stalled.status(), 200);
    eventually(|| handler.let_go.load(Ordering::Relaxed)).await;
    assert_eq!(send(&mut sender, Request::get("http://a/").body(Empty::new()).unwrap()).await, (200, "done".to_owned()));
    assert!(stalled.into_body().collect().await.is_err(), "half an answer looked whole");
}
