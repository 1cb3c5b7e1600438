//! Answers that stream: metadata as JSON, eight NUL bytes, and then the payload as the function writes it (AWS docs, "Lambda proxy
//! integration with payload response streaming").
//!
//! What fails before the metadata is there becomes a gateway response; what fails later breaks the connection off.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use postern_api_model::ports::{FunctionEnd, FunctionPiece, FunctionPieces};
use tokio::time::{Instant, Sleep};

use super::event_stream::{Event, Frames};
use super::failure::LambdaFailure;
use super::proxy_response::Metadata;
use crate::error::GatewayError;
use crate::transport::{Body, BodyError};

/// Between metadata and payload.
const DELIMITER: [u8; 8] = [0; 8];
/// Bytes in which both have to be.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long a function may write nothing: AWS's limit for regional and private endpoints. Its 30 s for edge-optimized ones are CloudFront's.
const IDLE_MS_MAX: u64 = 300_000;

/// The pieces of a function's result, whoever runs it.
pub(super) enum Pieces {
    Here(Pin<Box<dyn FunctionPieces>>),
    /// In frames.
    Lambda {
        body: Body,
        frames: Frames,
    },
    /// All at once.
    Whole(Option<Bytes>),
}

impl Pieces {
    /// Of an answer of InvokeWithResponseStream.
    pub(super) fn of_frames(body: Body) -> Self {
        Self::Lambda { body, frames: Frames::default() }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<FunctionPiece, BodyError>>> {
        match self {
            Self::Here(pieces) => pieces.as_mut().poll_next(cx).map(|piece| piece.map(Ok)),
            Self::Lambda { body, frames } => poll_frames(body, frames, cx),
            Self::Whole(whole) => Poll::Ready(Some(Ok(match whole.take() {
                Some(bytes) => FunctionPiece::Chunk(bytes),
                None => FunctionPiece::Complete(FunctionEnd::default()),
            }))),
        }
    }

    async fn next(&mut self) -> Option<Result<FunctionPiece, BodyError>> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }
}

fn poll_frames(body: &mut Body, frames: &mut Frames, cx: &mut Context<'_>) -> Poll<Option<Result<FunctionPiece, BodyError>>> {
    loop {
        match frames.next() {
            Err(_) => return Poll::Ready(Some(Err(BodyError::Malformed))),
            Ok(Some(Event::Chunk(bytes))) => return Poll::Ready(Some(Ok(FunctionPiece::Chunk(bytes)))),
            Ok(Some(Event::Complete(end))) => return Poll::Ready(Some(Ok(FunctionPiece::Complete(end)))),
            Ok(Some(Event::Other)) => continue,
            Ok(None) => {}
        }
        match ready!(http_body::Body::poll_frame(Pin::new(&mut *body), cx)) {
            Some(Ok(part)) => frames.push(&part.into_data().unwrap_or_default()),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            // A stream ends with a frame that says so.
            None => return Poll::Ready(Some(Err(BodyError::Incomplete))),
        }
    }
}

/// What came before the payload, and the payload.
pub(super) struct Started {
    pub(super) metadata: Metadata,
    pub(super) body: Body,
}

/// Waits for the metadata.
pub(super) async fn start(mut pieces: Pieces, request_id: &str, deadline: Instant) -> Result<Started, GatewayError> {
    let head = tokio::time::timeout_at(deadline, read_head(&mut pieces, request_id));
    let Head { metadata, rest } = head.await.map_err(|_elapsed| GatewayError::Timeout)??;
    let idle = Box::pin(tokio::time::sleep(Duration::from_millis(IDLE_MS_MAX)));
    let body = Body::stream(Payload { first: Some(rest).filter(|rest| !rest.is_empty()), pieces, idle, has_ended: false });
    Ok(Started { metadata, body: body.with_deadline(deadline) })
}

struct Head {
    metadata: Metadata,
    /// Of the payload.
    rest: Bytes,
}

async fn read_head(pieces: &mut Pieces, request_id: &str) -> Result<Head, GatewayError> {
    let mut head = BytesMut::new();
    loop {
        match pieces.next().await {
            Some(Ok(FunctionPiece::Chunk(bytes))) => head.extend_from_slice(&bytes),
            Some(Ok(FunctionPiece::Complete(end))) => return Err(ended(end, request_id).into()),
            Some(Err(error)) => return Err(GatewayError::from_response_body(error)),
            None => return Err(GatewayError::from_response_body(BodyError::Incomplete)),
        }
        if let Some((metadata, rest)) = split(&head) {
            let metadata = Metadata::parse(metadata)?;
            return Ok(Head { metadata, rest: Bytes::copy_from_slice(rest) });
        }
        if head.len() > HEAD_BYTES_MAX {
            return Err(undelimited().into());
        }
    }
}

/// Splits at the delimiter, when it is there and not too late.
pub(super) fn split(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memmem::find(&head[..head.len().min(HEAD_BYTES_MAX)], &DELIMITER)?;
    Some((&head[..at], &head[at + DELIMITER.len()..]))
}

fn undelimited() -> LambdaFailure {
    LambdaFailure::Malformed(
        "Malformed Lambda proxy response: a streamed one needs metadata as JSON and eight NUL bytes within its first 16 KiB"
            .to_owned(),
    )
}

fn ended(end: FunctionEnd, request_id: &str) -> LambdaFailure {
    match end.error_code {
        None => undelimited(),
        Some(code) => LambdaFailure::Raised {
            error_message: end.error_details.map_or(code, |details| super::error_message(details.as_bytes())),
            request_id: request_id.to_owned(),
        },
    }
}

/// The payload as it comes. One that ends in a failure never looks whole.
struct Payload {
    first: Option<Bytes>,
    pieces: Pieces,
    idle: Pin<Box<Sleep>>,
    has_ended: bool,
}

impl http_body::Body for Payload {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if this.has_ended {
            return Poll::Ready(None);
        }
        loop {
            let Poll::Ready(piece) = this.pieces.poll_next(cx) else {
                ready!(this.idle.as_mut().poll(cx));
                this.has_ended = true;
                return Poll::Ready(Some(Err(BodyError::Timeout)));
            };
            this.idle.as_mut().reset(Instant::now() + Duration::from_millis(IDLE_MS_MAX));
            let failure = match piece {
                Some(Ok(FunctionPiece::Chunk(bytes))) if bytes.is_empty() => continue,
                Some(Ok(FunctionPiece::Chunk(bytes))) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Ok(FunctionPiece::Complete(FunctionEnd { error_code: None, .. }))) => None,
                Some(Ok(FunctionPiece::Complete(_))) | None => Some(BodyError::Incomplete),
                Some(Err(error)) => Some(error),
            };
            this.has_ended = true;
            return Poll::Ready(failure.map(Err));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        assert_eq!(split(b"{}\0\0\0\0\0\0\0\0rest"), Some((&b"{}"[..], &b"rest"[..])));
        assert_eq!(split(b"{}\0\0\0\0\0\0\0"), None);
        let late = [vec![b' '; HEAD_BYTES_MAX - 7], vec![0; 8]].concat();
        assert_eq!(split(&late), None, "its last byte is beyond the first 16 KiB");
        assert!(split(&late[1..]).is_some());
    }
}
