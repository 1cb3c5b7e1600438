//! The cache of one stage: entries, and who is asking an endpoint for one right now.
//!
//! Whoever finds no entry leads: it asks the endpoint, and those who want the same meanwhile wait for it. A leader that goes away, because
//! its client did, is followed by one of those who wait; when its answer is not for keeping, each of them asks for itself, as does
//! everybody for some seconds ([`Unkept`]).

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postern_api_model::apigateway::CacheClusterSize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::entries::{Entries, Others};
use super::unkept::Unkept;
use super::{Answer, Caches, Codings, Entry, Key, Protection};

/// A stage's cache. Kept over versions of the stage, until its size changes.
#[derive(Debug)]
pub(crate) struct StageCache {
    caches: Arc<Caches>,
    size: CacheClusterSize,
    max_bytes: usize,
    /// As of the last change.
    bytes: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: Entries,
    flights: HashMap<(Key, Codings), Flight>,
    unkept: Unkept,
    /// Goes up with every flush: what was asked for before is not kept after it.
    generation: u64,
    flights_begun: u64,
}

#[derive(Debug)]
struct Flight {
    id: u64,
    outcome: watch::Receiver<Outcome>,
}

/// What became of a leader's question.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Pending,
    Kept(Arc<Entry>),
    /// There was no answer, or none to keep.
    Nothing,
}

/// What a request is to do.
pub(crate) enum Turn {
    /// Take this.
    Hit(Arc<Entry>),
    /// Ask, for all who want the same.
    Lead(Lead),
    /// Ask, for nobody else: the answer is hardly one to keep.
    Ask(Claim),
    /// Wait for somebody who asks.
    Wait(watch::Receiver<Outcome>),
}

/// How an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It was asked for because there was none.
    Missed,
    /// It was asked for although there may have been one, and takes its place.
    Renewed,
}

/// What is to be kept, and under which key, once the endpoint has answered.
pub(crate) struct Claim {
    cache: Arc<StageCache>,
    key: Key,
    codings: Codings,
    generation: u64,
    asked: Instant,
    freshness: Freshness,
}

/// A claim that others wait for.
pub(crate) struct Lead {
    pub(crate) claim: Claim,
    id: u64,
    outcome: watch::Sender<Outcome>,
}

impl StageCache {
    pub(super) fn new(caches: Arc<Caches>, size: CacheClusterSize, max_bytes: usize) -> Self {
        Self { caches, size, max_bytes, bytes: AtomicUsize::new(0), inner: Mutex::default() }
    }

    /// As AWS names it.
    pub(crate) fn size(&self) -> CacheClusterSize {
        self.size
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Finds an entry that is no older than `ttl`, or out what to do without.
    pub(crate) fn turn(self: &Arc<Self>, key: Key, codings: Codings, ttl: Duration) -> Turn {
        let now = Instant::now();
        let mut inner = self.lock();
        let found = inner.entries.get(&key, codings, now);
        self.account(&inner);
        // A time to live that was made shorter counts for what is there as well.
        if let Some(entry) = found.filter(|entry| now < entry.asked + ttl) {
            return Turn::Hit(entry);
        }
        if inner.unkept.has(&(key, codings), now) {
            return Turn::Ask(self.claim_at(inner.generation, key, codings, now, Freshness::Missed));
        }
        if let Some(flight) = inner.flights.get(&(key, codings)) {
            return Turn::Wait(flight.outcome.clone());
        }
        let (sender, outcome) = watch::channel(Outcome::Pending);
        let id = inner.flights_begun;
        inner.flights_begun += 1;
        inner.flights.insert((key, codings), Flight { id, outcome });
        let claim = self.claim_at(inner.generation, key, codings, now, Freshness::Missed);
        Turn::Lead(Lead { claim, id, outcome: sender })
    }

    /// For a request that asks the endpoint whoever else does.
    pub(crate) fn claim(self: &Arc<Self>, key: Key, codings: Codings, freshness: Freshness) -> Claim {
        let generation = self.lock().generation;
        self.claim_at(generation, key, codings, Instant::now(), freshness)
    }

    fn claim_at(self: &Arc<Self>, generation: u64, key: Key, codings: Codings, asked: Instant, freshness: Freshness) -> Claim {
        Claim { cache: Arc::clone(self), key, codings, generation, asked, freshness }
    }

    /// The answer in an entry; `None` when it cannot be opened.
    pub(crate) fn open(&self, entry: &Entry, key: &Key) -> Option<Answer> {
        entry.open(self.caches.sealer(), key)
    }

    /// Forgets everything, also what endpoints are being asked for now.
    pub(crate) fn flush(&self) {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.entries.clear();
        inner.flights.clear();
        inner.unkept.clear();
        self.account(&inner);
    }

    pub(super) fn shrink_to(&self, max_bytes: usize) {
        let mut inner = self.lock();
        inner.entries.shrink_to(max_bytes);
        self.account(&inner);
    }

    /// Tells the budget what changed, with the lock held so that changes are told one after the other.
    fn account(&self, inner: &Inner) {
        let now = inner.entries.bytes();
        let before = self.bytes.swap(now, Ordering::Relaxed);
        if before != now {
            self.caches.changed(before, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic in here would leave a count too high or too low at worst.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StageCache {
    fn drop(&mut self) {
        self.caches.changed(self.bytes(), 0);
    }
}

impl Claim {
    /// Keeps an answer for `ttl` from when it was asked for, unless the cache was flushed since. Gives the entry that was made.
    pub(crate) fn keep(&self, answer: Answer, ttl: Duration, protection: Protection) -> Option<Arc<Entry>> {
        let cache = &self.cache;
        let seal = match protection {
            Protection::None => None,
            Protection::Sealed => Some((cache.caches.sealer()?, &self.key)),
        };
        let codings = crate::content::is_coded(&answer.headers).then_some(self.codings);
        let entry = Arc::new(Entry::new(answer, (self.asked, self.asked + ttl), codings, seal)?);
        if entry.bytes > cache.max_bytes {
            self.was_not_for_keeping();
            return None;
        }
        let others = match self.freshness {
            Freshness::Missed => Others::Stay,
            Freshness::Renewed => Others::Go,
        };
        let mut inner = cache.lock();
        if inner.generation != self.generation {
            return None;
        }
        inner.entries.insert(self.key, Arc::clone(&entry), others);
        inner.entries.shrink_to(cache.max_bytes);
        inner.unkept.forget(&(self.key, self.codings));
        cache.account(&inner);
        drop(inner);
        cache.caches.keep_to_the_limit();
        Some(entry)
    }

    /// The endpoint gave an answer that is for one request alone: for a while nobody waits for another's.
    pub(crate) fn was_not_for_keeping(&self) {
        let mut inner = self.cache.lock();
        if inner.generation == self.generation {
            inner.unkept.note((self.key, self.codings), Instant::now());
        }
    }
}

impl Lead {
    /// Tells those who wait.
    pub(crate) fn finish(self, kept: Option<Arc<Entry>>) {
        self.outcome.send_replace(kept.map_or(Outcome::Nothing, Outcome::Kept));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut inner = self.claim.cache.lock();
        let place = (self.claim.key, self.claim.codings);
        // After a flush it may be another's.
        if inner.flights.get(&place).is_some_and(|flight| flight.id == self.id) {
            inner.flights.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests;
