//! Commits, their conflicts, and what reads and the change feed show of them.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::{at, create, key, open, scope, scope_in};
use postern_store::{BODY_BYTES_MAX, CHANGES_KEPT, Change, Key, Kind, Store, StoreError, Write};

fn conflict(key: Key) -> Result<(), StoreError> {
    Err(StoreError::Conflict { key })
}

#[tokio::test]
async fn versions_count_and_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let api = key(Kind::REST_API, "abc");
    assert_eq!(store.load(&api).await, Ok(None));
    store.commit(vec![create(Kind::REST_API, "abc", "1")]).await.unwrap();
    assert_eq!(store.load(&api).await, Ok(at(1, "1")));
    store.commit(vec![Write::Replace { key: api.clone(), expected_version: 1, body: "2".into() }]).await.unwrap();
    store.close().await;

    let store = open(&dir).await;
    assert_eq!(store.load(&api).await, Ok(at(2, "2")));
    assert_eq!(store.find_api("abc").await.unwrap().unwrap().0, api);
    store.commit(vec![Write::Delete { key: api.clone(), expected_version: 2 }]).await.unwrap();
    assert_eq!(store.load(&api).await, Ok(None));
    assert_eq!(store.find_api("abc").await, Ok(None));
}

#[tokio::test]
async fn every_failed_check_is_a_conflict_that_names_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let api = key(Kind::REST_API, "abc");
    store.commit(vec![create(Kind::REST_API, "abc", "1")]).await.unwrap();

    assert_eq!(store.commit(vec![create(Kind::REST_API, "abc", "x")]).await, conflict(api.clone()));
    for expected_version in [0, 2, u64::MAX] {
        let replace = Write::Replace { key: api.clone(), expected_version, body: "x".into() };
        assert_eq!(store.commit(vec![replace]).await, conflict(api.clone()));
        let delete = Write::Delete { key: api.clone(), expected_version };
        assert_eq!(store.commit(vec![delete]).await, conflict(api.clone()));
    }
    let missing = key(Kind::REST_API, "missing");
    let replace = Write::Replace { key: missing.clone(), expected_version: 1, body: "x".into() };
    assert_eq!(store.commit(vec![replace]).await, conflict(missing.clone()));
    assert_eq!(store.commit(vec![Write::Delete { key: missing.clone(), expected_version: 1 }]).await, conflict(missing));
    assert_eq!(store.load(&api).await, Ok(at(1, "1")));
}

#[tokio::test]
async fn api_ids_are_taken_in_every_scope_and_other_ids_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    store.commit(vec![create(Kind::REST_API, "abc", "1"), create(Kind::ACCOUNT, "abc", "1")]).await.unwrap();
    let elsewhere = Key { kind: Kind::REST_API, scope: scope_in("eu-west-1"), id: "abc".into() };
    assert_eq!(store.commit(vec![Write::Create { key: elsewhere.clone(), body: "x".into() }]).await, conflict(elsewhere));
    let account = Key { kind: Kind::ACCOUNT, scope: scope_in("eu-west-1"), id: "abc".into() };
    store.commit(vec![Write::Create { key: account, body: "x".into() }]).await.unwrap();
}

