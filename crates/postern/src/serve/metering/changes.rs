//! Which API keys and plans the data plane has to look at anew, seen in commits of this process before their callers are answered, and
//! in the change feed for those of others.

use std::collections::BTreeSet;
use std::sync::Arc;

use postern_api_model::api_key::ApiKey;
use postern_api_model::scope::Scope;
use postern_api_model::usage_plan::UsagePlan;
use postern_data_plane::Gateway;
use postern_store::{Change, Kind, Store, StoreError, Write, load};

/// Something that was written or removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// A key, by its id.
    Key(Scope, String),
    /// A key, by the digest of its value.
    Value(Scope, String),
    /// A plan.
    Plan(Scope, String),
}

/// Tells the data plane.
pub struct KeyWatch {
    gateway: Arc<Gateway>,
}

impl Touched {
    /// What a commit does to keys and plans.
    pub fn of_writes(writes: &[Write]) -> BTreeSet<Self> {
        let of_write = |write: &Write| match write {
            Write::Create { key, .. } | Write::Replace { key, .. } | Write::Delete { key, .. } => {
                Self::of(key.kind.as_str(), &key.scope, &key.id)
            }
            // What is deleted under a plan goes with the plan, and what is only checked or touched is as it was.
            Write::DeleteChildren { .. } | Write::Touch { .. } | Write::Expect { .. } => None,
        };
        writes.iter().filter_map(of_write).collect()
    }

    /// What entries of the feed do to keys and plans.
    pub fn of_changes(changes: &[Change]) -> BTreeSet<Self> {
        changes.iter().filter_map(|change| Self::of(&change.kind, &change.scope, &change.id)).collect()
    }

    fn of(kind: &str, scope: &Scope, id: &str) -> Option<Self> {
        let (scope, second) = (scope.clone(), id.split('/').nth(1));
        match Kind::named(kind)? {
            Kind::API_KEY => Some(Self::Key(scope, id.to_owned())),
            Kind::API_KEY_VALUE => Some(Self::Value(scope, id.to_owned())),
            Kind::USAGE_PLAN => Some(Self::Plan(scope, id.to_owned())),
            Kind::USAGE_PLAN_KEY | Kind::USAGE_DAY => Some(Self::Key(scope, second?.to_owned())),
            _ => None,
        }
    }
}

impl KeyWatch {
    /// Of this data plane.
    pub fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway }
    }

    /// Has the data plane look anew at what was touched; it does so when this returns. What cannot be read makes it look at
    /// everything anew.
    pub async fn tell(&self, store: &dyn Store, touched: BTreeSet<Touched>) {
        for each in touched {
            if let Err(error) = self.tell_one(store, &each).await {
                tracing::warn!(%error, "a change to API keys cannot be read; all of them are loaded anew");
                self.gateway.api_keys_changed();
                return;
            }
        }
    }

    async fn tell_one(&self, store: &dyn Store, touched: &Touched) -> Result<(), StoreError> {
        match touched {
            Touched::Key(scope, id) => {
                // One that is gone was told of by its value.
                if let Some(key) = load::<ApiKey>(store, scope, id).await? {
                    self.gateway.api_key_changed(scope, key.value.value.expose());
                }
            }
            Touched::Value(scope, digest) => self.gateway.api_key_of_sha256_changed(scope, digest),
            Touched::Plan(scope, id) => {
                let plan = load::<UsagePlan>(store, scope, id).await?;
                self.gateway.usage_plan_changed(scope, id, plan.as_ref().map(|plan| (plan.version, &plan.value)));
            }
        }
        Ok(())
    }

    /// Changes were missed.
    pub fn tell_of_a_gap(&self) {
        self.gateway.api_keys_changed();
    }
}
