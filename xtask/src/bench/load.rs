//! The proxies under load, in alternating rounds: requests per second, latency, CPU time per request, peak memory.

use std::fs;

use super::contest::{Contest, Proxy, Under};
use super::failure::{Doing, Failure, Outcome};
use super::process::ticks_per_second;
use super::stats::Series;
use super::wrk::{self, Load, Target};

/// Connections of the two loads: one that a proxy answers at once, one that queues.
pub const CONNECTIONS: [u32; 2] = [32, 256];
/// Seconds before each measured run, in which pools fill and pages are touched.
const WARM_UP_SECONDS: u32 = 1;

/// What the rounds of one proxy at one number of connections gave.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Whose.
    pub proxy: Proxy,
    /// At how many connections.
    pub connections: u32,
    /// Requests answered per second.
    pub requests_per_second: Series,
    /// Median latency, milliseconds.
    pub p50_ms: Series,
    /// 99th percentile of latency, milliseconds.
    pub p99_ms: Series,
    /// CPU time (user and system) of the proxy per request, microseconds.
    pub cpu_us: Series,
    /// Peak resident memory (VmHWM), MiB.
    pub peak_mib: Series,
    /// Requests answered in all rounds.
    pub requests: u64,
    /// Requests in all rounds that failed on the socket or were answered outside 2xx.
    pub lost: u64,
}

impl Figures {
    fn new(proxy: Proxy, connections: u32) -> Self {
        Self {
            proxy,
            connections,
            requests_per_second: Series::default(),
            p50_ms: Series::default(),
            p99_ms: Series::default(),
            cpu_us: Series::default(),
            peak_mib: Series::default(),
            requests: 0,
            lost: 0,
        }
    }
}

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Rounds; each has a run of every proxy.
    pub rounds: u32,
    /// Length of a run, seconds.
    pub seconds: u32,
}

/// Runs all rounds. Each run has a fresh process, so that one unlucky memory layout does not colour a whole series.
pub fn measure(contest: &Contest, proxies: &[Proxy], amount: Amount) -> Outcome<Vec<Figures>> {
    let mut all = Vec::new();
    for connections in CONNECTIONS {
        let mut figures: Vec<Figures> = proxies.iter().map(|proxy| Figures::new(*proxy, connections)).collect();
        for round in 1..=amount.rounds {
            eprintln!("load: {connections} connections, round {round} of {}", amount.rounds);
            // The order turns with the rounds, so that none always comes after the same neighbour.
            let turn = round as usize % figures.len();
            for index in 0..figures.len() {
                let index = (index + turn) % figures.len();
                run(contest, &mut figures[index], amount.seconds)?;
            }
        }
        all.extend(figures);
    }
    Ok(all)
}

fn run(contest: &Contest, figures: &mut Figures, seconds: u32) -> Outcome<()> {
    let started = contest.start(figures.proxy, Under::Nothing)?;
    let (path, headers) = (contest.path(), contest.headers());
    let target = Target { address: started.address, path: &path, headers: &headers };
    let connections = figures.connections;
    wrk::run(&target, Load { connections, seconds: WARM_UP_SECONDS }, contest.scratch())?;
    let before = started.running.cpu_ticks()?;
    let run = wrk::run(&target, Load { connections, seconds }, contest.scratch())?;
    let ticks = started.running.cpu_ticks()? - before;
    let peak_kib = started.running.memory_kib("VmHWM")?;
    check_log(contest, figures.proxy)?;

    let cpu_seconds = ticks as f64 / ticks_per_second()?;
    figures.requests_per_second.push(run.requests_per_second());
    figures.p50_ms.push(run.p50_us / 1e3);
    figures.p99_ms.push(run.p99_us / 1e3);
    figures.cpu_us.push(cpu_seconds * 1e6 / run.requests as f64);
    figures.peak_mib.push(peak_kib as f64 / 1024.0);
    figures.requests += run.requests;
    figures.lost += run.lost();
    Ok(())
}

/// A proxy that writes no access log would be measured doing less.
fn check_log(contest: &Contest, proxy: Proxy) -> Outcome<()> {
    let path = contest.access_log(proxy);
    let length = fs::metadata(&path).doing(|| format!("looking for the access log {}", path.display()))?.len();
    if length == 0 {
        return Err(Failure::new(format!("{} wrote nothing to its access log", proxy.name())));
    }
    Ok(())
}
