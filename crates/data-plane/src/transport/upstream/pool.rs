//! The connections of one worker: which are idle, how many are open, who waits for one.
//!
//! Idle connections are used last in, first out, so that the rest grow old and are closed. Time is counted in ticks of a
//! reaper task that runs while there are connections: returning one reads no clock.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::sync::Notify;

use super::io::HeadBudget;
use super::origin::OriginHasher;
use super::{Origin, UpstreamSettings};
use crate::transport::Body;
use crate::transport::timer::Timer;

/// An idle connection is closed after this many ticks, so its timeout is kept to within an eighth.
const IDLE_TICKS_MAX: u64 = 8;
/// A tick is at least this long, so that a tiny timeout does not make the reaper spin.
const TICK_MS_MIN: u64 = 5;

/// See the module.
pub(super) struct Pool {
    table: Mutex<Table>,
    ticks: AtomicU64,
    tick: Duration,
    lifetime_ticks: u64,
    open_per_origin_max: usize,
    idle_per_origin_max: usize,
    idle_total_max: usize,
}

#[derive(Default)]
struct Table {
    origins: HashMap<Origin, Connections, BuildHasherDefault<OriginHasher>>,
    idle_total: usize,
    open_total: usize,
    reaping: bool,
}

#[derive(Default)]
struct Connections {
    idle: Vec<Idle>,
    open: usize,
    waiting: usize,
    freed: Arc<Notify>,
}

struct Idle {
    connection: Box<Connection>,
    since_tick: u64,
}

/// A connection to send on. Boxed wherever it goes, since it goes along with each request and each answer's body.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Body>,
    pub(super) budget: HeadBudget,
    /// For the deadlines of the requests that the connection serves, one after the other.
    pub(super) timer: Timer,
    opened_tick: u64,
}

/// What a request gets to be sent on.
pub(super) enum Checkout {
    /// A connection that is ready.
    Idle(Lease),
    /// The right to open one.
    Open(Slot),
}

/// A connection in the hands of one request. Dropping it closes the connection; [`Lease::give_back`] pools it.
pub(in crate::transport) struct Lease {
    pub(super) connection: Box<Connection>,
    origin: Origin,
    pool: Arc<Pool>,
}

/// One of the connections that an origin may have. Held by the connection's task; dropping it lets another one be opened.
pub(super) struct Slot {
    origin: Origin,
    pool: Arc<Pool>,
}

impl Pool {
    pub(super) fn new(settings: &UpstreamSettings) -> Self {
        let tick = (settings.idle_timeout / IDLE_TICKS_MAX as u32).max(Duration::from_millis(TICK_MS_MIN));
        Self {
            table: Mutex::default(),
            ticks: AtomicU64::new(0),
            tick,
            lifetime_ticks: (settings.lifetime.as_nanos() / tick.as_nanos()).max(1) as u64,
            open_per_origin_max: settings.connections_per_origin_max.max(1),
            idle_per_origin_max: settings.idle_per_origin_max,
            idle_total_max: settings.idle_total_max,
        }
    }

    /// An idle connection, or the right to open one; waits while the origin has all the connections it may have.
    pub(super) async fn checkout(self: &Arc<Self>, origin: &Origin) -> Checkout {
        loop {
            let freed = {
                let mut table = self.table();
                if let Some(lease) = self.take_idle_of(&mut table, origin) {
                    return Checkout::Idle(lease);
                }
                match self.take_slot(&mut table, origin) {
                    Ok(slot) => return Checkout::Open(slot),
                    Err(freed) => freed,
                }
            };
            self.wait(origin, &freed).await;
        }
    }

    /// The right to open a connection, for a request that an idle one could not take.
    pub(super) async fn checkout_slot(self: &Arc<Self>, origin: &Origin) -> Slot {
        loop {
            let taken = self.take_slot(&mut self.table(), origin);
            match taken {
                Ok(slot) => return slot,
                Err(freed) => self.wait(origin, &freed).await,
            }
        }
    }

