//! The entries of a stage, in the order in which they were last used.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::{Codings, Entry, Key};

/// Entries by key. A key has one for all clients, or one for each set of codings that clients take: few.
#[derive(Debug, Default)]
pub(super) struct Entries {
    slots: HashMap<Key, Slot>,
    /// By the moment of their last use.
    by_use: BTreeMap<u64, Key>,
    moment: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Slot {
    used: u64,
    variants: Vec<Arc<Entry>>,
}

/// Whether other variants of an entry stay beside a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    Stay,
    /// They are of an older answer.
    Go,
}

impl Entries {
    /// What they count for.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The entry for a client, as long as it is good.
    pub(super) fn get(&mut self, key: &Key, codings: Codings, now: Instant) -> Option<Arc<Entry>> {
        let slot = self.slots.get_mut(key)?;
        let mut expired = 0;
        slot.variants.retain(|entry| {
            let is_good = now < entry.expires;
            expired += if is_good { 0 } else { entry.bytes };
            is_good
        });
        self.bytes -= expired;
        if slot.variants.is_empty() {
            self.remove(key);
            return None;
        }
        let found = slot.variants.iter().find(|entry| entry.codings.is_none_or(|own| own == codings)).cloned()?;
        self.by_use.remove(&slot.used);
        slot.used = self.moment;
        self.by_use.insert(self.moment, *key);
        self.moment += 1;
        Some(found)
    }

    /// Keeps an entry, unless there is one whose endpoint was asked later.
    pub(super) fn insert(&mut self, key: Key, entry: Arc<Entry>, others: Others) {
        let mut variants = self.remove(&key);
        let is_rival = |known: &Entry| known.codings == entry.codings || known.codings.is_none() || entry.codings.is_none();
        if variants.iter().any(|known| is_rival(known) && known.asked > entry.asked) {
            self.put(key, variants);
            return;
        }
        match others {
            Others::Go => variants.clear(),
            Others::Stay => variants.retain(|known| !is_rival(known)),
        }
        variants.push(entry);
        self.put(key, variants);
    }

    /// Gives up the keys that were used longest ago until what is left counts for at most `max_bytes`.
    pub(super) fn shrink_to(&mut self, max_bytes: usize) {
        while self.bytes > max_bytes {
            let Some((_, key)) = self.by_use.first_key_value() else { return };
            let key = *key;
            self.remove(&key);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn put(&mut self, key: Key, variants: Vec<Arc<Entry>>) {
        if variants.is_empty() {
            return;
        }
        self.bytes += variants.iter().map(|entry| entry.bytes).sum::<usize>();
        self.by_use.insert(self.moment, key);
        self.slots.insert(key, Slot { used: self.moment, variants });
        self.moment += 1;
    }

    fn remove(&mut self, key: &Key) -> Vec<Arc<Entry>> {
        let Some(slot) = self.slots.remove(key) else { return Vec::new() };
        self.by_use.remove(&slot.used);
        self.bytes -= slot.variants.iter().map(|entry| entry.bytes).sum::<usize>();
        slot.variants
    }
}
