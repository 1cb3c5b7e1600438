//! The shared credentials file of AWS's clients: profiles of an INI file, read again when it changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use postern_api_model::hidden::Hidden;
use postern_api_model::ports::Credentials;

/// A page or two; anything larger is some other file.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// How often it is looked at while requests are signed.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// The file, and what stood in it.
pub struct SharedFile {
    path: PathBuf,
    read: Mutex<Option<Reading>>,
}

struct Reading {
    looked: Instant,
    stamp: Stamp,
    profiles: Result<BTreeMap<String, Profile>, String>,
}

/// How the file looked; `None` when it was not there.
type Stamp = Option<(SystemTime, u64)>;

/// What a section says.
#[derive(Clone, Default)]
struct Profile {
    access_key_id: Option<String>,
    secret_access_key: Option<Hidden>,
    session_token: Option<Hidden>,
}

impl SharedFile {
    /// Nothing is read yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::new(None) }
    }

    /// The key of a profile.
    ///
    /// # Errors
    /// When there is none; says what to write where.
    pub fn profile(&self, name: &str) -> Result<Credentials, String> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.as_ref().is_none_or(|reading| reading.looked.elapsed() >= LOOK_INTERVAL) {
            let stamp = stamp(&self.path);
            match &mut *read {
                Some(reading) if reading.stamp == stamp => reading.looked = Instant::now(),
                stale => *stale = Some(Reading { looked: Instant::now(), stamp, profiles: profiles(&self.path) }),
            }
        }
        let profiles = match read.as_ref().map(|reading| &reading.profiles) {
            Some(Ok(profiles)) => profiles,
            Some(Err(error)) => return Err(error.clone()),
            None => return Err(String::new()),
        };
        let shown = self.path.display();
        let profile = profiles.get(name).ok_or_else(|| format!("{shown} has no section [{name}]"))?;
        match (profile.access_key_id.clone(), profile.secret_access_key.clone()) {
            (Some(access_key_id), Some(secret_access_key)) => {
                Ok(Credentials { access_key_id, secret_access_key, session_token: profile.session_token.clone() })
            }
            _ => Err(format!("[{name}] of {shown} needs aws_access_key_id and aws_secret_access_key")),
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn profiles(path: &Path) -> Result<BTreeMap<String, Profile>, String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
        return Err(format!("{} is longer than 1 MiB", path.display()));
    }
    Ok(parse(&std::fs::read_to_string(path).map_err(failed)?))
}

/// As AWS's clients read it: lines that are neither a section nor a key are comments or for others.
fn parse(text: &str) -> BTreeMap<String, Profile> {
    let mut profiles = BTreeMap::new();
    let mut current: Option<&mut Profile> = None;
    for line in text.lines().filter(|line| !line.starts_with(['#', ';', ' ', '\t'])) {
        if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            current = Some(profiles.entry(name.trim().to_owned()).or_default());
        } else if let (Some((key, value)), Some(profile)) = (line.split_once('='), &mut current) {
            let value = value.split(" #").next().unwrap_or_default().trim().to_owned();
            match key.trim().to_ascii_lowercase().as_str() {
                "aws_access_key_id" => profile.access_key_id = Some(value),
                "aws_secret_access_key" => profile.secret_access_key = Some(Hidden::new(value)),
                "aws_session_token" => profile.session_token = Some(Hidden::new(value)),
                _ => {}
            }
        }
    }
    profiles
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn profiles_are_read_as_aws_clients_read_them() {
        let read = parse(
            "# mine\n[default]\naws_access_key_id = A\nAWS_SECRET_ACCESS_KEY=s/+=\n\n[ work ]\naws_access_key_id=B # x\nregion = eu-west-1\n",
        );
        assert_eq!(read["default"].access_key_id.as_deref(), Some("A"));
        assert_eq!(read["default"].secret_access_key.as_ref().unwrap().expose(), "s/+=");
        assert_eq!(read["work"].access_key_id.as_deref(), Some("B"));
        assert!(read["work"].secret_access_key.is_none());
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        let file = SharedFile::new(path.clone());
        assert!(file.profile("a").unwrap_err().contains("cannot be read"));
        std::fs::write(&path, "[a]\naws_access_key_id = A\naws_secret_access_key = s\n").unwrap();
        // As if the time to look again had come.
        let expire = || file.read.lock().unwrap().as_mut().unwrap().looked = Instant::now().checked_sub(LOOK_INTERVAL).unwrap();
        expire();
        assert_eq!(file.profile("a").unwrap().access_key_id, "A");
        assert!(file.profile("b").unwrap_err().contains("has no section [b]"));
        std::fs::write(&path, "[a]\naws_access_key_id = AA\n").unwrap();
        assert_eq!(file.profile("a").unwrap().access_key_id, "A");
        expire();
        assert!(file.profile("a").unwrap_err().contains("needs aws_access_key_id and aws_secret_access_key"));
    }
}
