//! What the lines of an execution log say, and how long they may be.

use std::borrow::Cow;
use std::fmt::Write;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::secrets;
use super::spelling::Spellings;
use crate::compile::MEDIA_TYPE_DEFAULT;
use crate::encode::form_decode;
use crate::error::GatewayError;
use crate::headers::names;

/// Bytes of a line, without its date or id (AWS docs, "Set up CloudWatch logging for REST APIs"; published logs are cut exactly here).
const LINE_BYTES_MAX: usize = 1_024;
/// What follows a line that was cut.
const TRUNCATED: &str = " [TRUNCATED]";
/// Fields that the gateway adds to a backend's request, in AWS's order, behind those that are mapped.
const OWN_FIELDS: [HeaderName; 6] =
    [names::API_ID, header::ACCEPT, header::CONTENT_TYPE, header::USER_AGENT, header::HOST, names::TRACE_ID];

/// A line that is not too long.
pub(super) fn bounded(mut line: String) -> String {
    if line.len() > LINE_BYTES_MAX {
        line.truncate(line.floor_char_boundary(LINE_BYTES_MAX));
        line.push_str(TRUNCATED);
    }
    line
}

/// The line without line ends and the like: what a client sends must not look like a line of its own in the server's log.
pub(super) fn on_one_line(line: String) -> String {
    if !line.contains(char::is_control) {
        return line;
    }
    let mut escaped = String::with_capacity(line.len() + 16);
    for character in line.chars() {
        if character.is_control() {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// As Java prints a map: `{k=v, k2=v2}`.
pub(super) fn map<K: AsRef<str>, V: AsRef<str>>(entries: impl IntoIterator<Item = (K, V)>) -> String {
    let mut text = String::from("{");
    for (at, (key, value)) in entries.into_iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{}={}", key.as_ref(), value.as_ref());
    }
    text.push('}');
    text
}

/// The parameters of a raw query, several values of one joined with commas.
pub(super) fn query(raw: &str) -> String {
    let pairs = raw.split(['&', ';']).filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut entries: Vec<(Cow<'_, str>, String)> = Vec::new();
    for (key, value) in pairs.map(|(key, value)| (form_decode(key), form_decode(value))) {
        match entries.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&value);
            }
            None => entries.push((key, value.into_owned())),
        }
    }
    map(entries)
}

/// Fields, with their secrets masked, several values of one joined with commas.
pub(super) fn headers(headers: &HeaderMap, spellings: &Spellings) -> String {
    let mut known: Vec<&HeaderName> = headers.keys().collect();
    if headers.contains_key(names::API_ID) {
        known.sort_by_key(|name| OWN_FIELDS.iter().position(|own| own == *name).map_or(0, |at| at + 1));
    }
    map(known.into_iter().map(|name| {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| secrets::shown(name, String::from_utf8_lossy(value.as_bytes()))).collect();
        (spellings.of(name), values.join(","))
    }))
}

/// The media type that a request's body is read as.
pub(super) fn media_type(content_type: Option<&HeaderValue>) -> Cow<'_, str> {
    let text = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()));
    text.map_or(MEDIA_TYPE_DEFAULT.into(), |text| text.split(';').next().unwrap_or_default().trim().to_owned().into())
}

/// Why a request failed, in AWS's words where there are any.
pub(super) fn failure(error: &GatewayError, content_type: Option<&HeaderValue>) -> String {
    let configuration = |text: &str| format!("Execution failed due to configuration error: {text}");
    match error {
        GatewayError::Timeout => "Execution failed due to a timeout error".to_owned(),
        GatewayError::Network(detail) | GatewayError::Malformed(detail) => {
            format!("Execution failed due to a network error communicating with endpoint: {detail}")
        }
        GatewayError::Address(_) => configuration("Invalid endpoint address"),
        GatewayError::InvalidBody(detail) => {
            format!("Request body does not match model schema for content type {}: {detail}", media_type(content_type))
        }
        GatewayError::MissingParameters(message) | GatewayError::AccessDenied(message) => message.clone(),
        GatewayError::Unauthenticated(error) => error.message(),
        GatewayError::AuthorizerFailure(detail) => format!("Execution failed due to an authorizer error: {detail}"),
        other => configuration(other.log_detail().map_or_else(|| other.message(), Cow::Borrowed).as_ref()),
    }
}
