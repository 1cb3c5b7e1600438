//! Postern as something to operate: how soon a change is served, how fast changes go in, what ten thousand APIs cost.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::documents;
use super::failure::{Doing, Failure, Outcome};
use super::http::{Answer, Connection, request_bytes};
use super::management::{Api, Management, Place, STAGE};
use super::postern::{Home, Serving};
use super::process::Cpus;
use super::stats::Series;

/// Connections that write in parallel.
pub const WRITERS: usize = 16;
/// APIs that one sequential client spreads its resources over, and resources that each gets at most: AWS's default quota for
/// resources is 300 per API, `/` included.
const RESOURCES_PER_API: usize = 250;
/// Longest wait for a change to be served.
const SERVED_TIMEOUT: Duration = Duration::from_secs(10);
/// Cold APIs that are asked for once each.
const COLD_APIS: usize = 100;

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Deployments, and stage updates, timed until served.
    pub changes: u32,
    /// Management operations timed, sequentially and again by all writers together.
    pub operations: usize,
    /// APIs deployed for the figures of size.
    pub apis: usize,
}

/// What was found.
#[derive(Debug)]
pub struct Figures {
    /// From sending CreateDeployment until an answer shows it, milliseconds.
    pub deploy_to_served_ms: Series,
    /// From sending UpdateStage until an answer shows it, milliseconds.
    pub update_to_served_ms: Series,
    /// Changes that the first request after the operation's answer did not see.
    pub late_changes: u32,
    /// GetRestApi per second, one connection.
    pub reads_per_second: f64,
    /// CreateResource per second, one connection.
    pub sequential_writes_per_second: f64,
    /// CreateResource per second, all writers together, each on an API of its own.
    pub parallel_writes_per_second: f64,
    /// What one API and many cost.
    pub sizes: Sizes,
    /// What a large OpenAPI document costs.
    pub documents: documents::Figures,
}

/// What one API and many cost.
#[derive(Debug)]
pub struct Sizes {
    /// With one deployed API.
    pub small: Size,
    /// With [`Amount::apis`].
    pub large: Size,
    /// How long the many APIs took to make, seconds.
    pub filled_in_seconds: f64,
    /// Resident memory of the process that made them, MiB.
    pub after_filling_mib: f64,
    /// First answer of an API that the process has not served before, milliseconds.
    pub cold_ms: Series,
    /// Resident memory once each API has been asked for, MiB.
    pub all_asked_mib: f64,
}

/// Figures of a freshly started process.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Deployed APIs in its store.
    pub apis: usize,
    /// From the start of the process to its ready line, milliseconds.
    pub start_ms: f64,
    /// Resident memory after the first answer, MiB.
    pub resident_mib: f64,
}

/// Runs everything: changes and writes on one data directory, sizes on another that holds nothing else.
pub fn measure(binary: &Path, scratch: &Path, amount: Amount) -> Outcome<Figures> {
    let serving = start(&home(binary, scratch, "changes")?)?;
    let mock = Mock::make(&serving)?;
    eprintln!("operations: changes until served");
    let mut late_changes = 0;
    let deploy_to_served_ms = mock.time_deployments(&serving, amount.changes, &mut late_changes)?;
    let update_to_served_ms = mock.time_stage_updates(&serving, amount.changes, &mut late_changes)?;
    eprintln!("operations: management operations per second");
    let reads_per_second = reads(&serving, &mock.api, amount.operations)?;
    let sequential_writes_per_second = sequential_writes(&serving, amount.operations)?;
    let parallel_writes_per_second = parallel_writes(&serving, amount.operations)?;
    serving.running.terminate()?;
    let sizes = Sizes::measure(&home(binary, scratch, "sizes")?, amount.apis)?;
    eprintln!("operations: a large OpenAPI document");
    let documents = documents::measure(&home(binary, scratch, "documents")?)?;
    Ok(Figures {
        deploy_to_served_ms,
        update_to_served_ms,
        late_changes,
        reads_per_second,
        sequential_writes_per_second,
        parallel_writes_per_second,
        sizes,
        documents,
    })
}

