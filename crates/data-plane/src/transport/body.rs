//! Bodies: a cheap enum over what bodies are made of, with the limits that a body from outside is read under.
//!
//! A body that fails ends with a [`BodyError`], never with a clean end: whoever writes it on (hyper, towards the client or the
//! backend) breaks its connection off, so that half a body never looks whole. Trailers are dropped in both directions.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::timer::Timer;
use super::upstream::Receiving;

/// A message's body. Cheap to move; nothing is allocated for an empty or a whole one, nor for a backend's.
#[derive(Default)]
pub struct Body(Kind);

/// Two enums, so that a body takes no more room than the bytes that it may be: every request carries it along, mostly for nothing.
enum Kind {
    Full(Bytes),
    Other(Other),
}

#[derive(Default)]
enum Other {
    #[default]
    Empty,
    /// Boxed because most requests have none, and all carry its room along.
    Client(Box<ClientBody>),
    Upstream(Receiving),
    Boxed(Pin<Box<dyn http_body::Body<Data = Bytes, Error = BodyError> + Send>>),
    /// What is left of a backend's that failed.
    Failed(BodyError),
}

impl Default for Kind {
    fn default() -> Self {
        Self::Other(Other::Empty)
    }
}

impl From<Other> for Body {
    fn from(other: Other) -> Self {
        Self(Kind::Other(other))
    }
}

/// Why a body did not arrive whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is longer than the limit it was read under.
    #[error("the body is longer than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// Nothing of it arrived in time.
    #[error("the body did not arrive in time")]
    Timeout,
    /// Its sender closed or reset the connection in the middle.
    #[error("the connection was closed in the middle of the body")]
    Incomplete,
    /// Its framing (chunk sizes and line ends) is wrong.
    #[error("the body's framing is malformed")]
    Malformed,
}

impl Body {
    /// No body.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A whole body; none when `bytes` is empty.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() { Self::empty() } else { Self(Kind::Full(bytes)) }
    }

    /// A body made as it is read. Its trailers are dropped.
    pub fn stream(stream: impl http_body::Body<Data = Bytes, Error = BodyError> + Send + 'static) -> Self {
        Other::Boxed(Box::pin(stream)).into()
    }

    /// A client's body: at most `limit_bytes` long, each part within `timeout` of the one before.
    pub(super) fn from_client(incoming: Incoming, limit_bytes: u64, timeout: Duration) -> Self {
        if http_body::Body::is_end_stream(&incoming) {
            return Self::empty();
        }
        let timer = Timer::default();
        Other::Client(Box::new(ClientBody { incoming, remaining_bytes: limit_bytes, limit_bytes, timeout, timer })).into()
    }

    /// A backend's body, which gives its connection back to the pool when it has been read to its end.
    pub(super) fn from_upstream(receiving: Option<Receiving>) -> Self {
        receiving.map_or_else(Self::empty, |receiving| Other::Upstream(receiving).into())
    }

    /// The same body, failing with [`BodyError::Timeout`] when it is not at its end at `deadline`.
    pub fn with_deadline(self, deadline: Instant) -> Self {
        match self.0 {
            Kind::Full(_) | Kind::Other(Other::Empty | Other::Failed(_)) => self,
            Kind::Other(Other::Upstream(mut body)) => {
                body.end_by(deadline);
                Other::Upstream(body).into()
            }
            Kind::Other(Other::Client(_) | Other::Boxed(_)) => {
                Self::stream(Deadlined { body: self, deadline, timer: Timer::default() })
            }
        }
    }

    /// Its length in bytes, when that is known before reading it.
    pub fn exact_len(&self) -> Option<u64> {
        http_body::Body::size_hint(self).exact()
    }

    /// Takes its bytes when they are all there already; else `None`, and the body stays as it is.
    pub fn take_whole(&mut self) -> Option<Bytes> {
        let whole = match &mut self.0 {
            Kind::Full(bytes) => std::mem::take(bytes),
            Kind::Other(Other::Empty) => Bytes::new(),
            Kind::Other(_) => return None,
        };
        *self = Self::empty();
        Some(whole)
    }

    /// Its bytes when they are all there already; the body stays as it is.
    pub fn whole(&self) -> Option<Bytes> {
        match &self.0 {
            Kind::Full(bytes) => Some(bytes.clone()),
            Kind::Other(Other::Empty) => Some(Bytes::new()),
            Kind::Other(_) => None,
        }
    }

    /// The next part, `None` at the clean end.
    pub async fn frame(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| self.poll_data(cx)).await
    }

    /// All of it, or [`BodyError::TooLarge`] when it is longer than `max_bytes`.
    pub async fn collect(mut self, max_bytes: usize) -> Result<Bytes, BodyError> {
        let too_large = BodyError::TooLarge { limit_bytes: max_bytes as u64 };
        if self.exact_len().is_some_and(|len| len > max_bytes as u64) {
            return Err(too_large);
        }
        let Some(first) = self.frame().await.transpose()? else {
            return Ok(Bytes::new());
        };
        if first.len() > max_bytes {
            return Err(too_large);
        }
        // A body in one part, which most are, is not copied.
        let Some(second) = self.frame().await.transpose()? else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(part) = next {
            if whole.len() + part.len() > max_bytes {
                return Err(too_large);
            }
            whole.extend_from_slice(&part);
            next = self.frame().await.transpose()?;
        }
        Ok(whole.freeze())
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let other = match &mut self.0 {
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::empty();
                return Poll::Ready(Some(Ok(bytes)));
            }
            Kind::Other(other) => other,
        };
        match other {
            Other::Empty => Poll::Ready(None),
            Other::Client(body) => body.poll_data(cx),
            Other::Upstream(_) => other.poll_upstream(cx),
            Other::Boxed(body) => poll_data(body.as_mut(), cx),
            Other::Failed(error) => Poll::Ready(Some(Err(*error))),
        }
    }
}

