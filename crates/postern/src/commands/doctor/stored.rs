//! What the data directory holds: whether it can be served, by whom it can be read, and what requests to its APIs would meet.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use postern_api_model::client_certificate::ClientCertificate;
use postern_api_model::scope::Scope;
use postern_data_plane::backends::{Backends, FunctionTarget};
use postern_data_plane::inspection::{Concern, ConcernKind, Inspection, inspect};
use postern_store::{
    AccessKeyStatus, DATABASE_FILE, Kind, LIST_ROWS_MAX, OpenMode, SqliteStore, Store, StoreError, Versioned, list,
};

use super::findings::{Findings, Standing};
use super::machine;
use crate::commands::keys::all as all_access_keys;
use crate::config::credentials::UnmappedRole;
use crate::config::{Mode, Settings};
use crate::serve::{backends, source};
use crate::{credentials, log_key};

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;
/// Those that let them put other files in the place of those of a directory. Its files are private by themselves.
const OTHERS_WRITE: u32 = 0o022;
/// How long before its end a certificate is spoken of: time enough to make another and have backends trust it.
const EXPIRY_WARNING_S: i64 = 30 * 24 * 3_600;
/// Methods that one line names.
const NAMED_MAX: usize = 5;

/// Looks at the data directory and everything in it.
pub async fn look(settings: &Settings, findings: &mut Findings) {
    const ABOUT: &str = "data directory";
    let dir = &settings.data_dir;
    if !dir.is_dir() {
        return findings.add(Standing::Warning, ABOUT, format!("there is no {}; the first start makes it", dir.display()));
    }
    private(dir, findings);
    for name in [DATABASE_FILE, credentials::FILE_NAME, log_key::FILE_NAME] {
        private(&dir.join(name), findings);
    }
    let store = match SqliteStore::open(dir, OpenMode::Look).await {
        Ok(store) => store,
        Err(error @ StoreError::OlderSchema { .. }) => return findings.add(Standing::Warning, ABOUT, error.to_string()),
        Err(error) => return findings.add(Standing::Error, ABOUT, error.to_string()),
    };
    findings.add(Standing::Ok, ABOUT, format!("{} can be read", dir.display()));
    machine::clock(&dir.join(DATABASE_FILE), findings);
    if let Err(error) = look_inside(settings, &store, findings).await {
        findings.add(Standing::Error, ABOUT, error.to_string());
    }
    store.close().await;
}

/// Secrets are in here.
fn private(path: &Path, findings: &mut Findings) {
    let Ok(metadata) = fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    let (forbidden, danger, wanted) = match metadata.is_dir() {
        true => (OTHERS_WRITE, "whoever writes to it can replace every file in it", "700"),
        false => (OTHERS, "whoever reads it has every secret in it", "600"),
    };
    if mode & forbidden != 0 {
        let path = path.display();
        let text = format!("{path} has mode {mode:o}, and {danger}: chmod {wanted} {path}");
        findings.add(Standing::Error, "permissions", text);
    }
}

async fn look_inside(settings: &Settings, store: &SqliteStore, findings: &mut Findings) -> Result<(), StoreError> {
    access_keys(settings, store, findings).await?;
    let backends = known_backends(settings);
    for scope in scopes(store, Kind::REST_API).await? {
        for id in ids(store, Kind::REST_API, &scope).await? {
            let about = format!("API {id} of {} in {}", scope.account, scope.region);
            match source::read(store, &id).await {
                Ok(None) => findings.add(Standing::Ok, about, "has no stage, so that nothing of it is served"),
                Ok(Some(source)) => match inspect(source, &backends) {
                    Ok(inspection) => report(&about, settings, inspection, findings),
                    Err(error) => findings.add(Standing::Error, about, error.to_string()),
                },
                Err(error) => findings.add(Standing::Error, about, error.to_string()),
            }
        }
    }
    for scope in scopes(store, Kind::CLIENT_CERTIFICATE).await? {
        certificates(store, &scope, findings).await?;
    }
    Ok(())
}

async fn access_keys(settings: &Settings, store: &SqliteStore, findings: &mut Findings) -> Result<(), StoreError> {
    let keys = all_access_keys(store, None).await?;
    let active = keys.iter().filter(|key| key.status == AccessKeyStatus::Active).count();
    match (settings.mode, active) {
        (Mode::Dev, _) => findings.add(Standing::Ok, "access keys", "under dev any will do"),
        (Mode::Signed, 0) => {
            let text = "none is active, so that nobody can manage anything: postern keys create";
            findings.add(Standing::Warning, "access keys", text);
        }
        (Mode::Signed, active) => findings.add(Standing::Ok, "access keys", format!("{active} active")),
    }
    Ok(())
}

