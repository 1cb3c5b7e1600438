//! The answer of a proxy integration: what a function's result says of status, fields and body.
//!
//! No member is required, but there must be one, and none that AWS does not know (recorded). Scalars are taken for text, as AWS's parser
//! does (recorded of a boolean in a header); anything else malformed is a 502. A result comes from a tenant's code: it is parsed once,
//! and what could frame a message or stand for a field of one connection never gets out of here.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use super::failure::LambdaFailure;

/// Bytes of a function's result: Lambda's own limit with its allowance.
pub(crate) const RESULT_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;
/// Fields of one answer: more than a message may have anywhere.
const FIELDS_MAX: usize = 1_000;
/// Bytes of them together. AWS lets 10,240 through; HTTP servers and clients refuse this much.
const FIELD_BYTES_MAX: usize = 128 * 1024;
/// What a function's length of the body becomes, as seen of answers on AWS: the body's own is the gateway's to say.
const REMAPPED_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-amzn-remapped-content-length");

/// A function's answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProxyResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) is_base64: bool,
}

/// What comes before the body of a streamed answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

impl ProxyResponse {
    /// Parses a function's result.
    pub(crate) fn parse(result: &[u8]) -> Result<Self, LambdaFailure> {
        let mut object = object(result)?;
        if object.is_empty() {
            return Err(malformed("an empty object"));
        }
        let status = status(object.remove("statusCode"))?;
        let body = match object.remove("body") {
            None | Some(Value::Null) => String::new(),
            Some(value) => text(value).ok_or_else(|| malformed("`body` is no string"))?,
        };
        let is_base64 = match object.remove("isBase64Encoded") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(is_base64)) => is_base64,
            Some(Value::String(text)) if text == "true" || text == "false" => text == "true",
            Some(_) => return Err(malformed("`isBase64Encoded` is no boolean")),
        };
        let headers = fields(&mut object)?.headers;
        match object.keys().next() {
            Some(unknown) => Err(malformed(&format!("unknown member {unknown:?}"))),
            None => Ok(Self { status, headers, body, is_base64 }),
        }
    }
}

impl Metadata {
    /// Parses what a streaming function says before its payload. It has cookies as well, and need say nothing at all.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, LambdaFailure> {
        let mut object = object(text)?;
        let status = status(object.remove("statusCode"))?;
        let cookies = object.remove("cookies");
        let mut collected = fields(&mut object)?;
        match cookies {
            None | Some(Value::Null) => {}
            Some(Value::Array(cookies)) => {
                for cookie in cookies {
                    collected.append(&header::SET_COOKIE, cookie)?;
                }
            }
            Some(_) => return Err(malformed("`cookies` is no list")),
        }
        match object.keys().next() {
            Some(unknown) => Err(malformed(&format!("unknown member {unknown:?}"))),
            None => Ok(Self { status, headers: collected.headers }),
        }
    }
}

fn malformed(reason: &str) -> LambdaFailure {
    LambdaFailure::Malformed(format!("Malformed Lambda proxy response: {reason}"))
}

fn object(text: &[u8]) -> Result<Map<String, Value>, LambdaFailure> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(malformed("no object")),
        Err(_) => Err(malformed("no JSON")),
    }
}

/// 200 where none is given (recorded). An informational one would leave the client waiting for another.
fn status(value: Option<Value>) -> Result<StatusCode, LambdaFailure> {
    let code = match value {
        None | Some(Value::Null) => return Ok(StatusCode::OK),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    let code = code.and_then(|code| u16::try_from(code).ok()).filter(|code| (200..=599).contains(code));
    code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or_else(|| malformed("`statusCode` is no status from 200 to 599"))
}

/// A scalar as text.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Fields, and how many bytes they are.
#[derive(Default)]
struct Collected {
    headers: HeaderMap,
    bytes: usize,
}

/// Those with several values first, then the single ones; of one name, the values of both (recorded).
fn fields(object: &mut Map<String, Value>) -> Result<Collected, LambdaFailure> {
    let mut collected = Collected::default();
    let map = |value: Option<Value>, what: &str| match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(malformed(&format!("`{what}` is no object"))),
    };
    let multiple = map(object.remove("multiValueHeaders"), "multiValueHeaders")?;
    let single = map(object.remove("headers"), "headers")?;
    for (name, values) in multiple {
        let name = field_name(&name)?;
        match values {
            Value::Null => {}
            Value::Array(values) => values.into_iter().try_for_each(|value| collected.append(&name, value))?,
            _ => return Err(malformed(&format!("`multiValueHeaders` has no list of {name}"))),
        }
    }
    for (name, value) in single {
        collected.append(&field_name(&name)?, value)?;
    }
    Ok(collected)
}

fn field_name(name: &str) -> Result<HeaderName, LambdaFailure> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed("a header's name is none"))
}

impl Collected {
    /// Adds a value, or leaves out what only the gateway may say. A value with line ends would be a field of its own.
    fn append(&mut self, name: &HeaderName, value: Value) -> Result<(), LambdaFailure> {
        if matches!(value, Value::Null) || *name == header::TRANSFER_ENCODING {
            return Ok(());
        }
        let name = if *name == header::CONTENT_LENGTH { &REMAPPED_CONTENT_LENGTH } else { name };
        let text = text(value).ok_or_else(|| malformed(&format!("the value of {name} is no text")))?;
        let value = HeaderValue::from_bytes(text.as_bytes());
        let value = value.map_err(|_| malformed(&format!("the value of {name} cannot stand in a header")))?;
        self.bytes += name.as_str().len() + value.len();
        if self.headers.len() == FIELDS_MAX || self.bytes > FIELD_BYTES_MAX {
            return Err(malformed("more header fields than one message may have"));
        }
        self.headers.append(name.clone(), value);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
