//! The connections of one worker: which are idle, how many are open, who waits for one.
//!
//! Idle connections are used last in, first out, so that the rest grow old and are closed. Time is counted in ticks of a
//! reaper task that runs while there are connections: returning one reads no clock. Connections to one name and port are bounded
//! together, and all of a worker's are; idle ones make room for others. How a backend's TLS is spoken is not known before the first
//! connection, so requests wait for that one: over HTTP/2 they share it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::connection::{Connection, Lease};
use super::host::Host;
use super::http2::Multiplexed;
use super::resolve::CachedResolver;
use super::slot::Stage;
use super::table::{Connections, Idle, Spoken, Table, host_of};
use super::waiting::Waiting;
use super::{Origin, Scheme, Slot, UpstreamCounts, UpstreamSettings};

/// An idle connection is closed after about this many ticks, so its timeout is kept to within an eighth.
const IDLE_TICKS: u32 = 8;
/// A tick is at least this long, so that a tiny timeout does not make the reaper spin.
const TICK_MS_MIN: u64 = 5;
/// And at most this long: backends announce their own timeouts in seconds.
const TICK_MS_MAX: u64 = 1_000;

/// See the module.
pub(super) struct Pool {
    table: Mutex<Table>,
    ticks: AtomicU64,
    tick: Duration,
    idle_ticks: u64,
    lifetime_ticks: u64,
    limits: Limits,
    /// Tells requests that wait because the worker has all the connections it may have.
    pub(super) room: Arc<Notify>,
    resolver: CachedResolver,
    counts: Arc<UpstreamCounts>,
    idle_counted: AtomicUsize,
}

struct Limits {
    open_per_host: usize,
    open_total: usize,
    idle_per_origin: usize,
    idle_total: usize,
    /// Whether HTTP/2 is offered.
    multiplexes: bool,
}

/// What a request gets to be sent on.
pub(super) enum Checkout {
    /// A connection that is ready.
    Idle(Lease),
    /// The right to open one.
    Open(Slot),
}

/// Why there is no connection yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// One is being opened that may do for all.
    Opening,
    /// The host has all that it may have.
    OfHost,
    /// The worker has.
    OfRoom,
}

impl Pool {
    pub(super) fn new(settings: &UpstreamSettings, resolver: CachedResolver) -> Self {
        let [min, max] = [TICK_MS_MIN, TICK_MS_MAX].map(Duration::from_millis);
        let tick = (settings.idle_timeout / IDLE_TICKS).clamp(min, max);
        let ticks = |time: Duration| (time.as_nanos() / tick.as_nanos()).max(1) as u64;
        Self {
            table: Mutex::default(),
            ticks: AtomicU64::new(0),
            tick,
            idle_ticks: ticks(settings.idle_timeout),
            lifetime_ticks: ticks(settings.lifetime),
            limits: Limits {
                open_per_host: settings.connections_per_host_max.max(1),
                open_total: settings.connections_total_max.max(1),
                idle_per_origin: settings.idle_per_origin_max,
                idle_total: settings.idle_total_max,
                multiplexes: settings.http2,
            },
            room: Arc::default(),
            resolver,
            counts: Arc::clone(&settings.counts),
            idle_counted: AtomicUsize::new(0),
        }
    }

    /// A connection that is ready, or the right to open one; waits while there is neither.
    pub(super) async fn checkout(self: &Arc<Self>, origin: &Origin) -> Checkout {
        loop {
            let waiting = {
                let mut table = self.table();
                if let Some(lease) = self.take_ready(&mut table, origin) {
                    return Checkout::Idle(lease);
                }
                match self.take_slot(&mut table, origin) {
                    Ok(slot) => return Checkout::Open(slot),
                    Err(lack) => Waiting::begin(self, &mut table, origin, lack),
                }
            };
            waiting.over().await;
        }
    }

    /// The same for a request that a ready connection could not take: no idle one is trusted again. A shared one that may not be used
    /// any more says so, and requests that it gave back must not open one each.
    pub(super) async fn checkout_fresh(self: &Arc<Self>, origin: &Origin) -> Checkout {
        loop {
            let waiting = {
                let mut table = self.table();
                if let Some(lease) = table.origins.get_mut(origin).and_then(|known| self.take_stream(known, origin)) {
                    return Checkout::Idle(lease);
                }
                match self.take_slot(&mut table, origin) {
                    Ok(slot) => return Checkout::Open(slot),
                    Err(lack) => Waiting::begin(self, &mut table, origin, lack),
                }
            };
            waiting.over().await;
        }
    }

    pub(super) fn open_connections(&self) -> usize {
        self.table().open_total
    }

    pub(super) fn now(&self) -> u64 {
        self.ticks.load(Relaxed)
    }

    /// How long a connection may be idle.
    pub(super) fn idle_ticks(&self) -> u64 {
        self.idle_ticks
    }

