//! What can go wrong with a template, and where.

use std::fmt;

/// A template that cannot be parsed or rendered, with the place that is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    line: u32,
    column: u32,
    source_line: String,
    /// Characters of `source_line` before the place.
    caret: usize,
}

/// The kinds of failure. Each message says what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A character that cannot stand where it stands, or an end of the template in the middle of something.
    Lexical(String),
    /// A well-formed piece in the wrong place.
    Syntax(String),
    /// The template is larger or nests deeper than [`crate::Limits`] allow for parsing.
    TooComplex(String),
    /// A method exists and failed, as a Java method that throws.
    Method {
        /// The name that was called.
        method: String,
        /// What the method said.
        reason: String,
    },
    /// A collection was changed in size while it was being iterated over.
    ConcurrentModification,
    /// Arithmetic that Java refuses with an exception.
    Arithmetic(String),
    /// A limit of [`crate::Limits`] was reached while rendering.
    Limit(Limit),
}

/// The limits that end a rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// [`crate::Limits::work_max`].
    Work,
    /// [`crate::Limits::allocated_bytes_max`].
    AllocatedBytes,
    /// [`crate::Limits::output_bytes_max`].
    OutputBytes,
    /// [`crate::Limits::nesting_max`].
    Nesting,
}

/// Characters of a source line that an error shows on either side of the place: templates may be one line of 300 KB.
const EXCERPT_SIDE_CHARS: usize = 80;

impl Error {
    /// An error at a byte offset of a source.
    pub(crate) fn at(kind: ErrorKind, source: &str, offset: usize) -> Self {
        let offset = floor_char(source, offset);
        let (before, after) = source.split_at(offset);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = offset + after.find(['\n', '\r']).unwrap_or(after.len());
        let column = before[start..].chars().count();
        let skipped = column.saturating_sub(EXCERPT_SIDE_CHARS);
        let source_line = source[start..end].chars().skip(skipped).take(column - skipped + EXCERPT_SIDE_CHARS).collect();
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        Self { kind, line: clamp(line), column: clamp(column + 1), source_line, caret: column - skipped }
    }

    /// What happened.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The line in the template, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The character in that line, from 1.
    pub fn column(&self) -> u32 {
        self.column
    }

    /// The line itself, shortened around the place if it is very long.
    pub fn source_line(&self) -> &str {
        &self.source_line
    }
}

fn floor_char(source: &str, offset: usize) -> usize {
    let mut offset = offset.min(source.len());
    while !source.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "line {}, column {}: {}", self.line, self.column, self.kind)?;
        writeln!(f, "  {}", self.source_line.replace('\t', " "))?;
        write!(f, "  {:>width$}", "^", width = self.caret + 1)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lexical(text) | Self::Syntax(text) | Self::TooComplex(text) | Self::Arithmetic(text) => f.write_str(text),
            Self::Method { method, reason } => write!(f, "the method {method} failed: {reason}"),
            Self::ConcurrentModification => f.write_str("a collection must not grow or shrink while #foreach goes through it"),
            Self::Limit(limit) => write!(f, "{limit}"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Work => "the template does more work than is allowed for one rendering",
            Self::AllocatedBytes => "the template makes more text and collections than is allowed for one rendering",
            Self::OutputBytes => "the output is larger than allowed",
            Self::Nesting => "values or blocks are nested deeper than allowed",
        })
    }
}

impl std::error::Error for Error {}
