//! The processes of one function: started when calls wait, kept warm while there are calls, ended when idle. Calls wait in the order in
//! which they came.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::environment::{self, Ending, Handle, Id, News, What};
use crate::errors;
use crate::job::Job;
use crate::limits::{BACK_OFF_MAX, BACK_OFF_MIN, WAIT_TIMEOUT, WARM_BACK_OFF_MAX};
use crate::spec::Spec;

/// What a pool is told.
#[derive(Debug)]
pub enum Message {
    /// Run this.
    Invoke(Box<Job>),
    /// Give back the places of calls whose callers have gone, and say when it is done.
    Purge(oneshot::Sender<()>),
    /// The code has changed: replace every process when it has nothing to do.
    Recycle,
    /// End everything, and say when it is done.
    Shutdown(oneshot::Sender<()>),
}

/// News that wait; one environment has at most two under way.
const NEWS_MAX: usize = 64;

/// Runs the pool until it is shut down, or nobody can call any more.
pub async fn run(spec: Arc<Spec>, mut messages: mpsc::Receiver<Message>) {
    let (sender, mut news) = mpsc::channel(NEWS_MAX);
    let mut pool = Pool {
        spec,
        waiting: VecDeque::new(),
        environments: BTreeMap::new(),
        idle: Vec::new(),
        next_id: 0,
        failed_starts: 0,
        not_before: None,
        unstable: 0,
        warm_not_before: None,
        news: sender,
    };
    let done = loop {
        pool.work();
        let wake = pool.wake();
        tokio::select! {
            message = messages.recv() => match message {
                Some(Message::Invoke(job)) => pool.waiting.push_back(job),
                Some(Message::Purge(done)) => {
                    pool.purge();
                    // Who is gone itself needs no word.
                    done.send(()).ok();
                }
                Some(Message::Recycle) => pool.recycle(),
                Some(Message::Shutdown(done)) => break Some(done),
                None => break None,
            },
            Some(news) = news.recv() => pool.heard(news),
            () = sleep_until(wake) => {}
        }
    };
    messages.close();
    while let Ok(message) = messages.try_recv() {
        match message {
            Message::Invoke(job) => job.reply.refuse(errors::shutting_down()),
            Message::Purge(_) | Message::Recycle | Message::Shutdown(_) => {}
        }
    }
    pool.shut_down(&mut news).await;
    if let Some(done) = done {
        done.send(()).ok();
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

struct Pool {
    spec: Arc<Spec>,
    waiting: VecDeque<Box<Job>>,
    environments: BTreeMap<Id, Member>,
    /// Those that wait for a job, and since when; the last one was used last, and is used next: the others grow old.
    idle: Vec<(Id, Instant)>,
    next_id: Id,
    /// In a row.
    failed_starts: u32,
    not_before: Option<Instant>,
    /// Starts that failed and processes that ended with nothing to do, since the last invocation.
    unstable: u32,
    warm_not_before: Option<Instant>,
    news: mpsc::Sender<News>,
}

struct Member {
    state: State,
    handle: Handle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It becomes ready for whoever waits first then.
    Starting,
    /// It has a job.
    Busy,
    Idle,
    /// It ends after what it does.
    Leaving,
}

impl Pool {
    /// Does all that can be done now.
    fn work(&mut self) {
        self.expire();
        while !self.waiting.is_empty() && self.assign() {}
        self.start_for_waiting();
        self.start_warm();
        self.reap();
        self.spec.stats.now(self.environments.len(), self.waiting.len());
    }

    fn expire(&mut self) {
        while self.waiting.front().is_some_and(|job| job.since.elapsed() >= WAIT_TIMEOUT) {
            if let Some(job) = self.waiting.pop_front() {
                self.spec.stats.throttled();
                job.reply.refuse(errors::throttled());
            }
        }
    }

    /// Forgets the calls that nobody waits for any more: an overloaded function would spend its time on them, and never recover.
    fn purge(&mut self) {
        self.waiting.retain(|job| !job.reply.is_abandoned());
    }

    /// The first call that somebody waits for.
    fn next_job(&mut self) -> Option<Box<Job>> {
        std::iter::from_fn(|| self.waiting.pop_front()).find(|job| !job.reply.is_abandoned())
    }

    /// Gives the first job to the process that was used last. Answers whether anything changed.
    fn assign(&mut self) -> bool {
        let Some((id, since)) = self.idle.pop() else { return false };
        let Some(job) = self.next_job() else {
            self.idle.push((id, since));
            return false;
        };
        let Some(member) = self.environments.get_mut(&id) else {
            self.waiting.push_front(job);
            return true;
        };
        match member.handle.jobs.try_send(job) {
            Ok(()) => member.state = State::Busy,
            Err(mpsc::error::TrySendError::Full(job) | mpsc::error::TrySendError::Closed(job)) => {
                // It has just died; the news of it is on its way.
                member.state = State::Leaving;
                self.waiting.push_front(job);
            }
        }
        true
    }

    fn start_for_waiting(&mut self) {
        if self.not_before.is_some_and(|time| Instant::now() < time) {
            return;
        }
        let starting = self.count(|state| state == State::Starting);
        // Nothing is started for those who have gone.
        if self.waiting.len() > starting && self.environments.len() < self.spec.settings.concurrency_max {
            self.purge();
        }
        let mut wanted = self.waiting.len().saturating_sub(starting);
        while wanted > 0 && self.environments.len() < self.spec.settings.concurrency_max.max(1) {
            wanted -= 1;
            // After a failed start the next one is part of an invocation, which then hears of it.
            let first = if self.failed_starts > 0 { self.next_job() } else { None };
            self.start(first);
            if self.failed_starts > 1 {
                self.not_before = Some(Instant::now() + back_off(self.failed_starts, BACK_OFF_MAX));
            }
        }
    }

    fn start_warm(&mut self) {
        let min = self.spec.settings.concurrency_min.min(self.spec.settings.concurrency_max);
        if self.warm_not_before.is_some_and(|time| Instant::now() < time) {
            return;
        }
        while self.count(|state| state != State::Leaving) < min && self.environments.len() < self.spec.settings.concurrency_max {
            self.start(None);
        }
    }

    fn start(&mut self, first: Option<Box<Job>>) {
        let id = self.next_id;
        self.next_id += 1;
        let state = if first.is_some() { State::Busy } else { State::Starting };
        let handle = environment::start(self.spec.clone(), id, first, self.news.clone());
        self.environments.insert(id, Member { state, handle });
    }

    fn reap(&mut self) {
        let (min, timeout) = (self.spec.settings.concurrency_min, self.spec.settings.idle_timeout);
        while self.count(|state| state != State::Leaving) > min
            && self.idle.first().is_some_and(|(_, since)| since.elapsed() >= timeout)
        {
            let (id, _) = self.idle.remove(0);
            self.leave(id);
        }
    }

    /// Lets an environment end after what it does.
    fn leave(&mut self, id: Id) {
        if let Some(member) = self.environments.get_mut(&id) {
            member.state = State::Leaving;
            // A sender whose receiver is gone: the real one is dropped, and the environment sees the end of its jobs.
            member.handle.jobs = mpsc::channel(1).0;
        }
    }

    fn recycle(&mut self) {
        self.idle.clear();
        (self.failed_starts, self.unstable) = (0, 0);
        (self.not_before, self.warm_not_before) = (None, None);
        let all: Vec<Id> = self.environments.keys().copied().collect();
        for id in all {
            self.leave(id);
        }
    }

    fn heard(&mut self, News { id, what }: News) {
        match what {
            What::Ready => {
                let Some(member) = self.environments.get_mut(&id) else { return };
                self.failed_starts = 0;
                self.not_before = None;
                if member.state == State::Busy {
                    self.unstable = 0;
                }
                if member.state != State::Leaving {
                    member.state = State::Idle;
                    self.idle.push((id, Instant::now()));
                }
            }
            What::Gone { ending, job } => {
                let was = self.environments.remove(&id).map(|member| member.state);
                self.idle.retain(|(idle, _)| *idle != id);
                if let Some(job) = job {
                    self.waiting.push_front(job);
                }
                if ending == Ending::InitFailed {
                    self.failed_starts = self.failed_starts.saturating_add(1);
                    self.not_before =
                        (self.failed_starts > 1).then(|| Instant::now() + back_off(self.failed_starts, BACK_OFF_MAX));
                }
                if ending == Ending::InitFailed || (ending == Ending::Exited && was != Some(State::Busy)) {
                    self.unstable = self.unstable.saturating_add(1);
                    self.warm_not_before = Some(Instant::now() + back_off(self.unstable, WARM_BACK_OFF_MAX));
                }
            }
        }
    }

    fn count(&self, wanted: impl Fn(State) -> bool) -> usize {
        self.environments.values().filter(|member| wanted(member.state)).count()
    }

    /// When there is something to do even if nothing is heard.
    fn wake(&self) -> Option<Instant> {
        let expiry = self.waiting.front().map(|job| Instant::now() + WAIT_TIMEOUT.saturating_sub(job.since.elapsed()));
        let surplus = self.count(|state| state != State::Leaving) > self.spec.settings.concurrency_min;
        let reaping = self.idle.first().filter(|_| surplus).map(|(_, since)| *since + self.spec.settings.idle_timeout);
        let start = self.not_before.filter(|time| *time > Instant::now());
        let warm = self.warm_not_before.filter(|time| *time > Instant::now());
        [expiry, reaping, start, warm].into_iter().flatten().min()
    }

    async fn shut_down(mut self, news: &mut mpsc::Receiver<News>) {
        for job in std::mem::take(&mut self.waiting) {
            job.reply.refuse(errors::shutting_down());
        }
        // Dropping its handle ends an environment at once.
        let mut left = std::mem::take(&mut self.environments).len();
        while left > 0 {
            let Some(News { what, .. }) = news.recv().await else { break };
            if let What::Gone { job, .. } = what {
                left -= 1;
                if let Some(job) = job {
                    job.reply.refuse(errors::shutting_down());
                }
            }
        }
    }
}

/// How long the next start waits after this many failures.
fn back_off(failures: u32, max: Duration) -> Duration {
    (BACK_OFF_MIN * 2_u32.pow(failures.saturating_sub(2).min(16))).min(max)
}
