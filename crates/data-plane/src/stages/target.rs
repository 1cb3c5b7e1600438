//! Where a backend's request goes, and the parameters that are mapped into it or that a template overrides.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tokio::time::Instant;

use super::integration_request::HttpCall;
use super::mapping::{request_value, request_values};
use super::route::Routed;
use crate::compile::{
    Address, CompiledRequest, HttpEndpoint, Mappings, PathAndQueryTemplate, PathValue, PathValues, PublishedStage,
};
use crate::context::Arrival;
use crate::encode::{self, Place, Spelling};
use crate::error::GatewayError;
use crate::headers::{self, ForbiddenMappings, names};
use crate::mapping_template::{Named, OverrideValue, RequestOverrides, fit_in_a_message};
use crate::observed::Observed;
use crate::traces::TRACEPARENT;
use crate::transport::{Body, UpstreamRequest};

/// Where parameters come from besides the request itself.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a> {
    /// What mappings read of the body, by their place.
    pub(super) body: &'a [Option<String>],
    /// They win over mappings (AWS docs, "Override your API's request and response parameters").
    pub(super) overrides: Option<&'a RequestOverrides>,
}

impl<'a> Parameters<'a> {
    /// Those of a request of which no template and no body is read.
    pub(super) const PLAIN: Parameters<'static> = Parameters { body: &[], overrides: None };

    /// Whether a template sets a path parameter, and what to. Whether a slash of it separates segments nobody can say: it does not.
    /// Empty is no value, as with mappings: `/users/{id}` without an id would be another address.
    fn path(&self, name: &str) -> Option<Option<PathValue<'a>>> {
        let (_, value) = self.overrides?.path.iter().find(|(known, _)| **known == *name)?;
        let text = value.texts().into_iter().next().filter(|text| !text.is_empty());
        Some(text.map(|text| PathValue { text, spelling: Spelling::Plain, place: Place::Segment }))
    }
}

/// Where a request goes.
pub(super) struct Target {
    address: Address,
    uri: http::Uri,
    method: Method,
    deadline: Instant,
}

impl Target {
    pub(super) fn new(
        routed: &Routed<'_>,
        endpoint: &HttpEndpoint,
        client_query: Option<&str>,
        parameters: Parameters<'_>,
    ) -> Result<Self, GatewayError> {
        let (arrival, stage) = (routed.received.arrival, routed.received.stage);
        let CompiledRequest { verb, mappings, timeout, handling: _ } = &endpoint.request;
        let resolved = stage.endpoint(routed.found.method)?;
        let values = |index: usize| path_value(index, routed, mappings, parameters);
        let mapped = mapped_query(routed, mappings, parameters);
        Ok(Self {
            uri: path_and_query(resolved.rest(), &values, client_query, &mapped)?,
            address: resolved.address(&values).map_err(invalid_address)?,
            method: verb.clone().unwrap_or_else(|| arrival.method.clone()),
            // Counted from the request's arrival: one clock reading less where nothing was waited for.
            deadline: arrival.started + *timeout,
        })
    }

    /// The `Host` that names it.
    pub(super) fn host(&self) -> HeaderValue {
        self.address.host.clone()
    }

    /// The request to it.
    pub(super) fn call(self, headers: HeaderMap, body: Body) -> Box<HttpCall> {
        let body = if carries_body(&self.method) { body } else { Body::empty() };
        let request = UpstreamRequest { origin: self.address.origin, method: self.method, uri: self.uri, headers, body };
        Box::new(HttpCall { request, deadline: self.deadline, way: self.address.way })
    }
}

/// Path and query in origin form.
pub(super) fn path_and_query(
    template: &PathAndQueryTemplate,
    values: &PathValues<'_, '_>,
    client_query: Option<&str>,
    mapped: &str,
) -> Result<http::Uri, GatewayError> {
    let uri = template.uri(values, client_query, mapped).map_err(invalid_address)?;
    // What the API's owner put under `/base/` must not reach what is beside it, behind the routes of other methods.
    if template.has_path_value() && encode::steps_up(uri.path()) {
        return Err(GatewayError::UnusableParameter("the backend's path would hold a step up (`..`)"));
    }
    Ok(uri)
}

