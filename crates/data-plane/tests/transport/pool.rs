//! Connections to backends: used again, given up, never used twice for one request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use postern_data_plane::transport::{
    Body, BodyError, Origin, Scheme, TlsVerify, UpstreamCounts, UpstreamError, UpstreamRequest, UpstreamSettings, Upstreams,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{
    Backend, Log, Proxy, backend, backend_on, canned, eventually, get, read_answer, read_head, read_to_end, serve, soon,
};

const HI: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

async fn status(upstreams: &Upstreams, address: std::net::SocketAddr) -> u16 {
    let response = upstreams.send(get(address), soon()).await.unwrap();
    let status = response.status.as_u16();
    assert_eq!(response.body.collect(16).await.unwrap(), "hi");
    status
}

fn hi_on(listener: TcpListener) -> Backend {
    backend_on(listener, |mut stream, _| async move {
        while read_head(&mut stream).await.is_some() && stream.write_all(HI).await.is_ok() {}
    })
}

#[tokio::test]
async fn requests_after_a_backend_restart_with_warm_connections_succeed() {
    let backend = canned(HI).await;
    let address = backend.address;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let warm: Vec<_> = (0..32)
        .map(|_| {
            let upstreams = upstreams.clone();
            tokio::spawn(async move { status(&upstreams, address).await })
        })
        .collect();
    for request in warm {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert!(upstreams.open_connections() > 1);
    backend.stop().await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    let _restarted = hi_on(socket.listen(64).unwrap());
    for _ in 0..40 {
        assert_eq!(status(&upstreams, address).await, 200);
    }
}

#[tokio::test]
async fn a_sent_request_is_not_sent_again() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    // Answers once on each connection, then takes a request and hangs up.
    let backend = backend(move |mut stream, _| {
        let counter = Arc::clone(&counter);
        async move {
            while read_head(&mut stream).await.is_some() {
                if counter.fetch_add(1, Ordering::Relaxed) > 0 {
                    return;
                }
                stream.write_all(HI).await.unwrap();
            }
        }
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    assert_eq!(status(&upstreams, backend.address).await, 200);
    let error = upstreams.send(get(backend.address), soon()).await.err().unwrap();
    assert!(matches!(error, UpstreamError::Network { sent: true, .. }), "{error:?}");
    assert_eq!(requests.load(Ordering::Relaxed), 2);
    assert_eq!(backend.connections(), 1);
}

#[tokio::test]
async fn connections_to_an_origin_are_bounded_and_waited_for() {
    let backend = canned(HI).await;
    let settings = UpstreamSettings { connections_per_host_max: 2, ..UpstreamSettings::default() };
    let upstreams = Upstreams::new(settings);
    let address = backend.address;
    let requests: Vec<_> = (0..20)
        .map(|_| {
            let upstreams = upstreams.clone();
            tokio::spawn(async move { status(&upstreams, address).await })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), 200);
    }
    assert_eq!(backend.connections(), 2);
    // Both taken: the third waits until its deadline and says that nothing was sent.
    let first = upstreams.send(get(address), soon()).await.unwrap();
    let second = upstreams.send(get(address), soon()).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_millis(50);
    let error = upstreams.send(get(address), deadline).await.err().unwrap();
    assert!(matches!(error, UpstreamError::Timeout { sent: false }), "{error:?}");
    drop((first, second));
    assert_eq!(status(&upstreams, address).await, 200);
}

#[tokio::test]
async fn idle_connections_are_closed_in_time() {
    let backend = canned(HI).await;
    let settings = UpstreamSettings { idle_timeout: Duration::from_millis(80), ..UpstreamSettings::default() };
    let upstreams = Upstreams::new(settings);
    assert_eq!(status(&upstreams, backend.address).await, 200);
    assert_eq!(upstreams.open_connections(), 1);
    eventually(|| upstreams.open_connections() == 0).await;
}

#[tokio::test]
async fn a_body_given_up_closes_its_connection() {
    let backend = canned(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi").await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let mut response = upstreams.send(get(backend.address), soon()).await.unwrap();
    assert_eq!(response.body.frame().await.unwrap().unwrap(), "hi");
    drop(response);
    eventually(|| upstreams.open_connections() == 0).await;
}

/// Notes what each connection received until its end.
async fn recorder(log: Log) -> Backend {
    backend(move |mut stream, _| {
        let log = Arc::clone(&log);
        async move {
            let mut received = Vec::new();
            let ended = stream.read_to_end(&mut received).await.is_ok();
            let received = String::from_utf8_lossy(&received).into_owned();
            log.lock().unwrap().push(format!("{received}|{ended}"));
        }
    })
    .await
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_backend_request_along() {
    let log = Log::default();
    let backend = recorder(Arc::clone(&log)).await;
    let (_workers, address) = serve(Proxy::to(backend.address));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    eventually(|| backend.connections() == 1).await;
    drop(client);
    eventually(|| log.lock().unwrap().len() == 1).await;
}

#[tokio::test]
async fn half_a_request_body_never_looks_whole() {
    for (body, end) in [
        ("Content-Length: 10\r\n\r\nhi", "hi|"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "2\r\nhi\r\n|"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n", "2\r\nhi\r\n|"),
    ] {
        let log = Log::default();
        let backend = recorder(Arc::clone(&log)).await;
        let (_workers, address) = serve(Proxy::to(backend.address));
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{body}");
        client.write_all(request.as_bytes()).await.unwrap();
        eventually(|| backend.connections() == 1).await;
        client.shutdown().await.unwrap();
        read_to_end(&mut client).await;
        eventually(|| log.lock().unwrap().len() == 1).await;
        let received = log.lock().unwrap().remove(0);
        // The body may not have been passed on at all by then; its end must not have been.
        assert!(received.contains(end) || received.contains("\r\n\r\n|"), "{body:?}: {received}");
        assert!(!received.contains("0\r\n\r\n|"), "{body:?}: {received}");
    }
}

#[tokio::test]
async fn a_failing_request_body_is_reported_as_such() {
    let backend = recorder(Log::default()).await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let body = Body::stream(FailsWith(BodyError::TooLarge { limit_bytes: 1 }));
    let request = UpstreamRequest { method: Method::POST, body, ..get(backend.address) };
    let error = upstreams.send(request, soon()).await.err().unwrap();
    let expected = BodyError::TooLarge { limit_bytes: 1 };
    assert!(matches!(error, UpstreamError::RequestBody(body) if body == expected), "{error:?}");
}

pub struct FailsWith(pub BodyError);

impl http_body::Body for FailsWith {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
        std::task::Poll::Ready(Some(Err(self.0)))
    }
}

#[tokio::test]
async fn an_answer_before_the_request_is_sent_is_passed_on_and_its_connection_not_used_again() {
    let backend = canned(HI).await;
    let (_workers, address) = serve(Proxy::to(backend.address));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhi").await.unwrap();
    assert!(read_answer(&mut client).await.ends_with("hi"));
    let mut other = TcpStream::connect(address).await.unwrap();
    other.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut other).await.ends_with("hi"));
    assert_eq!(backend.connections(), 2);
}

#[tokio::test]
async fn request_framing_follows_the_body() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    let backend = backend(move |mut stream, _| {
        let log = Arc::clone(&log);
        async move {
            while let Some(head) = read_head(&mut stream).await {
                log.lock().unwrap().push(head);
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
            }
        }
    })
    .await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    for (method, body, holds, lacks) in [
        (Method::GET, Body::empty(), "GET / HTTP/1.1\r\n", "content-length"),
        (Method::POST, Body::empty(), "content-length: 0\r\n", "transfer-encoding"),
        (Method::POST, Body::full("hi"), "content-length: 2\r\n", "transfer-encoding"),
        (Method::POST, Body::stream(Body::full("hi")), "content-length: 2\r\n", "transfer-encoding"),
    ] {
        let mut request = UpstreamRequest { method, body, ..get(backend.address) };
        // The handler's word on framing counts for nothing.
        request.headers.insert("content-length", "77".parse().unwrap());
        request.headers.insert("transfer-encoding", "gzip".parse().unwrap());
        upstreams.send(request, soon()).await.unwrap();
        let head = heads.lock().unwrap().pop().unwrap();
        assert!(head.contains(holds) && !head.contains(lacks), "{head}");
        assert!(!head.contains("77") && !head.contains("gzip"), "{head}");
    }
}

