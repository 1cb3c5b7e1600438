//! Processes that the bench starts, and only those: each is held by a guard that stops it, and measured through `/proc`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::failure::{Doing, Failure, Outcome};

/// Longest wait for a server to listen; under callgrind a start takes seconds, with thousands of APIs too.
pub const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest wait for a process to end after SIGTERM, callgrind writing its file included.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a condition is looked at again.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// A running process; dropping it kills it.
pub struct Running {
    child: Child,
    name: String,
}

/// The processors of the machine, shared out.
#[derive(Debug, Clone, Copy)]
pub enum Cpus {
    /// The one that the measured proxy has to itself.
    Measured,
    /// All others: the load generator's and the backend's.
    Others,
    /// No pinning.
    Any,
}

impl Cpus {
    fn list(self) -> Option<String> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        match self {
            Self::Measured if count > 1 => Some("0".into()),
            Self::Others if count == 2 => Some("1".into()),
            Self::Others if count > 2 => Some(format!("1-{}", count - 1)),
            _ => None,
        }
    }

    /// A command that runs `program` on these processors.
    pub fn command(self, program: impl AsRef<OsStr>) -> Command {
        // A bench that is killed cannot drop its guards; the kernel then kills what it started. Both setpriv and taskset replace
        // themselves by what they run, so the child's id is the program's.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(list) = self.list() {
            command.args(["taskset", "--cpu-list", &list]);
        }
        command.arg(program);
        command
    }
}

impl Running {
    /// Starts `command` with its output going to `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Outcome<Self> {
        let file = File::create(log).doing(|| format!("creating {}", log.display()))?;
        let errors = file.try_clone().doing(|| "sharing a log file".into())?;
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        let child = command.spawn().doing(|| format!("starting {name}"))?;
        Ok(Self { child, name: name.to_owned() })
    }

    /// Starts `command` and waits for a line on its stdout that begins with `prefix`; stderr goes to `log`.
    pub fn start_and_read(name: &str, mut command: Command, log: &Path, prefix: &str) -> Outcome<(Self, String)> {
        let errors = File::create(log).doing(|| format!("creating {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().doing(|| format!("starting {name}"))?;
        let stdout = child.stdout.take();
        let running = Self { child, name: name.to_owned() };
        let stdout = stdout.ok_or_else(|| Failure::new("a piped child without stdout"))?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let wanted = prefix.to_owned();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line.starts_with(&wanted) && sender.send(line).is_err() {
                    return;
                }
            }
        });
        let line = receiver
            .recv_timeout(START_TIMEOUT)
            .map_err(|_| Failure::new(format!("{name} did not say {prefix:?}; its stderr:\n{}", tail(log))))?;
        Ok((running, line))
    }

    /// Waits until somebody accepts connections at `address`.
    pub fn wait_for(&mut self, address: SocketAddr, log: &Path) -> Outcome<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(address).is_err() {
            let ended = self.child.try_wait().doing(|| format!("looking at {}", self.name))?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(Failure::new(format!("{} does not listen; its output:\n{}", self.name, tail(log))));
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Asks the process to end (SIGTERM) and waits until it has.
    pub fn terminate(mut self) -> Outcome<ExitStatus> {
        Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status()
            .doing(|| format!("stopping {}", self.name))?;
        let deadline = Instant::now() + STOP_TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().doing(|| format!("waiting for {}", self.name))? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                return Err(Failure::new(format!("{} does not end on SIGTERM", self.name)));
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// CPU time used so far by the process and its living descendants, in clock ticks.
    pub fn cpu_ticks(&self) -> Outcome<u64> {
        self.family()?.iter().map(|stat| Ok(stat.ticks)).sum()
    }

    /// Sum over the process and its descendants of a `/proc/PID/status` field in KiB, such as `VmHWM` or `VmRSS`.
    pub fn memory_kib(&self, field: &str) -> Outcome<u64> {
        let mut total = 0;
        for member in self.family()? {
            let path = format!("/proc/{}/status", member.pid);
            let status = fs::read_to_string(&path).doing(|| format!("reading {path}"))?;
            let line = status.lines().find(|line| line.starts_with(field));
            let kib = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse::<u64>().ok());
            total += kib.ok_or_else(|| Failure::new(format!("{path} has no {field}")))?;
        }
        Ok(total)
    }

    fn family(&self) -> Outcome<Vec<Stat>> {
        let mut all = Vec::new();
        for entry in fs::read_dir("/proc").doing(|| "reading /proc".into())?.flatten() {
            // Processes come and go while this reads; one that is gone is none of ours.
            if let Some(stat) = fs::read_to_string(entry.path().join("stat")).ok().and_then(|text| Stat::parse(&text)) {
                all.push(stat);
            }
        }
        let mut family: Vec<Stat> = all.iter().filter(|stat| stat.pid == self.child.id()).copied().collect();
        let mut next = 0;
        while let Some(parent) = family.get(next).copied() {
            family.extend(all.iter().filter(|stat| stat.parent == parent.pid).copied());
            next += 1;
        }
        if family.is_empty() {
            return Err(Failure::new(format!("{} is gone", self.name)));
        }
        Ok(family)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Stat {
    pid: u32,
    parent: u32,
    ticks: u64,
}

impl Stat {
    /// From `/proc/PID/stat` (proc(5)); the name in brackets may hold anything, so fields count from the last bracket.
    fn parse(text: &str) -> Option<Self> {
        let pid = text.split(' ').next()?.parse().ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        Some(Self { pid, parent: fields.get(1)?.parse().ok()?, ticks: ticks(11)? + ticks(12)? })
    }
}

/// CPU time used so far by one process, in clock ticks.
pub fn ticks_of(pid: u32) -> Outcome<u64> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).doing(|| format!("reading {path}"))?;
    Stat::parse(&text).map(|stat| stat.ticks).ok_or_else(|| Failure::new(format!("{path} cannot be read")))
}

/// An address on loopback that was free a moment ago.
pub fn free_address() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).doing(|| "looking for a free port".into())?;
    listener.local_addr().doing(|| "reading a port".into())
}

/// Clock ticks in a second, which is what `/proc` counts CPU time in.
pub fn ticks_per_second() -> Outcome<f64> {
    let output = Command::new("getconf").arg("CLK_TCK").output().doing(|| "running getconf".into())?;
    String::from_utf8_lossy(&output.stdout).trim().parse().doing(|| "reading CLK_TCK".into())
}

/// The last lines of a log, for messages.
pub fn tail(log: &Path) -> String {
    const LINES: usize = 15;
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::Stat;

    #[test]
    fn a_stat_line_with_brackets_in_its_name() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194304 100 0 0 0 30 12 1 1 20 0 1 0 9 10 11";
        assert_eq!(Stat::parse(line), Some(Stat { pid: 42, parent: 7, ticks: 42 }));
    }
}
