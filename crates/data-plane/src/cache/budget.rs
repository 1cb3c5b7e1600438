//! How much memory all caches of this process take together, and the key that seals their entries.
//!
//! When there is too much, the largest cache gives up what it has not used longest: a stage that fills its cache pays for it before
//! others do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use postern_api_model::apigateway::CacheClusterSize;

use super::StageCache;
use super::entry::Sealer;

/// Bytes of all stages' caches.
pub const CACHE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of one stage's, of whatever size AWS's would be: its smallest is half a gigabyte, which a machine with many stages has not.
pub const STAGE_CACHE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The share that is given up at once, so that looking for the largest cache is paid for rarely.
const FREED_SHARE: usize = 64;

/// How much may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// See [`CACHE_BYTES_MAX`].
    pub bytes_max: usize,
    /// See [`STAGE_CACHE_BYTES_MAX`].
    pub stage_bytes_max: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { bytes_max: CACHE_BYTES_MAX, stage_bytes_max: STAGE_CACHE_BYTES_MAX }
    }
}

/// All caches.
#[derive(Default)]
pub(crate) struct Caches {
    limits: CacheLimits,
    used: AtomicUsize,
    stages: Mutex<Vec<Weak<StageCache>>>,
    sealer: OnceLock<Option<Sealer>>,
}

impl Caches {
    pub(crate) fn new(limits: CacheLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// A cache for a stage.
    pub(crate) fn open(self: &Arc<Self>, size: CacheClusterSize) -> Arc<StageCache> {
        let max_bytes = self.limits.stage_bytes_max.min(bytes_of(size));
        let cache = Arc::new(StageCache::new(Arc::clone(self), size, max_bytes));
        let mut stages = self.stages();
        stages.retain(|stage| stage.strong_count() > 0);
        stages.push(Arc::downgrade(&cache));
        cache
    }

    /// Bytes that are taken now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn sealer(&self) -> Option<&Sealer> {
        self.sealer.get_or_init(Sealer::draw).as_ref()
    }

    /// A stage's cache went from `before` to `now` bytes.
    pub(super) fn changed(&self, before: usize, now: usize) {
        if now >= before {
            self.used.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.used.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    /// Makes room where there is too much. Not called with a cache's lock held.
    pub(super) fn keep_to_the_limit(&self) {
        while self.used() > self.limits.bytes_max {
            let stages: Vec<_> = self.stages().iter().filter_map(Weak::upgrade).collect();
            let Some(largest) = stages.iter().max_by_key(|stage| stage.bytes()) else { return };
            let bytes = largest.bytes();
            if bytes == 0 {
                return;
            }
            let surplus = self.used().saturating_sub(self.limits.bytes_max) + self.limits.bytes_max / FREED_SHARE;
            largest.shrink_to(bytes.saturating_sub(surplus.max(1)));
        }
    }

    fn stages(&self) -> std::sync::MutexGuard<'_, Vec<Weak<StageCache>>> {
        // Every change is one call on the list: there is no half-made state to be poisoned by.
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Caches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caches").field("limits", &self.limits).field("used", &self.used).finish_non_exhaustive()
    }
}

/// AWS's sizes are in gigabytes.
fn bytes_of(size: CacheClusterSize) -> usize {
    const GIGABYTE: f64 = 1024.0 * 1024.0 * 1024.0;
    let gigabytes: f64 = size.as_str().parse().unwrap_or_default();
    (gigabytes * GIGABYTE) as usize
}
