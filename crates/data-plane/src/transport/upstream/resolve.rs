//! Names into addresses, remembered for a few seconds.
//!
//! One look-up serves all who ask for a name at one time, and goes on when they give up. A name that cannot be looked up any more keeps
//! its last addresses for a while: most such failures are the name server's and pass. A failure is remembered for a moment only.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::UpstreamError;

/// Names remembered by one worker: past it all are forgotten but those being looked up, which costs one look-up each.
const CACHED_NAMES_MAX: usize = 1_024;
/// Names being looked up at one time. Each holds a thread until the system's resolver gives up, so that more are refused at once
/// and slow ones do not hold up the rest.
const LOOKUPS_MAX: usize = 128;
/// How long a failure counts: short, since whoever mends a name wants to see it work.
const FAILURE_TTL_MS: u64 = 1_000;
/// How long a look-up may take before those who wait for it are told that it failed.
const LOOKUP_TIMEOUT_MS: u64 = 10_000;
/// How long addresses are used on that could not be looked up again, from when they were good.
const STALE_MS_MAX: u64 = 60_000;

/// What [`Resolver::resolve`] gives.
pub type ResolveFuture<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Turns a name into addresses, in the order in which they should be tried.
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of `host`, a name in lower case.
    fn resolve<'a>(&'a self, host: &'a str) -> ResolveFuture<'a>;
}

/// The operating system's resolver, hosts file included.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> ResolveFuture<'a> {
        Box::pin(async move {
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in tokio::net::lookup_host((host, 0)).await? {
                // The hosts file may hold an address twice.
                if !addresses.contains(&address.ip()) {
                    addresses.push(address.ip());
                }
            }
            Ok(addresses)
        })
    }
}

/// A resolver with a memory. Cheap to clone; a clone shares the memory.
#[derive(Clone)]
pub(super) struct CachedResolver(Arc<Shared>);

struct Shared {
    resolver: Arc<dyn Resolver>,
    ttl: Duration,
    names: Mutex<HashMap<String, Name>>,
}

/// At least one address, or why there is none.
type Answer = Result<Arc<[IpAddr]>, String>;

#[derive(Default)]
struct Name {
    known: Option<Known>,
    /// Set while it is looked up.
    lookup: Option<watch::Receiver<Option<Answer>>>,
}

struct Known {
    answer: Answer,
    /// When it was given.
    at: Instant,
    /// When its addresses were, which a failing look-up leaves in place, last looked up.
    good_at: Instant,
}

impl CachedResolver {
    pub(super) fn new(resolver: Arc<dyn Resolver>, ttl: Duration) -> Self {
        Self(Arc::new(Shared { resolver, ttl, names: Mutex::default() }))
    }

    /// At least one address.
    pub(super) async fn resolve(&self, host: &str) -> Result<Arc<[IpAddr]>, UpstreamError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok([address].into());
        }
        if !is_host_name(host) {
            return Err(invalid(host, "it is no host name"));
        }
        let lookup = {
            let mut names = self.0.names();
            if let Some(known) = names.get(host).and_then(|name| name.known.as_ref()).filter(|known| known.is_fresh(self.0.ttl)) {
                return known.answer.clone().map_err(|reason| invalid(host, &reason));
            }
            self.lookup(&mut names, host)?
        };
        wait(lookup).await.map_err(|reason| invalid(host, &reason))
    }

    /// Whether asking for `host` would be answered from memory.
    pub(super) fn is_fresh(&self, host: &str) -> bool {
        let names = self.0.names();
        names.get(host).and_then(|name| name.known.as_ref()).is_some_and(|known| known.is_fresh(self.0.ttl))
    }

    /// The look-up of `host` that is under way, or a new one.
    fn lookup(&self, names: &mut HashMap<String, Name>, host: &str) -> Result<watch::Receiver<Option<Answer>>, UpstreamError> {
        if let Some(lookup) = names.get(host).and_then(|name| name.lookup.clone()) {
            return Ok(lookup);
        }
        if names.values().filter(|name| name.lookup.is_some()).count() >= LOOKUPS_MAX {
            return Err(invalid(host, "too many other names are being looked up"));
        }
        if names.len() >= CACHED_NAMES_MAX {
            names.retain(|_, name| name.lookup.is_some());
        }
        let (sender, receiver) = watch::channel(None);
        names.entry(host.to_owned()).or_default().lookup = Some(receiver.clone());
        tokio::spawn(Arc::clone(&self.0).look_up(host.to_owned(), sender));
        Ok(receiver)
    }
}

