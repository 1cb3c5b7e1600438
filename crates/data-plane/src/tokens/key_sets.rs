//! The keys of issuers, as they were fetched.
//!
//! A request whose key is known waits for nothing. Keys are believed for two hours, the longest that AWS gives (HTTP APIs); halfway they
//! are fetched again beside the requests, so that an issuer may be down for an hour before anybody notices. A key that is not known makes
//! the set be fetched once in a while, which is how a rotation is noticed. However many ask, an issuer is asked once: by a task of its own,
//! so that a client that leaves does not fail those who wait with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postern_api_model::ports::PortFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use super::discovery::Discovery;
use super::key_set::KeySet;
use super::settings::{IssuerSettings, KeySource, TokenSettings};
use crate::transport::Upstreams;

/// How long keys are believed.
const BELIEVED_MS: u64 = 2 * 60 * 60 * 1_000;
/// When they are fetched again, if anybody asks.
const REFRESH_AFTER_MS: u64 = BELIEVED_MS / 2;
/// How long an issuer that could not be asked is not asked again, while nothing of it is known.
const RETRY_AFTER_MS: u64 = 5_000;
/// Issuers that are known: past it the one is forgotten that nobody asked for longest. With the bound of one set, some tens of megabytes.
const ISSUERS_MAX: usize = 512;
/// Fetches that one request waits for: the second only when the first was given up.
const WAITS_MAX: usize = 2;

/// Keeps the keys of all issuers.
pub(crate) struct KeySets {
    settings: TokenSettings,
    fetcher: Arc<dyn Fetcher>,
    known: Mutex<HashMap<Box<str>, Known>>,
}

/// Gets the keys of an issuer as they are now.
pub(super) trait Fetcher: Send + Sync {
    /// # Errors
    /// When they cannot be had, in words.
    fn keys<'a>(
        &'a self,
        issuer: Issuer<'a>,
        settings: &'a IssuerSettings,
        upstreams: &'a Upstreams,
    ) -> PortFuture<'a, Result<KeySet, String>>;
}

/// Whose keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Issuer<'a> {
    /// What the configuration calls it.
    name: &'a str,
    /// What it calls itself, unless the configuration says otherwise.
    url: &'a str,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Url,
    UserPool,
}

struct Known {
    keys: Option<(Arc<KeySet>, Instant)>,
    /// The last fetch began.
    tried: Option<Instant>,
    /// Why it failed.
    failure: Option<String>,
    /// Is closed when the fetch that is under way ends.
    fetching: Option<watch::Receiver<()>>,
    used: Instant,
}

enum Step {
    Use(Arc<KeySet>),
    Fail(String),
    Wait(watch::Receiver<()>),
}

impl<'a> Issuer<'a> {
    /// An issuer that is named by its URL.
    pub(super) fn of_url(url: &'a str) -> Self {
        Self { name: url, url, kind: Kind::Url }
    }

    /// A user pool.
    pub(super) fn of_pool(arn: &'a str, url: &'a str) -> Self {
        Self { name: arn, url, kind: Kind::UserPool }
    }

    /// What its tokens and its discovery document must name.
    pub(super) fn expected<'s>(&self, settings: &'s IssuerSettings) -> &'s str
    where
        'a: 's,
    {
        match self.kind {
            Kind::Url => self.url,
            Kind::UserPool => settings.issuer.as_deref().unwrap_or(self.url),
        }
    }
}

impl KeySets {
    pub(crate) fn new(settings: TokenSettings) -> Self {
        Self::with_fetcher(settings, Arc::new(Discovery))
    }

    fn with_fetcher(settings: TokenSettings, fetcher: Arc<dyn Fetcher>) -> Self {
        Self { settings, fetcher, known: Mutex::default() }
    }

    pub(super) fn settings(&self) -> &TokenSettings {
        &self.settings
    }

    /// What tokens of a user pool have as `iss`.
    pub(super) fn issuer_of_pool<'s>(&'s self, arn: &str, own: &'s str) -> &'s str {
        self.settings.issuers.get(arn).and_then(|settings| settings.issuer.as_deref()).unwrap_or(own)
    }

    /// The keys of an issuer, looked at anew when `key_id` is not among them.
    ///
    /// # Errors
    /// When they cannot be had, in words for the log.
    pub(super) async fn of(
        self: &Arc<Self>,
        issuer: Issuer<'_>,
        key_id: &str,
        upstreams: &Upstreams,
    ) -> Result<Arc<KeySet>, String> {
        if let Some(IssuerSettings { keys: KeySource::Given(keys), .. }) = self.settings.issuers.get(issuer.name) {
            return Ok(Arc::clone(keys));
        }
        for waited in 0..=WAITS_MAX {
            match self.step(issuer, key_id, waited, upstreams) {
                Step::Use(keys) => return Ok(keys),
                Step::Fail(reason) => return Err(format!("the keys of {} cannot be had: {reason}", issuer.name)),
                // Nothing is ever sent: it ends when the fetch does.
                Step::Wait(mut fetching) => drop(fetching.changed().await),
            }
        }
        Err(format!("the keys of {} cannot be had: fetching them was given up", issuer.name))
    }

