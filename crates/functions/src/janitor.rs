//! What ends functions when the server cannot: a shell that waits for the server's end of a pipe to close, as it does when the server is
//! killed, and then ends every process that carries the server's marker.
//!
//! A function would often notice by itself, because its Runtime API is gone. One that hangs would not.

use std::io;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::{ChildStdin, Command};
use tokio::task::JoinHandle;

use crate::process::MARKER;

/// A line says that all is well. An end without one does not, and then it looks until it finds nothing: a process may start another one
/// while it looks.
const SCRIPT: &str = r#"
read -r line && exit
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

/// For a shell to end.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// Keeps the janitor waiting for as long as it is there.
#[derive(Debug)]
pub struct Janitor {
    waiting: Mutex<Option<(ChildStdin, JoinHandle<()>)>>,
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
        let ended = tokio::spawn(async move { drop(child.wait().await) });
        Ok(Self { waiting: Mutex::new(Some((pipe, ended))) })
    }

    /// Sends it home: every process of a function is gone.
    pub async fn end(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((mut pipe, ended)) = waiting else { return };
        // One that is gone already needs no word.
        pipe.write_all(b"\n").await.ok();
        tokio::time::timeout(END_TIMEOUT, ended).await.ok();
    }
}
