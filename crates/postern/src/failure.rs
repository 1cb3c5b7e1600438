//! Why `postern` ends with something else than 0, in words for the person at the terminal.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use postern_functions::StartError;
use postern_store::StoreError;

use crate::config::Problems;

/// Exit code of everything that was asked for correctly and did not work.
const EXIT_FAILED: u8 = 1;
/// Exit code of what does not exist, as for unknown flags.
const EXIT_USAGE: u8 = 2;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration.
    #[error(transparent)]
    Configuration(#[from] Problems),
    /// The data directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A function that cannot be run as it is declared.
    #[error(transparent)]
    Functions(#[from] StartError),
    /// A directory without keys to list or revoke.
    #[error("there is no data directory {}; name the server's with --data-dir", .0.display())]
    NoDataDirectory(PathBuf),
    /// An address is in use, not of this machine, or not permitted.
    #[error("cannot listen on {address} ({key}): {reason}; choose another address, or stop what holds it")]
    Listen {
        /// The configuration key.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's words.
        reason: String,
    },
    /// A file that was asked for.
    #[error("cannot write {} ({what}): {reason}", path.display())]
    File {
        /// What it is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A file that was named.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// What a template is to be rendered with; all mistakes at once.
    #[error("{} cannot be used:\n  {}", path.display(), problems.join("\n  "))]
    TemplateInput {
        /// The file.
        path: PathBuf,
        /// One sentence each.
        problems: Vec<String>,
    },
    /// What a key is to be limited by.
    #[error("{} cannot limit a key: {reason}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What to change.
        reason: String,
    },
    /// A template that does not compile, or fails.
    #[error("{}:{line}:{column}: {message}\n{excerpt}", path.display())]
    Template {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u32,
        /// The character in the line, from 1.
        column: u32,
        /// What is wrong.
        message: String,
        /// The line, and a caret under the place.
        excerpt: String,
    },
    /// Documents that cannot be served; every problem that was found.
    #[error("cannot run what was given:\n  {}", .0.join("\n  "))]
    Documents(Vec<String>),
    /// The machine is out of something: threads, descriptors, random numbers.
    #[error("cannot {doing}: {reason}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// The system's words.
        reason: String,
    },
    /// `postern doctor` found what fails or will, and has said so.
    #[error("something fails or will: see the lines that begin with error")]
    Unwell,
    /// Standard output is gone.
    #[error("cannot write to standard output: {0}")]
    Output(std::io::Error),
}

impl Failure {
    /// For the shell.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Configuration(problems) if problems.ask_for_the_unimplemented() => EXIT_USAGE.into(),
            _ => EXIT_FAILED.into(),
        }
    }
}
