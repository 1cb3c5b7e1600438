//! The connections of a worker: what each is doing since when, and what it is ordered to do.
//!
//! Timeouts are not timers, which cost a request more than anything else here: a connection notes in which tick of the
//! worker's sweep its state began, and the sweep orders those closed that have been in it too long.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::ListenerSettings;
use super::http1::serve_http1;
use super::http2::serve_http2;
use super::sniff::{Protocol, sniff};
use super::stalled::Answers;
use super::worker::{Shared, sweep_interval};
use crate::transport::Handler;
use crate::transport::sent_names::{HeadTap, Part};

/// How long a closed connection is still read from, so that the last answer is not lost to a reset (RFC 9112, 9.6).
const LINGER_MS_MAX: u128 = 2_000;

/// What a connection is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Order {
    Serve,
    /// Answer what has been received, then close.
    Drain,
    /// Close at once.
    Close,
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Idle,
    ReadingHead,
    Busy,
    Lingering,
}

/// A worker's connections.
pub(super) struct Connections {
    table: Mutex<Table>,
    changed: Notify,
    ticks: Arc<AtomicU64>,
    max: usize,
    head_ticks_max: u64,
    idle_ticks_max: u64,
    blocked_ticks_max: u64,
    linger_ticks_max: u64,
}

#[derive(Default)]
struct Table {
    connections: HashMap<u64, Arc<State>>,
    next: u64,
}

/// One connection's entry, and its place among the worker's: freed when it is dropped.
pub(super) struct Ticket {
    pub(super) state: Arc<State>,
    number: u64,
    connections: Arc<Connections>,
}

/// What is noted of a connection.
pub(super) struct State {
    order: AtomicU8,
    phase: AtomicU8,
    since_tick: AtomicU64,
    /// The tick after the one in which the client stopped taking bytes; 0 while it takes them.
    blocked_tick: AtomicU64,
    in_flight: AtomicU32,
    http2: AtomicBool,
    answers: Answers,
    head: Arc<HeadTap>,
    task: OnceLock<Waker>,
    ticks: Arc<AtomicU64>,
}

/// A request that has not been answered to its end.
pub(super) struct InFlight(Arc<State>);

/// Serves one connection to its end.
pub(super) async fn serve<H: Handler>(
    stream: TcpStream,
    peer: SocketAddr,
    local: SocketAddr,
    ticket: Ticket,
    shared: Arc<Shared<H>>,
) {
    match sniff(&stream, &ticket).await {
        Ok(Some((Protocol::Http1, read))) => serve_http1(stream, read, peer, local, ticket, shared).await,
        Ok(Some((Protocol::Http2, read))) => serve_http2(stream, read, peer, local, ticket, shared).await,
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, %peer, "connection lost before a request"),
    }
}

impl Connections {
    pub(super) fn new(settings: &ListenerSettings) -> Self {
        let tick_ms = sweep_interval(settings).as_millis().max(1);
        // One more, since the tick in which something begins is not whole.
        let ticks = |ms: u128| u64::try_from(ms / tick_ms + 1).unwrap_or(u64::MAX);
        Self {
            table: Mutex::default(),
            changed: Notify::new(),
            ticks: Arc::default(),
            max: settings.connections_per_worker_max.max(1),
            head_ticks_max: ticks(settings.header_timeout.as_millis()),
            idle_ticks_max: ticks(settings.idle_timeout.as_millis()),
            blocked_ticks_max: ticks(settings.body_timeout.as_millis()),
            linger_ticks_max: ticks(settings.idle_timeout.as_millis().min(LINGER_MS_MAX)),
        }
    }

    pub(super) fn admit(self: &Arc<Self>, order: Order) -> Ticket {
        let state = Arc::new(State {
            order: AtomicU8::new(order as u8),
            // A client that connects is expected to speak.
            phase: AtomicU8::new(Phase::ReadingHead as u8),
            since_tick: AtomicU64::new(self.ticks.load(Relaxed)),
            blocked_tick: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            http2: AtomicBool::new(false),
            answers: Answers::default(),
            head: Arc::default(),
            task: OnceLock::new(),
            ticks: Arc::clone(&self.ticks),
        });
        let mut table = self.table();
        let number = table.next;
        table.next += 1;
        table.connections.insert(number, Arc::clone(&state));
        Ticket { state, number, connections: Arc::clone(self) }
    }

