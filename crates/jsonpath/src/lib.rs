//! The Jayway dialect of JSONPath, which API Gateway's `$input.json`, `$input.path` and body mappings speak.
//!
//! A [`Path`] is compiled once and evaluated many times against a parsed document. A path is *definite* when it can name
//! one place only (`$.order.items[0]`): it finds one value or fails with [`EvalError::PathNotFound`]. Every other path (a
//! wildcard, a deep scan, a slice, a union, a filter) is indefinite and finds a list, empty when nothing matches. A function
//! at the end (`$.items.length()`) is applied to what stands before it.
//!
//! The semantics are those of Jayway JsonPath 2.9; where that version loses input or fails on what its own grammar
//! promises, this crate does what the text says. `tests/oracle` holds what an executable Jayway answers, and the reason
//! for each case in which the two differ.
//!
//! Everything is bounded: the size and nesting of a path when it is compiled, and the work and the size of the result by
//! [`Limits`] when it is evaluated.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod ast;
mod compile;
mod decimal;
mod error;
mod evaluate;
mod found;
mod limits;

pub use error::{EvalError, Limit, PathError};
pub use found::Found;
pub use limits::{Limits, NESTING_MAX, PATH_CHARS_MAX, STEPS_IN_PATH_MAX};

use serde_json::Value;

/// A compiled path.
#[derive(Debug, Clone)]
pub struct Path {
    text: String,
    steps: ast::Steps,
    /// How many paths inside filters start at the root; each is evaluated once per evaluation.
    rooted: usize,
}

impl Path {
    /// Compiles `text`; a text that starts with neither `$` nor `@` is taken as if `$.` stood before it.
    pub fn compile(text: &str) -> Result<Path, PathError> {
        let (steps, rooted) = compile::compile(text)?;
        Ok(Path { text: text.to_owned(), steps, rooted })
    }

    /// What the path finds in `document`.
    pub fn evaluate<'d>(&self, document: &'d Value, limits: &Limits) -> Result<Found<'d>, EvalError> {
        self.evaluate_metered(document, limits).0
    }

    /// As [`Self::evaluate`], with the steps that were spent, for callers that share one budget among several paths.
    pub fn evaluate_metered<'d>(&self, document: &'d Value, limits: &Limits) -> (Result<Found<'d>, EvalError>, u64) {
        let (found, steps) = evaluate::evaluate(&self.steps, self.rooted, document, limits);
        (found.map_err(|fault| fault.into_error(&self.text)), steps)
    }

    /// Whether the path finds one value rather than a list.
    pub fn is_definite(&self) -> bool {
        self.steps.is_definite()
    }

    /// The text that was compiled.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Path, PathError> {
        Path::compile(text)
    }
}
