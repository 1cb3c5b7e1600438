//! From the store to the data plane: an API key with its plans and counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_api_model::api_key::{ApiKey, ApiKeyValue};
use postern_api_model::day::Day;
use postern_api_model::ports::{ApiKeyLoader, LoadedKey, LoadedMembership, PortFuture, StoredDay};
use postern_api_model::scope::Scope;
use postern_api_model::usage_plan::{UsageDay, UsagePlan, UsagePlanKey};
use postern_control_plane::api_key_value_id;
use postern_store::{Store, StoreError, child_id, list, load};
use tokio::runtime::Handle;

/// Days of a period: a month, and one more so that its bounds need no care.
const PERIOD_DAYS_MAX: i32 = 32;

/// Loads keys that the data plane does not know.
pub struct StoreKeyLoader {
    store: Arc<dyn Store>,
    /// The store's own runtime: it must not run on a traffic worker's.
    runtime: Handle,
}

impl StoreKeyLoader {
    /// Loads on `runtime`.
    pub fn new(store: Arc<dyn Store>, runtime: Handle) -> Self {
        Self { store, runtime }
    }
}

impl ApiKeyLoader for StoreKeyLoader {
    fn load<'a>(&'a self, scope: &'a Scope, value: &'a str, today: Day) -> PortFuture<'a, Result<Option<LoadedKey>, String>> {
        let (store, scope, digest) = (Arc::clone(&self.store), scope.clone(), api_key_value_id(value));
        let reading = self.runtime.spawn(async move { read(store.as_ref(), &scope, &digest, today).await });
        Box::pin(async move {
            let Ok(read) = reading.await else { return Err("reading it panicked; the log has the details".to_owned()) };
            read.map_err(|error| error.to_string())
        })
    }
}

async fn read(store: &dyn Store, scope: &Scope, digest: &str, today: Day) -> Result<Option<LoadedKey>, StoreError> {
    let Some(index) = load::<ApiKeyValue>(store, scope, digest).await? else { return Ok(None) };
    let Some(key) = load::<ApiKey>(store, scope, &index.value.api_key_id).await? else { return Ok(None) };
    let key = key.value;
    let mut memberships = Vec::with_capacity(key.usage_plans.len());
    for plan_id in &key.usage_plans {
        let membership = child_id(plan_id, &key.id);
        // A plan that was deleted may still stand in its keys.
        if load::<UsagePlanKey>(store, scope, &membership).await?.is_none() {
            continue;
        }
        let Some(plan) = load::<UsagePlan>(store, scope, plan_id).await? else { continue };
        let days = days(store, scope, &membership, today).await?;
        memberships.push(LoadedMembership { plan: plan.value, plan_version: plan.version, days });
    }
    Ok(Some(LoadedKey { id: key.id, is_enabled: key.enabled, memberships }))
}

async fn days(store: &dyn Store, scope: &Scope, membership: &str, today: Day) -> Result<BTreeMap<Day, StoredDay>, StoreError> {
    let prefix = child_id(membership, "");
    let after = format!("{prefix}{}", today.plus(-PERIOD_DAYS_MAX));
    let rows = list::<UsageDay>(store, scope, Some(&after), PERIOD_DAYS_MAX.unsigned_abs() as usize + 1).await?;
    // Rows of other keys follow.
    let days = rows.into_iter().map_while(|(id, row)| {
        let day = Day::parse(id.strip_prefix(&prefix)?)?;
        Some((day, StoredDay { version: row.version, total: row.value }))
    });
    Ok(days.collect())
}
