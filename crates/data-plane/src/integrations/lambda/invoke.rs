//! Calling a function: here, at a Runtime Interface Emulator, or through Lambda's Invoke API.
//!
//! A function is looked for among those that run here, then among the configured targets, by ARN before by name; what is neither goes
//! where the service `lambda` is configured to be. Giving up waiting ends no function: Lambda's would go on as well.

use std::borrow::Cow;

use http::{HeaderValue, Method, StatusCode, Uri, header};
use postern_api_model::ports::{FunctionInvoker, Invocation as Kind};
use serde_json::{Value, json};

use super::proxy_response::RESULT_BYTES_MAX;
use super::stream::Pieces;
use super::{FUNCTION_ERROR, Invoked, LambdaFailure, local};
use crate::access::Signer;
use crate::backends::{Accounts, Backends, BaseUrl, FunctionTarget};
use crate::compile::LambdaFunction;
use crate::error::GatewayError;
use crate::execution_log::ExecutionLog;
use crate::integrations::{Place, Service, SignedRequest, send_signed};
use crate::stages::LambdaCall;
use crate::transport::{BodyError, Origin, Response, Scheme, TlsVerify, UpstreamRequest, Upstreams};

/// The one function that an emulator has.
const EMULATOR_PATH: &str = "/2015-03-31/functions/function/invocations";
/// How an emulator says that the function took too long: as text, with status 200.
const EMULATOR_TIMEOUT: &[u8] = b"Task timed out after ";
const SERVICE: &str = "lambda";
/// Bytes of a payload whose result is waited for, and of one whose is not (AWS docs, "Lambda quotas").
const PAYLOAD_BYTES_MAX: u64 = 6 * 1024 * 1024;
const EVENT_BYTES_MAX: u64 = 1024 * 1024;