#[tokio::test]
async fn addresses_are_guarded_after_resolving() {
    struct Rebinds;
    impl postern_data_plane::transport::Resolver for Rebinds {
        fn resolve<'a>(&'a self, _: &'a str) -> postern_data_plane::transport::ResolveFuture<'a> {
            Box::pin(async { Ok(vec!["169.254.169.254".parse().unwrap()]) })
        }
    }
    let settings = UpstreamSettings { resolver: Arc::new(Rebinds), ..UpstreamSettings::default() };
    let upstreams = Upstreams::new(settings);
    for (host, refused) in [("harmless.example", true), ("[::ffff:169.254.169.254]", true), ("no host", false)] {
        let origin = Origin::new(Scheme::Http, host, 80, TlsVerify::Full);
        let request = UpstreamRequest { origin, ..get("127.0.0.1:1".parse().unwrap()) };
        match upstreams.send(request, soon()).await.err().unwrap() {
            UpstreamError::Refused { .. } => assert!(refused, "{host}"),
            UpstreamError::InvalidAddress { .. } => assert!(!refused, "{host}"),
            error => panic!("{host}: {error:?}"),
        }
        assert_eq!(upstreams.open_connections(), 0);
    }
}

#[tokio::test]
async fn a_server_is_not_its_own_backend() {
    struct Loops;
    impl postern_data_plane::transport::Handler for Loops {
        async fn handle(
            &self,
            upstreams: &Upstreams,
            request: postern_data_plane::transport::Request,
        ) -> postern_data_plane::transport::Response {
            let error = upstreams.send(get(request.local), soon()).await.err().unwrap();
            crate::harness::text(http::StatusCode::OK, format!("{error:?}"))
        }
    }
    let (_workers, address) = serve(Loops);
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = read_answer(&mut client).await;
    assert!(answer.contains("Refused"), "{answer}");
}

