//! How a value stands in a line, so that nothing that a client sends ends a line, a field or a string.
//!
//! AWS documents no escaping. Here it follows from where the format puts a value: inside a JSON string, bare in JSON, in XML, in a field of
//! CSV, or in other text.

use std::io::Write;

use super::push_number;

/// What stands for a value that a request has not (reported of AWS).
const UNSET: &str = "-";
/// Bytes of a value that a line shows; the rest is cut, so that no line is without an end.
const VALUE_BYTES_MAX: usize = 2_048;

/// What surrounds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between the quotes of a JSON string.
    JsonString,
    /// Where JSON has a value.
    JsonBare,
    Xml,
    /// Between the quotes of a CSV field.
    CsvQuoted,
    CsvBare,
    /// Anything else, such as the Common Log Format.
    Text,
}

/// A value as it is to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown<'a> {
    Number(u64),
    Text(&'a str),
    /// The same, in JSON's quotes: `error.messageString`.
    Quoted(&'a str),
}

/// Appends a value.
pub(super) fn push(out: &mut Vec<u8>, value: Option<Shown<'_>>, place: Place) {
    match (value, place) {
        (Some(Shown::Number(number)), _) => push_number(out, number),
        (None, Place::JsonBare) => out.extend_from_slice(b"\"-\""),
        (None, _) => out.extend_from_slice(UNSET.as_bytes()),
        (Some(Shown::Text(text)), Place::JsonBare) if is_json_scalar(text) => out.extend_from_slice(text.as_bytes()),
        (Some(Shown::Text(text) | Shown::Quoted(text)), Place::JsonBare) | (Some(Shown::Quoted(text)), Place::Text) => {
            out.push(b'"');
            push_json(out, cut(text));
            out.push(b'"');
        }
        (Some(Shown::Text(text) | Shown::Quoted(text)), place) => push_text(out, cut(text), place),
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(VALUE_BYTES_MAX)]
}

fn push_text(out: &mut Vec<u8>, text: &str, place: Place) {
    match place {
        Place::JsonString | Place::JsonBare => push_json(out, text),
        Place::Xml => push_each(out, text, |character| match character {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            '"' => Some("&quot;"),
            '\'' => Some("&apos;"),
            _ => None,
        }),
        Place::CsvQuoted => push_each(out, text, |character| (character == '"').then_some("\"\"")),
        Place::CsvBare if text.contains(['"', ',', ' ']) => {
            out.push(b'"');
            push_text(out, text, Place::CsvQuoted);
            out.push(b'"');
        }
        Place::CsvBare => push_each(out, text, |_| None),
        Place::Text => push_each(out, text, quoted),
    }
}

/// Appends the inside of a JSON string.
pub(super) fn push_json(out: &mut Vec<u8>, text: &str) {
    push_each(out, text, quoted);
}

fn quoted(character: char) -> Option<&'static str> {
    match character {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        _ => None,
    }
}

/// What is hidden in a terminal, or acts on it, is written as a number everywhere.
fn push_each(out: &mut Vec<u8>, text: &str, escaped: impl Fn(char) -> Option<&'static str>) {
    let mut bytes = [0; 4];
    for character in text.chars() {
        match escaped(character) {
            Some(escaped) => out.extend_from_slice(escaped.as_bytes()),
            // Writing to a Vec cannot fail.
            None if is_hidden(character) => drop(write!(out, "\\u{:04x}", u32::from(character))),
            None => out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes()),
        }
    }
}

/// Appends a part of a format. Tabs may part fields; whatever else is hidden, or acts on a terminal, is written as a number.
pub(super) fn push_literal(out: &mut Vec<u8>, text: &str) {
    push_each(out, text, |character| (character == '\t').then_some("\t"));
}

/// Control characters, line ends of any script, and what turns the direction of text around. All are in the basic plane.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What may stand in JSON as it is: an authorizer's number or boolean, say.
fn is_json_scalar(text: &str) -> bool {
    use serde_json::Value;
    // JSON ignores white space around a value; in a line of a log it would end the line.
    let is_tight = text.len() <= 32 && !text.contains(|character: char| character.is_ascii_whitespace());
    is_tight && matches!(serde_json::from_str(text), Ok(Value::Number(_) | Value::Bool(_) | Value::Null))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(text: &str, place: Place) -> String {
        let mut out = Vec::new();
        push(&mut out, Some(Shown::Text(text)), place);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn places() {
        let text = "a\"b\\c\n<d>,\u{202e}é";
        for (place, expected) in [
            (Place::JsonString, "a\\\"b\\\\c\\u000a<d>,\\u202eé"),
            (Place::JsonBare, "\"a\\\"b\\\\c\\u000a<d>,\\u202eé\""),
            (Place::Xml, "a&quot;b\\c\\u000a&lt;d&gt;,\\u202eé"),
            (Place::CsvQuoted, "a\"\"b\\c\\u000a<d>,\\u202eé"),
            (Place::CsvBare, "\"a\"\"b\\c\\u000a<d>,\\u202eé\""),
            (Place::Text, "a\\\"b\\\\c\\u000a<d>,\\u202eé"),
        ] {
            assert_eq!(shown(text, place), expected, "{place:?}");
        }
        assert_eq!(shown("plain", Place::CsvBare), "plain");
        for (scalar, expected) in [
            ("12", "12"),
            ("true", "true"),
            ("1,\"status\":200", "\"1,\\\"status\\\":200\""),
            ("{}", "\"{}\""),
            ("\n1\n", "\"\\u000a1\\u000a\""),
        ] {
            assert_eq!(shown(scalar, Place::JsonBare), expected);
        }
    }

    #[test]
    fn what_is_not_there() {
        for (place, expected) in [(Place::JsonString, "-"), (Place::JsonBare, "\"-\""), (Place::CsvBare, "-"), (Place::Text, "-")]
        {
            let mut out = Vec::new();
            push(&mut out, None, place);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn a_value_is_cut_between_characters() {
        let shown = shown(&"é".repeat(5_000), Place::Text);
        assert_eq!(shown, "é".repeat(VALUE_BYTES_MAX / 2));
    }
}
