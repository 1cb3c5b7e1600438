//! The integration request of a Lambda function: the event of a proxy integration, or what templates and mappings make of a request.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header};
use tokio::time::Instant;

use super::integration_request::{Building, IntegrationRequest, context, conversion};
use super::mapping::Context;
use super::route::Routed;
use super::target::add_fields;
use super::validate::Validated;
use crate::access::Signer;
use crate::compile::{
    Found, LambdaEndpoint, LambdaFunction, MEDIA_TYPE_DEFAULT, PublishedStage, ResourceIndex, accept_of, parameter_names,
};
use crate::content::{Handling, Kind};
use crate::context::{Arrival, Message};
use crate::error::GatewayError;
use crate::execution_log::Spellings;
use crate::forwarded;
use crate::headers::{self, Fields, names};
use crate::integrations::{Event, LambdaFailure, token_event};
use crate::transport::{Body, Origin, Scheme, TlsVerify, UpstreamRequest};

const HTTPS_PORT: u16 = 443;
/// `x-amzn-lambda-integration-tag`: the request that is integrated.
const INTEGRATION_TAG: HeaderName = HeaderName::from_static("x-amzn-lambda-integration-tag");
/// What a function's permissions are matched against.
const SOURCE_ARN: HeaderName = HeaderName::from_static("x-amz-source-arn");

/// A call of a function.
pub(crate) struct LambdaCall<'a> {
    pub(crate) function: &'a LambdaFunction,
    /// Whose API calls.
    pub(crate) account: &'a str,
    /// In whose name.
    pub(crate) signer: Signer<'a>,
    /// As Lambda at AWS would be sent it, but for the signature. Its body is whole.
    pub(crate) request: UpstreamRequest,
    /// By when the answer must be there.
    pub(crate) deadline: Instant,
}

/// A call whose answer says what the client gets.
pub(crate) struct LambdaProxy<'a> {
    pub(crate) call: LambdaCall<'a>,
    /// What the client takes first.
    pub(crate) accepted: Kind,
    pub(crate) context: Context<'a>,
}

/// AWS_PROXY: all of the client's request in an event. Mapped parameters have no effect on it (recorded).
pub(super) fn proxy<'a>(validated: Validated<'a>, endpoint: &'a LambdaEndpoint) -> Result<Building<'a>, GatewayError> {
    let routed = validated.routed();
    let stage = routed.received.stage;
    let target = LambdaTarget::new(routed, endpoint)?;
    let headers = target.fields(routed.received.arrival, stage);
    let accept = accept_of(&routed.received.message.headers);
    let accepted = stage.api.binary_media_types.accepted(accept);
    let context = context(routed, endpoint.transfer);
    let kind = conversion(routed, Handling::Unset).result();
    let event = event(validated, kind)?;
    // The time in which the request's body arrived is the client's.
    let call = target.call(headers, event, Instant::now() + endpoint.request.timeout);
    Ok(Building::Done(IntegrationRequest::LambdaProxy(Box::new(LambdaProxy { call, accepted, context }))))
}

/// Lambda's API takes no verb but POST; a method with another always fails (recorded).
fn function<'a>(routed: &Routed<'a>, endpoint: &LambdaEndpoint) -> Result<&'a LambdaFunction, GatewayError> {
    if endpoint.request.verb.as_ref().unwrap_or(&routed.received.arrival.method) != Method::POST {
        return Err(
            LambdaFailure::NotPermitted("functions are invoked with POST: set the integration's httpMethod".to_owned()).into()
        );
    }
    routed.received.stage.function(routed.found.method).map_err(|reason| LambdaFailure::NotPermitted(reason.to_owned()).into())
}

fn event(validated: Validated<'_>, kind: Kind) -> Result<Bytes, GatewayError> {
    let routed = validated.routed();
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    let (resource, path) = (routed.method.resource, routed.received.path);
    let names = parameter_names(&stage.api.resource(resource).path);
    let values = routed.found.parameters.clone();
    let Message { mut headers, present, mut body } = validated.into_message();
    let body = body.take_whole().ok_or(GatewayError::Configuration("the request's body was not read"))?;
    event_fields(&mut headers, present, arrival, Purpose::of(stage.is_test()));
    let written = arrival.spellings();
    let spell = |name: &HeaderName| spelling(name, arrival, &written);
    let event = Event {
        arrival,
        stage,
        resource,
        path,
        path_parameters: names.iter().map(|name| &**name).zip(values.into_iter().filter_map(|range| path.get(range))).collect(),
        headers: &headers,
        spelling: &spell,
        body,
        kind,
    };
    Ok(event.to_json())
}

/// What of a request an authorizer is told: all but the body, which is not read for it.
#[derive(Clone, Copy)]
pub(super) struct Bodiless<'r, 'a> {
    pub(super) arrival: &'a Arrival,
    pub(super) stage: &'a PublishedStage,
    pub(super) path: &'a str,
    pub(super) resource: ResourceIndex,
    pub(super) found: &'r Found,
    pub(super) headers: &'r HeaderMap,
    pub(super) present: Fields,
}

impl<'r, 'a> Bodiless<'r, 'a> {
    pub(super) fn of(routed: &'r Routed<'a>) -> Self {
        let Message { headers, present, .. } = &*routed.received.message;
        Self {
            arrival: routed.received.arrival,
            stage: routed.received.stage,
            path: routed.received.path,
            resource: routed.method.resource,
            found: &routed.found,
            headers,
            present: *present,
        }
    }
}