/// Who runs a function.
pub(super) enum Runner<'b> {
    Here(&'b dyn FunctionInvoker),
    Emulator(&'b BaseUrl),
    /// Lambda, or what answers its Invoke API, for a function under this name.
    Lambda(Place<'b>, String),
}

/// Calls a function and waits for its answer.
pub(super) async fn invoke(
    upstreams: &Upstreams,
    backends: &Backends,
    call: LambdaCall<'_>,
    log: Option<&ExecutionLog>,
) -> Result<Invoked, GatewayError> {
    check_payload(&call)?;
    match permitted_runner(backends, &call)? {
        Runner::Here(invoker) => here(invoker, call, log).await,
        Runner::Emulator(base) => emulator(upstreams, base, call, log).await,
        Runner::Lambda(place, name) => {
            let deadline = call.deadline;
            let request = signed(place, &name, call)?;
            whole(send_signed(upstreams, backends, request, log).await?, deadline).await
        }
    }
}

/// A call whose result comes in pieces.
pub(super) struct Invocation {
    pub(super) pieces: Pieces,
    pub(super) request_id: String,
}

/// Calls a function, and gives its result as it comes.
pub(super) async fn invoke_streaming(
    upstreams: &Upstreams,
    backends: &Backends,
    mut call: LambdaCall<'_>,
    log: Option<&ExecutionLog>,
) -> Result<Invocation, GatewayError> {
    check_payload(&call)?;
    let deadline = call.deadline;
    match permitted_runner(backends, &call)? {
        Runner::Here(invoker) => {
            if let Some(log) = log {
                log.endpoint_request(&mut call.request).await;
            }
            let called = match local::call(call).await {
                Ok(called) => called,
                Err(refused) => return unstreamed(refused.into()),
            };
            match tokio::time::timeout_at(deadline, invoker.invoke_streaming(called)).await {
                Ok(Ok(stream)) => Ok(Invocation { pieces: Pieces::Here(stream.pieces), request_id: stream.request_id }),
                Ok(Err(refused)) => unstreamed(refused.into()),
                Err(_elapsed) => Err(GatewayError::Timeout),
            }
        }
        // It collects what a function streams.
        Runner::Emulator(base) => unstreamed(emulator(upstreams, base, call, log).await?),
        Runner::Lambda(place, name) => {
            let response = send_signed(upstreams, backends, signed(place, &name, call)?, log).await?;
            if response.status != StatusCode::OK {
                return unstreamed(whole(response, deadline).await?);
            }
            let request_id = super::request_id(&response.headers);
            Ok(Invocation { pieces: Pieces::of_frames(response.body), request_id })
        }
    }
}

/// An answer that is whole.
fn unstreamed(invoked: Invoked) -> Result<Invocation, GatewayError> {
    let request_id = super::request_id(&invoked.headers);
    Ok(Invocation { pieces: Pieces::Whole(Some(invoked.result()?)), request_id })
}

/// Who runs a function, where that asks nobody for rights once the caller's are found good.
fn permitted_runner<'b>(backends: &'b Backends, call: &LambdaCall<'_>) -> Result<Runner<'b>, GatewayError> {
    let runner = runner(backends, call.function, call.account)?;
    match (&runner, call.signer) {
        // It is signed, and whoever gets it decides.
        (Runner::Lambda(..), _) | (_, Signer::Default | Signer::Role(_)) => {}
        (Runner::Here(_) | Runner::Emulator(_), Signer::Caller(caller)) => {
            let name = &call.function.name;
            if !caller.may_invoke(name, &call.function.region, &call.request.headers, backends.accounts)? {
                let user = caller.arn();
                // What AWS says of a caller without this right (reported).
                let reason = format!("User: {user} is not authorized to perform: lambda:InvokeFunction on resource: {name}");
                return Err(LambdaFailure::NotPermitted(reason).into());
            }
        }
    }
    Ok(runner)
}

/// Finds out who runs a function.
pub(super) fn runner<'b>(backends: &'b Backends, function: &LambdaFunction, account: &str) -> Result<Runner<'b>, GatewayError> {
    let is_allowed = backends.accounts.allow(&function.name, account);
    if backends.local_functions.knows(&function.name, (backends.accounts == Accounts::Own).then_some(account)) {
        return Ok(Runner::Here(&*backends.local_functions));
    }
    let (short, qualifier) = function.short_name();
    let name = qualifier.map_or_else(|| short.to_owned(), |qualifier| format!("{short}:{qualifier}"));
    // What is declared by its ARN is for its own account.
    let by_arn = is_allowed.then_some([&*function.name, function.unqualified()]);
    let by_arn = by_arn.into_iter().flatten().find_map(|key| backends.functions.get(key));
    let by_name = || [&*name, short].into_iter().find_map(|key| backends.functions.get(key));
    let arn = function.name.to_string();
    // A function that is configured by its name is called by it: not every stand-in for Lambda reads ARNs.
    let (target, called) = match by_arn {
        Some(target) => (Some(target), arn),
        None => by_name().map_or((None, arn), |target| (Some(target), name)),
    };
    match target {
        Some(FunctionTarget::RuntimeInterfaceEmulator(base)) => Ok(Runner::Emulator(base)),
        Some(FunctionTarget::Endpoint(base)) => Ok(Runner::Lambda(Place::At(base), called)),
        Some(FunctionTarget::Aws) => Ok(Runner::Lambda(Place::Aws, function.name.to_string())),
        // Whoever lent the key for it has lent it to the account whose functions it invokes.
        None if !is_allowed => Err(foreign(function, account)),
        None if backends.services.default.is_some() || backends.services.by_service.contains_key(SERVICE) => {
            Ok(Runner::Lambda(Place::Configured, called))
        }
        None => Err(GatewayError::Unconfigured(format!(
            "nothing runs the Lambda function {}: declare functions.{short} in postern.toml or with --function {short}=..., or set \
             services.lambda.endpoint to where Lambda is",
            function.name
        ))),
    }
}

/// Of another account, and declared for it alone or not at all.
fn foreign(function: &LambdaFunction, account: &str) -> GatewayError {
    let (short, _) = function.short_name();
    GatewayError::Unconfigured(format!(
        "the Lambda function {} is another account's, and an API of {account} may only call it where it is declared by its bare name, as \
         functions.{short}",
        function.name
    ))
}

fn signed<'a>(place: Place<'a>, name: &str, call: LambdaCall<'a>) -> Result<SignedRequest<'a>, GatewayError> {
    let LambdaCall { function, mut request, deadline, account, signer } = call;
    Ok(SignedRequest {
        service: Service::new(SERVICE),
        region: &function.region,
        account,
        place,
        method: Method::POST,
        uri: function.path_of(name).map_err(|reason| GatewayError::Address(reason.to_owned()))?,
        headers: request.headers,
        body: request.body.take_whole().unwrap_or_default(),
        signer,
        deadline,
    })
}

/// Refuses what Lambda would.
fn check_payload(call: &LambdaCall<'_>) -> Result<(), GatewayError> {
    let bytes_max = match local::invocation(&call.request.headers) {
        Some(Kind::Event) => EVENT_BYTES_MAX,
        Some(Kind::RequestResponse | Kind::DryRun) | None => PAYLOAD_BYTES_MAX,
    };
    let is_too_long = call.request.body.exact_len().is_some_and(|len| len > bytes_max);
    if is_too_long { Err(GatewayError::RequestTooLarge) } else { Ok(()) }
}

