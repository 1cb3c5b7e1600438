//! The two ports between the planes, over the store: [`StorePublisher`] pushes what was written, [`StoreLoader`] fetches what
//! is asked for, and [`follow`] hears of what other processes wrote.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use postern_api_model::ports::{ApiLoader, ApiSource, PortFuture, PublishError, Publisher};
use postern_api_model::scope::Scope;
use postern_store::{Change, Kind, LIST_ROWS_MAX, Store, StoreError};
use tokio::runtime::Handle;
use tokio::time::MissedTickBehavior;

use super::counters::Counters;
use super::metering::{KeyWatch, Touched};
use super::source;

/// A write is to be visible on every node within a second; half of it is for reading and compiling.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Publications of different APIs that may run at one time, roughly: they share these by their ids.
const TURNS: usize = 64;

/// What versions are published to.
pub trait DataPlane: Send + Sync + 'static {
    /// Serves this version from now on, unless it serves a newer one.
    ///
    /// # Errors
    /// When it cannot be served; the version before goes on.
    fn publish(&self, source: ApiSource) -> Result<(), PublishError>;

    /// Serves the API no longer.
    fn withdraw(&self, api_id: &str);

    /// The version in memory, if there is one.
    fn resident_version(&self, api_id: &str) -> Option<u64>;

    /// The APIs in memory that name a VPC link of a scope, or any link at all. What is being loaded now is loaded again.
    fn apis_naming_vpc_link(&self, link: Option<(&Scope, &str)>) -> Vec<String>;
}

/// Publishes what the store holds.
pub struct StorePublisher {
    store: Arc<dyn Store>,
    data_plane: Arc<dyn DataPlane>,
    served: Arc<Served>,
    counters: Arc<Counters>,
    /// Reading and publishing one API is one step, so that a deletion that is read later is never published earlier.
    turns: [tokio::sync::Mutex<()>; TURNS],
    /// Who hears of API keys and plans that other processes changed.
    keys: Option<Arc<KeyWatch>>,
}

/// Loads what the data plane does not hold.
pub struct StoreLoader {
    store: Arc<dyn Store>,
    served: Arc<Served>,
    /// The store's own runtime: it must not run on a traffic worker's, where a large API would hold up requests.
    runtime: Handle,
}

/// The APIs that this process gave to its data plane and did not find gone since: what to compare when changes were missed.
#[derive(Debug, Default)]
pub struct Served(Mutex<HashSet<String>>);

impl StorePublisher {
    /// Wires the store to the data plane.
    pub fn new(store: Arc<dyn Store>, data_plane: Arc<dyn DataPlane>, served: Arc<Served>, counters: Arc<Counters>) -> Self {
        let turns = std::array::from_fn(|_| tokio::sync::Mutex::new(()));
        Self { store, data_plane, served, counters, turns, keys: None }
    }

    /// Has [`follow`] tell `watch` of changes to API keys and usage plans.
    pub fn with_key_watch(self, watch: Arc<KeyWatch>) -> Self {
        Self { keys: Some(watch), ..self }
    }

    async fn publish_now(&self, api_id: &str) -> Result<(), PublishError> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(api_id);
        let _turn = self.turns[(hash % TURNS as u64) as usize].lock().await;
        let failed = |reason: String| PublishError { api_id: api_id.to_owned(), reason };
        let Some(source) = source::read(self.store.as_ref(), api_id).await.map_err(|error| failed(error.to_string()))? else {
            self.data_plane.withdraw(api_id);
            self.served.forget(api_id);
            return Ok(());
        };
        let data_plane = Arc::clone(&self.data_plane);
        self.served.remember(api_id);
        // Compiling a large API takes long enough to hold up the other calls of this thread.
        let published = tokio::task::spawn_blocking(move || data_plane.publish(source)).await;
        published.unwrap_or_else(|_| Err(failed("compiling it panicked; the log has the details".to_owned())))
    }

    /// Publishes a change to an API in memory unless this process published it itself.
    async fn refresh(&self, api_id: &str) -> Result<(), StoreError> {
        let Some(resident) = self.data_plane.resident_version(api_id) else {
            self.served.forget(api_id);
            return Ok(());
        };
        let stored = self.store.find_api(api_id).await?.map(|(_, api)| api.version);
        if stored != Some(resident) {
            // A failure is logged and counted there; what was served before goes on until the next change.
            let _ = self.publish(api_id).await;
        }
        Ok(())
    }

    /// Publishes the APIs in memory that name this VPC link, or any.
    async fn publish_again(&self, link: Option<(&Scope, &str)>) {
        for api_id in self.data_plane.apis_naming_vpc_link(link) {
            // As above.
            let _ = self.publish(&api_id).await;
        }
    }
}

