//! How much may be asked of an API: API keys and the plans that they are in, throttles and quotas.
//!
//! Admission calls [`Metering::admit`] for methods that require a key; methods without one meet their stage's [`Bucket`] at most. What
//! is counted leaves through [`Metering::flush`]; what changes in the store is told by the functions that end in `_changed`.

mod bucket;
mod client;
mod clients;
mod plan;
mod shared;
#[cfg(test)]
mod tests;
mod usage;

use std::sync::Arc;

use postern_api_model::day::Day;
use postern_api_model::ports::{ApiKeyLoader, UsageSink};
use postern_api_model::scope::Scope;
use postern_api_model::usage_plan::UsagePlan;
use tokio::time::Instant;

use crate::clock::EpochMillis;
pub(crate) use bucket::{Bucket, Limit};
use client::Ask;
pub(crate) use client::{KeyId, Verdict};
use clients::{CLIENTS_MAX, Clients, Digest};
pub(crate) use shared::{AccountBuckets, SharedBuckets};
pub(crate) use usage::AcceptedKey;

/// What this node has admitted.
pub(crate) struct Metering {
    began: Instant,
    /// `None` where there are no API keys.
    clients: Option<Clients>,
    /// `None` where accounts are not limited.
    accounts: Option<AccountBuckets>,
}

/// A request with an API key.
pub(crate) struct KeyedCall<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) api_id: &'a str,
    pub(crate) stage: &'a str,
    /// The resource's path.
    pub(crate) path: &'a str,
    pub(crate) verb: &'a str,
    /// The method's verb as it is defined, which may be `ANY`.
    pub(crate) defined: &'a str,
    /// The key's value.
    pub(crate) value: &'a str,
    /// What all callers of the method share.
    pub(crate) shared: SharedBuckets<'a>,
    /// When it is judged.
    pub(crate) moment: Instant,
    pub(crate) epoch: EpochMillis,
}

/// What is known at once.
pub(crate) enum Known {
    /// Everything.
    Key(KeyId, Verdict),
    /// The key has to be loaded; [`Metering::load_and_admit`] does.
    Unknown,
    /// There is no such key.
    Impossible,
}

impl Default for Metering {
    fn default() -> Self {
        Self { began: Instant::now(), clients: None, accounts: None }
    }
}

impl Metering {
    /// With the keys that `loader` finds.
    pub(crate) fn with_api_keys(self, loader: Arc<dyn ApiKeyLoader>) -> Self {
        Self { clients: Some(Clients::new(loader, CLIENTS_MAX)), ..self }
    }

    /// With a limit for each account and Region.
    pub(crate) fn limiting_accounts(self, limit: Option<Limit>) -> Self {
        Self { accounts: limit.map(AccountBuckets::new), ..self }
    }

    /// The bucket of an account in a Region, where accounts are limited.
    pub(crate) fn account_bucket(&self, scope: &Scope) -> Option<Arc<Bucket>> {
        Some(self.accounts.as_ref()?.of(scope))
    }

    /// A moment as buckets know it.
    pub(crate) fn moment_ns(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX >> 2)
    }

    /// Takes from the limits of the key, its plan and the method, or from none.
    pub(crate) fn admit(&self, call: &KeyedCall<'_>) -> Known {
        let Some((clients, digest)) = self.clients.as_ref().zip(Digest::of_value(call.scope, call.value)) else {
            return Known::Impossible;
        };
        match clients.admit(digest, &self.ask(call)) {
            Some((id, verdict)) => Known::Key(id, verdict),
            None => Known::Unknown,
        }
    }

    /// The same for a key that has to be loaded; `None` when there is no such key.
    ///
    /// # Errors
    /// When the store cannot be read; in words, for the log.
    pub(crate) async fn load_and_admit(&self, call: &KeyedCall<'_>) -> Result<Option<(KeyId, Verdict)>, String> {
        let Some((clients, digest)) = self.clients.as_ref().zip(Digest::of_value(call.scope, call.value)) else {
            return Ok(None);
        };
        clients.load_and_admit(digest, call.scope, call.value, self.ask(call)).await
    }

    fn ask<'a>(&self, call: &KeyedCall<'a>) -> Ask<'a> {
        Ask {
            api_id: call.api_id,
            stage: call.stage,
            path: call.path,
            verb: call.verb,
            defined: call.defined,
            shared: call.shared.clone(),
            now_ns: self.moment_ns(call.moment),
            today: Day::of_epoch_seconds(call.epoch.seconds()),
        }
    }

    /// Stores what was counted.
    ///
    /// # Errors
    /// When the store cannot be written; what was counted is kept for the next time.
    pub(crate) async fn flush(&self, sink: &dyn UsageSink) -> Result<(), String> {
        match &self.clients {
            Some(clients) => clients.flush(sink).await,
            None => Ok(()),
        }
    }

    /// The key with this value changed, is new, or is gone.
    pub(crate) fn key_changed(&self, scope: &Scope, value: &str) {
        if let Some((clients, digest)) = self.clients.as_ref().zip(Digest::of_value(scope, value)) {
            clients.key_changed(digest);
        }
    }

    /// The same by the hexadecimal SHA-256 of the value.
    pub(crate) fn key_of_sha256_changed(&self, scope: &Scope, hex: &str) {
        if let Some((clients, digest)) = self.clients.as_ref().zip(Digest::of_hex(scope, hex)) {
            clients.key_changed(digest);
        }
    }

    /// The plan changed, or is gone.
    pub(crate) fn plan_changed(&self, scope: &Scope, plan_id: &str, now: Option<(u64, &UsagePlan)>) {
        if let Some(clients) = &self.clients {
            clients.plan_changed(scope, plan_id, now);
        }
    }

    /// Anything may have changed.
    pub(crate) fn all_changed(&self) {
        if let Some(clients) = &self.clients {
            clients.all_changed();
        }
    }

    /// API keys in memory.
    pub(crate) fn resident_keys(&self) -> usize {
        self.clients.as_ref().map_or(0, Clients::len)
    }

    /// Clients whose counts are not stored yet.
    pub(crate) fn unwritten(&self) -> usize {
        self.clients.as_ref().map_or(0, Clients::unwritten)
    }
}
