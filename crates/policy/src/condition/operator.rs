//! How two values are compared.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::document::Version;
use crate::evaluate::Keys;
use crate::pattern::{Form, Pattern};
use crate::variables::Variables;

/// A comparison; whether it is to hold or not is said beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    BinaryEquals,
    IpAddress,
    ArnLike,
}

/// The request's value in relation to the statement's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A statement's value, read as what it is compared as.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expected {
    Text(Variables),
    TextIgnoringCase(Variables),
    Pattern(Pattern),
    Number(Order, f64),
    /// Seconds since 1970.
    Time(Order, f64),
    Switch(bool),
    Bytes(Vec<u8>),
    Network {
        address: IpAddr,
        prefix_bits: u8,
    },
}

impl Expected {
    /// `None` when the text is no such value.
    pub(super) fn read(comparison: Comparison, text: &str, version: Version) -> Option<Self> {
        Some(match comparison {
            Comparison::StringEquals => Self::Text(version.text(text).ok()?),
            Comparison::StringEqualsIgnoreCase => Self::TextIgnoringCase(version.text(text).ok()?),
            Comparison::StringLike => Self::Pattern(Pattern::new(&version.text(text).ok()?, Form::Plain)),
            Comparison::ArnLike => Self::Pattern(Pattern::new(&version.text(text).ok()?, Form::Arn)),
            Comparison::Numeric(order) => Self::Number(order, number(text)?),
            Comparison::Date(order) => Self::Time(order, time(text)?),
            Comparison::Bool => Self::Switch(switch(text)?),
            Comparison::BinaryEquals => Self::Bytes(STANDARD.decode(text).ok()?),
            Comparison::IpAddress => {
                let (address, prefix_bits) = network(text)?;
                Self::Network { address, prefix_bits }
            }
        })
    }

    /// About how much work it is to compare with, in tokens of patterns.
    pub(super) fn work(&self) -> usize {
        /// A request's value is read anew for each that it is compared with.
        const VALUE_WORK: usize = 8;
        VALUE_WORK
            + match self {
                Self::Text(text) | Self::TextIgnoringCase(text) => text.work(),
                Self::Pattern(pattern) => pattern.work(),
                Self::Number(..) | Self::Time(..) | Self::Switch(_) | Self::Bytes(_) | Self::Network { .. } => 0,
            }
    }

    /// Whether a request's value is of the kind that this is compared with.
    pub(super) fn can_read(&self, value: &str) -> bool {
        match self {
            Self::Text(_) | Self::TextIgnoringCase(_) | Self::Pattern(_) => true,
            Self::Number(..) => number(value).is_some(),
            Self::Time(..) => time(value).is_some(),
            Self::Switch(_) => switch(value).is_some(),
            Self::Bytes(_) => STANDARD.decode(value).is_ok(),
            Self::Network { .. } => value.parse::<IpAddr>().is_ok(),
        }
    }

    /// Whether a request's value matches.
    pub(super) fn matches(&self, value: &str, keys: &dyn Keys) -> bool {
        match self {
            Self::Text(text) => text.resolve(keys).is_some_and(|text| text == value),
            Self::TextIgnoringCase(text) => text.resolve(keys).is_some_and(|text| text.to_lowercase() == value.to_lowercase()),
            Self::Pattern(pattern) => pattern.matches(value, keys),
            Self::Number(order, expected) => number(value).is_some_and(|value| order.holds(value, *expected)),
            Self::Time(order, expected) => time(value).is_some_and(|value| order.holds(value, *expected)),
            Self::Switch(expected) => switch(value) == Some(*expected),
            Self::Bytes(expected) => STANDARD.decode(value.as_bytes()).is_ok_and(|value| value == *expected),
            Self::Network { address, prefix_bits } => {
                value.parse().is_ok_and(|value: IpAddr| is_within(value.to_canonical(), *address, *prefix_bits))
            }
        }
    }
}

impl Order {
    fn holds(self, value: f64, expected: f64) -> bool {
        match self {
            #[allow(clippy::float_cmp, reason = "both are read from decimal text in the same way")]
            Self::Equal => value == expected,
            Self::Less => value < expected,
            Self::LessOrEqual => value <= expected,
            Self::Greater => value > expected,
            Self::GreaterOrEqual => value >= expected,
        }
    }
}

/// Digits with a sign and a point. No infinity and nothing that is no number.
fn number(text: &str) -> Option<f64> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| is_decimal && number.is_finite())
}

/// A date or a time of ISO 8601, or seconds since 1970 (IAM user guide, "Date condition operators").
fn time(text: &str) -> Option<f64> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of any year that a date can have fit")]
    let seconds = |timestamp: Timestamp| timestamp.as_millisecond() as f64 / 1000.0;
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(seconds(timestamp));
    }
    let date: Date = text.parse().ok()?;
    Some(seconds(date.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

fn switch(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

/// An address, or a network in CIDR form.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let bits_max = if address.is_ipv4() { 32 } else { 128 };
    let prefix_bits = match prefix {
        Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_digit()) => {
            prefix.parse().ok().filter(|bits| *bits <= bits_max)?
        }
        Some(_) => return None,
        None => bits_max,
    };
    Some((address, prefix_bits))
}

fn is_within(value: IpAddr, network: IpAddr, prefix_bits: u8) -> bool {
    let shared = |value: u128, network: u128, width: u32| {
        let shift = width - u32::from(prefix_bits);
        shift == width || value >> shift == network >> shift
    };
    match (value, network) {
        (IpAddr::V4(value), IpAddr::V4(network)) => shared(value.to_bits().into(), network.to_bits().into(), 32),
        (IpAddr::V6(value), IpAddr::V6(network)) => shared(value.to_bits(), network.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("1970-01-01T00:01:00Z", Some(60.0)),
            ("1970-01-01T01:00:00+01:00", Some(0.0)),
            ("1970-01-02", Some(86_400.0)),
            ("2026-11-20T12:00:00.500Z", Some(1_795_176_000.5)),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
    }

    #[test]
    fn networks() {
        let within = |value: &str, text: &str| {
            let (address, bits) = network(text).unwrap();
            is_within(value.parse().unwrap(), address, bits)
        };
        assert!(within("10.1.2.3", "10.0.0.0/8"));
        assert!(!within("11.1.2.3", "10.0.0.0/8"));
        assert!(within("10.1.2.3", "10.1.2.3"));
        assert!(!within("10.1.2.4", "10.1.2.3/32"));
        assert!(within("1.2.3.4", "0.0.0.0/0"));
        assert!(within("2001:db8::1", "2001:db8::/32"));
        assert!(!within("2001:db9::1", "2001:db8::/32"));
        assert!(within("::1", "::/0"));
        assert!(!within("1.2.3.4", "::/0"));
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "10.0.0.0/+8", "x"] {
            assert_eq!(network(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_are_finite_decimals() {
        for wrong in ["inf", "NaN", "1e999", "0x10", "", " 1", "1,0"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
        assert_eq!(number("-1.5"), Some(-1.5));
    }
}
