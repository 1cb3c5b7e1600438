//! Aggregates, versions and the change feed.
//!
//! * An **aggregate** is one value that is loaded, changed and written whole: a REST API with everything in it, a deployment's
//!   frozen definition, an account's settings. It is found by its [`Key`]: kind, account, region, id. The store sees bytes;
//!   [`Aggregate`] gives them a type.
//! * Every aggregate has a **version**, 1 when it is made and one more with each write. A [`Write`] names the version it was made
//!   from and conflicts when another write came first. [`update`] loads, runs a pure function, writes, and runs it again after a
//!   conflict, so that no caller writes a loop of its own and no update is lost.
//! * A commit is all or nothing over any number of aggregates, and durable (fsync) when it returns.
//! * The **change feed** numbers the keys that were written, in the order of the commits: what another node reads to learn
//!   which of the things it holds are stale. It is a window of the newest [`CHANGES_KEPT`] changes, not a history.
//! * **Access keys** are rows of their own, read afresh for every request, so that another process can make or revoke one.
//!
//! [`SqliteStore`] is the embedded store. Tests use it in a temporary directory; there is no second implementation in memory.

mod access_key;
mod aggregate;
mod error;
mod key;
mod locks;
mod references;
mod sqlite;
mod store;
mod update;

pub use access_key::{AccessKey, AccessKeyStatus, Secret};
pub use aggregate::{
    Aggregate, child_id, create, decode, delete, encode, expect, key_of, list, load, replace, snapshot_id, touch,
};
pub use error::StoreError;
pub use key::{Change, Key, Kind, Versioned, Write};
pub use locks::{UPDATE_LOCKS_MAX, UpdateLocks};
pub use references::references;
pub use sqlite::{BATCH_COMMITS_MAX, CHANGES_KEPT, DATABASE_FILE, OpenMode, QUEUE_COMMITS_MAX, SqliteStore};
pub use store::{BODY_BYTES_MAX, LIST_ROWS_MAX, Store, StoreFuture};
pub use update::{Changed, UpdateError, WRITE_RETRIES_MAX, remove, transact, update, update_or_default};
