//! The embedded store: one SQLite file in the data directory, in WAL mode with fsync on every commit.
//!
//! One connection writes, in a task of its own that makes one transaction of all commits that wait ([`writer`]); a few others
//! read. Other processes (`postern keys`) do the same beside it: SQLite's own locks put the transactions in a row.

mod apply;
mod directory;
mod read;
mod schema;
mod writer;

use std::path::Path;
use std::time::Duration;

use postern_api_model::scope::Scope;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use crate::access_key::AccessKey;
use crate::error::StoreError;
use crate::key::{Change, Key, Kind, Versioned, Write};
use crate::locks::UpdateLocks;
use crate::store::{BODY_BYTES_MAX, Store, StoreFuture};

pub use apply::CHANGES_KEPT;
pub use directory::DATABASE_FILE;
pub use writer::{BATCH_COMMITS_MAX, QUEUE_COMMITS_MAX};
use writer::{Work, Writer};

/// How long one process waits for another one's transaction. A batch takes milliseconds; this covers a disk that stalls.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Readers are short and come from memory mostly; more of them than cores would only add threads.
const READERS_MAX: u32 = 4;

/// What the write-ahead log shrinks back to after a burst of large writes.
const LOG_BYTES_KEPT: &str = "67108864";

/// For what a directory is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// As the one server of the directory, until the store is closed.
    Serve,
    /// For a short piece of work, whether a server runs or not.
    Beside,
    /// To read and change nothing: neither files nor schema are made or brought up to date.
    Look,
}

/// The store in a data directory. Its writer runs on the tokio runtime that opened it.
#[derive(Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    writer: Writer,
    update_locks: UpdateLocks,
}