    /// Returns when another connection may be accepted. The one that has been idle longest is closed to make room.
    pub(super) async fn room(&self) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let table = self.table();
                if table.connections.len() < self.max {
                    return;
                }
                let idle = table.connections.values().filter(|state| state.is(Phase::Idle) && !state.is_closing());
                if let Some(state) = idle.min_by_key(|state| state.since_tick.load(Relaxed)) {
                    state.order(Order::Close);
                }
            }
            changed.await;
        }
    }

    pub(super) async fn all_closed(&self) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.table().connections.is_empty() {
                return;
            }
            changed.await;
        }
    }

    pub(super) fn order_all(&self, order: Order) {
        for state in self.table().connections.values() {
            state.order(order);
        }
    }

    /// Begins the next tick and closes what has been in one state for too long.
    pub(super) fn sweep(&self) {
        let now = self.ticks.fetch_add(1, Relaxed) + 1;
        for state in self.table().connections.values() {
            if self.is_overdue(state, now) {
                state.order(Order::Close);
            } else if state.http2.load(Relaxed) {
                state.answers.cancel_stalled(now, self.blocked_ticks_max);
            }
        }
    }

    fn is_overdue(&self, state: &State, now: u64) -> bool {
        let blocked = state.blocked_tick.load(Relaxed);
        if blocked != 0 && now.saturating_sub(blocked) > self.blocked_ticks_max {
            return true;
        }
        let max = match state.phase.load(Relaxed) {
            phase if phase == Phase::Idle as u8 => self.idle_ticks_max,
            phase if phase == Phase::ReadingHead as u8 => self.head_ticks_max,
            phase if phase == Phase::Lingering as u8 => self.linger_ticks_max,
            _busy => return false,
        };
        now.saturating_sub(state.since_tick.load(Relaxed)) > max
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while it is held.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// What `future` gives, or the order that came before it: to close, or to drain unless that is known already.
    pub(super) async fn unless_ordered<T>(&self, future: impl Future<Output = T>, draining: bool) -> Result<T, Order> {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            match self.state.ordered(cx) {
                Order::Serve => {}
                Order::Drain if draining => {}
                order => return Poll::Ready(Err(order)),
            }
            future.as_mut().poll(cx).map(Ok)
        })
        .await
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.connections.table().connections.remove(&self.number);
        self.connections.changed.notify_waiters();
    }
}

impl State {
    /// The order in force. The polling task, always the same one, is woken when that changes.
    pub(super) fn ordered(&self, cx: &Context<'_>) -> Order {
        self.task.get_or_init(|| cx.waker().clone());
        match self.order.load(Relaxed) {
            order if order == Order::Serve as u8 => Order::Serve,
            order if order == Order::Drain as u8 => Order::Drain,
            _ => Order::Close,
        }
    }

    fn order(&self, order: Order) {
        self.order.fetch_max(order as u8, Relaxed);
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }

    /// What an HTTP/2 connection is answering.
    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The worker's tick.
    pub(super) fn tick(&self) -> u64 {
        self.ticks.load(Relaxed)
    }

    pub(super) fn is_http2(&self) {
        self.http2.store(true, Relaxed);
        self.enter(Phase::Idle);
    }

    /// The last head in HTTP/1.1.
    pub(super) fn head(&self) -> &Arc<HeadTap> {
        &self.head
    }

    /// Whether what comes next is a part of a head in HTTP/1.1.
    pub(super) fn expects_head(&self) -> bool {
        let phase = self.phase.load(Relaxed);
        (phase == Phase::Idle as u8 || phase == Phase::ReadingHead as u8) && !self.http2.load(Relaxed)
    }

    /// Such a part was read.
    pub(super) fn head_read(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.head.read(bytes, if self.is(Phase::Idle) { Part::First } else { Part::Next });
        }
    }

    pub(super) fn bytes_read(&self) {
        if self.is(Phase::Idle) && !self.http2.load(Relaxed) {
            self.enter(Phase::ReadingHead);
        }
    }

    pub(super) fn bytes_written(&self) {
        self.blocked_tick.store(0, Relaxed);
        // HTTP/2 writes pings, which are no sign of use.
        if self.is(Phase::Idle) && !self.http2.load(Relaxed) {
            self.since_tick.store(self.ticks.load(Relaxed), Relaxed);
        }
    }

    pub(super) fn write_blocked(&self) {
        if self.blocked_tick.load(Relaxed) == 0 {
            self.blocked_tick.store(self.ticks.load(Relaxed) + 1, Relaxed);
        }
    }

    pub(super) fn lingers(&self) {
        if !self.is(Phase::Lingering) {
            self.enter(Phase::Lingering);
        }
    }

    fn enter(&self, phase: Phase) {
        self.since_tick.store(self.ticks.load(Relaxed), Relaxed);
        self.phase.store(phase as u8, Relaxed);
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) == phase as u8
    }

    /// Whether more requests are taken.
    pub(super) fn is_serving(&self) -> bool {
        self.order.load(Relaxed) == Order::Serve as u8
    }

    fn is_closing(&self) -> bool {
        self.order.load(Relaxed) == Order::Close as u8
    }
}

impl InFlight {
    pub(super) fn begin(state: &Arc<State>) -> Self {
        state.in_flight.fetch_add(1, Relaxed);
        state.phase.store(Phase::Busy as u8, Relaxed);
        Self(Arc::clone(state))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, Relaxed) == 1 && !self.0.is(Phase::Lingering) {
            self.0.enter(Phase::Idle);
        }
    }
}