/// Reported from AWS: `GET`, `HEAD` and `OPTIONS` never carry a body to the backend.
pub(super) fn carries_body(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Adds what the gateway sets itself, and then what the API's owner maps over it. Without a `host`, whoever sends the request sets it.
pub(super) fn add_fields(
    headers: &mut HeaderMap,
    host: Option<HeaderValue>,
    mapped: Vec<(HeaderName, HeaderValue)>,
    arrival: &Arrival,
    stage: &PublishedStage,
) {
    if let Some(host) = host {
        headers.insert(header::HOST, host);
    }
    headers.insert(names::API_ID, stage.api_id_value().clone());
    headers.insert(names::TRACE_ID, arrival.ids.trace.clone());
    if let Some(trace) = arrival.observed().and_then(Observed::trace) {
        headers.insert(TRACEPARENT, trace.w3c());
    }
    for (name, value) in mapped {
        headers.insert(name, value);
    }
}

fn invalid_address(reason: &'static str) -> GatewayError {
    GatewayError::Address(reason.to_owned())
}

pub(super) fn mapped_headers(
    routed: &Routed<'_>,
    mappings: &Mappings,
    parameters: Parameters<'_>,
) -> Result<Vec<(HeaderName, HeaderValue)>, GatewayError> {
    let mut mapped = Vec::new();
    for (name, source) in &mappings.headers {
        let Some(value) = request_value(source, routed, parameters.body) else { continue };
        let value = field_value(&value.text)?;
        if !is_signature(name, &value) {
            mapped.push((name.clone(), value));
        }
    }
    Ok(mapped)
}

/// A signature that was made for this gateway is nobody else's, whichever way it is passed on (AWS docs, "Amazon API Gateway important
/// notes").
fn is_signature(name: &HeaderName, value: &HeaderValue) -> bool {
    *name == header::AUTHORIZATION && headers::is_sigv4(value)
}

/// A decoded query value may hold line ends, which must not become a field of their own.
fn field_value(text: &str) -> Result<HeaderValue, GatewayError> {
    HeaderValue::from_str(text).map_err(|_| GatewayError::UnusableParameter("a mapped header's value cannot stand in a header"))
}

pub(super) const TOO_MANY_FIELDS: GatewayError =
    GatewayError::Configuration("a template overrides more header fields than one message may have");

/// Puts the fields that a template overrides in the place of those that are there.
pub(super) fn override_headers(
    headers: &mut HeaderMap,
    overrides: &Named,
    forbidden: ForbiddenMappings,
) -> Result<(), GatewayError> {
    const FORBIDDEN: GatewayError = GatewayError::Configuration("a template overrides a header that is the gateway's own");
    if !fit_in_a_message(overrides) {
        return Err(TOO_MANY_FIELDS);
    }
    for (name, value) in overrides {
        let invalid = |_| GatewayError::Configuration("a template overrides a header whose name is none");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(invalid)?;
        if forbidden.forbids(&name) {
            return Err(FORBIDDEN);
        }
        // As with mappings, a field of one connection never reaches the backend.
        if !headers::may_be_mapped(&name) {
            continue;
        }
        let texts = value.texts();
        // A request has exactly one: of several, two readers could choose differently.
        if name == header::HOST {
            if let Some(text) = texts.last() {
                headers.insert(name, field_value(text)?);
            }
            continue;
        }
        headers.remove(&name);
        for text in texts {
            let value = field_value(&text)?;
            if !is_signature(&name, &value) {
                headers.append(name.clone(), value);
            }
        }
    }
    Ok(())
}

/// The value of a path parameter, by the place of its mapping.
pub(super) fn path_value<'a>(
    index: usize,
    routed: &'a Routed<'_>,
    mappings: &'a Mappings,
    parameters: Parameters<'a>,
) -> Option<PathValue<'a>> {
    let (name, source) = mappings.path.get(index)?;
    parameters.path(name).unwrap_or_else(|| request_value(source, routed, parameters.body))
}

/// The mapped query, encoded.
pub(super) fn mapped_query(routed: &Routed<'_>, mappings: &Mappings, parameters: Parameters<'_>) -> String {
    let mut query = String::new();
    let overridden: Vec<(String, &OverrideValue)> = parameters
        .overrides
        .into_iter()
        .flat_map(|overrides| &overrides.querystring)
        .map(|(name, value)| (key(name), value))
        .collect();
    for (key, source) in &mappings.query {
        if overridden.iter().any(|(known, _)| **known == **key) {
            continue;
        }
        for value in request_values(source, routed, parameters.body) {
            push_pair(&mut query, key, &value.text, value.spelling);
        }
    }
    for (key, value) in overridden {
        value.texts().iter().for_each(|text: &Cow<'_, str>| push_pair(&mut query, &key, text, Spelling::Plain));
    }
    query
}

fn key(name: &str) -> String {
    let mut encoded = String::new();
    encode::push(&mut encoded, name, Place::Query, Spelling::Plain);
    encoded
}

fn push_pair(query: &mut String, key: &str, value: &str, spelling: Spelling) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(key);
    query.push('=');
    encode::push(query, value, Place::Query, spelling);
}