    fn step(self: &Arc<Self>, issuer: Issuer<'_>, key_id: &str, waited: usize, upstreams: &Upstreams) -> Step {
        let mut all = self.lock();
        if !all.contains_key(issuer.name) {
            if !make_room(&mut all) {
                return Step::Fail("too many issuers are asked for theirs".to_owned());
            }
            all.insert(issuer.name.into(), Known::new());
        }
        let Some(known) = all.get_mut(issuer.name) else { return Step::Fail("it was forgotten".to_owned()) };
        known.used = Instant::now();
        let may_refetch = known.tried.is_none_or(|tried| tried.elapsed() >= self.settings.refetch_interval);
        match known.believed() {
            Some((keys, age)) if keys.has(key_id) => {
                if age >= Duration::from_millis(REFRESH_AFTER_MS) && may_refetch && known.fetching.is_none() {
                    drop(self.fetch(known, issuer, upstreams));
                }
                Step::Use(keys)
            }
            // Whoever waited has seen what there is.
            Some((keys, _)) if waited > 0 => Step::Use(keys),
            Some((keys, _)) => match &known.fetching {
                Some(fetching) => Step::Wait(fetching.clone()),
                None if may_refetch => Step::Wait(self.fetch(known, issuer, upstreams)),
                None => Step::Use(keys),
            },
            None => match (&known.fetching, &known.failure) {
                (Some(fetching), _) => Step::Wait(fetching.clone()),
                (None, Some(failure)) if known.tried.is_some_and(is_recent) => Step::Fail(failure.clone()),
                (None, _) => Step::Wait(self.fetch(known, issuer, upstreams)),
            },
        }
    }

    /// Begins to fetch. On the runtime of the request that asked: what it connects with belongs there.
    fn fetch(self: &Arc<Self>, known: &mut Known, issuer: Issuer<'_>, upstreams: &Upstreams) -> watch::Receiver<()> {
        let (ended, fetching) = watch::channel(());
        known.fetching = Some(fetching.clone());
        known.tried = Some(Instant::now());
        let fetch = Fetch { sets: Arc::clone(self), name: issuer.name.into(), result: None, _ended: ended };
        let (url, kind, upstreams) = (Box::<str>::from(issuer.url), issuer.kind, upstreams.clone());
        tokio::spawn(async move {
            let mut fetch = fetch;
            let unsaid = IssuerSettings::default();
            let settings = fetch.sets.settings.issuers.get(&*fetch.name).unwrap_or(&unsaid);
            let issuer = Issuer { name: &fetch.name, url: &url, kind };
            let result = fetch.sets.fetcher.keys(issuer, settings, &upstreams).await;
            if let Err(reason) = &result {
                tracing::warn!(issuer = &*fetch.name, %reason, "the keys of an issuer of tokens cannot be had");
            }
            fetch.result = Some(result);
        });
        fetching
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Known>> {
        // Every change under this lock is a few assignments: there is no half-made state to be poisoned by.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_recent(tried: Instant) -> bool {
    tried.elapsed() < Duration::from_millis(RETRY_AFTER_MS)
}

/// Forgets the issuer that nobody asked for longest, if there are too many. One that is being asked stays.
fn make_room(all: &mut HashMap<Box<str>, Known>) -> bool {
    if all.len() < ISSUERS_MAX {
        return true;
    }
    let idle = all.iter().filter(|(_, known)| known.fetching.is_none());
    let oldest = idle.min_by_key(|(_, known)| known.used).map(|(name, _)| name.clone());
    oldest.is_some_and(|name| all.remove(&name).is_some())
}

impl Known {
    fn new() -> Self {
        Self { keys: None, tried: None, failure: None, fetching: None, used: Instant::now() }
    }

    /// Keys that are not too old, and how old they are.
    fn believed(&self) -> Option<(Arc<KeySet>, Duration)> {
        let (keys, since) = self.keys.as_ref()?;
        let age = since.elapsed();
        (age < Duration::from_millis(BELIEVED_MS)).then(|| (Arc::clone(keys), age))
    }
}

/// A fetch under way. When it is dropped, at its end or with its runtime, those who wait look again.
struct Fetch {
    sets: Arc<KeySets>,
    name: Box<str>,
    result: Option<Result<KeySet, String>>,
    _ended: watch::Sender<()>,
}

impl Drop for Fetch {
    fn drop(&mut self) {
        let mut all = self.sets.lock();
        let Some(known) = all.get_mut(&self.name) else { return };
        known.fetching = None;
        match self.result.take() {
            Some(Ok(keys)) => {
                known.keys = Some((Arc::new(keys), Instant::now()));
                known.failure = None;
            }
            Some(Err(reason)) => known.failure = Some(reason),
            // Given up: nobody knows anything, so the next request may try at once.
            None => known.tried = None,
        }
    }
}

#[cfg(test)]
mod tests;
