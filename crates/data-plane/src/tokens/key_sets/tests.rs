//! When an issuer is asked, on a paused clock.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::tokens::test_keys::{SigningKey, key_set};
use crate::transport::UpstreamSettings;

const ISSUER: &str = "https://id.example.com";
const MINUTE: Duration = Duration::from_secs(60);

/// An issuer that takes a second for its answer.
struct FakeIssuer {
    asked: AtomicUsize,
    answer: Mutex<Result<String, String>>,
}

impl Fetcher for FakeIssuer {
    fn keys<'a>(
        &'a self,
        _issuer: Issuer<'a>,
        _settings: &'a IssuerSettings,
        _upstreams: &'a Upstreams,
    ) -> PortFuture<'a, Result<KeySet, String>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let answer = self.answer.lock().unwrap().clone();
            answer.and_then(|text| KeySet::parse(text.as_bytes()))
        })
    }
}

struct Bench {
    issuer: Arc<FakeIssuer>,
    sets: Arc<KeySets>,
    upstreams: Upstreams,
}

impl Bench {
    fn new(ids: &[&str]) -> Self {
        let issuer = Arc::new(FakeIssuer { asked: AtomicUsize::new(0), answer: Mutex::new(Ok(set(ids))) });
        let sets = KeySets::with_fetcher(TokenSettings::default(), Arc::clone(&issuer) as _);
        Self { issuer, sets: Arc::new(sets), upstreams: Upstreams::new(UpstreamSettings::default()) }
    }

    fn says(&self, answer: Result<String, String>) {
        *self.issuer.answer.lock().unwrap() = answer;
    }

    /// Whether the key is known, or why no key is.
    async fn knows(&self, key_id: &str) -> Result<bool, String> {
        self.knows_of(ISSUER, key_id).await
    }

    async fn knows_of(&self, issuer: &str, key_id: &str) -> Result<bool, String> {
        self.sets.of(Issuer::of_url(issuer), key_id, &self.upstreams).await.map(|keys| keys.has(key_id))
    }

    fn asked(&self) -> usize {
        self.issuer.asked.load(Ordering::SeqCst)
    }
}

