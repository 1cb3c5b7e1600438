//! Which connections there are, by origin and by host. Changed under the pool's lock only.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use tokio::sync::Notify;

use super::Origin;
use super::connection::Connection;
use super::host::Host;
use super::http2::Multiplexed;
use super::origin::OriginHasher;

/// A worker's connections, by where they lead.
#[derive(Default)]
pub(super) struct Table {
    pub(super) origins: HashMap<Origin, Connections, BuildHasherDefault<OriginHasher>>,
    pub(super) hosts: HashMap<(String, u16), Arc<Host>>,
    pub(super) idle_total: usize,
    pub(super) open_total: usize,
    /// Requests that wait for room in the whole.
    pub(super) waiting_total: usize,
    pub(super) reaping: bool,
}

/// Those of one origin.
pub(super) struct Connections {
    pub(super) host: Arc<Host>,
    pub(super) idle: Vec<Idle>,
    pub(super) multiplexed: Vec<Arc<Multiplexed>>,
    pub(super) spoken: Spoken,
    pub(super) opening: usize,
    pub(super) open: usize,
    pub(super) waiting: usize,
    pub(super) freed: Arc<Notify>,
}

/// What a backend is known to speak.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// It is told by the first connection, which the others wait for.
    Unknown,
    /// The first connection failed: each request tries for itself, so that none waits for the failures of all before it.
    Untold,
    Http1,
    Http2,
}

pub(super) struct Idle {
    pub(super) connection: Box<Connection>,
    pub(super) until_tick: u64,
}

/// The host of `origin`, which others may share.
pub(super) fn host_of(hosts: &mut HashMap<(String, u16), Arc<Host>>, origin: &Origin) -> Arc<Host> {
    let (name, port) = origin.dialled();
    Arc::clone(hosts.entry((name.to_owned(), port)).or_insert_with(|| Host::new(name, port)))
}

impl Table {
    /// Closes the idle connection that would be closed first anyway; its slot is free when its task has ended.
    pub(super) fn close_an_idle_one(&mut self, of: Option<&Arc<Host>>) {
        let of_host = |connections: &&mut Connections| of.is_none_or(|host| Arc::ptr_eq(host, &connections.host));
        let mut closed = None;
        for connections in self.origins.values_mut().filter(of_host) {
            // The first of a stack has been idle longest.
            if let Some(idle) = connections.idle.first() {
                let soonest = closed.as_ref().map_or(u64::MAX, |(until, _)| *until);
                if idle.until_tick < soonest {
                    closed = Some((idle.until_tick, connections));
                }
            } else if let Some(at) = connections.multiplexed.iter().position(|shared| shared.is_idle()) {
                connections.multiplexed.remove(at);
                return;
            }
        }
        if let Some((_, connections)) = closed {
            connections.idle.remove(0);
            self.idle_total -= 1;
        }
    }

    /// Forgets an origin, and its host, without connections and requests that wait.
    pub(super) fn forget_if_unused(&mut self, origin: &Origin) {
        let Some(connections) = self.origins.get(origin) else { return };
        if connections.open > 0 || connections.waiting > 0 {
            return;
        }
        let host = Arc::clone(&connections.host);
        self.origins.remove(origin);
        let is_used = self.origins.values().any(|other| Arc::ptr_eq(&other.host, &host));
        if !is_used {
            self.hosts.remove(&(host.name.to_string(), host.port));
        }
    }
}

impl Connections {
    pub(super) fn new(host: Arc<Host>) -> Self {
        Self {
            host,
            idle: Vec::new(),
            multiplexed: Vec::new(),
            spoken: Spoken::Unknown,
            opening: 0,
            open: 0,
            waiting: 0,
            freed: Arc::default(),
        }
    }
}