/// What an authorizer is asked: a token's event, or that of a request.
pub(super) fn authorizer_event(request: Bodiless<'_, '_>, method_arn: &str, token: Option<&str>) -> Bytes {
    if let Some(token) = token {
        return token_event(method_arn, token);
    }
    let Bodiless { arrival, stage, path, resource, found, headers, present } = request;
    let names = parameter_names(&stage.api.resource(resource).path);
    let values = found.parameters.iter().filter_map(|range| path.get(range.clone()));
    let mut headers = headers.clone();
    event_fields(&mut headers, present, arrival, Purpose::of(stage.is_test()));
    let written = arrival.spellings();
    let event = Event {
        arrival,
        stage,
        resource,
        path,
        path_parameters: names.iter().map(|name| &**name).zip(values).collect(),
        headers: &headers,
        spelling: &|name| spelling(name, arrival, &written),
        body: Bytes::new(),
        kind: Kind::Text,
    };
    event.to_authorizer_json(method_arn)
}

/// The call of a stage's authorizer.
///
/// # Errors
/// When it is to be made in the name of a caller whom nobody knows yet.
pub(super) fn authorizer_call<'a>(
    request: Bodiless<'_, 'a>,
    function: &'a LambdaFunction,
    id: &str,
    event: Bytes,
    deadline: Instant,
) -> Result<LambdaCall<'a>, GatewayError> {
    let Bodiless { arrival, stage, .. } = request;
    let source = HeaderValue::try_from(stage.authorizer_arn(id)).ok();
    let signer = Signer::of(&function.signatory, arrival, stage)?;
    let target = LambdaTarget { function, account: stage.account(), signer, tag: arrival.ids.request.clone(), source };
    let headers = target.fields(arrival, stage);
    Ok(target.call(headers, event, deadline))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Traffic,
    Test,
}

impl Purpose {
    fn of(is_test: bool) -> Self {
        if is_test { Self::Test } else { Self::Traffic }
    }
}

/// Leaves the fields that a function sees, and adds the gateway's. A test shows its own fields alone (reported).
fn event_fields(headers: &mut HeaderMap, present: Fields, arrival: &Arrival, purpose: Purpose) {
    headers::strip_event(headers, present);
    if purpose == Purpose::Traffic {
        forwarded::add(headers, present, arrival);
        headers.insert(names::TRACE_ID, arrival.ids.trace_root());
    }
}

/// A field's name as the client wrote it (recorded). Where that is not known: HTTP/2 has lower case alone, and most who write HTTP/1.1
/// capitalise. The gateway's own are always capitalised (recorded).
fn spelling(name: &HeaderName, arrival: &Arrival, written: &Spellings) -> String {
    let own = [names::FORWARDED_FOR, names::FORWARDED_PORT, names::FORWARDED_PROTO, names::TRACE_ID, header::HOST];
    if own.contains(name) {
        return Spellings::default().of(name).into_owned();
    }
    match written.written(name) {
        Some(written) => written.to_owned(),
        None if arrival.version == Version::HTTP_2 => name.as_str().to_owned(),
        None => written.of(name).into_owned(),
    }
}

/// Where a call goes.
pub(super) struct LambdaTarget<'a> {
    function: &'a LambdaFunction,
    account: &'a str,
    signer: Signer<'a>,
    tag: HeaderValue,
    /// Of the method.
    source: Option<HeaderValue>,
}

impl<'a> LambdaTarget<'a> {
    pub(super) fn new(routed: &Routed<'a>, endpoint: &LambdaEndpoint) -> Result<Self, GatewayError> {
        let (arrival, stage) = (routed.received.arrival, routed.received.stage);
        let path = &stage.api.resource(routed.method.resource).path;
        let function = function(routed, endpoint)?;
        Ok(Self {
            function,
            account: stage.account(),
            signer: Signer::of(&function.signatory, arrival, stage)?,
            tag: arrival.ids.request.clone(),
            source: HeaderValue::try_from(stage.source_arn(&routed.method.verb, path)).ok(),
        })
    }

    /// Lambda's own name, wherever the function runs.
    pub(super) fn host(&self) -> HeaderValue {
        self.function.host.clone()
    }

    /// The call with these fields, which say how it is to be invoked.
    pub(super) fn call(self, mut headers: HeaderMap, payload: Bytes, deadline: Instant) -> LambdaCall<'a> {
        let Self { function, account, signer, tag, source } = self;
        headers.insert(INTEGRATION_TAG, tag);
        if let Some(source) = source {
            headers.insert(SOURCE_ARN, source);
        }
        let host = function.host.to_str().unwrap_or_default();
        let request = UpstreamRequest {
            origin: Origin::new(Scheme::Https, host, HTTPS_PORT, TlsVerify::Full),
            method: Method::POST,
            uri: function.path.clone(),
            headers,
            body: Body::full(payload),
        };
        LambdaCall { function, account, signer, request, deadline }
    }

    /// The fields of a call that nothing is mapped into.
    fn fields(&self, arrival: &Arrival, stage: &PublishedStage) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(10);
        let json = HeaderValue::from_static(MEDIA_TYPE_DEFAULT);
        headers.insert(header::ACCEPT, json.clone());
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::USER_AGENT, stage.user_agent().clone());
        add_fields(&mut headers, Some(self.host()), Vec::new(), arrival, stage);
        headers
    }
}
