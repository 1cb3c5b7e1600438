//! Selection patterns of integrations with Lambda: matched against what a function says of its failure, not against a status.
//!
//! A status is three digits; this text is a tenant's, and often has a client's in it. So each match is bounded by its steps and by the length
//! of the text that a step may look at: little is done at once, more among the heavy work, and past that the request fails.

use postern_api_model::java_pattern::JavaPattern;

use super::responses::SelectionError;

/// Steps back per match that is done at once, in a text of [`QUICK_BYTES_MAX`]: about a millisecond.
const QUICK_STEPS_MAX: usize = 500;
/// Bytes of a text that is matched at once. Few messages are longer.
const QUICK_BYTES_MAX: usize = 2 * 1024;
/// The same in a text of [`MESSAGE_BYTES_MAX`], for tokens: every request has one, so that most must be matched at once. As much work.
const TOKEN_STEPS_MAX: usize = QUICK_STEPS_MAX / (MESSAGE_BYTES_MAX / QUICK_BYTES_MAX);
/// Bytes of a text that is matched at all: with all of a pattern's steps, about a second.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// The patterns of one integration, in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct MessagePatterns {
    patterns: Vec<MessagePattern>,
    quick_bytes_max: usize,
}

#[derive(Debug)]
enum MessagePattern {
    /// The default response's, which matches nothing.
    None,
    Matches {
        quick: JavaPattern,
        full: JavaPattern,
    },
    /// AWS reports a pattern that does not compile when a request meets it.
    Invalid,
}

/// What matching at once came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Quick {
    /// The first that matches the whole text, by its place.
    Done(Result<Option<usize>, SelectionError>),
    /// It has to be done elsewhere.
    TooLong,
}

impl MessagePatterns {
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Self {
        Self {
            patterns: patterns.map(|pattern| MessagePattern::compile(pattern, QUICK_STEPS_MAX)).collect(),
            quick_bytes_max: QUICK_BYTES_MAX,
        }
    }

    /// One pattern for tokens of any length.
    pub(super) fn of_tokens(pattern: &str) -> Self {
        Self { patterns: vec![MessagePattern::compile(pattern, TOKEN_STEPS_MAX)], quick_bytes_max: MESSAGE_BYTES_MAX }
    }

    /// Matches as far as that may be done at once.
    pub(super) fn quick(&self, text: &str) -> Quick {
        if text.len() > MESSAGE_BYTES_MAX {
            return Quick::Done(Err(SelectionError::LongMessage));
        }
        if text.len() > self.quick_bytes_max {
            return Quick::TooLong;
        }
        match self.first(text, |quick, _| quick) {
            Err(SelectionError::TooManySteps) => Quick::TooLong,
            found => Quick::Done(found),
        }
    }

    /// The first that matches the whole text, by its place.
    pub(crate) fn full(&self, text: &str) -> Result<Option<usize>, SelectionError> {
        self.first(text, |_, full| full)
    }

    fn first(
        &self,
        text: &str,
        choose: impl for<'p> Fn(&'p JavaPattern, &'p JavaPattern) -> &'p JavaPattern,
    ) -> Result<Option<usize>, SelectionError> {
        for (at, pattern) in self.patterns.iter().enumerate() {
            match pattern {
                MessagePattern::None => {}
                MessagePattern::Matches { quick, full } => {
                    if choose(quick, full).matches(text).map_err(|_| SelectionError::TooManySteps)? {
                        return Ok(Some(at));
                    }
                }
                MessagePattern::Invalid => return Err(SelectionError::InvalidPattern),
            }
        }
        Ok(None)
    }
}

impl MessagePattern {
    fn compile(pattern: &str, quick_steps_max: usize) -> Self {
        if pattern.is_empty() {
            return Self::None;
        }
        match (JavaPattern::compile_within(pattern, quick_steps_max), JavaPattern::compile(pattern)) {
            (Ok(quick), Ok(full)) => Self::Matches { quick, full },
            _ => Self::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick(patterns: &[&str], text: &str) -> Quick {
        MessagePatterns::new(patterns.iter().copied()).quick(text)
    }

    #[test]
    fn messages() {
        let patterns = ["", ".*four hundred.*", "(\\n|.)*five hundred(\\n|.)*"];
        for (text, expected) in [
            ("Error: Raising four hundred from within", Some(1)),
            ("five hundred", Some(2)),
            ("two lines\nof four hundred", None),
            ("two lines\nof five hundred", Some(2)),
            ("", None),
            ("200", None),
        ] {
            assert_eq!(quick(&patterns, text), Quick::Done(Ok(expected)), "{text}");
        }
        assert_eq!(quick(&["a", "("], "a"), Quick::Done(Ok(Some(0))));
        assert_eq!(quick(&["a", "("], "b"), Quick::Done(Err(SelectionError::InvalidPattern)));
    }

    #[test]
    fn a_message_cannot_hold_a_worker_up() {
        // Back-references take the matcher that goes back and forth.
        let patterns = ["(a|aa)+(b)\\2?c"];
        let text = "a".repeat(200);
        assert_eq!(quick(&patterns, &text), Quick::TooLong);
        let full = MessagePatterns::new(patterns.iter().copied()).full(&text);
        assert_eq!(full, Err(SelectionError::TooManySteps));
        assert_eq!(quick(&[".*"], &"a".repeat(QUICK_BYTES_MAX + 1)), Quick::TooLong);
        assert_eq!(quick(&[".*"], &"a".repeat(MESSAGE_BYTES_MAX + 1)), Quick::Done(Err(SelectionError::LongMessage)));
    }
}
