//! Bodies of answers: their framing, and what a client sees when they fail.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Frame;
use postern_data_plane::transport::{Body, BodyError, Handler, Request, Response, Upstreams};

use crate::harness::{Ended, exchange, serve};

/// Parts, one after the other.
struct Parts(Vec<Result<Bytes, BodyError>>, Option<u64>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let next = (!self.0.is_empty()).then(|| self.0.remove(0));
        std::task::Poll::Ready(next.map(|part| part.map(Frame::data)))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.1.map_or_else(http_body::SizeHint::default, http_body::SizeHint::with_exact)
    }
}

/// The path chooses the answer.
struct Answers;

impl Handler for Answers {
    async fn handle(&self, _: &Upstreams, request: Request) -> Response {
        let hi = || Ok(Bytes::from_static(b"hi"));
        let mut headers = HeaderMap::new();
        let (status, body) = match request.uri.path() {
            "/whole" => (200, Body::full("hi")),
            "/empty" => (200, Body::empty()),
            "/stream" => (200, Body::stream(Parts(vec![hi(), hi()], None))),
            "/broken" => (200, Body::stream(Parts(vec![hi(), Err(BodyError::Incomplete)], None))),
            "/broken-length" => (200, Body::stream(Parts(vec![hi(), Err(BodyError::Timeout)], Some(10)))),
            "/short" => (200, Body::stream(Parts(vec![hi()], Some(10)))),
            "/lying" => {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("100"));
                headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("gzip"));
                (200, Body::full("hi"))
            }
            "/head" => {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("7"));
                (200, Body::empty())
            }
            "/204" => (204, Body::full("hi")),
            "/304" => {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("7"));
                (304, Body::full("hi"))
            }
            path => panic!("{path}"),
        };
        Response { status: StatusCode::from_u16(status).unwrap(), headers, body }
    }
}

#[tokio::test]
async fn framing_follows_the_body() {
    let (_workers, address) = serve(Answers);
    // Request line, what the head holds, what it must not hold, the bytes after the head.
    for (line, holds, lacks, rest) in [
        ("GET /whole HTTP/1.1", "content-length: 2\r\n", "transfer-encoding", "hi"),
        ("GET /empty HTTP/1.1", "content-length: 0\r\n", "transfer-encoding", ""),
        ("GET /stream HTTP/1.1", "transfer-encoding: chunked\r\n", "content-length", "2\r\nhi\r\n2\r\nhi\r\n0\r\n\r\n"),
        ("GET /stream HTTP/1.0", "HTTP/1.0 200", "transfer-encoding", "hihi"),
        ("GET /lying HTTP/1.1", "content-length: 2\r\n", "transfer-encoding", "hi"),
        ("HEAD /whole HTTP/1.1", "content-length: 2\r\n", "transfer-encoding", ""),
        ("HEAD /stream HTTP/1.1", "HTTP/1.1 200", "content-length", ""),
        ("HEAD /head HTTP/1.1", "content-length: 7\r\n", "transfer-encoding", ""),
        ("GET /204 HTTP/1.1", "HTTP/1.1 204", "content-length", ""),
        ("GET /304 HTTP/1.1", "HTTP/1.1 304", "content-length", ""),
        ("GET /whole HTTP/1.1", "date: ", "transfer-encoding", "hi"),
    ] {
        let request = format!("{line}\r\nHost: a\r\nConnection: close\r\n\r\n");
        let (answer, ended) = exchange(address, request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let head = format!("{head}\r\n");
        assert!(head.contains(holds), "{line}: {head}");
        assert!(!head.contains(lacks), "{line}: {head}");
        assert_eq!((body, ended), (rest, Ended::Closed), "{line}");
    }
}

#[tokio::test]
async fn a_body_that_fails_breaks_the_answer_off() {
    let (_workers, address) = serve(Answers);
    for path in ["/broken", "/broken-length", "/short"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let (answer, ended) = exchange(address, request.as_bytes()).await;
        assert_ne!(ended, Ended::StillOpen, "{path}");
        assert!(!answer.ends_with("0\r\n\r\n"), "{path} looks whole: {answer}");
    }
    // In HTTP/1.0 the close is the end, so it must not be an orderly one.
    let (_, ended) = exchange(address, b"GET /broken HTTP/1.0\r\nHost: a\r\n\r\n").await;
    assert_eq!(ended, Ended::Reset);
}
