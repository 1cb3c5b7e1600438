//! One commit's statements. The caller wraps them in a savepoint.

use sqlx::sqlite::SqliteConnection;

use super::writer::Work;
use crate::access_key::{AccessKey, AccessKeyStatus};
use crate::error::StoreError;
use crate::key::{Key, Write};

/// Newest changes that the feed keeps. A node that missed more reads everything afresh; at a thousand writes a second, far over
/// what one installation's management sees, it may be away for over a minute.
pub const CHANGES_KEPT: u64 = 100_000;

pub(super) async fn apply(connection: &mut SqliteConnection, work: &Work) -> Result<(), StoreError> {
    match work {
        Work::Commit(writes) => {
            for write in writes {
                apply_write(connection, write).await?;
            }
            Ok(())
        }
        Work::CreateAccessKey(key) => create_access_key(connection, key).await,
        Work::RevokeAccessKey(id) => revoke_access_key(connection, id).await,
    }
}

async fn apply_write(connection: &mut SqliteConnection, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::Create { key, body } => create(connection, key, body).await,
        Write::Replace { key, expected_version, body } => replace(connection, key, *expected_version, body).await,
        Write::Delete { key, expected_version } => delete(connection, key, *expected_version).await,
        Write::Expect { key, expected_version } => expect(connection, key, *expected_version).await,
        Write::Touch { key, expected_version } => touch(connection, key, *expected_version).await,
        Write::DeleteChildren { kind, scope, parent_id } => {
            // Every id that begins with "parent/" sorts from there up to "parent0": `0` is the character after the slash.
            let (from, below) = (format!("{parent_id}/"), format!("{parent_id}0"));
            let (kind, account, region) = (kind.as_str(), scope.account.as_str(), scope.region.as_str());
            delete_range(connection, [kind, account, region, &from, &below]).await
        }
    }
}

async fn create(connection: &mut SqliteConnection, key: &Key, body: &[u8]) -> Result<(), StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO aggregate (kind, account, region, id, version, api_id, body) VALUES (?, ?, ?, ?, 1, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(key.kind.as_str())
    .bind(&key.scope.account)
    .bind(&key.scope.region)
    .bind(&key.id)
    .bind(key.kind.is_api().then_some(&key.id))
    .bind(body)
    .execute(&mut *connection)
    .await?;
    note_checked(connection, key, inserted.rows_affected()).await
}

async fn replace(connection: &mut SqliteConnection, key: &Key, expected: u64, body: &[u8]) -> Result<(), StoreError> {
    let updated = sqlx::query(
        "UPDATE aggregate SET version = version + 1, body = ?
         WHERE kind = ? AND account = ? AND region = ? AND id = ? AND version = ?",
    )
    .bind(body)
    .bind(key.kind.as_str())
    .bind(&key.scope.account)
    .bind(&key.scope.region)
    .bind(&key.id)
    // A number past the signed range becomes negative and matches nothing, as it should.
    .bind(expected.cast_signed())
    .execute(&mut *connection)
    .await?;
    note_checked(connection, key, updated.rows_affected()).await
}

async fn delete(connection: &mut SqliteConnection, key: &Key, expected: u64) -> Result<(), StoreError> {
    let deleted = sqlx::query("DELETE FROM aggregate WHERE kind = ? AND account = ? AND region = ? AND id = ? AND version = ?")
        .bind(key.kind.as_str())
        .bind(&key.scope.account)
        .bind(&key.scope.region)
        .bind(&key.id)
        .bind(expected.cast_signed())
        .execute(&mut *connection)
        .await?;
    note_checked(connection, key, deleted.rows_affected()).await
}

async fn expect(connection: &mut SqliteConnection, key: &Key, expected: u64) -> Result<(), StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM aggregate WHERE kind = ? AND account = ? AND region = ? AND id = ? AND version = ?")
            .bind(key.kind.as_str())
            .bind(&key.scope.account)
            .bind(&key.scope.region)
            .bind(&key.id)
            .bind(expected.cast_signed())
            .fetch_optional(&mut *connection)
            .await?;
    found.map(drop).ok_or_else(|| StoreError::Conflict { key: key.clone() })
}

async fn touch(connection: &mut SqliteConnection, key: &Key, expected: u64) -> Result<(), StoreError> {
    let touched = sqlx::query(
        "UPDATE aggregate SET version = version + 1 WHERE kind = ? AND account = ? AND region = ? AND id = ? AND version = ?",
    )
    .bind(key.kind.as_str())
    .bind(&key.scope.account)
    .bind(&key.scope.region)
    .bind(&key.id)
    .bind(expected.cast_signed())
    .execute(&mut *connection)
    .await?;
    note_checked(connection, key, touched.rows_affected()).await
}

/// Conflicts when the check let no row through; else notes the change, for kinds that the feed has.
async fn note_checked(connection: &mut SqliteConnection, key: &Key, rows: u64) -> Result<(), StoreError> {
    if rows == 0 {
        return Err(StoreError::Conflict { key: key.clone() });
    }
    if !key.kind.is_in_feed() {
        return Ok(());
    }
    sqlx::query("INSERT INTO change (kind, account, region, id) VALUES (?, ?, ?, ?)")
        .bind(key.kind.as_str())
        .bind(&key.scope.account)
        .bind(&key.scope.region)
        .bind(&key.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// `range` is kind, account, region, first id and the id before which it ends.
async fn delete_range(connection: &mut SqliteConnection, range: [&str; 5]) -> Result<(), StoreError> {
    const STATEMENTS: [&str; 2] = [
        "INSERT INTO change (kind, account, region, id) SELECT kind, account, region, id FROM aggregate
         WHERE kind = ? AND account = ? AND region = ? AND id >= ? AND id < ? ORDER BY id",
        "DELETE FROM aggregate WHERE kind = ? AND account = ? AND region = ? AND id >= ? AND id < ?",
    ];
    for statement in STATEMENTS {
        let mut query = sqlx::query(statement);
        for value in range {
            query = query.bind(value);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn create_access_key(connection: &mut SqliteConnection, key: &AccessKey) -> Result<(), StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO access_key (id, secret, account, created, status, policy, session_token_sha256, session_expires)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(&key.id)
    .bind(key.secret.expose())
    .bind(&key.account)
    .bind(key.created)
    .bind(key.status.as_str())
    .bind(key.policy.as_deref())
    .bind(key.session.as_ref().map(|session| &session.token_sha256[..]))
    .bind(key.session.map(|session| session.expires_s))
    .execute(connection)
    .await?;
    match inserted.rows_affected() {
        0 => Err(StoreError::AccessKeyExists { id: key.id.clone() }),
        _ => Ok(()),
    }
}

async fn revoke_access_key(connection: &mut SqliteConnection, id: &str) -> Result<(), StoreError> {
    let updated = sqlx::query("UPDATE access_key SET status = ? WHERE id = ?")
        .bind(AccessKeyStatus::Revoked.as_str())
        .bind(id)
        .execute(connection)
        .await?;
    match updated.rows_affected() {
        0 => Err(StoreError::AccessKeyUnknown { id: id.to_owned() }),
        _ => Ok(()),
    }
}

/// Keeps the feed bounded; the numbers go on counting.
pub(super) async fn prune_changes(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM change WHERE seq <= (SELECT MAX(seq) FROM change) - ?")
        .bind(CHANGES_KEPT.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}