/// What is configured, with local functions as functions that run somewhere: nothing is started to look.
fn known_backends(settings: &Settings) -> Backends {
    let mut backends = backends::configured(settings);
    let local = settings.functions.local.iter().map(|function| (function.settings.name.clone(), FunctionTarget::Aws));
    backends.functions.extend(local);
    backends
}

fn report(about: &str, settings: &Settings, inspection: Inspection, findings: &mut Findings) {
    let Inspection { concerns, roles } = inspection;
    let is_fine = !concerns.iter().any(|concern| concern.kind == ConcernKind::Failing);
    let mut open: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Concern { stage, method, kind, text } in concerns {
        match kind {
            ConcernKind::Failing => {
                let place = method.map_or_else(|| format!("stage {stage}"), |method| format!("stage {stage}, {method}"));
                findings.add(Standing::Error, about, format!("{place}: {text}"));
            }
            ConcernKind::Open => open.entry(stage).or_default().extend(method),
        }
    }
    let mut without_key = 0;
    for (place, role) in &roles {
        let keys = &settings.credentials;
        let has_key = keys.roles.contains_key(role) || keys.mode == Mode::Dev || keys.unmapped == UnmappedRole::Default;
        if !has_key {
            without_key += 1;
            let text = format!("{place}: no key is configured for the role {role}: add a table [credentials.{role:?}]");
            findings.add(Standing::Error, about, text);
        }
    }
    for (stage, methods) in open {
        let rest = methods.len().saturating_sub(NAMED_MAX);
        let named = methods.into_iter().take(NAMED_MAX).collect::<Vec<_>>().join(", ");
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        let text = format!("stage {stage}: anybody may call {named}{more}: no authorization, no API key, no resource policy");
        findings.add(Standing::Warning, about, text);
    }
    if is_fine && without_key == 0 {
        findings.add(Standing::Ok, about, "nothing stands in the way of its requests");
    }
}

async fn certificates(store: &SqliteStore, scope: &Scope, findings: &mut Findings) -> Result<(), StoreError> {
    let now = jiff::Timestamp::now().as_second();
    let mut after = None;
    loop {
        let page = list::<ClientCertificate>(store, scope, after.as_deref(), LIST_ROWS_MAX).await?;
        for (id, Versioned { value: certificate, .. }) in &page {
            let left = certificate.expires - now;
            let used = certificate.stages.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            if used.is_empty() || left > EXPIRY_WARNING_S {
                continue;
            }
            let about = format!("client certificate {id} of {} in {}", scope.account, scope.region);
            let (standing, text) = if left < 0 {
                (
                    Standing::Error,
                    format!("it has expired, and {used} shows it to backends: generate another and update the stage"),
                )
            } else {
                let days = left / (24 * 3_600);
                (
                    Standing::Warning,
                    format!("it expires in {days} days, and {used} shows it to backends: generate another in time"),
                )
            };
            findings.add(standing, about, text);
        }
        match page.last() {
            Some((last, _)) if page.len() == LIST_ROWS_MAX => after = Some(last.clone()),
            _ => return Ok(()),
        }
    }
}

async fn scopes(store: &SqliteStore, kind: Kind) -> Result<BTreeSet<Scope>, StoreError> {
    let mut all: BTreeSet<Scope> = BTreeSet::new();
    loop {
        let page = store.scopes(kind, all.last()).await?;
        let is_last = page.len() < LIST_ROWS_MAX;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

async fn ids(store: &SqliteStore, kind: Kind, scope: &Scope) -> Result<Vec<String>, StoreError> {
    let mut ids: Vec<String> = Vec::new();
    loop {
        // Read one by one afterwards: a page of large APIs at once would take much memory.
        let page = store.list(kind, scope, ids.last().map(String::as_str), 50).await?;
        let is_last = page.len() < 50;
        ids.extend(page.into_iter().map(|(id, _)| id));
        if is_last {
            return Ok(ids);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    fn standing(path: &Path, mode: u32) -> Standing {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let mut findings = Findings::default();
        private(path, &mut findings);
        findings.worst()
    }

    #[test]
    fn permissions() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        fs::write(&file, "").unwrap();
        assert_eq!([0o600, 0o644, 0o620].map(|mode| standing(&file, mode)), [Standing::Ok, Standing::Error, Standing::Error]);
        let dirs = [0o700, 0o755, 0o775, 0o702].map(|mode| standing(dir.path(), mode));
        assert_eq!(dirs, [Standing::Ok, Standing::Ok, Standing::Error, Standing::Error]);
    }
}
