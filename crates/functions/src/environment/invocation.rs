//! One invocation in an environment: the event goes out with the process's question, the result is passed on at once, and the next
//! question ends it. What takes longer than the function's timeout ends the environment.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use postern_api_model::ports::LogType;
use tokio::time::Instant;

use super::{Ending, Environment, refuse};
use crate::failure::{Failure, exit_reason};
use crate::job::{Caller, Event, Job, Outcome, Tried};
use crate::limits::EXIT_GRACE;
use crate::logs::Keep;
use crate::runtime_api::{Answer, Asked, Delivery, Mode, Refusal, Sink};
use crate::spec::Spec;
use crate::stats::Ended;

/// Whether the job's caller wants the end of the log.
pub(super) fn keep(job: &Job) -> Keep {
    match job.log {
        LogType::Tail => Keep::Tail,
        LogType::None => Keep::Nothing,
    }
}

/// An invocation that the process has.
struct Current {
    spec: Arc<Spec>,
    event: Event,
    caller: Caller,
    keep: Keep,
    progress: Progress,
    /// What it came to, when the caller has to wait for the end of the log too.
    outcome: Option<Outcome>,
    ended: Ended,
    started: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// The process has the event.
    Running,
    /// It has begun to answer.
    Answering,
    /// It has answered.
    Answered,
}

/// What ended the wait for the process.
enum Step {
    Asked(Asked),
    Exited(Option<ExitStatus>),
    TimedOut,
}

impl Environment {
    /// Runs a job until the process asks for the next one. An error says that the environment is at its end, with the job if the process
    /// never saw it.
    pub(super) async fn invoke(&mut self, mut job: Box<Job>) -> Result<(), (Ending, Option<Box<Job>>)> {
        let timeout = self.spec.settings.timeout;
        // An init that is part of the invocation has used some of its time.
        let started = match std::mem::replace(&mut self.cold, super::Cold::Never) {
            super::Cold::WithinInvocation => self.started,
            super::Cold::Never => Instant::now(),
        };
        let deadline = started + timeout;
        let keep = keep(&job);
        self.logs.begin(&job.event.request_id, keep);
        self.logs.platform(|| format!("START RequestId: {} Version: {}", job.event.request_id, job.event.version));
        let deadline_ms = epoch_ms(SystemTime::now() + deadline.saturating_duration_since(Instant::now()));
        if let Err((ending, failure)) = self.deliver(&job.event, deadline_ms, deadline).await {
            if ending == Ending::Exited && job.tried == Tried::Never {
                job.tried = Tried::Once;
                return Err((ending, Some(job)));
            }
            self.logs.flush().await;
            Caller::Waiting(job.reply).conclude(&job.event, Outcome::Failed(failure), self.logs.tail());
            return Err((ending, None));
        }
        // It waits for a process no more: its place is another's.
        job.room.clear();
        let Job { event, reply, .. } = *job;
        let mut current = Current {
            spec: self.spec.clone(),
            event,
            caller: Caller::Waiting(reply),
            keep,
            progress: Progress::Running,
            outcome: None,
            ended: Ended::Well,
            started,
        };
        loop {
            if current.progress == Progress::Answered && self.next.is_some() {
                self.over(current).await;
                return Ok(());
            }
            match self.step(deadline).await {
                // A result that is under way on another connection is waited for; without one, the question is out of order.
                Step::Asked(Asked::Next(sender)) if current.progress != Progress::Running => self.next = Some(sender),
                Step::Asked(asked) => current.asked(asked),
                Step::Exited(status) => {
                    self.exited(&mut current, status).await;
                    self.over(current).await;
                    return Err((Ending::Exited, None));
                }
                Step::TimedOut => {
                    let failure = Failure::timed_out(&current.event.request_id, timeout);
                    current.ended = Ended::TimedOut;
                    self.logs.platform(|| {
                        format!("{} Task timed out after {:.2} seconds", current.event.request_id, timeout.as_secs_f64())
                    });
                    current.conclude(Outcome::Failed(failure));
                    self.over(current).await;
                    return Err((Ending::TimedOut, None));
                }
            }
        }
    }

    /// Gives the event to the process. It asked for one, but may have lost its connection since and ask again.
    async fn deliver(&mut self, event: &Event, deadline_ms: u64, deadline: Instant) -> Result<(), (Ending, Failure)> {
        let mut delivery = Delivery { event: event.clone(), deadline_ms };
        loop {
            if let Some(next) = self.next.take() {
                match next.send(Ok(delivery)) {
                    Ok(()) => return Ok(()),
                    Err(Ok(back)) => delivery = back,
                    Err(Err(_)) => unreachable!("what comes back is what was sent"),
                }
            }
            match self.step(deadline).await {
                Step::Asked(Asked::Next(sender)) => self.next = Some(sender),
                Step::Asked(other) => refuse(other, "Ready"),
                Step::Exited(status) => return Err((Ending::Exited, Failure::exited(&event.request_id, status))),
                Step::TimedOut => {
                    return Err((Ending::TimedOut, Failure::timed_out(&event.request_id, self.spec.settings.timeout)));
                }
            }
        }
    }

