//! Building and starting Postern.

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::failure::{Doing, Failure, Outcome};
use super::process::Running;
use crate::workspace;

/// What the line on stdout begins with once both listeners serve.
const READY: &str = "postern ready";

/// One worker for one core, and the timeouts that the configurations of nginx and haproxy name.
const SETTINGS: &[(&str, &str)] = &[
    ("POSTERN_HTTP_WORKERS", "1"),
    ("POSTERN_HTTP_HEADER_TIMEOUT_MS", "10000"),
    ("POSTERN_HTTP_BODY_TIMEOUT_MS", "30000"),
    ("POSTERN_HTTP_IDLE_TIMEOUT_MS", "75000"),
];

/// A Postern that serves.
pub struct Serving {
    /// The process.
    pub running: Running,
    /// The management address.
    pub management: SocketAddr,
    /// The data plane's address.
    pub http: SocketAddr,
    /// From the start of the process to its ready line.
    pub started_in: Duration,
}

/// Where one Postern keeps what it knows and says.
#[derive(Debug, Clone)]
pub struct Home {
    /// The binary.
    pub binary: PathBuf,
    /// A directory for its data, access log and output.
    pub directory: PathBuf,
}

impl Home {
    /// The access log that [`Home::serve`] asks for.
    pub fn access_log(&self) -> PathBuf {
        self.directory.join("access.log")
    }

    /// Starts `serve` with one worker by means of `command`, which already runs the binary.
    pub fn serve(&self, mut command: Command) -> Outcome<Serving> {
        command.args(["serve", "--dev", "--http", "127.0.0.1:0", "--management", "127.0.0.1:0", "--data-dir"]);
        command.arg(self.directory.join("data"));
        // What the caller's shell configures for another Postern must not reach this one.
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("POSTERN_")) {
            command.env_remove(name);
        }
        command.envs(SETTINGS.iter().copied()).env("POSTERN_LOG_ACCESS", self.access_log());
        command.current_dir(&self.directory);
        let before = Instant::now();
        let (running, line) = Running::start_and_read("postern", command, &self.directory.join("stderr.log"), READY)?;
        let started_in = before.elapsed();
        Ok(Serving { running, management: address(&line, "management=")?, http: address(&line, "http=")?, started_in })
    }
}

fn address(ready: &str, key: &str) -> Outcome<SocketAddr> {
    let word = ready.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix("http://"));
    let word = word.ok_or_else(|| Failure::new(format!("no {key} in {ready:?}")))?;
    word.parse().doing(|| format!("reading the address in {ready:?}"))
}

/// Builds the release binary, or finds it built, and says where it is.
pub fn build() -> Outcome<PathBuf> {
    eprintln!("building postern (release profile, fat LTO) ...");
    let output = workspace::cargo()
        .args(["build", "--release", "--package", "postern", "--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .doing(|| "running cargo build".into())?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut executable = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    match executable.next_back() {
        Some(path) if output.status.success() => Ok(path),
        _ => Err(Failure::new("`cargo build --release -p postern` failed; its messages stand above")),
    }
}

/// A binary given by hand, checked.
pub fn given(path: &Path) -> Outcome<PathBuf> {
    path.canonicalize().doing(|| format!("--binary {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_come_from_the_ready_line() {
        let line = "postern ready management=http://127.0.0.1:4566 http=http://127.0.0.1:8080";
        assert_eq!(address(line, "http=").map(|found| found.port()).ok(), Some(8080));
        assert_eq!(address(line, "management=").map(|found| found.port()).ok(), Some(4566));
        assert!(address(line, "https=").is_err());
    }
}
