//! A text, parsed: bounded in bytes, values and nesting before anything looks at it.

mod json;
mod place;
mod yaml;

#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

/// Bytes of a document unless configured otherwise: AWS's bound on an API definition, 6 MB, "Amazon API Gateway quotas".
pub const DOCUMENT_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Values in a document, those that YAML aliases repeat included: a value takes many times the bytes of its text.
const VALUES_MAX: usize = 1_000_000;

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Begins with a brace.
    Json,
    /// Everything else.
    Yaml,
}

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// More bytes than allowed.
    #[error("the document has {bytes} bytes; it can have at most {max}")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// Not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// Not JSON or YAML, or past the bounds on values and nesting.
    #[error("{reason}")]
    Malformed {
        /// In the parser's words.
        reason: String,
        /// Where, when the parser knows it.
        position: Option<Position>,
    },
    /// JSON or YAML, but no object.
    #[error("the document is not an object")]
    NotAnObject,
}

/// A parsed text whose root is an object.
#[derive(Clone, Debug)]
pub struct Document {
    root: Value,
    text: String,
    syntax: Syntax,
}

impl Document {
    /// Parses a text of at most `bytes_max` bytes. What the text is decides how, not what the sender says of it.
    ///
    /// # Errors
    /// When it is no bounded JSON or YAML object.
    pub fn parse(bytes: &[u8], bytes_max: usize) -> Result<Self, DocumentError> {
        if bytes.len() > bytes_max {
            return Err(DocumentError::TooLarge { bytes: bytes.len(), max: bytes_max });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| DocumentError::NotUtf8)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let syntax = if text.trim_start().starts_with(['{', '[', '"']) { Syntax::Json } else { Syntax::Yaml };
        let root = match syntax {
            Syntax::Json => json::parse(text)?,
            Syntax::Yaml => yaml::parse(text)?,
        };
        if !root.is_object() {
            return Err(DocumentError::NotAnObject);
        }
        Ok(Self { root, text: text.to_owned(), syntax })
    }

    /// The object that it is.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Replaces `${name}` in every string value, for each of `variables`. Names of members stay as they are.
    pub fn substitute(&mut self, variables: &[(&str, &str)]) {
        substitute(&mut self.root, variables);
    }

    /// Where the value that a JSON pointer names stands in the text; the nearest value around it when there is none.
    pub fn locate(&self, pointer: &str) -> Option<Position> {
        match self.syntax {
            Syntax::Json => json::locate(&self.text, pointer),
            Syntax::Yaml => yaml::locate(&self.text, pointer),
        }
    }
}

fn substitute(value: &mut Value, variables: &[(&str, &str)]) {
    match value {
        Value::String(text) if text.contains("${") => {
            for (name, replacement) in variables {
                let reference = format!("${{{name}}}");
                if text.contains(&reference) {
                    *text = text.replace(&reference, replacement);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| substitute(item, variables)),
        Value::Object(members) => members.values_mut().for_each(|member| substitute(member, variables)),
        _ => {}
    }
}

/// A parser's first line without the place that it appends, which stands in a field of its own.
fn without_place(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.rsplit_once(" at line ").map_or(line, |(reason, _)| reason).to_owned()
}

/// The parts of a JSON pointer, unescaped.
fn pointer_parts(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"))
}
