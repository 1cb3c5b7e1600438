//! `/pattern/flags`: Java's regular expressions, as far as they can be matched in linear time.

use super::Cursor;
use crate::ast::Pattern;
use crate::error::PathError;
use postern_java_regex::{Dialect, translate};
use regex::RegexBuilder;

/// The sizes that a compiled pattern may have, in bytes, and what matching one byte of text with such a pattern is charged:
/// an engine that gives up on its automaton visits a part of the pattern for every byte. The last is the bound on
/// repetitions of repetitions.
const SIZES: [(usize, usize); 3] = [(1 << 14, 2), (1 << 16, 8), (1 << 18, 32)];
/// How deep groups may nest.
const PATTERN_NESTING_MAX: u32 = 32;

/// Reads from the opening `/` past the flags.
pub(super) fn read_pattern(cursor: &mut Cursor<'_>) -> Result<Pattern, PathError> {
    let opened_at = cursor.at;
    cursor.at += 1;
    let start = cursor.at;
    loop {
        match cursor.next() {
            None => {
                cursor.at = opened_at;
                return cursor.refuse("the pattern is not closed with /");
            }
            Some('\\') => cursor.at += 1,
            Some('/') => break,
            Some(_) => {}
        }
    }
    let java = cursor.text(start, cursor.at - 1);
    let flags_at = cursor.at;
    while cursor.peek().is_some_and(|c| c.is_ascii_alphabetic()) {
        cursor.at += 1;
    }
    let flags = cursor.text(flags_at, cursor.at);
    let known: String = flags.chars().filter(|flag| "imsxd".contains(*flag)).collect();
    let flagged = if known.is_empty() { java } else { format!("(?{known}){java}") };
    // Jayway asks whether the whole text matches.
    let whole = match translate(&flagged, Dialect::Linear) {
        Ok(translated) => format!("\\A(?:{translated})\\z"),
        Err(error) => {
            cursor.at = opened_at;
            return cursor.refuse(format!("the pattern cannot be used: {error}"));
        }
    };
    let mut result = Err(String::new());
    for (size_bytes_max, steps_per_byte) in SIZES {
        let built = RegexBuilder::new(&whole).size_limit(size_bytes_max).nest_limit(PATTERN_NESTING_MAX).build();
        result = built.map(|regex| Pattern { regex, steps_per_byte }).map_err(|error| reason(&error));
        if result.is_ok() {
            break;
        }
    }
    result.or_else(|reason| {
        cursor.at = opened_at;
        cursor.refuse(format!("the pattern cannot be used: {reason}"))
    })
}

/// The last line of the engine's message: the lines before it draw the pattern.
fn reason(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
}
