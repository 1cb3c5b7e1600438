//! The API keys that this node knows: found without a lock, loaded when first presented, loaded again when something changed.
//!
//! A key is found by a digest of its value, so that values are neither kept nor compared. What is known of a key is used until the
//! store says that something about it changed; from then on it opens nothing until it was loaded again.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use postern_api_model::ports::{ApiKeyLoader, LoadedKey, LoadedMembership, UsageEntry};
use postern_api_model::scope::Scope;
use postern_api_model::usage_plan::UsagePlan;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::client::{Ask, Client, KeyId, Membership, State, Usage, Verdict};
use super::plan::PlanSlot;

/// Keys in memory. At 185 bytes each (measured) under 200 MB; those that are not in use are forgotten beyond that, and loaded again.
pub(super) const CLIENTS_MAX: usize = 1_000_000;
/// The share that is forgotten at once, so that looking for idle ones is paid for rarely.
const FORGOTTEN_SHARE: usize = 16;
/// How long "there is no such key" is believed without asking the store again. One that is made on this node is there at once.
const MISSING_TTL_MS: u64 = 500;
/// Values that are remembered as missing: enough for a client that tries the same again, and bounded.
const MISSING_MAX: usize = 10_000;
/// Loads at one time, so that made-up values cannot flood the store. A key is always loaded in the same turn.
const TURNS: usize = 32;
/// How often a request waits for its key to be loaded. More changes in a row than this are a fault.
const LOADS_MAX: usize = 8;
/// Characters of the longest value of a key.
const VALUE_BYTES_MAX: usize = 128;

/// Which key it is: a digest of its value, blinded by its account and region.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u64; 2]);

impl Digest {
    /// `None` for what is no value of any key.
    pub(super) fn of_value(scope: &Scope, value: &str) -> Option<Self> {
        let is_possible = !value.is_empty() && value.len() <= VALUE_BYTES_MAX;
        is_possible.then(|| Self::of_bytes(scope, digest(&SHA256, value.as_bytes()).as_ref()))?
    }

    /// From the hexadecimal SHA-256 of a value, under which the store finds keys.
    pub(super) fn of_hex(scope: &Scope, hex: &str) -> Option<Self> {
        let digits = hex.as_bytes().get(..32)?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Self::of_bytes(scope, &bytes)
    }

    fn of_bytes(scope: &Scope, sha: &[u8]) -> Option<Self> {
        static BLINDS: OnceLock<[RandomState; 2]> = OnceLock::new();
        let blinds = BLINDS.get_or_init(|| [RandomState::new(), RandomState::new()]);
        let mut halves = [0; 2];
        for ((half, bytes), blind) in halves.iter_mut().zip(sha.as_chunks::<8>().0).zip(blinds) {
            *half = u64::from_ne_bytes(*bytes) ^ blind.hash_one((&scope.account, &scope.region));
        }
        (sha.len() >= 16).then_some(Self(halves))
    }
}

/// The usage plans of an account in a region.
type PlansById = HashMap<Arc<str>, Arc<PlanSlot>>;

/// Keys, the plans they are in, and what of their counts is to be written.
pub(super) struct Clients {
    known: papaya::HashMap<Digest, Arc<Client>>,
    plans: Mutex<HashMap<Scope, PlansById>>,
    missing: Mutex<HashMap<Digest, Instant>>,
    loader: Arc<dyn ApiKeyLoader>,
    /// Counts what changed, so that whoever reads the store knows that it may have read too early.
    changes: AtomicU64,
    turns: [tokio::sync::Mutex<()>; TURNS],
    /// Clients whose counts are to be written.
    pub(super) queue: Mutex<Vec<Arc<Client>>>,
    /// Entries of days that are over.
    pub(super) overdue: Mutex<Vec<UsageEntry>>,
    /// Held while counts are on their way to the store, and while a client that has some is read from it.
    pub(super) ledger: tokio::sync::Mutex<()>,
    max: usize,
}

