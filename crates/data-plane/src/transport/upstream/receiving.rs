//! The body of a backend's answer, on the connection that it comes on.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::connection::{Connection, Lease};
use super::waking::{Called, unheard};
use crate::transport::BodyError;
use crate::transport::body::poll_incoming;

/// What a connection knows of the body that comes on it. It is kept there, and not with the lease, because a body goes through many
/// hands.
#[derive(Default)]
pub(super) struct Answering {
    incoming: Option<Incoming>,
    deadline: Option<Instant>,
}

/// A body that is not at its end. Dropping it closes an HTTP/1.1 connection.
pub(in crate::transport) struct Receiving(Lease);

impl Lease {
    /// The body that comes on the connection; `None` when nothing comes, and the connection is the pool's again.
    pub(in crate::transport) fn receive(mut self, incoming: Incoming) -> Option<Receiving> {
        if incoming.is_end_stream() {
            self.give_back();
            return None;
        }
        self.connection.answering = Answering { incoming: Some(incoming), deadline: None };
        Some(Receiving(self))
    }
}

impl Receiving {
    /// Lets it fail with [`BodyError::Timeout`] when it is not at its end at `deadline`, or at an earlier one that was set before.
    pub(in crate::transport) fn end_by(&mut self, deadline: Instant) {
        let set = &mut self.0.connection.answering.deadline;
        *set = Some(set.map_or(deadline, |earlier| earlier.min(deadline)));
    }

    /// The next part.
    pub(in crate::transport) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let Connection { answering: Answering { incoming, deadline }, timer, alarm, .. } = &mut *self.0.connection;
        let Some(incoming) = incoming else { return Poll::Ready(None) };
        let (part, called) = unheard(|| poll_incoming(incoming, cx));
        if called == Called::Yes && !(part.is_ready() && incoming.is_end_stream()) {
            alarm.call();
        }
        if part.is_pending() {
            let Some(deadline) = *deadline else { return Poll::Pending };
            ready!(timer.poll_expired(cx, || deadline));
            return Poll::Ready(Some(Err(BodyError::Timeout)));
        }
        part
    }

    /// Whether all of it was taken.
    pub(in crate::transport) fn is_at_end(&self) -> bool {
        self.incoming().is_none_or(Incoming::is_end_stream)
    }

    pub(in crate::transport) fn size_hint(&self) -> SizeHint {
        self.incoming().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }

    /// All of it was taken: the connection is the pool's again.
    pub(in crate::transport) fn over(self) {
        let Self(mut lease) = self;
        lease.connection.answering = Answering::default();
        lease.connection.timer.stop();
        lease.give_back();
    }

    fn incoming(&self) -> Option<&Incoming> {
        self.0.connection.answering.incoming.as_ref()
    }
}
