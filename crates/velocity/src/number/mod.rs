//! Numbers with Java's kinds: `Integer`, `Long`, `Double`, `BigInteger` and `BigDecimal`.
//!
//! Integers widen instead of wrapping, as Velocity's arithmetic does; the kind of a result is the wider one of its operands.

mod arithmetic;
mod decimal;
mod print;

use std::cmp::Ordering;
use std::sync::Arc;

use num_bigint::BigInt;

pub(crate) use self::arithmetic::{NoResult, compute};
pub use self::decimal::Decimal;

/// A Java number.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// `java.lang.Integer`.
    Int(i32),
    /// `java.lang.Long`.
    Long(i64),
    /// `java.lang.Double`.
    Double(f64),
    /// `java.math.BigInteger`.
    BigInt(Arc<BigInt>),
    /// `java.math.BigDecimal`.
    Decimal(Arc<Decimal>),
}

/// Digits of a number in a template or in JSON; reading more takes more than linear time.
const DIGITS_MAX: usize = 10_000;

/// Characters of a JSON float that json-smart still reads as a double; longer ones keep all digits.
const JSON_DOUBLE_CHARS_MAX: usize = 18;

impl Number {
    /// The smallest of `Integer`, `Long` and `BigInteger` that holds an integer's text. `None` if it is none, or has more
    /// than 10,000 digits.
    pub fn parse_integer(text: &str) -> Option<Self> {
        if let Ok(value) = text.parse() {
            return Some(Self::Int(value));
        }
        if let Ok(value) = text.parse() {
            return Some(Self::Long(value));
        }
        if text.len() > DIGITS_MAX {
            return None;
        }
        text.parse().ok().map(|value| Self::BigInt(Arc::new(value)))
    }

    /// The number that json-smart makes of a JSON number's text: integers as narrow as they go, floats of up to 18
    /// characters `Double`, longer ones `BigDecimal`. `None` if it is none, or has more than 10,000 digits.
    pub fn parse_json(text: &str) -> Option<Self> {
        if !text.contains(['.', 'e', 'E']) {
            return Self::parse_integer(text);
        }
        if text.len() > JSON_DOUBLE_CHARS_MAX
            && let Some(decimal) = Decimal::parse(text)
        {
            return Some(Self::Decimal(Arc::new(decimal)));
        }
        text.parse().ok().map(Self::Double)
    }

    /// `doubleValue()`.
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Int(value) => f64::from(*value),
            Self::Long(value) => *value as f64,
            Self::Double(value) => *value,
            Self::BigInt(value) => decimal::bigint_to_f64(value),
            Self::Decimal(value) => value.to_f64(),
        }
    }

    /// `longValue()`: wraps integers, saturates doubles.
    pub fn to_i64(&self) -> i64 {
        match self {
            Self::Int(value) => i64::from(*value),
            Self::Long(value) => *value,
            Self::Double(value) => *value as i64,
            Self::BigInt(value) => decimal::low_bits(value),
            Self::Decimal(value) => decimal::low_bits(&value.to_bigint()),
        }
    }

    /// `intValue()`: wraps integers, saturates doubles.
    pub fn to_i32(&self) -> i32 {
        match self {
            Self::Double(value) => *value as i32,
            other => other.to_i64() as i32,
        }
    }

    /// Whether the two are the same number, whatever their kinds.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        arithmetic::compare(self, other)
    }

    /// `equals()`: the same kind and the same value.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Decimal(a), Self::Decimal(b)) => a.same(b),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b) && a.compare(b) == Ordering::Equal,
        }
    }

    /// `hashCode()`.
    pub(crate) fn java_hash(&self) -> i32 {
        match self {
            Self::Int(value) => *value,
            Self::Long(value) => fold(*value as u64),
            Self::Double(value) => fold(value.to_bits()),
            Self::BigInt(value) => decimal::bigint_hash(value),
            Self::Decimal(value) => value.java_hash(),
        }
    }
}

/// `Long.hashCode()`.
fn fold(bits: u64) -> i32 {
    (bits ^ (bits >> 32)) as i32
}
