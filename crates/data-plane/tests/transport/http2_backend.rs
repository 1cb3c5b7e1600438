//! Backends that offer HTTP/2, made of raw frames so that they can do what no library does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{HeaderMap, Method};
use postern_data_plane::transport::{
    Body, BodyError, Origin, Scheme, TlsVerify, UpstreamError, UpstreamRequest, UpstreamSettings, Upstreams,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;

use crate::harness::{Backend, PATIENCE, backend, eventually, get, soon};
use crate::tls::{acceptor, request};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
/// `:status: 200` in HPACK.
const STATUS_200: u8 = 0x88;
/// `:path: /` in HPACK.
const PATH_ROOT: u8 = 0x84;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The backend's end of a connection.
struct Peer(TlsStream<TcpStream>);

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Peer {
    /// Reads the preface and sends `settings`, pairs of a number and a value.
    async fn greet(stream: TcpStream, settings: &[(u16, u32)]) -> Option<Self> {
        let mut peer = Self(acceptor(&[b"h2"]).accept(stream).await.ok()?);
        peer.0.read_exact(&mut [0; 24]).await.ok()?;
        let payload: Vec<u8> =
            settings.iter().flat_map(|(number, value)| [&number.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
        peer.send(SETTINGS, 0, 0, &payload).await;
        Some(peer)
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&len[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        // The gateway may have gone.
        let _ = self.0.write_all(&[&head, payload].concat()).await;
        let _ = self.0.flush().await;
    }

    async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        if frame.kind == SETTINGS && frame.flags == 0 {
            self.send(SETTINGS, 1, 0, &[]).await;
        }
        if frame.kind == PING && frame.flags == 0 {
            self.send(PING, 1, 0, &frame.payload).await;
        }
        Some(frame)
    }

    /// The stream of the next request; frames between are passed over.
    async fn request(&mut self) -> Option<u32> {
        loop {
            let frame = self.next().await?;
            if frame.kind == HEADERS {
                return Some(frame.stream);
            }
        }
    }

    async fn answer(&mut self, stream: u32) {
        self.send(HEADERS, END_HEADERS, stream, &[STATUS_200]).await;
        self.send(DATA, END_STREAM, stream, b"hi").await;
    }
}

/// A field in HPACK, as literally as can be.
fn field(name: &str, value: &str) -> Vec<u8> {
    let (name_len, value_len) = (u8::try_from(name.len()).unwrap(), u8::try_from(value.len()).unwrap());
    [&[0, name_len], name.as_bytes(), &[value_len], value.as_bytes()].concat()
}

fn ask(backend: &Backend) -> UpstreamRequest {
    request(backend, "localhost", TlsVerify::AnyIssuer)
}

async fn hi(upstreams: &Upstreams, backend: &Backend) {
    let response = upstreams.send(ask(backend), soon()).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.body.collect(16).await.unwrap(), "hi");
}

/// Answers everything.
async fn answering(settings: &'static [(u16, u32)]) -> Backend {
    backend(move |stream, _| async move {
        let Some(mut peer) = Peer::greet(stream, settings).await else { return };
        while let Some(stream) = peer.request().await {
            peer.answer(stream).await;
        }
    })
    .await
}

#[tokio::test]
async fn requests_share_a_connection_also_when_many_come_at_once() {
    let backend = answering(&[]).await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let asking: Vec<_> = (0..30)
        .map(|_| {
            let (upstreams, request) = (upstreams.clone(), ask(&backend));
            tokio::spawn(async move { upstreams.send(request, soon()).await.unwrap().body.collect(16).await.unwrap() })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), "hi");
    }
    hi(&upstreams, &backend).await;
    assert_eq!((backend.connections(), upstreams.open_connections()), (1, 1));
}

#[tokio::test]
async fn a_backend_sees_the_host_as_authority_and_nothing_of_the_connection() {
    let backend = backend(|stream, _| async move {
        let Ok(stream) = acceptor(&[b"h2", b"http/1.1"]).accept(stream).await else { return };
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let mut seen: Vec<_> =
                request.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            seen.sort();
            let seen = format!("{} {}|{}", request.method(), request.uri(), seen.join("|"));
            let response = http::Response::builder().header("seen", seen).body(()).unwrap();
            respond.send_response(response, true).unwrap();
        }
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let mut headers = HeaderMap::new();
    headers.insert("host", "api.example:8443".parse().unwrap());
    headers.insert("x-a", "b".parse().unwrap());
    headers.insert("content-length", "77".parse().unwrap());
    let origin = Origin::new(Scheme::Https, "localhost", backend.address.port(), TlsVerify::AnyIssuer);
    let uri = "/p/q?a=b%20c".parse().unwrap();
    let mut request = UpstreamRequest { origin, method: Method::POST, uri, headers, body: Body::full("hello") };
    request.headers.insert("transfer-encoding", "chunked".parse().unwrap());
    let response = upstreams.send(request, soon()).await.unwrap();
    assert_eq!(response.headers["seen"], "POST https://api.example:8443/p/q?a=b%20c|content-length: 5|x-a: b");
    for host in ["user@host", "two words"] {
        let mut request = ask(&backend);
        request.headers.insert("host", host.parse().unwrap());
        let error = upstreams.send(request, soon()).await.err().unwrap();
        assert!(matches!(error, UpstreamError::InvalidAddress { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn more_requests_than_a_connection_takes_go_on_another() {
    // SETTINGS_MAX_CONCURRENT_STREAMS.
    let backend = backend(|stream, number| async move {
        let Some(mut peer) = Peer::greet(stream, &[(3, 1)]).await else { return };
        let mut answered = 0;
        while let Some(stream) = peer.request().await {
            answered += 1;
            // The first connection leaves its third request without an answer.
            if number > 0 || answered < 3 {
                peer.answer(stream).await;
            }
        }
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    hi(&upstreams, &backend).await;
    hi(&upstreams, &backend).await;
    let held = tokio::spawn({
        let (upstreams, request) = (upstreams.clone(), ask(&backend));
        async move { upstreams.send(request, soon()).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    hi(&upstreams, &backend).await;
    assert_eq!(backend.connections(), 2);
    held.abort();
}

/// Requests that are to be under way all at once: each is answered when the last is there.
const AT_ONCE: usize = 100;

/// Takes as many requests at a time as `takes` says. Of a second connection it knows nothing before `second_after` requests came.
async fn answering_together(takes: Option<u32>, second_after: usize) -> Backend {
    let arrived = tokio::sync::watch::Sender::new(0);
    backend(move |stream, number| {
        let arrived = arrived.clone();
        async move {
            if number > 0 {
                arrived.subscribe().wait_for(|arrived| *arrived >= second_after).await.unwrap();
            }
            let Ok(stream) = acceptor(&[b"h2"]).accept(stream).await else { return };
            let mut builder = h2::server::Builder::new();
            if let Some(takes) = takes {
                builder.max_concurrent_streams(takes);
            }
            let mut connection = builder.handshake::<_, bytes::Bytes>(stream).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                arrived.send_modify(|arrived| *arrived += 1);
                let mut arrived = arrived.subscribe();
                tokio::spawn(async move {
                    arrived.wait_for(|arrived| *arrived == AT_ONCE).await.unwrap();
                    respond.send_response(http::Response::new(()), true).unwrap();
                });
            }
        }
    })
    .await
}

#[tokio::test]
async fn slow_requests_to_a_backend_not_known_yet_wait_for_none_of_each_other() {
    // The connection that one of them begins before the first one's settings are there is of no use to the others.
    // One that takes 32 takes what is supposed of it, and no rise wakes anybody.
    for (takes, second_after) in [(None, AT_ONCE - 1), (Some(40), 0), (Some(32), 0)] {
        let backend = answering_together(takes, second_after).await;
        let upstreams = Upstreams::new(UpstreamSettings::default());
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let (upstreams, request) = (upstreams.clone(), ask(&backend));
            asking.spawn(async move { upstreams.send(request, soon()).await.map(|answer| answer.status.as_u16()) });
        }
        while let Some(asked) = asking.join_next().await {
            assert_eq!(asked.unwrap().unwrap(), 200, "{takes:?}");
        }
        let connections = backend.connections();
        assert!(if takes.is_none() { connections <= 2 } else { connections >= 3 }, "{connections} connections, {takes:?}");
    }
}

/// Refuses the first request in its own way, then answers all.
async fn refusing(kind: u8, payload: &'static [u8]) -> (Backend, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let backend = backend(move |stream, _| {
        let counter = Arc::clone(&counter);
        async move {
            let Some(mut peer) = Peer::greet(stream, &[]).await else { return };
            while let Some(stream) = peer.request().await {
                if counter.fetch_add(1, Ordering::Relaxed) == 0 {
                    let of_stream = if kind == GOAWAY { 0 } else { stream };
                    peer.send(kind, 0, of_stream, payload).await;
                } else {
                    peer.answer(stream).await;
                }
            }
        }
    })
    .await;
    (backend, requests)
}

const REFUSED_STREAM: &[u8] = &[0, 0, 0, 7];
const CANCEL: &[u8] = &[0, 0, 0, 8];
/// NO_ERROR, and no stream was taken up.
const TOOK_NONE: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0];
/// NO_ERROR, and the first stream was taken up.
const TOOK_FIRST: &[u8] = &[0, 0, 0, 1, 0, 0, 0, 0];

#[tokio::test]
async fn a_request_that_a_backend_says_it_has_not_looked_at_is_sent_again() {
    for (kind, payload, connections) in [(RST_STREAM, REFUSED_STREAM, 1), (GOAWAY, TOOK_NONE, 2)] {
        let (backend, requests) = refusing(kind, payload).await;
        let upstreams = Upstreams::new(UpstreamSettings::default());
        let mut request = UpstreamRequest { method: Method::POST, body: Body::full("work"), ..ask(&backend) };
        request.headers.insert("x-a", "b".parse().unwrap());
        let response = upstreams.send(request, soon()).await.unwrap();
        assert_eq!(response.body.collect(16).await.unwrap(), "hi");
        assert_eq!((requests.load(Ordering::Relaxed), backend.connections()), (2, connections));
        hi(&upstreams, &backend).await;
        assert_eq!(backend.connections(), connections);
        eventually(|| upstreams.open_connections() == 1).await;
    }
}

#[tokio::test]
async fn a_request_that_a_backend_may_have_looked_at_is_not_sent_again() {
    let (backend, requests) = refusing(RST_STREAM, CANCEL).await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let error = upstreams.send(ask(&backend), soon()).await.err().unwrap();
    assert!(matches!(error, UpstreamError::Network { sent: true, .. }), "{error:?}");
    assert_eq!(requests.load(Ordering::Relaxed), 1);
    hi(&upstreams, &backend).await;

    // It took the request up, goes away, and closes without an answer.
    let backend = crate::harness::backend(|stream, number| async move {
        let Some(mut peer) = Peer::greet(stream, &[]).await else { return };
        while let Some(stream) = peer.request().await {
            if number == 0 {
                peer.send(GOAWAY, 0, 0, TOOK_FIRST).await;
                return;
            }
            peer.answer(stream).await;
        }
    })
    .await;
    let error = upstreams.send(ask(&backend), soon()).await.err().unwrap();
    assert!(matches!(error, UpstreamError::Network { sent: true, .. }), "{error:?}");
    assert_eq!(backend.connections(), 1);
    hi(&upstreams, &backend).await;
}

#[tokio::test]
async fn a_backend_that_goes_away_between_requests_loses_none() {
    let backend = backend(|stream, _| async move {
        let Some(mut peer) = Peer::greet(stream, &[]).await else { return };
        let Some(stream) = peer.request().await else { return };
        peer.answer(stream).await;
        peer.send(GOAWAY, 0, 0, TOOK_FIRST).await;
        while peer.next().await.is_some() {}
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    for _ in 0..5 {
        hi(&upstreams, &backend).await;
    }
    assert_eq!(backend.connections(), 5);
    eventually(|| upstreams.open_connections() <= 1).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_contradicts_its_length_is_not_whole() {
    // A body of two bytes under these fields, with or without its end.
    for (fields, flags) in [
        (field("content-length", "5"), END_STREAM),
        (field("content-length", "1"), END_STREAM),
        ([field("content-length", "2"), field("content-length", "3")].concat(), END_STREAM),
        (field("transfer-encoding", "chunked"), END_STREAM),
        (field("connection", "close"), END_STREAM),
        (Vec::new(), 0),
    ] {
        let head = [&[STATUS_200][..], &fields].concat();
        let backend = backend(move |stream, _| {
            let head = head.clone();
            async move {
                let Some(mut peer) = Peer::greet(stream, &[]).await else { return };
                let Some(stream) = peer.request().await else { return };
                peer.send(HEADERS, END_HEADERS, stream, &head).await;
                peer.send(DATA, flags, stream, b"hi").await;
                if flags == END_STREAM {
                    while peer.next().await.is_some() {}
                }
            }
        })
        .await;
        let upstreams = Upstreams::new(UpstreamSettings::default());
        match upstreams.send(ask(&backend), soon()).await {
            Ok(response) => {
                let error = response.body.collect(16).await.err();
                assert!(error.is_some(), "{}", String::from_utf8_lossy(&fields));
            }
            Err(error) => assert!(error.sent(), "{}: {error:?}", String::from_utf8_lossy(&fields)),
        }
    }
}

#[tokio::test]
async fn an_answer_given_up_resets_its_stream_alone_and_one_not_read_holds_up_no_other() {
    let resets = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&resets);
    let backend = backend(move |stream, _| {
        let counter = Arc::clone(&counter);
        async move {
            let Some(mut peer) = Peer::greet(stream, &[]).await else { return };
            while let Some(frame) = peer.next().await {
                match (frame.kind, frame.stream) {
                    // What a stream's window takes, and no end.
                    (HEADERS, stream) if stream < 9 => {
                        peer.send(HEADERS, END_HEADERS, stream, &[STATUS_200]).await;
                        for _ in 0..8 {
                            peer.send(DATA, 0, stream, &[b'x'; 16 * 1024]).await;
                        }
                    }
                    (HEADERS, stream) => peer.answer(stream).await,
                    (RST_STREAM, _) if frame.payload == CANCEL => {
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                    _ => {}
                }
            }
        }
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let mut unread = Vec::new();
    for _ in 0..4 {
        unread.push(upstreams.send(ask(&backend), soon()).await.unwrap());
    }
    hi(&upstreams, &backend).await;
    assert_eq!(resets.load(Ordering::Relaxed), 0);
    drop(unread);
    eventually(|| resets.load(Ordering::Relaxed) == 4).await;
    hi(&upstreams, &backend).await;
    assert_eq!((backend.connections(), upstreams.open_connections()), (1, 1));
}

#[tokio::test]
async fn a_deadline_ends_a_request_and_not_its_connection() {
    let (silent_seen, silent_reset) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, reset) = (Arc::clone(&silent_seen), Arc::clone(&silent_reset));
    let backend = backend(move |stream, _| {
        let (seen, reset) = (Arc::clone(&seen), Arc::clone(&reset));
        async move {
            let Some(mut peer) = Peer::greet(stream, &[]).await else { return };
            while let Some(frame) = peer.next().await {
                match frame.kind {
                    HEADERS if frame.payload.contains(&PATH_ROOT) => peer.answer(frame.stream).await,
                    // No answer to a request of another path.
                    HEADERS => seen.notify_one(),
                    RST_STREAM if frame.payload == CANCEL => reset.notify_one(),
                    _ => {}
                }
            }
        }
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    hi(&upstreams, &backend).await;
    let deadline = soon();
    let silent = UpstreamRequest { uri: "/silent".parse().unwrap(), ..ask(&backend) };
    let asked = tokio::spawn({
        let upstreams = upstreams.clone();
        async move { upstreams.send(silent, deadline).await }
    });
    silent_seen.notified().await;
    // The clock leaps: a deadline so short that a test may wait for it may also pass before the backend has the request.
    tokio::time::pause();
    tokio::time::advance(deadline.saturating_duration_since(Instant::now())).await;
    tokio::time::resume();
    let error = asked.await.unwrap().err().unwrap();
    assert!(matches!(error, UpstreamError::Timeout { sent: true }), "{error:?}");
    tokio::time::timeout(PATIENCE, silent_reset.notified()).await.unwrap();
    hi(&upstreams, &backend).await;
    assert_eq!(backend.connections(), 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_that_is_old_is_not_used() {
    let backend = answering(&[]).await;
    let idle = UpstreamSettings { idle_timeout: Duration::from_millis(80), ..UpstreamSettings::default() };
    let upstreams = Upstreams::new(idle);
    hi(&upstreams, &backend).await;
    assert_eq!(upstreams.open_connections(), 1);
    eventually(|| upstreams.open_connections() == 0).await;
    let old = UpstreamSettings {
        lifetime: Duration::from_millis(1),
        idle_timeout: Duration::from_millis(40),
        ..UpstreamSettings::default()
    };
    let upstreams = Upstreams::new(old);
    hi(&upstreams, &backend).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    hi(&upstreams, &backend).await;
    assert_eq!(backend.connections(), 3);
}

#[tokio::test]
async fn a_request_body_streams_and_its_failure_is_its_own() {
    let backend = backend(|stream, _| async move {
        let Some(mut peer) = Peer::greet(stream, &[]).await else { return };
        let mut received = 0;
        while let Some(frame) = peer.next().await {
            if frame.kind == DATA {
                received += frame.payload.len();
                if frame.flags & END_STREAM != 0 {
                    assert_eq!(received, 40_000);
                    peer.answer(frame.stream).await;
                }
            }
        }
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let body = Body::stream(Body::full(vec![b'x'; 40_000]));
    let request = UpstreamRequest { method: Method::PUT, body, ..ask(&backend) };
    let response = upstreams.send(request, soon()).await.unwrap();
    assert_eq!(response.body.collect(16).await.unwrap(), "hi");
    let body = Body::stream(crate::pool::FailsWith(BodyError::Timeout));
    let request = UpstreamRequest { method: Method::PUT, body, ..ask(&backend) };
    let error = upstreams.send(request, soon()).await.err().unwrap();
    assert!(matches!(error, UpstreamError::RequestBody(BodyError::Timeout)), "{error:?}");
}

#[tokio::test]
async fn without_http2_in_the_settings_it_is_not_offered() {
    let backend = backend(|stream, _| async move {
        let Ok(mut stream) = acceptor(&[b"h2", b"http/1.1"]).accept(stream).await else { return };
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let mut read = [0; 1024];
        while stream.read(&mut read).await.is_ok_and(|read| read > 0) {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
        }
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings { http2: false, ..UpstreamSettings::default() });
    hi(&upstreams, &backend).await;
    assert!(get(backend.address).headers.contains_key("host"));
}
