//! `String.format`: the conversions that templates use, without locales.

use super::{Failure, Outcome, some, thrown};
use crate::value::Value;
use crate::{Heap, Number};

/// Characters that a width or precision may ask for.
const WIDTH_MAX: usize = 10_000;

/// A format specifier: `%[argument$][flags][width][.precision]conversion`.
#[derive(Default)]
struct Specifier {
    argument: Option<usize>,
    flags: String,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

pub(super) fn format(heap: &mut Heap, pattern: &str, arguments: &[Value]) -> Outcome {
    let mut out = String::new();
    let mut rest = pattern;
    let mut next = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let (specifier, after) = specifier(&rest[at + 1..])?;
        rest = after;
        let text = match specifier.conversion {
            '%' => "%".to_owned(),
            'n' => "\n".to_owned(),
            conversion => {
                let index = specifier.argument.unwrap_or_else(|| {
                    next += 1;
                    next - 1
                });
                let Some(value) = arguments.get(index) else {
                    return Err(thrown(format!("Format specifier '%{conversion}'")));
                };
                converted(heap, &specifier, value)?
            }
        };
        pad(&specifier, text, &mut out);
        heap.meter.step()?;
        heap.meter.check_text(out.len())?;
    }
    out.push_str(rest);
    heap.meter.allocate(out.len())?;
    some(out)
}

fn specifier(text: &str) -> Result<(Specifier, &str), Failure> {
    let mut specifier = Specifier::default();
    let mut rest = text;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 && rest[digits..].starts_with('$') {
        specifier.argument = Some(number(&rest[..digits])?.saturating_sub(1));
        rest = &rest[digits + 1..];
    }
    let flags = rest.len() - rest.trim_start_matches(['-', '#', '+', ' ', '0', ',', '(']).len();
    specifier.flags = rest[..flags].to_owned();
    rest = &rest[flags..];
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    specifier.width = if digits > 0 { number(&rest[..digits])? } else { 0 };
    rest = &rest[digits..];
    if let Some(after) = rest.strip_prefix('.') {
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        specifier.precision = Some(number(&after[..digits])?);
        rest = &after[digits..];
    }
    let Some(conversion) = rest.chars().next() else { return Err(thrown("Conversion = '%'")) };
    specifier.conversion = conversion;
    Ok((specifier, &rest[conversion.len_utf8()..]))
}

fn number(digits: &str) -> Result<usize, Failure> {
    match digits.parse() {
        Ok(number) if number <= WIDTH_MAX => Ok(number),
        _ => Err(thrown(format!("the width or precision {digits} is not between 0 and {WIDTH_MAX}"))),
    }
}

fn converted(heap: &mut Heap, specifier: &Specifier, value: &Value) -> Result<String, Failure> {
    let wrong = || thrown(format!("%{} cannot print this kind of value", specifier.conversion));
    let text = match (specifier.conversion.to_ascii_lowercase(), value) {
        ('s', value) => {
            let mut text = String::new();
            heap.print(value, &mut text)?;
            cut(text, specifier)
        }
        ('b', value) => cut(!matches!(value, Value::Null | Value::Bool(false)), specifier),
        (_, Value::Null) => "null".to_owned(),
        ('d', Value::Number(number @ (Number::Int(_) | Number::Long(_) | Number::BigInt(_)))) => {
            signed(specifier, &number.to_string())
        }
        ('x', Value::Number(Number::Int(number))) => format!("{number:x}"),
        ('x', Value::Number(Number::Long(number))) => format!("{number:x}"),
        ('o', Value::Number(Number::Int(number))) => format!("{number:o}"),
        ('c', Value::Char(unit)) => String::from_utf16_lossy(&[*unit]),
        ('c', Value::Number(Number::Int(code))) => {
            u32::try_from(*code).ok().and_then(char::from_u32).map(String::from).ok_or_else(wrong)?
        }
        ('f', Value::Number(number @ (Number::Double(_) | Number::Decimal(_)))) => {
            signed(specifier, &fixed(number.to_f64(), specifier.precision.unwrap_or(6)))
        }
        ('e', Value::Number(number @ (Number::Double(_) | Number::Decimal(_)))) => {
            signed(specifier, &scientific(number.to_f64(), specifier.precision.unwrap_or(6)))
        }
        ('d' | 'x' | 'o' | 'c' | 'f' | 'e', _) => return Err(wrong()),
        _ => return Err(thrown(format!("Conversion = '{}'", specifier.conversion))),
    };
    Ok(if specifier.conversion.is_ascii_uppercase() { text.to_uppercase() } else { text })
}

fn cut(text: impl ToString, specifier: &Specifier) -> String {
    let text = text.to_string();
    match specifier.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    }
}

/// Java rounds the digits that the double prints, half up.
fn fixed(value: f64, precision: usize) -> String {
    if !value.is_finite() {
        return Number::Double(value).to_string();
    }
    let printed = format!("{}", value.abs());
    let (whole, fraction) = printed.split_once('.').unwrap_or((&printed, ""));
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes().chain(std::iter::repeat(b'0')).take(precision)).collect();
    if fraction.as_bytes().get(precision).is_some_and(|digit| *digit >= b'5') {
        round_up(&mut digits);
    }
    let point = digits.len() - precision;
    let digits = String::from_utf8_lossy(&digits).into_owned();
    let (whole, fraction) = digits.split_at(point);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn round_up(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

fn scientific(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        None => text,
    }
}

/// Sign, grouping and zeros as the flags ask.
fn signed(specifier: &Specifier, text: &str) -> String {
    let has = |flag| specifier.flags.contains(flag);
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let digits = if has(',') { grouped(digits) } else { digits.to_owned() };
    let (before, after) = match is_negative {
        true if has('(') => ("(", ")"),
        true => ("-", ""),
        false if has('+') => ("+", ""),
        false if has(' ') => (" ", ""),
        false => ("", ""),
    };
    let used = before.len() + digits.len() + after.len();
    let zeros = if has('0') { specifier.width.saturating_sub(used) } else { 0 };
    format!("{before}{}{digits}{after}", "0".repeat(zeros))
}

fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

fn pad(specifier: &Specifier, text: String, out: &mut String) {
    let missing = specifier.width.saturating_sub(text.chars().count());
    if specifier.flags.contains('-') {
        out.push_str(&text);
        out.extend(std::iter::repeat_n(' ', missing));
    } else {
        out.extend(std::iter::repeat_n(' ', missing));
        out.push_str(&text);
    }
}
