//! Keys that STS lends for a role: kept until shortly before they expire, and asked for once however many requests wait for them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use postern_api_model::ports::{Credentials, PortFuture};
use postern_control_plane::clock::Clock;
use tokio::runtime::Handle;

/// Lent keys are asked for anew this long before they expire, while the old ones still serve. STS lends for 15 minutes at least.
const REFRESH_AHEAD_S: i64 = 300;
/// Keys that expire this soon are not used any more: a signature has to be good when it arrives, by the other's clock.
const EXPIRY_MARGIN_S: i64 = 10;
/// How long a failure stands before STS is asked again: requests that wait get it at once, and STS is not run down.
const FAILURE_KEPT_S: i64 = 2;

/// Keys for a while.
#[derive(Clone, Debug)]
pub struct Lent {
    /// Them.
    pub credentials: Credentials,
    /// Seconds since the epoch.
    pub expires_s: i64,
}

/// Lends keys.
pub trait Sts: Send + Sync {
    /// Keys of the role `arn`, asked for with the key `by`.
    fn assume_role<'a>(&'a self, arn: &'a str, by: &'a Credentials) -> PortFuture<'a, Result<Lent, String>>;
}

/// What all roles need.
pub struct Lender {
    /// Where asking goes on when whoever waited has left.
    runtime: Handle,
    clock: Arc<dyn Clock>,
    sts: OnceLock<Box<dyn Sts>>,
}

/// One role.
pub struct AssumedRole {
    arn: String,
    lender: Arc<Lender>,
    state: Mutex<State>,
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    lent: Option<Lent>,
    failed: Option<(i64, String)>,
}

impl Lender {
    /// Asks on `runtime`, once [`Self::connect`] said whom.
    pub fn new(runtime: Handle, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { runtime, clock, sts: OnceLock::new() })
    }

    /// Says whom to ask. A second time has no effect.
    pub fn connect(&self, sts: Box<dyn Sts>) {
        let _ = self.sts.set(sts);
    }
}

impl AssumedRole {
    /// Nothing is asked yet.
    pub fn new(arn: String, lender: Arc<Lender>) -> Arc<Self> {
        Arc::new(Self { arn, lender, state: Mutex::default(), asking: tokio::sync::Mutex::new(()) })
    }

    /// Its keys; `by` is the key to ask with.
    ///
    /// # Errors
    /// What STS answered, or why it did not.
    pub async fn credentials(self: &Arc<Self>, by: Credentials) -> Result<Credentials, String> {
        let now_s = self.lender.clock.now();
        match self.held(now_s, EXPIRY_MARGIN_S) {
            Some(credentials) => {
                if self.held(now_s, REFRESH_AHEAD_S).is_none() && self.failure(now_s).is_none() && self.asking.try_lock().is_ok()
                {
                    drop(self.ask_in_background(by));
                }
                Ok(credentials)
            }
            None => self.ask_in_background(by).await.unwrap_or_else(|error| Err(format!("asking STS panicked: {error}"))),
        }
    }

    fn ask_in_background(self: &Arc<Self>, by: Credentials) -> tokio::task::JoinHandle<Result<Credentials, String>> {
        let role = Arc::clone(self);
        self.lender.runtime.spawn(async move { role.ask(&by).await })
    }

