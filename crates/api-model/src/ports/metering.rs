//! Keys, plans and counters of clients: what the data plane asks for when a key comes, and where it leaves what it counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::PortFuture;
use crate::day::Day;
use crate::scope::Scope;
use crate::usage_plan::{UsageDay, UsagePlan};

/// Called by the data plane for an API key that it does not know, and again when something about it changed.
pub trait ApiKeyLoader: Send + Sync {
    /// The key with this value, its plans, and what was counted of it in each in the month up to `today`. `None`: there is no such key.
    ///
    /// # Errors
    /// When the store cannot be read; says so in words for the log, without the value.
    fn load<'a>(&'a self, scope: &'a Scope, value: &'a str, today: Day) -> PortFuture<'a, Result<Option<LoadedKey>, String>>;
}

/// An API key.
#[derive(Clone, Debug)]
pub struct LoadedKey {
    /// Its id.
    pub id: String,
    /// A key that is not enabled opens nothing.
    pub is_enabled: bool,
    /// The plans that it is in.
    pub memberships: Vec<LoadedMembership>,
}

/// A key in a plan.
#[derive(Clone, Debug)]
pub struct LoadedMembership {
    /// The plan.
    pub plan: UsagePlan,
    /// The version at which it was read; a lower one never replaces a higher one.
    pub plan_version: u64,
    /// Days with an entry.
    pub days: BTreeMap<Day, StoredDay>,
}

/// A day's counts as they are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredDay {
    /// The version of the entry; 0 when there is none yet.
    pub version: u64,
    /// What it says.
    pub total: UsageDay,
}

/// Called by the data plane to keep what it counted.
pub trait UsageSink: Send + Sync {
    /// Keeps all entries or none of them. Gives what is stored now, in their order; `None` for a key that is no longer in the plan.
    ///
    /// # Errors
    /// When the store cannot be written; the entries come again then.
    fn write(&self, entries: Vec<UsageEntry>) -> PortFuture<'_, Result<Vec<Option<StoredDay>>, String>>;
}

/// What a key used of a plan on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageEntry {
    /// Whose plan and key these are.
    pub scope: Arc<Scope>,
    /// The plan.
    pub plan_id: Arc<str>,
    /// The key.
    pub key_id: String,
    /// The day.
    pub day: Day,
    /// What the day comes to, if it is stored as it was known.
    pub known: StoredDay,
    /// Requests that are in `known` and not stored yet: what to add, if something else is stored.
    pub unwritten: u64,
}

/// Called by the control plane before it reads or changes counts.
pub trait UsageMeter: Send + Sync {
    /// Keeps what has been counted: when it returns, the store holds every request that was admitted before the call.
    ///
    /// # Errors
    /// When the store cannot be written; says so in words for the log.
    fn settle(&self) -> PortFuture<'_, Result<(), String>>;
}
