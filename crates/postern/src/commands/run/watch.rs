//! Waiting for files to change. Their times are asked for again and again: that needs nothing from the system that it might not have,
//! on network and container file systems neither.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Soon enough for a person, and no load for a thousand files.
pub const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How a file looked; `None` when it was not there.
type Stamp = Option<(SystemTime, u64)>;

/// Files, and how they looked last.
pub struct Watched {
    files: Vec<(PathBuf, Stamp)>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Quiet,
    /// Something changed and may still be under way: editors write in several steps.
    Changing,
}

impl Watched {
    /// Waits for changes to this file from now on.
    pub fn new(path: &Path) -> Self {
        Self { files: vec![(path.to_owned(), stamp(path))], state: State::Quiet }
    }

    /// To this one too.
    pub fn add(&mut self, path: &Path) {
        if !self.files.iter().any(|(known, _)| known == path) {
            self.files.push((path.to_owned(), stamp(path)));
        }
    }

    /// How many files these are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether a change has come to rest: it was there the last time, and nothing has moved since.
    pub fn has_changed(&mut self) -> bool {
        let mut moved = false;
        for (path, known) in &mut self.files {
            let now = stamp(path);
            moved |= now != *known;
            *known = now;
        }
        let settled = !moved && self.state == State::Changing;
        self.state = if moved { State::Changing } else { State::Quiet };
        settled
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_change_counts_once_it_rests() {
        let dir = tempfile::tempdir().unwrap();
        let (there, missing) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::write(&there, "1").unwrap();
        let mut watched = Watched::new(&there);
        watched.add(&missing);
        assert!(!watched.has_changed() && !watched.has_changed());
        std::fs::write(&there, "12").unwrap();
        assert!(!watched.has_changed());
        std::fs::write(&missing, "").unwrap();
        assert!(!watched.has_changed());
        assert!(watched.has_changed());
        assert!(!watched.has_changed());
    }
}
