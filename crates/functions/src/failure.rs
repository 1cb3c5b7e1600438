//! What a caller gets in place of a result, in the words of AWS: error objects that the platform makes for a function that cannot.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::limits::RESPONSE_BYTES_MAX;

/// An error object, and the type that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Such as `Runtime.ExitError`.
    pub error_type: String,
    /// The error object, as it is sent.
    pub payload: Bytes,
}

impl Failure {
    /// Reported by the function's runtime.
    pub fn reported(error_type: Option<String>, payload: Bytes) -> Self {
        Self { error_type: error_type.unwrap_or_else(|| "Unhandled".to_owned()), payload }
    }

    /// The time of the function is over (reported: newer functions have the type, older ones a text with a timestamp).
    pub fn timed_out(request_id: &str, timeout: Duration) -> Self {
        let seconds = timeout.as_secs_f64();
        Self::new("Sandbox.Timedout", &format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds"))
    }

    /// The process ended before it had answered.
    pub fn exited(request_id: &str, status: Option<ExitStatus>) -> Self {
        Self::new("Runtime.ExitError", &format!("RequestId: {request_id} Error: {}", exit_reason(status)))
    }

    /// The process could not be started at all.
    pub fn not_started(request_id: &str, reason: &str) -> Self {
        Self::new("Runtime.InvalidEntrypoint", &format!("RequestId: {request_id} Error: {reason}"))
    }

    /// The result is longer than AWS carries.
    pub fn too_large(bytes: u64) -> Self {
        let text =
            format!("Response payload size ({bytes} bytes) exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes).");
        Self::new("Function.ResponseSizeTooLarge", &text)
    }

    /// The connection with the result broke off.
    pub fn truncated(request_id: &str) -> Self {
        Self::new(
            "Runtime.TruncatedResponse",
            &format!("RequestId: {request_id} Error: The response of the runtime was cut short"),
        )
    }

    fn new(error_type: &str, message: &str) -> Self {
        let payload = json!({ "errorType": error_type, "errorMessage": message }).to_string();
        Self { error_type: error_type.to_owned(), payload: payload.into() }
    }
}

/// As the platform's log and error objects say it.
pub fn exit_reason(status: Option<ExitStatus>) -> String {
    match status {
        Some(status) if status.success() => "Runtime exited without providing a reason".to_owned(),
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
            (None, Some(signal)) => format!("Runtime exited with error: signal: {}", signal_name(signal)),
            (None, None) => "Runtime exited with error".to_owned(),
        },
        None => "Runtime exited with error".to_owned(),
    }
}

/// The words of the language that AWS's platform is written in, for the signals that end functions.
fn signal_name(signal: i32) -> String {
    match signal {
        1 => "hangup".to_owned(),
        2 => "interrupt".to_owned(),
        4 => "illegal instruction".to_owned(),
        6 => "aborted".to_owned(),
        7 => "bus error".to_owned(),
        8 => "floating point exception".to_owned(),
        9 => "killed".to_owned(),
        11 => "segmentation fault".to_owned(),
        13 => "broken pipe".to_owned(),
        15 => "terminated".to_owned(),
        other => format!("signal {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_aws() {
        let text = |failure: Failure| String::from_utf8_lossy(&failure.payload).into_owned();
        assert_eq!(
            text(Failure::timed_out("id", Duration::from_secs(3))),
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id Error: Task timed out after 3.00 seconds"}"#
        );
        assert_eq!(
            text(Failure::exited("id", Some(ExitStatus::from_raw(1 << 8)))),
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited with error: exit status 1"}"#
        );
        assert_eq!(exit_reason(Some(ExitStatus::from_raw(9))), "Runtime exited with error: signal: killed");
        assert_eq!(exit_reason(Some(ExitStatus::from_raw(0))), "Runtime exited without providing a reason");
    }
}
