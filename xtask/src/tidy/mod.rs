//! `cargo xtask tidy`: the architecture and the house rules, as far as a machine can check them.
//!
//! ARCHITECTURE.md says which rule each check keeps. A check is a pure function from what it looks at to findings; only this file
//! reads the disk.

use std::fmt;
use std::fs;
use std::process::Command;

use crate::process;
use crate::workspace;

mod arrows;
mod manifests;
mod sources;
mod words;

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    /// A file, with a line where there is one.
    place: String,
    /// What is wrong and what to do.
    advice: String,
}

impl Finding {
    fn new(place: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { place: place.into(), advice: advice.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.advice)
    }
}

/// A text file of the repository.
struct SourceFile {
    /// Relative to the root, with forward slashes.
    path: String,
    text: String,
}

impl SourceFile {
    fn is_rust(&self) -> bool {
        has_extension(&self.path, "rs")
    }

    fn is_python(&self) -> bool {
        has_extension(&self.path, "py")
    }

    /// Written by codegen, which is where its style is decided.
    fn is_generated(&self) -> bool {
        self.path.contains("/generated/")
    }
}

/// Runs every check.
///
/// # Errors
/// When a rule is broken: the findings, one per line.
pub(crate) fn run() -> Result<(), String> {
    let files = files()?;
    let metadata = process::output(workspace::cargo().args(["metadata", "--no-deps", "--format-version", "1", "--locked"]))?;
    let packages = arrows::packages(&metadata)?;

    let mut findings = arrows::check(&packages);
    for file in &files {
        findings.extend(manifests::check(file));
        findings.extend(sources::check(file));
        findings.extend(words::check(file));
    }
    if findings.is_empty() {
        println!("tidy: {} files and {} crates are in order", files.len(), packages.len());
        return Ok(());
    }
    for finding in &findings {
        println!("{finding}");
    }
    Err(format!("tidy found {} broken rules; each line above says what to do", findings.len()))
}

/// What git tracks or would track. Files that are not UTF-8 are no sources.
fn files() -> Result<Vec<SourceFile>, String> {
    let mut list = Command::new("git");
    list.current_dir(workspace::root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = process::output(&mut list)?;
    let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    let read = |path: &str| fs::read_to_string(workspace::root().join(path)).ok();
    Ok(paths.into_iter().filter_map(|path| Some(SourceFile { path: path.to_owned(), text: read(path)? })).collect())
}

fn has_extension(path: &str, extension: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|found| found == extension)
}

/// A file for a check's tests.
#[cfg(test)]
fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}
