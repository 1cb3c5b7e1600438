//! The store's interface: bytes under keys, with versions.

use std::future::Future;
use std::pin::Pin;

use postern_api_model::scope::Scope;

use crate::access_key::AccessKey;
use crate::error::StoreError;
use crate::key::{Change, Key, Kind, Versioned, Write};
use crate::locks::UpdateLocks;

/// Longest body of one aggregate. AWS's largest API (300 resources, each with its methods and 300 KB templates within the 6 MB of
/// an import) stays far below; what is over it would make every load and write of that API slow.
pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most rows of one answer: AWS's largest page is 500, and a larger answer would hold a reader's connection too long.
pub const LIST_ROWS_MAX: usize = 1_000;

/// What the methods of [`Store`] return; boxed so that stores can be trait objects. Dropping it cancels the waiting: a commit
/// that was already queued is still done, whole.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where the installation's state lives. Any method can fail with [`StoreError::Unavailable`].
pub trait Store: Send + Sync + 'static {
    /// One aggregate, or `None`.
    fn load<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Versioned<Vec<u8>>>>;

    /// An API by its id alone: API ids are unique in the installation, whatever their scope.
    fn find_api<'a>(&'a self, api_id: &'a str) -> StoreFuture<'a, Option<(Key, Versioned<Vec<u8>>)>>;

    /// Aggregates of a kind in a scope in the order of their ids, those after `after`, at most `limit` (itself at most
    /// [`LIST_ROWS_MAX`]).
    fn list<'a>(
        &'a self,
        kind: Kind,
        scope: &'a Scope,
        after: Option<&'a str>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<(String, Versioned<Vec<u8>>)>>;

    /// Does all the writes or none, in their order; durable (fsync) when it returns. [`StoreError::Conflict`] names the first
    /// write whose check failed.
    fn commit<'a>(&'a self, writes: Vec<Write>) -> StoreFuture<'a, ()>;

    /// The changes after number `after_seq` in order, at most `limit` (itself at most [`LIST_ROWS_MAX`]).
    /// [`StoreError::ChangesLost`] when some of them are no longer kept.
    fn changes<'a>(&'a self, after_seq: u64, limit: usize) -> StoreFuture<'a, Vec<Change>>;

    /// Number of the newest change, 0 when there is none: where a reader begins that has just read everything.
    fn last_change(&self) -> StoreFuture<'_, u64>;

    /// An access key by its id, revoked ones too.
    fn access_key<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<AccessKey>>;

    /// Access keys of one account (`None`: of all) in the order of their ids, those after `after`, at most `limit` (itself at
    /// most [`LIST_ROWS_MAX`]).
    fn access_keys<'a>(
        &'a self,
        account: Option<&'a str>,
        after: Option<&'a str>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<AccessKey>>;

    /// Keeps a new access key. [`StoreError::AccessKeyExists`] when the id is taken.
    fn create_access_key(&self, key: AccessKey) -> StoreFuture<'_, ()>;

    /// Makes a key sign no longer; revoking twice is no error. [`StoreError::AccessKeyUnknown`] when there is none.
    fn revoke_access_key<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()>;

    /// The locks by which [`update`](crate::update) lets the writers of one aggregate in this process take turns.
    fn update_locks(&self) -> &UpdateLocks;
}
