//! The right to have a connection open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Origin;
use super::connection::Lease;
use super::host::Host;
use super::http2::Multiplexed;
use super::pool::Pool;

/// One of the connections that a host may have. Held by the connection's task; dropping it lets another one be opened.
pub(super) struct Slot {
    origin: Origin,
    host: Arc<Host>,
    pool: Arc<Pool>,
    is_opening: AtomicBool,
}

impl Slot {
    pub(super) fn new(origin: Origin, host: Arc<Host>, pool: Arc<Pool>) -> Self {
        Self { origin, host, pool, is_opening: AtomicBool::new(true) }
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(super) fn host(&self) -> &Arc<Host> {
        &self.host
    }

    pub(super) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// The connection is there and speaks HTTP/1.1.
    pub(super) fn opened_http1(&self) {
        self.is_opening.store(false, Relaxed);
        self.pool.opened_http1(&self.origin);
    }

    /// The connection is there and is shared; its first stream.
    pub(super) fn opened_http2(&self, shared: Arc<Multiplexed>) -> Lease {
        self.is_opening.store(false, Relaxed);
        self.pool.opened_http2(&self.origin, shared)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pool.closed(&self.origin, &self.host, *self.is_opening.get_mut());
    }
}
