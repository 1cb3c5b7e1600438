//! Calls of Lambda functions that run on this machine.

use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::PortFuture;

/// The loopback address on which functions ask for their events. It is one of their own so that a backend can never be one: whoever may
/// write an integration could otherwise take other APIs' events from there.
pub const RUNTIME_API_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 80, 84, 78);

/// Called by the data plane for a function that is declared as a local one. What the caller no longer waits for goes on: dropping the
/// future ends neither the invocation nor the process (AWS's integration timeout does not either).
pub trait FunctionInvoker: Send + Sync {
    /// Whether a function of this name or ARN, with or without a qualifier, is declared here for APIs of `account`: one that is declared
    /// by its ARN is for those of its own account. `None` stands for APIs of any account.
    fn knows(&self, function: &str, account: Option<&str>) -> bool;

    /// Runs it and waits for its result, or hands it over with [`Invocation::Event`].
    ///
    /// # Errors
    /// What the Invoke API answers instead: there is no such function, no room for the call, or no process to be had. An error of
    /// the function's own code is an answer.
    fn invoke(&self, call: FunctionCall) -> PortFuture<'_, Result<FunctionAnswer, FunctionError>>;

    /// Runs it and gives its result as it comes.
    ///
    /// # Errors
    /// As with [`Self::invoke`].
    fn invoke_streaming(&self, call: FunctionCall) -> PortFuture<'_, Result<FunctionStream, FunctionError>>;
}

/// One call.
#[derive(Clone, Debug)]
pub struct FunctionCall {
    /// A name or an ARN, with or without a qualifier.
    pub function: String,
    /// The event.
    pub payload: Bytes,
    /// Who waits for the result.
    pub invocation: Invocation,
    /// `X-Amz-Client-Context`, as it came: base64 of JSON.
    pub client_context: Option<String>,
    /// `X-Amzn-Trace-Id`.
    pub trace_id: Option<String>,
    /// Whether the end of the log is wanted.
    pub log: LogType,
}

/// `X-Amz-Invocation-Type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Invocation {
    /// The caller.
    #[default]
    RequestResponse,
    /// Nobody: it is tried again when it fails.
    Event,
    /// Nobody: it is not run, only looked up.
    DryRun,
}

/// `X-Amz-Log-Type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogType {
    /// Not wanted.
    #[default]
    None,
    /// The last 4 KiB.
    Tail,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionAnswer {
    /// The invocation's id, a UUID.
    pub request_id: String,
    /// `$LATEST` or a number; `X-Amz-Executed-Version`.
    pub executed_version: String,
    /// `Unhandled`: the payload is an error object. `X-Amz-Function-Error`.
    pub function_error: Option<String>,
    /// The handler's result; empty unless the caller waited for it.
    pub payload: Bytes,
    /// The end of the log, when it was wanted; not yet base64.
    pub log_tail: Option<Bytes>,
}

/// A result that comes in pieces.
pub struct FunctionStream {
    /// The invocation's id, a UUID.
    pub request_id: String,
    /// `$LATEST` or a number.
    pub executed_version: String,
    /// As the function said with its first byte.
    pub content_type: Option<String>,
    /// The pieces. Dropping it lets the function go on unheard.
    pub pieces: Pin<Box<dyn FunctionPieces>>,
}

/// The pieces of a result.
pub trait FunctionPieces: Send {
    /// The next piece; `None` after [`FunctionPiece::Complete`].
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<FunctionPiece>>;
}

/// A piece of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionPiece {
    /// Bytes of the payload.
    Chunk(Bytes),
    /// The end.
    Complete(FunctionEnd),
}

/// How a streamed result ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionEnd {
    /// The kind of error that broke it off, such as `Unhandled`.
    pub error_code: Option<String>,
    /// The error object.
    pub error_details: Option<String>,
    /// The end of the log, when it was wanted; not yet base64.
    pub log_tail: Option<Bytes>,
}

/// What the Invoke API answers in place of a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} ({status}): {message}")]
pub struct FunctionError {
    /// Shape name, such as `ResourceNotFoundException`.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// AWS's text.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::FunctionInvoker;

    #[test]
    fn the_port_is_an_object() {
        fn takes(_: Option<&dyn FunctionInvoker>) {}
        takes(None);
    }
}
