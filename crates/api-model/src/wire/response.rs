//! What goes back to the client.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::error::ApiError;

/// The media type of everything but exports.
const JSON: &str = "application/json";

/// An answer, free of any HTTP library's types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers besides `Content-Type`; names in the spelling of AWS's model. Values may come from a user's definition, so
    /// they are checked when they become header values.
    pub headers: Vec<(&'static str, String)>,
    /// The body, empty for operations that answer none.
    pub body: Bytes,
    /// `Content-Type`.
    pub content_type: Cow<'static, str>,
}

impl WireResponse {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), content_type: Cow::Borrowed(JSON) }
    }

    /// An answer that is a JSON document.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { body: Bytes::from(body.to_string()), ..Self::empty(status) }
    }

    /// An answer that is bytes of an output, such as an export.
    pub fn blob(status: u16, body: Option<Bytes>) -> Self {
        Self { body: body.unwrap_or_default(), ..Self::empty(status) }
    }

    /// Adds a header of an output that has one.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) if name.eq_ignore_ascii_case("content-type") => self.content_type = Cow::Owned(value),
            Some(value) => self.headers.push((name, value)),
            None => {}
        }
        self
    }
}

/// A failure as clients of all three services read it: the code in a header, the text in the body.
pub fn error_response(error: &ApiError) -> WireResponse {
    WireResponse::json(error.status, &json!({ "message": error.message })).header("x-amzn-ErrorType", Some(error.code.to_owned()))
}
