//! The keys that callers sign with, as they were a moment ago.
//!
//! A request costs a look at the store only when its key was not looked at in the last half second; so a revoked key signs for no longer
//! than that. Keys that are not there are remembered as well: guessing ids is no way to flood the store.

use std::sync::Arc;
use std::time::Duration;

use postern_api_model::identity::{Identity, Session};
use postern_api_model::ports::{CallerKey, CallerKeys, PortFuture, Proof};
use postern_policy::{Kind, Policy};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How long a key is believed without asking again, counted from the question. What `keys revoke` promises is a second.
const KEY_TTL_MS: u64 = 500;
/// Keys that are remembered, each of some hundred bytes and its policy; past that all are forgotten, which costs a look each.
const KEYS_MAX: usize = 10_000;
/// Questions at one time, so that guessed ids cannot take the store's readers from everyone else.
const LOADS_MAX: usize = 32;

/// Looks keys up.
pub(crate) struct Callers {
    source: Arc<dyn CallerKeys>,
    known: papaya::HashMap<Box<str>, Known>,
    loads: Semaphore,
}

#[derive(Clone)]
struct Known {
    asked: Instant,
    key: Option<Arc<Key>>,
}

/// A key, ready to be used.
#[derive(Debug)]
pub(crate) struct Key {
    pub(super) identity: Identity,
    pub(super) proof: Proof,
    pub(super) rights: Rights,
    pub(super) session: Option<Session>,
}

/// What a key may do.
#[derive(Debug)]
pub(crate) enum Rights {
    /// Everything in its account.
    All,
    Limited(Policy),
    /// Its policy does not parse: it may do nothing.
    Unreadable,
}

impl Callers {
    pub(crate) fn new(source: Arc<dyn CallerKeys>) -> Self {
        Self { source, known: papaya::HashMap::new(), loads: Semaphore::new(LOADS_MAX) }
    }

    /// The key with this id, if one signs.
    ///
    /// # Errors
    /// When the store cannot be read; in words, for the log.
    pub(super) async fn key(&self, id: &str) -> Result<Option<Arc<Key>>, String> {
        if let Some(known) = self.known.pin().get(id).filter(|known| known.is_fresh()) {
            return Ok(known.key.clone());
        }
        let Ok(_permit) = self.loads.acquire().await else { return Ok(None) };
        // Whoever waited for a turn may find the answer there.
        if let Some(known) = self.known.pin().get(id).filter(|known| known.is_fresh()) {
            return Ok(known.key.clone());
        }
        let asked = Instant::now();
        let key = self.source.caller_key(id).await?.map(|key| Arc::new(Key::new(id, key)));
        let known = self.known.pin();
        if known.len() >= KEYS_MAX {
            known.clear();
        }
        known.insert(id.into(), Known { asked, key: key.clone() });
        Ok(key)
    }
}

impl Known {
    fn is_fresh(&self) -> bool {
        self.asked.elapsed() < Duration::from_millis(KEY_TTL_MS)
    }
}

impl Key {
    fn new(id: &str, key: CallerKey) -> Self {
        let CallerKey { identity, proof, policy, session } = key;
        let rights = match policy.map(|text| Policy::parse(&text, Kind::Identity)) {
            None => Rights::All,
            Some(Ok(policy)) => Rights::Limited(policy),
            Some(Err(reason)) => {
                tracing::error!(access_key = id, %reason, "the key may do nothing");
                Rights::Unreadable
            }
        };
        Self { identity, proof, rights, session }
    }
}

/// Nobody has a key: what holds until keys are given.
pub(crate) struct NoKeys;

impl CallerKeys for NoKeys {
    fn caller_key<'a>(&'a self, _access_key_id: &'a str) -> PortFuture<'a, Result<Option<CallerKey>, String>> {
        Box::pin(async { Ok(None) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use postern_api_model::hidden::Hidden;
    use postern_api_model::identity::IdentityKind;

    use super::*;

    #[derive(Default)]
    struct Source {
        asked: AtomicUsize,
        answer: Mutex<Option<Result<Option<CallerKey>, String>>>,
    }

    impl CallerKeys for Source {
        fn caller_key<'a>(&'a self, _id: &'a str) -> PortFuture<'a, Result<Option<CallerKey>, String>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let answer = self.answer.lock().unwrap().clone().unwrap_or(Ok(None));
            Box::pin(async move { answer })
        }
    }

    fn key(policy: Option<&str>) -> CallerKey {
        let identity = Identity { account: "000000000000".into(), access_key_id: "AKIA".into(), kind: IdentityKind::Root };
        CallerKey { identity, proof: Proof::Secret(Hidden::new("s".into())), policy: policy.map(str::to_owned), session: None }
    }

    fn callers() -> (Arc<Source>, Callers) {
        let source = Arc::new(Source::default());
        (Arc::clone(&source), Callers::new(source))
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_asked_for_once_in_half_a_second_and_gone_after_it() {
        let (source, callers) = callers();
        *source.answer.lock().unwrap() = Some(Ok(Some(key(None))));
        for _ in 0..10 {
            assert!(callers.key("AKIA").await.unwrap().is_some());
        }
        assert_eq!(source.asked.load(Ordering::Relaxed), 1);
        *source.answer.lock().unwrap() = None;
        tokio::time::advance(Duration::from_millis(KEY_TTL_MS)).await;
        for _ in 0..10 {
            assert!(callers.key("AKIA").await.unwrap().is_none());
        }
        assert_eq!(source.asked.load(Ordering::Relaxed), 2, "what is not there is remembered too");
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_cannot_be_read_lets_nobody_in_and_is_asked_again() {
        let (source, callers) = callers();
        *source.answer.lock().unwrap() = Some(Err("down".into()));
        assert_eq!(callers.key("AKIA").await.unwrap_err(), "down");
        *source.answer.lock().unwrap() = Some(Ok(Some(key(None))));
        assert!(callers.key("AKIA").await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let (_, callers) = callers();
        for number in 0..KEYS_MAX + 10 {
            callers.key(&number.to_string()).await.unwrap();
        }
        assert!(callers.known.len() <= KEYS_MAX, "{}", callers.known.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_that_does_not_parse_gives_no_rights() {
        let (source, callers) = callers();
        *source.answer.lock().unwrap() = Some(Ok(Some(key(Some("{}")))));
        assert!(matches!(callers.key("AKIA").await.unwrap().unwrap().rights, Rights::Unreadable));
    }
}
