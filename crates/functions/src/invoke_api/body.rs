//! The body of a response of the Invoke API: whole, or a stream of framed pieces.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use postern_api_model::ports::{FunctionPiece, FunctionPieces};

use super::event_stream;

/// A response's body.
pub struct InvokeBody(Kind);

enum Kind {
    Whole(Option<Bytes>),
    Stream(Pin<Box<dyn FunctionPieces>>),
}

impl InvokeBody {
    /// All of it.
    pub fn whole(bytes: Bytes) -> Self {
        Self(Kind::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }

    pub(super) fn stream(pieces: Pin<Box<dyn FunctionPieces>>) -> Self {
        Self(Kind::Stream(pieces))
    }
}

impl std::fmt::Debug for InvokeBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Kind::Whole(_) => "InvokeBody::Whole",
            Kind::Stream(_) => "InvokeBody::Stream",
        })
    }
}

impl Body for InvokeBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Stream(pieces) => loop {
                let framed = match std::task::ready!(pieces.as_mut().poll_next(cx)) {
                    None => return Poll::Ready(None),
                    Some(FunctionPiece::Chunk(chunk)) => event_stream::payload_chunks(&chunk),
                    Some(FunctionPiece::Complete(end)) => event_stream::invoke_complete(&end),
                };
                // An empty piece has no message.
                if !framed.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(framed))));
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Kind::Stream(_) => SizeHint::default(),
        }
    }
}
