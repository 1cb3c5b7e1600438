//! `Cache-Control: max-age=0`: who may have an answer fetched anew, and many who ask at once.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use postern_api_model::apigateway::{CacheClusterSize, UnauthorizedCacheControlHeaderStrategy as Strategy};
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::MethodSetting;
use support::{API, Backend, TestGateway, api, definition, ok, proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

const RENEW: &[&str] = &["Cache-Control: max-age=0"];

fn cached(uri: &str, change: impl FnOnce(&mut MethodSetting)) -> ApiSource {
    let mut source = api(vec![("/p", "GET", proxy(uri))]);
    let mut setting = MethodSetting { caching_enabled: true, ..MethodSetting::default() };
    change(&mut setting);
    let stage = source.stages.get_mut("s").unwrap();
    stage.cache_cluster_enabled = true;
    stage.cache_cluster_size = Some(CacheClusterSize::V05);
    stage.method_settings.insert("*/*".to_owned(), setting);
    source
}

fn calls(backend: &Backend) -> usize {
    backend.requests.lock().unwrap().len()
}

#[tokio::test]
async fn where_nobody_needs_a_permission_everybody_may() {
    let backend = Backend::answering(ok("x")).await;
    let source = cached(&backend.uri("/"), |setting| setting.require_authorization_for_cache_control = false);
    let test = TestGateway::serving(source);
    for (fields, expected) in [
        (&[][..], 1),
        (RENEW, 2),
        (&[][..], 2),
        (&["Cache-Control: no-cache, no-store"][..], 2),
        (&["Cache-Control: max-age=1"][..], 2),
        (&["cache-control: no-cache, MAX-AGE=0"][..], 3),
    ] {
        let answer = test.call("GET", "/s/p", fields, "").await;
        assert_eq!((answer.status, calls(&backend), answer.field("warning")), (200, expected, ""), "{fields:?}");
    }
}

#[tokio::test]
async fn whoever_is_not_permitted_is_treated_by_the_strategy() {
    for strategy in [Strategy::FailWith403, Strategy::SucceedWithResponseHeader, Strategy::SucceedWithoutResponseHeader] {
        let backend = Backend::answering(ok("x")).await;
        let strategy_of = strategy;
        let source = cached(&backend.uri("/"), |setting| setting.unauthorized_cache_control_header_strategy = strategy_of);
        let test = TestGateway::serving(source);
        assert_eq!(test.call("GET", "/s/p", &[], "").await.status, 200);
        let answer = test.call("GET", "/s/p", RENEW, "").await;
        assert_eq!(calls(&backend), 1, "{strategy}: the entry stays");
        match strategy {
            Strategy::FailWith403 => {
                assert_eq!((answer.status, answer.field("x-amzn-errortype")), (403, "AccessDeniedException"));
                assert!(answer.text().contains("execute-api:InvalidateCache"), "{}", answer.text());
            }
            Strategy::SucceedWithResponseHeader => {
                assert_eq!((answer.status, answer.text().as_str()), (200, "x"));
                assert!(answer.field("warning").starts_with("199 "), "{}", answer.field("warning"));
            }
            Strategy::SucceedWithoutResponseHeader => {
                assert_eq!((answer.status, answer.text().as_str(), answer.field("warning")), (200, "x", ""));
            }
        }
        assert_eq!(test.call("GET", "/s/p", &[], "").await.field("warning"), "", "{strategy}: it is nobody else's");
    }
}

/// A backend that answers each connection when it is let to, numbering the answers.
struct Slow {
    uri: String,
    asked: Arc<AtomicUsize>,
    may_answer: Arc<Semaphore>,
}

impl Slow {
    async fn start() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\n").await
    }

    /// One whose answers begin with `head`.
    async fn answering(head: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let (asked, may_answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (count, turns) = (Arc::clone(&asked), Arc::clone(&may_answer));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (count, turns) = (Arc::clone(&count), Arc::clone(&turns));
                tokio::spawn(async move {
                    let _ = socket.read(&mut [0; 4096]).await;
                    let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                    turns.acquire().await.unwrap().forget();
                    let number = number.to_string();
                    let answer = format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n{number}", number.len());
                    let _ = socket.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { uri, asked, may_answer }
    }

    async fn asked(&self, times: usize) {
        while self.asked.load(Ordering::SeqCst) < times {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_hundred_who_miss_at_once_ask_once() {
    let slow = Slow::start().await;
    let test = Arc::new(TestGateway::serving(cached(&slow.uri, |_| {})));
    let asking: Vec<_> = (0..100)
        .map(|_| {
            let test = Arc::clone(&test);
            tokio::spawn(async move { test.call("GET", "/s/p", &[], "").await.text() })
        })
        .collect();
    slow.asked(1).await;
    slow.may_answer.add_permits(200);
    for answer in asking {
        assert_eq!(answer.await.unwrap(), "1");
    }
    assert_eq!(slow.asked.load(Ordering::SeqCst), 1);
    let counts = test.gateway.api_metrics()[0].counts;
    assert_eq!((counts.cache_hits, counts.cache_misses), (99, 1));
}

#[tokio::test]
async fn a_client_that_goes_away_takes_nobodys_answer_along() {
    let slow = Slow::start().await;
    let test = Arc::new(TestGateway::serving(cached(&slow.uri, |_| {})));
    let mut first = TcpStream::connect(test.address).await.unwrap();
    let request = format!("GET /s/p HTTP/1.1\r\nHost: {API}.execute-api.local\r\n\r\n");
    first.write_all(request.as_bytes()).await.unwrap();
    slow.asked(1).await;
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let test = Arc::clone(&test);
            tokio::spawn(async move { test.call("GET", "/s/p", &[], "").await.text() })
        })
        .collect();
    drop(first);
    // One of those who waited asks for all.
    slow.asked(2).await;
    slow.may_answer.add_permits(10);
    for answer in waiting {
        assert_eq!(answer.await.unwrap(), "2");
    }
    assert_eq!(slow.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_asks_as_well_takes_the_leaders_answer_if_it_comes_first() {
    let slow = Slow::start().await;
    let mut source = cached(&slow.uri, |_| {});
    let method = definition(&mut source).resources.get_mut("/p").unwrap().methods.get_mut("GET").unwrap();
    method.integration.as_mut().unwrap().timeout_in_millis = 4_000;
    let test = Arc::new(TestGateway::serving(source));
    let asking = || {
        let test = Arc::clone(&test);
        tokio::spawn(async move { test.call("GET", "/s/p", &[], "").await.text() })
    };
    let leader = asking();
    slow.asked(1).await;
    let waiting = asking();
    // At half of its time.
    slow.asked(2).await;
    slow.may_answer.add_permits(1);
    assert_eq!((leader.await.unwrap().as_str(), waiting.await.unwrap().as_str()), ("1", "1"));
    let counts = test.gateway.api_metrics()[0].counts;
    assert_eq!((counts.cache_hits, counts.cache_misses), (1, 1));
}

#[tokio::test]
async fn for_answers_that_are_never_kept_nobody_waits() {
    let slow = Slow::answering("HTTP/1.1 200 OK\r\nSet-Cookie: own=1\r\n").await;
    let test = Arc::new(TestGateway::serving(cached(&slow.uri, |_| {})));
    slow.may_answer.add_permits(1);
    assert_eq!(test.call("GET", "/s/p", &[], "").await.text(), "1");
    let asking: Vec<_> = (0..5)
        .map(|_| {
            let test = Arc::clone(&test);
            tokio::spawn(async move { test.call("GET", "/s/p", &[], "").await.status })
        })
        .collect();
    // All are asking while nobody has an answer.
    tokio::time::timeout(Duration::from_secs(10), slow.asked(6)).await.unwrap();
    slow.may_answer.add_permits(5);
    for answer in asking {
        assert_eq!(answer.await.unwrap(), 200);
    }
}