impl Clients {
    pub(super) fn new(loader: Arc<dyn ApiKeyLoader>, max: usize) -> Self {
        Self {
            known: papaya::HashMap::new(),
            plans: Mutex::default(),
            missing: Mutex::default(),
            loader,
            changes: AtomicU64::new(0),
            turns: std::array::from_fn(|_| tokio::sync::Mutex::new(())),
            queue: Mutex::default(),
            overdue: Mutex::default(),
            ledger: tokio::sync::Mutex::new(()),
            max: max.max(1),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The verdict, when the key is known; else it has to be loaded.
    pub(super) fn admit(&self, digest: Digest, ask: &Ask<'_>) -> Option<(KeyId, Verdict)> {
        let client = self.known.pin().get(&digest).cloned()?;
        let mut overdue = Vec::new();
        let mut state = client.lock();
        #[allow(clippy::cast_possible_truncation, reason = "seconds of 136 years")]
        let now_s = (ask.now_ns / 1_000_000_000) as u32;
        state.used_at_s = now_s;
        let verdict = state.admit(ask, &mut overdue);
        let id = state.id;
        let is_new = !state.is_queued && matches!(verdict, Ok(Verdict::Admitted));
        state.is_queued |= is_new;
        drop(state);
        if !overdue.is_empty() {
            lock(&self.overdue).append(&mut overdue);
        }
        if is_new {
            lock(&self.queue).push(client);
        }
        verdict.ok().map(|verdict| (id, verdict))
    }

    /// The same once the key has been loaded; `None` when there is no such key.
    ///
    /// # Errors
    /// When the store cannot be read; in words, for the log.
    pub(super) async fn load_and_admit(
        &self,
        digest: Digest,
        scope: &Scope,
        value: &str,
        mut ask: Ask<'_>,
    ) -> Result<Option<(KeyId, Verdict)>, String> {
        let (began, asked_ns) = (Instant::now(), ask.now_ns);
        for _ in 0..LOADS_MAX {
            // A moment before the store was waited for would be long past for a bucket that others take from.
            ask.now_ns = asked_ns.saturating_add(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
            if let Some(admitted) = self.admit(digest, &ask) {
                return Ok(Some(admitted));
            }
            if !self.load(digest, scope, value, &ask).await? {
                return Ok(None);
            }
        }
        Err("an API key changes faster than it can be read".to_owned())
    }

    /// Whether there is such a key.
    async fn load(&self, digest: Digest, scope: &Scope, value: &str, ask: &Ask<'_>) -> Result<bool, String> {
        #[allow(clippy::cast_possible_truncation, reason = "one of a few turns")]
        let _turn = self.turns[digest.0[0] as usize % TURNS].lock().await;
        let client = self.known.pin().get(&digest).cloned();
        match &client {
            // Loaded by another request while this one waited for its turn.
            Some(client) if !client.lock().is_stale && !is_outdated(client, ask) => return Ok(true),
            Some(_) => {}
            None if self.is_missing(digest) => return Ok(false),
            None => {}
        }
        // What is on its way to the store must have arrived, or it would be counted twice or not at all.
        let _ledger = if client.is_some() { Some(self.ledger.lock().await) } else { None };
        let changes = self.changes.load(Ordering::Acquire);
        let loaded = self.loader.load(scope, value, ask.today).await?;
        let Some(loaded) = loaded else {
            self.gone(digest, client.as_deref(), changes);
            return Ok(false);
        };
        let id = KeyId::new(&loaded.id).ok_or_else(|| format!("API key {} has an id that is too long", loaded.id))?;
        let known = client.unwrap_or_else(|| Arc::new(Client::new(State::unknown(id))));
        self.merge(&known, id, scope, loaded, ask);
        // It is stale until here: a change from now on finds it in its place.
        self.known.pin().get_or_insert(digest, Arc::clone(&known));
        let mut state = known.lock();
        state.is_stale = self.changes.load(Ordering::Acquire) != changes;
        drop(state);
        self.forget_idle(digest, ask.now_ns);
        Ok(true)
    }

    fn gone(&self, digest: Digest, client: Option<&Client>, changes: u64) {
        if let Some(client) = client {
            client.lock().memberships = SmallVec::new();
            self.known.pin().remove(&digest);
        }
        let mut missing = lock(&self.missing);
        if missing.len() >= MISSING_MAX {
            missing.retain(|_, since| is_fresh(since));
        }
        if missing.len() >= MISSING_MAX {
            missing.clear();
        }
        missing.insert(digest, Instant::now());
        if self.changes.load(Ordering::Acquire) != changes {
            missing.remove(&digest);
        }
    }

    fn is_missing(&self, digest: Digest) -> bool {
        lock(&self.missing).get(&digest).is_some_and(is_fresh)
    }

    /// Makes the client what was loaded; what its buckets hold and what is not written yet stays.
    fn merge(&self, client: &Client, id: KeyId, scope: &Scope, loaded: LoadedKey, ask: &Ask<'_>) {
        let mut overdue = Vec::new();
        let mut state = client.lock();
        let mut before = std::mem::take(&mut state.memberships);
        let memberships = loaded.memberships.into_iter().map(|LoadedMembership { plan, plan_version, days }| {
            let slot = self.plan(scope, plan_version, &plan);
            let known = before.iter().position(|known| Arc::ptr_eq(&known.plan, &slot));
            let mut membership = match known {
                Some(at) => before.swap_remove(at),
                None => Membership { plan: slot, bucket: 0, methods: None, usage: Usage::default() },
            };
            if let Some(plan) = membership.plan.current().as_ref() {
                membership.read(plan, id, &days, ask.today, &mut overdue);
            }
            membership
        });
        state.memberships = memberships.collect();
        state.is_enabled = loaded.is_enabled;
        drop(state);
        lock(&self.overdue).append(&mut overdue);
    }

    fn plan(&self, scope: &Scope, version: u64, plan: &UsagePlan) -> Arc<PlanSlot> {
        let mut plans = lock(&self.plans);
        if !plans.contains_key(scope) {
            plans.insert(scope.clone(), HashMap::new());
        }
        let of_scope = plans.entry(scope.clone()).or_default();
        if let Some(slot) = of_scope.get(plan.id.as_str()) {
            slot.update(version, plan);
            return Arc::clone(slot);
        }
        // One copy of the scope for all plans in it.
        let shared = of_scope.values().next().map_or_else(|| Arc::new(scope.clone()), |slot| Arc::clone(&slot.scope));
        let slot = Arc::new(PlanSlot::new(shared, version, plan));
        of_scope.insert(Arc::clone(&slot.id), Arc::clone(&slot));
        slot
    }

    /// The plan changed, or is gone. Plans that no key here is in are not held.
    pub(super) fn plan_changed(&self, scope: &Scope, plan_id: &str, now: Option<(u64, &UsagePlan)>) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        let mut plans = lock(&self.plans);
        let Some(of_scope) = plans.get_mut(scope) else { return };
        match (of_scope.get(plan_id), now) {
            (Some(slot), Some((version, plan))) if Arc::strong_count(slot) > 1 => slot.update(version, plan),
            (Some(slot), _) => {
                slot.end();
                of_scope.remove(plan_id);
            }
            (None, _) => {}
        }
    }

    /// Something about the key changed, or it is gone, or new.
    pub(super) fn key_changed(&self, digest: Digest) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        lock(&self.missing).remove(&digest);
        if let Some(client) = self.known.pin().get(&digest) {
            client.lock().is_stale = true;
        }
    }

    /// Anything may have changed. Plans are read again with the first of their keys.
    pub(super) fn all_changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        lock(&self.missing).clear();
        for client in self.known.pin().values() {
            client.lock().is_stale = true;
        }
    }

