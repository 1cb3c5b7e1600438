//! One request and its answer on one connection.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::UpstreamError;
use super::connection::{Connection, Lease, Sender};
use crate::transport::Body;

/// Why a connection gave no answer.
pub(super) enum Failure {
    /// It was closed before it took the request, which another connection may have.
    Unsent(Box<Unsent>),
    /// The request is lost.
    Lost(UpstreamError),
}

/// A request that a connection gave back.
pub(super) struct Unsent {
    pub(super) message: Request<Body>,
    pub(super) error: UpstreamError,
    /// Whether the connection was one of HTTP/2, which a backend may end after any request: the next one may be about to, too.
    pub(super) is_shared: bool,
}

impl Lease {
    /// Sends `message` and waits for the head of its answer. The deadline's timer is the connection's: it serves one request
    /// after the other, so that a request does not pay for setting one up.
    pub(super) async fn exchange(&mut self, message: Request<Body>, deadline: Instant) -> Result<Response<Incoming>, Failure> {
        let Connection { sender, budget, timer, .. } = &mut *self.connection;
        let sender = match sender {
            Sender::Http1(sender) => sender,
            // Boxed because it is rarer: what a future may have to hold is copied for every request.
            Sender::Http2(stream) => return Box::pin(stream.exchange(message, deadline)).await,
        };
        // The head, and interim answers before it, are bounded.
        budget.start();
        let mut answering = pin!(sender.try_send_request(message));
        let answered = poll_fn(|cx| match answering.as_mut().poll(cx) {
            Poll::Ready(answered) => Poll::Ready(Some(answered)),
            Poll::Pending => timer.poll_expired(cx, || deadline).map(|()| None),
        })
        .await;
        timer.stop();
        let Some(answered) = answered else {
            return Err(Failure::Lost(UpstreamError::Timeout { sent: true }));
        };
        answered.map_err(|mut failure| {
            let message = failure.take_message();
            let error = UpstreamError::from_exchange(&failure.into_error(), message.is_none());
            match message {
                Some(message) => Failure::Unsent(Box::new(Unsent { message, error, is_shared: false })),
                None => Failure::Lost(error),
            }
        })
    }
}
