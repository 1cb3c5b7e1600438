//! How much may be asked of an API: token buckets, and the clients that have some of their own.

mod bucket;

pub(crate) use bucket::{Bucket, Limit};
use tokio::time::Instant;

/// What this node has admitted.
pub(crate) struct Metering {
    began: Instant,
}

impl Default for Metering {
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Metering {
    /// A moment as buckets know it.
    pub(crate) fn moment_ns(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX >> 2)
    }
}
