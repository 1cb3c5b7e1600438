//! Names into addresses, remembered for a few seconds.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::UpstreamError;

/// Names remembered by one worker: past it all are forgotten, which costs one look-up each.
const CACHED_NAMES_MAX: usize = 1_024;

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
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// A resolver with a memory.
pub(super) struct CachedResolver {
    resolver: Arc<dyn Resolver>,
    ttl: Duration,
    cache: Mutex<HashMap<String, Answer>>,
}

struct Answer {
    addresses: Arc<[IpAddr]>,
    at: Instant,
}

impl CachedResolver {
    pub(super) fn new(resolver: Arc<dyn Resolver>, ttl: Duration) -> Self {
        Self { resolver, ttl, cache: Mutex::default() }
    }

    /// At least one address.
    pub(super) async fn resolve(&self, host: &str) -> Result<Arc<[IpAddr]>, UpstreamError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok([address].into());
        }
        if !is_host_name(host) {
            return Err(invalid(host, "it is no host name"));
        }
        if let Some(addresses) = self.cached(host) {
            return Ok(addresses);
        }
        let addresses: Arc<[IpAddr]> =
            self.resolver.resolve(host).await.map_err(|error| invalid(host, &error.to_string()))?.into();
        if addresses.is_empty() {
            return Err(invalid(host, "it has no address"));
        }
        self.remember(host, &addresses);
        Ok(addresses)
    }

    fn cached(&self, host: &str) -> Option<Arc<[IpAddr]>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = cache.get(host)?;
        (answer.at.elapsed() < self.ttl).then(|| Arc::clone(&answer.addresses))
    }

    fn remember(&self, host: &str, addresses: &Arc<[IpAddr]>) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHED_NAMES_MAX {
            cache.retain(|_, answer| answer.at.elapsed() < self.ttl);
        }
        if cache.len() >= CACHED_NAMES_MAX {
            cache.clear();
        }
        cache.insert(host.to_owned(), Answer { addresses: Arc::clone(addresses), at: Instant::now() });
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
    use super::*;

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
