//! Bringing the schema up to date, and refusing one that this binary must not touch.

use std::path::Path;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use super::directory::{self, Waits};
use crate::error::StoreError;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// What is to be done with a schema that may be used.
#[derive(Debug, PartialEq, Eq)]
enum SchemaState {
    Current,
    Older,
}

/// For the server, which holds the directory.
pub(super) async fn bring_up_to_date(connection: &mut SqliteConnection, dir: &Path) -> Result<(), StoreError> {
    match inspect(connection, dir).await? {
        SchemaState::Current => Ok(()),
        SchemaState::Older => migrate(connection, dir).await,
    }
}

/// For a process beside: it changes the schema only while it holds the directory itself, never under a running server, which
/// may be an older one. A server that just starts is waited for.
pub(super) async fn bring_up_to_date_beside(connection: &mut SqliteConnection, dir: &Path) -> Result<(), StoreError> {
    let mut waits = Waits::new();
    while inspect(connection, dir).await? == SchemaState::Older {
        if let Some(_lock) = directory::try_lock(dir)? {
            return migrate(connection, dir).await;
        }
        if !waits.another().await {
            return Err(StoreError::OlderSchemaInUse { dir: dir.to_owned(), holder: directory::holder(dir) });
        }
    }
    Ok(())
}

/// For a process that changes nothing.
pub(super) async fn expect_current(connection: &mut SqliteConnection, dir: &Path) -> Result<(), StoreError> {
    match inspect(connection, dir).await? {
        SchemaState::Current => Ok(()),
        SchemaState::Older => Err(StoreError::OlderSchema { dir: dir.to_owned() }),
    }
}

async fn inspect(connection: &mut SqliteConnection, dir: &Path) -> Result<SchemaState, StoreError> {
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| StoreError::Directory { path: dir.join(directory::DATABASE_FILE), reason: error.to_string() })?;
    if tables == 0 {
        return Ok(SchemaState::Older);
    }
    let applied = sqlx::query("SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version DESC")
        .fetch_all(&mut *connection)
        .await?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    for row in &applied {
        let (found, success, checksum): (i64, bool, &[u8]) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let broken =
            |problem: &str| StoreError::BrokenSchema { dir: dir.to_owned(), migration: found, problem: problem.to_owned() };
        if found > known {
            return Err(StoreError::NewerSchema { dir: dir.to_owned(), found, known });
        }
        if !success {
            return Err(broken("was applied only by half"));
        }
        match MIGRATIONS.iter().find(|migration| migration.version == found) {
            None => return Err(broken("is in the database but unknown to this version")),
            Some(migration) if migration.checksum != checksum => return Err(broken("is not the one that this version has")),
            Some(_) => {}
        }
    }
    Ok(if applied.len() == MIGRATIONS.iter().count() { SchemaState::Current } else { SchemaState::Older })
}

/// All missing migrations in one transaction, so that an end in the middle leaves the old schema.
async fn migrate(connection: &mut SqliteConnection, dir: &Path) -> Result<(), StoreError> {
    let broken = |migration, problem| StoreError::BrokenSchema { dir: dir.to_owned(), migration, problem };
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // `run` does the same, but its generic `Acquire` makes a future that the compiler cannot prove `Send`.
    match MIGRATIONS.run_direct(None, &mut *transaction, false).await {
        Ok(()) => {}
        Err(MigrateError::ExecuteMigration(error, version)) => {
            return Err(broken(version, format!("cannot be applied: {error}")));
        }
        Err(MigrateError::VersionMismatch(version)) => {
            return Err(broken(version, "is not the one that this version has".to_owned()));
        }
        Err(MigrateError::Dirty(version)) => return Err(broken(version, "was applied only by half".to_owned())),
        Err(error) => return Err(StoreError::Unavailable(error.to_string())),
    }
    transaction.commit().await?;
    Ok(())
}
