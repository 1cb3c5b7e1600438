//! `postern keys`: access keys, also beside a running server. The server reads keys from the store with every management
//! call, and at most half a second late for API traffic.

use std::io::{Read, Write};
use std::path::Path;

use postern_policy::{DOCUMENT_BYTES_MAX, Kind, Policy};
use postern_store::{AccessKey, AccessKeyStatus, LIST_ROWS_MAX, OpenMode, SqliteStore, Store, StoreError};
use serde_json::json;

use crate::access_keys::{self, NewKey};
use crate::cli::{KeysAction, Output};
use crate::config::Settings;
use crate::failure::Failure;
use crate::log_key;

/// Does what was asked and prints it to `out`.
///
/// # Errors
/// When the data directory cannot be used or there is no such key.
pub async fn run(settings: &Settings, action: KeysAction, output: Output, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    // A first key may be made before the server ever ran. Opening makes a missing directory, so a mistyped one would look empty.
    if !matches!(action, KeysAction::Create { .. } | KeysAction::LogKey) && !settings.data_dir.is_dir() {
        return Err(Failure::NoDataDirectory(settings.data_dir.clone()));
    }
    // Read first: a policy that cannot be used must not leave a directory behind.
    let policy = match &action {
        KeysAction::Create { policy: Some(path), .. } => Some(identity_policy(path)?),
        _ => None,
    };
    let store = SqliteStore::open(&settings.data_dir, OpenMode::Beside).await?;
    let text = match action {
        KeysAction::Create { session_duration, .. } => {
            let made = match session_duration {
                Some(seconds) => access_keys::lend(&settings.account, seconds)?,
                None => NewKey { key: access_keys::generate(&settings.account)?, session_token: None },
            };
            let made = NewKey { key: AccessKey { policy, ..made.key }, ..made };
            store.create_access_key(made.key.clone()).await?;
            created(&made, output)
        }
        KeysAction::List => listed(&all(&store, Some(&settings.account)).await?, output),
        KeysAction::Revoke { key_id } => {
            store.revoke_access_key(&key_id).await?;
            revoked(&key_id, output)
        }
        // The store's opening made the directory.
        KeysAction::LogKey => shown_log_key(&log_key::provide(&settings.data_dir)?, output),
    };
    writeln!(out, "{text}").map_err(Failure::Output)
}

/// The policy in a file, as it is stored: plain compact JSON.
fn identity_policy(path: &Path) -> Result<String, Failure> {
    let unreadable = |reason: String| Failure::Unreadable { path: path.to_owned(), reason };
    let unusable = |reason: String| Failure::Policy { path: path.to_owned(), reason };
    let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut text = String::new();
    // One byte more than there may be, which the parser then refuses.
    let mut bounded = file.take(DOCUMENT_BYTES_MAX as u64 + 1);
    bounded.read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
    Policy::parse(&text, Kind::Identity).map_err(|error| unusable(error.to_string()))?;
    let compact: serde_json::Value = serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
    Ok(compact.to_string())
}

/// The access keys of an account, or of all.
///
/// # Errors
/// When the store cannot be read.
pub async fn all(store: &dyn Store, account: Option<&str>) -> Result<Vec<AccessKey>, StoreError> {
    let mut keys: Vec<AccessKey> = Vec::new();
    loop {
        let after = keys.last().map(|key| key.id.clone());
        let page = store.access_keys(account, after.as_deref(), LIST_ROWS_MAX).await?;
        let last = page.len() < LIST_ROWS_MAX;
        keys.extend(page);
        if last {
            return Ok(keys);
        }
    }
}

fn created(made: &NewKey, output: Output) -> String {
    let NewKey { key, session_token } = made;
    let session = session_token.as_ref().zip(key.session);
    match output {
        Output::Json => {
            let mut made = json!({ "accessKeyId": key.id, "secretAccessKey": key.secret.expose(), "account": key.account });
            if key.policy.is_some() {
                made["policy"] = policy_of(key);
            }
            if let Some((token, session)) = session {
                made["sessionToken"] = token.expose().into();
                made["expiration"] = moment(session.expires_s).into();
            }
            made.to_string()
        }
        Output::Table => {
            let secret = key.secret.expose();
            let mut text = format!("access key id      {}\nsecret access key  {secret}\n", key.id);
            if let Some((token, session)) = session {
                let until = moment(session.expires_s);
                text.push_str(&format!("session token      {}\nexpires            {until}\n", token.expose()));
            }
            text.push_str(&format!("account            {}\nThe secret is shown this once.", key.account));
            text
        }
    }
}

fn listed(keys: &[AccessKey], output: Output) -> String {
    if output == Output::Json {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| {
                json!({
                    "accessKeyId": key.id,
                    "account": key.account,
                    "status": status(key),
                    "created": moment(key.created),
                    "expiration": key.session.map(|session| moment(session.expires_s)),
                    "policy": policy_of(key),
                })
            })
            .collect();
        return serde_json::Value::Array(keys).to_string();
    }
    let mut text = format!("{:<20}  {:<12}  {:<8}  {:<20}  POLICY", "ACCESS KEY ID", "ACCOUNT", "STATUS", "CREATED");
    for key in keys {
        let policy = key.policy.as_deref().unwrap_or("none: everything in its account");
        text.push_str(&format!(
            "\n{:<20}  {:<12}  {:<8}  {:<20}  {policy}",
            key.id,
            key.account,
            status(key),
            moment(key.created)
        ));
    }
    text
}

fn revoked(key_id: &str, output: Output) -> String {
    match output {
        Output::Json => json!({ "accessKeyId": key_id, "status": "revoked" }).to_string(),
        Output::Table => format!("{key_id} is revoked"),
    }
}

fn shown_log_key(key: &str, output: Output) -> String {
    match output {
        Output::Json => json!({ "logKey": key }).to_string(),
        Output::Table => key.to_owned(),
    }
}

fn status(key: &AccessKey) -> &'static str {
    match key.status {
        AccessKeyStatus::Active if key.session.is_some_and(|session| session.expires_s <= jiff::Timestamp::now().as_second()) => {
            "expired"
        }
        AccessKeyStatus::Active => "active",
        AccessKeyStatus::Revoked => "revoked",
    }
}

/// The policy as a value; null where there is none.
fn policy_of(key: &AccessKey) -> serde_json::Value {
    key.policy.as_deref().map_or(serde_json::Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}

/// RFC 3339; the number itself when it is no time that has a date.
fn moment(epoch_s: i64) -> String {
    jiff::Timestamp::from_second(epoch_s).map_or_else(|_| epoch_s.to_string(), |time| time.to_string())
}
