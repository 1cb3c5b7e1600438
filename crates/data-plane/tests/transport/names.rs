//! Backends behind names that change.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postern_data_plane::transport::{
    Origin, ResolveFuture, Resolver, Scheme, TlsVerify, UpstreamError, UpstreamRequest, UpstreamSettings, Upstreams,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::harness::{Backend, backend_on, eventually, get, read_head, soon};

/// Says what it is told to.
struct Told(Mutex<Result<Vec<IpAddr>, &'static str>>);

impl Resolver for Told {
    fn resolve<'a>(&'a self, _: &'a str) -> ResolveFuture<'a> {
        let answer = self.0.lock().unwrap().clone().map_err(std::io::Error::other);
        Box::pin(async move { answer })
    }
}

impl Told {
    fn say(&self, answer: Result<&[&str], &'static str>) {
        *self.0.lock().unwrap() = answer.map(|addresses| addresses.iter().map(|address| address.parse().unwrap()).collect());
    }
}

/// Answers with `answer` and counts the connections that are open.
fn serving(listener: TcpListener, answer: &'static [u8]) -> (Backend, Arc<AtomicUsize>) {
    let open = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&open);
    let backend = backend_on(listener, move |mut stream, _| {
        let counter = Arc::clone(&counter);
        counter.fetch_add(1, Ordering::Relaxed);
        async move {
            while read_head(&mut stream).await.is_some() && stream.write_all(answer).await.is_ok() {}
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    });
    (backend, open)
}

/// Two backends at one port of two addresses.
async fn two() -> ((Backend, Arc<AtomicUsize>), (Backend, Arc<AtomicUsize>), u16) {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        // Somebody else may have the port at the other address.
        let Ok(second) = TcpListener::bind(("127.0.0.2", port)).await else { continue };
        let first = serving(first, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
        let second = serving(second, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
        return (first, second, port);
    }
}

fn upstreams(resolver: &Arc<Told>) -> Upstreams {
    Upstreams::new(UpstreamSettings {
        resolver: Arc::clone(resolver) as Arc<dyn Resolver>,
        dns_cache_ttl: Duration::from_millis(20),
        // A tick is an eighth of it, and the name is looked up again in a tick.
        idle_timeout: Duration::from_secs(2),
        ..UpstreamSettings::default()
    })
}

async fn ask(upstreams: &Upstreams, port: u16) -> Result<String, UpstreamError> {
    let origin = Origin::new(Scheme::Http, "backend.test", port, TlsVerify::Full);
    let request = UpstreamRequest { origin, ..get(SocketAddr::from(([127, 0, 0, 1], port))) };
    let response = upstreams.send(request, soon()).await?;
    Ok(String::from_utf8_lossy(&response.body.collect(16).await.unwrap()).into_owned())
}

#[tokio::test]
async fn a_name_that_changes_is_followed_though_its_old_address_answers_on() {
    let ((_first, open_at_first), (_second, _), port) = two().await;
    let resolver = Arc::new(Told(Mutex::new(Err("nothing said yet"))));
    resolver.say(Ok(&["127.0.0.1"]));
    let upstreams = upstreams(&resolver);
    assert_eq!(ask(&upstreams, port).await.unwrap(), "first");
    resolver.say(Ok(&["127.0.0.2"]));
    let deadline = soon();
    while ask(&upstreams, port).await.unwrap() != "second" {
        assert!(tokio::time::Instant::now() < deadline, "the name is not followed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    eventually(|| open_at_first.load(Ordering::Relaxed) == 0).await;
    // Back again, with both: what is still there goes on being used.
    resolver.say(Ok(&["127.0.0.1", "127.0.0.2"]));
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(ask(&upstreams, port).await.unwrap(), "second");
    }
}

#[tokio::test]
async fn a_name_server_that_fails_takes_no_backend_along() {
    let ((first, _), _second, port) = two().await;
    let resolver = Arc::new(Told(Mutex::new(Err("nothing said yet"))));
    let upstreams = upstreams(&resolver);
    let error = ask(&upstreams, port).await.err().unwrap();
    assert!(matches!(error, UpstreamError::InvalidAddress { .. }), "{error:?}");
    resolver.say(Ok(&["127.0.0.1"]));
    // The failure is forgotten in time.
    eventually_ok(&upstreams, port).await;
    resolver.say(Err("the name server is away"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    // A connection of the last known address, and a new one to it.
    assert_eq!(ask(&upstreams, port).await.unwrap(), "first");
    assert_eq!(first.connections(), 1);
    let other = Upstreams::clone(&upstreams);
    let origin = Origin::new(Scheme::Http, "backend.test", port, TlsVerify::Full).chosen_by_operator();
    let request = UpstreamRequest { origin, ..get(SocketAddr::from(([127, 0, 0, 1], port))) };
    assert!(other.send(request, soon()).await.is_ok());
    assert_eq!(first.connections(), 2);
}

async fn eventually_ok(upstreams: &Upstreams, port: u16) {
    let deadline = soon();
    while ask(upstreams, port).await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "it did not recover");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_dead_address_costs_an_attempt_and_no_request() {
    let ((_first, _), _second, port) = two().await;
    let resolver = Arc::new(Told(Mutex::new(Err("nothing said yet"))));
    // Nothing listens at the first address.
    resolver.say(Ok(&["127.0.0.3", "127.0.0.1"]));
    let upstreams = upstreams(&resolver);
    assert_eq!(ask(&upstreams, port).await.unwrap(), "first");
    eventually(|| upstreams.open_connections() == 1).await;
}
