//! The first start's access key, in a file that AWS clients read as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use postern_store::{AccessKey, Store};

use crate::access_keys;
use crate::failure::Failure;

/// Name of the file in the data directory.
pub const FILE_NAME: &str = "credentials";
/// Whoever can read it owns every API of the account.
const FILE_MODE: u32 = 0o600;

/// Makes an access key for the account when the installation has none at all, and returns the file that holds it.
///
/// The file comes first: a crash in between leaves a file whose key does not exist yet, and the next start replaces it,
/// whereas a key whose secret nobody knows would stay.
///
/// # Errors
/// When the store or the file cannot be written.
pub async fn provide(store: &dyn Store, data_dir: &Path, account: &str) -> Result<Option<PathBuf>, Failure> {
    if !store.access_keys(None, None, 1).await?.is_empty() {
        return Ok(None);
    }
    let key = access_keys::generate(account)?;
    let path = data_dir.join(FILE_NAME);
    write(&path, &text(&key)).map_err(|error| Failure::File {
        what: "the first access key",
        path: path.clone(),
        reason: error.to_string(),
    })?;
    store.create_access_key(key).await?;
    Ok(Some(path))
}

fn text(key: &AccessKey) -> String {
    format!("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n", key.id, key.secret.expose())
}

/// Whole or not at all, and never readable by others, not even for a moment.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use postern_store::{OpenMode, SqliteStore};

    use super::*;

    #[tokio::test]
    async fn the_first_start_writes_a_key_that_works_and_the_second_leaves_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path(), OpenMode::Serve).await.unwrap();
        fs::write(dir.path().join(FILE_NAME), "left by a start that crashed").unwrap();
        let path = provide(&store, dir.path(), "123456789012").await.unwrap().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let written = fs::read_to_string(&path).unwrap();
        let keys = store.access_keys(Some("123456789012"), None, 10).await.unwrap();
        assert_eq!(written, text(&keys[0]));
        assert_eq!(keys.len(), 1);
        assert_eq!(provide(&store, dir.path(), "210987654321").await.unwrap(), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), written);
    }
}
