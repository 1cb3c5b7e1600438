//! What backends send that is not a clean answer.

use std::time::Duration;

use http::StatusCode;
use postern_data_plane::transport::{BodyError, UpstreamError, UpstreamSettings, Upstreams};
use tokio::io::AsyncWriteExt;

use crate::harness::{Ended, Proxy, backend, canned, canned_then_close, exchange, get, read_head, serve, soon};

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Whole(u16, String),
    Protocol,
    Network,
    Body(BodyError),
    Other(String),
}

async fn outcome(upstreams: &Upstreams, address: std::net::SocketAddr) -> Outcome {
    let response = match upstreams.send(get(address), soon()).await {
        Ok(response) => response,
        Err(UpstreamError::Protocol { .. }) => return Outcome::Protocol,
        Err(UpstreamError::Network { sent: true, .. }) => return Outcome::Network,
        Err(error) => return Outcome::Other(format!("{error:?}")),
    };
    // A body that never ends is a failure of the test, not a test that never ends.
    match response.body.with_deadline(soon()).collect(1 << 20).await {
        Ok(body) => Outcome::Whole(response.status.as_u16(), String::from_utf8_lossy(&body).into_owned()),
        Err(error) => Outcome::Body(error),
    }
}

const MALFORMED: &[(&str, &[u8])] = &[
    ("garbage", b"hello there, this is no HTTP\r\n\r\n"),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("no status", b"HTTP/1.1\r\n\r\n"),
    ("status of letters", b"HTTP/1.1 abc OK\r\n\r\n"),
    ("status of two digits", b"HTTP/1.1 20 OK\r\n\r\n"),
    ("status under 100", b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"),
    ("HTTP/0.9", b"<html>hi</html>\r\n\r\n"),
    ("HTTP/2.0 in text", b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ("differing lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!"),
    ("list of differing lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nhi!"),
    ("signed length", b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi"),
    ("length of letters", b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nhi"),
    ("length past 64 bits", b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nhi"),
    ("length and chunked", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
    ("chunked and length", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
    ("not only chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
    ("not chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nhi"),
    ("chunked twice", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
    ("chunked in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
    ("folded field", b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nhi"),
    ("bare CR in a field", b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi"),
    ("NUL in a field", b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nhi"),
    ("space before the colon", b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi"),
    ("no colon", b"HTTP/1.1 200 OK\r\nX\r\nContent-Length: 2\r\n\r\nhi"),
    ("unasked upgrade", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nhi"),
];

#[tokio::test]
async fn malformed_answers_are_errors() {
    let mut wrong = Vec::new();
    for (name, answer) in MALFORMED {
        let upstreams = Upstreams::new(UpstreamSettings::default());
        let backend = canned(answer).await;
        let outcome = outcome(&upstreams, backend.address).await;
        if outcome != Outcome::Protocol {
            wrong.push(format!("{name}: {outcome:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const BROKEN_OFF: &[(&str, &[u8], Outcome)] = &[
    ("nothing", b"", Outcome::Network),
    ("half a head", b"HTTP/1.1 200 OK\r\nContent-", Outcome::Network),
    ("fewer bytes than the length", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", Outcome::Body(BodyError::Incomplete)),
    ("no last chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", Outcome::Body(BodyError::Incomplete)),
    ("half a chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi", Outcome::Body(BodyError::Incomplete)),
    (
        "bad chunk size",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxy\r\nhi\r\n0\r\n\r\n",
        Outcome::Body(BodyError::Malformed),
    ),
    (
        "chunk size past 64 bits",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhi",
        Outcome::Body(BodyError::Malformed),
    ),
    (
        "bad chunk end",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhiho\r\n0\r\n\r\n",
        Outcome::Body(BodyError::Malformed),
    ),
];

#[tokio::test]
async fn half_an_answer_is_an_error() {
    let mut wrong = Vec::new();
    for (name, answer, expected) in BROKEN_OFF {
        let upstreams = Upstreams::new(UpstreamSettings::default());
        let backend = canned_then_close(answer).await;
        let outcome = outcome(&upstreams, backend.address).await;
        if outcome != *expected {
            wrong.push(format!("{name}: {outcome:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Name, answer, its body, connections after three requests: 1 when the connection may be used again.
const WHOLE: &[(&str, &[u8], u16, &str, usize)] = &[
    ("length", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", 1),
    ("equal lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", 1),
    ("chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", 1),
    ("trailers", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Evil: 1\r\n\r\n", 200, "hi", 1),
    ("no content", b"HTTP/1.1 204 No Content\r\n\r\n", 204, "", 1),
    ("unknown status", b"HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nhi", 799, "hi", 1),
    (
        "interim answers",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        200,
        "hi",
        1,
    ),
    (
        "bytes after the body",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        200,
        "hi",
        3,
    ),
    ("bytes after no content", b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", 204, "", 3),
    ("bytes after not modified", b"HTTP/1.1 304 Not Modified\r\n\r\nevil", 304, "", 3),
    (
        "bytes after the last chunk",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nevil",
        200,
        "hi",
        3,
    ),
    ("backend closes", b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", 3),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", 3),
];

#[tokio::test]
async fn clean_answers_arrive_and_their_connection_is_used_again_only_if_it_is_clean() {
    let mut wrong = Vec::new();
    for (name, answer, status, body, connections) in WHOLE {
        let upstreams = Upstreams::new(UpstreamSettings::default());
        let backend = canned(answer).await;
        for _ in 0..3 {
            let outcome = outcome(&upstreams, backend.address).await;
            if outcome != Outcome::Whole(*status, (*body).to_owned()) {
                wrong.push(format!("{name}: {outcome:?}"));
            }
        }
        if backend.connections() != *connections {
            wrong.push(format!("{name}: {} connections", backend.connections()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_body_that_ends_with_the_connection_arrives() {
    let upstreams = Upstreams::new(UpstreamSettings::default());
    for answer in [&b"HTTP/1.1 200 OK\r\n\r\nhi"[..], b"HTTP/1.0 200 OK\r\n\r\nhi"] {
        let backend = canned_then_close(answer).await;
        assert_eq!(outcome(&upstreams, backend.address).await, Outcome::Whole(200, "hi".to_owned()));
    }
}

#[tokio::test]
async fn heads_without_end_are_cut_off() {
    for (name, first, repeated) in [
        ("fields", &b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n"[..]),
        ("one field", b"HTTP/1.1 200 OK\r\na: ", b"bbbbbbbbbbbbbbbb"),
        ("status line", b"HTTP/1.1 200 ", b"OK"),
        ("interim answers", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ("empty lines", b"", b"\r\n"),
    ] {
        let upstreams = Upstreams::new(UpstreamSettings::default());
        let backend = backend(move |mut stream, _| async move {
            read_head(&mut stream).await;
            let block = [first, &repeated.repeat(512)].concat();
            let mut next = &block[..];
            while stream.write_all(next).await.is_ok() {
                next = &block[first.len()..];
            }
        })
        .await;
        assert_eq!(outcome(&upstreams, backend.address).await, Outcome::Protocol, "{name}");
    }
}

#[tokio::test]
async fn a_client_sees_that_a_backend_broke_off() {
    for (answer, path) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi"[..], "length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "chunked"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n", "bad chunk"),
    ] {
        let backend = canned_then_close(answer).await;
        let (_workers, address) = serve(Proxy::to(backend.address));
        let (answer, ended) = exchange(address, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_ne!(ended, Ended::StillOpen, "{path}");
        assert!(!answer.contains("\r\n0\r\n\r\n"), "{path} looks whole: {answer}");
    }
}

#[tokio::test]
async fn a_backend_that_hangs_is_given_up_at_the_deadline() {
    let silent = backend(|stream, _| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let half = backend(|mut stream, _| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    for (backend, expected) in [(&silent, "Timeout { sent: true }"), (&half, "HTTP/1.1 200 OK")] {
        let proxy = Proxy { backend: backend.address, deadline: Duration::from_millis(100) };
        let (_workers, address) = serve(proxy);
        let (answer, ended) = exchange(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        assert!(answer.contains(expected), "{answer}");
        assert_ne!(ended, Ended::StillOpen);
    }
    let refused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (_workers, address) = serve(Proxy::to(refused));
    let (answer, _) = exchange(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {}", StatusCode::BAD_GATEWAY.as_u16())), "{answer}");
    assert!(answer.contains("Connect(") && answer.contains("sent=false"), "{answer}");
}
