//! Regular expressions as Java writes them, in the syntax of Rust's matchers.
//!
//! API Gateway is written in Java, and its users' patterns are `java.util.regex`'s: in selection patterns, in the string methods of
//! mapping templates and in the filters of JSONPath. The syntaxes look alike and differ in what they mean (`\d`, `\p{Punct}`, `.`,
//! `[]a]`, `a++`, `(?U)`), so that a pattern is never handed to a matcher as it is.
//!
//! What Java has and neither matcher has (Unicode blocks, `\X`, `\N{name}`, the flag `U`) is an error.

mod class;
mod translate;

/// The matcher that a pattern is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `fancy-regex`, which goes back and forth where it has to: it knows look-around, back-references, possessive quantifiers and
    /// atomic groups. For patterns that have to match the whole of a text: `$` at the end of one is the end.
    Backtracking,
    /// `regex`, which takes linear time and knows none of these: they are errors. `$` and `\Z` match at the very end only, not before a
    /// last line end; with the flag `m`, `^` also matches behind the last line end.
    Linear,
}

/// A text that is no pattern, or one that cannot be matched here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Java would not take it either.
    #[error("{0}")]
    Invalid(String),
    /// Java takes it; the text says what is not supported.
    #[error("{0}")]
    Unsupported(String),
}

/// A pattern of Java's in the syntax of a matcher. It can stand in a larger pattern, if between `(?:` and `)`.
///
/// # Errors
/// When it is no pattern, or needs what the matcher has not; the text says what. The matcher may still refuse what it gets, such as the
/// name of a Unicode property that does not exist.
pub fn translate(pattern: &str, dialect: Dialect) -> Result<String, PatternError> {
    translate::translate(pattern, dialect)
}

impl PatternError {
    fn invalid(message: &str) -> Self {
        Self::Invalid(message.to_owned())
    }

    /// `what` goes before "is not supported".
    fn unsupported(what: &str) -> Self {
        Self::Unsupported(format!("{what} is not supported"))
    }
}

#[cfg(test)]
mod tests;
