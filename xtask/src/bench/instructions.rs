//! Userland instructions per request, counted by callgrind: the figure that a busy machine moves least.

use std::fs;
use std::path::Path;

use super::contest::{Contest, Proxy, Under};
use super::failure::{Doing, Failure, Outcome};
use super::http::{Connection, request_bytes};

/// Connections kept busy while counting: each wave sends one request on every one, then reads all answers, so that a wake-up
/// has several events to share, as under load.
const CONNECTIONS: u32 = 16;

/// A proxy's instructions per request.
#[derive(Debug, Clone, Copy)]
pub struct Count {
    /// Whose.
    pub proxy: Proxy,
    /// Userland instructions per request.
    pub per_request: f64,
}

/// Counts for each proxy: two processes are asked a different number of times, and the difference belongs to the requests
/// alone, since starting, connecting and ending cancel out.
pub fn count(contest: &Contest, proxies: &[Proxy], requests: u32) -> Outcome<Vec<Count>> {
    let few = requests.div_ceil(4 * CONNECTIONS);
    let many = few + requests.div_ceil(CONNECTIONS);
    let mut counts = Vec::new();
    for proxy in proxies.iter().copied() {
        eprintln!("instructions: {}", proxy.name());
        let difference = total(contest, proxy, many)?.saturating_sub(total(contest, proxy, few)?);
        counts.push(Count { proxy, per_request: difference as f64 / f64::from((many - few) * CONNECTIONS) });
    }
    Ok(counts)
}

/// Instructions of a whole process that answers that many waves.
fn total(contest: &Contest, proxy: Proxy, waves: u32) -> Outcome<u64> {
    let file = contest.scratch().join(format!("callgrind.{}.{waves}", proxy.name().replace([' ', ','], "-")));
    let started = contest.start(proxy, Under::Callgrind(&file))?;
    let request = request_bytes("GET", &contest.path(), &contest.headers(), b"");
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(started.address)?);
    }
    for _ in 0..waves {
        for connection in &mut connections {
            connection.send(&request)?;
        }
        for connection in &mut connections {
            let answer = connection.receive()?;
            if answer.status != 200 {
                return Err(Failure::new(format!("{} answered {}: {}", proxy.name(), answer.status, answer.text())));
            }
        }
    }
    drop(connections);
    started.running.terminate()?;
    read_total(&file)
}

fn read_total(file: &Path) -> Outcome<u64> {
    let text = fs::read_to_string(file).doing(|| format!("reading {}", file.display()))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
    total.and_then(|total| total.trim().parse().ok()).ok_or_else(|| Failure::new("callgrind's file has no total"))
}
