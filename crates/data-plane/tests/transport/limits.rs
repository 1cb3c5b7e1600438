//! What is borne from clients, in bytes and in time.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use postern_data_plane::transport::{Body, BodyError, Handler, ListenerSettings, Request, Response, Upstreams};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Echo, Ended, exchange, listener_settings, read_answer, read_to_end, serve, serve_with, text};

/// Short enough for a test to wait for, long enough for a busy machine to answer in.
const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn heads_are_bounded_as_on_aws() {
    let (_workers, address) = serve(Echo::default());
    // `host: a` counts 9 with its line end, `x: ` and its own 5 more.
    let fields =
        |bytes: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\nConnection: close\r\n\r\n", "v".repeat(bytes - 9 - 5 - 19));
    let target = |bytes: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "p".repeat(bytes - 1));
    let many = |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a: b\r\n".repeat(count));
    for (name, request, status) in [
        ("fields at the limit", fields(10_240), "200"),
        ("fields over the limit", fields(10_241), "431"),
        ("fields far over the limit", fields(40_000), "431"),
        ("fields beyond what is read", fields(500_000), "431"),
        ("target at the limit", target(10_240), "200"),
        ("target over the limit", target(10_241), "414"),
        ("target far over the limit", target(40_000), "414"),
        ("target beyond what is read", target(500_000), "431"),
        ("too many fields", many(200), "431"),
        ("host over the limit", format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(254)), "400"),
    ] {
        let (answer, ended) = exchange(address, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer:.200}");
        assert_eq!(ended, Ended::Closed, "{name}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_fails_where_it_passes_it() {
    let settings = ListenerSettings { max_body_bytes: 8, ..listener_settings() };
    let (_workers, address) = serve_with(settings, Echo::default());
    for (name, request, expected) in [
        (
            "length at the limit",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nConnection: close\r\n\r\n12345678",
            "body=12345678",
        ),
        (
            "length over the limit",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789",
            "body failed: TooLarge { limit_bytes: 8 }",
        ),
        (
            "chunks over the limit",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n",
            "body failed: TooLarge { limit_bytes: 8 }",
        ),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.ends_with(expected), "{name}: {answer}");
    }
}

#[tokio::test]
async fn a_slow_head_is_cut_off() {
    let settings = ListenerSettings { header_timeout: SHORT, ..listener_settings() };
    let (_workers, address) = serve_with(settings, Echo::default());
    for (name, bytes) in [("silence", &b""[..]), ("half a preface", b"PRI * HT"), ("half a head", b"GET / HTTP/1.1\r\nHo")] {
        let (answer, ended) = exchange(address, bytes).await;
        assert_eq!((answer.as_str(), ended == Ended::StillOpen), ("", false), "{name}");
    }
    // Also on a connection that has been used, and although bytes keep coming.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_answer(&mut stream).await;
    let mut writes = 0;
    while stream.write_all(b"GET"[writes % 3..][..1].as_ref()).await.is_ok() {
        writes += 1;
        assert!(writes < 1_000, "the head went on for ever");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let settings = ListenerSettings { idle_timeout: SHORT, ..listener_settings() };
    let (_workers, address) = serve_with(settings, Echo::default());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_answer(&mut stream).await;
    assert_eq!(read_to_end(&mut stream).await, (String::new(), Ended::Closed));
}

#[tokio::test]
async fn a_body_that_stops_coming_times_out() {
    let settings = ListenerSettings { body_timeout: SHORT, ..listener_settings() };
    let (_workers, address) = serve_with(settings, Echo::default());
    let (answer, ended) = exchange(address, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhi").await;
    assert!(answer.ends_with("body failed: Timeout"), "{answer}");
    assert_eq!(ended, Ended::Closed);
}

/// Answers with zeros without end.
struct Endless;

impl http_body::Body for Endless {
    type Data = bytes::Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, BodyError>>> {
        static ZEROS: [u8; 16_384] = [0; 16_384];
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(bytes::Bytes::from_static(&ZEROS)))))
    }
}

struct Flood;

impl Handler for Flood {
    async fn handle(&self, _: &Upstreams, _: Request) -> Response {
        Response { status: StatusCode::OK, headers: HeaderMap::new(), body: Body::stream(Endless) }
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut_off() {
    let settings = ListenerSettings { body_timeout: SHORT, ..listener_settings() };
    let (_workers, address) = serve_with(settings, Flood);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    stream.readable().await.unwrap();
    tokio::time::sleep(SHORT * 4).await;
    let mut sink = vec![0; 1 << 20];
    let drained = async { while matches!(stream.read(&mut sink).await, Ok(read) if read > 0) {} };
    tokio::time::timeout(crate::harness::PATIENCE, drained).await.expect("it still sends");
}

#[tokio::test]
async fn at_the_limit_of_connections_the_one_idle_longest_makes_room() {
    let settings = ListenerSettings { connections_per_worker_max: 2, ..listener_settings() };
    let (_workers, address) = serve_with(settings, Echo::default());
    let mut connections = Vec::new();
    for _ in 0..6 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 "));
        connections.push(stream);
    }
    let (_, ended) = read_to_end(&mut connections[0]).await;
    assert_ne!(ended, Ended::StillOpen);
}

struct Panics;

impl Handler for Panics {
    async fn handle(&self, _: &Upstreams, request: Request) -> Response {
        assert!(request.uri.path() != "/panic", "asked for");
        text(StatusCode::OK, "fine")
    }
}

#[tokio::test]
async fn a_panic_breaks_its_own_connection_only() {
    let (_workers, address) = serve(Panics);
    let mut other = TcpStream::connect(address).await.unwrap();
    other.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    read_answer(&mut other).await;
    let (answer, ended) = exchange(address, b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(answer, "");
    assert_ne!(ended, Ended::StillOpen);
    other.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut other).await.ends_with("fine"));
}
