//! How an operation reads and changes an aggregate: load, run a pure function, write back under the version check.
//!
//! The pure function may run more than once, on a fresh value each time, when another writer was quicker.

use std::future::Future;

use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::RestApi;
use postern_api_model::scope::Caller;
use postern_store::{Aggregate, Changed, StoreError, UpdateError, Versioned, Write};

use crate::page::{self, Page};
use crate::{ControlPlane, ids};

/// How often a taken API id is drawn again. Of 36^10 ids even a second draw is a rarity; many in a row are a fault.
const ID_DRAWS_MAX: u32 = 8;

/// Rows of one look into the store while a page is gathered: a page may have 500 elements, and many may be passed over.
const LISTED_MAX: usize = 100;

/// AWS's text for a write that lost against another one; its clients retry on it.
const CONCURRENT: &str = "Unable to complete operation due to concurrent modification. Please try again later.";

impl ControlPlane {
    /// Loads an aggregate of the caller's, `missing` when there is none of that id.
    pub(crate) async fn load<A: Aggregate>(&self, caller: &Caller, id: &str, missing: impl FnOnce() -> ApiError) -> ApiResult<A> {
        self.load_versioned(caller, id, missing).await.map(|found| found.value)
    }

    /// The same with the version it was read at, for a plan of [`Self::transact`].
    pub(crate) async fn load_versioned<A: Aggregate>(
        &self,
        caller: &Caller,
        id: &str,
        missing: impl FnOnce() -> ApiError,
    ) -> ApiResult<Versioned<A>> {
        self.find_versioned(caller, id).await?.ok_or_else(missing)
    }

    /// The same where there may be none.
    pub(crate) async fn find_versioned<A: Aggregate>(&self, caller: &Caller, id: &str) -> ApiResult<Option<Versioned<A>>> {
        postern_store::load::<A>(self.store(), &caller.scope, id).await.map_err(store_failure)
    }

    /// Loads a REST API of the caller's.
    pub(crate) async fn rest_api(&self, caller: &Caller, id: &str, missing: impl FnOnce() -> ApiError) -> ApiResult<RestApi> {
        self.load(caller, id, missing).await
    }

    /// Changes an aggregate of the caller's by a pure function and gives that function's output.
    pub(crate) async fn change<A: Aggregate, T: Send>(
        &self,
        caller: &Caller,
        id: &str,
        missing: impl FnOnce() -> ApiError,
        mut change: impl FnMut(&mut A) -> ApiResult<T> + Send,
    ) -> ApiResult<T> {
        self.change_and(caller, id, missing, move |value: &mut A| Ok((change(value)?, Vec::new()))).await
    }

    /// The same for a function whose change needs writes to other aggregates in the same transaction.
    pub(crate) async fn change_and<A: Aggregate, T: Send>(
        &self,
        caller: &Caller,
        id: &str,
        missing: impl FnOnce() -> ApiError,
        mut change: impl FnMut(&mut A) -> ApiResult<(T, Vec<Write>)> + Send,
    ) -> ApiResult<T> {
        let changed = postern_store::update(self.store(), &caller.scope, id, move |value: &mut A| {
            change(value).map(|(output, also)| Changed { output, also })
        });
        changed.await.map_err(|error| update_failure(error, missing))
    }

    /// Changes an aggregate that begins as its default with the first change.
    pub(crate) async fn change_or_default<A: Aggregate + Default, T: Send>(
        &self,
        caller: &Caller,
        id: &str,
        mut change: impl FnMut(&mut A) -> ApiResult<T> + Send,
    ) -> ApiResult<T> {
        let changed = postern_store::update_or_default(self.store(), &caller.scope, id, move |value: &mut A| {
            change(value).map(Changed::only)
        });
        changed.await.map_err(|error| update_failure(error, ApiError::internal))
    }

    /// Removes an aggregate of the caller's once `decide` has seen it; the writes that it gives go into the same transaction.
    pub(crate) async fn remove<A: Aggregate>(
        &self,
        caller: &Caller,
        id: &str,
        missing: impl FnOnce() -> ApiError,
        mut decide: impl FnMut(&A) -> ApiResult<Vec<Write>> + Send,
    ) -> ApiResult<()> {
        let removed = postern_store::remove(self.store(), &caller.scope, id, move |value: &A| {
            decide(value).map(|also| Changed { output: (), also })
        });
        removed.await.map_err(|error| update_failure(error, missing))
    }