#[tokio::test]
async fn a_commit_is_all_or_nothing_and_leaves_the_others_of_its_batch() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&dir).await);
    store.commit(vec![create(Kind::REST_API, "taken", "1")]).await.unwrap();
    let before = store.last_change().await.unwrap();
    let commits: Vec<_> = (0..40)
        .map(|n| {
            let store = Arc::clone(&store);
            let mut writes = vec![create(Kind::REST_API, &format!("api{n:02}"), "1")];
            if n % 2 == 1 {
                writes.push(create(Kind::REST_API, "taken", "2"));
            }
            tokio::spawn(async move { store.commit(writes).await })
        })
        .collect();
    for (n, commit) in commits.into_iter().enumerate() {
        let expected = if n % 2 == 1 { conflict(key(Kind::REST_API, "taken")) } else { Ok(()) };
        assert_eq!(commit.await.unwrap(), expected);
        let stored = store.load(&key(Kind::REST_API, &format!("api{n:02}"))).await.unwrap();
        assert_eq!(stored.is_some(), n % 2 == 0);
    }
    assert_eq!(store.changes(before, 100).await.unwrap().len(), 20, "what conflicted left no change");
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_a_whole_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    for n in 0..50 {
        let writes = vec![create(Kind::REST_API, &format!("a{n}"), "1"), create(Kind::ACCOUNT, &format!("a{n}"), "1")];
        let mut commit = store.commit(writes);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(commit.as_mut().poll(&mut context).is_pending());
    }
    // Commits are done in the order of the queue, so this one comes after those whose callers went away.
    store.commit(vec![create(Kind::REST_API, "last", "1")]).await.unwrap();
    for n in 0..50 {
        assert_eq!(store.load(&key(Kind::REST_API, &format!("a{n}"))).await, Ok(at(1, "1")));
        assert_eq!(store.load(&key(Kind::ACCOUNT, &format!("a{n}"))).await, Ok(at(1, "1")));
    }
}

#[tokio::test]
async fn children_go_with_their_parent_and_nobody_elses_do() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let ids = ["ab", "ab/1", "ab/2", "ab0", "ab0/1", "a/1", "abc/1"];
    store.commit(ids.iter().map(|id| create(Kind::REST_DEPLOYMENT, id, "1")).collect()).await.unwrap();
    store.commit(vec![create(Kind::REST_API, "ab", "1")]).await.unwrap();
    let before = store.last_change().await.unwrap();
    store
        .commit(vec![
            Write::Delete { key: key(Kind::REST_API, "ab"), expected_version: 1 },
            Write::DeleteChildren { kind: Kind::REST_DEPLOYMENT, scope: scope(), parent_id: "ab".into() },
        ])
        .await
        .unwrap();
    let left: Vec<String> =
        store.list(Kind::REST_DEPLOYMENT, &scope(), None, 100).await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, ["a/1", "ab", "ab0", "ab0/1", "abc/1"]);
    let changed: Vec<String> = store.changes(before, 100).await.unwrap().into_iter().map(|change| change.id).collect();
    assert_eq!(changed, ["ab", "ab/1", "ab/2"]);
}