    async fn ask(&self, by: &Credentials) -> Result<Credentials, String> {
        let _turn = self.asking.lock().await;
        // Who had the turn before may have settled it.
        let now_s = self.lender.clock.now();
        if let Some(credentials) = self.held(now_s, REFRESH_AHEAD_S) {
            return Ok(credentials);
        }
        if let Some(failure) = self.failure(now_s) {
            return Err(failure);
        }
        let answer = match self.lender.sts.get() {
            Some(sts) => sts.assume_role(&self.arn, by).await,
            None => Err("the server is still starting".to_owned()),
        };
        let answer = answer.map_err(|error| format!("STS gives no keys for the role {}: {error}", self.arn));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(lent) => {
                let credentials = lent.credentials.clone();
                *state = State { lent: Some(lent), failed: None };
                Ok(credentials)
            }
            Err(error) => {
                tracing::warn!(role = self.arn, error, "no keys from STS");
                state.failed = Some((self.lender.clock.now(), error.clone()));
                Err(error)
            }
        }
    }

    /// The keys that are there, if they are good for `ahead_s` yet.
    fn held(&self, now_s: i64, ahead_s: i64) -> Option<Credentials> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.lent.as_ref().filter(|lent| now_s < lent.expires_s - ahead_s).map(|lent| lent.credentials.clone())
    }

    fn failure(&self, now_s: i64) -> Option<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failed.as_ref().filter(|(at_s, _)| now_s - at_s < FAILURE_KEPT_S).map(|(_, failure)| failure.clone())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    use postern_api_model::hidden::Hidden;
    use tokio::sync::Semaphore;

    use super::*;

    struct SetClock(AtomicI64);

    impl Clock for SetClock {
        fn now(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    /// Lends for an hour when it is let to, or fails.
    struct Fake {
        clock: Arc<SetClock>,
        calls: Arc<AtomicUsize>,
        open: Arc<Semaphore>,
        broken: Arc<std::sync::atomic::AtomicBool>,
    }

    fn key(id: &str) -> Credentials {
        Credentials { access_key_id: id.to_owned(), secret_access_key: Hidden::new("s".to_owned()), session_token: None }
    }

    impl Sts for Fake {
        fn assume_role<'a>(&'a self, _arn: &'a str, by: &'a Credentials) -> PortFuture<'a, Result<Lent, String>> {
            Box::pin(async move {
                assert_eq!(by.access_key_id, "default");
                let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
                self.open.acquire().await.unwrap().forget();
                if self.broken.load(Ordering::SeqCst) {
                    return Err("AccessDenied".to_owned());
                }
                Ok(Lent { credentials: key(&format!("lent{call}")), expires_s: self.clock.now() + 3600 })
            })
        }
    }

    struct Bench {
        role: Arc<AssumedRole>,
        clock: Arc<SetClock>,
        calls: Arc<AtomicUsize>,
        open: Arc<Semaphore>,
        broken: Arc<std::sync::atomic::AtomicBool>,
    }

    fn bench() -> Bench {
        let clock = Arc::new(SetClock(AtomicI64::new(1_000_000)));
        let (calls, open, broken) = (Arc::default(), Arc::new(Semaphore::new(0)), Arc::default());
        let lender = Lender::new(Handle::current(), Arc::clone(&clock) as _);
        let fake =
            Fake { clock: Arc::clone(&clock), calls: Arc::clone(&calls), open: Arc::clone(&open), broken: Arc::clone(&broken) };
        lender.connect(Box::new(fake));
        Bench { role: AssumedRole::new("arn".to_owned(), lender), clock, calls, open, broken }
    }

    impl Bench {
        async fn id(&self) -> Result<String, String> {
            self.role.credentials(key("default")).await.map(|credentials| credentials.access_key_id)
        }

        fn calls(&self) -> usize {
            self.calls.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn many_wait_for_one_question_and_it_goes_on_without_them() {
        let bench = bench();
        {
            let mut gone = Box::pin(bench.id());
            assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(gone.as_mut().poll(cx).is_pending())).await);
        }
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let role = Arc::clone(&bench.role);
                tokio::spawn(async move { role.credentials(key("default")).await.unwrap().access_key_id })
            })
            .collect();
        tokio::task::yield_now().await;
        bench.open.add_permits(1);
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), "lent1");
        }
        assert_eq!(bench.calls(), 1);
    }

    #[tokio::test]
    async fn keys_are_renewed_before_they_expire_while_the_old_ones_serve() {
        let bench = bench();
        bench.open.add_permits(1);
        assert_eq!(bench.id().await.unwrap(), "lent1");
        bench.clock.0.fetch_add(3600 - REFRESH_AHEAD_S, Ordering::SeqCst);
        assert_eq!(bench.id().await.unwrap(), "lent1");
        while bench.calls() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(bench.id().await.unwrap(), "lent1");
        bench.open.add_permits(1);
        while bench.id().await.unwrap() == "lent1" {
            tokio::task::yield_now().await;
        }
        assert_eq!((bench.id().await.unwrap().as_str(), bench.calls()), ("lent2", 2));
        // Expired: nothing old is used.
        bench.clock.0.fetch_add(3600 - EXPIRY_MARGIN_S, Ordering::SeqCst);
        bench.open.add_permits(1);
        assert_eq!(bench.id().await.unwrap(), "lent3");
    }

    #[tokio::test]
    async fn a_failure_stands_for_a_moment_and_is_tried_again() {
        let bench = bench();
        bench.open.add_permits(9);
        bench.broken.store(true, Ordering::SeqCst);
        assert_eq!(bench.id().await.unwrap_err(), "STS gives no keys for the role arn: AccessDenied");
        bench.broken.store(false, Ordering::SeqCst);
        assert!(bench.id().await.is_err());
        assert_eq!(bench.calls(), 1);
        bench.clock.0.fetch_add(FAILURE_KEPT_S, Ordering::SeqCst);
        assert_eq!(bench.id().await.unwrap(), "lent2");
    }
}
