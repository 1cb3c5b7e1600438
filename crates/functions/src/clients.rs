//! The small Runtime API clients that Postern brings along for Python and Node.js, as files for their interpreters.
//!
//! They lie in a temporary directory that only this user can look into. Systems clean such directories up after some days, and another
//! user could then make one of the same name: so it is looked at before every use, and made anew elsewhere if it is not ours any more.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// A client, by its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// For `python3`.
    Python,
    /// For `node`.
    Node,
}

impl Client {
    const ALL: [Self; 2] = [Self::Python, Self::Node];

    fn file(self) -> &'static str {
        match self {
            Self::Python => "runtime.py",
            Self::Node => "runtime.mjs",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Python => include_str!("../runtimes/runtime.py"),
            Self::Node => include_str!("../runtimes/runtime.mjs"),
        }
    }
}

/// The files.
#[derive(Debug)]
pub struct Clients {
    /// Nothing once they are removed.
    directory: Mutex<Option<TempDir>>,
}

impl Clients {
    /// Writes them.
    ///
    /// # Errors
    /// When there is no room for temporary files.
    pub fn write() -> io::Result<Self> {
        Ok(Self { directory: Mutex::new(Some(write()?)) })
    }

    /// The directory, with all of them in it.
    ///
    /// # Errors
    /// When they had to be written again, and there is no room; when they are removed.
    pub fn directory(&self) -> io::Result<PathBuf> {
        let mut directory = self.directory.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = directory.as_mut().ok_or_else(|| io::Error::other("the functions have been shut down"))?;
        if !is_ours(directory.path()) {
            *directory = write()?;
        }
        Ok(directory.path().to_owned())
    }

    /// Removes them for good.
    ///
    /// # Errors
    /// When there is something in their directory that cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        let directory = self.directory.lock().unwrap_or_else(PoisonError::into_inner).take();
        match directory.map(TempDir::close) {
            // Systems clean such directories up.
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The file of one of them.
    ///
    /// # Errors
    /// As with [`Self::directory`].
    pub fn file(&self, client: Client) -> io::Result<PathBuf> {
        Ok(self.directory()?.join(client.file()))
    }
}

fn write() -> io::Result<TempDir> {
    let directory = tempfile::Builder::new().prefix("postern-runtimes-").permissions(Permissions::from_mode(0o700)).tempdir()?;
    for client in Client::ALL {
        std::fs::write(directory.path().join(client.file()), client.text())?;
    }
    Ok(directory)
}

/// Whether nobody else can have written what is there.
fn is_ours(directory: &Path) -> bool {
    let private = std::fs::symlink_metadata(directory).is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.permissions().mode() & 0o077 == 0
    });
    private && Client::ALL.iter().all(|client| directory.join(client.file()).is_file())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_was_cleaned_up_is_written_again() {
        let clients = Clients::write().unwrap();
        let first = clients.file(Client::Python).unwrap();
        assert_eq!(clients.file(Client::Python).unwrap(), first);
        std::fs::remove_file(&first).unwrap();
        let second = clients.file(Client::Python).unwrap();
        assert!(second != first && second.is_file());
        std::fs::set_permissions(second.parent().unwrap(), Permissions::from_mode(0o777)).unwrap();
        assert_ne!(clients.file(Client::Python).unwrap(), second);
    }

    #[test]
    fn what_is_removed_stays_so() {
        let clients = Clients::write().unwrap();
        let directory = clients.directory().unwrap();
        for _ in 0..2 {
            clients.remove().unwrap();
            assert!(!directory.exists());
        }
        clients.directory().unwrap_err();
    }
}
