//! A connection to send on: one request's alone in HTTP/1.1, a stream of a shared one in HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1;

use super::host::Place;
use super::http2::Stream;
use super::io::HeadBudget;
use super::pool::Pool;
use super::receiving::Answering;
use super::waking::Alarm;
use super::{Origin, Slot};
use crate::transport::Body;
use crate::transport::timer::Timer;

/// An idle connection is given up this long before its backend would close it: a request must not cross the close on its way.
const KEEP_ALIVE_MARGIN: Duration = Duration::from_secs(1);

/// Boxed wherever it goes, since it goes along with each request and each answer's body.
pub(super) struct Connection {
    /// First, so that a body that is given up goes before the connection.
    pub(super) answering: Answering,
    pub(super) sender: Sender,
    pub(super) budget: HeadBudget,
    /// Of an HTTP/1.1 connection's task.
    pub(super) alarm: Arc<Alarm>,
    /// For the deadlines of the requests that the connection serves, one after the other, and of their answers' bodies.
    pub(super) timer: Timer,
    pub(super) opened_tick: u64,
    /// How long it may be idle.
    pub(super) keep_ticks: u64,
    pub(super) place: Place,
    pub(super) origin: Origin,
}

/// What a request is sent with.
pub(super) enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(Stream),
}

/// A connection in the hands of one request. Dropping it closes an HTTP/1.1 connection; [`Lease::give_back`] pools it.
pub(in crate::transport) struct Lease {
    pub(super) connection: Box<Connection>,
    pub(super) pool: Arc<Pool>,
}

impl Connection {
    fn new(pool: &Pool, origin: &Origin, sender: Sender, place: Place) -> Self {
        Self {
            answering: Answering::default(),
            sender,
            budget: HeadBudget::default(),
            alarm: Arc::default(),
            timer: Timer::default(),
            opened_tick: pool.now(),
            keep_ticks: pool.idle_ticks(),
            place,
            origin: origin.clone(),
        }
    }

    /// Whether another request may be sent on it.
    pub(super) fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_ready(),
            Sender::Http2(_) => false,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(_) => false,
        }
    }
}

impl Lease {
    /// An HTTP/1.1 connection that was opened on `slot`, which goes into the connection's task.
    pub(super) fn http1(
        slot: &Slot,
        sender: http1::SendRequest<Body>,
        budget: HeadBudget,
        alarm: Arc<Alarm>,
        place: Place,
    ) -> Self {
        Self {
            connection: Box::new(Connection {
                budget,
                alarm,
                ..Connection::new(slot.pool(), slot.origin(), Sender::Http1(sender), place)
            }),
            pool: Arc::clone(slot.pool()),
        }
    }

    pub(super) fn http2(pool: &Arc<Pool>, origin: &Origin, stream: Stream, place: Place) -> Self {
        Self { connection: Box::new(Connection::new(pool, origin, Sender::Http2(stream), place)), pool: Arc::clone(pool) }
    }

    /// From here on a body is read.
    pub(super) fn head_arrived(&mut self) {
        self.connection.budget.stop();
    }

    /// The backend closes the connection when it has been idle for `timeout`.
    pub(super) fn keep_for(&mut self, timeout: Duration) {
        let ticks = self.pool.ticks_in(timeout.saturating_sub(KEEP_ALIVE_MARGIN));
        self.connection.keep_ticks = self.pool.idle_ticks().min(ticks);
    }

    /// For the next request, if the exchange is over in both directions: a backend may have answered before it was sent all.
    pub(in crate::transport) fn give_back(self) {
        if self.connection.is_ready() {
            let Self { connection, pool } = self;
            pool.put(connection);
        }
    }
}
