//! Starting, draining, stopping.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use postern_data_plane::transport::{Handler, ListenerSettings, Request, Response, Upstreams};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::harness::{Ended, PATIENCE, listener_settings, read_answer, read_to_end, serve, serve_with, text};

/// Answers when let.
#[derive(Clone)]
struct Waits {
    entered: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

impl Waits {
    fn new() -> Self {
        Self { entered: Arc::new(Semaphore::new(0)), go: Arc::new(Semaphore::new(0)) }
    }
}

impl Handler for Waits {
    async fn handle(&self, _: &Upstreams, request: Request) -> Response {
        if request.uri.path() == "/wait" {
            self.entered.add_permits(1);
            self.go.acquire().await.unwrap().forget();
        }
        text(StatusCode::OK, "done")
    }
}

#[tokio::test]
async fn a_drain_finishes_requests_and_closes_idle_connections() {
    let handler = Waits::new();
    let (workers, address) = serve(handler.clone());
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut idle).await.ends_with("done"));
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    handler.entered.acquire().await.unwrap().forget();
    let drained = tokio::spawn(workers.drain(PATIENCE));
    assert_eq!(read_to_end(&mut idle).await, (String::new(), Ended::Closed));
    assert_eq!(read_to_end(&mut silent).await.0, "");
    assert!(TcpStream::connect(address).await.is_err(), "it still accepts");
    assert!(!drained.is_finished());
    handler.go.add_permits(1);
    let (answer, ended) = read_to_end(&mut busy).await;
    assert!(answer.contains("connection: close") && answer.ends_with("done"), "{answer}");
    assert_eq!(ended, Ended::Closed);
    drop((idle, silent, busy));
    tokio::time::timeout(PATIENCE, drained).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_drain_ends_at_its_timeout() {
    let handler = Waits::new();
    let (workers, address) = serve(handler.clone());
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    handler.entered.acquire().await.unwrap().forget();
    tokio::time::timeout(PATIENCE, workers.drain(Duration::from_millis(50))).await.unwrap();
    let (answer, ended) = read_to_end(&mut busy).await;
    assert_eq!(answer, "");
    assert_ne!(ended, Ended::StillOpen);
}

#[tokio::test]
async fn workers_share_a_port() {
    let settings = ListenerSettings { workers: 3, ..listener_settings() };
    let (workers, address) = serve_with(settings, Waits::new());
    assert_ne!(address.port(), 0);
    for _ in 0..12 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(read_answer(&mut stream).await.ends_with("done"));
    }
    tokio::time::timeout(PATIENCE, workers.drain(PATIENCE)).await.unwrap();
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (_workers, address) = serve(Waits::new());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(40)).await.unwrap();
    for _ in 0..40 {
        assert!(read_answer(&mut stream).await.ends_with("done"));
    }
}

#[tokio::test]
async fn an_answer_says_what_becomes_of_its_connection() {
    let (_workers, address) = serve(Waits::new());
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "connection: keep-alive\r\n"),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", "connection: close\r\n"),
        ("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "connection: keep-alive\r\n"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "connection: close\r\n"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.contains(expected) && answer.matches("connection:").count() == 1, "{answer}");
    }
}