impl Sizes {
    fn measure(home: &Home, apis: usize) -> Outcome<Self> {
        let serving = start(home)?;
        let mock = Mock::make(&serving)?;
        serving.running.terminate()?;

        let serving = start(home)?;
        let small = size(&serving, 1, &mock.api)?;
        eprintln!("operations: deploying {apis} APIs");
        let began = Instant::now();
        let ids = fill(&serving, &mock.api, apis)?;
        let filled_in_seconds = began.elapsed().as_secs_f64();
        let after_filling_mib = resident_mib(&serving)?;
        serving.running.terminate()?;

        let serving = start(home)?;
        let large = size(&serving, apis, &mock.api)?;
        eprintln!("operations: cold APIs");
        let cold_ms = ask_cold(&serving, &ids)?;
        let all_asked_mib = resident_mib(&serving)?;
        serving.running.terminate()?;
        Ok(Self { small, large, filled_in_seconds, after_filling_mib, cold_ms, all_asked_mib })
    }
}

/// A directory of its own for a Postern of this binary.
pub fn home(binary: &Path, scratch: &Path, name: &str) -> Outcome<Home> {
    let directory = scratch.join(name);
    fs::create_dir_all(&directory).doing(|| format!("creating {}", directory.display()))?;
    Ok(Home { binary: binary.to_owned(), directory })
}

/// Serves from a data directory on any core.
pub fn start(home: &Home) -> Outcome<Serving> {
    home.serve(Cpus::Any.command(&home.binary))
}

fn size(serving: &Serving, apis: usize, asked: &Api) -> Outcome<Size> {
    must_be_served(&ask(&mut Connection::open(serving.http)?, &asked.id)?)?;
    Ok(Size { apis, start_ms: milliseconds(serving.started_in), resident_mib: resident_mib(serving)? })
}

/// An API with one MOCK method, deployed.
struct Mock {
    api: Api,
}

impl Mock {
    fn make(serving: &Serving) -> Outcome<Self> {
        let mut management = Management::open(serving.management)?;
        let api = management.create_rest_api("mock")?;
        management.put_mock(Place { api: &api.id, resource: &api.root })?;
        management.deploy(&api.id)?;
        Ok(Self { api })
    }

    fn time_deployments(&self, serving: &Serving, changes: u32, late: &mut u32) -> Outcome<Series> {
        let mut management = Management::open(serving.management)?;
        let mut probe = Probe::open(serving.http, &self.api.id, "x-deployed")?;
        let mut series = Series::default();
        for value in 1..=changes {
            let place = Place { api: &self.api.id, resource: &self.api.root };
            management.set_deployed_header(place, value)?;
            let began = Instant::now();
            management.deploy(&self.api.id)?;
            *late += probe.wait_for(value)?;
            series.push(milliseconds(began.elapsed()));
        }
        Ok(series)
    }

    fn time_stage_updates(&self, serving: &Serving, changes: u32, late: &mut u32) -> Outcome<Series> {
        let mut management = Management::open(serving.management)?;
        let mut probe = Probe::open(serving.http, &self.api.id, "x-variable")?;
        let mut series = Series::default();
        for value in 1..=changes {
            let began = Instant::now();
            management.set_stage_variable(&self.api.id, value)?;
            *late += probe.wait_for(value)?;
            series.push(milliseconds(began.elapsed()));
        }
        Ok(series)
    }
}

/// A client that looks at one header of an API's answers.
struct Probe<'a> {
    connection: Connection,
    api: &'a str,
    header: &'static str,
}

impl<'a> Probe<'a> {
    fn open(address: SocketAddr, api: &'a str, header: &'static str) -> Outcome<Self> {
        Ok(Self { connection: Connection::open(address)?, api, header })
    }

