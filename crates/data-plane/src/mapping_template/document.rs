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

/// Bytes of memory that a body's JSON may take. Records of some fields take twenty times their text, so that 10 MB of them are within;
/// 10 MB of the smallest objects would take most of a gigabyte. With the values that a template makes of it, half a gigabyte was measured.
const TREE_BYTES_MAX: usize = 256 << 20;
/// Bytes of memory that the JSON of a text of a template's may take, beside the body's.
const ARGUMENT_TREE_BYTES_MAX: usize = 64 << 20;

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
    /// It takes more memory than [`TREE_BYTES_MAX`] or, in a template, [`ARGUMENT_TREE_BYTES_MAX`].
    #[error("the body's JSON has more values than there may be in memory")]
    TooLarge,
}

/// A parsed body.
///
/// `serde_json` keeps integers of 64 bits and doubles; AWS's JSON library keeps the others exactly. Their texts stand beside the tree,
/// by the place of the number in memory, which does not change: the tree is never touched after it was made.
#[derive(Debug)]
pub(crate) struct Json {
    root: Box<Value>,
    exact: HashMap<usize, Box<str>>,
    /// See [`Document::is_bare_text`].
    is_bare_text: bool,
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
    pub(crate) fn parsed(&self) -> Result<&Json, NotJson> {
        self.json.get_or_init(|| Json::parse(self.text())).as_ref().map_err(|reason| *reason)
    }

    /// Whether asking for the JSON costs nothing any more.
    pub(super) fn is_parsed(&self) -> bool {
        self.json.get().is_some()
    }

    /// Whether it is text that is no JSON, and is only read as a string.
    pub(super) fn is_bare_text(&self) -> bool {
        self.parsed().is_ok_and(|json| json.is_bare_text)
    }
}

impl Json {
    /// Parses a text of a template's, which has to be JSON.
    pub(crate) fn parse_strictly(text: &str) -> Result<Self, NotJson> {
        parse::parse(text, ARGUMENT_TREE_BYTES_MAX)
    }

    /// Parses a text as [`Document::json`] says.
    fn parse(text: &str) -> Result<Self, NotJson> {
        let bare = text.trim();
        if bare.is_empty() {
            return Ok(Self::plain(Value::Object(serde_json::Map::new())));
        }
        match parse::parse(text, TREE_BYTES_MAX) {
            Err(NotJson::Malformed) if !bare.starts_with(['{', '[', '"']) => {
                Ok(Self { is_bare_text: true, ..Self::plain(Value::String(bare.to_owned())) })
            }
            parsed => parsed,
        }
    }

    fn plain(root: Value) -> Self {
        Self { root: Box::new(root), exact: HashMap::new(), is_bare_text: false }
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
