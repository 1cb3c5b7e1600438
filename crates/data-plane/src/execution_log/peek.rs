//! Looking at the start of a body without taking anything from it: what streams goes on streaming.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use crate::transport::{Body, BodyError};

/// How much of a body is looked at. A line shows a kilobyte at most; the rest is there so that a secret that the line would show the
/// start of is found whole. Client headers, and with them secrets, are limited to less.
const PEEK_BYTES_MAX: usize = 16 * 1024;
/// What AWS shows of a body that is no text.
const BINARY: &str = "[Binary Data]";

/// The start of a body, once it is there.
pub(super) async fn wait(body: &mut Body) -> Bytes {
    let mut seen = Seen::default();
    std::future::poll_fn(|cx| seen.pull(body, cx)).await;
    seen.put_back(body)
}

/// As much of the start as is there already.
pub(super) fn ready(body: &mut Body) -> Bytes {
    let mut seen = Seen::default();
    // Whoever reads the body next is the one to be woken: every poll says anew who that is.
    let _ = seen.pull(body, &mut Context::from_waker(Waker::noop()));
    seen.put_back(body)
}

/// As a log shows it.
pub(super) fn shown(start: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(start) {
        Ok(text) => text.into(),
        // Only its last character is cut in two.
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(&start[..error.valid_up_to()]),
        Err(_) => BINARY.into(),
    }
}

/// What was read of a body to see its start.
#[derive(Default)]
struct Seen {
    parts: VecDeque<Result<Bytes, BodyError>>,
    bytes: usize,
    is_over: bool,
}

impl Seen {
    fn pull(&mut self, body: &mut Body, cx: &mut Context<'_>) -> Poll<()> {
        while self.bytes < PEEK_BYTES_MAX && !self.is_over {
            if http_body::Body::is_end_stream(body) {
                self.is_over = true;
                break;
            }
            match ready!(http_body::Body::poll_frame(Pin::new(&mut *body), cx)) {
                // Bodies of the transport have no trailers.
                Some(part) => {
                    let part = part.map(|frame| frame.into_data().unwrap_or_default());
                    self.is_over = part.is_err();
                    self.bytes += part.as_ref().map_or(0, Bytes::len);
                    self.parts.push_back(part);
                }
                None => self.is_over = true,
            }
        }
        Poll::Ready(())
    }

    /// Makes the body what it was, and gives its start.
    fn put_back(mut self, body: &mut Body) -> Bytes {
        let whole = self.is_over && self.parts.iter().all(Result::is_ok);
        let start = match (self.parts.len(), self.parts.front()) {
            (1, Some(Ok(only))) => only.clone(),
            _ => self
                .parts
                .iter()
                .flatten()
                .fold(BytesMut::new(), |mut all, part| {
                    all.extend_from_slice(part);
                    all
                })
                .freeze(),
        };
        if whole {
            *body = Body::full(start.clone());
        } else if !self.parts.is_empty() {
            let rest = if self.is_over { Body::empty() } else { std::mem::take(body) };
            *body = Body::stream(Replayed { parts: std::mem::take(&mut self.parts), rest });
        }
        start.slice(..start.len().min(PEEK_BYTES_MAX))
    }
}

/// What was looked at, then the rest.
struct Replayed {
    parts: VecDeque<Result<Bytes, BodyError>>,
    rest: Body,
}

impl http_body::Body for Replayed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match this.parts.pop_front() {
            Some(part) => Poll::Ready(Some(part.map(Frame::data))),
            None => http_body::Body::poll_frame(Pin::new(&mut this.rest), cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let held: u64 = self.parts.iter().flatten().map(|part| part.len() as u64).sum();
        match self.rest.exact_len() {
            Some(rest) if self.parts.iter().all(Result::is_ok) => SizeHint::with_exact(held + rest),
            _ => {
                let mut hint = SizeHint::default();
                hint.set_lower(held);
                hint
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Parts, each of which has to be waited for once.
    struct Slow {
        parts: VecDeque<Result<Bytes, BodyError>>,
        is_due: bool,
    }

    impl Slow {
        fn body(parts: Vec<Result<Bytes, BodyError>>) -> Body {
            Body::stream(Self { parts: parts.into(), is_due: false })
        }
    }

    impl http_body::Body for Slow {
        type Data = Bytes;
        type Error = BodyError;

        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
            self.is_due = !self.is_due;
            if self.is_due {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(self.parts.pop_front().map(|part| part.map(Frame::data)))
        }
    }

    fn part(byte: u8, len: usize) -> Result<Bytes, BodyError> {
        Ok(Bytes::from(vec![byte; len]))
    }

    #[tokio::test]
    async fn a_short_body_becomes_whole() {
        let mut body = Slow::body(vec![part(b'a', 3), part(b'b', 2)]);
        assert_eq!(wait(&mut body).await, "aaabb");
        assert_eq!(body.take_whole().unwrap(), "aaabb");
        let mut empty = Body::empty();
        assert_eq!(wait(&mut empty).await, "");
        assert_eq!(empty.exact_len(), Some(0));
    }

    #[tokio::test]
    async fn a_long_body_goes_on_streaming_as_it_was() {
        let mut body = Slow::body(vec![part(b'a', PEEK_BYTES_MAX - 1), part(b'b', 10), part(b'c', 10)]);
        let start = wait(&mut body).await;
        assert_eq!((start.len(), start.last()), (PEEK_BYTES_MAX, Some(&b'b')));
        assert!(body.take_whole().is_none());
        // And again, as several lines look at one body.
        assert_eq!(wait(&mut body).await, start);
        let all = body.collect(PEEK_BYTES_MAX * 2).await.unwrap();
        assert_eq!(all.len(), PEEK_BYTES_MAX + 19);
        assert!(all.ends_with(&[b'c'; 10]));
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_waited_for() {
        let mut body = Slow::body(vec![part(b'a', 3)]);
        assert_eq!(ready(&mut body), "");
        assert_eq!(body.collect(10).await.unwrap(), "aaa");
        let mut whole = Body::full("abc");
        assert_eq!(ready(&mut whole), "abc");
        assert_eq!(whole.exact_len(), Some(3));
    }

    #[tokio::test]
    async fn a_failure_is_still_one() {
        let mut body = Slow::body(vec![part(b'a', 3), Err(BodyError::Incomplete)]);
        assert_eq!(wait(&mut body).await, "aaa");
        assert_eq!(body.exact_len(), None);
        assert_eq!(body.collect(10).await, Err(BodyError::Incomplete));
    }

    #[test]
    fn what_is_text() {
        assert_eq!(shown("é".as_bytes()), "é");
        assert_eq!(shown(&"aé".as_bytes()[..2]), "a");
        assert_eq!(shown(b"a\xff\xfe"), "[Binary Data]");
    }
}