    pub(super) fn open_connections(&self) -> usize {
        self.table().open_total
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while it is held; were it so, its counts would still be whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection, if there is one.
    pub(super) fn take_idle(self: &Arc<Self>, origin: &Origin) -> Option<Lease> {
        self.take_idle_of(&mut self.table(), origin)
    }

    fn take_idle_of(self: &Arc<Self>, table: &mut Table, origin: &Origin) -> Option<Lease> {
        let connections = table.origins.get_mut(origin)?;
        while let Some(Idle { connection, .. }) = connections.idle.pop() {
            table.idle_total -= 1;
            if connection.sender.is_ready() {
                return Some(Lease { connection, origin: origin.clone(), pool: Arc::clone(self) });
            }
        }
        None
    }

    fn take_slot(self: &Arc<Self>, table: &mut Table, origin: &Origin) -> Result<Slot, Arc<Notify>> {
        let connections = table.origins.entry(origin.clone()).or_default();
        if connections.open >= self.open_per_origin_max {
            connections.waiting += 1;
            return Err(Arc::clone(&connections.freed));
        }
        connections.open += 1;
        table.open_total += 1;
        if !std::mem::replace(&mut table.reaping, true) {
            tokio::spawn(reap(Arc::downgrade(self), self.tick));
        }
        Ok(Slot { origin: origin.clone(), pool: Arc::clone(self) })
    }

    async fn wait(&self, origin: &Origin, freed: &Notify) {
        let _waiting = Waiting { pool: self, origin };
        freed.notified().await;
    }

    /// Keeps a connection unless it is old or there are enough.
    fn put(&self, origin: &Origin, connection: Box<Connection>) {
        let now = self.ticks.load(Ordering::Relaxed);
        if now.saturating_sub(connection.opened_tick) >= self.lifetime_ticks {
            return;
        }
        let mut table = self.table();
        if table.idle_total >= self.idle_total_max {
            return;
        }
        let Some(connections) = table.origins.get_mut(origin) else {
            return;
        };
        if connections.idle.len() >= self.idle_per_origin_max {
            return;
        }
        connections.idle.push(Idle { connection, since_tick: now });
        if connections.waiting > 0 {
            connections.freed.notify_one();
        }
        table.idle_total += 1;
    }

    /// One tick; `false` when there is nothing left to watch.
    fn tick(&self) -> bool {
        let now = self.ticks.fetch_add(1, Ordering::Relaxed) + 1;
        let mut expired = Vec::new();
        let mut table = self.table();
        for connections in table.origins.values_mut() {
            let old = |idle: &mut Idle| {
                now - idle.since_tick >= IDLE_TICKS_MAX || now - idle.connection.opened_tick >= self.lifetime_ticks
            };
            expired.extend(connections.idle.extract_if(.., old));
        }
        table.idle_total -= expired.len();
        table.reaping = table.open_total > 0;
        table.reaping
    }
}

async fn reap(pool: Weak<Pool>, tick: Duration) {
    loop {
        tokio::time::sleep(tick).await;
        if !pool.upgrade().is_some_and(|pool| pool.tick()) {
            return;
        }
    }
}

impl Slot {
    /// The connection that was opened on it. The slot itself goes into the connection's task.
    pub(super) fn lease(&self, sender: SendRequest<Body>, budget: HeadBudget) -> Lease {
        let opened_tick = self.pool.ticks.load(Ordering::Relaxed);
        let connection = Box::new(Connection { sender, budget, timer: Timer::default(), opened_tick });
        Lease { connection, origin: self.origin.clone(), pool: Arc::clone(&self.pool) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut table = self.pool.table();
        table.open_total -= 1;
        let Some(connections) = table.origins.get_mut(&self.origin) else {
            return;
        };
        connections.open -= 1;
        let dead: Vec<Idle> = connections.idle.extract_if(.., |idle| idle.connection.sender.is_closed()).collect();
        if connections.waiting > 0 {
            connections.freed.notify_one();
        } else if connections.open == 0 {
            table.origins.remove(&self.origin);
        }
        table.idle_total -= dead.len();
    }
}

impl Lease {
    /// From here on a body is read.
    pub(super) fn head_arrived(&mut self) {
        self.connection.budget.stop();
    }

    /// For the next request, if the exchange is over in both directions: a backend may have answered before it was sent all.
    pub(in crate::transport) fn give_back(self) {
        if self.connection.sender.is_ready() {
            let Self { connection, origin, pool } = self;
            pool.put(&origin, connection);
        }
    }
}

/// Counts a waiter for as long as it waits, also when its request is given up.
struct Waiting<'a> {
    pool: &'a Pool,
    origin: &'a Origin,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut table = self.pool.table();
        if let Some(connections) = table.origins.get_mut(self.origin) {
            connections.waiting -= 1;
            if connections.waiting == 0 && connections.open == 0 {
                table.origins.remove(self.origin);
            }
        }
    }
}
