//! Numbers as Jayway compares them: exact decimals, and Java's text of them.

use serde_json::Number;
use std::cmp::Ordering;

/// The largest exponent either way. Java allows ten digits; a JSON number cannot come near this.
const EXPONENT_MAX: i64 = 1_000_000;

/// A decimal number: `digits` divided by ten to the `scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// ASCII digits without leading zeros; `0` for zero.
    digits: String,
    scale: i64,
}

impl Decimal {
    /// Reads what Java's `BigDecimal` reads; `None` where that throws.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (negative, text) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let digits = format!("{whole}{fraction}");
        let trimmed = digits.trim_start_matches('0');
        let scale = i64::try_from(fraction.len()).ok()? - exponent;
        let zero = trimmed.is_empty();
        Some(Decimal { negative: negative && !zero, digits: if zero { "0".to_owned() } else { trimmed.to_owned() }, scale })
    }

    pub(crate) fn of(number: &Number) -> Decimal {
        let text = java_text(number);
        Decimal::parse(&text).expect("Java's text of a finite number is a decimal")
    }

    /// The value as an integer if it is a small one; comparing those needs no digits.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        if self.scale != 0 || self.digits.len() > 18 {
            return None;
        }
        let magnitude: i64 = self.digits.parse().ok()?;
        Some(if self.negative { -magnitude } else { magnitude })
    }

    /// As `BigDecimal.intValue` for what fits; the whole part only.
    pub(crate) fn whole_part(&self) -> Option<i64> {
        let keep = i64::try_from(self.digits.len()).ok()? - self.scale;
        if keep <= 0 {
            return Some(0);
        }
        if keep > 18 {
            return None;
        }
        let keep = usize::try_from(keep).ok()?;
        let mut kept: String = self.digits.chars().take(keep).collect();
        kept.extend(std::iter::repeat_n('0', keep - kept.len()));
        let magnitude: i64 = kept.parse().ok()?;
        Some(if self.negative { -magnitude } else { magnitude })
    }

    pub(crate) fn compare(&self, other: &Decimal) -> Ordering {
        match (self.signum(), other.signum()) {
            (ours, theirs) if ours != theirs => ours.cmp(&theirs),
            (0, _) => Ordering::Equal,
            (1, _) => self.compare_magnitude(other),
            _ => other.compare_magnitude(self),
        }
    }

    fn signum(&self) -> i8 {
        match (self.digits == "0", self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn compare_magnitude(&self, other: &Decimal) -> Ordering {
        let places = |number: &Decimal| number.digits.len() as i64 - number.scale;
        places(self)
            .cmp(&places(other))
            .then_with(|| self.digits.trim_end_matches('0').as_bytes().cmp(other.digits.trim_end_matches('0').as_bytes()))
    }
}

/// `BigDecimal.toString`: plain down to six leading zeros, scientific with a signed exponent past that.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let count = self.digits.len() as i64;
        let adjusted = count - 1 - self.scale;
        if self.scale == 0 {
            return f.write_str(&self.digits);
        }
        if self.scale > 0 && adjusted >= -6 {
            let whole = count - self.scale;
            return match usize::try_from(whole) {
                Ok(whole) if whole > 0 => write!(f, "{}.{}", &self.digits[..whole], &self.digits[whole..]),
                _ => write!(f, "0.{}{}", "0".repeat(usize::try_from(-whole).unwrap_or(0)), self.digits),
            };
        }
        f.write_str(&self.digits[..1])?;
        if count > 1 {
            write!(f, ".{}", &self.digits[1..])?;
        }
        if adjusted == 0 { Ok(()) } else { write!(f, "E{adjusted:+}") }
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let exponent: i64 = text.parse().ok()?;
    (exponent.abs() <= EXPONENT_MAX).then_some(exponent)
}

/// The number as Java prints it: integers plainly, others as `Double.toString` does.
pub(crate) fn java_text(number: &Number) -> String {
    match number.as_f64() {
        Some(double) if number.is_f64() => java_double(double),
        _ => number.to_string(),
    }
}

/// `Double.toString`: plain from a thousandth up to ten million, otherwise one digit, a point and an exponent.
fn java_double(double: f64) -> String {
    if double == 0.0 {
        return if double.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    let magnitude = double.abs();
    if (1e-3..1e7).contains(&magnitude) {
        let plain = format!("{double}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let scientific = format!("{double:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    if mantissa.contains('.') { format!("{mantissa}E{exponent}") } else { format!("{mantissa}.0E{exponent}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(json: &str) -> String {
        Decimal::of(&serde_json::from_str(json).unwrap()).to_string()
    }

    #[test]
    fn text_is_java_s() {
        for (json, text) in [
            ("1", "1"),
            ("-12", "-12"),
            ("1.0", "1.0"),
            ("100.0", "100.0"),
            ("1e10", "1.0E+10"),
            ("0.00001", "0.000010"),
            ("1e-9", "1.0E-9"),
            ("0.0", "0.0"),
            ("123456789012345678901234567890", "1.2345678901234568E+29"),
        ] {
            assert_eq!(text_of(json), text, "{json}");
        }
    }

    #[test]
    fn comparison_is_exact() {
        let compare = |a: &str, b: &str| Decimal::parse(a).unwrap().compare(&Decimal::parse(b).unwrap());
        for (less, more) in [("1", "2"), ("-2", "-1"), ("-1", "0"), ("0.1", "0.11"), ("9", "10"), ("1e2", "101"), ("-1e3", "1")] {
            assert_eq!(compare(less, more), Ordering::Less, "{less} {more}");
            assert_eq!(compare(more, less), Ordering::Greater, "{less} {more}");
        }
        for (one, other) in [("1", "1.0"), ("100", "1e2"), ("0", "-0.00"), (".5", "0.50"), ("1.", "1")] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in ["", "-", ".", "1e", "x", "1 ", "--1", "1e9999999999", "1.2.3", "١"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_whole_part_is_truncated() {
        for (text, whole) in [("2", 2), ("2.9", 2), ("-2.9", -2), ("0.5", 0), ("1e3", 1000)] {
            assert_eq!(Decimal::parse(text).unwrap().whole_part(), Some(whole), "{text}");
        }
    }
}
