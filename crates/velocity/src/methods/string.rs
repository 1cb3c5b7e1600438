//! `java.lang.String`.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Outcome, collection, format, int, regex, some, thrown, utf16};
use crate::heap::ListStyle;
use crate::{Heap, Number, Value};

pub(super) fn call(heap: &mut Heap, text: &Arc<str>, name: &str, arguments: &[Value]) -> Outcome {
    heap.meter.read_bytes(text.len())?;
    if arguments.iter().any(Value::is_null) && refuses_null(name, arguments.len()) {
        return Err(thrown("an argument is null"));
    }
    match arguments {
        [] => no_argument(heap, text, name),
        [Value::Text(other)] => one_text(heap, text, name, other),
        [Value::Number(Number::Int(at))] => one_int(heap, text, name, *at),
        [first, second] => two(heap, text, name, first, second),
        _ => match (name, arguments) {
            ("format", [Value::Text(pattern), rest @ ..]) => format::format(heap, pattern, rest),
            ("equals", [_]) => some(false),
            ("valueOf" | "copyValueOf", [value]) => super::call_any(heap, value, "toString", &[]),
            ("contentEquals", [_]) => some(false),
            _ => Ok(None),
        },
    }
}

/// Methods whose parameters are objects, and which throw when one is null.
fn refuses_null(name: &str, count: usize) -> bool {
    match count {
        1 => matches!(
            name,
            "concat"
                | "contains"
                | "startsWith"
                | "endsWith"
                | "indexOf"
                | "lastIndexOf"
                | "matches"
                | "split"
                | "compareToIgnoreCase"
        ),
        2 => matches!(
            name,
            "replace" | "replaceAll" | "replaceFirst" | "startsWith" | "indexOf" | "lastIndexOf" | "split" | "join"
        ),
        _ => false,
    }
}

fn no_argument(heap: &mut Heap, text: &Arc<str>, name: &str) -> Outcome {
    match name {
        "length" => some(Value::count(utf16::length(text))),
        "isEmpty" => some(text.is_empty()),
        "isBlank" => some(text.chars().all(char::is_whitespace)),
        "toString" | "intern" => some(Value::Text(text.clone())),
        "toLowerCase" => made(heap, text.to_lowercase()),
        "toUpperCase" => made(heap, text.to_uppercase()),
        // Java trims everything up to the space.
        "trim" => made(heap, text.trim_matches(|c| c <= ' ').to_owned()),
        "strip" => made(heap, text.trim().to_owned()),
        "stripLeading" => made(heap, text.trim_start().to_owned()),
        "stripTrailing" => made(heap, text.trim_end().to_owned()),
        "getBytes" => {
            heap.meter.allocate(text.len() * crate::budget::ITEM_BYTES)?;
            let bytes = text.bytes().map(|byte| Value::Number(Number::Int(i32::from(byte as i8)))).collect();
            some(heap.list(bytes, ListStyle::Array))
        }
        "toCharArray" => {
            heap.meter.allocate(text.len() * 2 * crate::budget::ITEM_BYTES)?;
            let chars = text.encode_utf16().map(Value::Char).collect();
            some(heap.list(chars, ListStyle::Array))
        }
        _ => Ok(None),
    }
}

fn one_text(heap: &mut Heap, text: &Arc<str>, name: &str, other: &Arc<str>) -> Outcome {
    match name {
        "equals" | "contentEquals" => some(text == other),
        "equalsIgnoreCase" => some(compare_ignoring_case(text, other) == 0),
        "compareTo" => some(Number::Int(compare(text, other))),
        "compareToIgnoreCase" => some(Number::Int(compare_ignoring_case(text, other))),
        "contains" => some(text.contains(&**other)),
        "startsWith" => some(text.starts_with(&**other)),
        "endsWith" => some(text.ends_with(&**other)),
        "indexOf" => index(text, text.find(&**other)),
        "lastIndexOf" => index(text, text.rfind(&**other)),
        "concat" => made(heap, [&**text, &**other].concat()),
        "matches" => regex::matches(heap, text, other),
        "split" => regex::split(heap, text, other, 0),
        "format" => format::format(heap, other, &[]),
        "valueOf" | "copyValueOf" => some(Value::Text(other.clone())),
        _ => Ok(None),
    }
}

fn one_int(heap: &mut Heap, text: &Arc<str>, name: &str, at: i32) -> Outcome {
    let length = utf16::length(text);
    match name {
        "substring" => substring(heap, text, at, i32::try_from(length).unwrap_or(i32::MAX)),
        "charAt" | "codePointAt" => {
            let Some(at) = usize::try_from(at).ok().filter(|at| *at < length) else {
                return Err(thrown(format!("index {at}, length {length}")));
            };
            if name == "charAt" {
                return Ok(text.encode_utf16().nth(at).map(Value::Char));
            }
            let point = utf16::byte_of(text, at).and_then(|byte| text[byte..].chars().next()).map_or(0xFFFD, u32::from);
            some(Value::integer(i64::from(point)))
        }
        "indexOf" => index(text, character(at).and_then(|c| text.find(c))),
        "lastIndexOf" => index(text, character(at).and_then(|c| text.rfind(c))),
        "repeat" => {
            let Ok(count) = usize::try_from(at) else { return Err(thrown(format!("count is negative: {at}"))) };
            heap.meter.allocate(text.len().saturating_mul(count))?;
            some(text.repeat(count))
        }
        "equals" => some(false),
        "valueOf" => some(at.to_string()),
        _ => Ok(None),
    }
}

