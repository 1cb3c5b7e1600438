//! What the store's tests share.
#![allow(clippy::unwrap_used, dead_code)]

use postern_api_model::scope::Scope;
use postern_store::{Aggregate, Key, Kind, OpenMode, SqliteStore, Versioned, Write};
use serde::{Deserialize, Serialize};

/// A small aggregate under the kind that may have any id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub entries: Vec<u32>,
}

impl Aggregate for Tally {
    const KIND: Kind = Kind::ACCOUNT;
}

pub fn scope() -> Scope {
    scope_in("us-east-1")
}

pub fn scope_in(region: &str) -> Scope {
    Scope { account: "000000000000".into(), region: region.into() }
}

pub fn key(kind: Kind, id: &str) -> Key {
    Key { kind, scope: scope(), id: id.into() }
}

pub fn create(kind: Kind, id: &str, body: &str) -> Write {
    Write::Create { key: key(kind, id), body: body.into() }
}

pub fn at(version: u64, body: &str) -> Option<Versioned<Vec<u8>>> {
    Some(Versioned { version, value: body.into() })
}

pub async fn open(dir: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(dir.path(), OpenMode::Serve).await.unwrap()
}

pub async fn beside(dir: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(dir.path(), OpenMode::Beside).await.unwrap()
}
