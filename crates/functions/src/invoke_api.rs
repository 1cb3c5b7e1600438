//! Lambda's Invoke API over HTTP, so that any AWS SDK calls the functions: `Invoke` and `InvokeWithResponseStream`.
//!
//! * [`event_stream`] is the framing of streamed results.
//! * [`body`] is a response's body.
//!
//! Who asks is not looked at here: whoever mounts it has verified the signature.

pub mod body;
pub mod event_stream;

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use postern_api_model::ports::{
    FunctionAnswer, FunctionCall, FunctionError, FunctionInvoker as _, FunctionStream, Invocation, LogType,
};
use postern_api_model::scope::Scope;
use serde_json::{Value, json};

pub use body::InvokeBody;

use crate::Functions;
use crate::errors;
use crate::job::{request_id, trace_id};
use crate::names::FunctionName;

const INVOKE: (&str, &str) = ("/2015-03-31/functions/", "/invocations");
const INVOKE_STREAMING: (&str, &str) = ("/2021-11-15/functions/", "/response-streaming-invocations");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
/// How `Invoke` says that it was throttled: the concurrency that is reserved for the function is what its processes are here.
const THROTTLE_REASON: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";

/// The API.
#[derive(Clone, Debug)]
pub struct InvokeApi {
    functions: Functions,
}

/// Which operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Invoke,
    Streaming,
}

impl InvokeApi {
    /// For these functions.
    pub fn new(functions: Functions) -> Self {
        Self { functions }
    }

    /// Whether a request is one of this API, by its method and its path as it came.
    pub fn is_call(method: &Method, path: &str) -> bool {
        method == Method::POST && route(path).is_some()
    }

    /// Answers a request. A bare function name is looked up in the account and region of the options.
    pub async fn serve(&self, request: Request<Bytes>) -> Response<InvokeBody> {
        let scope = self.functions.scope().clone();
        self.serve_as(&scope, request).await
    }

    /// The same for a caller of this account, in this region: a function of another account is none of its.
    pub async fn serve_as(&self, caller: &Scope, request: Request<Bytes>) -> Response<InvokeBody> {
        match self.answer(caller, request).await {
            Ok(response) => response,
            Err(error) => failed(&error),
        }
    }

    async fn answer(&self, caller: &Scope, request: Request<Bytes>) -> Result<Response<InvokeBody>, FunctionError> {
        let Some((operation, name)) = route(request.uri().path()).filter(|_| request.method() == Method::POST) else {
            return Err(errors::unknown_operation());
        };
        let name = FunctionName::parse(&name, caller).ok_or_else(|| errors::bad_name(&name))?;
        let name = qualified(name, request.uri().query())?;
        // One that answers in every region is still called in the one that the call was signed for, and that policies speak of.
        if name.scope().region != caller.region {
            return Err(errors::other_region(&name.scope().region, &caller.region));
        }
        if name.scope().account != caller.account {
            return Err(errors::not_allowed(&name.arn()));
        }
        let call = call(operation, name.arn(), request)?;
        let trace_id = call.trace_id.clone().unwrap_or_default();
        let mut response = match (operation, call.invocation) {
            (Operation::Invoke, invocation) => whole(invocation, self.functions.invoke(call).await?),
            (Operation::Streaming, Invocation::DryRun) => whole(Invocation::DryRun, self.functions.invoke(call).await?),
            (Operation::Streaming, _) => streamed(self.functions.invoke_streaming(call).await?),
        };
        set(response.headers_mut(), TRACE_ID, &trace_id);
        Ok(response)
    }
}

/// The operation that a path asks for, and the function that it names.
fn route(path: &str) -> Option<(Operation, String)> {
    let named = |(before, after): (&str, &str)| {
        let name = path.strip_prefix(before)?.strip_suffix(after)?;
        let name = percent_decode_str(name).decode_utf8().ok()?;
        (!name.is_empty() && !name.contains('/')).then(|| name.into_owned())
    };
    named(INVOKE)
        .map(|name| (Operation::Invoke, name))
        .or_else(|| named(INVOKE_STREAMING).map(|name| (Operation::Streaming, name)))
}

/// With the qualifier of the query.
fn qualified(name: FunctionName, query: Option<&str>) -> Result<FunctionName, FunctionError> {
    let parameters = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let qualifier = parameters
        .filter(|(name, _)| *name == "Qualifier")
        .map(|(_, value)| percent_decode_str(value).decode_utf8_lossy())
        .next();
    let Some(qualifier) = qualifier else { return Ok(name) };
    match &name.qualifier {
        Some(other) if *other != qualifier => {
            Err(errors::invalid_parameter("The derived qualifier from the function name does not match the specified qualifier."))
        }
        _ => name.or_qualified(&qualifier).ok_or_else(|| errors::bad_qualifier(&qualifier)),
    }
}

