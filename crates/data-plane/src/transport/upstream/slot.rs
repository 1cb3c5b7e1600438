//! The right to have a connection open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

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
    stage: AtomicU8,
}

/// How far a connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    Opening,
    /// It cannot be opened.
    Failed,
    Open,
}

impl Slot {
    pub(super) fn new(origin: Origin, host: Arc<Host>, pool: Arc<Pool>) -> Self {
        Self { origin, host, pool, stage: AtomicU8::new(Stage::Opening as u8) }
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

    /// The connection cannot be had.
    pub(super) fn failed(&self) {
        self.stage.store(Stage::Failed as u8, Relaxed);
    }

    /// The connection is there and speaks HTTP/1.1.
    pub(super) fn opened_http1(&self) {
        self.stage.store(Stage::Open as u8, Relaxed);
        self.pool.opened_http1(&self.origin);
    }

    /// The connection is there and is shared; its first stream.
    pub(super) fn opened_http2(&self, shared: Arc<Multiplexed>) -> Lease {
        self.stage.store(Stage::Open as u8, Relaxed);
        self.pool.opened_http2(&self.origin, shared)
    }

    /// Its backend takes more streams on it than before.
    pub(super) fn streams_added(&self) {
        self.pool.streams_added(&self.origin);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let stage = match *self.stage.get_mut() {
            stage if stage == Stage::Open as u8 => Stage::Open,
            stage if stage == Stage::Failed as u8 => Stage::Failed,
            _ => Stage::Opening,
        };
        self.pool.closed(&self.origin, &self.host, stage);
    }
}
