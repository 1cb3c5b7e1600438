//! The scenario "lambda": what an API adds to a warm function, and what a burst does to one.
//!
//! One client, one connection each way, call by call in turns: through an API with an AWS_PROXY integration, and through Lambda's Invoke
//! API on the management address. The function is Python and does nothing, so that what is measured is what is around it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::failure::{Doing, Failure, Outcome};
use super::http::{Connection, request_bytes};
use super::management::{Management, STAGE};
use super::operations::{home, milliseconds, start};
use super::postern::Serving;
use super::stats::Series;

/// Processes that the function may have in the burst.
pub const CONCURRENCY: usize = 10;
/// Calls of the burst, all at once.
pub const BURST: usize = 1000;
/// Answers before anything is measured: the process has started, and everything has been paged in.
const WARM_UP: usize = 200;
/// How often the metrics are looked at during the burst.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// Stack of one client of the burst: it renders a request and reads an answer.
const CLIENT_STACK_BYTES: usize = 256 * 1024;

const CODE: &str = "def handler(event, context):\n    return {\"statusCode\": 200, \"body\": \"{}\"}\n";

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Calls each way.
    pub calls: usize,
}

/// What was found.
#[derive(Debug)]
pub struct Figures {
    /// Through an API, milliseconds.
    pub api_ms: Series,
    /// Through the Invoke API, milliseconds.
    pub invoke_ms: Series,
    /// Calls of the burst that were not answered with 200.
    pub lost: usize,
    /// Until the last of the burst was answered, milliseconds.
    pub burst_ms: f64,
    /// Most processes seen at one time.
    pub processes_max: u64,
    /// Most waiting calls seen at one time.
    pub waiting_max: u64,
}

/// A way to the function.
struct Way {
    connection: Connection,
    request: Vec<u8>,
}

/// Measures both.
pub fn measure(binary: &Path, scratch: &Path, amount: Amount) -> Outcome<Figures> {
    let home = home(binary, scratch, "lambda")?;
    let code = home.directory.join("code");
    fs::create_dir_all(&code).doing(|| format!("creating {}", code.display()))?;
    fs::write(code.join("app.py"), CODE).doing(|| "writing the function".into())?;
    let tables = format!("[functions.hello]\ndirectory = \"code\"\nhandler = \"app.handler\"\nconcurrency_max = {CONCURRENCY}\n");
    fs::write(home.directory.join("postern.toml"), tables).doing(|| "writing postern.toml".into())?;
    let serving = start(&home)?;
    let api = deploy(&serving)?;
    eprintln!("lambda: call by call");
    let mut api_way = Way { connection: Connection::open(serving.http)?, request: through_api(serving.http, &api) };
    let mut invoke_way = Way { connection: Connection::open(serving.management)?, request: through_invoke(serving.management) };
    for _ in 0..WARM_UP {
        api_way.call()?;
        invoke_way.call()?;
    }
    let (mut api_ms, mut invoke_ms) = (Series::default(), Series::default());
    for _ in 0..amount.calls {
        api_ms.push(api_way.call()?);
        invoke_ms.push(invoke_way.call()?);
    }
    eprintln!("lambda: {BURST} at once");
    let burst = burst(&serving, &api)?;
    serving.running.terminate()?;
    Ok(Figures { api_ms, invoke_ms, ..burst })
}

fn deploy(serving: &Serving) -> Outcome<String> {
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:hello";
    let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations");
    let integration = json!({ "type": "AWS_PROXY", "httpMethod": "POST", "uri": uri });
    let document = json!({
        "openapi": "3.0.1",
        "info": { "title": "lambda", "version": "1" },
        "paths": { "/": { "get": { "x-amazon-apigateway-integration": integration } } },
    });
    let mut management = Management::open(serving.management)?;
    let api = management.import_rest_api(&document)?;
    management.deploy(&api.id)?;
    Ok(api.id)
}

fn through_api(address: SocketAddr, api: &str) -> Vec<u8> {
    let target = format!("/_aws/execute-api/{api}/{STAGE}/");
    request_bytes("GET", &target, &[format!("Host: {address}")], b"")
}

fn through_invoke(address: SocketAddr) -> Vec<u8> {
    let headers = [format!("Host: {address}"), "Content-Type: application/json".to_owned()];
    request_bytes("POST", "/2015-03-31/functions/hello/invocations", &headers, b"{}")
}

impl Way {
    /// One call, in milliseconds.
    fn call(&mut self) -> Outcome<f64> {
        let began = Instant::now();
        let answer = self.connection.exchange(&self.request)?;
        let took = milliseconds(began.elapsed());
        match answer.status {
            200 => Ok(took),
            status => Err(Failure::new(format!("the function's call was answered {status}: {}", answer.text()))),
        }
    }
}

/// All calls at once, each on a connection of its own that stands already.
fn burst(serving: &Serving, api: &str) -> Outcome<Figures> {
    let request = through_api(serving.http, api);
    let connections: Vec<Connection> = (0..BURST).map(|_| Connection::open(serving.http)).collect::<Outcome<_>>()?;
    let mut counts = Figures {
        api_ms: Series::default(),
        invoke_ms: Series::default(),
        lost: 0,
        burst_ms: 0.0,
        processes_max: 0,
        waiting_max: 0,
    };
    let request = &request;
    thread::scope(|scope| -> Outcome<()> {
        let mut metrics = Connection::open(serving.management)?;
        let began = Instant::now();
        let client = |mut connection: Connection| {
            let call = move || connection.exchange(request).is_ok_and(|answer| answer.status == 200);
            thread::Builder::new().stack_size(CLIENT_STACK_BYTES).spawn_scoped(scope, call).doing(|| "starting a client".into())
        };
        let clients: Vec<_> = connections.into_iter().map(client).collect::<Outcome<_>>()?;
        while !clients.iter().all(thread::ScopedJoinHandle::is_finished) {
            let page = metrics.exchange(&request_bytes("GET", "/_postern/metrics", &["Host: postern".to_owned()], b""))?.text();
            counts.processes_max = counts.processes_max.max(number(&page, "postern_function_processes")?);
            counts.waiting_max = counts.waiting_max.max(number(&page, "postern_function_waiting")?);
            thread::sleep(LOOK_INTERVAL);
        }
        counts.burst_ms = milliseconds(began.elapsed());
        counts.lost = clients.into_iter().map(|client| client.join().unwrap_or(false)).filter(|answered| !answered).count();
        Ok(())
    })?;
    Ok(counts)
}

/// The one function's number in the metrics.
fn number(page: &str, name: &str) -> Outcome<u64> {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("{function=\"hello\"} "));
    let line = line.ok_or_else(|| Failure::new(format!("the metrics have no {name}")))?;
    line.trim().parse().doing(|| format!("reading {name} {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_come_from_the_metrics() {
        let page = "# HELP x\npostern_function_processes{function=\"hello\"} 7\n";
        assert_eq!(number(page, "postern_function_processes").ok(), Some(7));
        assert!(number(page, "postern_function_waiting").is_err());
    }
}
