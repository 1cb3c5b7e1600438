//! `cargo xtask deny`: bans, licences and sources always; advisories where their database can be fetched.

use std::path::PathBuf;
use std::process::Command;

use crate::process;
use crate::workspace;

/// The release that deny.toml is written for.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// Runs all checks.
///
/// # Errors
/// When a check fails, or cargo-deny is missing and cannot be installed.
pub(crate) fn run() -> Result<(), String> {
    let tool = tool()?;
    process::run(call(&tool).args(["check", "bans", "licenses", "sources"]))?;
    match process::output(call(&tool).args(["fetch", "db"])) {
        Ok(_) => process::run(call(&tool).args(["check", "--disable-fetch", "advisories"])),
        Err(error) => {
            let reason = error.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
            println!("advisories: NOT checked, their database cannot be fetched ({reason})");
            Ok(())
        }
    }
}

fn call(tool: &PathBuf) -> Command {
    let mut command = Command::new(tool);
    command.current_dir(workspace::root());
    command
}

/// The one on the path when it is this release, else our own under the target directory, installed when missing.
fn tool() -> Result<PathBuf, String> {
    let installed = workspace::target_dir().join("tools/bin/cargo-deny");
    for candidate in [PathBuf::from("cargo-deny"), installed.clone()] {
        let version = process::output(Command::new(&candidate).arg("--version")).unwrap_or_default();
        if version.split_whitespace().nth(1) == Some(CARGO_DENY_VERSION) {
            return Ok(candidate);
        }
    }
    install()?;
    Ok(installed)
}

fn install() -> Result<(), String> {
    let tools = workspace::target_dir().join("tools");
    println!("Installing cargo-deny {CARGO_DENY_VERSION} into {} (once; one to five minutes)", tools.display());
    let mut install = workspace::cargo();
    install
        .args(["install", "cargo-deny", "--locked", "--force", "--quiet", "--debug", "--version", CARGO_DENY_VERSION, "--root"])
        .arg(&tools)
        // Not among the workspace's own artifacts, and without debug information: it is built once to run for a second.
        .env("CARGO_TARGET_DIR", tools.join("build"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    process::run(&mut install).map_err(|error| {
        format!("{error}\ncargo-deny cannot be installed; it needs the crate registry once: cargo install cargo-deny --locked")
    })?;
    // Only the binary is wanted; the rest is some hundred megabytes. Not being able to delete it harms nothing.
    let _ = std::fs::remove_dir_all(tools.join("build"));
    Ok(())
}
