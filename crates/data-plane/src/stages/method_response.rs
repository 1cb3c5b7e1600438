//! The method response: what the client gets of the integration's answer, with what the gateway always adds.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::mapping::{Context, response_value};
use super::target::TOO_MANY_FIELDS;
use crate::compile::{CompiledResponse, MEDIA_TYPE_DEFAULT, SelectionError};
use crate::content::{self, NotBase64};
use crate::error::GatewayError;
use crate::headers::{self, Field, Fields, names};
use crate::integrations::{Answer, AnsweredBy, Delivery, IntegrationResponse, MappedAnswer, ProxyAnswer};
use crate::mapping_template::{Named, fit_in_a_message};
use crate::transport::Response;

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

    /// Tells a client that its wish for a new answer was passed over (AWS docs, "Cache settings for REST APIs": a warning header).
    pub(crate) fn warn_of_cache_control(&mut self) {
        self.response.headers.append(header::WARNING, CACHE_CONTROL_IGNORED);
    }
}

/// In the form of RFC 7234, 5.5; AWS's own text is not known.
const CACHE_CONTROL_IGNORED: HeaderValue =
    HeaderValue::from_static("199 - \"Cache-Control is ignored: not authorized to invalidate the cache\"");

/// Makes the client's answer.
pub(crate) fn method_response(response: IntegrationResponse<'_>) -> Result<MethodResponse, GatewayError> {
    match response {
        IntegrationResponse::Proxied(answer) => Ok(proxied(answer)),
        IntegrationResponse::Mapped(answer) => mapped(*answer),
    }
}

/// Status and body as they are, fields by the rules.
fn proxied(answer: ProxyAnswer<'_>) -> MethodResponse {
    let ProxyAnswer { mut response, delivery, answered_by, context } = answer;
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
    finished(response, delivery, answered_by.latency(), backend, &context)
}

/// An answer to HEAD says how long the body is that it does not have.
fn head_length(response: &Response, context: &Context<'_>) -> Option<HeaderValue> {
    (context.arrival.method == Method::HEAD).then(|| response.headers.get(header::CONTENT_LENGTH).cloned()).flatten()
}

/// Status and fields by the integration response, unless a template overrides them.
fn mapped(mapped: MappedAnswer<'_>) -> Result<MethodResponse, GatewayError> {
    let MappedAnswer { compiled, headers: of_backend, answer: Answer { body, delivery }, values, asked, answered_by } = mapped;
    let (context, overrides) = (&asked.context, &asked.overrides.response);
    if let Some(observed) = context.arrival.observed() {
        observed.overridden(overrides);
    }
    let status = overrides.status().unwrap_or(compiled.status);
    if status.is_informational() {
        // AWS takes such a status when it is configured; as a final answer it would leave the client waiting for one.
        return Err(GatewayError::Configuration("an integration response has a status of 1xx, which is no final answer"));
    }
    let mut headers = HeaderMap::with_capacity(4 + compiled.headers.len());
    headers.insert(header::CONTENT_TYPE, content_type(compiled, asked.accept.as_deref()));
    for (name, source) in &compiled.headers {
        if let Some(value) = response_value(source, &of_backend, &values, context) {
            headers.insert(name.clone(), value);
        }
    }
    override_headers(&mut headers, &overrides.header)?;
    add_ids(&mut headers, context);
    // Recorded: a MOCK's answer has no trace id.
    if answered_by != AnsweredBy::Mock {
        headers.insert(names::TRACE_ID, context.arrival.ids.trace.clone());
    }
    let backend = Backend::of(&of_backend, context);
    Ok(finished(Response { status, headers, body }, delivery, answered_by.latency(), backend, context))
}

/// What cannot stand in a field, or is the gateway's own, is left out, as it is of mappings.
fn override_headers(headers: &mut HeaderMap, overrides: &Named) -> Result<(), GatewayError> {
    if !fit_in_a_message(overrides) {
        return Err(TOO_MANY_FIELDS);
    }
    for (name, value) in overrides {
        let Some(name) = HeaderName::from_bytes(name.as_bytes()).ok().and_then(headers::response_name) else { continue };
        headers.remove(&name);
        for value in value.texts().iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
            headers.append(name.clone(), value);
        }
    }
    Ok(())
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
    if let Some(log) = context.arrival.log() {
        log.method_response(&mut response);
    }
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

/// The key of the template or, without templates, of the method response's model (AWS docs, "Set up a method response").
fn content_type(compiled: &CompiledResponse, accept: Option<&str>) -> HeaderValue {
    let template = compiled.templates.select(accept).map(|choice| &choice.content_type);
    let chosen = template.or_else(|| compiled.models.select(accept).map(|choice| &choice.content_type));
    chosen.cloned().unwrap_or_else(|| HeaderValue::from_static(MEDIA_TYPE_DEFAULT))
}

/// No integration response for a status; AWS answers 500.
pub(crate) fn unselected(error: SelectionError, status: StatusCode) -> GatewayError {
    match error {
        SelectionError::NoMatch => GatewayError::Unselected(format!(
            "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: {}",
            status.as_u16()
        )),
        SelectionError::TooManySteps => {
            GatewayError::Configuration("matching the selection pattern of an integration response takes too long")
        }
        SelectionError::LongMessage => GatewayError::Configuration(
            "the function's errorMessage is longer than the 16 KiB that selection patterns are matched against",
        ),
        SelectionError::InvalidPattern => {
            GatewayError::Configuration("the selection pattern of an integration response is no regular expression")
        }
    }
}

/// A body that should have been base64.
pub(crate) fn untransformed(_: NotBase64) -> GatewayError {
    GatewayError::Configuration("Unable to transform response")
}

fn add_ids(headers: &mut HeaderMap, context: &Context<'_>) {
    headers.insert(names::REQUEST_ID, context.arrival.ids.request.clone());
    headers.insert(names::APIGW_ID, context.arrival.ids.extended.clone());
}
