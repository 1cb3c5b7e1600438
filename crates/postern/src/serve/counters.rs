//! What is counted here for `/_postern/metrics`; the data plane counts its own. No API, account or path is ever a label.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::StatusCode;

/// Counters of the process.
#[derive(Debug)]
pub struct Counters {
    /// When the process began to serve.
    pub started: Instant,
    /// Management requests, by the first digit of the answer's status.
    pub management: ByClass,
    /// APIs published to the data plane, by outcome.
    pub publications: ByOutcome,
    /// Commits to the store, by outcome; a conflict that is tried again counts as failed.
    pub commits: ByOutcome,
}

/// One counter per class of status.
#[derive(Debug, Default)]
pub struct ByClass([AtomicU64; 6]);

/// One counter for success, one for failure.
#[derive(Debug, Default)]
pub struct ByOutcome {
    succeeded: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    /// All zero, as of now.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            management: ByClass::default(),
            publications: ByOutcome::default(),
            commits: ByOutcome::default(),
        }
    }
}

impl ByClass {
    /// Counts an answer.
    pub fn count(&self, status: StatusCode) {
        if let Some(counter) = self.0.get(usize::from(status.as_u16() / 100)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Label and count of the classes that a server answers with.
    pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ["2xx", "3xx", "4xx", "5xx"]
            .into_iter()
            .zip(&self.0[2..])
            .map(|(class, counter)| (class, counter.load(Ordering::Relaxed)))
    }
}

impl ByOutcome {
    /// Counts a result.
    pub fn count<T, E>(&self, result: &Result<T, E>) {
        let counter = if result.is_ok() { &self.succeeded } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Label and count.
    pub fn read(&self) -> [(&'static str, u64); 2] {
        [("success", self.succeeded.load(Ordering::Relaxed)), ("failure", self.failed.load(Ordering::Relaxed))]
    }
}
