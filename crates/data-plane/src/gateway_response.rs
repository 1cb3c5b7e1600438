//! The gateway's own answers: one place that turns a [`GatewayError`] into a response.

use std::borrow::Cow;
use std::cell::OnceCell;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::compile::{
    CustomResponse, ErrorVariable, FailureSource, Found, MEDIA_TYPE_DEFAULT, PublishedStage, TemplatePiece, accept_of,
};
use crate::context::Arrival;
use crate::encode::query_values;
use crate::error::{self, GatewayError};
use crate::headers::names;
use crate::transport::{Body, Response};

/// How far a request came that failed: what customised responses read besides its arrival.
pub(crate) struct Reached<'a> {
    pub(crate) stage: &'a PublishedStage,
    /// Behind the stage's name, as sent.
    pub(crate) path: &'a str,
    /// The fields that customised responses read.
    pub(crate) headers: &'a HeaderMap,
}

/// Renders a failure.
pub(crate) fn render(error: &GatewayError, arrival: &Arrival, reached: Option<&Reached<'_>>) -> Response {
    let custom = reached.and_then(|reached| Some((reached, reached.stage.api.gateway_responses.of(error.kind()?)?)));
    match custom {
        None => built_in(error, arrival),
        Some((reached, custom)) => customised(custom, &Values { error, arrival, reached, found: OnceCell::new() }),
    }
}

fn built_in(error: &GatewayError, arrival: &Arrival) -> Response {
    let body = built_in_body(error);
    Response { status: error.status(), headers: fields(error, arrival), body: Body::full(body) }
}

/// The built-in template, `{"message":$context.error.messageString}`.
fn built_in_body(error: &GatewayError) -> Bytes {
    // Transcripts show a space in answers of the integration stage and none in earlier ones.
    let start = match error.reached() {
        error::Reached::Integration => "{\"message\": ",
        error::Reached::Earlier => "{\"message\":",
    };
    let start = match error {
        // Seen of refusals by policies alone: a capital letter.
        GatewayError::AccessDenied(_) => "{\"Message\":",
        _ => start,
    };
    Bytes::from(format!("{start}{}}}", message_string(error)))
}

/// `$context.error.messageString`.
fn message_string(error: &GatewayError) -> String {
    if error.has_message() { json_string(&error.message()) } else { "null".to_owned() }
}

/// What every gateway response carries.
fn fields(error: &GatewayError, arrival: &Arrival) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(names::REQUEST_ID, arrival.ids.request.clone());
    headers.insert(names::APIGW_ID, arrival.ids.extended.clone());
    headers.insert(names::ERROR_TYPE, HeaderValue::from_static(error.error_type()));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE_DEFAULT));
    if error.reached() == error::Reached::Integration {
        headers.insert(names::TRACE_ID, arrival.ids.trace_root());
    }
    headers
}

fn customised(custom: &CustomResponse, values: &Values<'_>) -> Response {
    let error = values.error;
    let mut headers = fields(error, values.arrival);
    let body = match custom.templates.select(accept_of(values.reached.headers)) {
        Some(choice) => {
            headers.insert(header::CONTENT_TYPE, choice.content_type.clone());
            Bytes::from(values.substitute(&choice.value))
        }
        None => built_in_body(error),
    };
    for (name, source) in &custom.headers {
        let value = values.of(source).filter(|value| !value.is_empty());
        // A value that is no header value is left out, as an absent one is.
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name.clone(), value);
        }
    }
    Response { status: custom.status.unwrap_or_else(|| error.status()), headers, body: Body::full(body) }
}

/// What a customised response can read.
struct Values<'a> {
    error: &'a GatewayError,
    arrival: &'a Arrival,
    reached: &'a Reached<'a>,
    /// The resource, if the request has one; looked for when a value needs it.
    found: OnceCell<Option<Found>>,
}

impl<'a> Values<'a> {
    fn substitute(&self, pieces: &[TemplatePiece]) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                TemplatePiece::Text(text) => out.push_str(text),
                TemplatePiece::Value(source) => out.push_str(&self.of(source).unwrap_or_default()),
            }
        }
        out
    }

    fn of<'s>(&'s self, source: &'s FailureSource) -> Option<Cow<'s, str>> {
        let query = |key: &'s str| query_values(self.arrival.uri.query().unwrap_or(""), key);
        match source {
            FailureSource::Error(variable) => Some(self.error(*variable)),
            FailureSource::Context(variable) => variable.value(self.arrival, self.reached.stage, self.resource()),
            FailureSource::StageVariable(name) => self.reached.stage.variable(name).map(Cow::Borrowed),
            FailureSource::Header(name) => self.fields_of(name).next_back(),
            FailureSource::HeaderAll(name) => Some(self.fields_of(name).collect::<Vec<_>>().join(",").into()),
            FailureSource::Query(key) => query(key).last(),
            FailureSource::QueryAll(key) => Some(query(key).collect::<Vec<_>>().join(",").into()),
            FailureSource::Path(name) => {
                let value = self.reached.stage.api.path_parameter(self.found()?, self.reached.path, name);
                value.map(Cow::Borrowed)
            }
            FailureSource::Static(text) => Some(Cow::Borrowed(text)),
            FailureSource::Absent => None,
        }
    }

    fn error(&self, variable: ErrorVariable) -> Cow<'_, str> {
        match variable {
            ErrorVariable::Message => self.error.message(),
            ErrorVariable::MessageString => message_string(self.error).into(),
            ErrorVariable::ResponseType => self.error.kind().map_or("", |kind| kind.as_str()).into(),
            // Templates put it between quotes, and it has quotes of its own.
            ErrorVariable::ValidationErrorString => {
                let quoted = json_string(self.error.validation_error());
                quoted[1..quoted.len() - 1].to_owned().into()
            }
        }
    }

    fn fields_of(&self, name: &HeaderName) -> impl DoubleEndedIterator<Item = Cow<'_, str>> {
        self.reached.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// Routed again: only failures of APIs that customise them need it, and most requests do not fail.
    fn found(&self) -> Option<&Found> {
        let api = &self.reached.stage.api;
        self.found.get_or_init(|| api.find(self.reached.path, &self.arrival.method)).as_ref()
    }

    /// Id and path.
    fn resource(&self) -> Option<(&str, &str)> {
        let api = &self.reached.stage.api;
        let resource = api.resource(api.method(self.found()?.method).resource);
        Some((&resource.id, &resource.path))
    }
}

/// `text` as a JSON string; messages may echo what a client sent.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