#[tokio::test]
async fn lists_page_by_id_within_kind_and_scope() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let writes = ["c", "a", "d", "b"].iter().map(|id| create(Kind::REST_API, id, id)).collect();
    store.commit(writes).await.unwrap();
    store.commit(vec![create(Kind::ACCOUNT, "aa", "1")]).await.unwrap();
    let elsewhere = Key { kind: Kind::REST_API, scope: scope_in("eu-west-1"), id: "bb".into() };
    store.commit(vec![Write::Create { key: elsewhere, body: "1".into() }]).await.unwrap();

    let first = store.list(Kind::REST_API, &scope(), None, 3).await.unwrap();
    assert_eq!(first.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(first[0].1.value, b"a");
    let second = store.list(Kind::REST_API, &scope(), Some("c"), 3).await.unwrap();
    assert_eq!(second.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["d"]);
    assert!(store.list(Kind::REST_API, &scope(), Some("d"), 3).await.unwrap().is_empty());
    assert!(store.list(Kind::REST_API, &scope(), None, 0).await.unwrap().is_empty());

    let scopes = store.scopes(Kind::REST_API, None).await.unwrap();
    assert_eq!(scopes, [scope_in("eu-west-1"), scope()]);
    assert_eq!(store.scopes(Kind::REST_API, Some(&scopes[0])).await.unwrap(), [scope()]);
    assert!(store.scopes(Kind::API_KEY, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_change_feed_is_in_commit_order_without_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    assert_eq!(store.last_change().await, Ok(0));
    assert_eq!(store.changes(0, 10).await, Ok(vec![]));
    let api = key(Kind::REST_API, "abc");
    store.commit(vec![create(Kind::REST_API, "abc", "1"), create(Kind::ACCOUNT, "z", "1")]).await.unwrap();
    assert!(store.commit(vec![create(Kind::ACCOUNT, "y", "1"), create(Kind::ACCOUNT, "z", "1")]).await.is_err());
    store.commit(vec![Write::Delete { key: api, expected_version: 1 }]).await.unwrap();

    let change = |seq, kind: Kind, id: &str| Change { seq, kind: kind.as_str().into(), scope: scope(), id: id.into() };
    let all = [change(1, Kind::REST_API, "abc"), change(2, Kind::ACCOUNT, "z"), change(3, Kind::REST_API, "abc")];
    assert_eq!(store.changes(0, 10).await.unwrap(), all);
    assert_eq!(store.changes(1, 1).await.unwrap(), all[1..2]);
    assert_eq!(store.changes(3, 10).await, Ok(vec![]));
    assert_eq!(store.last_change().await, Ok(3));
    assert_eq!(store.changes(4, 10).await, Err(StoreError::ChangesLost { after_seq: 4 }), "an older database");
}

#[tokio::test]
async fn a_reader_that_missed_pruned_changes_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    store.commit(vec![create(Kind::ACCOUNT, "a", "1")]).await.unwrap();
    // As after as many writes as the feed keeps.
    let file = sqlx::SqlitePool::connect(&format!("sqlite://{}", dir.path().join("postern.db").display())).await.unwrap();
    sqlx::query("UPDATE sqlite_sequence SET seq = ? WHERE name = 'change'")
        .bind(i64::try_from(CHANGES_KEPT).unwrap())
        .execute(&file)
        .await
        .unwrap();
    store.commit(vec![create(Kind::ACCOUNT, "b", "1")]).await.unwrap();
    assert_eq!(store.changes(0, 10).await, Err(StoreError::ChangesLost { after_seq: 0 }));
    let last = store.last_change().await.unwrap();
    assert_eq!(last, CHANGES_KEPT + 1);
    assert_eq!(store.changes(last - 1, 10).await.unwrap().len(), 1);
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM change").fetch_one(&file).await.unwrap();
    assert_eq!(rows, 1, "number 1 is pruned");
}

#[tokio::test]
async fn an_aggregate_over_the_limit_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let body = vec![b' '; BODY_BYTES_MAX + 1];
    let error = store.commit(vec![Write::Create { key: key(Kind::ACCOUNT, "big"), body }]).await.unwrap_err();
    assert_eq!(error, StoreError::TooLarge { key: key(Kind::ACCOUNT, "big"), bytes: BODY_BYTES_MAX + 1 });
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    store.close().await;
    let error = store.commit(vec![create(Kind::ACCOUNT, "a", "1")]).await.unwrap_err();
    assert_eq!(error.to_string(), "the store is not available: it is closed");
}

#[tokio::test]
async fn after_a_failed_transaction_the_next_one_works() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let file = sqlx::SqlitePool::connect(&format!("sqlite://{}", dir.path().join("postern.db").display())).await.unwrap();
    sqlx::query("ALTER TABLE change RENAME TO away").execute(&file).await.unwrap();
    let (first, second) =
        tokio::join!(store.commit(vec![create(Kind::ACCOUNT, "a", "1")]), store.commit(vec![create(Kind::ACCOUNT, "b", "1")]));
    for failed in [first, second] {
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    }
    assert_eq!(store.load(&key(Kind::ACCOUNT, "a")).await, Ok(None));
    sqlx::query("ALTER TABLE away RENAME TO change").execute(&file).await.unwrap();
    store.commit(vec![create(Kind::ACCOUNT, "a", "1")]).await.unwrap();
    assert_eq!(store.load(&key(Kind::ACCOUNT, "a")).await, Ok(at(1, "1")));
}
