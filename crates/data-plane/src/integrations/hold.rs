//! BUFFERED, AWS's default way to pass an answer on: held back until it is whole, as far as the buffer goes.
//!
//! What ends or fails within `buffer_bytes` behaves as on AWS: it has a `Content-Length`, or becomes a gateway response. What
//! is longer streams from there on; if it fails then, the connection to the client is broken off, so that it never looks whole.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::error::GatewayError;
use crate::transport::{Body, BodyError};

/// How much of an answer is held, and how much may pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) buffer_bytes: usize,
    pub(crate) max_body_bytes: u64,
}

/// Whether an answer's body is all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Streaming,
}

/// Holds `body` back as far as the buffer goes.
pub(super) async fn hold(mut body: Body, deadline: Instant, limits: Limits) -> Result<(Body, Delivery), GatewayError> {
    let len = body.exact_len();
    if len == Some(0) {
        return Ok((Body::empty(), Delivery::Whole));
    }
    if len.is_some_and(|len| len > limits.max_body_bytes) {
        return Err(GatewayError::Malformed(format!("the answer is longer than {} bytes", limits.max_body_bytes)));
    }
    // Most answers arrive with their head, in one piece: they cost no timer and no copy.
    let mut held = Held::default();
    if let Some(first) = ready_frame(&mut body).await {
        match first {
            Some(Ok(bytes)) if len == Some(bytes.len() as u64) => return Ok((Body::full(bytes), Delivery::Whole)),
            Some(Ok(bytes)) => held.push(bytes),
            Some(Err(error)) => return Err(GatewayError::from_response_body(error)),
            None => return Ok((Body::empty(), Delivery::Whole)),
        }
    }
    Box::pin(hold_waiting(body.with_deadline(deadline), held, len, limits)).await
}

/// The rest of [`hold`] for a body that has to be waited for.
async fn hold_waiting(
    mut body: Body,
    mut held: Held,
    len: Option<u64>,
    limits: Limits,
) -> Result<(Body, Delivery), GatewayError> {
    while held.bytes <= limits.buffer_bytes {
        match body.frame().await {
            Some(Ok(bytes)) => held.push(bytes),
            Some(Err(error)) => return Err(GatewayError::from_response_body(error)),
            None => return Ok((Body::full(held.whole()), Delivery::Whole)),
        }
    }
    let remaining = len.unwrap_or(limits.max_body_bytes);
    let streaming = Streaming { held: held.parts, rest: body, len, remaining, max_body_bytes: limits.max_body_bytes };
    Ok((Body::stream(streaming), Delivery::Streaming))
}

/// The next frame if it is there already; the outer option is `None` when it would have to be waited for.
async fn ready_frame(body: &mut Body) -> Option<Option<Result<Bytes, BodyError>>> {
    std::future::poll_fn(|cx| {
        Poll::Ready(match http_body::Body::poll_frame(Pin::new(&mut *body), cx) {
            // Bodies of the transport have no trailers.
            Poll::Ready(frame) => Some(frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default()))),
            Poll::Pending => None,
        })
    })
    .await
}

#[derive(Default)]
struct Held {
    parts: VecDeque<Bytes>,
    bytes: usize,
}

impl Held {
    fn push(&mut self, part: Bytes) {
        self.bytes += part.len();
        self.parts.push_back(part);
    }

    fn whole(mut self) -> Bytes {
        if self.parts.len() == 1 {
            return self.parts.pop_front().unwrap_or_default();
        }
        let mut whole = BytesMut::with_capacity(self.bytes);
        self.parts.iter().for_each(|part| whole.extend_from_slice(part));
        whole.freeze()
    }
}

/// What was held, then the rest as it arrives.
struct Streaming {
    held: VecDeque<Bytes>,
    rest: Body,
    /// As the backend announced it.
    len: Option<u64>,
    /// Bytes that may still pass.
    remaining: u64,
    max_body_bytes: u64,
}

impl Streaming {
    fn pass(&mut self, part: Bytes) -> Result<Frame<Bytes>, BodyError> {
        let too_large = BodyError::TooLarge { limit_bytes: self.max_body_bytes };
        self.remaining = self.remaining.checked_sub(part.len() as u64).ok_or(too_large)?;
        Ok(Frame::data(part))
    }
}

impl http_body::Body for Streaming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(part) = this.held.pop_front() {
            return Poll::Ready(Some(this.pass(part)));
        }
        match http_body::Body::poll_frame(Pin::new(&mut this.rest), cx) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(this.pass(frame.into_data().unwrap_or_default()))),
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // Of what is still to come, so that the announced length holds at the start.
        if self.len.is_some() {
            return SizeHint::with_exact(self.remaining);
        }
        let mut hint = SizeHint::default();
        hint.set_lower(self.held.iter().map(|part| part.len() as u64).sum());
        hint
    }
}

#[cfg(test)]
mod tests;
