//! `BigDecimal`: an integer and the number of its digits after the point.

use std::cmp::Ordering;

use num_bigint::{BigInt, BigUint, Sign};

/// An exact decimal number, `unscaled / 10^scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    unscaled: BigInt,
    scale: i32,
}

/// Digits before or after the point that are worth keeping; beyond them a number is read as a double.
const SCALE_MAX: i32 = 10_000;

impl Decimal {
    /// Reads `-12.5e3`. `None` if it is no number or too long to be kept exactly.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > SCALE_MAX as usize {
            return None;
        }
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unscaled = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        (scale.abs() <= SCALE_MAX).then_some(Self { unscaled, scale })
    }

    pub(super) fn from_bigint(unscaled: BigInt) -> Self {
        Self { unscaled, scale: 0 }
    }

    /// The exact value of a double.
    pub(super) fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let bits = value.to_bits();
        let raw_exponent = i32::try_from((bits >> 52) & 0x7ff).ok()?;
        let fraction = bits & ((1 << 52) - 1);
        let (mut mantissa, mut exponent) = match raw_exponent {
            0 => (fraction, -1074),
            _ => (fraction | (1 << 52), raw_exponent - 1075),
        };
        while mantissa != 0 && mantissa % 2 == 0 && exponent < 0 {
            mantissa /= 2;
            exponent += 1;
        }
        let magnitude = BigInt::from(mantissa);
        let (unscaled, scale) = match u32::try_from(exponent) {
            Ok(shift) => (magnitude << shift, 0),
            Err(_) if mantissa == 0 => (magnitude, 0),
            Err(_) => (magnitude * BigInt::from(5).pow(exponent.unsigned_abs()), -exponent),
        };
        Some(Self { unscaled: if value < 0.0 { -unscaled } else { unscaled }, scale })
    }

    pub(super) fn is_zero(&self) -> bool {
        self.unscaled.sign() == Sign::NoSign
    }

    /// A bound of the bits that the unscaled value has at scale 0.
    pub(super) fn bits(&self) -> u64 {
        self.unscaled.bits() + 4 * u64::from(self.scale.unsigned_abs())
    }

    /// Whether value and scale are the same, which `equals` asks: `1.0` is not `1.00`.
    pub(super) fn same(&self, other: &Self) -> bool {
        self == other
    }

    fn unscaled_at(&self, scale: i32) -> BigInt {
        &self.unscaled * power_of_ten(scale - self.scale)
    }

    fn aligned(&self, other: &Self) -> (BigInt, BigInt, i32) {
        let scale = self.scale.max(other.scale);
        (self.unscaled_at(scale), other.unscaled_at(scale), scale)
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let (left, right, _) = self.aligned(other);
        left.cmp(&right)
    }

    pub(super) fn add(&self, other: &Self) -> Self {
        let (left, right, scale) = self.aligned(other);
        Self { unscaled: left + right, scale }
    }

    pub(super) fn subtract(&self, other: &Self) -> Self {
        let (left, right, scale) = self.aligned(other);
        Self { unscaled: left - right, scale }
    }

    pub(super) fn multiply(&self, other: &Self) -> Self {
        Self { unscaled: &self.unscaled * &other.unscaled, scale: self.scale + other.scale }
    }

    /// Divides at this number's scale; a half goes towards zero.
    pub(super) fn divide_half_down(&self, other: &Self) -> Self {
        let shift = other.scale;
        let (dividend, divisor) = match shift >= 0 {
            true => (&self.unscaled * power_of_ten(shift), other.unscaled.clone()),
            false => (self.unscaled.clone(), &other.unscaled * power_of_ten(-shift)),
        };
        let (quotient, remainder) = (&dividend / &divisor, &dividend % &divisor);
        let is_up = remainder.magnitude() * 2u32 > *divisor.magnitude();
        let step = match (is_up, dividend.sign() == divisor.sign()) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => -1,
        };
        Self { unscaled: quotient + step, scale: self.scale }
    }

    /// The number without what is after the point.
    pub(super) fn to_bigint(&self) -> BigInt {
        match self.scale > 0 {
            true => &self.unscaled / power_of_ten(self.scale),
            false => &self.unscaled * power_of_ten(-self.scale),
        }
    }

    pub(super) fn to_f64(&self) -> f64 {
        format!("{}e{}", self.unscaled, -self.scale).parse().unwrap_or(f64::NAN)
    }

    pub(super) fn java_hash(&self) -> i32 {
        bigint_hash(&self.unscaled).wrapping_mul(31).wrapping_add(self.scale)
    }
}

impl std::fmt::Display for Decimal {
    /// As `BigDecimal.toString()`: with an exponent if the point is more than six digits away to the left.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.unscaled.magnitude().to_string();
        let sign = if self.unscaled.sign() == Sign::Minus { "-" } else { "" };
        let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let adjusted = count - 1 - i64::from(self.scale);
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        if self.scale > 0 && adjusted >= -6 {
            let scale = self.scale as usize;
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            return write!(f, "{sign}{whole}.{fraction}");
        }
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{sign}{first}{point}{rest}")?;
        if adjusted != 0 { write!(f, "E{adjusted:+}") } else { Ok(()) }
    }
}

fn power_of_ten(exponent: i32) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

pub(super) fn bigint_to_f64(value: &BigInt) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

/// `longValue()`: the lowest 64 bits of the two's complement.
pub(super) fn low_bits(value: &BigInt) -> i64 {
    let low = value.magnitude().iter_u64_digits().next().unwrap_or(0) as i64;
    if value.sign() == Sign::Minus { low.wrapping_neg() } else { low }
}

/// `BigInteger.hashCode()`.
pub(super) fn bigint_hash(value: &BigInt) -> i32 {
    let magnitude: &BigUint = value.magnitude();
    let hash = magnitude.to_u32_digits().iter().rev().fold(0i32, |hash, digit| hash.wrapping_mul(31).wrapping_add(*digit as i32));
    if value.sign() == Sign::Minus { hash.wrapping_neg() } else { hash }
}