#[tokio::test]
async fn origins_at_one_host_share_its_bound_and_idle_connections_make_room() {
    let backend = canned(HI).await;
    let settings = UpstreamSettings { connections_per_host_max: 2, ..UpstreamSettings::default() };
    let upstreams = Upstreams::new(settings);
    let origins = [get(backend.address).origin, get(backend.address).origin.chosen_by_operator()];
    let send = |origin: &Origin, deadline| {
        let request = UpstreamRequest { origin: origin.clone(), ..get(backend.address) };
        let upstreams = upstreams.clone();
        async move { upstreams.send(request, deadline).await }
    };
    let both = [send(&origins[0], soon()).await.unwrap(), send(&origins[0], soon()).await.unwrap()];
    let brief = tokio::time::Instant::now() + Duration::from_millis(50);
    let error = send(&origins[1], brief).await.err().unwrap();
    assert!(matches!(error, UpstreamError::Timeout { sent: false }), "{error:?}");
    for response in both {
        assert_eq!(response.body.collect(16).await.unwrap(), "hi");
    }
    // Both are idle now, and of the other origin.
    assert_eq!(send(&origins[1], soon()).await.unwrap().body.collect(16).await.unwrap(), "hi");
    assert_eq!(backend.connections(), 3);
    assert_eq!(upstreams.open_connections(), 2);
}

#[tokio::test]
async fn a_workers_connections_are_bounded_in_all() {
    let (first, second) = (canned(HI).await, canned(HI).await);
    let counts = Arc::new(UpstreamCounts::default());
    let settings = UpstreamSettings {
        connections_total_max: 1,
        counts: Arc::clone(&counts),
        idle_timeout: Duration::from_millis(400),
        ..UpstreamSettings::default()
    };
    let upstreams = Upstreams::new(settings);
    let held = upstreams.send(get(first.address), soon()).await.unwrap();
    assert_eq!(counts.open(), 1);
    let brief = tokio::time::Instant::now() + Duration::from_millis(50);
    let error = upstreams.send(get(second.address), brief).await.err().unwrap();
    assert!(matches!(error, UpstreamError::Timeout { sent: false }), "{error:?}");
    let waiting = tokio::spawn({
        let (upstreams, address) = (upstreams.clone(), second.address);
        async move { status(&upstreams, address).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(held.body.collect(16).await.unwrap(), "hi");
    assert_eq!(waiting.await.unwrap(), 200);
    assert_eq!(status(&upstreams, first.address).await, 200);
    assert_eq!(upstreams.open_connections(), 1);
    eventually(|| (counts.open(), counts.idle()) == (1, 1)).await;
    eventually(|| (counts.open(), counts.idle()) == (0, 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_waits_for_a_connection_that_is_free() {
    let backend = canned(HI).await;
    let settings = UpstreamSettings { connections_per_host_max: 3, connections_total_max: 4, ..UpstreamSettings::default() };
    let upstreams = Upstreams::new(settings);
    let other = canned(HI).await;
    let asking: Vec<_> = (0..300)
        .map(|number| {
            let upstreams = upstreams.clone();
            let origin = get(backend.address).origin;
            let origin = match number % 4 {
                0 => origin,
                1 => origin.chosen_by_operator(),
                2 => origin.connecting_to("127.0.0.1", backend.address.port()),
                _ => get(other.address).origin,
            };
            let request = UpstreamRequest { origin, ..get(backend.address) };
            tokio::spawn(async move { upstreams.send(request, soon()).await.unwrap().body.collect(16).await.unwrap() })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), "hi");
    }
    assert!(upstreams.open_connections() <= 4);
}

#[tokio::test]
async fn a_backends_own_idle_timeout_is_kept() {
    for (answer, connections) in [
        (&b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nhi"[..], 3),
        (b"HTTP/1.1 200 OK\r\nKeep-Alive: max=5, Timeout=0\r\nContent-Length: 2\r\n\r\nhi", 3),
        (b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=9\r\nContent-Length: 2\r\n\r\nhi", 1),
        (b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=soon\r\nContent-Length: 2\r\n\r\nhi", 1),
        (b"HTTP/1.1 200 OK\r\nKeep-Alive: 5\r\nContent-Length: 2\r\n\r\nhi", 1),
    ] {
        let backend = canned(answer).await;
        let upstreams = Upstreams::new(UpstreamSettings::default());
        for _ in 0..3 {
            assert_eq!(status(&upstreams, backend.address).await, 200);
        }
        assert_eq!(backend.connections(), connections, "{}", String::from_utf8_lossy(answer));
    }
}
