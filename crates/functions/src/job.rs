//! One invocation on its way: the event, what the function is told with it, and who waits for the result.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use postern_api_model::ports::{
    FunctionAnswer, FunctionEnd, FunctionError, FunctionPiece, FunctionPieces, FunctionStream, LogType,
};
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::limits::PIECES_MAX;

/// What every failed invocation is marked with; `Handled` was of runtimes that are no more.
const UNHANDLED: &str = "Unhandled";

/// An invocation.
#[derive(Debug)]
pub struct Job {
    /// What the function is told.
    pub event: Event,
    /// Who waits.
    pub reply: Reply,
    /// Whether the end of the log is wanted.
    pub log: LogType,
    /// Whether a process was given to it before, and ended without having seen it.
    pub tried: Tried,
    /// Since when it waits for a process.
    pub since: Instant,
    /// Its place in the queue, given back when a process has it.
    pub room: Vec<OwnedSemaphorePermit>,
}

/// Whether there was a process for a job before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// This is the first one.
    Never,
    /// One ended before it could be given the event. A second one that does so is the function's fault.
    Once,
}

/// What the function is told.
#[derive(Clone, Debug)]
pub struct Event {
    /// A UUID.
    pub request_id: String,
    /// With the qualifier.
    pub arn: String,
    /// `$LATEST` or a number.
    pub version: String,
    /// JSON.
    pub payload: Bytes,
    /// JSON.
    pub client_context: Option<String>,
    /// `X-Amzn-Trace-Id`.
    pub trace_id: Option<String>,
}

/// Who waits.
pub enum Reply {
    /// For the whole of it.
    Whole(oneshot::Sender<Result<FunctionAnswer, FunctionError>>),
    /// For the first piece.
    Pieces(oneshot::Sender<Result<FunctionStream, FunctionError>>),
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Pieces(_) => "Pieces",
        })
    }
}

impl Reply {
    /// Whether nobody waits any more. An event's caller is the server itself, which does not go away.
    pub fn is_abandoned(&self) -> bool {
        match self {
            Self::Whole(sender) => sender.is_closed(),
            Self::Pieces(sender) => sender.is_closed(),
        }
    }

    /// Says that there will be none.
    pub fn refuse(self, error: FunctionError) {
        // Who does not wait any more misses nothing.
        match self {
            Self::Whole(sender) => drop(sender.send(Err(error))),
            Self::Pieces(sender) => drop(sender.send(Err(error))),
        }
    }
}

/// How an invocation ended.
#[derive(Debug)]
pub enum Outcome {
    /// With this result.
    Result {
        /// Any bytes; AWS does not look at them either.
        payload: Bytes,
        /// As the function says.
        content_type: Option<String>,
    },
    /// With the end of the pieces that were sent.
    Streamed,
    /// With an error.
    Failed(Failure),
}

/// The caller's end of an invocation that a process has.
#[derive(Debug)]
pub enum Caller {
    /// Nothing was sent.
    Waiting(Reply),
    /// Pieces were sent, and there is room for the end.
    Streaming(OwnedPermit<FunctionPiece>),
    /// Everything was sent.
    Answered,
}

impl Caller {
    /// Begins a result that comes in pieces, if the caller takes it so.
    pub fn stream(&mut self, event: &Event, content_type: Option<String>) -> Option<mpsc::Sender<FunctionPiece>> {
        match std::mem::replace(self, Self::Answered) {
            Self::Waiting(Reply::Pieces(reply)) => {
                let (sender, end) = open(reply, event, content_type);
                *self = end;
                Some(sender)
            }
            other => {
                *self = other;
                None
            }
        }
    }

    /// Tells the caller how it ended.
    pub fn conclude(&mut self, event: &Event, outcome: Outcome, log_tail: Option<Bytes>) {
        match std::mem::replace(self, Self::Answered) {
            Self::Waiting(Reply::Whole(reply)) => {
                let (payload, function_error) = match outcome {
                    Outcome::Result { payload, .. } => (payload, None),
                    Outcome::Streamed => (Bytes::new(), None),
                    Outcome::Failed(failure) => (failure.payload, Some(UNHANDLED.to_owned())),
                };
                let (request_id, executed_version) = (event.request_id.clone(), event.version.clone());
                // Who does not wait any more misses nothing.
                drop(reply.send(Ok(FunctionAnswer { request_id, executed_version, function_error, payload, log_tail })));
            }
            Self::Waiting(Reply::Pieces(reply)) => {
                let content_type = match &outcome {
                    Outcome::Result { content_type, .. } => content_type.clone(),
                    Outcome::Streamed | Outcome::Failed(_) => None,
                };
                let (sender, end) = open(reply, event, content_type);
                if let Outcome::Result { payload, .. } = &outcome {
                    drop(sender.try_send(FunctionPiece::Chunk(payload.clone())));
                }
                end.complete(outcome, log_tail);
            }
            streaming @ Self::Streaming(_) => streaming.complete(outcome, log_tail),
            Self::Answered => {}
        }
    }

    fn complete(self, outcome: Outcome, log_tail: Option<Bytes>) {
        let Self::Streaming(permit) = self else { return };
        let (error_code, error_details) = match outcome {
            Outcome::Result { .. } | Outcome::Streamed => (None, None),
            Outcome::Failed(failure) => (Some(failure.error_type), Some(String::from_utf8_lossy(&failure.payload).into_owned())),
        };
        permit.send(FunctionPiece::Complete(FunctionEnd { error_code, error_details, log_tail }));
    }
}

fn open(
    reply: oneshot::Sender<Result<FunctionStream, FunctionError>>,
    event: &Event,
    content_type: Option<String>,
) -> (mpsc::Sender<FunctionPiece>, Caller) {
    // One place is kept for the end.
    let (sender, receiver) = mpsc::channel(PIECES_MAX + 1);
    let end = sender.clone().try_reserve_owned().map_or(Caller::Answered, Caller::Streaming);
    let (request_id, executed_version) = (event.request_id.clone(), event.version.clone());
    let pieces = Box::pin(Pieces { receiver, state: Reading::Pieces });
    drop(reply.send(Ok(FunctionStream { request_id, executed_version, content_type, pieces })));
    (sender, end)
}

struct Pieces {
    receiver: mpsc::Receiver<FunctionPiece>,
    state: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Pieces,
    Completed,
}

impl FunctionPieces for Pieces {
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<FunctionPiece>> {
        if self.state == Reading::Completed {
            return Poll::Ready(None);
        }
        self.receiver.poll_recv(cx).map(|piece| {
            // Without an end, the server is going down: a stream that just stops would look whole.
            let piece = piece.unwrap_or_else(|| FunctionPiece::Complete(interrupted()));
            if matches!(piece, FunctionPiece::Complete(_)) {
                self.state = Reading::Completed;
            }
            Some(piece)
        })
    }
}

fn interrupted() -> FunctionEnd {
    let error_details = Some(r#"{"errorType":"Sandbox.Failure","errorMessage":"The function's process was ended"}"#.to_owned());
    FunctionEnd { error_code: Some("Sandbox.Failure".to_owned()), error_details, log_tail: None }
}

/// A UUID of the fourth version.
pub fn request_id() -> String {
    let random = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A new `X-Amzn-Trace-Id`, which nobody samples.
pub fn trace_id() -> String {
    let seconds = jiff::Timestamp::now().as_second();
    format!("Root=1-{seconds:08x}-{:024x};Sampled=0", fastrand::u128(..) >> 32)
}
