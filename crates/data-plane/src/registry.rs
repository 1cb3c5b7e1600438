//! The APIs this node serves: found without a lock, loaded when first asked for, evicted when cold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use papaya::{Compute, Operation};
use postern_api_model::ports::{ApiLoader, ApiSource, PublishError};
use postern_api_model::scope::Scope;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::cache::Caches;
use crate::clock;
use crate::compile::{self, PublishedApi};
use crate::links::LinkTargets;

/// How long "there is no such API" is believed without asking the store again. An API that is published on this node appears
/// at once all the same, one published on another node within this time.
const MISSING_TTL_MS: u64 = 500;
/// Ids that are remembered as missing: enough for a scan, and bounded.
const MISSING_MAX: usize = 10_000;
/// Loads at one time, so that a scan over ids cannot flood the store.
const LOADS_MAX: usize = 32;
/// The share of resident APIs evicted at once, so that finding the coldest is paid for rarely.
const EVICTED_SHARE: usize = 16;

/// Resident APIs and how others become so.
pub(crate) struct Registry {
    apis: papaya::HashMap<Box<str>, Arc<PublishedApi>>,
    cold: Mutex<Cold>,
    loads: Semaphore,
    loader: Arc<dyn ApiLoader>,
    resident_max: usize,
    links: Arc<LinkTargets>,
    caches: Arc<Caches>,
}

/// What only requests for cold APIs look at.
#[derive(Default)]
struct Cold {
    loading: HashMap<Box<str>, Loading>,
    missing: HashMap<Box<str>, Instant>,
}

struct Loading {
    outcome: watch::Receiver<Option<String>>,
    /// The API was published or withdrawn meanwhile: what is being read may be out of date.
    is_disturbed: bool,
}

enum Step {
    Wait(watch::Receiver<Option<String>>),
    Load(watch::Sender<Option<String>>),
}

impl Registry {
    pub(crate) fn new(loader: Arc<dyn ApiLoader>, resident_max: usize) -> Self {
        Self {
            apis: papaya::HashMap::new(),
            cold: Mutex::default(),
            loads: Semaphore::new(LOADS_MAX),
            loader,
            resident_max: resident_max.max(1),
            links: Arc::default(),
            caches: Arc::default(),
        }
    }

    /// With load balancers behind VPC links.
    pub(crate) fn linked_to(self, links: Arc<LinkTargets>) -> Self {
        Self { links, ..self }
    }

    /// With room for what stages cache.
    pub(crate) fn caching_in(self, caches: Arc<Caches>) -> Self {
        Self { caches, ..self }
    }

    /// The resident APIs that name a VPC link of a scope, or any at all. What is being loaded now is loaded again: whoever reads it may
    /// have seen the link before it changed.
    pub(crate) fn naming_vpc_link(&self, link: Option<(&Scope, &str)>) -> Vec<String> {
        let mut cold = self.cold();
        cold.loading.values_mut().for_each(|loading| loading.is_disturbed = true);
        let names = |api: &PublishedApi| link.map_or(api.names_vpc_links(), |(scope, id)| api.names_vpc_link(scope, id));
        self.apis.pin().iter().filter(|(_, api)| names(api)).map(|(id, _)| id.to_string()).collect()
    }

    /// The API, when it is resident. No lock, no allocation.
    pub(crate) fn resident(&self, api_id: &str) -> Option<Arc<PublishedApi>> {
        self.apis.pin().get(api_id).cloned()
    }

    /// Looks at all that are resident, in no order.
    pub(crate) fn each_resident(&self, look: impl FnMut(&Arc<PublishedApi>)) {
        self.apis.pin().values().for_each(look);
    }

    pub(crate) fn len(&self) -> usize {
        self.apis.len()
    }

    /// Makes a version the one that is served, unless a newer one is already.
    pub(crate) fn publish(&self, source: ApiSource) -> Result<(), PublishError> {
        let api_id = source.api_id.clone();
        let before = self.resident(&api_id);
        let published = Arc::new(compile::publish_with(source, before.as_deref(), &self.links, &self.caches)?);
        let mut cold = self.cold();
        self.insert(&api_id, published);
        cold.missing.remove(api_id.as_str());
        cold.disturb(&api_id);
        drop(cold);
        self.evict(&api_id);
        Ok(())
    }

    /// Puts a version in its place and gives the one that is served now: this one, or a newer one.
    fn insert(&self, api_id: &str, published: Arc<PublishedApi>) -> Arc<PublishedApi> {
        published.touch(clock::now().seconds());
        let apis = self.apis.pin();
        let outcome = apis.compute(api_id.into(), |current| match current {
            Some((_, current)) if current.version > published.version => Operation::Abort(Arc::clone(current)),
            _ => Operation::Insert(Arc::clone(&published)),
        });
        match outcome {
            Compute::Aborted(newer) => newer,
            Compute::Inserted(..) | Compute::Updated { .. } | Compute::Removed(..) => published,
        }
    }

    /// The API is gone: requests for it fail from now on. Under the lock, so that a load that read it before either is seen here
    /// and told, or has put it in place and loses it.
    pub(crate) fn withdraw(&self, api_id: &str) {
        let mut cold = self.cold();
        self.apis.pin().remove(api_id);
        cold.disturb(api_id);
    }

