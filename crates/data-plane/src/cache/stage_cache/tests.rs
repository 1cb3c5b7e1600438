//! What is found, who asks, what is forgotten, and how much is kept.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::super::CacheLimits;
use super::*;

const TTL: Duration = Duration::from_secs(300);
const SIZE: CacheClusterSize = CacheClusterSize::V05;

fn caches(bytes_max: usize, stage_bytes_max: usize) -> Arc<Caches> {
    Arc::new(Caches::new(CacheLimits { bytes_max, stage_bytes_max }))
}

fn cache() -> Arc<StageCache> {
    caches(1 << 20, 1 << 20).open(SIZE)
}

fn answer(text: &str) -> Answer {
    Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: Bytes::copy_from_slice(text.as_bytes()) }
}

fn coded(text: &str) -> Answer {
    let mut answer = answer(text);
    answer.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    answer
}

fn codings(value: &'static str) -> Codings {
    Codings::accepted(&[(header::ACCEPT_ENCODING, HeaderValue::from_static(value))].into_iter().collect())
}

fn key(number: u8) -> Key {
    [number; 32]
}

fn keep(cache: &Arc<StageCache>, number: u8, codings: Codings, answer: Answer, freshness: Freshness) {
    cache.claim(key(number), codings, freshness).keep(answer, TTL, Protection::None);
}

/// What a client finds.
fn found(cache: &Arc<StageCache>, number: u8, codings: Codings) -> Option<Bytes> {
    match cache.turn(key(number), codings, TTL) {
        Turn::Hit(entry) => Some(cache.open(&entry, &key(number)).unwrap().body),
        Turn::Lead(_) | Turn::Ask(_) | Turn::Wait(_) => None,
    }
}

fn lead(cache: &Arc<StageCache>, number: u8) -> Lead {
    match cache.turn(key(number), Codings::default(), TTL) {
        Turn::Lead(lead) => lead,
        Turn::Hit(_) | Turn::Ask(_) | Turn::Wait(_) => panic!("somebody else leads"),
    }
}

