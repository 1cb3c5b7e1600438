//! Typed aggregates and the repeated update.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::{Tally, at, beside, create, key, open, scope};
use postern_store::{
    Changed, Kind, SqliteStore, Store, StoreError, UpdateError, Versioned, WRITE_RETRIES_MAX, Write, list, load, remove, replace,
    transact, update, update_or_default,
};

const WRITERS: u32 = 64;

fn append(n: u32) -> impl FnMut(&mut Tally) -> Result<Changed<usize>, ()> {
    move |tally| {
        tally.entries.push(n);
        Ok(Changed::only(tally.entries.len()))
    }
}

/// All writers at once, each through one of the stores in turn; the entries and the version afterwards must be complete.
async fn race(stores: Vec<Arc<SqliteStore>>) {
    let tasks: Vec<_> = (0..WRITERS)
        .map(|n| {
            let store = Arc::clone(&stores[n as usize % stores.len()]);
            tokio::spawn(async move { update_or_default(&*store, &scope(), "one", append(n)).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let tally = load::<Tally>(&*stores[0], &scope(), "one").await.unwrap().unwrap();
    assert_eq!(tally.version, u64::from(WRITERS));
    assert_eq!(tally.value.entries.iter().copied().collect::<BTreeSet<_>>(), (0..WRITERS).collect());
    assert_eq!(tally.value.entries.len(), WRITERS as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_updates_in_one_process_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    race(vec![Arc::new(open(&dir).await)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_updates_through_two_stores_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    race(vec![Arc::new(open(&dir).await), Arc::new(beside(&dir).await)]).await;
}

/// Each store has its own turns, so with as many stores as this most conflicts are real ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_updates_through_many_stores_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut stores = vec![Arc::new(open(&dir).await)];
    for _ in 1..16 {
        stores.push(Arc::new(beside(&dir).await));
    }
    race(stores).await;
}

#[tokio::test]
async fn what_else_changed_goes_into_the_same_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    store.commit(vec![create(Kind::ACCOUNT, "one", r#"{"entries":[]}"#)]).await.unwrap();
    let deploy = |tally: &mut Tally| {
        tally.entries.push(7);
        Ok::<_, ()>(Changed { output: "done", also: vec![create(Kind::REST_DEPLOYMENT, "one/x", "{}")] })
    };
    assert_eq!(update(&store, &scope(), "one", deploy).await, Ok("done"));
    assert_eq!(store.load(&key(Kind::REST_DEPLOYMENT, "one/x")).await, Ok(at(1, "{}")));
    assert_eq!(store.load(&key(Kind::ACCOUNT, "one")).await, Ok(at(2, r#"{"entries":[7]}"#)));

    let drop_all = |_: &Tally| {
        let children = Write::DeleteChildren { kind: Kind::REST_DEPLOYMENT, scope: scope(), parent_id: "one".into() };
        Ok::<_, ()>(Changed { output: (), also: vec![children] })
    };
    remove(&store, &scope(), "one", drop_all).await.unwrap();
    assert_eq!(store.load(&key(Kind::REST_DEPLOYMENT, "one/x")).await, Ok(None));
    assert_eq!(store.load(&key(Kind::ACCOUNT, "one")).await, Ok(None));
}

#[tokio::test]
async fn a_refusal_writes_nothing_and_a_missing_aggregate_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let missing = update::<Tally, usize, ()>(&store, &scope(), "one", append(1)).await;
    assert_eq!(missing, Err(UpdateError::Missing(key(Kind::ACCOUNT, "one"))));
    update_or_default(&store, &scope(), "one", append(1)).await.unwrap();
    let refuse = |tally: &mut Tally| {
        tally.entries.clear();
        Err::<Changed<()>, _>("no")
    };
    assert_eq!(update(&store, &scope(), "one", refuse).await, Err(UpdateError::Refused("no")));
    let refuse = |_: &Tally| Err::<Changed<()>, _>("no");
    assert_eq!(remove(&store, &scope(), "one", refuse).await, Err(UpdateError::Refused("no")));
    let stored = load::<Tally>(&store, &scope(), "one").await.unwrap().unwrap();
    assert_eq!(stored, Versioned { version: 1, value: Tally { entries: vec![1] } });
}

#[tokio::test]
async fn repetitions_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    store.commit(vec![create(Kind::REST_DEPLOYMENT, "taken", "{}")]).await.unwrap();
    let mut runs = 0;
    let always_conflicts = |_: &mut Tally| {
        runs += 1;
        Ok::<_, ()>(Changed { output: (), also: vec![create(Kind::REST_DEPLOYMENT, "taken", "{}")] })
    };
    let result = update_or_default(&store, &scope(), "one", always_conflicts).await;
    assert_eq!(result, Err(UpdateError::TooManyConflicts(key(Kind::ACCOUNT, "one"))));
    assert_eq!(runs, WRITE_RETRIES_MAX + 1);
}

#[tokio::test]
async fn a_corrupt_body_names_kind_and_id_and_quotes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    for (id, body, reason) in [
        ("a", r#"{"entries":["hush"]}"#, "a member is missing or has another type, at line 1 column 18"),
        ("b", r#"{"entries":[1"#, "it ends early, at line 1 column 13"),
        ("c", "\u{0}", "it is not JSON, at line 1 column 1"),
    ] {
        store.commit(vec![create(Kind::ACCOUNT, id, body)]).await.unwrap();
        let expected = StoreError::Corrupt { kind: "account".into(), id: id.into(), reason: reason.into() };
        assert_eq!(load::<Tally>(&store, &scope(), id).await, Err(expected.clone()));
        let updated = update::<Tally, usize, ()>(&store, &scope(), id, append(1)).await;
        assert_eq!(updated, Err(UpdateError::Store(expected)));
        assert!(list::<Tally>(&store, &scope(), None, 10).await.is_err());
    }
}

/// Refers to `target` from a new tally, having seen it at its version.
async fn refer(store: &SqliteStore, from: &str, target: &str) -> Result<((), Vec<Write>), String> {
    let found = load::<Tally>(store, &scope(), target).await.map_err(|error| error.to_string())?;
    let version = found.ok_or_else(|| "missing".to_owned())?.version;
    let create = postern_store::create(&scope(), from, &Tally::default()).map_err(|error| error.to_string())?;
    Ok(((), vec![create, postern_store::touch::<Tally>(&scope(), target, version)]))
}

#[tokio::test]
async fn a_reference_and_a_removal_never_miss_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&dir).await);
    store.commit(vec![create(Kind::ACCOUNT, "target", "{\"entries\":[]}")]).await.unwrap();
    let target = key(Kind::ACCOUNT, "target");
    let seen = store.load(&target).await.unwrap().unwrap().version;

    transact(store.as_ref(), &key(Kind::ACCOUNT, "from"), || refer(&store, "from", "target")).await.unwrap();
    // Whoever looked for references before the touch has to look again.
    assert!(matches!(
        store.commit(vec![postern_store::delete::<Tally>(&scope(), "target", seen)]).await,
        Err(StoreError::Conflict { .. })
    ));
    store.commit(vec![postern_store::delete::<Tally>(&scope(), "target", seen + 1)]).await.unwrap();
    let refused = transact(store.as_ref(), &key(Kind::ACCOUNT, "late"), || refer(&store, "late", "target")).await;
    assert_eq!(refused, Err(UpdateError::Refused("missing".to_owned())));
}

#[tokio::test]
async fn an_expectation_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    store.commit(vec![create(Kind::ACCOUNT, "a", "{}")]).await.unwrap();
    let before = store.last_change().await.unwrap();
    store.commit(vec![postern_store::expect::<Tally>(&scope(), "a", 1)]).await.unwrap();
    assert_eq!(store.last_change().await.unwrap(), before);
    for (id, version) in [("a", 2), ("b", 1)] {
        let refused = store.commit(vec![postern_store::expect::<Tally>(&scope(), id, version)]).await;
        assert_eq!(refused, Err(StoreError::Conflict { key: key(Kind::ACCOUNT, id) }));
    }
}

/// Moves the last entry of one tally to another: one commit of both, whatever other writers do.
async fn moved(store: &SqliteStore, from: &str, to: &str) -> Result<(u32, Vec<Write>), Empty> {
    let load = |id: String| async move { load::<Tally>(store, &scope(), &id).await.unwrap().unwrap() };
    let (mut source, mut target) = (load(from.to_owned()).await, load(to.to_owned()).await);
    let entry = source.value.entries.pop().ok_or(Empty)?;
    target.value.entries.push(entry);
    let writes = [(from, source), (to, target)].map(|(id, tally)| replace(&scope(), id, tally.version, &tally.value).unwrap());
    Ok((entry, writes.into()))
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Empty;

#[tokio::test]
async fn several_aggregates_change_together_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&dir).await);
    for id in ["a", "b"] {
        let tally = Tally { entries: (0..20).collect() };
        store.commit(vec![postern_store::create(&scope(), id, &tally).unwrap()]).await.unwrap();
    }
    // Each takes turns on its source only, so that the two directions meet without a turn.
    let movers: Vec<_> = (0..40)
        .map(|n| {
            let store = Arc::clone(&store);
            let (from, to) = if n % 2 == 0 { ("a", "b") } else { ("b", "a") };
            let turn = key(Kind::ACCOUNT, from);
            tokio::spawn(async move { transact(store.as_ref(), &turn, || moved(&store, from, to)).await.unwrap() })
        })
        .collect();
    for mover in movers {
        mover.await.unwrap();
    }
    let mut left = Vec::new();
    for id in ["a", "b"] {
        let tally = load::<Tally>(store.as_ref(), &scope(), id).await.unwrap().unwrap();
        assert_eq!(tally.version, 41, "each move wrote both");
        left.extend(tally.value.entries);
    }
    left.sort_unstable();
    let wanted: Vec<u32> = (0..20).flat_map(|n| [n, n]).collect();
    assert_eq!(left, wanted);
}

#[tokio::test]
async fn a_refusal_and_a_plan_without_writes_commit_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    for id in ["a", "b"] {
        store.commit(vec![postern_store::create(&scope(), id, &Tally::default()).unwrap()]).await.unwrap();
    }
    let before = store.last_change().await.unwrap();
    let turn = key(Kind::ACCOUNT, "a");
    let refused = transact(&store, &turn, || moved(&store, "a", "b")).await;
    assert_eq!(refused, Err(UpdateError::Refused(Empty)));
    let nothing = transact(&store, &turn, || async { Ok::<_, Empty>((7, Vec::new())) }).await;
    assert_eq!(nothing, Ok(7));
    assert_eq!(store.last_change().await.unwrap(), before);
}