impl SqliteStore {
    /// Opens the store in `dir`; makes the directory (0700), the database (0600) and its schema when they are missing, and brings
    /// an older schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another server holds the directory, [`StoreError::NewerSchema`], [`StoreError::BrokenSchema`] or
    /// [`StoreError::OlderSchemaInUse`] when the schema is not one to work with, [`StoreError::Directory`] when the files cannot
    /// be used.
    pub async fn open(dir: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        match mode {
            OpenMode::Serve | OpenMode::Beside => directory::prepare(dir)?,
            OpenMode::Look => directory::expect_database(dir)?,
        }
        let lock = match mode {
            OpenMode::Serve => Some(directory::lock_for_serving(dir).await?),
            OpenMode::Beside | OpenMode::Look => None,
        };
        let options = match mode {
            OpenMode::Serve | OpenMode::Beside => connect_options(dir)?,
            OpenMode::Look => look_options(dir),
        };
        let mut connection = connect(dir, &options).await?;
        match mode {
            OpenMode::Serve => schema::bring_up_to_date(&mut connection, dir).await?,
            OpenMode::Beside => schema::bring_up_to_date_beside(&mut connection, dir).await?,
            OpenMode::Look => schema::expect_current(&mut connection, dir).await?,
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(BUSY_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            // A connection to a file does not die in the pool, so no statement is spent on asking.
            .test_before_acquire(false)
            .connect_with(options.clone().pragma("query_only", "ON"))
            .await?;
        let writer = Writer::start(options, connection, lock);
        Ok(Self { readers, writer, update_locks: UpdateLocks::default() })
    }

    /// Accounts and regions that have something of a kind, in order, those after `after`, at most [`LIST_ROWS_MAX`](crate::LIST_ROWS_MAX).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn scopes(&self, kind: Kind, after: Option<&Scope>) -> Result<Vec<Scope>, StoreError> {
        read::scopes(&self.readers, kind, after).await
    }

    /// Finishes what is queued, closes the files and gives the directory free. Dropping the store does the same without waiting.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn connect_options(dir: &Path) -> Result<SqliteConnectOptions, StoreError> {
    Ok(SqliteConnectOptions::new()
        .filename(directory::database_file(dir)?)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL syncs the log at every commit; NORMAL, the usual choice with WAL, can lose acknowledged commits with the power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("journal_size_limit", LOG_BYTES_KEPT)
        .disable_statement_logging())
}

/// Nothing is written, not even by SQLite for itself: the journal's mode stays, and what a crash left in the log is not carried over.
fn look_options(dir: &Path) -> SqliteConnectOptions {
    // A server keeps its log beside the database as long as it runs. Where there is none nobody writes, and SQLite is told so: otherwise
    // it makes a log to read the file, and fails where it may not.
    let is_at_rest = !dir.join(directory::LOG_FILE).exists();
    SqliteConnectOptions::new()
        .filename(dir.join(directory::DATABASE_FILE))
        .read_only(true)
        .create_if_missing(false)
        .immutable(is_at_rest)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// Connects, again while the file is busy: SQLite does not wait by itself when two processes switch a new file to WAL at once.
async fn connect(dir: &Path, options: &SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    let mut waits = directory::Waits::new();
    loop {
        match options.connect().await {
            Ok(connection) => return Ok(connection),
            Err(error) if is_busy(&error) && waits.another().await => {}
            Err(error) => {
                return Err(StoreError::Directory { path: dir.join(directory::DATABASE_FILE), reason: error.to_string() });
            }
        }
    }
}

/// SQLITE_BUSY is 5; extended codes carry it in their low byte.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

impl Store for SqliteStore {
    fn load<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Versioned<Vec<u8>>>> {
        Box::pin(read::load(&self.readers, key))
    }

    fn find_api<'a>(&'a self, api_id: &'a str) -> StoreFuture<'a, Option<(Key, Versioned<Vec<u8>>)>> {
        Box::pin(read::find_api(&self.readers, api_id))
    }

    fn list<'a>(
        &'a self,
        kind: Kind,
        scope: &'a Scope,
        after: Option<&'a str>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<(String, Versioned<Vec<u8>>)>> {
        Box::pin(read::list(&self.readers, kind, scope, after, limit))
    }

    fn commit<'a>(&'a self, writes: Vec<Write>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            for write in &writes {
                refuse_too_large(write)?;
            }
            self.writer.run(Work::Commit(writes)).await
        })
    }

    fn changes<'a>(&'a self, after_seq: u64, limit: usize) -> StoreFuture<'a, Vec<Change>> {
        Box::pin(read::changes(&self.readers, after_seq, limit))
    }

    fn last_change(&self) -> StoreFuture<'_, u64> {
        Box::pin(read::last_change(&self.readers))
    }

    fn access_key<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<AccessKey>> {
        Box::pin(read::access_key(&self.readers, id))
    }

    fn access_keys<'a>(
        &'a self,
        account: Option<&'a str>,
        after: Option<&'a str>,
        limit: usize,
    ) -> StoreFuture<'a, Vec<AccessKey>> {
        Box::pin(read::access_keys(&self.readers, account, after, limit))
    }

    fn create_access_key(&self, key: AccessKey) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.run(Work::CreateAccessKey(key)))
    }

    fn revoke_access_key<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(self.writer.run(Work::RevokeAccessKey(id.to_owned())))
    }

    fn update_locks(&self) -> &UpdateLocks {
        &self.update_locks
    }
}

fn refuse_too_large(write: &Write) -> Result<(), StoreError> {
    match write {
        Write::Create { key, body } | Write::Replace { key, body, .. } if body.len() > BODY_BYTES_MAX => {
            Err(StoreError::TooLarge { key: key.clone(), bytes: body.len() })
        }
        Write::Create { .. }
        | Write::Replace { .. }
        | Write::Delete { .. }
        | Write::Expect { .. }
        | Write::Touch { .. }
        | Write::DeleteChildren { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// `synchronous` belongs to a connection, so only the writer's own options can tell: 2 is FULL.
    #[tokio::test]
    async fn the_writer_syncs_every_commit() {
        let dir = tempfile::tempdir().unwrap();
        let options = connect_options(dir.path()).unwrap();
        let mut connection = connect(dir.path(), &options).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut connection).await.unwrap();
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await.unwrap();
        assert_eq!((synchronous, journal.as_str()), (2, "wal"));
    }
}