impl Other {
    /// The next part of a backend's body. The connection is given back, or let go, now and not when the body's reader gets round to it.
    fn poll_upstream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let Self::Upstream(body) = self else { return Poll::Ready(None) };
        let part = ready!(body.poll_data(cx));
        match &part {
            Some(Ok(_)) if !body.is_at_end() => {}
            Some(Ok(_)) | None => {
                if let Self::Upstream(body) = std::mem::take(self) {
                    body.over();
                }
            }
            Some(Err(error)) => *self = Self::Failed(*error),
        }
        Poll::Ready(part)
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::full(bytes)
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body").field("exact_len", &self.exact_len()).finish_non_exhaustive()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.get_mut().poll_data(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Full(_) | Kind::Other(Other::Failed(_)) => false,
            Kind::Other(Other::Empty) => true,
            Kind::Other(Other::Client(body)) => body.incoming.is_end_stream(),
            Kind::Other(Other::Upstream(body)) => body.is_at_end(),
            Kind::Other(Other::Boxed(body)) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Other(Other::Empty) => SizeHint::with_exact(0),
            Kind::Other(Other::Client(body)) => body.incoming.size_hint(),
            Kind::Other(Other::Upstream(body)) => body.size_hint(),
            Kind::Other(Other::Boxed(body)) => body.size_hint(),
            Kind::Other(Other::Failed(_)) => SizeHint::default(),
        }
    }
}

struct ClientBody {
    incoming: Incoming,
    remaining_bytes: u64,
    limit_bytes: u64,
    timeout: Duration,
    timer: Timer,
}

impl ClientBody {
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let Poll::Ready(part) = poll_incoming(&mut self.incoming, cx) else {
            let timeout = self.timeout;
            ready!(self.timer.poll_expired(cx, || Instant::now() + timeout));
            return Poll::Ready(Some(Err(BodyError::Timeout)));
        };
        self.timer.stop();
        if let Some(Ok(bytes)) = &part {
            let Some(remaining) = self.remaining_bytes.checked_sub(bytes.len() as u64) else {
                return Poll::Ready(Some(Err(BodyError::TooLarge { limit_bytes: self.limit_bytes })));
            };
            self.remaining_bytes = remaining;
        }
        Poll::Ready(part)
    }
}

/// See [`Body::with_deadline`].
struct Deadlined {
    body: Body,
    deadline: Instant,
    timer: Timer,
}

impl http_body::Body for Deadlined {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Poll::Ready(part) = this.body.poll_data(cx) {
            return Poll::Ready(part.map(|part| part.map(Frame::data)));
        }
        let deadline = this.deadline;
        ready!(this.timer.poll_expired(cx, || deadline));
        // Dropped so that the connection behind it is let go now, not when its reader gets round to it.
        this.body = Body::empty();
        Poll::Ready(Some(Err(BodyError::Timeout)))
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&self.body)
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}

/// The next part; trailers are passed over.
pub(super) fn poll_incoming(incoming: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
    loop {
        match ready!(http_body::Body::poll_frame(Pin::new(&mut *incoming), cx)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => return Poll::Ready(Some(Ok(data))),
                Err(_trailers) => {}
            },
            Some(Err(error)) => return Poll::Ready(Some(Err(body_error(&error)))),
            None => return Poll::Ready(None),
        }
    }
}

fn poll_data(
    mut body: Pin<&mut (dyn http_body::Body<Data = Bytes, Error = BodyError> + Send)>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, BodyError>>> {
    loop {
        match ready!(body.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => return Poll::Ready(Some(Ok(data))),
                Err(_trailers) => {}
            },
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        }
    }
}

/// hyper reports bad framing as an I/O error of a kind that sockets do not give, anything else is the connection's end.
fn body_error(error: &hyper::Error) -> BodyError {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => BodyError::Malformed,
                _ => BodyError::Incomplete,
            };
        }
        cause = error.source();
    }
    BodyError::Incomplete
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_no_more_room_than_bytes() {
        assert_eq!(size_of::<Body>(), size_of::<Bytes>());
    }
}
