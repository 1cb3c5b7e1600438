//! `java.lang.Integer`, `Long`, `Double` and `Boolean`, with those of their static methods that templates call on an instance.

use super::{Outcome, int, some, thrown};
use crate::{Heap, Number, Value};

pub(super) fn call(heap: &mut Heap, number: &Number, name: &str, arguments: &[Value]) -> Outcome {
    match arguments {
        [] => no_argument(number, name),
        [Value::Number(other)] => one_number(number, name, other),
        [Value::Text(text)] => parse(heap, number, name, text, 10),
        [Value::Text(text), radix] => match int(radix) {
            Some(radix) => parse(heap, number, name, text, radix),
            None => Ok(None),
        },
        [Value::Number(a), Value::Number(b)] => two_numbers(number, name, a, b),
        _ => Ok(None),
    }
}

fn no_argument(number: &Number, name: &str) -> Outcome {
    match name {
        "intValue" => some(Number::Int(number.to_i32())),
        "longValue" => some(Number::Long(number.to_i64())),
        "shortValue" => some(Number::Int(i32::from(number.to_i32() as i16))),
        "byteValue" => some(Number::Int(i32::from(number.to_i32() as i8))),
        "doubleValue" => some(Number::Double(number.to_f64())),
        // Printed, a float has the digits that tell it from its neighbours; so has this double.
        "floatValue" => some(Number::Double((number.to_f64() as f32).to_string().parse().unwrap_or(f64::NAN))),
        "isNaN" if is_double(number) => some(number.to_f64().is_nan()),
        "isInfinite" if is_double(number) => some(number.to_f64().is_infinite()),
        _ => Ok(None),
    }
}

fn is_double(number: &Number) -> bool {
    matches!(number, Number::Double(_))
}

fn one_number(number: &Number, name: &str, other: &Number) -> Outcome {
    let same_class = std::mem::discriminant(number) == std::mem::discriminant(other);
    match (name, other) {
        ("equals", _) => some(number.equals(other)),
        ("compareTo", _) if same_class => some(Number::Int(number.compare(other) as i32)),
        ("toString" | "valueOf", Number::Int(_) | Number::Long(_)) if !is_double(number) => match name {
            "toString" => some(other.to_string()),
            _ => some(other.clone()),
        },
        ("toString", Number::Double(_)) if is_double(number) => some(other.to_string()),
        ("valueOf", Number::Double(_)) if is_double(number) => some(other.clone()),
        ("toHexString", Number::Int(value)) => some(format!("{value:x}")),
        ("toBinaryString", Number::Int(value)) => some(format!("{value:b}")),
        ("toOctalString", Number::Int(value)) => some(format!("{value:o}")),
        ("signum", Number::Int(value)) => some(Number::Int(value.signum())),
        _ => Ok(None),
    }
}

fn two_numbers(number: &Number, name: &str, a: &Number, b: &Number) -> Outcome {
    let choose = |is_first: bool| if is_first { a.clone() } else { b.clone() };
    match (number, name, a, b) {
        (Number::Int(_), _, Number::Int(x), Number::Int(y)) => match name {
            "max" | "min" => some(choose((x >= y) == (name == "max"))),
            "sum" => some(Number::Int(x.wrapping_add(*y))),
            "compare" => some(Number::Int(x.cmp(y) as i32)),
            "toString" => radix_text(i64::from(*x), *y),
            _ => Ok(None),
        },
        (Number::Long(_), "max" | "min", _, _) if !is_double(a) && !is_double(b) => {
            some(Number::Long(choose(a.compare(b).is_ge() == (name == "max")).to_i64()))
        }
        (Number::Double(_), "max" | "min", _, _) => {
            some(Number::Double(choose(a.compare(b).is_ge() == (name == "max")).to_f64()))
        }
        _ => Ok(None),
    }
}

fn radix_text(value: i64, radix: i32) -> Outcome {
    let radix = if (2..=36).contains(&radix) { radix.unsigned_abs() } else { 10 };
    let mut digits = Vec::new();
    let mut rest = value.unsigned_abs();
    loop {
        digits.push(char::from_digit((rest % u64::from(radix)) as u32, radix).unwrap_or('0'));
        rest /= u64::from(radix);
        if rest == 0 {
            break;
        }
    }
    let sign = if value < 0 { "-" } else { "" };
    some(format!("{sign}{}", digits.into_iter().rev().collect::<String>()))
}

/// `parseInt` and its like; `valueOf` does the same.
fn parse(heap: &mut Heap, number: &Number, name: &str, text: &str, radix: i32) -> Outcome {
    heap.meter.read_bytes(text.len())?;
    let wrong = || thrown(format!("For input string: \"{text}\""));
    match (number, name) {
        (Number::Int(_), "parseInt" | "valueOf" | "decode") => {
            some(Number::Int(i32::from_str_radix(text, checked_radix(radix)?).map_err(|_| wrong())?))
        }
        (Number::Long(_), "parseLong" | "valueOf" | "decode") => {
            some(Number::Long(i64::from_str_radix(text, checked_radix(radix)?).map_err(|_| wrong())?))
        }
        (Number::Double(_), "parseDouble" | "valueOf") => some(Number::Double(parse_double(text).ok_or_else(wrong)?)),
        (_, "equals") => some(false),
        _ => Ok(None),
    }
}

fn checked_radix(radix: i32) -> Result<u32, super::Failure> {
    let is_known = |radix: &u32| (2..=36).contains(radix);
    u32::try_from(radix).ok().filter(is_known).ok_or_else(|| thrown(format!("radix {radix} is not between 2 and 36")))
}

/// Java's words for NaN and infinity, and a letter for the type behind the digits.
fn parse_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c| c <= ' ');
    let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let has_word = digits.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E'));
    let is_java_word = matches!(text.trim_start_matches(['+', '-']), "NaN" | "Infinity");
    if has_word && !is_java_word { None } else { digits.parse().ok() }
}

pub(super) fn call_bool(value: bool, name: &str, arguments: &[Value]) -> Outcome {
    match (name, arguments) {
        ("booleanValue", []) => some(value),
        ("compareTo", [Value::Bool(other)]) => some(Number::Int(value.cmp(other) as i32)),
        ("parseBoolean" | "valueOf", [Value::Text(text)]) => some(text.eq_ignore_ascii_case("true")),
        ("valueOf", [Value::Bool(other)]) => some(*other),
        ("toString", [Value::Bool(other)]) => some(other.to_string()),
        _ => Ok(None),
    }
}
