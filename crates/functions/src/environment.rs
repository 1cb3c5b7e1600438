//! An execution environment: one process of a function with its Runtime API, from its start to its end. It runs one invocation at a time.
//!
//! * [`invocation`] is one of these.
//!
//! AWS's phases: the init ends when the process first asks for an event, and has ten seconds. One that fails is begun once more as part of
//! the invocation that wanted it, under the function's own timeout; then its failure is that invocation's answer.

mod invocation;

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::failure::{Failure, exit_reason};
use crate::job::{Caller, Job, Outcome};
use crate::limits::{EXIT_GRACE, INIT_TIMEOUT};
use crate::logs::Logs;
use crate::process::Process;
use crate::runtime_api::{Asked, Delivery, Refusal, RuntimeApi};
use crate::spec::Spec;

/// Its number among those of its function.
pub type Id = u64;

/// What an environment tells its pool.
#[derive(Debug)]
pub struct News {
    /// Which.
    pub id: Id,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// It is ready for a job.
    Ready,
    /// It is gone, with every process of it.
    Gone {
        /// Why.
        ending: Ending,
        /// What it was given and its process never saw.
        job: Option<Box<Job>>,
    },
}

/// Why an environment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It never became ready.
    InitFailed,
    /// Its process ended by itself.
    Exited,
    /// An invocation took too long.
    TimedOut,
    /// The pool wanted it.
    Asked,
}

/// The pool's end of an environment. Dropping `jobs` ends the environment after the job that it has.
#[derive(Debug)]
pub struct Handle {
    /// For one job at a time.
    pub jobs: mpsc::Sender<Box<Job>>,
    /// Once it is dropped, the environment ends at once, whatever it does.
    pub _kill: oneshot::Sender<()>,
}

/// Starts an environment, with a job at once if the last start failed.
pub fn start(spec: Arc<Spec>, id: Id, first: Option<Box<Job>>, news: mpsc::Sender<News>) -> Handle {
    let (jobs, receiver) = mpsc::channel(1);
    let (kill, killed) = oneshot::channel();
    tokio::spawn(async move {
        let (ending, job) = run(&spec, id, first, receiver, killed, &news).await;
        // A pool that is gone needs no news.
        news.send(News { id, what: What::Gone { ending, job } }).await.ok();
    });
    Handle { jobs, _kill: kill }
}

async fn run(
    spec: &Arc<Spec>,
    id: Id,
    first: Option<Box<Job>>,
    jobs: mpsc::Receiver<Box<Job>>,
    mut killed: oneshot::Receiver<()>,
    news: &mpsc::Sender<News>,
) -> (Ending, Option<Box<Job>>) {
    let started = Instant::now();
    let (process, api, logs) = match launch(spec, id).await {
        Ok(launched) => launched,
        Err(reason) => {
            tracing::error!(function = spec.name, reason, "a function cannot be started");
            if let Some(job) = first {
                let failure = Failure::not_started(&job.event.request_id, &reason);
                Caller::Waiting(job.reply).conclude(&job.event, Outcome::Failed(failure), None);
            }
            return (Ending::InitFailed, None);
        }
    };
    let mut environment =
        Environment { spec: spec.clone(), process, api, logs, next: None, jobs, started, init: None, cold: Cold::Never };
    // Dropping what ran gives nothing back: all that must be said is said before.
    let (ending, job) = tokio::select! {
        ended = environment.live(id, first, news) => ended,
        _ = &mut killed => (Ending::Asked, None),
    };
    let Environment { process, jobs: mut undone, .. } = environment;
    process.end().await;
    undone.close();
    (ending, job.or_else(|| undone.try_recv().ok()))
}

async fn launch(spec: &Spec, id: Id) -> Result<(Process, RuntimeApi, Logs), String> {
    let api = RuntimeApi::listen().await.map_err(|error| format!("no port for its runtime API: {error}"))?;
    let program = spec.program(api.address()).await?;
    let marker = spec.marker(id);
    let (process, stdout, stderr) = Process::start(&program, &spec.settings.directory, marker).map_err(|error| {
        let program = program.command.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        format!("cannot start {program} in {}: {error}", spec.settings.directory.display())
    })?;
    let logs = Logs::read(&spec.name, vec![Box::new(stdout), Box::new(stderr)]);
    Ok((process, api, logs))
}

struct Environment {
    spec: Arc<Spec>,
    process: Process,
    api: RuntimeApi,
    logs: Logs,
    /// The process asks for an event, and waits here for it.
    next: Option<oneshot::Sender<Result<Delivery, Refusal>>>,
    jobs: mpsc::Receiver<Box<Job>>,
    started: Instant,
    /// How long the init took, until an invocation has said so.
    init: Option<Duration>,
    cold: Cold,
}

/// Whether an init is in an invocation's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cold {
    /// It was before.
    Never,
    /// It failed before, and is begun again.
    WithinInvocation,
}

/// How an init ended.
enum Init {
    Ready,
    Reported(Failure),
    Exited(Option<ExitStatus>),
    TooLong,
}

