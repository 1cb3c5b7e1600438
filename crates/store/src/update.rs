//! Changing an aggregate: load, run a pure function, write under the version check, again after a conflict.

use std::future::Future;
use std::time::Duration;

use postern_api_model::scope::Scope;

use crate::aggregate::{self, Aggregate, key_of};
use crate::error::StoreError;
use crate::key::{Key, Versioned, Write};
use crate::store::Store;

/// How often an update is repeated after a conflict. Each conflict means that another writer's commit landed in between, so 64
/// writers of one aggregate all succeed, whatever their timing: none can lose more than 63 times.
pub const WRITE_RETRIES_MAX: u32 = 64;

/// Longest wait before a repetition: several commits on a slow disk. All repetitions together wait two seconds on average, well
/// inside the clients' timeouts.
const RETRY_WAIT_MS_MAX: u64 = 64;

/// What a change leaves behind besides the aggregate itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed<T> {
    /// For the caller, such as the resource to answer with.
    pub output: T,
    /// Writes to other aggregates in the same commit, such as a deployment's frozen definition.
    pub also: Vec<Write>,
}

impl<T> Changed<T> {
    /// A change of this aggregate alone.
    pub fn only(output: T) -> Self {
        Self { output, also: Vec::new() }
    }
}

/// Why an update was not done. `E` is the error of the pure function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError<E> {
    /// There is no such aggregate.
    #[error("there is no {0}")]
    Missing(Key),
    /// The function refused the change; nothing was written.
    #[error("{0}")]
    Refused(E),
    /// Others changed the aggregate each time, [`WRITE_RETRIES_MAX`] times over: AWS's 409 ConflictException.
    #[error("{0} is being changed by too many writers at once; try again")]
    TooManyConflicts(Key),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes one aggregate. `change` is run on a fresh value after each conflict, so it must depend on nothing but the value (ids and
/// times that it needs are made before). It decides by returning; what it did to a value that it then refuses is dropped.
///
/// # Errors
/// See [`UpdateError`].
pub async fn update<A, T, E>(
    store: &dyn Store,
    scope: &Scope,
    id: &str,
    mut change: impl FnMut(&mut A) -> Result<Changed<T>, E> + Send,
) -> Result<T, UpdateError<E>>
where
    A: Aggregate,
    T: Send,
    E: Send,
{
    let key = key_of::<A>(scope, id);
    repeat(store, &key, |stored: Option<Versioned<A>>| {
        let Versioned { version, mut value } = stored.ok_or_else(|| UpdateError::Missing(key.clone()))?;
        let changed = change(&mut value).map_err(UpdateError::Refused)?;
        Ok((aggregate::replace(scope, id, version, &value)?, changed))
    })
    .await
}

/// As [`update`], for an aggregate that begins as its default with the first change.
///
/// # Errors
/// See [`UpdateError`]; never `Missing`.
pub async fn update_or_default<A, T, E>(
    store: &dyn Store,
    scope: &Scope,
    id: &str,
    mut change: impl FnMut(&mut A) -> Result<Changed<T>, E> + Send,
) -> Result<T, UpdateError<E>>
where
    A: Aggregate + Default,
    T: Send,
    E: Send,
{
    let key = key_of::<A>(scope, id);
    repeat(store, &key, |stored: Option<Versioned<A>>| {
        let (version, mut value) = match stored {
            Some(Versioned { version, value }) => (Some(version), value),
            None => (None, A::default()),
        };
        let changed = change(&mut value).map_err(UpdateError::Refused)?;
        let write = match version {
            Some(version) => aggregate::replace(scope, id, version, &value)?,
            None => aggregate::create(scope, id, &value)?,
        };
        Ok((write, changed))
    })
    .await
}

/// Removes one aggregate after `decide` has seen it and did not refuse; `also` can remove its children.
///
/// # Errors
/// See [`UpdateError`].
pub async fn remove<A, T, E>(
    store: &dyn Store,
    scope: &Scope,
    id: &str,
    mut decide: impl FnMut(&A) -> Result<Changed<T>, E> + Send,
) -> Result<T, UpdateError<E>>
where
    A: Aggregate,
    T: Send,
    E: Send,
{
    let key = key_of::<A>(scope, id);
    repeat(store, &key, |stored: Option<Versioned<A>>| {
        let Versioned { version, value } = stored.ok_or_else(|| UpdateError::Missing(key.clone()))?;
        let changed = decide(&value).map_err(UpdateError::Refused)?;
        Ok((aggregate::delete::<A>(scope, id, version), changed))
    })
    .await
}

/// Changes several aggregates in one commit. `plan` loads what it decides on, and gives its output with the writes, each under the
/// version that it saw; it is run again after a conflict, as in [`update`]. Writers that name the same `turn` take turns: the
/// aggregate that most of them meet on. Without writes nothing is committed.
///
/// What `plan` only reads is not checked: a decision that hangs on another aggregate's state writes that aggregate too.
///
/// # Errors
/// See [`UpdateError`]; never `Missing`.
pub async fn transact<T, E, F>(store: &dyn Store, turn: &Key, mut plan: impl FnMut() -> F + Send) -> Result<T, UpdateError<E>>
where
    F: Future<Output = Result<(T, Vec<Write>), E>> + Send,
    T: Send,
    E: Send,
{
    let load = || {
        let planned = plan();
        async { planned.await.map_err(UpdateError::Refused) }
    };
    in_turn(store, turn, load, Ok).await
}

/// What the three on one aggregate share: `plan` makes the aggregate's own write from what is stored.
async fn repeat<A, T, E>(
    store: &dyn Store,
    key: &Key,
    mut plan: impl FnMut(Option<Versioned<A>>) -> Result<(Write, Changed<T>), UpdateError<E>> + Send,
) -> Result<T, UpdateError<E>>
where
    A: Aggregate,
    T: Send,
    E: Send,
{
    let load = || async { Ok(aggregate::load::<A>(store, &key.scope, &key.id).await?) };
    let decide = |stored| {
        let (write, Changed { output, also }) = plan(stored)?;
        Ok((output, [vec![write], also].concat()))
    };
    in_turn(store, key, load, decide).await
}

/// Loads, decides and commits, again after each conflict. The writers of this process that name the same `turn` queue up for it.
async fn in_turn<L, T, E, F>(
    store: &dyn Store,
    turn: &Key,
    mut load: impl FnMut() -> F + Send,
    mut decide: impl FnMut(L) -> Result<(T, Vec<Write>), UpdateError<E>> + Send,
) -> Result<T, UpdateError<E>>
where
    F: Future<Output = Result<L, UpdateError<E>>> + Send,
    L: Send,
    T: Send,
    E: Send,
{
    let place = store.update_locks().queue(turn);
    let _turn = match &place {
        Some(place) => Some(place.turn().await),
        None => None,
    };
    for attempt in 0..=WRITE_RETRIES_MAX {
        if attempt > 0 {
            tokio::time::sleep(jittered_wait(attempt)).await;
        }
        let (output, writes) = decide(load().await?)?;
        if writes.is_empty() {
            return Ok(output);
        }
        match store.commit(writes).await {
            Ok(()) => return Ok(output),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(UpdateError::TooManyConflicts(turn.clone()))
}

/// Anything up to a bound that doubles with each attempt: writers that met once should not meet again.
fn jittered_wait(attempt: u32) -> Duration {
    let bound_us = (1_000 << attempt.min(16)).min(RETRY_WAIT_MS_MAX * 1_000);
    // Without randomness the whole wait is still correct, only less well spread.
    let part = getrandom::u32().unwrap_or(u32::MAX);
    Duration::from_micros(bound_us * u64::from(part) / u64::from(u32::MAX))
}
