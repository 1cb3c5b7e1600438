//! The time, passed in: dates on resources and signature checks are tested on a clock that stands where the test puts it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the epoch, from wherever the program was told to take them.
pub trait Clock: Send + Sync {
    /// Now, in whole seconds.
    fn now(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        // A clock before 1970 is a broken machine; zero keeps signatures failing, which is the safe side.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }
}
