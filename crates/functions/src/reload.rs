//! Functions whose files change: their processes are replaced once the change has come to rest. The files are asked for their times again
//! and again, which works on every file system.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::pool::Message;

/// Soon enough for a person, and no load for thousands of files.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// More than a function has that somebody edits.
const FILES_MAX: usize = 10_000;
/// Deeper than any sources are nested, and an end to links in a circle.
const DEPTH_MAX: usize = 32;
/// What is installed or made, and not edited.
const IGNORED: [&str; 5] = ["node_modules", ".git", "__pycache__", ".venv", "target"];

/// Recycles the pool whenever something in the directory has changed.
pub async fn watch(directory: PathBuf, pool: mpsc::WeakSender<Message>, function: String) {
    let mut changes = Changes::new(look(directory.clone()).await);
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        if changes.settled(look(directory.clone()).await) {
            // A pool that is gone needs no news.
            let Some(pool) = pool.upgrade() else { return };
            tracing::info!(function, "files have changed: its processes are replaced");
            if pool.send(Message::Recycle).await.is_err() {
                return;
            }
        }
        if pool.upgrade().is_none() {
            return;
        }
    }
}

async fn look(directory: PathBuf) -> u64 {
    tokio::task::spawn_blocking(move || {
        let mut look = Look { hasher: DefaultHasher::new(), left: FILES_MAX };
        look.visit(&directory, DEPTH_MAX);
        look.hasher.finish()
    })
    .await
    .unwrap_or_default()
}

/// All files as they look now, in one number.
struct Look {
    hasher: DefaultHasher,
    left: usize,
}

impl Look {
    fn visit(&mut self, directory: &Path, depth: usize) {
        let mut entries: Vec<_> = std::fs::read_dir(directory).into_iter().flatten().flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            let name = entry.file_name();
            if IGNORED.iter().any(|ignored| name == *ignored) {
                continue;
            }
            // Follows links: what is edited may be elsewhere.
            let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
            if metadata.is_dir() {
                if depth > 0 {
                    self.visit(&entry.path(), depth - 1);
                }
                continue;
            }
            entry.path().hash(&mut self.hasher);
            metadata.len().hash(&mut self.hasher);
            metadata.modified().ok().hash(&mut self.hasher);
        }
    }
}

/// Whether a change has come to rest: editors write in several steps.
struct Changes {
    known: u64,
    moving: Moving,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Moving {
    No,
    Yes,
}

impl Changes {
    fn new(known: u64) -> Self {
        Self { known, moving: Moving::No }
    }

    fn settled(&mut self, now: u64) -> bool {
        let moved = now != self.known;
        self.known = now;
        let settled = !moved && self.moving == Moving::Yes;
        self.moving = if moved { Moving::Yes } else { Moving::No };
        settled
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn sources_count_and_what_is_installed_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let file = directory.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        write("src/app.py", "1");
        let before = look(directory.path().to_owned()).await;
        write("node_modules/x/index.js", "1");
        assert_eq!(look(directory.path().to_owned()).await, before);
        write("src/app.py", "12");
        assert_ne!(look(directory.path().to_owned()).await, before);
    }

    #[test]
    fn a_change_counts_once_it_rests() {
        let mut changes = Changes::new(1);
        assert_eq!([1, 2, 3, 3, 3].map(|now| changes.settled(now)), [false, false, false, true, false]);
    }
}
