//! What authorizers answered, kept for as long as they said: `authorizerResultTtlInSeconds`.
//!
//! An answer is found by whose it is and by a digest of the identity that was shown. Whose it is is a [`ResultScope`]: one authorizer under
//! one stage, as long as neither changes; flushing gives it another number, so that what is kept, and what is still being asked for,
//! is found no more. What requests ask for at the same time is asked for once. Failures are never kept: whoever waits for one shares it, and
//! the next request asks again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use tokio::sync::watch;
use tokio::time::Instant;

use super::fault::AuthorizerFault;
use super::output::Output;

/// Bytes that all answers may take, about: some ten thousand of usual ones.
const RESULTS_BYTES_MAX: usize = 128 * 1024 * 1024;
/// What an answer takes besides what it says.
const RESULT_BYTES: usize = 512;
/// Parts of the whole, each with a lock of its own, so that workers seldom wait for each other.
const SHARDS: usize = 16;
/// The share of a full part that is evicted at once, so that finding the coldest is paid for rarely.
const EVICTED_SHARE: usize = 16;

/// The answers of all authorizers on this node.
pub(crate) struct Results {
    shards: [Mutex<Shard>; SHARDS],
    shard_bytes_max: usize,
}

#[derive(Default)]
struct Shard {
    kept: HashMap<ResultKey, Kept>,
    bytes: usize,
    asked: HashMap<ResultKey, watch::Receiver<Option<Answered>>>,
    /// Counts uses, so that the coldest can be told.
    uses: u64,
}

struct Kept {
    output: Arc<Output>,
    until: Instant,
    bytes: usize,
    used: u64,
}

/// What came of asking.
pub(crate) type Answered = Result<Arc<Output>, AuthorizerFault>;

/// Which answer: whose, and the digest of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ResultKey {
    scope: u64,
    identity: [u8; 32],
}

/// An authorizer under a stage.
#[derive(Debug)]
pub(crate) struct ResultScope(AtomicU64);

/// No two scopes of this process have one number, nor one before and after a flush.
static SCOPES: AtomicU64 = AtomicU64::new(0);

impl Default for ResultScope {
    fn default() -> Self {
        Self(AtomicU64::new(fresh()))
    }
}

fn fresh() -> u64 {
    SCOPES.fetch_add(1, Ordering::Relaxed)
}

impl ResultScope {
    /// Nothing that was answered before is used again.
    pub(crate) fn flush(&self) {
        self.0.store(fresh(), Ordering::Release);
    }

    /// The key of an identity: the values of its sources, in order. Each stands behind its length, so that no two lists look alike.
    pub(crate) fn key<'v>(&self, values: impl Iterator<Item = &'v str>) -> ResultKey {
        let mut digest = Context::new(&SHA256);
        for value in values {
            digest.update(&(value.len() as u64).to_be_bytes());
            digest.update(value.as_bytes());
        }
        let mut identity = [0; 32];
        identity.copy_from_slice(digest.finish().as_ref());
        ResultKey { scope: self.0.load(Ordering::Acquire), identity }
    }
}

enum Step {
    Known(Arc<Output>),
    Wait(watch::Receiver<Option<Answered>>),
    Ask(watch::Sender<Option<Answered>>),
}

impl Default for Results {
    fn default() -> Self {
        Self::within(RESULTS_BYTES_MAX)
    }
}

impl Results {
    fn within(bytes_max: usize) -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), shard_bytes_max: bytes_max / SHARDS }
    }

    /// The answer for a key: the one that is kept, the one that another request waits for, or what comes of `asking`, which is only begun
    /// when it is needed. Whoever asks and goes away leaves the asking to another.
    pub(crate) async fn answer(&self, key: ResultKey, ttl: Duration, asking: impl Future<Output = Answered>) -> Answered {
        let mut asking = std::pin::pin!(asking);
        loop {
            let step = self.shard(&key).step(key);
            match step {
                Step::Known(output) => return Ok(output),
                Step::Wait(mut answered) => {
                    // The one who asked went away without a word: look again.
                    if answered.changed().await.is_ok()
                        && let Some(answered) = answered.borrow().clone()
                    {
                        return answered;
                    }
                }
                Step::Ask(tell) => {
                    let begun = Instant::now();
                    let mut over = AskedGuard { results: self, key, is_over: false };
                    let answered = asking.as_mut().await;
                    over.is_over = true;
                    let mut shard = self.shard(&key);
                    shard.asked.remove(&key);
                    if let Ok(output) = &answered {
                        shard.keep(key, Arc::clone(output), begun + ttl, self.shard_bytes_max);
                    }
                    drop(shard);
                    let _ = tell.send(Some(answered.clone()));
                    return answered;
                }
            }
        }
    }

    fn shard(&self, key: &ResultKey) -> MutexGuard<'_, Shard> {
        let at = usize::from(key.identity[0]) % SHARDS;
        // What is done under this lock leaves nothing half made, so that there is nothing to be poisoned by.
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn step(&mut self, key: ResultKey) -> Step {
        self.uses += 1;
        match self.kept.get_mut(&key) {
            Some(kept) if Instant::now() < kept.until => {
                kept.used = self.uses;
                return Step::Known(Arc::clone(&kept.output));
            }
            Some(_) => self.forget(&key),
            None => {}
        }
        if let Some(answered) = self.asked.get(&key) {
            return Step::Wait(answered.clone());
        }
        let (tell, answered) = watch::channel(None);
        self.asked.insert(key, answered);
        Step::Ask(tell)
    }

    fn keep(&mut self, key: ResultKey, output: Arc<Output>, until: Instant, bytes_max: usize) {
        let bytes = RESULT_BYTES + output.weight();
        self.forget(&key);
        if self.bytes + bytes > bytes_max {
            self.evict(bytes_max.saturating_sub(bytes));
        }
        if bytes <= bytes_max {
            self.bytes += bytes;
            self.kept.insert(key, Kept { output, until, bytes, used: self.uses });
        }
    }

    /// Makes room: what is over goes, then the coldest.
    fn evict(&mut self, bytes_max: usize) {
        let now = Instant::now();
        let mut by_use: Vec<(u64, ResultKey, usize)> = Vec::with_capacity(self.kept.len());
        self.kept.retain(|key, kept| {
            let stays = now < kept.until;
            if stays {
                by_use.push((kept.used, *key, kept.bytes));
            } else {
                self.bytes -= kept.bytes;
            }
            stays
        });
        if self.bytes <= bytes_max {
            return;
        }
        by_use.sort_unstable_by_key(|(used, ..)| *used);
        let goal = bytes_max - bytes_max / EVICTED_SHARE;
        for (_, key, _) in by_use {
            if self.bytes <= goal {
                break;
            }
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &ResultKey) {
        if let Some(kept) = self.kept.remove(key) {
            self.bytes -= kept.bytes;
        }
    }
}

/// Ends an asking whose request went away, so that one who waits asks anew.
struct AskedGuard<'r> {
    results: &'r Results,
    key: ResultKey,
    is_over: bool,
}

impl Drop for AskedGuard<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.results.shard(&self.key).asked.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
