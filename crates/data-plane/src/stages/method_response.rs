//! The method response: what the client gets of the integration's answer, with what the gateway always adds.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::mapping::{Context, response_value};
use crate::compile::{CompiledResponse, MEDIA_TYPE_DEFAULT, SelectionError, Template};
use crate::content::{self, Conversion, Kind, NotBase64};
use crate::error::GatewayError;
use crate::headers::{self, Field, Fields, names};
use crate::integrations::{Delivery, HttpAnswer, IntegrationResponse, MockAnswer, ProxyAnswer};
use crate::transport::{Body, Response};

/// An answer of the API's.
pub(crate) struct MethodResponse {
    response: Response,
    delivery: Delivery,
    integration_latency: Option<Duration>,
}

impl MethodResponse {
    pub(crate) fn into_parts(self) -> (Response, Delivery, Option<Duration>) {
        (self.response, self.delivery, self.integration_latency)
    }
}

/// Makes the client's answer.
pub(crate) fn method_response(response: IntegrationResponse<'_>) -> Result<MethodResponse, GatewayError> {
    match response {
        IntegrationResponse::HttpProxy(answer) => Ok(proxied(answer)),
        IntegrationResponse::Http(answer) => http(answer),
        IntegrationResponse::Mock(answer) => mock(&answer),
    }
}

/// Status and body as they are, fields by the rules.
fn proxied(answer: ProxyAnswer<'_>) -> MethodResponse {
    let ProxyAnswer { mut response, delivery, latency, context } = answer;
    let present = Fields::of(&response.headers);
    let backend = Backend::of(&response.headers, &context);
    response.headers.reserve(8);
    let head_length = head_length(&response, &context);
    headers::rewrite_response(&mut response.headers, present);
    add_ids(&mut response.headers, &context);
    if !present.has(Field::TraceId) {
        response.headers.insert(names::TRACE_ID, context.arrival.ids.trace.clone());
    }
    if !present.has(Field::ContentType) {
        response.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE_DEFAULT));
    }
    if let Some(len) = head_length {
        response.headers.insert(header::CONTENT_LENGTH, len);
    }
    finished(response, delivery, Some(latency), backend, &context)
}

/// An answer to HEAD says how long the body is that it does not have.
fn head_length(response: &Response, context: &Context<'_>) -> Option<HeaderValue> {
    (context.arrival.method == Method::HEAD).then(|| response.headers.get(header::CONTENT_LENGTH).cloned()).flatten()
}

fn http(answer: HttpAnswer<'_>) -> Result<MethodResponse, GatewayError> {
    let HttpAnswer { compiled, headers, body, delivery, latency, accept, context } = answer;
    let mut mapped = mapped(compiled, &headers, accept.as_deref(), &context)?;
    mapped.insert(names::TRACE_ID, context.arrival.ids.trace.clone());
    let backend = Backend::of(&headers, &context);
    let response = Response { status: compiled.status, headers: mapped, body };
    Ok(finished(response, delivery, Some(latency), backend, &context))
}

/// No trace id: recorded.
fn mock(answer: &MockAnswer<'_>) -> Result<MethodResponse, GatewayError> {
    let compiled = answer.exchange.responses.select(answer.status).map_err(unselected)?;
    let body = rendered(compiled, answer.accept.as_deref(), &answer.context)?.unwrap_or_default();
    let headers = mapped(compiled, &HeaderMap::new(), answer.accept.as_deref(), &answer.context)?;
    let response = Response { status: compiled.status, headers, body: Body::full(body) };
    Ok(finished(response, Delivery::Whole, None, Backend::Plain, &answer.context))
}

/// Whether a backend compressed its answer itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backend {
    Plain,
    Coded,
}

impl Backend {
    /// Only looked at when it matters.
    fn of(headers: &HeaderMap, context: &Context<'_>) -> Self {
        if context.compression.is_some() && content::is_coded(headers) { Self::Coded } else { Self::Plain }
    }
}

