//! `java.lang.Character`.

use super::{Outcome, some};
use crate::{Number, Value};

pub(super) fn call(unit: u16, name: &str, arguments: &[Value]) -> Outcome {
    match (name, arguments) {
        ("charValue", []) => some(Value::Char(unit)),
        ("compareTo", [Value::Char(other)]) => some(Number::Int(i32::from(unit) - i32::from(*other))),
        (_, [Value::Char(other)]) => Ok(classified(name, *other)),
        _ => Ok(None),
    }
}

/// The static methods of the class, which templates call on any character.
fn classified(name: &str, unit: u16) -> Option<Value> {
    let c = char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some(match name {
        "isDigit" => c.is_numeric().into(),
        "isLetter" => c.is_alphabetic().into(),
        "isLetterOrDigit" => c.is_alphanumeric().into(),
        "isUpperCase" => c.is_uppercase().into(),
        "isLowerCase" => c.is_lowercase().into(),
        "isWhitespace" => c.is_whitespace().into(),
        "toUpperCase" => single(c.to_uppercase(), unit),
        "toLowerCase" => single(c.to_lowercase(), unit),
        "toString" | "valueOf" => Value::text(c.to_string()),
        _ => return None,
    })
}

/// A letter whose other case is more than one character stays as it is.
fn single(mut letters: impl Iterator<Item = char>, unit: u16) -> Value {
    let first = letters.next().and_then(|c| u16::try_from(u32::from(c)).ok());
    Value::Char(first.filter(|_| letters.next().is_none()).unwrap_or(unit))
}