    /// Changes several aggregates in one transaction. `plan` loads them, and gives its output and the writes; it may run more than
    /// once. Writers take turns on the aggregate `turn` of type `A`.
    pub(crate) async fn transact<A: Aggregate, T: Send, F: Future<Output = ApiResult<(T, Vec<Write>)>> + Send>(
        &self,
        caller: &Caller,
        turn: &str,
        plan: impl FnMut() -> F + Send,
    ) -> ApiResult<T> {
        let turn = postern_store::key_of::<A>(&caller.scope, turn);
        let done = postern_store::transact(self.store(), &turn, plan).await;
        done.map_err(|error| update_failure(error, ApiError::internal))
    }

    /// One page of the caller's aggregates whose ids begin with `prefix` and that `keep` lets pass, in the order of their ids. The
    /// page counts by what follows the prefix.
    pub(crate) async fn page<A: Aggregate>(
        &self,
        caller: &Caller,
        page: &Page,
        prefix: &str,
        mut keep: impl FnMut(&A) -> bool + Send,
    ) -> ApiResult<(Vec<A>, Option<String>)> {
        let mut found: Vec<(String, A)> = Vec::new();
        let mut after = format!("{prefix}{}", page.after.as_deref().unwrap_or_default());
        loop {
            let rows = postern_store::list::<A>(self.store(), &caller.scope, Some(&after), LISTED_MAX).await;
            let rows = rows.map_err(store_failure)?;
            let is_last = rows.len() < LISTED_MAX || rows.last().is_some_and(|(id, _)| !id.starts_with(prefix));
            if let Some((id, _)) = rows.last() {
                after.clone_from(id);
            }
            for (id, Versioned { value, .. }) in rows {
                let Some(key) = id.strip_prefix(prefix).filter(|_| keep(&value)) else { continue };
                if found.len() == page.limit {
                    let position = found.last().map(|(key, _)| page::encode(key));
                    return Ok((found.into_iter().map(|(_, value)| value).collect(), position));
                }
                found.push((key.to_owned(), value));
            }
            if is_last {
                return Ok((found.into_iter().map(|(_, value)| value).collect(), None));
            }
        }
    }

    /// Changes a REST API of the caller's.
    pub(crate) async fn change_rest_api<T: Send>(
        &self,
        caller: &Caller,
        id: &str,
        missing: impl FnOnce() -> ApiError,
        change: impl FnMut(&mut RestApi) -> ApiResult<T> + Send,
    ) -> ApiResult<T> {
        self.change(caller, id, missing, change).await
    }

    /// Makes an aggregate under a new API id: `make` builds it for the id that it is given, again when that id is taken.
    pub(crate) async fn create<A: Aggregate>(
        &self,
        caller: &Caller,
        make: impl FnMut(&str) -> ApiResult<A> + Send,
    ) -> ApiResult<A> {
        self.create_with_id_of(ids::LONG, caller, make).await
    }

    /// The same under an id of `length` characters.
    pub(crate) async fn create_with_id_of<A: Aggregate>(
        &self,
        length: usize,
        caller: &Caller,
        mut make: impl FnMut(&str) -> ApiResult<A> + Send,
    ) -> ApiResult<A> {
        for _ in 0..ID_DRAWS_MAX {
            let id = ids::random(length);
            let value = make(&id)?;
            let write = postern_store::create(&caller.scope, &id, &value).map_err(store_failure)?;
            match self.store().commit(vec![write]).await {
                Ok(()) => return Ok(value),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(store_failure(error)),
            }
        }
        tracing::error!("every id that was drawn is taken");
        Err(ApiError::internal())
    }

    /// Waits until this node serves what the store now holds of the API.
    ///
    /// A failure does not fail the call: the write stands, and a client that is told otherwise makes it a second time, as a second
    /// deployment. The publisher logs and counts it, and tries again when it reads the change from the store's feed.
    pub(crate) async fn publish(&self, api_id: &str) {
        let _ = self.publisher().publish(api_id).await;
    }
}

/// What a client sees when the store fails: a conflict is AWS's 409, a definition that has grown too large is the client's to make
/// smaller, everything else is a fault of ours, told to the log.
pub(crate) fn store_failure(error: StoreError) -> ApiError {
    match error {
        StoreError::Conflict { .. } => ApiError::conflict(CONCURRENT),
        StoreError::TooLarge { bytes, .. } => ApiError::bad_request(format!(
            "The definition would take {bytes} bytes with this change; it can take at most {}",
            postern_store::BODY_BYTES_MAX
        )),
        other => {
            tracing::error!(error = %other, "the store failed");
            ApiError::internal()
        }
    }
}

fn update_failure(error: UpdateError<ApiError>, missing: impl FnOnce() -> ApiError) -> ApiError {
    match error {
        UpdateError::Missing(_) => missing(),
        UpdateError::Refused(error) => error,
        UpdateError::TooManyConflicts(_) => ApiError::conflict(CONCURRENT),
        UpdateError::Store(error) => store_failure(error),
    }
}
