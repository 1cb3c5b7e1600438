//! What the two sides of a comparison are, and when they are equal.
//!
//! Equality is Jayway's and not symmetric: a text on the left is compared with a number's text (`'1' == 1`, not
//! `'1.0' == 1`), a number on the left with a text's number (`1 == '1.0'`).

use super::Evaluation;
use crate::ast::{Pattern, Source};
use crate::decimal::{Decimal, java_text};
use crate::error::Fault;
use crate::found::Found;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(super) enum Operand<'a> {
    /// A path that leads nowhere: equal to nothing, itself included.
    Undefined,
    Null,
    Bool(bool),
    Number(Number),
    /// A number written in the path.
    Decimal(&'a Decimal),
    Text(Cow<'a, str>),
    /// An array or an object of the document.
    Json(Cow<'a, Value>),
    /// An array or an object written in the path.
    JsonLiteral(&'a Value),
    Pattern(&'a Pattern),
}

impl<'a> Operand<'a> {
    pub(super) fn of_literal(source: &'a Source) -> Operand<'a> {
        match source {
            Source::Element(_) | Source::Root { .. } => Operand::Undefined,
            Source::Text(text) => Operand::Text(Cow::Borrowed(text)),
            Source::Number(number) => Operand::Decimal(number),
            Source::Bool(value) => Operand::Bool(*value),
            Source::Null => Operand::Null,
            Source::Json(value) => Operand::JsonLiteral(value),
            Source::Pattern(pattern) => Operand::Pattern(pattern),
        }
    }

    pub(super) fn of_value(value: Cow<'a, Value>) -> Operand<'a> {
        match value {
            Cow::Borrowed(Value::String(text)) => Operand::Text(Cow::Borrowed(text)),
            Cow::Owned(Value::String(text)) => Operand::Text(Cow::Owned(text)),
            value => match value.as_ref() {
                Value::Null => Operand::Null,
                Value::Bool(flag) => Operand::Bool(*flag),
                Value::Number(number) => Operand::Number(number.clone()),
                _ => Operand::Json(value),
            },
        }
    }

    pub(super) fn of_found(found: Found<'a>) -> Operand<'a> {
        match found {
            Found::One(value) => Operand::of_value(value),
            list => Operand::Json(Cow::Owned(list.into_value())),
        }
    }

    /// The same, kept past the document.
    pub(super) fn into_kept(self) -> Operand<'static> {
        match self {
            // Only the value of a path is kept.
            Operand::Undefined | Operand::Decimal(_) | Operand::JsonLiteral(_) | Operand::Pattern(_) => Operand::Undefined,
            Operand::Null => Operand::Null,
            Operand::Bool(flag) => Operand::Bool(flag),
            Operand::Number(number) => Operand::Number(number),
            Operand::Text(text) => Operand::Text(Cow::Owned(text.into_owned())),
            Operand::Json(value) => Operand::Json(Cow::Owned(value.into_owned())),
        }
    }

    pub(super) fn as_json(&self) -> Option<&Value> {
        match self {
            Operand::Json(value) => Some(value),
            Operand::JsonLiteral(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn as_number(&self) -> Option<Cow<'_, Decimal>> {
        match self {
            Operand::Number(number) => Some(Cow::Owned(Decimal::of(number))),
            Operand::Decimal(number) => Some(Cow::Borrowed(number)),
            _ => None,
        }
    }

    fn as_i64(&self) -> Option<i64> {
        match self {
            Operand::Number(number) => number.as_i64(),
            Operand::Decimal(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The text that a pattern is matched against, and that a text is compared with.
    pub(super) fn as_text(&self) -> Cow<'_, str> {
        match self {
            Operand::Text(text) => Cow::Borrowed(text),
            Operand::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Operand::Number(number) if number.is_f64() => Cow::Owned(Decimal::of(number).to_string()),
            Operand::Number(number) => Cow::Owned(java_text(number)),
            Operand::Decimal(number) => Cow::Owned(number.to_string()),
            Operand::Undefined | Operand::Null | Operand::Json(_) | Operand::JsonLiteral(_) | Operand::Pattern(_) => {
                Cow::Borrowed("")
            }
        }
    }

    /// The kinds that `===` tells apart.
    pub(super) fn is_same_kind(&self, other: &Operand<'_>) -> bool {
        use Operand as O;
        matches!(
            (self, other),
            (O::Number(_) | O::Decimal(_), O::Number(_) | O::Decimal(_))
                | (O::Json(_) | O::JsonLiteral(_), O::Json(_) | O::JsonLiteral(_))
                | (O::Undefined, O::Undefined)
                | (O::Null, O::Null)
                | (O::Bool(_), O::Bool(_))
                | (O::Text(_), O::Text(_))
                | (O::Pattern(_), O::Pattern(_))
        )
    }
}

impl Evaluation<'_> {
    /// `left == right`. Jayway compares JSON written on the left by its text, which equals nothing.
    pub(super) fn equal(&self, left: &Operand<'_>, right: &Operand<'_>) -> Result<bool, Fault> {
        match left {
            Operand::JsonLiteral(_) => Ok(false),
            _ => self.same(left, right),
        }
    }

    /// Equality of two operands, or of two elements of lists.
    pub(super) fn same(&self, left: &Operand<'_>, right: &Operand<'_>) -> Result<bool, Fault> {
        self.meter.charge(1)?;
        if let (Some(left), Some(right)) = (left.as_json(), right.as_json()) {
            return self.same_json(left, right);
        }
        let same = match (left, right) {
            (Operand::Null, Operand::Null) => true,
            (Operand::Bool(left), Operand::Bool(right)) => left == right,
            (Operand::Text(left), Operand::Text(right)) => {
                self.meter.charge_text(left.len().min(right.len()))?;
                left == right
            }
            (Operand::Text(left), _) if right.as_number().is_some() => *left == right.as_text(),
            (_, Operand::Text(right)) => match left.as_number() {
                Some(left) => {
                    self.meter.charge_text(right.len())?;
                    Decimal::parse(right).is_some_and(|right| left.compare(&right) == Ordering::Equal)
                }
                None => false,
            },
            _ => compare_numbers(left, right) == Some(Ordering::Equal),
        };
        Ok(same)
    }

    /// `left` before, at or after `right`; `None` when they have no order (a number and a text have none).
    pub(super) fn order(&self, left: &Operand<'_>, right: &Operand<'_>) -> Result<Option<Ordering>, Fault> {
        self.meter.charge(1)?;
        match (left, right) {
            (Operand::Text(left), Operand::Text(right)) => {
                self.meter.charge_text(left.len().min(right.len()))?;
                // Java orders texts by their UTF-16 units.
                Ok(Some(left.encode_utf16().cmp(right.encode_utf16())))
            }
            _ => Ok(compare_numbers(left, right)),
        }
    }

    fn same_json(&self, left: &Value, right: &Value) -> Result<bool, Fault> {
        let mut pairs = vec![(left, right)];
        while let Some((left, right)) = pairs.pop() {
            self.meter.charge(1)?;
            let same = match (left, right) {
                (Value::Array(left), Value::Array(right)) => {
                    let same_length = left.len() == right.len();
                    if same_length {
                        self.meter.charge(left.len())?;
                        pairs.extend(left.iter().zip(right));
                    }
                    same_length
                }
                (Value::Object(left), Value::Object(right)) if left.len() == right.len() => {
                    self.meter.charge(left.len())?;
                    left.iter().all(|(name, value)| right.get(name).map(|other| pairs.push((value, other))).is_some())
                }
                (Value::String(left), Value::String(right)) => {
                    self.meter.charge_text(left.len().min(right.len()))?;
                    left == right
                }
                (Value::Object(_), _) | (_, Value::Object(_)) => false,
                _ => left == right,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn compare_numbers(left: &Operand<'_>, right: &Operand<'_>) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        return Some(left.cmp(&right));
    }
    Some(left.as_number()?.compare(right.as_number()?.as_ref()))
}
