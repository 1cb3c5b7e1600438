//! The integration request: what a backend is sent, or what a MOCK is asked.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use tokio::time::Instant;

use super::mapping::{Context, request_value, request_values};
use super::route::Routed;
use super::validate::Validated;
use crate::compile::{
    Address, CompiledIntegration, HttpEndpoint, HttpExchange, MockExchange, MockTemplate, Selected, Template, Transfer,
    accept_of, status_code,
};
use crate::content::{Compression, Conversion, Handling, Kind};
use crate::context::{Arrival, Message};
use crate::encode::{self, Place};
use crate::error::GatewayError;
use crate::forwarded;
use crate::headers::{self, Field, names};
use crate::transport::{Body, UpstreamRequest};

/// What the integration is asked, by type.
pub(crate) enum IntegrationRequest<'a> {
    /// HTTP_PROXY: the backend's answer is the answer.
    HttpProxy { call: HttpCall, transfer: Transfer, context: Context<'a> },
    /// HTTP: the backend's answer is chosen from and mapped.
    Http { call: HttpCall, exchange: &'a HttpExchange, accept: Option<Box<str>>, context: Context<'a> },
    /// MOCK: nothing is called.
    Mock(MockCall<'a>),
}

/// A request to a backend, and by when its answer must be whole.
pub(crate) struct HttpCall {
    pub(crate) request: UpstreamRequest,
    pub(crate) deadline: Instant,
}

/// A MOCK's answer to be.
pub(crate) struct MockCall<'a> {
    /// What the request template asks for, or the request itself where that is passed through.
    pub(crate) status: Option<u16>,
    pub(crate) exchange: &'a MockExchange,
    pub(crate) accept: Option<Box<str>>,
    pub(crate) context: Context<'a>,
}

/// Builds the integration request.
pub(crate) fn integration_request(validated: Validated<'_>) -> Result<IntegrationRequest<'_>, GatewayError> {
    let routed = validated.routed();
    match &routed.method.integration {
        CompiledIntegration::HttpProxy(endpoint) => {
            let context = context(routed, endpoint.transfer);
            let call = http_proxy(validated, endpoint)?;
            Ok(IntegrationRequest::HttpProxy { call, transfer: endpoint.transfer, context })
        }
        CompiledIntegration::Http(endpoint, exchange) => {
            let context = context(routed, Transfer::Buffered);
            let accept = accept_of(&routed.received.message.headers).map(Box::from);
            let call = http(validated, endpoint, exchange)?;
            Ok(IntegrationRequest::Http { call, exchange, accept, context })
        }
        CompiledIntegration::Mock(exchange) => {
            let context = context(routed, Transfer::Buffered);
            let accept = accept_of(&routed.received.message.headers).map(Box::from);
            let status = mock(validated, exchange)?;
            Ok(IntegrationRequest::Mock(MockCall { status, exchange, accept, context }))
        }
        CompiledIntegration::Broken(reason) => Err(GatewayError::Configuration(reason)),
        CompiledIntegration::Unsupported => Err(GatewayError::Configuration("the integration's type is not built")),
    }
}

fn context<'a>(routed: &Routed<'a>, transfer: Transfer) -> Context<'a> {
    let api = &routed.received.stage.api;
    let resource = api.resource(routed.method.resource);
    let compression = match (api.minimum_compression_bytes, transfer) {
        (Some(minimum), Transfer::Buffered) => Compression::negotiate(&routed.received.message.headers, minimum),
        // Nothing is compressed in STREAM mode (AWS docs, "Stream the integration response").
        (Some(_), Transfer::Stream) | (None, _) => None,
    };
    Context {
        arrival: routed.received.arrival,
        stage: routed.received.stage,
        resource: (&resource.id, &resource.path),
        compression,
    }
}

/// What `contentHandling` and the API's binary media types make of a request's body.
fn conversion(routed: &Routed<'_>, handling: Handling) -> Conversion {
    let content_type = routed.received.message.headers.get(header::CONTENT_TYPE);
    Conversion::of_request(routed.received.stage.api.binary_media_types.kind(content_type), handling)
}

