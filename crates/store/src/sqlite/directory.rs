//! The data directory: its files, who may read them, and who holds it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::StoreError;

/// The database, beside which SQLite keeps `-wal` and `-shm` with the same permissions.
pub const DATABASE_FILE: &str = "postern.db";

/// What was committed and is not in the database yet.
pub(super) const LOG_FILE: &str = "postern.db-wal";

/// Locked as long as a server runs; holds its process id.
const LOCK_FILE: &str = "postern.lock";

/// The database holds secret keys: for the owner alone.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// How long and how often something that another process does at its start is waited for: making a schema takes milliseconds,
/// and a second `serve` should be refused within a second.
const WAIT: Duration = Duration::from_millis(20);
const WAITS_MAX: u32 = 50;

/// The lock on a data directory; given back when it is dropped or its process ends, however it ends.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    file: File,
}

/// A bounded number of short waits.
pub(super) struct Waits {
    left: u32,
}

impl Waits {
    pub(super) fn new() -> Self {
        Self { left: WAITS_MAX }
    }

    /// Waits once more; `false`, at once, when there were enough.
    pub(super) async fn another(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        tokio::time::sleep(WAIT).await;
        true
    }
}

/// Makes the directory when it is missing. One that exists keeps its permissions: its owner may have chosen them.
pub(super) fn prepare(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(dir).map_err(|error| cannot_use(dir, &error))?;
    // The name of the new directory must outlive a loss of power as well, or synced commits go with it.
    let parent = match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| cannot_use(parent, &error))
}

/// Refuses a directory without a database, and makes nothing.
pub(super) fn expect_database(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(DATABASE_FILE);
    File::open(&path).map(drop).map_err(|error| cannot_use(&path, &error))
}

/// The path of the database; makes the file when it is missing, because SQLite would make it readable for everybody.
pub(super) fn database_file(dir: &Path) -> Result<PathBuf, StoreError> {
    let path = dir.join(DATABASE_FILE);
    open_private(&path)?;
    Ok(path)
}

/// Takes the lock of the one server. Waits shortly, because a process beside holds it for the moment of making a schema.
pub(super) async fn lock_for_serving(dir: &Path) -> Result<DirectoryLock, StoreError> {
    let mut waits = Waits::new();
    loop {
        match try_lock(dir)? {
            Some(mut lock) => {
                lock.sign().map_err(|error| cannot_use(&dir.join(LOCK_FILE), &error))?;
                return Ok(lock);
            }
            None if waits.another().await => {}
            None => return Err(StoreError::Locked { dir: dir.to_owned(), holder: holder(dir) }),
        }
    }
}

/// Takes the lock unless another process has it.
pub(super) fn try_lock(dir: &Path) -> Result<Option<DirectoryLock>, StoreError> {
    let path = dir.join(LOCK_FILE);
    let file = open_private(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(DirectoryLock { file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(cannot_use(&path, &error)),
    }
}

/// Process id of the server that holds the lock, for messages.
pub(super) fn holder(dir: &Path) -> Option<u32> {
    let mut text = String::new();
    // A process id has ten digits at most; the bound is for a file that is something else.
    File::open(dir.join(LOCK_FILE)).ok()?.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

impl DirectoryLock {
    fn sign(&mut self) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        writeln!(self.file, "{}", std::process::id())
    }
}

fn open_private(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path)
        .map_err(|error| cannot_use(path, &error))
}

fn cannot_use(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Directory { path: path.to_owned(), reason: error.to_string() }
}
