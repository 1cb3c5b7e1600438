//! From the data plane to the store: what was counted of usage plans.

use std::sync::Arc;

use postern_api_model::ports::{PortFuture, StoredDay, UsageEntry, UsageSink};
use postern_api_model::usage_plan::{UsageDay, UsagePlanKey};
use postern_store::{Store, StoreError, Write, child_id, create, load, replace};

/// How often a write is tried again for each entry in it: each time, somebody must have changed one of them.
const CONFLICTS_MAX: usize = 4;

/// Keeps counts as aggregates of one day each.
pub struct StoreUsageSink {
    store: Arc<dyn Store>,
}

/// An entry on its way.
struct Row {
    entry: UsageEntry,
    id: String,
    /// `None` when the key is no longer in the plan.
    next: Option<StoredDay>,
}

impl StoreUsageSink {
    /// Into this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    async fn store_all(&self, entries: Vec<UsageEntry>) -> Result<Vec<Option<StoredDay>>, StoreError> {
        let mut rows: Vec<Row> = entries.into_iter().map(Row::new).collect();
        // Nothing in the store says that a row which is not there belongs to a key that was taken out of the plan.
        for row in rows.iter_mut().filter(|row| row.entry.known.version == 0) {
            self.read_again(row).await?;
        }
        let mut conflicts = 0;
        loop {
            let writes = rows.iter().filter_map(Row::write).collect::<Result<Vec<_>, _>>()?;
            let conflict = match self.store.commit(writes).await {
                Ok(()) => return Ok(rows.into_iter().map(Row::stored).collect()),
                Err(StoreError::Conflict { key }) if conflicts < rows.len() * CONFLICTS_MAX => key,
                Err(error) => return Err(error),
            };
            conflicts += 1;
            for row in rows.iter_mut().filter(|row| row.id == conflict.id && row.entry.scope.as_ref() == &conflict.scope) {
                self.read_again(row).await?;
            }
        }
    }

    /// The entry is not as it was known: what is stored counts, with what is new on top.
    async fn read_again(&self, row: &mut Row) -> Result<(), StoreError> {
        let (store, scope) = (self.store.as_ref(), row.entry.scope.as_ref());
        let stored = load::<UsageDay>(store, scope, &row.id).await?;
        let stored = stored.map(|found| StoredDay { version: found.version, total: found.value });
        let membership = child_id(&row.entry.plan_id, &row.entry.key_id);
        let is_member = load::<UsagePlanKey>(store, scope, &membership).await?.is_some();
        row.next = is_member.then(|| {
            let StoredDay { version, total } = stored.unwrap_or_default();
            StoredDay { version, total: UsageDay { used: total.used.saturating_add(row.entry.unwritten), ..total } }
        });
        Ok(())
    }
}

impl Row {
    fn new(entry: UsageEntry) -> Self {
        let id = child_id(&child_id(&entry.plan_id, &entry.key_id), &entry.day.to_string());
        Self { next: Some(entry.known), id, entry }
    }

    fn write(&self) -> Option<Result<Write, StoreError>> {
        let StoredDay { version, total } = self.next?;
        let scope = &self.entry.scope;
        Some(match version {
            0 => create(scope, &self.id, &total),
            version => replace(scope, &self.id, version, &total),
        })
    }

    fn stored(self) -> Option<StoredDay> {
        self.next.map(|StoredDay { version, total }| StoredDay { version: version + 1, total })
    }
}

impl UsageSink for StoreUsageSink {
    fn write(&self, entries: Vec<UsageEntry>) -> PortFuture<'_, Result<Vec<Option<StoredDay>>, String>> {
        Box::pin(async move { self.store_all(entries).await.map_err(|error| error.to_string()) })
    }
}