    async fn step(&mut self, deadline: Instant) -> Step {
        tokio::select! {
            biased;
            Some(asked) = self.api.asked() => Step::Asked(asked),
            status = self.process.exited() => Step::Exited(status.ok()),
            () = tokio::time::sleep_until(deadline) => Step::TimedOut,
        }
    }

    /// The process has ended; what it sent before may still be under way.
    async fn exited(&mut self, current: &mut Current, status: Option<ExitStatus>) {
        self.api.stop();
        let rest = async {
            while current.progress != Progress::Answered {
                let Some(asked) = self.api.asked().await else { break };
                current.asked(asked);
            }
        };
        // Who holds connections open past its end is a process that it left behind.
        tokio::time::timeout(EXIT_GRACE, rest).await.ok();
        if current.progress != Progress::Answered {
            let id = current.event.request_id.clone();
            self.logs.platform(|| format!("RequestId: {id} Error: {}", exit_reason(status)));
            current.ended = Ended::Failed;
            current.conclude(Outcome::Failed(Failure::exited(&id, status)));
        }
    }

    /// The last words of an invocation.
    async fn over(&mut self, mut current: Current) {
        self.logs.flush().await;
        let (id, took, init) = (current.event.request_id.clone(), current.started.elapsed(), self.init.take());
        self.logs.platform(|| format!("END RequestId: {id}"));
        let memory = (self.spec.settings.memory_mb, self.process.id());
        self.logs.platform(|| report(&id, took, init, memory));
        if let Some(outcome) = current.outcome.take() {
            current.caller.conclude(&current.event, outcome, self.logs.tail());
        }
    }
}

impl Current {
    fn asked(&mut self, asked: Asked) {
        match asked {
            Asked::Begin { request_id, answer, reply } => {
                let sink = self.begin(&request_id, answer);
                drop(reply.send(sink));
            }
            Asked::Done { request_id, outcome }
                if request_id == self.event.request_id && self.progress == Progress::Answering =>
            {
                if matches!(outcome, Outcome::Failed(_)) {
                    self.ended = Ended::Failed;
                }
                self.conclude(outcome);
            }
            other => refuse(other, "InvocationInProgress"),
        }
    }

    fn begin(&mut self, request_id: &str, answer: Answer) -> Result<Sink, Refusal> {
        if request_id != self.event.request_id {
            return Err(Refusal::InvalidRequestId);
        }
        if self.progress != Progress::Running {
            let to = if answer == Answer::Error { "InvocationErrorResponse" } else { "InvocationResponse" };
            return Err(Refusal::InvalidStateTransition { from: "InvocationResponse", to });
        }
        self.progress = Progress::Answering;
        let pieces = match answer {
            Answer::Result { content_type, mode: Mode::Streaming } => self.caller.stream(&self.event, content_type),
            Answer::Result { mode: Mode::Buffered, .. } | Answer::Error => None,
        };
        Ok(pieces.map_or(Sink::Collect, Sink::Pieces))
    }

    /// Tells the caller, or remembers it until the log is complete.
    fn conclude(&mut self, outcome: Outcome) {
        if self.outcome.is_some() || self.progress == Progress::Answered {
            return;
        }
        self.progress = Progress::Answered;
        // Before the caller hears of it, so that who asks afterwards finds it counted.
        self.spec.stats.invoked(self.ended, self.started.elapsed());
        match self.keep {
            Keep::Nothing => self.caller.conclude(&self.event, outcome, None),
            Keep::Tail => self.outcome = Some(outcome),
        }
    }
}

fn report(id: &str, took: Duration, init: Option<Duration>, (memory_mb, process): (u32, Option<u32>)) -> String {
    let millis = took.as_secs_f64() * 1_000.0;
    let used = process.and_then(peak_memory_mb).unwrap_or(memory_mb.into());
    let init = init.map(|init| format!("\tInit Duration: {:.2} ms", init.as_secs_f64() * 1_000.0)).unwrap_or_default();
    format!(
        "REPORT RequestId: {id}\tDuration: {millis:.2} ms\tBilled Duration: {:.0} ms\tMemory Size: {memory_mb} MB\tMax Memory Used: {used} MB{init}",
        millis.ceil()
    )
}

/// What the process itself has held at most; nothing where there is no `/proc`.
fn peak_memory_mb(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kib: u64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.div_ceil(1024))
}

fn epoch_ms(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