fn call(operation: Operation, function: String, request: Request<Bytes>) -> Result<FunctionCall, FunctionError> {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
    let invocation = match (text("x-amz-invocation-type"), operation) {
        (None | Some("RequestResponse"), _) => Invocation::RequestResponse,
        (Some("Event"), Operation::Invoke) => Invocation::Event,
        (Some("DryRun"), _) => Invocation::DryRun,
        (Some(other), Operation::Invoke) => {
            return Err(errors::not_in_set("invocationType", other, "[Event, DryRun, RequestResponse]"));
        }
        (Some(other), Operation::Streaming) => {
            return Err(errors::not_in_set("invocationType", other, "[RequestResponse, DryRun]"));
        }
    };
    let log = match text("x-amz-log-type") {
        None | Some("None") => LogType::None,
        Some("Tail") => LogType::Tail,
        Some(other) => return Err(errors::not_in_set("logType", other, "[None, Tail]")),
    };
    let client_context = text("x-amz-client-context").map(str::to_owned);
    let trace_id = Some(text(TRACE_ID.as_str()).map_or_else(trace_id, str::to_owned));
    Ok(FunctionCall { function, payload: request.into_body(), invocation, client_context, trace_id, log })
}

fn whole(invocation: Invocation, answer: FunctionAnswer) -> Response<InvokeBody> {
    let FunctionAnswer { request_id, executed_version, function_error, payload, log_tail } = answer;
    let mut response = Response::new(InvokeBody::whole(payload));
    *response.status_mut() = match invocation {
        Invocation::RequestResponse => StatusCode::OK,
        Invocation::Event => StatusCode::ACCEPTED,
        Invocation::DryRun => StatusCode::NO_CONTENT,
    };
    let headers = response.headers_mut();
    set(headers, REQUEST_ID, &request_id);
    if invocation != Invocation::RequestResponse {
        return response;
    }
    set(headers, header::CONTENT_TYPE, "application/json");
    set(headers, EXECUTED_VERSION, &executed_version);
    if let Some(error) = function_error {
        set(headers, HeaderName::from_static("x-amz-function-error"), &error);
    }
    if let Some(tail) = log_tail {
        set(headers, HeaderName::from_static("x-amz-log-result"), &base64::engine::general_purpose::STANDARD.encode(tail));
    }
    response
}

fn streamed(stream: FunctionStream) -> Response<InvokeBody> {
    let FunctionStream { request_id, executed_version, content_type, pieces } = stream;
    let mut response = Response::new(InvokeBody::stream(pieces));
    let headers = response.headers_mut();
    set(headers, REQUEST_ID, &request_id);
    set(headers, header::CONTENT_TYPE, "application/vnd.amazon.eventstream");
    set(
        headers,
        HeaderName::from_static("x-amzn-remapped-content-type"),
        content_type.as_deref().unwrap_or("application/octet-stream"),
    );
    set(headers, EXECUTED_VERSION, &executed_version);
    response
}

fn failed(error: &FunctionError) -> Response<InvokeBody> {
    let mut response = Response::new(InvokeBody::whole(error_body(error).to_string().into()));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    set(headers, REQUEST_ID, &request_id());
    set(headers, header::CONTENT_TYPE, "application/json");
    set(headers, HeaderName::from_static("x-amzn-errortype"), error.code);
    if error.status == StatusCode::TOO_MANY_REQUESTS.as_u16() {
        set(headers, header::RETRY_AFTER, "1");
    }
    response
}

/// The members of the error shapes; their spelling differs from shape to shape (service model).
fn error_body(error: &FunctionError) -> Value {
    let message = &error.message;
    match error.code {
        "ResourceNotFoundException" => json!({ "Type": "User", "Message": message }),
        "ServiceException" => json!({ "Type": "Service", "Message": message }),
        "TooManyRequestsException" => json!({ "Reason": THROTTLE_REASON, "Type": "User", "message": message }),
        "AccessDeniedException" => json!({ "Message": message }),
        "ValidationException" | "UnknownOperationException" => json!({ "message": message }),
        _ => json!({ "Type": "User", "message": message }),
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // A function names its content type itself; one that cannot be a header is none.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_api() {
        for (path, expected) in [
            ("/2015-03-31/functions/hello/invocations", Some((Operation::Invoke, "hello"))),
            ("/2015-03-31/functions/hello%3Alive/invocations", Some((Operation::Invoke, "hello:live"))),
            ("/2021-11-15/functions/a/response-streaming-invocations", Some((Operation::Streaming, "a"))),
            ("/2015-03-31/functions//invocations", None),
            ("/2015-03-31/functions/a%2Fb/invocations", None),
            ("/2015-03-31/functions/invocations", None),
            ("/2015-03-31/functions/hello/invocations/", None),
            ("/2021-11-15/functions/a/invocations", None),
        ] {
            let expected = expected.map(|(operation, name)| (operation, name.to_owned()));
            assert_eq!(route(path), expected, "{path}");
            assert_eq!(InvokeApi::is_call(&Method::POST, path), expected.is_some());
            assert!(!InvokeApi::is_call(&Method::GET, path));
        }
    }
}
