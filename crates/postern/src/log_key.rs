//! The key that asks for execution logs of live requests. It is made once and lies in the data directory, for its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::access_keys;
use crate::failure::Failure;

/// Name of the file in the data directory.
pub const FILE_NAME: &str = "log-key";
/// Whoever can read it can have every request logged whole.
const FILE_MODE: u32 = 0o600;
/// 256 bits, as many as HMAC-SHA256 makes use of.
const KEY_BYTES: usize = 32;
/// Hexadecimal digits of a key.
const KEY_DIGITS: usize = KEY_BYTES * 2;

/// The key in this directory, which must exist; made when there is none. Of two that make it at the same time, both get the same.
///
/// # Errors
/// When the file cannot be read or written, or holds something else.
pub fn provide(data_dir: &Path) -> Result<String, Failure> {
    let path = data_dir.join(FILE_NAME);
    let failed = |error: io::Error| Failure::File { what: "the log key", path: path.clone(), reason: error.to_string() };
    loop {
        match fs::read_to_string(&path) {
            Ok(text) => {
                return parsed(&text).ok_or_else(|| failed(io::Error::other("it holds no key; delete it to have one made")));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(data_dir, &path)?.map_err(failed)?,
            Err(error) => return Err(failed(error)),
        }
    }
}

fn parsed(text: &str) -> Option<String> {
    let key = text.trim_end();
    (key.len() == KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| key.to_owned())
}

/// Whole or not at all, and never over one that another process has made meanwhile: a link fails where a renaming would replace.
fn make(data_dir: &Path, path: &Path) -> Result<io::Result<()>, Failure> {
    let key: String = access_keys::random::<KEY_BYTES>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let suffix: String = access_keys::random::<4>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let new = data_dir.join(format!("{FILE_NAME}.{suffix}.new"));
    let written = write(&new, &key).and_then(|()| match fs::hard_link(&new, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(data_dir)?.sync_all(),
    });
    let removed = match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    Ok(written.and(removed))
}

fn write(path: &Path, key: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    writeln!(file, "{key}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let key = provide(dir.path()).unwrap();
        assert_eq!(key.len(), KEY_DIGITS);
        assert_eq!(provide(dir.path()).unwrap(), key);
        let path = dir.path().join(FILE_NAME);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        fs::write(&path, "nonsense").unwrap();
        assert!(provide(dir.path()).is_err());
    }

    #[test]
    fn two_that_make_it_at_once_get_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| provide(dir.path()).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }
}