fn two(heap: &mut Heap, text: &Arc<str>, name: &str, first: &Value, second: &Value) -> Outcome {
    match (name, first, second) {
        ("substring" | "subSequence", first, second) => match (int(first), int(second)) {
            (Some(from), Some(to)) => substring(heap, text, from, to),
            _ => Ok(None),
        },
        ("replace", Value::Text(from), Value::Text(to)) => replace(heap, text, from, to),
        ("replaceAll", Value::Text(pattern), Value::Text(replacement)) => {
            regex::replace(heap, text, pattern, replacement, usize::MAX)
        }
        ("replaceFirst", Value::Text(pattern), Value::Text(replacement)) => regex::replace(heap, text, pattern, replacement, 1),
        ("split", Value::Text(pattern), Value::Number(Number::Int(limit))) => regex::split(heap, text, pattern, *limit),
        ("startsWith", Value::Text(prefix), Value::Number(Number::Int(from))) => {
            let rest = usize::try_from(*from).ok().and_then(|from| utf16::byte_of(text, from));
            some(rest.is_some_and(|from| text[from..].starts_with(&**prefix)))
        }
        ("indexOf", needle, Value::Number(Number::Int(from))) => find_from(text, needle, *from),
        ("lastIndexOf", needle, Value::Number(Number::Int(from))) => rfind_from(text, needle, *from),
        ("join", Value::Text(separator), items) => join(heap, separator, items),
        ("format", Value::Text(pattern), argument) => format::format(heap, pattern, std::slice::from_ref(argument)),
        _ => Ok(None),
    }
}

/// A string that a method made, charged for.
fn made(heap: &mut Heap, text: String) -> Outcome {
    heap.meter.allocate(text.len())?;
    some(text)
}

fn index(text: &str, byte: Option<usize>) -> Outcome {
    some(byte.map_or(Value::Number(Number::Int(-1)), |byte| Value::count(utf16::unit_of(text, byte))))
}

fn character(code: i32) -> Option<char> {
    u32::try_from(code).ok().and_then(char::from_u32)
}

fn needle_text(needle: &Value) -> Option<String> {
    match needle {
        Value::Text(text) => Some(text.to_string()),
        Value::Number(Number::Int(code)) => Some(character(*code)?.to_string()),
        _ => None,
    }
}

/// From a unit on; a start in the middle of a pair counts from the next character.
fn find_from(text: &str, needle: &Value, from: i32) -> Outcome {
    let Some(needle) = needle_text(needle) else { return Ok(None) };
    let from = usize::try_from(from).unwrap_or(0).min(utf16::length(text));
    let start = utf16::byte_of(text, from).or_else(|| utf16::byte_of(text, from + 1)).unwrap_or(text.len());
    index(text, text[start..].find(&needle).map(|found| start + found))
}

/// The last that begins at a unit or before.
fn rfind_from(text: &str, needle: &Value, from: i32) -> Outcome {
    let Some(needle) = needle_text(needle) else { return Ok(None) };
    let Ok(from) = usize::try_from(from) else { return index(text, None) };
    let from = from.min(utf16::length(text));
    let start = utf16::byte_of(text, from).or_else(|| utf16::byte_of(text, from - 1)).unwrap_or(text.len());
    let mut end = (start + needle.len()).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    index(text, text[..end].rfind(&needle))
}

fn substring(heap: &mut Heap, text: &Arc<str>, from: i32, to: i32) -> Outcome {
    let length = utf16::length(text);
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(begin), Ok(end)) if begin <= end && end <= length => made(heap, utf16::slice(text, begin, end).into_owned()),
        _ => Err(thrown(format!("begin {from}, end {to}, length {length}"))),
    }
}

/// The result's length is computed first: replacing nothing by much can make a very long string.
fn replace(heap: &mut Heap, text: &str, from: &str, to: &str) -> Outcome {
    let count = if from.is_empty() { text.chars().count() + 1 } else { text.matches(from).count() };
    heap.meter.allocate(text.len().saturating_add(count.saturating_mul(to.len())))?;
    some(text.replace(from, to))
}

fn join(heap: &mut Heap, separator: &str, items: &Value) -> Outcome {
    let Some(source) = collection(items) else { return Ok(None) };
    let mut text = String::new();
    for (index, item) in heap.collect(&source)?.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        heap.print(item, &mut text)?;
        heap.meter.check_text(text.len())?;
    }
    made(heap, text)
}

/// The difference of the first units that differ, else of the lengths.
fn compare(left: &str, right: &str) -> i32 {
    difference(left.encode_utf16(), right.encode_utf16())
}

fn compare_ignoring_case(left: &str, right: &str) -> i32 {
    fn fold(text: &str) -> Vec<u16> {
        text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect::<String>().encode_utf16().collect()
    }
    difference(fold(left).into_iter(), fold(right).into_iter())
}

fn difference(mut left: impl Iterator<Item = u16>, mut right: impl Iterator<Item = u16>) -> i32 {
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (None, None) => return 0,
            (None, Some(_)) => return -1 - i32::try_from(right.count()).unwrap_or(i32::MAX - 1),
            (Some(_), None) => return 1 + i32::try_from(left.count()).unwrap_or(i32::MAX - 1),
            (Some(a), Some(b)) => (a, b),
        };
        if a.cmp(&b) != Ordering::Equal {
            return i32::from(a) - i32::from(b);
        }
    }
}
