//! The directory of a run: made for it, and removed with everything in it when the run ends.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Nobody else is to look into it.
const MODE: u32 = 0o700;

/// Removed when dropped.
pub struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    /// Makes one under the system's own.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn new() -> Result<Self, Failure> {
        let failed = |reason: String| Failure::System { doing: "make a temporary directory", reason };
        let random = getrandom::u64().map_err(|error| failed(error.to_string()))?;
        let path = std::env::temp_dir().join(format!("postern-run-{random:016x}"));
        // Fails when it is there already, so nobody can have prepared it.
        DirBuilder::new().mode(MODE).create(&path).map_err(|error| failed(format!("{}: {error}", path.display())))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the temporary directory is left behind");
        }
    }
}
