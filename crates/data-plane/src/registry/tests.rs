//! Cold APIs, single flight, versions and eviction.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use postern_api_model::ports::PortFuture;
use postern_api_model::scope::Scope;
use tokio::sync::Notify;

use super::*;

/// A store whose loads wait until they are let go.
#[derive(Default)]
struct SlowStore {
    go: Notify,
    loads: AtomicUsize,
    answers: Mutex<Vec<Result<Option<ApiSource>, String>>>,
}

impl ApiLoader for SlowStore {
    fn load<'a>(&'a self, _api_id: &'a str) -> PortFuture<'a, Result<Option<ApiSource>, String>> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.lock().unwrap().pop().unwrap_or(Ok(None));
        Box::pin(async move {
            self.go.notified().await;
            answer
        })
    }
}

fn source(version: u64) -> ApiSource {
    ApiSource {
        api_id: "a".to_owned(),
        version,
        scope: Scope { account: "0".to_owned(), region: "r".to_owned() },
        disable_execute_api_endpoint: false,
        stages: BTreeMap::new(),
        deployments: BTreeMap::new(),
        references: Default::default(),
    }
}

fn registry(answers: Vec<Result<Option<ApiSource>, String>>) -> (Arc<Registry>, Arc<SlowStore>) {
    let store = Arc::new(SlowStore { answers: Mutex::new(answers), ..SlowStore::default() });
    (Arc::new(Registry::new(Arc::clone(&store) as Arc<dyn ApiLoader>, 4)), store)
}

type Found = Result<Option<u64>, String>;

fn find(registry: &Arc<Registry>) -> tokio::task::JoinHandle<Found> {
    let registry = Arc::clone(registry);
    tokio::spawn(async move { registry.load("a").await.map(|api| api.map(|api| api.version)) })
}

async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn requests_for_one_cold_api_share_its_load() {
    let (registry, store) = registry(vec![Ok(Some(source(1)))]);
    let calls: Vec<_> = (0..5).map(|_| find(&registry)).collect();
    settle().await;
    store.go.notify_one();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(Some(1)));
    }
    assert_eq!(store.loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn they_share_its_failure_too() {
    let (registry, store) = registry(vec![Err("down".to_owned())]);
    let calls: Vec<_> = (0..5).map(|_| find(&registry)).collect();
    settle().await;
    store.go.notify_one();
    for call in calls {
        assert_eq!(call.await.unwrap(), Err("down".to_owned()));
    }
    assert_eq!(store.loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_cancelled_load_is_taken_over() {
    let (registry, store) = registry(vec![Ok(Some(source(1))), Ok(Some(source(1)))]);
    let first = find(&registry);
    settle().await;
    let second = find(&registry);
    settle().await;
    first.abort();
    settle().await;
    store.go.notify_one();
    assert_eq!(second.await.unwrap(), Ok(Some(1)));
    assert_eq!(store.loads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_api_withdrawn_while_it_is_read_stays_away() {
    let (registry, store) = registry(vec![Ok(None), Ok(Some(source(1)))]);
    let call = find(&registry);
    settle().await;
    registry.withdraw("a");
    store.go.notify_one();
    settle().await;
    store.go.notify_one();
    assert_eq!(call.await.unwrap(), Ok(None));
    assert!(registry.resident("a").is_none());
}

#[tokio::test]
async fn an_api_published_while_it_is_missed_is_found() {
    let (registry, store) = registry(vec![Ok(None)]);
    let call = find(&registry);
    settle().await;
    registry.publish(source(7)).unwrap();
    store.go.notify_one();
    assert_eq!(call.await.unwrap(), Ok(Some(7)));
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_asked_for_again_after_a_while() {
    let (registry, store) = registry(vec![Ok(Some(source(1))), Ok(None)]);
    store.go.notify_one();
    assert_eq!(find(&registry).await.unwrap(), Ok(None));
    assert_eq!(find(&registry).await.unwrap(), Ok(None));
    assert_eq!(store.loads.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_millis(MISSING_TTL_MS)).await;
    store.go.notify_one();
    assert_eq!(find(&registry).await.unwrap(), Ok(Some(1)));
}
