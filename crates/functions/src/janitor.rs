//! What ends functions when the server cannot: a shell that waits for the server's end of a pipe to close, as it does when the server is
//! killed, and then ends every process that carries the server's marker.
//!
//! A function would often notice by itself, because its Runtime API is gone. One that hangs would not.

use std::io;
use std::process::Stdio;

use tokio::process::{ChildStdin, Command};

use crate::process::MARKER;

/// Reads until the pipe is closed. Then it looks until it finds nothing: a process may start another one while it looks.
const SCRIPT: &str = r#"
read -r nothing
found=yes
rounds=0
while [ -n "$found" ] && [ "$rounds" -lt 20 ]; do
    found=
    rounds=$((rounds + 1))
    for file in /proc/[0-9]*/environ; do
        if grep -q "$1" "$file" 2>/dev/null; then
            process=${file#/proc/}
            kill -9 "${process%/environ}" 2>/dev/null && found=yes
        fi
    done
done
"#;

/// Keeps the janitor waiting for as long as it is there.
#[derive(Debug)]
pub struct Janitor {
    _pipe: ChildStdin,
}

impl Janitor {
    /// Starts it for all functions of this run of the server.
    ///
    /// # Errors
    /// When there is no shell.
    pub fn start(run_id: &str) -> io::Result<Self> {
        let mut command = Command::new("sh");
        if let Some(path) = std::env::var_os("PATH") {
            command.env_clear().env("PATH", path);
        }
        let mut child = command
            .args(["-c", SCRIPT, "postern-janitor", &format!("{MARKER}={run_id}")])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What a terminal sends to the server is not meant for it.
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take().ok_or_else(|| io::Error::other("the shell has no input"))?;
        tokio::spawn(async move { child.wait().await.ok() });
        Ok(Self { _pipe: pipe })
    }
}
