//! Keys, throttles and quotas over a store that is a map, with moments that tests make up.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use postern_api_model::ports::{LoadedKey, LoadedMembership, PortFuture, StoredDay, UsageEntry};
use serde_json::{Value, json};

use super::*;

/// Noon of 2024-03-06, a Wednesday.
const NOON_MS: u64 = 1_709_726_400_000;
const DAY_MS: u64 = 86_400_000;
const VALUE: &str = "abcdefghijklmnopqrstuvwxyz";

/// A store of one plan that every key is in.
#[derive(Default)]
struct Fake {
    plan: Mutex<Option<(u64, UsagePlan)>>,
    /// By value: id and whether it is enabled.
    keys: Mutex<BTreeMap<String, (String, bool)>>,
    /// By key and day.
    rows: Mutex<BTreeMap<(String, Day), StoredDay>>,
    loads: AtomicUsize,
    is_down: AtomicBool,
}

impl Fake {
    fn row(&self, key: &str, day: &str) -> Option<(u64, i64)> {
        let row = self.rows.lock().unwrap().get(&(key.to_owned(), Day::parse(day).unwrap())).copied()?;
        Some((row.total.used, row.total.granted))
    }

    fn grant(&self, key: &str, day: &str, granted: i64) {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.entry((key.to_owned(), Day::parse(day).unwrap())).or_default();
        row.version += 1;
        row.total.granted = granted;
    }
}

impl ApiKeyLoader for Fake {
    fn load<'a>(&'a self, _: &'a Scope, value: &'a str, _: Day) -> PortFuture<'a, Result<Option<LoadedKey>, String>> {
        Box::pin(async move {
            self.loads.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            if self.is_down.load(Ordering::SeqCst) {
                return Err("it is down".to_owned());
            }
            let Some((id, is_enabled)) = self.keys.lock().unwrap().get(value).cloned() else { return Ok(None) };
            let rows = self.rows.lock().unwrap();
            let days = rows.iter().filter(|((key, _), _)| *key == id).map(|((_, day), row)| (*day, *row)).collect();
            let plan = self.plan.lock().unwrap().clone();
            let memberships = plan.map(|(plan_version, plan)| LoadedMembership { plan, plan_version, days });
            Ok(Some(LoadedKey { id, is_enabled, memberships: memberships.into_iter().collect() }))
        })
    }
}

impl UsageSink for Fake {
    fn write(&self, entries: Vec<UsageEntry>) -> PortFuture<'_, Result<Vec<Option<StoredDay>>, String>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if self.is_down.load(Ordering::SeqCst) {
                return Err("it is down".to_owned());
            }
            let mut rows = self.rows.lock().unwrap();
            let stored = entries.into_iter().map(|entry| {
                let row = rows.entry((entry.key_id.clone(), entry.day)).or_default();
                if row.version == entry.known.version {
                    row.total = entry.known.total;
                } else {
                    row.total.used += entry.unwritten;
                }
                row.version += 1;
                Some(*row)
            });
            Ok(stored.collect())
        })
    }
}

struct World {
    fake: Arc<Fake>,
    metering: Metering,
    scope: Scope,
}

fn world(plan: &Value) -> World {
    let fake = Arc::new(Fake::default());
    fake.keys.lock().unwrap().insert(VALUE.to_owned(), ("key1234567".to_owned(), true));
    let scope = Scope { account: "000000000000".into(), region: "us-east-1".into() };
    let world = World { metering: Metering::default().with_api_keys(Arc::clone(&fake) as _), fake, scope };
    world.set_plan(1, plan);
    world
}

fn with_quota(limit: i32, period: &str) -> Value {
    json!({ "quota": { "limit": limit, "offset": 0, "period": period } })
}

