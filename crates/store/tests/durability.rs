//! A writer is killed in the middle of its work; what it was told is done must be there afterwards, and nothing by half.
//!
//! The test starts its own binary again as the writer.
#![allow(clippy::unwrap_used)]

mod common;

use std::env;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{at, create, key, open, scope};
use postern_store::{Kind, OpenMode, SqliteStore, Store};

const DIRECTORY_VARIABLE: &str = "POSTERN_STORE_TEST_WRITER";
const ACKNOWLEDGED_BEFORE_KILL: usize = 200;
const WRITERS: usize = 8;

/// Not a test by itself: the process that is killed. Says the id of each acknowledged commit on a line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writer_process() {
    let Ok(dir) = env::var(DIRECTORY_VARIABLE) else { return };
    let store = Arc::new(SqliteStore::open(Path::new(&dir), OpenMode::Serve).await.unwrap());
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 0.. {
                    let id = format!("w{writer}n{n}");
                    let writes = vec![create(Kind::REST_API, &id, &id), create(Kind::REST_DEPLOYMENT, &id, &id)];
                    store.commit(writes).await.unwrap();
                    // One write call, past the test harness's capture.
                    std::io::stdout().write_all(format!("done {id}\n").as_bytes()).unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn acknowledged_commits_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Command::new(env::current_exe().unwrap())
        .args(["--exact", "writer_process", "--nocapture"])
        .env(DIRECTORY_VARIABLE, dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    // Its last line may be cut off by the kill, so only lines that end count.
    let mut lines = BufReader::new(writer.stdout.take().unwrap());
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
        if let Some((_, id)) = line.trim_end().split_once("done ") {
            acknowledged.push(id.to_owned());
            if acknowledged.len() == ACKNOWLEDGED_BEFORE_KILL {
                writer.kill().unwrap();
            }
        }
        line.clear();
    }
    writer.wait().unwrap();
    assert!(acknowledged.len() >= ACKNOWLEDGED_BEFORE_KILL);

    let store = open(&dir).await;
    for id in &acknowledged {
        assert_eq!(store.load(&key(Kind::REST_API, id)).await, Ok(at(1, id)));
    }
    let ids = |kind| {
        let (store, scope) = (&store, scope());
        async move {
            let (mut ids, mut after) = (Vec::new(), None);
            loop {
                let page = store.list(kind, &scope, after.as_deref(), 500).await.unwrap();
                let Some((last, _)) = page.last() else { return ids };
                after = Some(last.clone());
                ids.extend(page.into_iter().map(|(id, _)| id));
            }
        }
    };
    let apis: Vec<String> = ids(Kind::REST_API).await;
    assert_eq!(apis, ids(Kind::REST_DEPLOYMENT).await, "no half commit");
    assert_eq!(store.last_change().await, Ok(2 * apis.len() as u64));
}
