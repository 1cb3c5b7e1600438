//! The one error of this crate. The texts are for the person who runs the server and say what to do.

use std::path::PathBuf;

use crate::key::Key;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another write came first, or what should be made is there already. Load again and decide afresh.
    #[error("{key} was changed by another writer; read it again and repeat the change")]
    Conflict {
        /// The aggregate whose check failed.
        key: Key,
    },
    /// The database was written by a newer Postern.
    #[error(
        "the data directory {} was written by a newer version of Postern (schema {found}; this version knows schemas up to {known}): \
         start the newer version, or restore a backup made before the upgrade", dir.display()
    )]
    NewerSchema {
        /// The data directory.
        dir: PathBuf,
        /// Number of the newest migration in the database.
        found: i64,
        /// Number of the newest migration of this binary.
        known: i64,
    },
    /// A migration was applied by half, or the applied one is not the one this binary has.
    #[error(
        "the schema of the data directory {} is broken: migration {migration} {problem}; restore a backup, or start the version of \
         Postern that last wrote it", dir.display()
    )]
    BrokenSchema {
        /// The data directory.
        dir: PathBuf,
        /// Number of the migration.
        migration: i64,
        /// What is wrong with it, in words.
        problem: String,
    },
    /// The schema must be brought up to date, which is not done under a running server of an older version.
    #[error(
        "the data directory {} has an older schema and is in use by a running `postern serve` ({}): use that server's version of \
         `postern`, or stop it and start this version once", dir.display(), process(*.holder)
    )]
    OlderSchemaInUse {
        /// The data directory.
        dir: PathBuf,
        /// Process id of the server, when it could be read.
        holder: Option<u32>,
    },
    /// The schema is to be brought up to date, by whoever may change it.
    #[error("the data directory {} has an older schema, which the next start of this version brings up to date", dir.display())]
    OlderSchema {
        /// The data directory.
        dir: PathBuf,
    },
    /// Another server holds the directory.
    #[error(
        "the data directory {} is in use by another `postern serve` ({}); stop it or choose another --data-dir", dir.display(),
        process(*.holder)
    )]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// Process id of the server, when it could be read.
        holder: Option<u32>,
    },
    /// The directory or a file in it cannot be made or opened.
    #[error("cannot use {}: {reason}; check that the path exists and that this user may write there, or choose another --data-dir", path.display())]
    Directory {
        /// The directory or file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// What is stored is not what this version writes.
    #[error("the stored {kind} {id} cannot be read ({reason}): restore it from a backup, or delete it")]
    Corrupt {
        /// Stored name of the kind.
        kind: String,
        /// Its id.
        id: String,
        /// What is wrong with it; never quotes the stored value, which may hold secrets.
        reason: String,
    },
    /// An aggregate is larger than the store takes.
    #[error("{key} is {bytes} bytes long, over the limit of {} bytes for one aggregate", crate::BODY_BYTES_MAX)]
    TooLarge {
        /// The aggregate.
        key: Key,
        /// Its length.
        bytes: usize,
    },
    /// The feed cannot be continued from here: the changes after it were pruned, or an older backup was restored.
    #[error("the changes after number {after_seq} are no longer kept: read everything afresh and continue from the last change")]
    ChangesLost {
        /// Where the reader stood.
        after_seq: u64,
    },
    /// An access key of that id is there, active or revoked.
    #[error("there is an access key {id} already; choose another id")]
    AccessKeyExists {
        /// Its id.
        id: String,
    },
    /// There is no access key of that id.
    #[error("there is no access key {id}; `postern keys list` shows those there are")]
    AccessKeyUnknown {
        /// The id asked for.
        id: String,
    },
    /// The database did not answer. A write that ends so is whole or absent.
    #[error("the store is not available: {0}")]
    Unavailable(String),
}

fn process(holder: Option<u32>) -> String {
    match holder {
        Some(pid) => format!("process {pid}"),
        None => "process unknown".to_owned(),
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::Unavailable(error.to_string())
    }
}
