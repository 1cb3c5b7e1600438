//! Evaluating parameter mappings.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::route::Routed;
use crate::compile::{PathValue, RequestSource, ResponseSource};
use crate::content::Compression;
use crate::context::Arrival;
use crate::encode::{Place, Spelling, query_values};

/// A source's value; `body` is what was read of the body. Absent and empty are the same: the destination is left out (recorded).
pub(super) fn request_value<'a>(
    source: &'a RequestSource,
    routed: &'a Routed<'_>,
    body: &'a [Option<String>],
) -> Option<PathValue<'a>> {
    let received = &routed.received;
    let plain = |text, place| Some(PathValue { text, spelling: Spelling::Plain, place });
    let value = match source {
        RequestSource::Path(index) => {
            let text = Cow::Borrowed(&received.path[routed.found.parameters.get(*index)?.clone()]);
            Some(PathValue { text, spelling: Spelling::Encoded, place: Place::Path })
        }
        RequestSource::Query(key) => plain(query_values(received.arrival.uri.query().unwrap_or(""), key).last()?, Place::Segment),
        RequestSource::QueryAll(key) => {
            let values: Vec<_> = query_values(received.arrival.uri.query().unwrap_or(""), key).collect();
            plain(Cow::Owned(values.join(",")), Place::Segment)
        }
        RequestSource::Header(name) => plain(last_field(&received.message.headers, name)?, Place::Segment),
        RequestSource::HeaderAll(name) => plain(joined_fields(&received.message.headers, name)?, Place::Segment),
        RequestSource::Body(index) => plain(Cow::Borrowed(body.get(*index)?.as_deref()?), Place::Segment),
        // The API's owner wrote these two; a slash in them means one.
        RequestSource::StageVariable(name) => plain(Cow::Borrowed(received.stage.variable(name)?), Place::Path),
        RequestSource::Static(text) => plain(Cow::Borrowed(text), Place::Path),
        RequestSource::Context(variable) => {
            let resource = received.stage.api.resource(routed.method.resource);
            plain(variable.value(received.arrival, received.stage, Some((&resource.id, &resource.path)))?, Place::Segment)
        }
        RequestSource::Absent => None,
    };
    value.filter(|value| !value.text.is_empty())
}

/// The values for a query key: several for `multivaluequerystring`, else at most one.
pub(super) fn request_values<'a>(
    source: &'a RequestSource,
    routed: &'a Routed<'_>,
    body: &'a [Option<String>],
) -> Vec<PathValue<'a>> {
    match source {
        RequestSource::QueryAll(key) => query_values(routed.received.arrival.uri.query().unwrap_or(""), key)
            .map(|text| PathValue { text, spelling: Spelling::Plain, place: Place::Query })
            .collect(),
        _ => request_value(source, routed, body).into_iter().collect(),
    }
}

/// The value of a method response header; `None` leaves the header out.
pub(super) fn response_value(
    source: &ResponseSource,
    headers: &HeaderMap,
    body: &[Option<String>],
    context: &Context<'_>,
) -> Option<HeaderValue> {
    let text = match source {
        // As it is, whatever bytes it holds.
        ResponseSource::Header(name) => return headers.get_all(name).iter().next_back().cloned(),
        ResponseSource::HeaderAll(name) => joined_fields(headers, name)?,
        ResponseSource::Body(index) => Cow::Borrowed(body.get(*index)?.as_deref()?),
        ResponseSource::StageVariable(name) => Cow::Borrowed(context.stage.variable(name)?),
        ResponseSource::Context(variable) => variable.value(context.arrival, context.stage, Some(context.resource))?,
        ResponseSource::Static(text) => Cow::Borrowed(&**text),
        ResponseSource::Absent => return None,
    };
    HeaderValue::from_str(&text).ok()
}

/// What the making of a response reads of the request.
pub(crate) struct Context<'a> {
    pub(crate) arrival: &'a Arrival,
    pub(crate) stage: &'a crate::compile::PublishedStage,
    /// Id and path.
    pub(crate) resource: (&'a str, &'a str),
    /// What the client's answer is compressed with, when it is long enough.
    pub(crate) compression: Option<Compression>,
}

fn last_field<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    headers.get_all(name).iter().next_back().map(|value| String::from_utf8_lossy(value.as_bytes()))
}

fn joined_fields<'a>(headers: &HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| Cow::Owned(values.join(",")))
}
