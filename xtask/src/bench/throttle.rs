//! How exact throttles are: clients ask ten times as often as a limit allows, and what is let through is counted.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::failure::{Doing, Failure, Outcome};
use super::http::{Connection, request_bytes};
use super::management::{ApiKey, Management, Place, STAGE, Throttle};
use super::metered;
use super::operations::{home, start};

/// The limit.
pub const LIMIT: Throttle = Throttle { rate: 200, burst: 100 };
/// How often clients ask, of what the limit allows.
pub const PRESSURE: u32 = 10;
/// Connections that ask.
const CLIENTS: u32 = 8;

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// How long the clients ask.
    pub seconds: u32,
}

/// What came of one limit.
#[derive(Debug, Clone)]
pub struct Found {
    /// Which limit.
    pub limit: &'static str,
    /// Requests.
    pub asked: u64,
    /// Those that were answered 200.
    pub admitted: u64,
    /// From the first request to the last answer, seconds.
    pub seconds: f64,
}

impl Found {
    /// What should have been let through: rate x time + burst.
    pub fn due(&self) -> f64 {
        f64::from(LIMIT.rate).mul_add(self.seconds, f64::from(LIMIT.burst))
    }

    /// How far off that was, per cent.
    pub fn off_percent(&self) -> f64 {
        (self.admitted as f64 / self.due() - 1.0).abs() * 100.0
    }
}

/// Presses against a stage's limit of a method, then against a usage plan's limit of a key.
pub fn measure(binary: &Path, scratch: &Path, amount: Amount) -> Outcome<Vec<Found>> {
    let serving = start(&home(binary, scratch, "throttle")?)?;
    let mut management = Management::open(serving.management)?;
    let mut found = Vec::new();
    for (limit, key) in [("of a stage's method", ApiKey::Unread), ("of a key in a usage plan", ApiKey::Required)] {
        eprintln!("throttle: a limit {limit}");
        let api = management.create_rest_api("throttle")?;
        management.put_mock_template(Place { api: &api.id, resource: &api.root }, "{}", key)?;
        management.deploy(&api.id)?;
        match key {
            ApiKey::Unread => management.throttle_methods(&api.id, LIMIT)?,
            ApiKey::Required => metered::add_keys(&mut management, &api.id, LIMIT)?,
        }
        let headers = [format!("Host: {}", serving.http), format!("X-API-Key: {}", metered::asked_key())];
        let request = request_bytes("GET", &format!("/_aws/execute-api/{}/{STAGE}/", api.id), &headers, b"");
        found.push(Found { limit, ..press(serving.http, &request, amount)? });
    }
    serving.running.terminate()?;
    Ok(found)
}

/// All clients together ask [`PRESSURE`] times as often as the limit allows, each at its own even pace.
fn press(address: SocketAddr, request: &[u8], amount: Amount) -> Outcome<Found> {
    let connections: Vec<Connection> = (0..CLIENTS).map(|_| Connection::open(address)).collect::<Outcome<_>>()?;
    let every = Duration::from_secs(1) * CLIENTS / (LIMIT.rate * PRESSURE);
    let began = Instant::now();
    let end = began + Duration::from_secs(amount.seconds.into());
    let client = |mut connection: Connection| -> Outcome<(u64, u64)> {
        let (mut asked, mut admitted) = (0, 0);
        let mut due = began;
        while due < end {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            due += every;
            asked += 1;
            match connection.exchange(request)?.status {
                200 => admitted += 1,
                429 => {}
                status => return Err(Failure::new(format!("a throttled request was answered {status}"))),
            }
        }
        Ok((asked, admitted))
    };
    let counts = thread::scope(|scope| {
        let spawn = |connection| thread::Builder::new().spawn_scoped(scope, move || client(connection));
        let clients: Vec<_> = connections.into_iter().map(spawn).collect::<Result<_, _>>().doing(|| "starting clients".into())?;
        let joined = clients.into_iter().map(|client| client.join().unwrap_or_else(|_| Err(Failure::new("a client panicked"))));
        joined.collect::<Outcome<Vec<_>>>()
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let (asked, admitted) = counts.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    Ok(Found { limit: "", asked, admitted, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_rate_times_time_and_burst() {
        let found = Found { limit: "", asked: 20_000, admitted: 2_079, seconds: 10.0 };
        assert!((found.due() - 2_100.0).abs() < 1e-9 && (found.off_percent() - 1.0).abs() < 1e-9);
    }
}
