//! A body as templates and mappings read it: its text and, once asked for, its JSON.

mod parse;
mod write;

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

use crate::content::to_text;

/// Values inside values of a body. Far more than AWS's clients send, and few enough for the recursion of what reads, clones and
/// drops them; the JSONPath crate has the same bound.
const NESTING_MAX: usize = 512;

/// A body. What several templates and mappings ask of it is done once.
#[derive(Debug)]
pub(crate) struct Document {
    /// Valid UTF-8.
    text: Bytes,
    json: OnceLock<Result<Json, NotJson>>,
}

/// Why a body is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotJson {
    /// It begins as JSON does and does not go on so.
    #[error("the body is no valid JSON")]
    Malformed,
    /// It nests deeper than [`NESTING_MAX`].
    #[error("the body's JSON is nested deeper than {NESTING_MAX} levels")]
    TooDeep,
}

/// A parsed body.
///
/// `serde_json` keeps integers of 64 bits and doubles; AWS's JSON library keeps the others exactly. Their texts stand beside the tree,
/// by the place of the number in memory, which does not change: the tree is never touched after it was made.
#[derive(Debug)]
pub(crate) struct Json {
    root: Box<Value>,
    exact: HashMap<usize, Box<str>>,
}

impl Document {
    pub(crate) fn new(body: Bytes) -> Self {
        Self { text: to_text(body), json: OnceLock::new() }
    }

    /// The body as text; what is no UTF-8 has become U+FFFD.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The length of its text, which is known without looking at it.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// The parsed body. An empty one is an empty object, as reported of `$input.json('$')`; one that begins neither as an object nor as
    /// an array or string is JSON or, if not, a string itself: templates all over split forms that way (`$input.path('$').split('&')`).
    pub(crate) fn json(&self) -> Result<&Value, NotJson> {
        self.parsed().map(Json::root)
    }

    /// The same, to be written out.
    pub(crate) fn parsed(&self) -> Result<&Json, NotJson> {
        self.json.get_or_init(|| Json::parse(self.text())).as_ref().map_err(|reason| *reason)
    }

    /// Whether asking for the JSON costs nothing any more.
    pub(super) fn is_parsed(&self) -> bool {
        self.json.get().is_some()
    }

    /// Whether it is text that is no JSON, and is only read as a string.
    pub(super) fn is_bare_text(&self) -> bool {
        let text = self.text().trim();
        matches!(self.json(), Ok(Value::String(_))) && !text.starts_with('"')
    }
}

impl Json {
    /// Parses a text that has to be JSON.
    pub(crate) fn parse_strictly(text: &str) -> Result<Self, NotJson> {
        parse::parse(text)
    }

    /// Parses a text as [`Document::json`] says.
    fn parse(text: &str) -> Result<Self, NotJson> {
        let bare = text.trim();
        if bare.is_empty() {
            return Ok(Self::plain(Value::Object(serde_json::Map::new())));
        }
        match Self::parse_strictly(text) {
            Err(NotJson::Malformed) if !bare.starts_with(['{', '[', '"']) => Ok(Self::plain(Value::String(bare.to_owned()))),
            parsed => parsed,
        }
    }

    fn plain(root: Value) -> Self {
        Self { root: Box::new(root), exact: HashMap::new() }
    }

    pub(crate) fn root(&self) -> &Value {
        &self.root
    }

    /// The digits of a number of this tree that its value does not hold.
    pub(super) fn exact(&self, number: &Value) -> Option<&str> {
        if self.exact.is_empty() { None } else { self.exact.get(&address(number)).map(|text| &**text) }
    }
}

fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

#[cfg(test)]
mod tests;
