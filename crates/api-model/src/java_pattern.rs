//! Regular expressions as Java writes them, such as an integration response's `selectionPattern`.
//!
//! API Gateway matches with `java.util.regex`, and both planes need to: one refuses what is no pattern, the other matches. A pattern
//! is translated once into the syntax of a matcher that takes linear time for what needs no memory of the way, and a bounded number
//! of steps for the rest: look-around, back-references, possessive quantifiers and atomic groups. What Java has and that matcher
//! has not (Unicode blocks, `\X`, `\N{name}`, the flag `U`, a look-behind without a bound) does not compile.

use fancy_regex::{Regex, RegexBuilder};
pub use postern_java_regex::PatternError;
use postern_java_regex::{Dialect, translate};

/// Bytes of a pattern: longer than any that is written by hand.
const PATTERN_BYTES_MAX: usize = 10_000;
/// Bytes that a compiled pattern may take, so that a definition cannot take the memory of all.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Bytes of a pattern's cache of states.
const CACHE_BYTES_MAX: usize = 1 << 18;
/// Steps back per match. One was measured as 15 to 50 nanoseconds in a status, so that together they are 2.5 milliseconds at most; where
/// each looks ahead in a longer text, half a microsecond.
const BACKTRACKS_MAX: usize = 50_000;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct JavaPattern(Regex);

/// A match that would go back and forth too often, as `(a+)+b` does in a long row of `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("matching the regular expression takes too long")]
pub struct TooManySteps;

impl JavaPattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// When it is no pattern, or needs what the module's documentation names; the text says what.
    pub fn compile(text: &str) -> Result<Self, PatternError> {
        Self::compile_within(text, BACKTRACKS_MAX)
    }

    /// The same for a pattern that may go back only so often in one match.
    ///
    /// # Errors
    /// As with [`Self::compile`].
    pub fn compile_within(text: &str, backtracks_max: usize) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::Unsupported(format!(
                "a regular expression of more than {PATTERN_BYTES_MAX} bytes is not supported"
            )));
        }
        let translated = translate(text, Dialect::Backtracking)?;
        RegexBuilder::new(&format!("\\A(?:{translated})\\z"))
            .backtrack_limit(backtracks_max.min(BACKTRACKS_MAX))
            .delegate_size_limit(COMPILED_BYTES_MAX)
            .delegate_dfa_size_limit(CACHE_BYTES_MAX)
            .build()
            .map(Self)
            .map_err(|_| {
                PatternError::Unsupported("so large a regular expression, or something in it, is not supported".to_owned())
            })
    }

    /// Whether the whole of `text` matches, as `Matcher.matches` finds it.
    ///
    /// # Errors
    /// When that takes too many steps.
    pub fn matches(&self, text: &str) -> Result<bool, TooManySteps> {
        self.0.is_match(text).map_err(|_| TooManySteps)
    }
}

#[cfg(test)]
mod tests;