/// Compresses the answer where that is due. A part of a body (206) is left alone: its range is one of the body as it was.
fn finished(
    mut response: Response,
    delivery: Delivery,
    integration_latency: Option<Duration>,
    backend: Backend,
    context: &Context<'_>,
) -> MethodResponse {
    let mut delivery = delivery;
    if let (Some(compression), Backend::Plain) = (context.compression, backend)
        && response.status != StatusCode::PARTIAL_CONTENT
        && !content::is_coded(&response.headers)
    {
        response.body = content::compress(&mut response.headers, response.body, compression);
        if response.body.exact_len().is_none() {
            delivery = Delivery::Streaming;
        }
    }
    MethodResponse { response, delivery, integration_latency }
}

/// The fields of an answer that is not proxied: the mapped ones, the media type and the ids.
fn mapped(
    compiled: &CompiledResponse,
    backend: &HeaderMap,
    accept: Option<&str>,
    context: &Context<'_>,
) -> Result<HeaderMap, GatewayError> {
    if let Some(blocked) = &compiled.blocked {
        return Err(GatewayError::NotImplemented(blocked.clone()));
    }
    if compiled.status.is_informational() {
        // AWS takes such a status when it is configured; as a final answer it would leave the client waiting for one.
        return Err(GatewayError::Configuration("an integration response has a status of 1xx, which is no final answer"));
    }
    let mut headers = HeaderMap::with_capacity(4 + compiled.headers.len());
    headers.insert(header::CONTENT_TYPE, content_type(compiled, accept));
    for (name, source) in &compiled.headers {
        if let Some(value) = response_value(source, backend, context) {
            headers.insert(name.clone(), value);
        }
    }
    add_ids(&mut headers, context);
    Ok(headers)
}

/// The key of the template or, without templates, of the method response's model (AWS docs, "Set up a method response").
fn content_type(compiled: &CompiledResponse, accept: Option<&str>) -> HeaderValue {
    let template = compiled.templates.select(accept).map(|choice| &choice.content_type);
    let chosen = template.or_else(|| compiled.models.select(accept).map(|choice| &choice.content_type));
    chosen.cloned().unwrap_or_else(|| HeaderValue::from_static(MEDIA_TYPE_DEFAULT))
}

/// What the response's template renders, as the client gets it; `None` without a template. It is text, and base64 where the client
/// or the integration response wants bytes of it.
pub(crate) fn rendered(
    compiled: &CompiledResponse,
    accept: Option<&str>,
    context: &Context<'_>,
) -> Result<Option<bytes::Bytes>, GatewayError> {
    let Some(text) = template(compiled, accept)? else { return Ok(None) };
    let accepted = context.stage.api.binary_media_types.accepted(accept);
    match Conversion::of_response(Kind::Text, accepted, compiled.handling) {
        Conversion::Text => Ok(Some(text)),
        conversion => conversion.apply(text).map(Some).map_err(untransformed),
    }
}

/// The text of the response's template; `None` without one.
fn template(compiled: &CompiledResponse, accept: Option<&str>) -> Result<Option<bytes::Bytes>, GatewayError> {
    if let Some(blocked) = &compiled.blocked {
        return Err(GatewayError::NotImplemented(blocked.clone()));
    }
    match compiled.templates.select(accept).map(|choice| &choice.value) {
        Some(Template::Literal(text)) => Ok(Some(text.clone())),
        Some(Template::Unsupported(blocked)) => Err(GatewayError::NotImplemented(blocked.clone())),
        None => Ok(None),
    }
}

/// No integration response for a status; AWS answers 500.
pub(crate) fn unselected(error: SelectionError) -> GatewayError {
    GatewayError::Configuration(match error {
        SelectionError::NoMatch => "No match for output mapping and no default output mapping configured",
        SelectionError::InvalidPattern => "the selection pattern of an integration response is no regular expression",
    })
}

/// A body that should have been base64.
pub(crate) fn untransformed(_: NotBase64) -> GatewayError {
    GatewayError::Configuration("Unable to transform response")
}

fn add_ids(headers: &mut HeaderMap, context: &Context<'_>) {
    headers.insert(names::REQUEST_ID, context.arrival.ids.request.clone());
    headers.insert(names::APIGW_ID, context.arrival.ids.extended.clone());
}
