//! The store, with its commits counted, and told to whom they concern before their callers hear of them.

use std::sync::{Arc, OnceLock};

use postern_api_model::scope::Scope;
use postern_store::{AccessKey, Change, Key, Kind, Store, StoreFuture, UpdateLocks, Versioned, Write};

use super::counters::Counters;
use super::metering::{KeyWatch, Touched};

/// Passes everything on.
pub struct CountedStore<S> {
    store: Arc<S>,
    counters: Arc<Counters>,
    keys: OnceLock<Arc<KeyWatch>>,
}

impl<S> CountedStore<S> {
    /// Counts what is committed to `store`.
    pub fn new(store: S, counters: Arc<Counters>) -> Self {
        Self { store: Arc::new(store), counters, keys: OnceLock::new() }
    }

    /// Tells `watch` of commits from now on.
    pub fn watched_by(&self, watch: Arc<KeyWatch>) {
        // There is one data plane in a process.
        let _ = self.keys.set(watch);
    }

    /// The store itself, for whoever writes so often that nobody should be told.
    pub fn shared(&self) -> Arc<S> {
        Arc::clone(&self.store)
    }

    /// The store itself.
    pub fn inner(&self) -> &S {
        &self.store
    }
}

impl<S: Store> Store for CountedStore<S> {
    fn load<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Versioned<Vec<u8>>>> {
        self.store.load(key)
    }

    fn find_api<'a>(&'a self, api_id: &'a str) -> StoreFuture<'a, Option<(Key, Versioned<Vec<u8>>)>> {
        self.store.find_api(api_id)
    }

    fn list<'a>(
        &'a self,
        kind: Kind,
        scope: &'a Scope,
        after: Option<&'a str>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<(String, Versioned<Vec<u8>>)>> {
        self.store.list(kind, scope, after, limit)
    }

    fn commit<'a>(&'a self, writes: Vec<Write>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let touched = Touched::of_writes(&writes);
            let committed = self.store.commit(writes).await;
            self.counters.commits.count(&committed);
            if let (Ok(()), Some(keys)) = (&committed, self.keys.get()) {
                keys.tell(self.store.as_ref(), touched).await;
            }
            committed
        })
    }

    fn changes<'a>(&'a self, after_seq: u64, limit: usize) -> StoreFuture<'a, Vec<Change>> {
        self.store.changes(after_seq, limit)
    }

    fn last_change(&self) -> StoreFuture<'_, u64> {
        self.store.last_change()
    }

    fn access_key<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<AccessKey>> {
        self.store.access_key(id)
    }

    fn access_keys<'a>(
        &'a self,
        account: Option<&'a str>,
        after: Option<&'a str>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<AccessKey>> {
        self.store.access_keys(account, after, limit)
    }

    fn create_access_key(&self, key: AccessKey) -> StoreFuture<'_, ()> {
        self.store.create_access_key(key)
    }

    fn revoke_access_key<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        self.store.revoke_access_key(id)
    }

    fn update_locks(&self) -> &UpdateLocks {
        self.store.update_locks()
    }
}
