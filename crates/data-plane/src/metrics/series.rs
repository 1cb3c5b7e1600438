//! The numbers of one series, in shards so that threads do not write to the same cache line.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

use crate::clock::{self, EpochMillis};
use crate::counters;

/// Upper bounds of the histograms' buckets: from what a gateway adds up to the longest that an integration may take by default (29 s).
pub const LATENCY_BOUNDS_MS: [u64; 12] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 30_000];
/// One more for what is longer.
const BUCKETS: usize = LATENCY_BOUNDS_MS.len() + 1;
/// Shards of a series at most: a series is 256 bytes for each, and there are thousands of series.
const SHARDS_MAX: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Series {
    /// Their number is a power of two.
    shards: Box<[Shard]>,
    since: EpochMillis,
}

/// A multiple of two cache lines: some processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    latency: Histogram,
    integration_latency: Histogram,
    client_errors: AtomicU64,
    server_errors: AtomicU64,
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

/// What a series has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeriesCounts {
    /// Milliseconds since the epoch at which the counting began.
    pub since_ms: u64,
    /// 4XXError.
    pub client_errors: u64,
    /// 5XXError.
    pub server_errors: u64,
    /// Latency; its count is Count.
    pub latency: HistogramCounts,
    /// IntegrationLatency, of the requests for which an integration was called.
    pub integration_latency: HistogramCounts,
    /// CacheHitCount.
    pub cache_hits: u64,
    /// CacheMissCount.
    pub cache_misses: u64,
}

/// Times by bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistogramCounts {
    /// Not cumulative; the bounds are [`LATENCY_BOUNDS_MS`], and the last one has none.
    pub buckets: [u64; BUCKETS],
    /// Microseconds.
    pub sum_us: u64,
}

impl HistogramCounts {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }
}

impl Default for Series {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let shards = threads.next_power_of_two().min(SHARDS_MAX);
        Self { shards: (0..shards).map(|_| Shard::default()).collect(), since: clock::now() }
    }
}

impl Series {
    pub(super) fn answered(&self, status: StatusCode, latency: Duration, integration: Option<Duration>) {
        let shard = self.shard();
        shard.latency.add(latency);
        if let Some(integration) = integration {
            shard.integration_latency.add(integration);
        }
        match status.as_u16() {
            400..=499 => one_more(&shard.client_errors),
            500..=599 => one_more(&shard.server_errors),
            _ => {}
        }
    }

    pub(super) fn cache_hit(&self) {
        one_more(&self.shard().cache_hits);
    }

    pub(super) fn cache_miss(&self) {
        one_more(&self.shard().cache_misses);
    }

    fn shard(&self) -> &Shard {
        &self.shards[counters::thread_number() & (self.shards.len() - 1)]
    }

    pub(super) fn read(&self) -> SeriesCounts {
        let mut sum = SeriesCounts { since_ms: self.since.0, ..SeriesCounts::default() };
        for shard in &self.shards {
            shard.latency.read(&mut sum.latency);
            shard.integration_latency.read(&mut sum.integration_latency);
            sum.client_errors += shard.client_errors.load(Ordering::Relaxed);
            sum.server_errors += shard.server_errors.load(Ordering::Relaxed);
            sum.cache_hits += shard.cache_hits.load(Ordering::Relaxed);
            sum.cache_misses += shard.cache_misses.load(Ordering::Relaxed);
        }
        sum
    }
}

impl Histogram {
    fn add(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_BOUNDS_MS.iter().take_while(|bound| us > **bound * 1_000).count();
        one_more(&self.buckets[bucket]);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    fn read(&self, into: &mut HistogramCounts) {
        for (sum, bucket) in into.buckets.iter_mut().zip(&self.buckets) {
            *sum += bucket.load(Ordering::Relaxed);
        }
        into.sum_us += self.sum_us.load(Ordering::Relaxed);
    }
}

fn one_more(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_in_the_first_bucket_that_holds_it() {
        let series = Series::default();
        for us in [0, 1_000, 1_001, 29_000_000, 31_000_000] {
            series.answered(StatusCode::OK, Duration::from_micros(us), None);
        }
        let counts = series.read();
        let mut expected = [0; BUCKETS];
        (expected[0], expected[1], expected[11], expected[12]) = (2, 1, 1, 1);
        assert_eq!(counts.latency.buckets, expected);
        assert_eq!((counts.latency.count(), counts.latency.sum_us), (5, 60_002_001));
        assert_eq!(counts.integration_latency.count(), 0);
    }

    #[test]
    fn every_thread_is_counted() {
        let series = Series::default();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    (0..100).for_each(|_| series.answered(StatusCode::NOT_FOUND, Duration::ZERO, Some(Duration::ZERO)));
                    series.cache_hit();
                    series.cache_miss();
                });
            }
        });
        let counts = series.read();
        assert_eq!((counts.latency.count(), counts.client_errors, counts.server_errors), (800, 800, 0));
        assert_eq!((counts.integration_latency.count(), counts.cache_hits, counts.cache_misses), (800, 8, 8));
    }

    #[test]
    fn a_shard_is_a_multiple_of_what_processors_fetch() {
        assert_eq!(std::mem::size_of::<Shard>() % 128, 0);
    }
}