/// The answer of a look-up; one that vanished with its runtime failed.
async fn wait(mut lookup: watch::Receiver<Option<Answer>>) -> Answer {
    let answer = lookup.wait_for(Option::is_some).await.map(|answer| answer.clone());
    answer.ok().flatten().unwrap_or_else(|| Err("the look-up was broken off".to_owned()))
}

impl Shared {
    async fn look_up(self: Arc<Self>, host: String, sender: watch::Sender<Option<Answer>>) {
        let limit = Duration::from_millis(LOOKUP_TIMEOUT_MS);
        let found = match tokio::time::timeout(limit, self.resolver.resolve(&host)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err("it has no address".to_owned()),
            Ok(Ok(addresses)) => Ok(addresses.into()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_elapsed) => Err("the resolver did not answer in time".to_owned()),
        };
        let answer = self.remember(&host, found);
        sender.send_replace(Some(answer));
    }

    /// Notes what was found. After a failure the last good addresses are the answer for a while.
    fn remember(&self, host: &str, found: Answer) -> Answer {
        let now = Instant::now();
        let mut names = self.names();
        let name = names.entry(host.to_owned()).or_default();
        name.lookup = None;
        let stale =
            name.known.take().filter(|known| known.answer.is_ok() && now - known.good_at < Duration::from_millis(STALE_MS_MAX));
        let known = match (found, stale) {
            (Err(reason), Some(stale)) => {
                tracing::warn!(%host, %reason, "the last addresses of a backend's name are used on");
                Known { at: now, ..stale }
            }
            (found, _) => Known { answer: found, at: now, good_at: now },
        };
        name.known.insert(known).answer.clone()
    }

    fn names(&self) -> MutexGuard<'_, HashMap<String, Name>> {
        // Every change leaves it whole.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_fresh(&self, ttl: Duration) -> bool {
        let ttl = if self.answer.is_ok() { ttl } else { ttl.min(Duration::from_millis(FAILURE_TTL_MS)) };
        self.at.elapsed() < ttl
    }
}

