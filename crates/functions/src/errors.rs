//! What the Invoke API answers in place of a result, in AWS's words.

use postern_api_model::ports::FunctionError;

use crate::limits::{EVENT_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX};

/// There is no such function.
pub fn not_found(arn: &str) -> FunctionError {
    FunctionError { code: "ResourceNotFoundException", status: 404, message: format!("Function not found: {arn}") }
}

/// A call that was signed for one region, of a function in another (reported text).
pub fn other_region(function: &str, signed: &str) -> FunctionError {
    let message = format!("Functions from '{function}' are not reachable in this region ('{signed}')");
    FunctionError { code: "ResourceNotFoundException", status: 404, message }
}

/// What is no name of a function (the pattern is the service model's).
pub fn bad_name(name: &str) -> FunctionError {
    const PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?";
    unsatisfied("functionName", name, &format!("satisfy regular expression pattern: {PATTERN}"))
}

/// What is no qualifier.
pub fn bad_qualifier(qualifier: &str) -> FunctionError {
    unsatisfied("qualifier", qualifier, r"satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)")
}

/// A value that is none of those that there are.
pub fn not_in_set(member: &str, value: &str, set: &str) -> FunctionError {
    unsatisfied(member, value, &format!("satisfy enum value set: {set}"))
}

fn unsatisfied(member: &str, value: &str, constraint: &str) -> FunctionError {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    );
    FunctionError { code: "ValidationException", status: 400, message }
}

/// A path or method that the Invoke API has not.
pub fn unknown_operation() -> FunctionError {
    FunctionError { code: "UnknownOperationException", status: 404, message: "There is no such operation".to_owned() }
}

/// A function of somebody else.
pub fn not_allowed(arn: &str) -> FunctionError {
    let message =
        format!("User is not authorized to perform: lambda:InvokeFunction on resource: {arn} because it is another account's");
    FunctionError { code: "AccessDeniedException", status: 403, message }
}

/// Too many calls wait.
pub fn throttled() -> FunctionError {
    FunctionError { code: "TooManyRequestsException", status: 429, message: "Rate Exceeded.".to_owned() }
}

/// The event is no JSON. AWS repeats what its parser says; the parser here says it in its own words.
pub fn not_json(error: &serde_json::Error) -> FunctionError {
    let message = format!("Could not parse request body into json: {error}");
    FunctionError { code: "InvalidRequestContentException", status: 400, message }
}

/// The event is longer than AWS takes (reported).
pub fn request_too_large() -> FunctionError {
    let message = format!("Request must be smaller than {REQUEST_BYTES_MAX} bytes for the InvokeFunction operation");
    FunctionError { code: "RequestEntityTooLargeException", status: 413, message }
}

/// The same, for an event that nobody waits for (reported).
pub fn event_too_large(bytes: usize) -> FunctionError {
    let message =
        format!("{bytes} byte payload is too large for the Event invocation type (limit {EVENT_REQUEST_BYTES_MAX} bytes)");
    FunctionError { code: "RequestEntityTooLargeException", status: 413, message }
}

/// A parameter that cannot be.
pub fn invalid_parameter(message: &str) -> FunctionError {
    FunctionError { code: "InvalidParameterValueException", status: 400, message: message.to_owned() }
}

/// The server is going down.
pub fn shutting_down() -> FunctionError {
    FunctionError { code: "ServiceException", status: 500, message: "The server is shutting down".to_owned() }
}
