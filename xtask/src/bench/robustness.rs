//! What must not happen to a request while a backend restarts behind warm pools.

use super::contest::{Contest, Proxy, Under};
use super::failure::Outcome;
use super::http::Connection;
use super::wrk::{self, Load, Target};

/// Requests sent after the backend has come back.
pub const REQUESTS_AFTER_RESTART: u32 = 40;
/// The load that warms the pool.
const WARM_UP: Load = Load { connections: 32, seconds: 1 };

/// What a restart of the backend did to a proxy.
#[derive(Debug, Clone, Copy)]
pub struct Restart {
    /// Whose.
    pub proxy: Proxy,
    /// Of [`REQUESTS_AFTER_RESTART`], how many were answered 200.
    pub answered: u32,
}

/// Warms each proxy's pool, restarts the backend, and asks one after the other.
pub fn restart_backend(contest: &mut Contest, proxies: &[Proxy]) -> Outcome<Vec<Restart>> {
    let mut restarts = Vec::new();
    for proxy in proxies.iter().copied() {
        eprintln!("backend restart: {}", proxy.name());
        let started = contest.start(proxy, Under::Nothing)?;
        let (path, headers) = (contest.path(), contest.headers());
        let target = Target { address: started.address, path: &path, headers: &headers };
        wrk::run(&target, WARM_UP, contest.scratch())?;
        contest.restart_backend()?;
        let mut answered = 0;
        let mut connection = Connection::open(started.address)?;
        for _ in 0..REQUESTS_AFTER_RESTART {
            match contest.ask(&mut connection) {
                Ok(answer) if answer.status == 200 => answered += 1,
                Ok(answer) if answer.header("connection") != Some("close") => {}
                // A proxy that closes the connection costs its client that request only.
                Ok(_) | Err(_) => connection = Connection::open(started.address)?,
            }
        }
        restarts.push(Restart { proxy, answered });
    }
    Ok(restarts)
}