/// Letters, digits, hyphens, underscores and dots: what reaches the resolver has no other meaning to it. A name whose last
/// label is a number is an address in one of inet_aton's old spellings (`0x7f.1`, `2130706433`) and is refused, since
/// readers disagree on those.
fn is_host_name(host: &str) -> bool {
    let labels = host.strip_suffix('.').unwrap_or(host);
    let last = labels.rsplit('.').next().unwrap_or(labels);
    let numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    !numeric
        && labels.len() <= 253
        && labels.split('.').all(|label| {
            (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

fn invalid(host: &str, reason: &str) -> UpstreamError {
    UpstreamError::InvalidAddress { host: host.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const TTL: Duration = Duration::from_secs(5);
    const SECOND: Duration = Duration::from_secs(1);

    /// Answers what it is told, and counts how often it was asked. Names that begin with `slow` take as long as they like.
    struct Scripted {
        answer: Mutex<Result<&'static str, &'static str>>,
        asked: AtomicUsize,
    }

    impl Resolver for Scripted {
        fn resolve<'a>(&'a self, host: &'a str) -> ResolveFuture<'a> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                if host.starts_with("slow") {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(SECOND / 10).await;
                let answer = *self.answer.lock().unwrap();
                answer.map(|address| vec![address.parse().unwrap()]).map_err(io::Error::other)
            })
        }
    }

    fn scripted(answer: Result<&'static str, &'static str>) -> (Arc<Scripted>, CachedResolver) {
        let resolver = Arc::new(Scripted { answer: Mutex::new(answer), asked: AtomicUsize::new(0) });
        (Arc::clone(&resolver), CachedResolver::new(resolver, TTL))
    }

    async fn ask(resolver: &CachedResolver) -> Result<String, String> {
        resolver.resolve("a.test").await.map(|found| found[0].to_string()).map_err(|error| error.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_looked_up_once_for_all_who_ask_and_again_when_it_is_old() {
        let (script, resolver) = scripted(Ok("10.0.0.1"));
        let asking: Vec<_> = (0..50)
            .map(|_| {
                let resolver = resolver.clone();
                tokio::spawn(async move { ask(&resolver).await })
            })
            .collect();
        for asked in asking {
            assert_eq!(asked.await.unwrap(), Ok("10.0.0.1".to_owned()));
        }
        assert_eq!(script.asked.load(Ordering::Relaxed), 1);
        *script.answer.lock().unwrap() = Ok("10.0.0.2");
        assert_eq!(ask(&resolver).await, Ok("10.0.0.1".to_owned()));
        tokio::time::sleep(TTL).await;
        assert_eq!(ask(&resolver).await, Ok("10.0.0.2".to_owned()));
        assert_eq!(script.asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_addresses_outlive_a_failing_resolver_for_a_while() {
        let (script, resolver) = scripted(Ok("10.0.0.1"));
        assert!(ask(&resolver).await.is_ok());
        *script.answer.lock().unwrap() = Err("servfail");
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(STALE_MS_MAX) - TTL {
            assert_eq!(ask(&resolver).await, Ok("10.0.0.1".to_owned()));
            tokio::time::sleep(SECOND).await;
        }
        tokio::time::sleep(2 * TTL).await;
        assert!(ask(&resolver).await.unwrap_err().contains("servfail"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_remembered_for_a_moment() {
        let (script, resolver) = scripted(Err("nxdomain"));
        for _ in 0..3 {
            assert!(ask(&resolver).await.unwrap_err().contains("nxdomain"));
        }
        assert_eq!(script.asked.load(Ordering::Relaxed), 1);
        *script.answer.lock().unwrap() = Ok("10.0.0.1");
        tokio::time::sleep(SECOND).await;
        assert!(ask(&resolver).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn slow_names_hold_up_no_others_and_are_bounded() {
        let (_, resolver) = scripted(Ok("10.0.0.1"));
        for name in 0..LOOKUPS_MAX - 1 {
            let resolver = resolver.clone();
            tokio::spawn(async move { resolver.resolve(&format!("slow{name}.test")).await });
        }
        tokio::task::yield_now().await;
        assert!(ask(&resolver).await.is_ok());
        // One that nobody waits for any more is looked up all the same, and counts.
        assert!(tokio::time::timeout(SECOND, resolver.resolve("slow.test")).await.is_err());
        let refused = resolver.resolve("other.test").await.unwrap_err().to_string();
        assert!(refused.contains("too many"), "{refused}");
        tokio::time::sleep(Duration::from_millis(LOOKUP_TIMEOUT_MS)).await;
        assert!(resolver.resolve("other.test").await.is_ok());
    }

    #[test]
    fn only_names_that_mean_one_thing_are_names() {
        for (host, ok) in [
            ("example.com", true),
            ("example.com.", true),
            ("my_service.internal", true),
            ("a", true),
            ("", false),
            (".", false),
            ("a..b", false),
            ("a b", false),
            ("user@host", false),
            ("2130706433", false),
            ("0x7f.1", false),
            ("127.1", false),
            ("0x7f000001", false),
            ("bad\u{e9}.com", false),
        ] {
            assert_eq!(is_host_name(host), ok, "{host}");
        }
    }
}
