//! Opening a data directory: its files, its lock, its schema.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use common::{at, beside, create, key, open};
use postern_store::{Kind, OpenMode, SqliteStore, Store, StoreError};
use tempfile::TempDir;

/// In real time, of which a refusal for want of the lock takes a second: a paused clock would leap over the time that a pool gives
/// SQLite's threads to connect.
async fn refusal(dir: &Path, mode: OpenMode) -> StoreError {
    SqliteStore::open(dir, mode).await.map(|_| "opened").unwrap_err()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Runs a statement on the database as an operator (or another version) could.
async fn tamper(dir: &TempDir, statement: &'static str) {
    let file = sqlx::SqlitePool::connect(&format!("sqlite://{}", dir.path().join("postern.db").display())).await.unwrap();
    sqlx::query(statement).execute(&file).await.unwrap();
    file.close().await;
}

#[tokio::test]
async fn the_directory_and_its_files_are_for_the_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("new").join("postern-data");
    let store = SqliteStore::open(&dir, OpenMode::Serve).await.unwrap();
    store.commit(vec![create(Kind::ACCOUNT, "a", "1")]).await.unwrap();
    assert_eq!(mode(&dir), 0o700);
    let names: Vec<String> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for name in ["postern.db", "postern.db-wal", "postern.db-shm", "postern.lock"] {
        assert!(names.iter().any(|there| there == name), "{name} in {names:?}");
    }
    for name in names {
        assert_eq!(mode(&dir.join(&name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_second_server_is_refused_and_told_by_whom() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    let error = refusal(dir.path(), OpenMode::Serve).await;
    let expected = format!(
        "the data directory {} is in use by another `postern serve` (process {}); stop it or choose another --data-dir",
        dir.path().display(),
        std::process::id()
    );
    assert_eq!(error.to_string(), expected);
    store.close().await;
    open(&dir).await;
}

#[tokio::test]
async fn beside_a_server_both_see_each_others_writes_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = open(&dir).await;
    let other = beside(&dir).await;
    other.commit(vec![create(Kind::ACCOUNT, "a", "1")]).await.unwrap();
    assert_eq!(server.load(&key(Kind::ACCOUNT, "a")).await, Ok(at(1, "1")));
    server.commit(vec![create(Kind::ACCOUNT, "b", "1")]).await.unwrap();
    assert_eq!(other.load(&key(Kind::ACCOUNT, "b")).await, Ok(at(1, "1")));
}

#[tokio::test]
async fn beside_without_a_server_makes_the_database_and_holds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let first = beside(&dir).await;
    first.commit(vec![create(Kind::ACCOUNT, "a", "1")]).await.unwrap();
    let server = open(&dir).await;
    assert_eq!(server.load(&key(Kind::ACCOUNT, "a")).await, Ok(at(1, "1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_make_the_database_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    let opening: Vec<_> = (0..8)
        .map(|n| {
            let path = path.clone();
            let mode = if n == 0 { OpenMode::Serve } else { OpenMode::Beside };
            tokio::spawn(async move { SqliteStore::open(&path, mode).await })
        })
        .collect();
    for store in opening {
        store.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_both_modes() {
    let dir = tempfile::tempdir().unwrap();
    open(&dir).await.close().await;
    tamper(
        &dir,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)",
    )
    .await;
    for mode in [OpenMode::Serve, OpenMode::Beside] {
        let error = refusal(dir.path(), mode).await;
        assert!(matches!(error, StoreError::NewerSchema { found: 9999, .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("newer version") && text.contains("start the newer version, or restore a backup"), "{text}");
    }
}

#[tokio::test]
async fn a_broken_schema_is_refused_in_words() {
    for (statement, words) in [
        ("UPDATE _sqlx_migrations SET success = 0 WHERE version = 1", "migration 1 was applied only by half"),
        ("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1", "migration 1 is not the one that this version has"),
        (
            "UPDATE _sqlx_migrations SET version = 0 WHERE version = 1",
            "migration 0 is in the database but unknown to this version",
        ),
        // The migration is to be applied again, over the tables that are there.
        ("DELETE FROM _sqlx_migrations", "migration 1 cannot be applied"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        open(&dir).await.close().await;
        tamper(&dir, statement).await;
        for mode in [OpenMode::Serve, OpenMode::Beside] {
            let error = refusal(dir.path(), mode).await;
            assert!(matches!(error, StoreError::BrokenSchema { .. }), "{error:?}");
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.to_string().contains("restore a backup"), "{error}");
        }
    }
}

#[tokio::test]
async fn whoever_only_looks_makes_nothing_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(dir.path(), OpenMode::Look).await;
    assert!(matches!(error, StoreError::Directory { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let server = open(&dir).await;
    let looker = SqliteStore::open(dir.path(), OpenMode::Look).await.unwrap();
    looker.close().await;
    server.close().await;
    tamper(&dir, "DELETE FROM _sqlx_migrations").await;
    assert!(matches!(refusal(dir.path(), OpenMode::Look).await, StoreError::OlderSchema { .. }));
    assert!(matches!(refusal(dir.path(), OpenMode::Look).await, StoreError::OlderSchema { .. }), "it was left as it was");
}

/// The files of a directory and what is in them.
fn contents(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = paths.map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    all.sort();
    all
}

#[tokio::test]
async fn whoever_looks_sees_what_a_server_writes_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = open(&dir).await;
    server.commit(vec![create(Kind::REST_API, "a", "one")]).await.unwrap();
    let looker = SqliteStore::open(dir.path(), OpenMode::Look).await.unwrap();
    assert!(looker.load(&key(Kind::REST_API, "a")).await.unwrap().is_some(), "it is in the log alone");
    server.commit(vec![create(Kind::REST_API, "b", "two")]).await.unwrap();
    assert!(looker.load(&key(Kind::REST_API, "b")).await.unwrap().is_some());
    assert!(looker.commit(vec![create(Kind::REST_API, "c", "three")]).await.is_err());
    looker.close().await;
    let copy = tempfile::tempdir().unwrap();
    for (path, bytes) in contents(dir.path()) {
        fs::write(copy.path().join(path.file_name().unwrap()), bytes).unwrap();
    }
    server.close().await;
    // SQLite closes in a thread of its own.
    while dir.path().join("postern.db-wal").exists() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // At rest, nothing is made to look.
    let before = contents(dir.path());
    let looker = SqliteStore::open(dir.path(), OpenMode::Look).await.unwrap();
    assert!(looker.load(&key(Kind::REST_API, "b")).await.unwrap().is_some());
    looker.close().await;
    assert_eq!(contents(dir.path()), before);
    // What a crash left is read, and not carried over.
    let of = |name: &str| fs::read(copy.path().join(name)).unwrap();
    let before = [of("postern.db"), of("postern.db-wal")];
    let looker = SqliteStore::open(copy.path(), OpenMode::Look).await.unwrap();
    assert!(looker.load(&key(Kind::REST_API, "b")).await.unwrap().is_some());
    looker.close().await;
    assert_eq!([of("postern.db"), of("postern.db-wal")], before);
}

#[tokio::test]
async fn an_older_schema_is_not_changed_under_a_running_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = open(&dir).await;
    // As a server of an older version would have it.
    tamper(&dir, "DELETE FROM _sqlx_migrations").await;
    let error = refusal(dir.path(), OpenMode::Beside).await;
    assert!(matches!(error, StoreError::OlderSchemaInUse { holder: Some(pid), .. } if pid == std::process::id()), "{error:?}");
    drop(server);
}

#[tokio::test]
async fn a_path_that_cannot_be_a_data_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = refusal(&file, OpenMode::Serve).await;
    assert!(matches!(&error, StoreError::Directory { path, .. } if *path == file), "{error:?}");

    fs::write(dir.path().join("postern.db"), "This is no database, and it is long enough to be seen as none. ".repeat(40))
        .unwrap();
    for mode in [OpenMode::Serve, OpenMode::Beside] {
        let error = refusal(dir.path(), mode).await;
        assert!(matches!(&error, StoreError::Directory { path, .. } if path.ends_with("postern.db")), "{error:?}");
    }
}
