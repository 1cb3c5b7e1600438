//! From the counters to the store: what clients used is handed over from time to time, in batches.

use std::sync::Arc;

use postern_api_model::day::Day;
use postern_api_model::ports::{StoredDay, UsageEntry, UsageSink};

use super::client::{Client, KeyId};
use super::clients::{Clients, lock};

/// Entries of one write: enough to share its cost, and few enough that management calls get their turn in between.
const BATCH_ENTRIES: usize = 256;

/// An entry, and whose it is unless its day is over.
struct Due {
    client: Option<Arc<Client>>,
    entry: UsageEntry,
}

impl Clients {
    /// Stores what was counted. What could not be stored is kept for the next time.
    ///
    /// # Errors
    /// When the store cannot be written; in words, for the log.
    pub(super) async fn flush(&self, sink: &dyn UsageSink) -> Result<(), String> {
        let _ledger = self.ledger.lock().await;
        // Taken back when this future is dropped.
        let mut due = Pending { clients: self, due: self.hand_over() };
        while !due.due.is_empty() {
            let batch = due.due.len().min(BATCH_ENTRIES);
            let entries = due.due[..batch].iter().map(|due| due.entry.clone()).collect();
            let stored = sink.write(entries).await?;
            for (Due { client, entry }, stored) in due.due.drain(..batch).zip(stored) {
                if let (Some(client), Some(stored)) = (client, stored) {
                    client.written(&entry, stored);
                }
            }
        }
        Ok(())
    }

    fn hand_over(&self) -> Vec<Due> {
        let clients = std::mem::take(&mut *lock(&self.queue));
        let mut due = Vec::new();
        for client in clients {
            let mut state = client.lock();
            state.is_queued = false;
            let id = state.id;
            for entry in state.memberships.iter_mut().filter_map(|membership| membership.hand_over(id)) {
                due.push(Due { client: Some(Arc::clone(&client)), entry });
            }
        }
        let overdue = std::mem::take(&mut *lock(&self.overdue));
        due.extend(merged(overdue).into_iter().map(|entry| Due { client: None, entry }));
        due
    }

    /// Entries that are not stored yet, for tests and metrics.
    pub(super) fn unwritten(&self) -> usize {
        lock(&self.queue).len() + lock(&self.overdue).len()
    }
}

/// One entry for each key and day: a day may have been left with some of it on its way to a store that did not take it.
fn merged(mut entries: Vec<UsageEntry>) -> Vec<UsageEntry> {
    let place = |entry: &UsageEntry| (Arc::clone(&entry.scope), Arc::clone(&entry.plan_id), entry.key_id.clone(), entry.day);
    entries.sort_by_cached_key(place);
    entries.dedup_by(|later, kept| {
        let is_same = place(later) == place(kept);
        if is_same {
            kept.unwritten = kept.unwritten.saturating_add(later.unwritten);
            // The higher count has the other one in it.
            if (later.known.version, later.known.total.used) > (kept.known.version, kept.known.total.used) {
                kept.known = later.known;
            }
        }
        is_same
    });
    entries
}

/// What has been handed over and not been stored.
struct Pending<'a> {
    clients: &'a Clients,
    due: Vec<Due>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        for Due { client, entry } in self.due.drain(..) {
            let is_back = client.as_ref().is_some_and(|client| client.take_back(&entry));
            match client.filter(|_| is_back) {
                Some(client) => {
                    let is_new = !std::mem::replace(&mut client.lock().is_queued, true);
                    if is_new {
                        lock(&self.clients.queue).push(client);
                    }
                }
                None => lock(&self.clients.overdue).push(entry),
            }
        }
    }
}

impl Client {
    fn written(&self, entry: &UsageEntry, stored: StoredDay) {
        self.with(entry, |membership, day| membership.written(day, stored));
    }

    /// False when the entry's day is over: nobody but the entry itself knows of it any more.
    fn take_back(&self, entry: &UsageEntry) -> bool {
        self.with(entry, |membership, day| membership.take_back(day)).unwrap_or(false)
    }

    fn with<T>(&self, entry: &UsageEntry, act: impl FnOnce(&mut super::client::Membership, Day) -> T) -> Option<T> {
        let mut state = self.lock();
        let membership = state.memberships.iter_mut().find(|membership| membership.plan.id == entry.plan_id)?;
        Some(act(membership, entry.day))
    }
}

/// What the context shows of an API key that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct AcceptedKey {
    /// As it was presented.
    pub(crate) value: http::HeaderValue,
    pub(crate) id: KeyId,
}