/// Converts a body that was read whole.
fn convert(mut body: Body, conversion: Conversion) -> Result<Bytes, GatewayError> {
    let whole = body.take_whole().ok_or(GatewayError::Configuration("the request's body was not read"))?;
    conversion.apply(whole).map_err(|_| UNTRANSFORMED)
}

/// A template reads text alone. AWS's log says the same in these words, whether the body is empty or not.
const UNTRANSFORMED: GatewayError = GatewayError::Configuration("Unable to transform request");

/// All of the client's request but what belongs to its connection; mapped parameters are added (AWS docs, "HTTP proxy").
fn http_proxy(validated: Validated<'_>, endpoint: &HttpEndpoint) -> Result<HttpCall, GatewayError> {
    let routed = validated.routed();
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    let target = Target::new(routed, endpoint, arrival.uri.query())?;
    let mapped = mapped_headers(routed, endpoint)?;
    // Bodies stream unless they are to be converted; what AWS does to text that is not UTF-8 is not recorded for this type.
    let converted = (endpoint.handling != Handling::Unset).then(|| conversion(routed, endpoint.handling));
    let Message { mut headers, present, mut body } = validated.into_message();
    if let Some(conversion) = converted {
        body = convert(body, conversion)?.into();
    }
    headers::strip_request(&mut headers, present);
    headers.reserve(8 + mapped.len());
    if !present.has(Field::UserAgent) {
        headers.insert(header::USER_AGENT, stage.user_agent().clone());
    }
    forwarded::add(&mut headers, present, arrival);
    target.finish(headers, mapped, body, arrival, stage.api_id_value())
}

/// Only what is mapped, and the body by template or as it is.
fn http(validated: Validated<'_>, endpoint: &HttpEndpoint, exchange: &HttpExchange) -> Result<HttpCall, GatewayError> {
    let routed = validated.routed();
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    let content_type = routed.received.message.headers.get(header::CONTENT_TYPE).cloned();
    let conversion = conversion(routed, endpoint.handling);
    let rendered = match exchange.templates.select(content_type.as_ref()) {
        Selected::Template(_) if conversion.result() == Kind::Binary => return Err(UNTRANSFORMED),
        Selected::Template(Template::Literal(text)) => Some(text.clone()),
        Selected::PassThrough => None,
        Selected::Template(Template::Unsupported(blocked)) => return Err(GatewayError::NotImplemented(blocked.clone())),
        Selected::Unsupported => return Err(GatewayError::UnsupportedMediaType),
    };
    let target = Target::new(routed, endpoint, None)?;
    let mapped = mapped_headers(routed, endpoint)?;
    let message = validated.into_message();
    let body = match rendered {
        Some(text) => text,
        None => convert(message.body, conversion)?,
    };
    let mut headers = HeaderMap::with_capacity(8 + mapped.len());
    headers.insert(header::ACCEPT, HeaderValue::from_static(crate::compile::MEDIA_TYPE_DEFAULT));
    let default = HeaderValue::from_static(crate::compile::MEDIA_TYPE_DEFAULT);
    headers.insert(header::CONTENT_TYPE, content_type.unwrap_or(default));
    headers.insert(header::USER_AGENT, stage.user_agent().clone());
    // The time in which the body arrived is the client's.
    let target = Target { deadline: Instant::now() + endpoint.timeout, ..target };
    target.finish(headers, mapped, body.into(), arrival, stage.api_id_value())
}

/// Where a request goes.
struct Target {
    address: Address,
    uri: http::Uri,
    method: Method,
    deadline: Instant,
}