async fn here(
    invoker: &dyn FunctionInvoker,
    mut call: LambdaCall<'_>,
    log: Option<&ExecutionLog>,
) -> Result<Invoked, GatewayError> {
    if let Some(log) = log {
        log.endpoint_request(&mut call.request).await;
    }
    let deadline = call.deadline;
    let called = match local::call(call).await {
        Ok(called) => called,
        Err(refused) => return Ok(refused.into()),
    };
    let invocation = called.invocation;
    match tokio::time::timeout_at(deadline, invoker.invoke(called)).await {
        Ok(Ok(answer)) => local::answered(answer, invocation),
        Ok(Err(refused)) => Ok(refused.into()),
        Err(_elapsed) => Err(GatewayError::Timeout),
    }
}

pub(super) fn too_long() -> GatewayError {
    LambdaFailure::Malformed(format!("the function's result is longer than {RESULT_BYTES_MAX} bytes")).into()
}

async fn emulator(
    upstreams: &Upstreams,
    base: &BaseUrl,
    call: LambdaCall<'_>,
    log: Option<&ExecutionLog>,
) -> Result<Invoked, GatewayError> {
    let deadline = call.deadline;
    let mut request = to(base, EMULATOR_PATH, call.request)?;
    if let Some(log) = log {
        log.endpoint_request(&mut request).await;
    }
    let response = upstreams.send(request, deadline).await?;
    let mut invoked = whole(response, deadline).await?;
    // It runs one call at a time and refuses others with an empty 400.
    if invoked.status == StatusCode::BAD_REQUEST && invoked.payload.is_empty() {
        invoked.status = StatusCode::TOO_MANY_REQUESTS;
    }
    // Lambda says it in an error object.
    if invoked.payload.starts_with(EMULATOR_TIMEOUT) {
        let text = String::from_utf8_lossy(&invoked.payload).trim_end().to_owned();
        invoked.payload = json!({"errorMessage": text, "errorType": "Sandbox.Timedout"}).to_string().into();
    }
    // It says so of a process that did not start or did not live.
    let has_crashed = invoked.status == StatusCode::BAD_GATEWAY;
    if has_crashed || invoked.status.is_success() && is_error_of_emulator(&invoked.payload) {
        invoked.status = StatusCode::OK;
        invoked.headers.insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
    }
    Ok(invoked)
}

/// An emulator does not say whether a function failed: its payload does.
fn is_error_of_emulator(payload: &[u8]) -> bool {
    // What is longer is no error object, which has a message and a stack.
    if payload.len() > super::INLINE_BYTES_MAX || memchr::memmem::find(payload, b"errorMessage").is_none() {
        return false;
    }
    match serde_json::from_slice(payload) {
        Ok(Value::Object(object)) => {
            ["errorMessage", "errorType"].iter().all(|name| object.get(*name).is_some_and(Value::is_string))
        }
        _ => false,
    }
}

/// The request for another address than Lambda's at AWS.
fn to(base: &BaseUrl, path: &str, request: UpstreamRequest) -> Result<UpstreamRequest, GatewayError> {
    let invalid = || GatewayError::Address(format!("{} is no address of a function", base.host));
    let (scheme, own_port) = if base.tls { (Scheme::Https, 443) } else { (Scheme::Http, 80) };
    let name: Cow<'_, str> = if base.host.contains(':') { format!("[{}]", base.host).into() } else { (&*base.host).into() };
    let host = if base.port == own_port { name.into_owned() } else { format!("{name}:{}", base.port) };
    let uri: Uri = format!("{}{path}", base.path).parse().map_err(|_| invalid())?;
    let mut headers = request.headers;
    headers.insert(header::HOST, HeaderValue::try_from(host).map_err(|_| invalid())?);
    let origin = Origin::new(scheme, &base.host, base.port, TlsVerify::Full);
    Ok(UpstreamRequest { origin, uri, headers, ..request })
}

/// The answer with all of its payload.
async fn whole(response: Response, deadline: tokio::time::Instant) -> Result<Invoked, GatewayError> {
    let Response { status, headers, body } = response;
    let payload = match body.with_deadline(deadline).collect(RESULT_BYTES_MAX).await {
        Ok(payload) => payload,
        Err(BodyError::TooLarge { .. }) => return Err(too_long()),
        Err(error) => return Err(GatewayError::from_response_body(error)),
    };
    Ok(Invoked { status, headers, payload })
}
