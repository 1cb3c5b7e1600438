//! One run of wrk, reported in numbers by a Lua script of ours instead of read off its prose.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;

use super::failure::{Doing, Failure, Outcome};
use super::process::Cpus;

/// What one run found.
#[derive(Debug, Clone, Deserialize)]
pub struct Run {
    /// Requests answered, whatever the status.
    pub requests: u64,
    /// Length of the run, microseconds.
    pub duration_us: f64,
    /// Median latency, microseconds.
    pub p50_us: f64,
    /// 99th percentile of latency, microseconds.
    pub p99_us: f64,
    /// Connections that failed, reads and writes that failed, requests that timed out.
    pub socket_errors: u64,
    /// Answers outside 200 to 399.
    pub bad_statuses: u64,
}

impl Run {
    /// Requests answered per second.
    pub fn requests_per_second(&self) -> f64 {
        self.requests as f64 / (self.duration_us / 1e6)
    }

    /// Requests that did not get the answer they should have got.
    pub fn lost(&self) -> u64 {
        self.socket_errors + self.bad_statuses
    }
}

/// What is asked, by every client of the bench.
pub struct Target<'a> {
    /// Where to connect.
    pub address: SocketAddr,
    /// Path and query.
    pub path: &'a str,
    /// Header lines, `Host` among them.
    pub headers: &'a [String],
}

/// How hard to press.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Keep-alive connections, all busy all the time.
    pub connections: u32,
    /// Length of the run, whole seconds.
    pub seconds: u32,
}

const SCRIPT: &str = r#"
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"socket_errors":%d,"bad_statuses":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
"#;

/// Runs wrk once; `scratch` is a directory for its script.
pub fn run(target: &Target<'_>, load: Load, scratch: &Path) -> Outcome<Run> {
    let script = scratch.join("report.lua");
    fs::write(&script, SCRIPT).doing(|| format!("writing {}", script.display()))?;
    let mut command = Cpus::Others.command("wrk");
    command.args(["--threads", "1", "--latency", "--timeout", "10"]);
    command.args(["--connections", &load.connections.to_string(), "--duration", &format!("{}s", load.seconds)]);
    command.arg("--script").arg(&script);
    for line in target.headers {
        command.args(["--header", line]);
    }
    command.arg(format!("http://{}{}", target.address, target.path));
    let output = command.output().doing(|| "running wrk".into())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT "));
    let line =
        line.ok_or_else(|| Failure::new(format!("wrk gave no result:\n{text}{}", String::from_utf8_lossy(&output.stderr))))?;
    serde_json::from_str(line).doing(|| format!("reading wrk's result {line}"))
}