impl Environment {
    async fn live(&mut self, id: Id, first: Option<Box<Job>>, news: &mpsc::Sender<News>) -> (Ending, Option<Box<Job>>) {
        let mut first = first;
        if let Some(job) = &first {
            self.cold = Cold::WithinInvocation;
            self.logs.begin(&job.event.request_id, invocation::keep(job));
        }
        let limit = if first.is_some() { self.spec.settings.timeout } else { INIT_TIMEOUT };
        match self.init(limit).await {
            Init::Ready => {
                self.init = Some(self.started.elapsed());
                self.spec.stats.cold_start();
            }
            failed => {
                self.init_failed(failed, first).await;
                return (Ending::InitFailed, None);
            }
        }
        loop {
            let job = match first.take() {
                Some(job) => job,
                None => {
                    if news.send(News { id, what: What::Ready }).await.is_err() {
                        return (Ending::Asked, None);
                    }
                    match self.wait_for_job().await {
                        Ok(job) => job,
                        Err(ending) => return (ending, None),
                    }
                }
            };
            match self.invoke(job).await {
                Ok(()) => {}
                Err(ended) => return ended,
            }
        }
    }

    async fn init(&mut self, limit: Duration) -> Init {
        let deadline = self.started + limit;
        loop {
            tokio::select! {
                biased;
                Some(asked) = self.api.asked() => match asked {
                    Asked::Next(sender) => {
                        self.next = Some(sender);
                        return Init::Ready;
                    }
                    Asked::InitError { failure, reply } => {
                        drop(reply.send(Ok(())));
                        return Init::Reported(failure);
                    }
                    other => refuse(other, "Started"),
                },
                status = self.process.exited() => return self.exited_in_init(status.ok()).await,
                () = tokio::time::sleep_until(deadline) => return Init::TooLong,
            }
        }
    }

    /// A process may report an error and exit at once.
    async fn exited_in_init(&mut self, status: Option<ExitStatus>) -> Init {
        self.api.stop();
        let reported = async {
            while let Some(asked) = self.api.asked().await {
                match asked {
                    Asked::InitError { failure, reply } => {
                        drop(reply.send(Ok(())));
                        return Some(failure);
                    }
                    other => refuse(other, "Started"),
                }
            }
            None
        };
        match tokio::time::timeout(EXIT_GRACE, reported).await {
            Ok(Some(failure)) => Init::Reported(failure),
            Ok(None) | Err(_) => Init::Exited(status),
        }
    }

    async fn init_failed(&mut self, how: Init, job: Option<Box<Job>>) {
        self.logs.flush().await;
        let millis = self.started.elapsed().as_secs_f64() * 1_000.0;
        let (kind, reason) = match &how {
            Init::Ready => return,
            Init::Reported(failure) => (failure.error_type.clone(), String::from_utf8_lossy(&failure.payload).into_owned()),
            Init::Exited(status) => ("Runtime.ExitError".to_owned(), exit_reason(*status)),
            Init::TooLong => ("Sandbox.Timedout".to_owned(), format!("it asked for no event within {millis:.0} ms")),
        };
        let phase = if job.is_some() { "invoke" } else { "init" };
        self.logs
            .platform(|| format!("INIT_REPORT Init Duration: {millis:.2} ms\tPhase: {phase}\tStatus: error\tError Type: {kind}"));
        tracing::warn!(function = self.spec.name, reason, "a function could not be initialised");
        let Some(Job { event, reply, .. }) = job.map(|job| *job) else { return };
        let failure = match how {
            Init::Ready => return,
            Init::Reported(failure) => failure,
            Init::Exited(status) => Failure::exited(&event.request_id, status),
            Init::TooLong => Failure::timed_out(&event.request_id, self.spec.settings.timeout),
        };
        self.spec.stats.ended_early(&how_it_counts(&failure));
        Caller::Waiting(reply).conclude(&event, Outcome::Failed(failure), self.logs.tail());
    }

    /// Until a job comes, the process may die, or ask again.
    async fn wait_for_job(&mut self) -> Result<Box<Job>, Ending> {
        loop {
            tokio::select! {
                biased;
                job = self.jobs.recv() => return job.ok_or(Ending::Asked),
                Some(asked) = self.api.asked() => self.idle_asked(asked),
                _ = self.process.exited() => {
                    self.logs.flush().await;
                    tracing::warn!(function = self.spec.name, "a function's process ended while it had nothing to do");
                    return Err(Ending::Exited);
                }
            }
        }
    }

    fn idle_asked(&mut self, asked: Asked) {
        match asked {
            // The client has lost its connection and asks on a new one.
            Asked::Next(sender) => self.next = Some(sender),
            other => refuse(other, "Ready"),
        }
    }
}

fn how_it_counts(failure: &Failure) -> crate::stats::Ended {
    if failure.error_type == "Sandbox.Timedout" { crate::stats::Ended::TimedOut } else { crate::stats::Ended::Failed }
}

/// Answers what has no place now.
fn refuse(asked: Asked, from: &'static str) {
    match asked {
        Asked::Begin { reply, .. } => drop(reply.send(Err(Refusal::InvalidRequestId))),
        Asked::InitError { reply, .. } => {
            drop(reply.send(Err(Refusal::InvalidStateTransition { from, to: "RuntimeInitError" })));
        }
        Asked::Next(sender) => drop(sender.send(Err(Refusal::InvalidStateTransition { from, to: "Ready" }))),
        // The rest of what was concluded without it.
        Asked::Done { .. } => {}
    }
}