    /// How many whole ticks `time` has.
    pub(super) fn ticks_in(&self, time: Duration) -> u64 {
        u64::try_from(time.as_nanos() / self.tick.as_nanos()).unwrap_or(u64::MAX)
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while it is held; were it so, its counts would still be whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is ready, if there is one.
    pub(super) fn take_idle(self: &Arc<Self>, origin: &Origin) -> Option<Lease> {
        self.take_ready(&mut self.table(), origin)
    }

    fn take_ready(self: &Arc<Self>, table: &mut Table, origin: &Origin) -> Option<Lease> {
        let connections = table.origins.get_mut(origin)?;
        let now = self.now();
        while let Some(Idle { mut connection, until_tick }) = connections.idle.pop() {
            table.idle_total -= 1;
            if until_tick > now && connections.host.still_has(&mut connection.place) && connection.is_ready() {
                return Some(Lease { connection, pool: Arc::clone(self) });
            }
        }
        if connections.multiplexed.is_empty() { None } else { self.take_stream(connections, origin) }
    }

    /// A stream of the first shared connection that has room, so that the others empty.
    fn take_stream(self: &Arc<Self>, connections: &mut Connections, origin: &Origin) -> Option<Lease> {
        let now = self.now();
        let Connections { host, multiplexed, .. } = connections;
        multiplexed.retain(|shared| !self.is_spent(shared, host, now));
        let shared = multiplexed.iter().find(|shared| shared.has_room())?;
        Some(Lease::http2(self, origin, shared.stream(origin, self), shared.place))
    }

    /// Whether a shared connection takes no more requests.
    fn is_spent(&self, shared: &Multiplexed, host: &Host, now: u64) -> bool {
        let mut place = shared.place;
        shared.is_over()
            || now.saturating_sub(shared.opened_tick) >= self.lifetime_ticks
            || shared.is_idle() && now.saturating_sub(shared.idle_since_tick()) >= self.idle_ticks
            || !host.still_has(&mut place)
    }

    fn take_slot(self: &Arc<Self>, table: &mut Table, origin: &Origin) -> Result<Slot, Lack> {
        let Table { origins, hosts, .. } = table;
        let connections = origins.entry(origin.clone()).or_insert_with(|| Connections::new(host_of(hosts, origin)));
        let may_share = self.limits.multiplexes && origin.scheme() == Scheme::Https;
        if may_share && connections.opening > 0 && matches!(connections.spoken, Spoken::Unknown | Spoken::Http2) {
            return Err(Lack::Opening);
        }
        let host = Arc::clone(&connections.host);
        if host.open.load(Relaxed) >= self.limits.open_per_host {
            table.close_an_idle_one(Some(&host));
            return Err(Lack::OfHost);
        }
        if table.open_total >= self.limits.open_total {
            table.close_an_idle_one(None);
            return Err(Lack::OfRoom);
        }
        let Some(connections) = table.origins.get_mut(origin) else { return Err(Lack::OfRoom) };
        connections.opening += 1;
        connections.open += 1;
        host.open.fetch_add(1, Relaxed);
        table.open_total += 1;
        self.counts.open.fetch_add(1, Relaxed);
        if !std::mem::replace(&mut table.reaping, true) {
            tokio::spawn(reap(Arc::downgrade(self), self.tick));
        }
        Ok(Slot::new(origin.clone(), host, Arc::clone(self)))
    }

    /// Keeps a connection unless it is old or there are enough.
    pub(super) fn put(&self, connection: Box<Connection>) {
        let now = self.now();
        if now.saturating_sub(connection.opened_tick) >= self.lifetime_ticks || connection.keep_ticks == 0 {
            return;
        }
        let mut table = self.table();
        let is_room_wanted = table.waiting_total > 0;
        if table.idle_total >= self.limits.idle_total {
            return;
        }
        let Some(connections) = table.origins.get_mut(&connection.origin) else {
            return;
        };
        if connections.idle.len() >= self.limits.idle_per_origin {
            return;
        }
        let until_tick = now + connection.keep_ticks;
        connections.idle.push(Idle { connection, until_tick });
        if connections.waiting > 0 {
            connections.freed.notify_one();
        } else if connections.host.waiting.load(Relaxed) > 0 {
            connections.host.freed.notify_one();
        } else if is_room_wanted {
            self.room.notify_one();
        }
        table.idle_total += 1;
    }

    /// A stream of a shared connection may be had, or the connection be closed in favour of others.
    pub(super) fn stream_ended(&self, origin: &Origin) {
        let table = self.table();
        let Some(connections) = table.origins.get(origin) else { return };
        if connections.waiting > 0 {
            connections.freed.notify_one();
        } else if connections.host.waiting.load(Relaxed) > 0 {
            connections.host.freed.notify_one();
        } else if table.waiting_total > 0 {
            self.room.notify_one();
        }
    }

    /// The connection that was being opened speaks HTTP/1.1.
    pub(super) fn opened_http1(&self, origin: &Origin) {
        let mut table = self.table();
        let Some(connections) = table.origins.get_mut(origin) else { return };
        connections.opening -= 1;
        if std::mem::replace(&mut connections.spoken, Spoken::Http1) != Spoken::Http1 {
            connections.freed.notify_waiters();
        }
    }

    /// The connection that was being opened is there to be shared.
    pub(super) fn opened_http2(self: &Arc<Self>, origin: &Origin, shared: Arc<Multiplexed>) -> Lease {
        let lease = Lease::http2(self, origin, shared.stream(origin, self), shared.place);
        let mut table = self.table();
        if let Some(connections) = table.origins.get_mut(origin) {
            connections.opening -= 1;
            connections.spoken = Spoken::Http2;
            connections.multiplexed.push(shared);
            // All of them: whoever finds no stream opens the next connection, or waits for that one.
            connections.freed.notify_waiters();
        }
        lease
    }

    /// The backend takes more streams on a shared connection than it was thought to: many may be had at once.
    pub(super) fn streams_added(&self, origin: &Origin) {
        if let Some(connections) = self.table().origins.get(origin) {
            connections.freed.notify_waiters();
        }
    }

    /// A connection was closed, or not opened after all.
    pub(super) fn closed(&self, origin: &Origin, host: &Host, stage: Stage) {
        let mut table = self.table();
        table.open_total -= 1;
        self.counts.open.fetch_sub(1, Relaxed);
        host.open.fetch_sub(1, Relaxed);
        if host.waiting.load(Relaxed) > 0 {
            host.freed.notify_one();
        }
        if table.waiting_total > 0 {
            self.room.notify_one();
        }
        let Some(connections) = table.origins.get_mut(origin) else {
            return;
        };
        connections.open -= 1;
        if stage != Stage::Open {
            connections.opening -= 1;
            // Given up by its request, it says nothing of the backend: the next one takes it over.
            if stage == Stage::Failed && connections.spoken != Spoken::Http1 {
                connections.spoken = Spoken::Untold;
            }
            connections.freed.notify_waiters();
        }
        let dead = connections.idle.extract_if(.., |idle| idle.connection.is_closed()).count();
        connections.multiplexed.retain(|shared| !shared.is_over());
        table.idle_total -= dead;
        table.forget_if_unused(origin);
    }

    /// One tick; `None` when there is nothing left to watch, else the hosts whose names have connections.
    fn tick(&self) -> Option<Vec<Arc<Host>>> {
        let now = self.ticks.fetch_add(1, Relaxed) + 1;
        let (mut expired, mut spent) = (Vec::new(), Vec::new());
        let mut table = self.table();
        let mut shared_idle = 0;
        for connections in table.origins.values_mut() {
            let Connections { host, idle, multiplexed, .. } = connections;
            let is_old = |idle: &mut Idle| {
                now >= idle.until_tick
                    || now - idle.connection.opened_tick >= self.lifetime_ticks
                    || !host.still_has(&mut idle.connection.place)
            };
            expired.extend(idle.extract_if(.., is_old));
            spent.extend(multiplexed.extract_if(.., |shared| self.is_spent(shared, host, now)));
            shared_idle += multiplexed.iter().filter(|shared| shared.is_idle()).count();
        }
        table.idle_total -= expired.len();
        let idle = table.idle_total + shared_idle;
        table.reaping = table.open_total > 0;
        let hosts = table.reaping.then(|| table.hosts.values().filter(|host| host.is_name()).cloned().collect());
        // What is dropped takes the lock itself.
        drop(table);
        let counted = self.idle_counted.swap(idle, Relaxed);
        self.counts.idle.fetch_add(idle.wrapping_sub(counted), Relaxed);
        hosts
    }

    /// Looks the host's name up again if that is due. Connections to addresses that it lost are not used again.
    fn refresh(&self, host: Arc<Host>) {
        if self.resolver.is_fresh(&host.name) || host.refreshing.swap(true, Relaxed) {
            return;
        }
        let resolver = self.resolver.clone();
        tokio::spawn(async move {
            // A name that cannot be looked up keeps its connections: they work, or are closed.
            if let Ok(addresses) = resolver.resolve(&host.name).await {
                host.resolved(&addresses);
            }
            host.refreshing.store(false, Relaxed);
        });
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.counts.idle.fetch_sub(*self.idle_counted.get_mut(), Relaxed);
        let table = self.table.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.counts.open.fetch_sub(table.open_total, Relaxed);
    }
}

async fn reap(pool: Weak<Pool>, tick: Duration) {
    loop {
        tokio::time::sleep(tick).await;
        let Some(pool) = pool.upgrade() else { return };
        let Some(hosts) = pool.tick() else { return };
        hosts.into_iter().for_each(|host| pool.refresh(host));
    }
}