impl Served {
    fn remember(&self, api_id: &str) {
        self.lock().insert(api_id.to_owned());
    }

    fn forget(&self, api_id: &str) {
        self.lock().remove(api_id);
    }

    fn api_ids(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        // Every change is one call on the set: there is no half-made state to be poisoned by.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Publisher for StorePublisher {
    fn publish<'a>(&'a self, api_id: &'a str) -> PortFuture<'a, Result<(), PublishError>> {
        Box::pin(async move {
            let published = self.publish_now(api_id).await;
            self.counters.publications.count(&published);
            if let Err(error) = &published {
                tracing::error!(%error, "a committed change is not served; what was served before goes on");
            }
            published
        })
    }
}

impl StoreLoader {
    /// Loads on `runtime`.
    pub fn new(store: Arc<dyn Store>, served: Arc<Served>, runtime: Handle) -> Self {
        Self { store, served, runtime }
    }
}

impl ApiLoader for StoreLoader {
    fn load<'a>(&'a self, api_id: &'a str) -> PortFuture<'a, Result<Option<ApiSource>, String>> {
        let (store, id) = (Arc::clone(&self.store), api_id.to_owned());
        let reading = self.runtime.spawn(async move { source::read(store.as_ref(), &id).await });
        Box::pin(async move {
            let Ok(read) = reading.await else { return Err("reading it panicked; the log has the details".to_owned()) };
            let source = read.map_err(|error| error.to_string())?;
            if source.is_some() {
                self.served.remember(api_id);
            }
            Ok(source)
        })
    }
}

/// Publishes again, until the end, what other processes write to APIs that this one holds. `seq` is the last change known.
pub async fn follow(publisher: Arc<StorePublisher>, mut seq: u64) {
    let mut ticks = tokio::time::interval(POLL_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match catch_up(&publisher, seq).await {
            Ok(reached) => seq = reached,
            Err(error) => tracing::warn!(%error, "changes by other processes cannot be read; what is held goes on being served"),
        }
    }
}

/// Everything up to the present, and how far that was.
async fn catch_up(publisher: &StorePublisher, mut seq: u64) -> Result<u64, StoreError> {
    loop {
        let changes = match publisher.store.changes(seq, LIST_ROWS_MAX).await {
            Ok(changes) => changes,
            Err(StoreError::ChangesLost { .. }) => return start_over(publisher).await,
            Err(error) => return Err(error),
        };
        let Some(last) = changes.last() else { return Ok(seq) };
        for api_id in changes.iter().filter_map(api_of).collect::<BTreeSet<_>>() {
            publisher.refresh(api_id).await?;
        }
        for change in changes.iter().filter(|change| is_vpc_link(change)) {
            publisher.publish_again(Some((&change.scope, &change.id))).await;
        }
        if let Some(keys) = &publisher.keys {
            keys.tell(publisher.store.as_ref(), Touched::of_changes(&changes)).await;
        }
        seq = last.seq;
        if changes.len() < LIST_ROWS_MAX {
            return Ok(seq);
        }
    }
}

/// After a gap nobody knows what changed, so everything served is compared with the store.
async fn start_over(publisher: &StorePublisher) -> Result<u64, StoreError> {
    let seq = publisher.store.last_change().await?;
    if let Some(keys) = &publisher.keys {
        keys.tell_of_a_gap();
    }
    for api_id in publisher.served.api_ids() {
        publisher.refresh(&api_id).await?;
    }
    publisher.publish_again(None).await;
    Ok(seq)
}

/// The API that a change is about; deployments are never changed, only made and removed with a write of their API.
fn api_of(change: &Change) -> Option<&str> {
    (change.kind == Kind::REST_API.as_str()).then_some(change.id.as_str())
}

/// What an API is published with, and no part of it: its version stays as it is when a link changes.
fn is_vpc_link(change: &Change) -> bool {
    [Kind::VPC_LINK, Kind::VPC_LINK_V2].iter().any(|kind| change.kind == kind.as_str())
}

#[cfg(test)]
mod tests;
