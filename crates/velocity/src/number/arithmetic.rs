//! `+ - * / %` and comparison between numbers of any kinds.

use std::cmp::Ordering;
use std::sync::Arc;

use num_bigint::{BigInt, Sign};

use super::{Decimal, Number};
use crate::ast::Operator;

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoResult {
    /// By zero: the expression is null.
    DivisionByZero,
    /// Velocity throws.
    ModuloOfDecimals,
    /// More digits than are worth computing.
    TooLarge,
}

/// Bits of a product of big integers, digits of a decimal.
const BITS_MAX: u64 = 65_536;

/// What both operands are taken for.
enum Pair {
    Integers(i64, i64),
    Doubles(f64, f64),
    BigInts(BigInt, BigInt),
    Decimals(Decimal, Decimal),
}

impl Pair {
    fn of(left: &Number, right: &Number) -> Self {
        use Number::{BigInt as Big, Decimal as Dec, Double, Int, Long};
        match (left, right) {
            (Int(_) | Long(_), Int(_) | Long(_)) => Self::Integers(left.to_i64(), right.to_i64()),
            (Dec(_), _) | (_, Dec(_)) | (Big(_), Double(_)) | (Double(_), Big(_)) => match (decimal(left), decimal(right)) {
                (Some(left), Some(right)) => Self::Decimals(left, right),
                _ => Self::Doubles(left.to_f64(), right.to_f64()),
            },
            (Big(_), _) | (_, Big(_)) => Self::BigInts(bigint(left), bigint(right)),
            (Double(_), _) | (_, Double(_)) => Self::Doubles(left.to_f64(), right.to_f64()),
        }
    }
}

/// `None` of an infinity or NaN, of which Java makes no `BigDecimal` (it throws).
fn decimal(number: &Number) -> Option<Decimal> {
    match number {
        Number::Decimal(value) => Some((**value).clone()),
        Number::BigInt(value) => Some(Decimal::from_bigint((**value).clone())),
        other => Decimal::from_f64(other.to_f64()),
    }
}

fn bigint(number: &Number) -> BigInt {
    match number {
        Number::BigInt(value) => (**value).clone(),
        other => BigInt::from(other.to_i64()),
    }
}

pub(super) fn compare(left: &Number, right: &Number) -> Ordering {
    match Pair::of(left, right) {
        Pair::Integers(left, right) => left.cmp(&right),
        // NaN is neither less nor greater, which Velocity takes for equal.
        Pair::Doubles(left, right) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
        Pair::BigInts(left, right) => left.cmp(&right),
        Pair::Decimals(left, right) => left.compare(&right),
    }
}

/// Computes one of the five arithmetic operators.
pub(crate) fn compute(operator: Operator, left: &Number, right: &Number) -> Result<Number, NoResult> {
    let is_division = matches!(operator, Operator::Divide | Operator::Modulo);
    if is_division && is_zero(right) {
        return Err(NoResult::DivisionByZero);
    }
    match Pair::of(left, right) {
        Pair::Integers(a, b) => match integers(operator, a, b) {
            Some(value) => Ok(narrow(value, left, right)),
            None => big(operator, &BigInt::from(a), &BigInt::from(b)),
        },
        Pair::Doubles(a, b) => Ok(Number::Double(doubles(operator, a, b))),
        Pair::BigInts(a, b) => big(operator, &a, &b),
        Pair::Decimals(a, b) => decimals(operator, &a, &b),
    }
}

fn is_zero(number: &Number) -> bool {
    match number {
        Number::BigInt(value) => value.sign() == Sign::NoSign,
        Number::Decimal(value) => value.is_zero(),
        other => other.to_f64() == 0.0,
    }
}

fn integers(operator: Operator, left: i64, right: i64) -> Option<i64> {
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        // Java wraps where the one quotient that is too large is concerned.
        Operator::Divide => Some(left.wrapping_div(right)),
        _ => Some(left.wrapping_rem(right)),
    }
}

/// An `Integer` if both operands are and the value fits, else a `Long`.
fn narrow(value: i64, left: &Number, right: &Number) -> Number {
    match (left, right, i32::try_from(value)) {
        (Number::Int(_), Number::Int(_), Ok(value)) => Number::Int(value),
        _ => Number::Long(value),
    }
}

fn doubles(operator: Operator, left: f64, right: f64) -> f64 {
    match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    }
}

fn big(operator: Operator, left: &BigInt, right: &BigInt) -> Result<Number, NoResult> {
    if left.bits() + right.bits() > BITS_MAX {
        return Err(NoResult::TooLarge);
    }
    let value = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => {
            // BigInteger.mod: never negative, and refuses a negative modulus.
            if right.sign() == Sign::Minus {
                return Err(NoResult::ModuloOfDecimals);
            }
            ((left % right) + right) % right
        }
    };
    Ok(Number::BigInt(Arc::new(value)))
}

fn decimals(operator: Operator, left: &Decimal, right: &Decimal) -> Result<Number, NoResult> {
    if left.bits() + right.bits() > BITS_MAX {
        return Err(NoResult::TooLarge);
    }
    let value = match operator {
        Operator::Add => left.add(right),
        Operator::Subtract => left.subtract(right),
        Operator::Multiply => left.multiply(right),
        Operator::Divide => left.divide_half_down(right),
        _ => return Err(NoResult::ModuloOfDecimals),
    };
    Ok(Number::Decimal(Arc::new(value)))
}
