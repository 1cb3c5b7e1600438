//! Counts of requests, in shards so that threads do not write to the same cache line.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use http::StatusCode;

use crate::error::{Fault, GatewayError};

/// Shards; a thread always uses the same one.
const SHARDS: usize = 16;

/// The gateway's counts since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewayMetrics {
    /// Requests answered, or being answered by a streaming body.
    pub requests: u64,
    /// Answers with a status of 4xx, the gateway's own and those of backends.
    pub client_errors: u64,
    /// Answers with a status of 5xx, the gateway's own and those of backends.
    pub server_errors: u64,
    /// Requests that a backend failed to answer.
    pub integration_failures: u64,
    /// Requests that the definition or the gateway failed to serve.
    pub gateway_failures: u64,
    /// Requests that were refused because of a throttle.
    pub throttled: u64,
    /// Requests that were refused because of a quota.
    pub quota_exceeded: u64,
    /// Requests that were refused for want of an API key.
    pub without_api_key: u64,
    /// API keys in memory.
    pub resident_api_keys: u64,
    /// API keys whose counts are not stored yet.
    pub usage_unwritten: u64,
    /// APIs in memory.
    pub resident_apis: u64,
    /// Bytes of what stages cache.
    pub cache_bytes: u64,
    /// Access log lines that were dropped.
    pub access_log_dropped: u64,
}

#[derive(Default)]
pub(crate) struct Counters([Shard; SHARDS]);

/// Two cache lines: some processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Shard {
    requests: AtomicU64,
    client_errors: AtomicU64,
    server_errors: AtomicU64,
    integration_failures: AtomicU64,
    gateway_failures: AtomicU64,
    throttled: AtomicU64,
    quota_exceeded: AtomicU64,
    without_api_key: AtomicU64,
}

impl Counters {
    pub(crate) fn count(&self, status: StatusCode, fault: Option<Fault>) {
        let shard = &self.0[thread_number() % SHARDS];
        let add = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        add(&shard.requests);
        match status.as_u16() {
            400..=499 => add(&shard.client_errors),
            500..=599 => add(&shard.server_errors),
            _ => {}
        }
        match fault {
            Some(Fault::Integration) => add(&shard.integration_failures),
            Some(Fault::Gateway) => add(&shard.gateway_failures),
            Some(Fault::Client) | None => {}
        }
    }

    /// Counts a request that admission refused, beside [`Self::count`].
    pub(crate) fn count_refusal(&self, error: &GatewayError) {
        let shard = &self.0[thread_number() % SHARDS];
        let counter = match error {
            GatewayError::Throttled => &shard.throttled,
            GatewayError::QuotaExceeded => &shard.quota_exceeded,
            GatewayError::InvalidApiKey => &shard.without_api_key,
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sum(&self) -> GatewayMetrics {
        let mut sum = GatewayMetrics::default();
        for shard in &self.0 {
            sum.requests += shard.requests.load(Ordering::Relaxed);
            sum.client_errors += shard.client_errors.load(Ordering::Relaxed);
            sum.server_errors += shard.server_errors.load(Ordering::Relaxed);
            sum.integration_failures += shard.integration_failures.load(Ordering::Relaxed);
            sum.gateway_failures += shard.gateway_failures.load(Ordering::Relaxed);
            sum.throttled += shard.throttled.load(Ordering::Relaxed);
            sum.quota_exceeded += shard.quota_exceeded.load(Ordering::Relaxed);
            sum.without_api_key += shard.without_api_key.load(Ordering::Relaxed);
        }
        sum
    }
}

/// Numbers the threads that count, so that each keeps to a shard of its own while there are enough.
pub(crate) fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own)
}