    /// Makes room: forgets clients of which nothing is lost, those that were not used for the longest time first as far as one look
    /// over all of them can tell. `newest` stays, or it would never be used.
    fn forget_idle(&self, newest: Digest, now_ns: u64) {
        if self.known.len() <= self.max {
            return;
        }
        let known = self.known.pin();
        let surplus = self.known.len() - self.max + self.max / FORGOTTEN_SHARE;
        #[allow(clippy::cast_possible_truncation, reason = "seconds of 136 years")]
        let now_s = (now_ns / 1_000_000_000) as u32;
        let mut forgotten = 0;
        for idle_s in [3_600, 60, 2, 0] {
            for (digest, client) in known.iter().filter(|(digest, _)| **digest != newest) {
                if forgotten >= surplus {
                    return;
                }
                let state = client.lock();
                if state.is_idle(now_ns) && now_s.saturating_sub(state.used_at_s) >= idle_s {
                    drop(state);
                    forgotten += usize::from(known.remove(digest).is_some());
                }
            }
        }
    }
}

impl State {
    /// A key of which only the id is known.
    fn unknown(id: KeyId) -> Self {
        Self { id, is_enabled: false, is_stale: true, is_queued: false, used_at_s: 0, memberships: SmallVec::new() }
    }
}

/// Whether the client's counts are of another period than the request's.
fn is_outdated(client: &Client, ask: &Ask<'_>) -> bool {
    let state = client.lock();
    let is_of_today = |membership: &Membership| {
        let today = ask.today.max(membership.usage.day);
        membership.plan.current().as_ref().is_none_or(|plan| membership.usage.is_of(plan.period_start(today)))
    };
    !state.memberships.iter().all(is_of_today)
}

fn is_fresh(since: &Instant) -> bool {
    since.elapsed() < Duration::from_millis(MISSING_TTL_MS)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is one call on a collection: there is no half-made state to be poisoned by.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