    /// The API with this id (in lower case), resident or loaded from the store.
    ///
    /// # Errors
    /// When the store cannot be read; in words, for the log.
    pub(crate) async fn load(&self, api_id: &str) -> Result<Option<Arc<PublishedApi>>, String> {
        loop {
            let step = {
                let mut cold = self.cold();
                if let Some(api) = self.resident(api_id) {
                    return Ok(Some(api));
                }
                if cold.is_missing(api_id) {
                    return Ok(None);
                }
                cold.step(api_id)
            };
            match step {
                Step::Wait(mut outcome) => {
                    // The sender goes without a word when the load succeeded, or when its request was cancelled: look again.
                    if outcome.changed().await.is_ok()
                        && let Some(reason) = outcome.borrow().clone()
                    {
                        return Err(reason);
                    }
                }
                Step::Load(outcome) => {
                    if let Some(done) = self.load_alone(api_id, outcome).await {
                        return done;
                    }
                }
            }
        }
    }

    /// `None` when the API changed while it was read, so that it has to be looked for again.
    async fn load_alone(
        &self,
        api_id: &str,
        outcome: watch::Sender<Option<String>>,
    ) -> Option<Result<Option<Arc<PublishedApi>>, String>> {
        let mut guard = LoadGuard { registry: self, api_id, is_over: false };
        let loaded = {
            let Ok(_permit) = self.loads.acquire().await else { return Some(Ok(None)) };
            match self.loader.load(api_id).await {
                Ok(Some(source)) => compiled_apart(source, Arc::clone(&self.links), Arc::clone(&self.caches)).await.map(Some),
                other => other.map(|_| None),
            }
        };
        // One turn under the lock: a withdrawal comes before it and is seen, or after it and takes the API away again.
        let mut cold = self.cold();
        guard.is_over = true;
        if cold.loading.remove(api_id).is_some_and(|loading| loading.is_disturbed) {
            return None;
        }
        let reason = match loaded {
            Ok(None) => {
                cold.remember_missing(api_id);
                return Some(Ok(None));
            }
            Ok(Some(published)) => {
                let served = self.insert(api_id, published);
                drop(cold);
                self.evict(api_id);
                return Some(Ok(Some(served)));
            }
            Err(reason) => reason,
        };
        drop(cold);
        // Whoever waited for this load shares its failure, instead of asking a failing store once each.
        let _ = outcome.send(Some(reason.clone()));
        Some(Err(reason))
    }

    /// Removes the coldest APIs, but not `newest`, when there are too many.
    fn evict(&self, newest: &str) {
        if self.apis.len() <= self.resident_max {
            return;
        }
        let apis = self.apis.pin();
        let others = apis.iter().filter(|(id, _)| ***id != *newest);
        let mut by_use: Vec<(u64, Box<str>)> = others.map(|(id, api)| (api.last_used_seconds(), id.clone())).collect();
        let surplus = (by_use.len() + 1).saturating_sub(self.resident_max) + self.resident_max / EVICTED_SHARE;
        let surplus = surplus.min(by_use.len());
        if surplus == 0 {
            return;
        }
        by_use.select_nth_unstable(surplus - 1);
        for (_, id) in &by_use[..surplus] {
            apis.remove(id);
        }
    }

    fn cold(&self) -> MutexGuard<'_, Cold> {
        // Every change under this lock is one call on a map: there is no half-made state to be poisoned by.
        self.cold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cold {
    fn step(&mut self, api_id: &str) -> Step {
        if let Some(loading) = self.loading.get(api_id) {
            return Step::Wait(loading.outcome.clone());
        }
        let (sender, outcome) = watch::channel(None);
        self.loading.insert(api_id.into(), Loading { outcome, is_disturbed: false });
        Step::Load(sender)
    }

    fn disturb(&mut self, api_id: &str) {
        if let Some(loading) = self.loading.get_mut(api_id) {
            loading.is_disturbed = true;
        }
    }

    fn is_missing(&self, api_id: &str) -> bool {
        self.missing.get(api_id).is_some_and(|since| since.elapsed() < Duration::from_millis(MISSING_TTL_MS))
    }

    fn remember_missing(&mut self, api_id: &str) {
        if self.missing.len() >= MISSING_MAX {
            self.missing.retain(|_, since| since.elapsed() < Duration::from_millis(MISSING_TTL_MS));
        }
        if self.missing.len() >= MISSING_MAX {
            self.missing.clear();
        }
        self.missing.insert(api_id.into(), Instant::now());
    }
}

/// Ends a load even when its request is cancelled, so that the next one starts its own.
struct LoadGuard<'a> {
    registry: &'a Registry,
    api_id: &'a str,
    is_over: bool,
}

impl Drop for LoadGuard<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.registry.cold().loading.remove(self.api_id);
        }
    }
}

/// Compiles away from the worker's thread, whose other requests a large API would hold up.
async fn compiled_apart(source: ApiSource, links: Arc<LinkTargets>, caches: Arc<Caches>) -> Result<Arc<PublishedApi>, String> {
    let compiled = tokio::task::spawn_blocking(move || compile::publish_with(source, None, &links, &caches)).await;
    match compiled {
        Ok(published) => published.map(Arc::new).map_err(|error| error.to_string()),
        Err(_) => Err("compiling it panicked; the log has the details".to_owned()),
    }
}

#[cfg(test)]
mod tests;
