//! Requests that two readers could understand differently: refused, or normalised.

use std::sync::atomic::Ordering;

use http::StatusCode;
use postern_data_plane::transport::{Handler, Request, Response, Upstreams};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{Echo, Ended, exchange, read_answer, serve, text};

const REFUSED: &[(&str, &[u8], &str)] = &[
    ("differing lengths", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "400"),
    ("list of lengths", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", "400"),
    ("signed length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", "400"),
    ("negative length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", "400"),
    ("hexadecimal length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", "400"),
    ("empty length", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", "400"),
    ("length past 64 bits", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nhello", "400"),
    (
        "encoding not ending in chunked",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "400",
    ),
    ("encoding before chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", "400"),
    ("gzip before chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400"),
    ("almost chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "400"),
    ("quoted chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", "400"),
    ("chunked with a parameter", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", "400"),
    ("chunked after a vertical tab", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", "400"),
    ("chunked twice", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "400"),
    (
        "two encoding fields",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "chunked then identity field",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "400",
    ),
    ("empty encoding", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n", "400"),
    ("encoding in HTTP/1.0", b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
    ("bare CR in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "400"),
    ("bare CR as line end", b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", "400"),
    ("bare CR after the request line", b"GET / HTTP/1.1\rHost: a\r\n\r\n", "400"),
    ("CR CR LF", b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "400"),
    ("folded line", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "400"),
    ("line folded with a tab", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", "400"),
    ("folded first line", b"GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n", "400"),
    ("space before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 0\r\n\r\n", "400"),
    ("tab before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nX\t: 0\r\n\r\n", "400"),
    ("no colon", b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", "400"),
    ("empty name", b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400"),
    ("space in a name", b"GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", "400"),
    ("NUL in a name", b"GET / HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n", "400"),
    ("NUL in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", "400"),
    ("control byte in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n", "400"),
    ("delete in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n", "400"),
    ("NUL in the target", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("control byte in the target", b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("delete in the target", b"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("bytes outside ASCII in the target", b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("space in the target", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("tab in the request line", b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("two spaces in the request line", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("space after the version", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400"),
    ("no host", b"GET / HTTP/1.1\r\n\r\n", "400"),
    ("no host in HTTP/1.0", b"GET / HTTP/1.0\r\n\r\n", "400"),
    ("two hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
    ("the same host twice", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
    ("empty host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n", "400"),
    ("list of hosts", b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400"),
    ("space in the host", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
    ("user in the host", b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "400"),
    ("path in the host", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"),
    ("percent-encoding in the host", b"GET / HTTP/1.1\r\nHost: a%00\r\n\r\n", "400"),
    ("host beginning with a dot", b"GET / HTTP/1.1\r\nHost: .a\r\n\r\n", "400"),
    ("port that is no number", b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "400"),
    ("port out of range", b"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "400"),
    ("port zero", b"GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", "400"),
    ("signed port", b"GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n", "400"),
    ("empty port", b"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "400"),
    ("two ports", b"GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", "400"),
    ("open bracket", b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"),
    ("no address in brackets", b"GET / HTTP/1.1\r\nHost: [a]\r\n\r\n", "400"),
    ("bytes after the bracket", b"GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", "400"),
    ("absolute target with a user", b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("absolute target without host field", b"GET http://a/ HTTP/1.1\r\n\r\n", "400"),
    ("absolute target and two hosts", b"GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
    ("target of another scheme", b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("target without a slash", b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("query alone", b"GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("asterisk", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("asterisk of another verb", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("CONNECT", b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "400"),
    ("CONNECT with a path", b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ("HTTP/0.9", b"GET /\r\n\r\n", "400"),
    ("HTTP/2.0 in text", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "400"),
    ("HTTP/1.2", b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "400"),
    ("lower-case version", b"GET / http/1.1\r\nHost: a\r\n\r\n", "400"),
    ("TLS on the plain port", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", "400"),
    ("unknown expectation", b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\na", "417"),
];

#[tokio::test]
async fn ambiguous_requests_are_refused_and_their_connection_closed() {
    let echo = Echo::default();
    let (_workers, address) = serve(echo.clone());
    let mut wrong = Vec::new();
    for (name, bytes, status) in REFUSED {
        // A request that follows must not be served.
        let smuggled = [bytes, &b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"[..]].concat();
        let (answer, ended) = exchange(address, &smuggled).await;
        let expected = format!("HTTP/1.1 {status} ");
        let answers = answer.matches("HTTP/1.").count();
        if !answer.starts_with(&expected) && !answer.starts_with(&format!("HTTP/1.0 {status} "))
            || ended != Ended::Closed
            || answers != 1
        {
            wrong.push(format!("{name}: {ended:?}, {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(echo.seen.load(Ordering::Relaxed), 0, "the handler saw a refused request");
}

/// Name, request, what the handler sees (a prefix of lines that must be there), lines that must not be there.
type Normalised = (&'static str, &'static [u8], &'static [&'static str], &'static [&'static str]);

const NORMALISED: &[Normalised] = &[
    ("bare LF", b"GET /a HTTP/1.1\nHost: a\nX: y\n\n", &["GET /a HTTP/1.1", "host: a", "x: y"], &[]),
    ("empty lines first", b"\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", &["GET / HTTP/1.1"], &[]),
    (
        "equal lengths",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        &["content-length: 2", "body=hi"],
        &["content-length: 2\ncontent-length: 2"],
    ),
    (
        "length before chunked",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        &["body=hi"],
        &["content-length"],
    ),
    (
        "length after chunked",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        &["body=hi"],
        &["content-length"],
    ),
    (
        "upper-case chunked",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        &["body=hi"],
        &[],
    ),
    (
        "chunk extension",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n",
        &["body=hi"],
        &["a=b"],
    ),
    (
        "trailers",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Evil: 1\r\n\r\n",
        &["body=hi"],
        &["x-evil"],
    ),
    ("absolute target", b"GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n", &["GET /p?q HTTP/1.1", "host: b:81"], &["host: a"]),
    ("absolute target without path", b"GET http://b HTTP/1.1\r\nHost: b\r\n\r\n", &["GET / HTTP/1.1", "host: b"], &[]),
    ("fragment", b"GET /p#f HTTP/1.1\r\nHost: a\r\n\r\n", &["GET /p HTTP/1.1"], &["#f"]),
    ("double slash is no authority", b"GET //b/p HTTP/1.1\r\nHost: a\r\n\r\n", &["GET //b/p HTTP/1.1", "host: a"], &[]),
    ("encoded path as sent", b"GET /%2e%2E/%00?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n", &["GET /%2e%2E/%00?a=%zz HTTP/1.1"], &[]),
    ("bytes outside ASCII in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n", &["x: \u{e9}"], &[]),
    ("IPv6 host", b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", &["host: [::1]:80"], &[]),
    ("spaces around a value", b"GET / HTTP/1.1\r\nHost:   a \t \r\n\r\n", &["host: a"], &[]),
    ("HTTP/1.0", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", &["GET / HTTP/1.0"], &[]),
    ("length on GET", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", &["body=hi"], &[]),
];

#[tokio::test]
async fn lenient_readings_reach_the_handler_in_one_form() {
    let (_workers, address) = serve(Echo::default());
    for (name, bytes, seen, unseen) in NORMALISED {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let answer = read_answer(&mut stream).await;
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        for line in *seen {
            assert!(body.contains(line), "{name}: {line} is not in {answer}");
        }
        for line in *unseen {
            assert!(!body.contains(line), "{name}: {line} is in {answer}");
        }
    }
}

#[tokio::test]
async fn a_length_next_to_chunked_closes_the_connection() {
    let (_workers, address) = serve(Echo::default());
    let request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let (answer, ended) = exchange(address, request).await;
    assert_eq!(ended, Ended::Closed);
    assert!(!answer.contains("/smuggled"), "{answer}");
}

const BAD_BODIES: &[(&str, &[u8])] = &[
    ("size past 64 bits", b"fffffffffffffffff\r\nhi\r\n0\r\n\r\n"),
    ("signed size", b"+2\r\nhi\r\n0\r\n\r\n"),
    ("prefixed size", b"0x2\r\nhi\r\n0\r\n\r\n"),
    ("no size", b"\r\nhi\r\n0\r\n\r\n"),
    ("size line ending in LF", b"2\nhi\r\n0\r\n\r\n"),
    ("size line ending in CR", b"2\rhi\r\n0\r\n\r\n"),
    ("space before the size", b" 2\r\nhi\r\n0\r\n\r\n"),
    ("digits after a space", b"2 2\r\nhi\r\n0\r\n\r\n"),
    ("LF in an extension", b"2;a\nb\r\nhi\r\n0\r\n\r\n"),
    ("chunk longer than its size", b"2\r\nhiho\r\n0\r\n\r\n"),
    ("chunk ending in LF", b"2\r\nhi\n0\r\n\r\n"),
    ("chunk shorter than its size", b"5\r\nhi\r\n0\r\n\r\n\r\n\r\n"),
    ("bare LF after the last chunk", b"2\r\nhi\r\n0\n\n"),
    ("trailer without colon", b"2\r\nhi\r\n0\r\nevil\r\n\r\n"),
];

#[tokio::test]
async fn malformed_chunks_fail_the_body_and_close_the_connection() {
    let echo = Echo::default();
    let (_workers, address) = serve(echo.clone());
    let mut wrong = Vec::new();
    for (name, body) in BAD_BODIES {
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let request = [head, *body, b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let (answer, ended) = exchange(address, &request).await;
        if !answer.contains("body failed: Malformed") || answer.contains("HTTP/1.1 200") || ended != Ended::Closed {
            wrong.push(format!("{name}: {ended:?}, {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn chunk_extensions_are_bounded() {
    let (_workers, address) = serve(Echo::default());
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let request = [&head[..], b"2;", "x".repeat(20_000).as_bytes(), b"\r\nhi\r\n0\r\n\r\n"].concat();
    let (answer, ended) = exchange(address, &request).await;
    assert!(answer.contains("body failed: Malformed"), "{answer}");
    assert_eq!(ended, Ended::Closed);
}

#[tokio::test]
async fn expect_100_is_answered_when_the_body_is_read() {
    let (_workers, address) = serve(Echo::default());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n").await.unwrap();
    assert_eq!(read_answer(&mut stream).await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hi").await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.contains("body=hi") && !answer.contains("expect"), "{answer}");
}

/// Answers with the names as the client wrote them.
struct Names;

impl Handler for Names {
    async fn handle(&self, _: &Upstreams, request: Request) -> Response {
        // A body that arrives meanwhile changes nothing.
        let _ = request.body.collect(1 << 20).await;
        text(StatusCode::OK, request.names.list().join(" "))
    }
}

#[tokio::test]
async fn names_are_known_as_the_client_spelled_them() {
    let (_workers, address) = serve(Names);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = "B-Body: x\r\n\r\n".repeat(2_000);
    for (head, body, names) in [
        ("GET / HTTP/1.1\r\nHost: a\r\ntEsT-HEADeR: b\r\n\r\n", "", "Host tEsT-HEADeR"),
        ("GET / HTTP/1.1\r\nHOST: a\r\nTest-Header: b\r\n\r\n", "", "HOST Test-Header"),
        (
            "POST / HTTP/1.1\r\nhost: a\r\nContent-length: 14000\r\nX-aB: c\r\nx-Ab: d\r\n\r\n",
            &*body,
            "host Content-length X-aB x-Ab",
        ),
        ("GET / HTTP/1.1\r\nHosT: a\r\n\r\n", "", "HosT"),
    ] {
        // In two parts, so that the second is read by itself.
        let (first, second) = head.split_at(10);
        stream.write_all(first.as_bytes()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        stream.write_all(second.as_bytes()).await.unwrap();
        stream.write_all(&body.as_bytes()[..body.len().min(14_000)]).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.ends_with(&format!("\r\n\r\n{names}")), "{answer}");
    }
}

#[tokio::test]
async fn names_of_pipelined_requests_are_never_those_of_others() {
    let (_workers, address) = serve(Names);
    let requests = b"GET / HTTP/1.1\r\nHost: a\r\nOnE: b\r\n\r\nGET / HTTP/1.1\r\nhOsT: a\r\nConnection: close\r\n\r\n";
    let (answers, _) = exchange(address, requests).await;
    assert!(answers.contains("Host OnE"), "{answers}");
    assert!(!answers.contains("hOsT") && answers.matches("OnE").count() == 1, "{answers}");
}
