//! Quoted text, and JSON as json-smart reads it: either quote, bare words as text, spare commas.

use super::{Budget, Cursor};
use crate::error::PathError;
use serde_json::{Map, Number, Value};

/// Reads to the closing `quote`; the opening one has been taken.
pub(super) fn read_quoted(cursor: &mut Cursor<'_>, quote: char) -> Result<String, PathError> {
    let mut units: Vec<u16> = Vec::new();
    let mut buffer = [0u16; 2];
    let opened_at = cursor.at.saturating_sub(1);
    loop {
        match cursor.next() {
            None => {
                cursor.at = opened_at;
                return cursor.refuse(format!("the text is not closed with {quote}"));
            }
            Some('\\') => units.extend_from_slice(read_escape(cursor, &mut buffer)?),
            Some(c) if c == quote => break,
            Some(c) => units.extend_from_slice(c.encode_utf16(&mut buffer)),
        }
    }
    // Half of a surrogate pair cannot be in a document either.
    Ok(String::from_utf16_lossy(&units))
}

fn read_escape<'b>(cursor: &mut Cursor<'_>, buffer: &'b mut [u16; 2]) -> Result<&'b [u16], PathError> {
    let escaped = match cursor.next() {
        None => return cursor.refuse("the path ends within an escape"),
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('u') => {
            let digits = cursor.text(cursor.at, (cursor.at + 4).min(cursor.end));
            let unit = if digits.len() == 4 { u16::from_str_radix(&digits, 16).ok() } else { None };
            let Some(unit) = unit else {
                return cursor.refuse("expected four hexadecimal digits after \\u");
            };
            cursor.at += 4;
            buffer[0] = unit;
            return Ok(&buffer[..1]);
        }
        Some(c) => c,
    };
    Ok(escaped.encode_utf16(buffer))
}

/// Reads one JSON value.
pub(super) fn read_json(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Value, PathError> {
    cursor.skip_blanks();
    match cursor.peek() {
        Some('[') => budget.nested(cursor, read_array),
        Some('{') => budget.nested(cursor, read_object),
        Some(quote @ ('\'' | '"')) => {
            cursor.at += 1;
            read_quoted(cursor, quote).map(Value::String)
        }
        _ => read_bare(cursor),
    }
}

fn read_array(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Value, PathError> {
    cursor.at += 1;
    let mut values = Vec::new();
    loop {
        cursor.skip_blanks();
        match cursor.peek() {
            Some(']') => {
                cursor.at += 1;
                return Ok(Value::Array(values));
            }
            Some(',') => cursor.at += 1,
            None => return cursor.refuse("the array is not closed with ]"),
            Some(_) => {
                values.push(read_json(cursor, budget)?);
                cursor.skip_blanks();
                if !matches!(cursor.peek(), Some(',' | ']')) {
                    return cursor.refuse("expected , or ] after an array's element");
                }
            }
        }
    }
}

fn read_object(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Value, PathError> {
    cursor.at += 1;
    let mut members = Map::new();
    loop {
        cursor.skip_blanks();
        match cursor.peek() {
            Some('}') => {
                cursor.at += 1;
                return Ok(Value::Object(members));
            }
            Some(',') => cursor.at += 1,
            None => return cursor.refuse("the object is not closed with }"),
            Some(_) => {
                let name = read_member_name(cursor)?;
                cursor.skip_blanks();
                if !cursor.eat(':') {
                    return cursor.refuse("expected : after a member's name");
                }
                members.insert(name, read_json(cursor, budget)?);
                cursor.skip_blanks();
                if !matches!(cursor.peek(), Some(',' | '}')) {
                    return cursor.refuse("expected , or } after a member's value");
                }
            }
        }
    }
}

fn read_member_name(cursor: &mut Cursor<'_>) -> Result<String, PathError> {
    match cursor.peek() {
        Some(quote @ ('\'' | '"')) => {
            cursor.at += 1;
            read_quoted(cursor, quote)
        }
        _ => read_word(cursor),
    }
}

fn read_bare(cursor: &mut Cursor<'_>) -> Result<Value, PathError> {
    let word = read_word(cursor)?;
    Ok(match word.as_str() {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => parse_number(&word).map_or(Value::String(word), Value::Number),
    })
}

fn read_word(cursor: &mut Cursor<'_>) -> Result<String, PathError> {
    let start = cursor.at;
    while cursor.peek().is_some_and(|c| !matches!(c, ',' | ':' | '[' | ']' | '{' | '}')) {
        cursor.at += 1;
    }
    let word = cursor.text(start, cursor.at);
    let word = word.trim_end_matches(' ');
    if word.is_empty() { cursor.refuse("expected a JSON value") } else { Ok(word.to_owned()) }
}

fn parse_number(word: &str) -> Option<Number> {
    if !word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return None;
    }
    if let Ok(integer) = word.parse::<i64>() {
        return Some(Number::from(integer));
    }
    if let Ok(integer) = word.parse::<u64>() {
        return Some(Number::from(integer));
    }
    word.parse::<f64>().ok().and_then(Number::from_f64)
}