fn wait(cache: &Arc<StageCache>, number: u8) -> watch::Receiver<Outcome> {
    match cache.turn(key(number), Codings::default(), TTL) {
        Turn::Wait(outcome) => outcome,
        Turn::Hit(_) | Turn::Ask(_) | Turn::Lead(_) => panic!("nobody leads"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_good_for_its_time_to_live() {
    let (cache, any) = (cache(), Codings::default());
    keep(&cache, 1, any, answer("x"), Freshness::Missed);
    tokio::time::advance(TTL - Duration::from_millis(1)).await;
    assert_eq!(found(&cache, 1, any).unwrap(), "x");
    assert!(found(&cache, 2, any).is_none());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(found(&cache, 1, any).is_none());
    assert_eq!(cache.bytes(), 0, "what is no good any more is not kept");
}

#[tokio::test(start_paused = true)]
async fn a_time_to_live_that_was_made_shorter_counts_at_once() {
    let (cache, any) = (cache(), Codings::default());
    keep(&cache, 1, any, answer("x"), Freshness::Missed);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(matches!(cache.turn(key(1), any, Duration::from_secs(10)), Turn::Lead(_)));
    assert!(found(&cache, 1, any).is_some());
}

#[tokio::test(start_paused = true)]
async fn one_asks_for_all() {
    let cache = cache();
    let leader = lead(&cache, 1);
    let mut waiting = wait(&cache, 1);
    let _other = lead(&cache, 2);
    let kept = leader.claim.keep(answer("x"), TTL, Protection::None);
    leader.finish(kept);
    waiting.changed().await.unwrap();
    let Outcome::Kept(entry) = waiting.borrow().clone() else { panic!("there is an entry") };
    assert_eq!(cache.open(&entry, &key(1)).unwrap(), answer("x"));
    assert_eq!(found(&cache, 1, Codings::default()).unwrap(), "x");
}

#[tokio::test(start_paused = true)]
async fn a_leader_without_an_answer_to_keep_sends_the_others_on_their_own_way() {
    let cache = cache();
    let leader = lead(&cache, 1);
    let mut waiting = wait(&cache, 1);
    leader.finish(None);
    waiting.changed().await.unwrap();
    assert!(matches!(*waiting.borrow(), Outcome::Nothing));
    drop(lead(&cache, 1));
}

#[tokio::test(start_paused = true)]
async fn for_what_is_not_for_keeping_nobody_waits_a_while() {
    let (cache, any) = (cache(), Codings::default());
    let leader = lead(&cache, 1);
    leader.claim.was_not_for_keeping();
    leader.finish(None);
    let Turn::Ask(claim) = cache.turn(key(1), any, TTL) else { panic!("nothing is waited for") };
    assert!(matches!(cache.turn(key(1), any, TTL), Turn::Ask(_)));
    claim.keep(answer("x"), TTL, Protection::None).unwrap();
    assert_eq!(found(&cache, 1, any).unwrap(), "x");
    tokio::time::advance(TTL).await;
    drop(lead(&cache, 1));
    // What does not fit is not kept either; a flush begins anew.
    lead(&cache, 1).claim.keep(answer(&"x".repeat(2 << 20)), TTL, Protection::None);
    let Turn::Ask(late) = cache.turn(key(1), any, TTL) else { panic!("nothing is waited for") };
    cache.flush();
    late.was_not_for_keeping();
    drop(lead(&cache, 1));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_goes_away_is_followed_by_another() {
    let cache = cache();
    let leader = lead(&cache, 1);
    let (mut first, mut second) = (wait(&cache, 1), wait(&cache, 1));
    drop(leader);
    assert!(first.changed().await.is_err() && second.changed().await.is_err());
    let _next = lead(&cache, 1);
    wait(&cache, 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_before_a_flush_is_not_kept_after_it() {
    let (cache, any) = (cache(), Codings::default());
    keep(&cache, 1, any, answer("old"), Freshness::Missed);
    let leader = lead(&cache, 2);
    cache.flush();
    assert!(found(&cache, 1, any).is_none());
    let next = lead(&cache, 2);
    assert!(leader.claim.keep(answer("old"), TTL, Protection::None).is_none());
    leader.finish(None);
    wait(&cache, 2);
    let kept = next.claim.keep(answer("new"), TTL, Protection::None);
    next.finish(kept);
    assert_eq!(found(&cache, 2, any).unwrap(), "new");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_asked_for_earlier_does_not_replace_a_later_one() {
    let (cache, any) = (cache(), Codings::default());
    let slow = lead(&cache, 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    keep(&cache, 1, any, answer("renewed"), Freshness::Renewed);
    let kept = slow.claim.keep(answer("older"), TTL, Protection::None);
    slow.finish(kept);
    assert_eq!(found(&cache, 1, any).unwrap(), "renewed");
}

#[tokio::test(start_paused = true)]
async fn a_coded_answer_is_for_clients_that_take_the_same() {
    let (cache, gzip, br) = (cache(), codings("gzip"), codings("br"));
    keep(&cache, 1, gzip, coded("zipped"), Freshness::Missed);
    assert_eq!(found(&cache, 1, gzip).unwrap(), "zipped");
    assert!(found(&cache, 1, br).is_none() && found(&cache, 1, Codings::default()).is_none());
    keep(&cache, 1, br, coded("brotli"), Freshness::Missed);
    assert_eq!((found(&cache, 1, gzip).unwrap(), found(&cache, 1, br).unwrap()), ("zipped".into(), "brotli".into()));
    tokio::time::advance(Duration::from_secs(1)).await;
    keep(&cache, 1, br, coded("renewed"), Freshness::Renewed);
    assert!(found(&cache, 1, gzip).is_none(), "it was of an older answer");
    tokio::time::advance(Duration::from_secs(1)).await;
    keep(&cache, 1, Codings::default(), answer("plain"), Freshness::Missed);
    assert_eq!((found(&cache, 1, gzip).unwrap(), found(&cache, 1, br).unwrap()), ("plain".into(), "plain".into()));
}

#[tokio::test(start_paused = true)]
async fn a_stage_keeps_what_was_used_last_within_its_budget() {
    let any = Codings::default();
    let cache = caches(1 << 20, 10_000).open(SIZE);
    for number in 0..100 {
        keep(&cache, number, any, answer(&"x".repeat(1_000)), Freshness::Missed);
        assert!(found(&cache, 0, any).is_some(), "it is used all the time");
        assert!(cache.bytes() <= 10_000);
    }
    assert!(cache.bytes() > 5_000);
    assert!(found(&cache, 99, any).is_some() && found(&cache, 50, any).is_none());
    keep(&cache, 200, any, answer(&"x".repeat(10_000)), Freshness::Missed);
    assert!(found(&cache, 200, any).is_none() && found(&cache, 0, any).is_some(), "what never fits pushes nothing out");
}

#[tokio::test(start_paused = true)]
async fn the_largest_cache_makes_room_for_the_others() {
    let any = Codings::default();
    let caches = caches(50_000, 1 << 20);
    let (large, small) = (caches.open(SIZE), caches.open(SIZE));
    keep(&small, 1, any, answer("small"), Freshness::Missed);
    for number in 0..200 {
        keep(&large, number, any, answer(&"x".repeat(1_000)), Freshness::Missed);
        assert!(caches.used() <= 50_000, "{}", caches.used());
    }
    assert!(found(&small, 1, any).is_some());
    assert_eq!(caches.used(), large.bytes() + small.bytes());
    drop(large);
    assert_eq!(caches.used(), small.bytes(), "a stage that is gone takes nothing");
}

#[test]
fn a_size_of_awss_is_capped() {
    let caches = caches(usize::MAX, 700 << 20);
    assert_eq!(caches.open(CacheClusterSize::V05).max_bytes, 512 << 20);
    assert_eq!(caches.open(CacheClusterSize::V237).max_bytes, 700 << 20);
}

#[tokio::test(start_paused = true)]
async fn sealed_entries_are_found_and_counted_like_others() {
    let cache = cache();
    let leader = lead(&cache, 1);
    let entry = leader.claim.keep(answer("secret"), TTL, Protection::Sealed).unwrap();
    assert!(!entry.sealed_bytes().unwrap().windows(6).any(|part| part == b"secret"));
    leader.finish(Some(entry));
    assert_eq!(found(&cache, 1, Codings::default()).unwrap(), "secret");
    assert!(cache.bytes() > 0);
}
