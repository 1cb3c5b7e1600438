//! The one writer: a task that makes one transaction, and one fsync, of all the commits that wait.
//!
//! Each commit runs in a savepoint of its own, so that one that conflicts leaves the others of its batch alone. All are answered
//! after the transaction is on the disk. Nobody who waits holds the transaction, so a caller that goes away disturbs nothing.

use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Notify, mpsc, oneshot};

use super::apply;
use super::directory::DirectoryLock;
use crate::access_key::AccessKey;
use crate::error::StoreError;
use crate::key::Write;

/// Most commits that wait in the queue; further callers wait for a place in it.
pub const QUEUE_COMMITS_MAX: usize = 1_024;

/// Most commits of one transaction: past a few dozen the fsync is shared well enough, and the first of them should not wait
/// long for the last.
pub const BATCH_COMMITS_MAX: usize = 64;

/// What one caller wants done, whole or not at all.
#[derive(Debug)]
pub(super) enum Work {
    Commit(Vec<Write>),
    CreateAccessKey(AccessKey),
    RevokeAccessKey(String),
}

#[derive(Debug)]
struct Job {
    work: Work,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

/// The callers' end.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    closing: Arc<Notify>,
}

impl Writer {
    /// The task ends when this end is closed or dropped, and gives back the lock then.
    pub(super) fn start(options: SqliteConnectOptions, connection: SqliteConnection, lock: Option<DirectoryLock>) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_COMMITS_MAX);
        let closing = Arc::new(Notify::new());
        let task = Task { options, connection: Some(connection), lock };
        tokio::spawn(task.run(jobs, Arc::clone(&closing)));
        Self { queue, closing }
    }

    pub(super) async fn run(&self, work: Work) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let closed = || StoreError::Unavailable("it is closed".to_owned());
        self.queue.send(Job { work, answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    pub(super) async fn close(&self) {
        self.closing.notify_one();
        self.queue.closed().await;
    }
}

struct Task {
    options: SqliteConnectOptions,
    /// `None` after a failure: the next batch connects anew rather than trust the state of the failed one.
    connection: Option<SqliteConnection>,
    lock: Option<DirectoryLock>,
}

impl Task {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, closing: Arc<Notify>) {
        let mut batch = Vec::with_capacity(BATCH_COMMITS_MAX);
        loop {
            let received = tokio::select! {
                received = jobs.recv_many(&mut batch, BATCH_COMMITS_MAX) => received,
                () = closing.notified() => {
                    jobs.close();
                    continue;
                }
            };
            if received == 0 {
                break;
            }
            self.do_batch(&mut batch).await;
        }
        if let Some(connection) = self.connection.take() {
            // A failure here leaves a longer log for the next start to read, nothing else.
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "the database was not closed cleanly");
            }
        }
        drop(self.lock);
        // Only now: `close` returns when this end of the queue is gone.
        drop(jobs);
    }

    /// Does the batch, leaves it empty.
    async fn do_batch(&mut self, batch: &mut Vec<Job>) {
        match self.transaction(batch).await {
            Ok(results) => {
                for (job, result) in batch.drain(..).zip(results) {
                    // A caller that went away does not need the answer.
                    let _ = job.answer.send(result);
                }
            }
            Err(error) => {
                self.connection = None;
                tracing::error!(%error, commits = batch.len(), "a transaction failed; its commits were not done");
                for job in batch.drain(..) {
                    let _ = job.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// The results of the single commits, or the failure of all of them.
    async fn transaction(&mut self, batch: &[Job]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut results = Vec::with_capacity(batch.len());
        for job in batch {
            let mut savepoint = transaction.begin().await?;
            match apply::apply(&mut savepoint, &job.work).await {
                Ok(()) => {
                    savepoint.commit().await?;
                    results.push(Ok(()));
                }
                // SQLite may have rolled back the whole transaction (disk full, I/O error): nothing of it counts.
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(refused) => {
                    savepoint.rollback().await?;
                    results.push(Err(refused));
                }
            }
        }
        apply::prune_changes(&mut transaction).await?;
        transaction.commit().await?;
        Ok(results)
    }
}
