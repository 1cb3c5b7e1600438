//! Where things are: the workspace's root, the target directory, and the cargo to call.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory that holds the workspace's Cargo.toml.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// Where cargo builds: `CARGO_TARGET_DIR` when set (relative to the caller's directory, as cargo reads it), else `target`.
/// The chores keep their own tools there as well, so that deleting it leaves nothing behind.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) if !dir.is_empty() => std::path::absolute(&dir).unwrap_or_else(|_| PathBuf::from(dir)),
        _ => root().join("target"),
    }
}

/// A call of the cargo that called us, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}
