//! Access keys.
#![allow(clippy::unwrap_used)]

mod common;

use common::{beside, open};
use postern_api_model::identity::Session;
use postern_store::{AccessKey, AccessKeyStatus, Secret, Store, StoreError};

fn access_key(id: &str, account: &str) -> AccessKey {
    let secret = Secret::new(format!("secret-of-{id}"));
    AccessKey {
        id: id.into(),
        secret,
        account: account.into(),
        created: 1_700_000_000,
        status: AccessKeyStatus::Active,
        policy: None,
        session: None,
    }
}

fn ids(keys: &[AccessKey]) -> Vec<&str> {
    keys.iter().map(|key| key.id.as_str()).collect()
}

#[tokio::test]
async fn keys_are_made_listed_and_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    for (id, account) in [("AKIAC", "000000000000"), ("AKIAA", "000000000000"), ("AKIAB", "111111111111")] {
        store.create_access_key(access_key(id, account)).await.unwrap();
    }
    assert_eq!(store.access_key("AKIAA").await, Ok(Some(access_key("AKIAA", "000000000000"))));
    let limited = AccessKey { policy: Some("{}".into()), ..access_key("AKIAZ", "222222222222") };
    store.create_access_key(limited.clone()).await.unwrap();
    assert_eq!(store.access_keys(Some("222222222222"), None, 1).await, Ok(vec![limited]));
    let session = Some(Session { token_sha256: [7; 32], issued_s: 1_700_000_000, expires_s: 1_700_003_600 });
    let lent = AccessKey { session, ..access_key("ASIAZ", "333333333333") };
    store.create_access_key(lent.clone()).await.unwrap();
    assert_eq!(store.access_key("ASIAZ").await, Ok(Some(lent)));
    assert_eq!(store.access_key("akiaa").await, Ok(None));
    assert_eq!(ids(&store.access_keys(None, None, 10).await.unwrap()), ["AKIAA", "AKIAB", "AKIAC", "AKIAZ", "ASIAZ"]);
    assert_eq!(ids(&store.access_keys(Some("000000000000"), None, 1).await.unwrap()), ["AKIAA"]);
    assert_eq!(ids(&store.access_keys(Some("000000000000"), Some("AKIAA"), 1).await.unwrap()), ["AKIAC"]);

    store.revoke_access_key("AKIAA").await.unwrap();
    store.revoke_access_key("AKIAA").await.unwrap();
    assert_eq!(store.access_key("AKIAA").await.unwrap().unwrap().status, AccessKeyStatus::Revoked);
}

#[tokio::test]
async fn a_taken_and_an_unknown_id_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).await;
    store.create_access_key(access_key("AKIAA", "000000000000")).await.unwrap();
    store.revoke_access_key("AKIAA").await.unwrap();
    let taken = store.create_access_key(access_key("AKIAA", "111111111111")).await;
    assert_eq!(taken, Err(StoreError::AccessKeyExists { id: "AKIAA".into() }));
    let unknown = store.revoke_access_key("AKIAX").await;
    assert_eq!(unknown, Err(StoreError::AccessKeyUnknown { id: "AKIAX".into() }));
}

#[tokio::test]
async fn a_key_made_or_revoked_beside_the_server_counts_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = open(&dir).await;
    let other = beside(&dir).await;
    other.create_access_key(access_key("AKIAA", "000000000000")).await.unwrap();
    assert_eq!(server.access_key("AKIAA").await.unwrap().unwrap().status, AccessKeyStatus::Active);
    other.revoke_access_key("AKIAA").await.unwrap();
    assert_eq!(server.access_key("AKIAA").await.unwrap().unwrap().status, AccessKeyStatus::Revoked);
}

#[test]
fn a_secret_does_not_show_itself() {
    let shown = format!("{:?}", access_key("AKIAA", "000000000000"));
    assert!(shown.contains("AKIAA") && shown.contains("redacted") && !shown.contains("secret-of"), "{shown}");
}
