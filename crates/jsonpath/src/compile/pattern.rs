//! `/pattern/flags`: Java's regular expressions, as far as they can be matched in linear time.

use super::Cursor;
use crate::ast::Pattern;
use crate::error::PathError;
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
    // Jayway asks whether the whole text matches. The line break ends a comment under the x flag.
    let whole = format!("\\A(?:{}{})\\z", translate(&java), if flags.contains('x') { "\n" } else { "" });
    let mut result = Err(String::new());
    for (size_bytes_max, steps_per_byte) in SIZES {
        let built = RegexBuilder::new(&whole)
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .dot_matches_new_line(flags.contains('s'))
            .ignore_whitespace(flags.contains('x'))
            .size_limit(size_bytes_max)
            .nest_limit(PATTERN_NESTING_MAX)
            .build();
        result = built.map(|regex| Pattern { regex, steps_per_byte }).map_err(|error| reason(&error));
        if result.is_ok() {
            break;
        }
    }
    result.or_else(|reason| {
        cursor.at = opened_at;
        cursor.refuse(format!("the pattern cannot be used (look-around and back-references are not supported): {reason}"))
    })
}

/// Java's `\d`, `\w`, `\s` and `\b` mean ASCII unless told otherwise; this engine's mean Unicode.
fn translate(java: &str) -> String {
    let mut out = String::with_capacity(java.len());
    let mut classes = 0usize;
    let mut chars = java.chars();
    while let Some(c) = chars.next() {
        match c {
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            '\\' => {
                let escaped = chars.next();
                translate_escape(escaped, classes > 0, &mut out);
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

fn translate_escape(escaped: Option<char>, in_class: bool, out: &mut String) {
    let set = match escaped {
        Some('d' | 'D') => "0-9",
        Some('w' | 'W') => "0-9A-Za-z_",
        Some('s' | 'S') => "\\t\\n\\x0B\\f\\r\\x20",
        Some('b') if !in_class => return out.push_str("(?-u:\\b)"),
        Some(c) => {
            out.push('\\');
            return out.push(c);
        }
        None => return out.push('\\'),
    };
    let negated = escaped.is_some_and(|c| c.is_ascii_uppercase());
    match (negated, in_class) {
        (true, _) => out.push_str(&format!("[^{set}]")),
        (false, true) => out.push_str(set),
        (false, false) => out.push_str(&format!("[{set}]")),
    }
}

/// The last line of the engine's message: the lines before it draw the pattern.
fn reason(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
}
