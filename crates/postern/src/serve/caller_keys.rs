//! The port through which the data plane learns of the keys that callers of methods with `AWS_IAM` sign with.

use std::sync::Arc;

use postern_api_model::hidden::Hidden;
use postern_api_model::identity::{Identity, IdentityKind};
use postern_api_model::ports::{CallerKey, CallerKeys, PortFuture, Proof};
use postern_store::{AccessKey, AccessKeyStatus, Store};
use tokio::runtime::Handle;

/// The keys of the store.
pub struct StoreKeys {
    store: Arc<dyn Store>,
    /// The store's own runtime, on which it is read.
    runtime: Handle,
}

impl StoreKeys {
    /// Reads on `runtime`.
    pub fn new(store: Arc<dyn Store>, runtime: Handle) -> Self {
        Self { store, runtime }
    }
}

impl CallerKeys for StoreKeys {
    fn caller_key<'a>(&'a self, access_key_id: &'a str) -> PortFuture<'a, Result<Option<CallerKey>, String>> {
        let (store, id) = (Arc::clone(&self.store), access_key_id.to_owned());
        let reading = self.runtime.spawn(async move { store.access_key(&id).await });
        Box::pin(async move {
            let Ok(read) = reading.await else { return Err("reading a key panicked; the log has the details".to_owned()) };
            let key = read.map_err(|error| error.to_string())?;
            Ok(key.filter(|key| key.status == AccessKeyStatus::Active).map(signing))
        })
    }
}

fn signing(key: AccessKey) -> CallerKey {
    let kind = if key.policy.is_some() { IdentityKind::User } else { IdentityKind::Root };
    CallerKey {
        identity: Identity { account: key.account, access_key_id: key.id, kind },
        proof: Proof::Secret(Hidden::new(key.secret.expose().to_owned())),
        policy: key.policy,
        session: key.session,
    }
}

/// Under `--dev` every key signs, with any signature: it is that of its account's root.
pub struct AnyKey {
    /// Of keys whose id is not twelve digits.
    account: String,
}

impl AnyKey {
    /// `account` is that of keys whose id is no account.
    pub fn new(account: String) -> Self {
        Self { account }
    }
}

impl CallerKeys for AnyKey {
    fn caller_key<'a>(&'a self, access_key_id: &'a str) -> PortFuture<'a, Result<Option<CallerKey>, String>> {
        let is_account = access_key_id.len() == 12 && access_key_id.bytes().all(|byte| byte.is_ascii_digit());
        let account = if is_account { access_key_id.to_owned() } else { self.account.clone() };
        let identity = Identity { account, access_key_id: access_key_id.to_owned(), kind: IdentityKind::Root };
        Box::pin(async { Ok(Some(CallerKey { identity, proof: Proof::Waived, policy: None, session: None })) })
    }
}