impl World {
    fn set_plan(&self, version: u64, with: &Value) {
        let mut plan = json!({ "id": "plan12", "name": "n", "api_stages": [{ "api_id": "api", "stage": "s" }] });
        plan.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        let plan: UsagePlan = serde_json::from_value(plan).unwrap();
        self.metering.plan_changed(&self.scope, "plan12", Some((version, &plan)));
        *self.fake.plan.lock().unwrap() = Some((version, plan));
    }

    fn call<'a>(&'a self, value: &'a str, after_ms: u64) -> KeyedCall<'a> {
        KeyedCall {
            scope: &self.scope,
            api_id: "api",
            stage: "s",
            path: "/pets",
            verb: "GET",
            defined: "ANY",
            value,
            shared: SharedBuckets::default(),
            moment: self.metering.began + Duration::from_millis(after_ms + 1),
            epoch: EpochMillis(NOON_MS + after_ms),
        }
    }

    /// As admission does it.
    async fn verdict(&self, call: &KeyedCall<'_>) -> Option<Verdict> {
        match self.metering.admit(call) {
            Known::Key(_, verdict) => Some(verdict),
            Known::Unknown => self.metering.load_and_admit(call).await.unwrap().map(|(_, verdict)| verdict),
            Known::Impossible => None,
        }
    }

    /// What the key may do after so many milliseconds.
    async fn at(&self, after_ms: u64) -> Verdict {
        self.verdict(&self.call(VALUE, after_ms)).await.unwrap()
    }

    async fn admitted(&self, after_ms: u64, calls: usize) -> usize {
        let mut admitted = 0;
        for _ in 0..calls {
            admitted += usize::from(self.at(after_ms).await == Verdict::Admitted);
        }
        admitted
    }

    async fn flush(&self) -> Result<(), String> {
        self.metering.flush(self.fake.as_ref()).await
    }

    fn changed(&self) {
        self.metering.key_changed(&self.scope, VALUE);
    }
}

#[tokio::test]
async fn a_key_opens_what_its_plans_open() {
    let world = world(&json!({}));
    assert_eq!(world.at(0).await, Verdict::Admitted);
    for other in [KeyedCall { stage: "t", ..world.call(VALUE, 0) }, KeyedCall { api_id: "other", ..world.call(VALUE, 0) }] {
        assert_eq!(world.verdict(&other).await, Some(Verdict::Closed));
    }
    let elsewhere = Scope { region: "eu-west-1".into(), ..world.scope.clone() };
    let Known::Unknown = world.metering.admit(&KeyedCall { scope: &elsewhere, ..world.call(VALUE, 0) }) else {
        panic!("a key of one region is not known in another");
    };
    assert_eq!(world.verdict(&world.call("no key at all, surely", 0)).await, None);
    assert_eq!(world.verdict(&world.call("", 0)).await, None);
    assert_eq!(world.verdict(&world.call(&"x".repeat(129), 0)).await, None);
}

#[tokio::test]
async fn a_key_is_loaded_once_and_a_missing_one_remembered() {
    let world = world(&json!({}));
    let calls: Vec<_> = (0..20).map(|_| world.call(VALUE, 0)).collect();
    let (first, second, third) = (world.verdict(&calls[0]), world.verdict(&calls[1]), world.verdict(&calls[2]));
    tokio::join!(first, second, third);
    assert_eq!(world.fake.loads.load(Ordering::SeqCst), 1);
    for _ in 0..5 {
        assert_eq!(world.verdict(&world.call("a value nobody has", 0)).await, None);
    }
    assert_eq!(world.fake.loads.load(Ordering::SeqCst), 2);
    world.fake.keys.lock().unwrap().insert("a value nobody has".into(), ("key7654321".into(), true));
    world.metering.key_changed(&world.scope, "a value nobody has");
    assert_eq!(world.verdict(&world.call("a value nobody has", 0)).await, Some(Verdict::Admitted));
}

