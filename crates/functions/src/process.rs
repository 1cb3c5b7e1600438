//! One process of a function, and everything that it has started: begun in a process group of its own, and ended without a rest.
//!
//! A process leaves its group by `setsid`, its parent by a second fork. What it keeps is its environment. So each one is given a variable
//! with a value that no other has, and who carries it is ended too, as is whoever descends from such a process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// The variable by which a process is known to be of a function.
pub const MARKER: &str = "POSTERN_FUNCTION_PROCESS";
/// Rounds of looking for what is left: one that finds nothing ends it, and who forks faster than we look is stopped by the kernel's own limits.
const SWEEPS_MAX: usize = 20;
/// How long a killed process may take to be gone. It is past that only if the kernel holds it, in a write to a disk that is away.
const REAP_TIMEOUT: Duration = Duration::from_secs(2);

/// What is started.
#[derive(Clone, Debug)]
pub struct Program {
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// The whole environment: nothing of the server's is added to it.
    pub environment: BTreeMap<OsString, OsString>,
}

/// A running process. Dropping it ends it, with all that it started.
#[derive(Debug)]
pub struct Process {
    child: Child,
    id: Option<Pid>,
    marker: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Ended,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no such program, or the system has no room for a process.
    pub fn start(program: &Program, directory: &Path, marker: String) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        let (name, arguments) =
            program.command.split_first().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"))?;
        let mut child = Command::new(name)
            .args(arguments)
            .env_clear()
            .envs(&program.environment)
            .env(MARKER, &marker)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let piped = || io::Error::other("the process has no output");
        let stdout = child.stdout.take().ok_or_else(piped)?;
        let stderr = child.stderr.take().ok_or_else(piped)?;
        Ok((Self { child, id, marker, state: State::Running }, stdout, stderr))
    }

    /// The number of the process, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process itself has ended; what it started may go on.
    pub async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends it and all that it started. AWS sends a function without extensions no signal before this one either.
    pub async fn end(mut self) {
        let (marker, id) = (self.marker.clone(), self.id);
        // A look at all processes takes milliseconds of system calls.
        tokio::task::spawn_blocking(move || kill_tree(id)).await.ok();
        if tokio::time::timeout(REAP_TIMEOUT, self.child.wait()).await.is_err() {
            tracing::error!(process = ?self.id, "a killed process of a function is still there");
        }
        if tokio::task::spawn_blocking(move || sweep(&marker, id)).await.is_ok() {
            self.state = State::Ended;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.state == State::Running {
            kill_tree(self.id);
            sweep(&self.marker, self.id);
        }
    }
}

/// Ends a process, its group and its descendants.
fn kill_tree(leader: Option<Pid>) {
    let Some(id) = leader else { return };
    // The descendants first: once their parent is gone, nothing shows that they were its.
    for pid in descendants(id) {
        kill(pid);
    }
    // It may be gone already.
    kill_process_group(id, Signal::KILL).ok();
}

/// Ends every process that carries the marker, and what descends from one.
fn sweep(marker: &str, leader: Option<Pid>) {
    let wanted = format!("{MARKER}={marker}");
    for _ in 0..SWEEPS_MAX {
        let mut found = false;
        for pid in processes().filter(|pid| Some(*pid) != leader && carries(*pid, &wanted)) {
            found = true;
            for below in descendants(pid) {
                kill(below);
            }
            kill(pid);
        }
        if !found {
            return;
        }
        // A killed process stays in the table until its parent has looked; its environment is gone at once, or nearly.
        std::thread::sleep(Duration::from_millis(1));
    }
    tracing::error!("processes of a function are still there after {SWEEPS_MAX} attempts to end them");
}

fn kill(pid: Pid) {
    // It may be gone already.
    kill_process(pid, Signal::KILL).ok();
}

/// All processes of the machine; none where there is no `/proc`, and there the process group has to do.
fn processes() -> impl Iterator<Item = Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw))
}

/// Whether it was started with this variable. Those of other users cannot be read, and are not ours.
fn carries(pid: Pid, wanted: &str) -> bool {
    std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero()))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes()))
}

/// The processes whose chain of parents leads to this one.
fn descendants(root: Pid) -> Vec<Pid> {
    let parents: Vec<(Pid, Pid)> = processes().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(above) = found.get(next).copied() {
        next += 1;
        for (pid, _) in parents.iter().filter(|(_, parent)| *parent == above) {
            if !found.contains(pid) {
                found.push(*pid);
            }
        }
    }
    found.split_off(1)
}

fn parent(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // `pid (name) state parent ...`, and the name may hold parentheses and spaces.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok().and_then(Pid::from_raw)
}
