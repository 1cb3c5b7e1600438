//! The real `aws-lambda-ric`, the runtime client that Node.js functions have on AWS: a native module whose build takes minutes. It is built
//! once, under the target directory, and not in CI, where Node.js handlers run on Postern's own client.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::process;
use crate::workspace;

/// Pinned, so that a new release changes the suite only when we say so.
const PACKAGE: &str = "aws-lambda-ric@3.3.0";
/// What its build needs besides Node.js and npm.
const TOOLS: &str = "autoconf automake libtool cmake make g++";
/// Says which package the directory was made from.
const STAMP: &str = "postern-package.txt";

/// The directory that has `node_modules` with the client, built when it was not.
///
/// # Errors
/// When the build fails; says what it needs.
pub(crate) fn prepare() -> Result<PathBuf, String> {
    let directory = workspace::target_dir().join("lambda-ric");
    let stamp = directory.join(STAMP);
    let program = directory.join("node_modules/.bin/aws-lambda-ric");
    if program.exists() && fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == PACKAGE) {
        return Ok(directory);
    }
    println!("Building {PACKAGE} in {}: this takes minutes, once", directory.display());
    let failed = |error: std::io::Error| format!("cannot write to {}: {error}", directory.display());
    fs::create_dir_all(&directory).map_err(failed)?;
    // A package of its own, so that npm looks no further up.
    fs::write(directory.join("package.json"), "{\"private\": true}\n").map_err(failed)?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", PACKAGE]).current_dir(&directory);
    process::run(&mut install).map_err(|error| format!("{error}\nit needs Node.js, npm, {TOOLS}"))?;
    fs::write(&stamp, PACKAGE).map_err(failed)?;
    Ok(directory)
}