fn set(ids: &[&str]) -> String {
    let keys: Vec<SigningKey> = ids.iter().map(|id| SigningKey::ec(id, "P-256")).collect();
    key_set(&keys.iter().collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn an_issuer_is_asked_once_however_many_wait() {
    let bench = Bench::new(&["a"]);
    let many = (0..50).map(|_| bench.knows("a")).collect::<Vec<_>>();
    for known in join_all(many).await {
        assert!(known.unwrap());
    }
    assert_eq!(bench.asked(), 1);
    assert!(bench.knows("a").await.unwrap());
    assert_eq!(bench.asked(), 1);
}

/// All at once, without a crate for it.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in &mut pinned {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if pinned.iter().all(|(_, output)| output.is_some()) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    pinned.into_iter().filter_map(|(_, output)| output).collect()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_does_not_fail_those_who_wait() {
    let bench = Bench::new(&["a"]);
    let leader = tokio::time::timeout(Duration::from_millis(10), bench.knows("a")).await;
    assert!(leader.is_err(), "it left");
    assert!(bench.knows("a").await.unwrap());
    assert_eq!(bench.asked(), 1, "its fetch went on");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_noticed_by_one_fetch_a_minute() {
    let bench = Bench::new(&["a"]);
    assert!(bench.knows("a").await.unwrap());
    bench.says(Ok(set(&["b"])));
    for _ in 0..10 {
        assert!(!bench.knows("b").await.unwrap(), "it was asked less than a minute ago");
    }
    assert_eq!(bench.asked(), 1);
    tokio::time::advance(MINUTE).await;
    let many = ["b", "guessed", "b", "other"].map(|id| bench.knows(id));
    let known: Vec<bool> = join_all(many.into()).await.into_iter().map(Result::unwrap).collect();
    assert_eq!((known, bench.asked()), (vec![true, false, true, false], 2));
    assert!(!bench.knows("a").await.unwrap(), "what its issuer took back is gone");
    tokio::time::advance(MINUTE).await;
    for _ in 0..10 {
        assert!(bench.knows("b").await.unwrap(), "known keys cost nothing");
    }
    assert_eq!(bench.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_fails_nobody_whose_key_is_known_until_it_is_too_old() {
    let bench = Bench::new(&["a"]);
    assert!(bench.knows("a").await.unwrap());
    bench.says(Err("down".into()));
    tokio::time::advance(MINUTE).await;
    assert!(!bench.knows("b").await.unwrap(), "not known, and nobody can say more");
    assert_eq!(bench.asked(), 2);
    for minute in 2..119 {
        tokio::time::sleep(MINUTE).await;
        assert!(bench.knows("a").await.unwrap(), "minute {minute}");
    }
    let asked = bench.asked();
    assert!((50..=65).contains(&asked), "once a minute in the second hour: {asked}");
    tokio::time::sleep(2 * MINUTE).await;
    assert_eq!(bench.knows("a").await.unwrap_err(), format!("the keys of {ISSUER} cannot be had: down"));
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_before_they_are_too_old_and_nobody_waits() {
    let bench = Bench::new(&["a"]);
    assert!(bench.knows("a").await.unwrap());
    tokio::time::advance(61 * MINUTE).await;
    let begun = Instant::now();
    assert!(bench.knows("a").await.unwrap());
    assert_eq!(begun.elapsed(), Duration::ZERO);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bench.asked(), 2);
    tokio::time::advance(90 * MINUTE).await;
    assert!(bench.knows("a").await.unwrap(), "two and a half hours after the first");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_cannot_be_asked_is_left_alone_for_a_moment() {
    let bench = Bench::new(&["a"]);
    bench.says(Err("down".into()));
    for _ in 0..10 {
        assert!(bench.knows("a").await.is_err());
    }
    assert_eq!(bench.asked(), 1);
    bench.says(Ok(set(&["a"])));
    tokio::time::advance(Duration::from_millis(RETRY_AFTER_MS)).await;
    assert!(bench.knows("a").await.unwrap());
    assert_eq!(bench.asked(), 2);
    bench.says(Ok("{}".into()));
    tokio::time::advance(MINUTE).await;
    assert!(!bench.knows("b").await.unwrap());
    assert!(bench.knows("a").await.unwrap(), "an answer that is no key set takes nothing away");
}

#[tokio::test(start_paused = true)]
async fn issuers_do_not_share_keys_and_are_bounded() {
    let bench = Bench::new(&["a"]);
    assert!(bench.knows_of("https://one", "a").await.unwrap());
    bench.says(Ok(set(&["b"])));
    assert!(!bench.knows_of("https://two", "a").await.unwrap());
    assert!(bench.knows_of("https://one", "a").await.unwrap());
    for number in 0..ISSUERS_MAX {
        bench.knows_of(&format!("https://{number}"), "b").await.unwrap();
        if number % 100 == 0 {
            bench.knows_of("https://one", "a").await.unwrap();
        }
    }
    assert_eq!(bench.sets.lock().len(), ISSUERS_MAX);
    let asked = bench.asked();
    assert!(bench.knows_of("https://one", "a").await.unwrap());
    assert_eq!(bench.asked(), asked, "one that is in use stays");
    assert!(bench.knows_of("https://two", "b").await.unwrap());
    assert_eq!(bench.asked(), asked + 1, "the one that nobody asked for longest was forgotten");
}

#[test]
fn a_runtime_that_ends_fails_nobody_on_another() {
    let bench = Bench::new(&["a"]);
    let paused = || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let first = paused();
    let begun = first.block_on(async { tokio::time::timeout(Duration::from_millis(10), bench.knows("a")).await });
    assert!(begun.is_err());
    drop(first);
    assert!(paused().block_on(bench.knows("a")).unwrap());
    assert_eq!(bench.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn configured_keys_are_not_fetched() {
    let keys = Arc::new(KeySet::parse(set(&["a"]).as_bytes()).unwrap());
    let given = IssuerSettings { keys: KeySource::Given(keys), ..IssuerSettings::default() };
    let settings = TokenSettings { issuers: [(ISSUER.to_owned(), given)].into(), ..TokenSettings::default() };
    let bench = Bench::new(&["b"]);
    let bench = Bench { sets: Arc::new(KeySets::with_fetcher(settings, Arc::clone(&bench.issuer) as _)), ..bench };
    assert!(bench.knows("a").await.unwrap());
    assert!(!bench.knows("b").await.unwrap());
    assert_eq!(bench.asked(), 0);
}
