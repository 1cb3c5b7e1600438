//! The readers' statements. Each sees the last commit as a whole.

use postern_api_model::identity::Session;
use postern_api_model::scope::Scope;
use sqlx::sqlite::SqlitePool;

use crate::access_key::{AccessKey, AccessKeyStatus, Secret};
use crate::error::StoreError;
use crate::key::{Change, Key, Kind, Versioned};
use crate::store::LIST_ROWS_MAX;

pub(super) async fn load(readers: &SqlitePool, key: &Key) -> Result<Option<Versioned<Vec<u8>>>, StoreError> {
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, body FROM aggregate WHERE kind = ? AND account = ? AND region = ? AND id = ?")
            .bind(key.kind.as_str())
            .bind(&key.scope.account)
            .bind(&key.scope.region)
            .bind(&key.id)
            .fetch_optional(readers)
            .await?;
    Ok(row.map(|(version, body)| versioned(version, body)))
}

pub(super) async fn find_api(readers: &SqlitePool, api_id: &str) -> Result<Option<(Key, Versioned<Vec<u8>>)>, StoreError> {
    let row: Option<(String, String, String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT kind, account, region, version, body FROM aggregate WHERE api_id = ?")
            .bind(api_id)
            .fetch_optional(readers)
            .await?;
    let Some((name, account, region, version, body)) = row else { return Ok(None) };
    let Some(kind) = Kind::named(&name) else {
        let reason = "this version does not know the kind".to_owned();
        return Err(StoreError::Corrupt { kind: name, id: api_id.to_owned(), reason });
    };
    let key = Key { kind, scope: Scope { account, region }, id: api_id.to_owned() };
    Ok(Some((key, versioned(version, body))))
}

pub(super) async fn list(
    readers: &SqlitePool,
    kind: Kind,
    scope: &Scope,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Versioned<Vec<u8>>)>, StoreError> {
    let rows: Vec<(String, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT id, version, body FROM aggregate WHERE kind = ? AND account = ? AND region = ? AND id > ? ORDER BY id LIMIT ?",
    )
    .bind(kind.as_str())
    .bind(&scope.account)
    .bind(&scope.region)
    // No id is empty, so the empty one is before the first.
    .bind(after.unwrap_or_default())
    .bind(rows_limit(limit))
    .fetch_all(readers)
    .await?;
    Ok(rows.into_iter().map(|(id, version, body)| (id, versioned(version, body))).collect())
}

pub(super) async fn scopes(readers: &SqlitePool, kind: Kind, after: Option<&Scope>) -> Result<Vec<Scope>, StoreError> {
    let (account, region) = after.map_or(("", ""), |scope| (&*scope.account, &*scope.region));
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT DISTINCT account, region FROM aggregate WHERE kind = ? AND (account, region) > (?, ?) ORDER BY account, region LIMIT ?",
    )
    .bind(kind.as_str())
    .bind(account)
    .bind(region)
    .bind(rows_limit(LIST_ROWS_MAX))
    .fetch_all(readers)
    .await?;
    Ok(rows.into_iter().map(|(account, region)| Scope { account, region }).collect())
}

pub(super) async fn changes(readers: &SqlitePool, after_seq: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
    let rows: Vec<(i64, String, String, String, String)> =
        sqlx::query_as("SELECT seq, kind, account, region, id FROM change WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(i64::try_from(after_seq).unwrap_or(i64::MAX))
            .bind(rows_limit(limit))
            .fetch_all(readers)
            .await?;
    // The numbers have no gaps, so a jump means pruned rows, and a reader ahead of the feed means an older database.
    let complete = match rows.first() {
        Some((first, ..)) => first.cast_unsigned() == after_seq + 1,
        None => after_seq <= last_change(readers).await?,
    };
    if !complete {
        return Err(StoreError::ChangesLost { after_seq });
    }
    let change = |(seq, kind, account, region, id): (i64, String, String, String, String)| Change {
        seq: seq.cast_unsigned(),
        kind,
        scope: Scope { account, region },
        id,
    };
    Ok(rows.into_iter().map(change).collect())
}

pub(super) async fn last_change(readers: &SqlitePool) -> Result<u64, StoreError> {
    let last: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM change").fetch_one(readers).await?;
    Ok(last.cast_unsigned())
}

type AccessKeyRow = (String, String, String, i64, String, Option<String>, Option<Vec<u8>>, Option<i64>);

pub(super) async fn access_key(readers: &SqlitePool, id: &str) -> Result<Option<AccessKey>, StoreError> {
    let row: Option<AccessKeyRow> = sqlx::query_as(
        "SELECT id, secret, account, created, status, policy, session_token_sha256, session_expires FROM access_key WHERE id = ?",
    )
    .bind(id)
    .fetch_optional(readers)
    .await?;
    row.map(access_key_from).transpose()
}

pub(super) async fn access_keys(
    readers: &SqlitePool,
    account: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<AccessKey>, StoreError> {
    let rows: Vec<AccessKeyRow> = sqlx::query_as(
        "SELECT id, secret, account, created, status, policy, session_token_sha256, session_expires FROM access_key
         WHERE (?1 IS NULL OR account = ?1) AND id > ?2 ORDER BY id LIMIT ?3",
    )
    .bind(account)
    .bind(after.unwrap_or_default())
    .bind(rows_limit(limit))
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(access_key_from).collect()
}

fn access_key_from(row: AccessKeyRow) -> Result<AccessKey, StoreError> {
    let (id, secret, account, created, status, policy, token, expires) = row;
    let corrupt = |reason: &str| StoreError::Corrupt { kind: "access_key".to_owned(), id: id.clone(), reason: reason.to_owned() };
    let status = AccessKeyStatus::named(&status).ok_or_else(|| corrupt("this version does not know its status"))?;
    // Half of a session must not make a key for good of one that was lent.
    let session = match (token.map(<[u8; 32]>::try_from), expires) {
        (None, None) => None,
        (Some(Ok(token_sha256)), Some(expires_s)) => Some(Session { token_sha256, issued_s: created, expires_s }),
        _ => return Err(corrupt("its session is not whole")),
    };
    Ok(AccessKey { id, secret: Secret::new(secret), account, created, status, policy, session })
}

fn versioned(version: i64, body: Vec<u8>) -> Versioned<Vec<u8>> {
    // The schema checks that versions are positive.
    Versioned { version: version.cast_unsigned(), value: body }
}

fn rows_limit(limit: usize) -> i64 {
    i64::try_from(limit.min(LIST_ROWS_MAX)).unwrap_or(i64::MAX)
}