    /// Asks until the header has that value; 1 when the first answer did not have it yet, else 0.
    fn wait_for(&mut self, value: u32) -> Outcome<u32> {
        let wanted = value.to_string();
        let deadline = Instant::now() + SERVED_TIMEOUT;
        let mut late = 0;
        loop {
            let answer = ask(&mut self.connection, self.api)?;
            if answer.header(self.header) == Some(&wanted) {
                return Ok(late);
            }
            if Instant::now() > deadline {
                return Err(Failure::new(format!("{}: {wanted} is not served after ten seconds: {answer:?}", self.header)));
            }
            late = 1;
        }
    }
}

fn ask(connection: &mut Connection, api: &str) -> Outcome<Answer> {
    let host = format!("Host: {api}.execute-api.us-east-1.bench.test");
    connection.exchange(&request_bytes("GET", &format!("/{STAGE}"), &[host], b""))
}

fn must_be_served(answer: &Answer) -> Outcome<()> {
    match answer.status {
        200 => Ok(()),
        status => Err(Failure::new(format!("a deployed API answered {status}: {}", answer.text()))),
    }
}

fn reads(serving: &Serving, api: &Api, count: usize) -> Outcome<f64> {
    let mut management = Management::open(serving.management)?;
    let began = Instant::now();
    for _ in 0..count {
        management.rest_api(&api.id)?;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

fn sequential_writes(serving: &Serving, count: usize) -> Outcome<f64> {
    let mut management = Management::open(serving.management)?;
    let mut apis = Vec::new();
    for number in 0..count.div_ceil(RESOURCES_PER_API) {
        apis.push(management.create_rest_api(&format!("sequential-{number}"))?);
    }
    let began = Instant::now();
    for number in 0..count {
        // Round and round, so that the APIs grow evenly.
        let api = &apis[number % apis.len()];
        management.create_resource(Place { api: &api.id, resource: &api.root }, &format!("part{number}"))?;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

fn parallel_writes(serving: &Serving, count: usize) -> Outcome<f64> {
    let each = count.div_ceil(WRITERS).min(RESOURCES_PER_API);
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let mut management = Management::open(serving.management)?;
        let api = management.create_rest_api(&format!("parallel-{number}"))?;
        writers.push((management, api));
    }
    let began = Instant::now();
    in_parallel(writers, |(mut management, api)| {
        for number in 0..each {
            management.create_resource(Place { api: &api.id, resource: &api.root }, &format!("part{number}"))?;
        }
        Ok(())
    })?;
    Ok((each * WRITERS) as f64 / began.elapsed().as_secs_f64())
}

/// Clones and deploys the API that often; returns the ids.
fn fill(serving: &Serving, template: &Api, count: usize) -> Outcome<Vec<String>> {
    let next = AtomicUsize::new(0);
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        writers.push(Management::open(serving.management)?);
    }
    let made = in_parallel(writers, |mut management| {
        let mut ids = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(ids);
            }
            let api = management.clone_rest_api(&format!("api-{number}"), &template.id)?;
            management.deploy(&api.id)?;
            ids.push(api.id);
        }
    })?;
    Ok(made.into_iter().flatten().collect())
}

/// Runs `work` for each item on a thread of its own and collects what they return, or the first failure.
fn in_parallel<I: Send, T: Send>(items: Vec<I>, work: impl Fn(I) -> Outcome<T> + Sync) -> Outcome<Vec<T>> {
    thread::scope(|scope| {
        let threads: Vec<_> = items.into_iter().map(|item| scope.spawn(|| work(item))).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|outcome| outcome.unwrap_or_else(|_| Err(Failure::new("a client thread panicked")))).collect()
    })
}

/// Asks every API once; the first of them are timed.
fn ask_cold(serving: &Serving, apis: &[String]) -> Outcome<Series> {
    let mut connection = Connection::open(serving.http)?;
    let mut series = Series::default();
    for (number, api) in apis.iter().enumerate() {
        let began = Instant::now();
        let answer = ask(&mut connection, api)?;
        if number < COLD_APIS {
            series.push(milliseconds(began.elapsed()));
        }
        must_be_served(&answer)?;
    }
    Ok(series)
}

fn resident_mib(serving: &Serving) -> Outcome<f64> {
    Ok(serving.running.memory_kib("VmRSS")? as f64 / 1024.0)
}

/// As a figure.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