#[tokio::test]
async fn changes_count_at_once() {
    let world = world(&json!({}));
    assert_eq!(world.at(0).await, Verdict::Admitted);
    world.fake.keys.lock().unwrap().get_mut(VALUE).unwrap().1 = false;
    world.changed();
    assert_eq!(world.at(0).await, Verdict::Closed);
    world.fake.keys.lock().unwrap().get_mut(VALUE).unwrap().1 = true;
    world.metering.all_changed();
    assert_eq!(world.at(0).await, Verdict::Admitted);
    world.set_plan(2, &json!({ "api_stages": [] }));
    assert_eq!(world.at(0).await, Verdict::Closed);
    world.set_plan(3, &json!({}));
    assert_eq!(world.at(0).await, Verdict::Admitted);
    let hex: String = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VALUE.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    world.fake.keys.lock().unwrap().clear();
    world.metering.key_of_sha256_changed(&world.scope, &hex);
    assert_eq!(world.verdict(&world.call(VALUE, 0)).await, None);
    assert_eq!(world.metering.resident_keys(), 0);
}

#[tokio::test]
async fn what_cannot_be_read_opens_nothing() {
    let world = world(&json!({}));
    assert_eq!(world.at(0).await, Verdict::Admitted);
    world.fake.is_down.store(true, Ordering::SeqCst);
    assert_eq!(world.at(0).await, Verdict::Admitted, "what is held goes on");
    world.changed();
    assert!(world.metering.load_and_admit(&world.call(VALUE, 0)).await.is_err());
    assert!(world.metering.load_and_admit(&world.call("another value, not held", 0)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_plan_limits_each_key_and_its_methods() {
    let throttle = |rate: f64, burst: i32| json!({ "rate_limit": rate, "burst_limit": burst });
    let stage = json!({ "api_id": "api", "stage": "s", "throttle": { "/pets/GET": throttle(1.0, 1) } });
    let world = world(&json!({ "throttle": throttle(1.0, 3), "api_stages": [stage] }));
    assert_eq!(world.admitted(0, 5).await, 1);
    let other = KeyedCall { verb: "PUT", ..world.call(VALUE, 0) };
    let mut admitted = 0;
    for _ in 0..5 {
        admitted += usize::from(world.verdict(&other).await == Some(Verdict::Admitted));
    }
    assert_eq!(admitted, 2, "what a method's limit refused took nothing of the plan's");
    assert_eq!(world.admitted(1_000, 5).await, 1);
    world.fake.keys.lock().unwrap().insert("the value of another key".into(), ("key7654321".into(), true));
    let others = world.call("the value of another key", 0);
    assert_eq!(world.verdict(&others).await, Some(Verdict::Admitted), "each key has buckets of its own");
    world.changed();
    assert_eq!(world.admitted(1_000, 5).await, 0, "loading a key anew fills no bucket");
}

#[tokio::test]
async fn ten_times_the_limit_for_ten_seconds() {
    let world = world(&json!({ "throttle": { "rate_limit": 200.0, "burst_limit": 100 } }));
    let mut admitted = 0;
    for after_ms in 0..10_000 {
        admitted += world.admitted(after_ms, 2).await;
    }
    assert!((2_079..=2_121).contains(&admitted), "{admitted} of 2100");
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_takes_nothing_from_anyone() {
    let world = world(&with_quota(2, "DAY"));
    let shared = Bucket::new(Limit::new(0.001, 3));
    let shared_call = || KeyedCall { shared: SharedBuckets { method: Some(&shared), account: None }, ..world.call(VALUE, 0) };
    let mut verdicts = Vec::new();
    for _ in 0..4 {
        verdicts.push(world.verdict(&shared_call()).await.unwrap());
    }
    assert!(matches!(verdicts[..], [Verdict::Admitted, Verdict::Admitted, Verdict::QuotaExceeded(_), Verdict::QuotaExceeded(_)]));
    assert!(shared.take(2_000_000), "requests over the quota took no token of the method's");
    assert!(matches!(world.verdict(&shared_call()).await, Some(Verdict::Throttled(_))), "a throttle is told of first");
    world.flush().await.unwrap();
    assert_eq!(world.fake.row("key1234567", "2024-03-06"), Some((2, 0)), "throttled requests do not count");
}

#[tokio::test]
async fn quotas_begin_anew_with_their_period() {
    let world = world(&with_quota(3, "WEEK"));
    assert_eq!(world.admitted(0, 2).await, 2);
    assert_eq!(world.admitted(DAY_MS, 5).await, 1, "the same week");
    // Sunday.
    assert_eq!(world.admitted(4 * DAY_MS, 5).await, 3);
    world.flush().await.unwrap();
    let rows = ["2024-03-06", "2024-03-07", "2024-03-10"].map(|day| world.fake.row("key1234567", day));
    assert_eq!(rows, [Some((2, 0)), Some((1, 0)), Some((3, 0))]);
    world.set_plan(2, &with_quota(7, "MONTH"));
    assert_eq!(world.admitted(4 * DAY_MS, 5).await, 1, "the month has had six");
}

#[tokio::test]
async fn a_restart_knows_what_was_stored() {
    let world = world(&with_quota(5, "MONTH"));
    assert_eq!(world.admitted(0, 2).await, 2);
    world.flush().await.unwrap();
    assert_eq!(world.admitted(0, 1).await, 1);
    let metering = Metering::default().with_api_keys(Arc::clone(&world.fake) as _);
    let after = World { metering, fake: Arc::clone(&world.fake), scope: world.scope.clone() };
    assert_eq!(after.admitted(DAY_MS, 9).await, 3, "what was not stored is forgotten");
}

#[tokio::test]
async fn a_grant_counts_at_once_and_loses_nothing() {
    let world = world(&with_quota(2, "WEEK"));
    assert_eq!(world.admitted(0, 5).await, 2);
    world.fake.grant("key1234567", "2024-03-06", 3);
    world.changed();
    assert_eq!(world.admitted(0, 5).await, 3);
    world.fake.grant("key1234567", "2024-03-06", 4);
    world.flush().await.unwrap();
    assert_eq!(world.fake.row("key1234567", "2024-03-06"), Some((5, 4)), "a write keeps what was granted meanwhile");
    assert_eq!(world.admitted(DAY_MS, 5).await, 1, "it holds for the rest of the week");
    assert_eq!(world.admitted(4 * DAY_MS, 5).await, 2);
}

#[tokio::test]
async fn what_cannot_be_stored_is_kept() {
    let world = world(&json!({}));
    assert_eq!(world.admitted(0, 3).await, 3);
    world.fake.is_down.store(true, Ordering::SeqCst);
    world.flush().await.unwrap_err();
    assert_eq!(world.metering.unwritten(), 1);
    assert_eq!(world.admitted(DAY_MS, 2).await, 2);
    world.flush().await.unwrap_err();
    // A flush that is broken off in the middle.
    world.fake.is_down.store(false, Ordering::SeqCst);
    let _ = futures_now(world.flush());
    world.flush().await.unwrap();
    assert_eq!(world.metering.unwritten(), 0);
    assert_eq!(world.fake.row("key1234567", "2024-03-06"), Some((3, 0)));
    assert_eq!(world.fake.row("key1234567", "2024-03-07"), Some((2, 0)));
}

#[tokio::test]
async fn a_day_that_ends_while_it_is_written_is_stored_once() {
    let world = world(&json!({}));
    assert_eq!(world.admitted(0, 3).await, 3);
    {
        let mut flushing = Box::pin(world.flush());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(flushing.as_mut().poll(&mut context).is_pending());
        assert_eq!(world.admitted(0, 2).await, 2);
        assert_eq!(world.admitted(DAY_MS, 1).await, 1);
    }
    world.flush().await.unwrap();
    assert_eq!(world.fake.row("key1234567", "2024-03-06"), Some((5, 0)));
    assert_eq!(world.fake.row("key1234567", "2024-03-07"), Some((1, 0)));
}

/// Polls once and drops.
fn futures_now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(done) => Some(done),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counts_are_exact_under_parallel_load() {
    let world = Arc::new(world(&with_quota(3_000, "MONTH")));
    let admitted = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let (world, admitted) = (Arc::clone(&world), Arc::clone(&admitted));
            tokio::spawn(async move {
                for round in 0..1_000 {
                    admitted.fetch_add(u32::from(world.at(0).await == Verdict::Admitted), Ordering::Relaxed);
                    match (task, round % 50) {
                        (0, 0) => world.flush().await.unwrap(),
                        (1, 0) => world.changed(),
                        _ => {}
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    world.flush().await.unwrap();
    assert_eq!(admitted.load(Ordering::Relaxed), 3_000);
    assert_eq!(world.fake.row("key1234567", "2024-03-06"), Some((3_000, 0)));
}

#[tokio::test]
async fn idle_keys_make_room_and_busy_ones_stay() {
    let fake = Arc::new(Fake::default());
    for key in 0..40 {
        fake.keys.lock().unwrap().insert(format!("the value of key {key:05}"), (format!("key{key:07}"), true));
    }
    let metering = Metering { began: Instant::now(), clients: Some(Clients::new(Arc::clone(&fake) as _, 16)), accounts: None };
    let scope = Scope { account: "000000000000".into(), region: "us-east-1".into() };
    let world = World { metering, fake, scope };
    world.set_plan(1, &json!({ "throttle": { "rate_limit": 0.001, "burst_limit": 1 } }));
    let busy = "the value of key 00000".to_owned();
    assert_eq!(world.verdict(&world.call(&busy, 0)).await, Some(Verdict::Admitted));
    world.flush().await.unwrap();
    world.set_plan(2, &json!({}));
    for key in 1..40 {
        let value = format!("the value of key {key:05}");
        assert_eq!(world.verdict(&world.call(&value, 0)).await, Some(Verdict::Admitted));
        world.flush().await.unwrap();
    }
    assert!(world.metering.resident_keys() <= 17, "{}", world.metering.resident_keys());
    world.set_plan(3, &json!({ "throttle": { "rate_limit": 0.001, "burst_limit": 1 } }));
    assert!(
        matches!(world.verdict(&world.call(&busy, 0)).await, Some(Verdict::Throttled(_))),
        "an empty bucket is not forgotten"
    );
}

/// Most of a key's memory is this, with two counts and the allocator's word in 128 bytes; see the measurement below.
#[test]
fn a_key_stays_small() {
    assert!(std::mem::size_of::<client::Client>() <= 104, "{}", std::mem::size_of::<client::Client>());
}

#[tokio::test]
#[ignore = "a measurement that takes half a minute: what a million keys cost"]
async fn a_million_keys_fit_into_200_megabytes() {
    const KEYS: usize = 1_000_000;
    let world = world(
        &json!({ "throttle": { "rate_limit": 10.0, "burst_limit": 20 }, "quota": { "limit": 9, "offset": 0, "period": "MONTH" } }),
    );
    let resident = || {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
    };
    let before = resident();
    for key in 0..KEYS {
        let value = format!("the value of key {key:07}");
        world.fake.keys.lock().unwrap().insert(value.clone(), (format!("key{key:07}"), true));
        assert_eq!(world.verdict(&world.call(&value, 0)).await, Some(Verdict::Admitted));
        world.fake.keys.lock().unwrap().remove(&value);
        if key % 1_000 == 0 {
            world.flush().await.unwrap();
            world.fake.rows.lock().unwrap().clear();
        }
    }
    let bytes = resident() - before;
    assert_eq!(world.metering.resident_keys(), KEYS);
    println!("{} bytes a key", bytes / KEYS);
    assert!(bytes < 200 * 1024 * 1024, "{bytes}");
}
