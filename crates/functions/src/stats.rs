//! What is counted of each function, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The counters of one function; `Relaxed` throughout, because each number stands for itself.
#[derive(Debug, Default)]
pub struct Stats {
    invocations: AtomicU64,
    errors: AtomicU64,
    timeouts: AtomicU64,
    throttles: AtomicU64,
    cold_starts: AtomicU64,
    processes: AtomicU64,
    waiting: AtomicU64,
    duration_us: AtomicU64,
    events_dropped: AtomicU64,
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a result.
    Well,
    /// With an error of the function or its process.
    Failed,
    /// Too late.
    TimedOut,
}

/// The numbers of one function at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionStats {
    /// As it is declared.
    pub function: String,
    /// Invocations that a process had, since the start.
    pub invocations: u64,
    /// Those that ended in an error, timeouts among them.
    pub errors: u64,
    /// Those that took too long.
    pub timeouts: u64,
    /// Calls refused because too many wait.
    pub throttles: u64,
    /// Processes that became ready.
    pub cold_starts: u64,
    /// Processes now.
    pub processes: u64,
    /// Calls that wait for a process now.
    pub waiting: u64,
    /// Time in invocations, in microseconds.
    pub duration_us: u64,
    /// Asynchronous calls given up for good.
    pub events_failed: u64,
}

impl Stats {
    pub(crate) fn invoked(&self, ended: Ended, took: Duration) {
        self.duration_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.ended_early(&ended);
    }

    pub(crate) fn ended_early(&self, ended: &Ended) {
        self.invocations.fetch_add(1, Ordering::Relaxed);
        match ended {
            Ended::Well => {}
            Ended::Failed => {
                self.errors.fetch_add(1, Ordering::Relaxed);
            }
            Ended::TimedOut => {
                self.errors.fetch_add(1, Ordering::Relaxed);
                self.timeouts.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn throttled(&self) {
        self.throttles.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn cold_start(&self) {
        self.cold_starts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn event_failed(&self) {
        self.events_dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn now(&self, processes: usize, waiting: usize) {
        self.processes.store(processes as u64, Ordering::Relaxed);
        self.waiting.store(waiting as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, function: &str) -> FunctionStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FunctionStats {
            function: function.to_owned(),
            invocations: load(&self.invocations),
            errors: load(&self.errors),
            timeouts: load(&self.timeouts),
            throttles: load(&self.throttles),
            cold_starts: load(&self.cold_starts),
            processes: load(&self.processes),
            waiting: load(&self.waiting),
            duration_us: load(&self.duration_us),
            events_failed: load(&self.events_dropped),
        }
    }
}