impl Target {
    fn new(routed: &Routed<'_>, endpoint: &HttpEndpoint, client_query: Option<&str>) -> Result<Self, GatewayError> {
        let (arrival, stage) = (routed.received.arrival, routed.received.stage);
        let mappings = &endpoint.mappings;
        let resolved = stage.endpoint(routed.found.method).map_err(invalid_address)?;
        let values = |index: usize| mappings.path.get(index).and_then(|(_, source)| request_value(source, routed));
        let mapped = mapped_query(routed, endpoint);
        let uri = resolved.uri(&values, client_query, &mapped).map_err(invalid_address)?;
        // What the API's owner put under `/base/` must not reach what is beside it, behind the routes of other methods.
        if resolved.has_path_value() && encode::steps_up(uri.path()) {
            return Err(GatewayError::UnusableParameter("the backend's path would hold a step up (`..`)"));
        }
        Ok(Self {
            address: resolved.address(&values).map_err(invalid_address)?,
            uri,
            method: endpoint.verb.clone().unwrap_or_else(|| arrival.method.clone()),
            // Counted from the request's arrival, which is a moment earlier than AWS does: one clock reading less.
            deadline: arrival.started + endpoint.timeout,
        })
    }

    /// Adds what the gateway sets itself, and then what the API's owner maps over it.
    fn finish(
        self,
        mut headers: HeaderMap,
        mapped: Vec<(http::HeaderName, HeaderValue)>,
        body: Body,
        arrival: &Arrival,
        api_id: &HeaderValue,
    ) -> Result<HttpCall, GatewayError> {
        headers.insert(header::HOST, self.address.host);
        headers.insert(names::API_ID, api_id.clone());
        headers.insert(names::TRACE_ID, arrival.ids.trace.clone());
        for (name, value) in mapped {
            headers.insert(name, value);
        }
        // Reported from AWS: these verbs never carry a body to the backend.
        let body = if matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS) { Body::empty() } else { body };
        let request = UpstreamRequest { origin: self.address.origin, method: self.method, uri: self.uri, headers, body };
        Ok(HttpCall { request, deadline: self.deadline })
    }
}

fn invalid_address(reason: &'static str) -> GatewayError {
    GatewayError::Address(reason.to_owned())
}

fn mapped_headers(routed: &Routed<'_>, endpoint: &HttpEndpoint) -> Result<Vec<(http::HeaderName, HeaderValue)>, GatewayError> {
    let mut mapped = Vec::new();
    for (name, source) in &endpoint.mappings.headers {
        let Some(value) = request_value(source, routed) else { continue };
        // A decoded query value may hold line ends, which must not become a field of their own.
        let value = HeaderValue::from_str(&value.text)
            .map_err(|_| GatewayError::UnusableParameter("a mapped header's value cannot stand in a header"))?;
        mapped.push((name.clone(), value));
    }
    Ok(mapped)
}

/// The mapped query, encoded.
fn mapped_query(routed: &Routed<'_>, endpoint: &HttpEndpoint) -> String {
    let mut query = String::new();
    for (key, source) in &endpoint.mappings.query {
        for value in request_values(source, routed) {
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(key);
            query.push('=');
            encode::push(&mut query, &value.text, Place::Query, value.spelling);
        }
    }
    query
}

/// The status that a MOCK answers with.
fn mock(validated: Validated<'_>, exchange: &MockExchange) -> Result<Option<u16>, GatewayError> {
    let routed = validated.routed();
    let content_type = routed.received.message.headers.get(header::CONTENT_TYPE);
    let conversion = conversion(routed, exchange.handling);
    match exchange.templates.select(content_type) {
        Selected::Template(_) if conversion.result() == Kind::Binary => Err(UNTRANSFORMED),
        Selected::Template(MockTemplate::Status(code)) => Ok(Some(*code)),
        Selected::Template(MockTemplate::Unreadable) => Ok(None),
        Selected::Template(MockTemplate::Unsupported(blocked)) => Err(GatewayError::NotImplemented(blocked.clone())),
        Selected::Unsupported => Err(GatewayError::UnsupportedMediaType),
        Selected::PassThrough => {
            let body = convert(validated.into_message().body, conversion)?;
            Ok(std::str::from_utf8(&body).ok().and_then(status_code))
        }
    }
}
