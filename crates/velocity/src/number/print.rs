//! How Java prints numbers.

use std::fmt;

use super::Number;

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Long(value) => write!(f, "{value}"),
            Self::Double(value) => f.write_str(&double_to_java(*value)),
            Self::BigInt(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
        }
    }
}

/// `Double.toString`: at least one digit after the point, and an exponent below a thousandth and from ten million on.
pub(crate) fn double_to_java(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if value == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    format!("{mantissa}{point}E{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_in_java() {
        let cases = [
            (1e3, "1000.0"),
            (1e10, "1.0E10"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (1.5e-7, "1.5E-7"),
            (9_999_999.0, "9999999.0"),
            (12_345_678.9, "1.23456789E7"),
            (-0.0, "-0.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::MAX, "1.7976931348623157E308"),
        ];
        for (value, expected) in cases {
            assert_eq!(double_to_java(value), expected);
        }
    }

    #[test]
    fn decimals_keep_their_digits() {
        let cases = [
            ("3.14159265358979323846", "3.14159265358979323846"),
            ("0.000000100000000000000000", "1.00000000000000000E-7"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1234567890123456789e5", "1.234567890123456789E+23"),
        ];
        for (text, expected) in cases {
            assert_eq!(Number::parse_json(text).unwrap().to_string(), expected);
        }
    }
}
