//! Asking an element whether a filter keeps it.

use super::operand::Operand;
use super::{Absent, Evaluation, Place};
use crate::ast::{Expression, Operator, Source, Steps};
use crate::error::Fault;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Deref;
use std::rc::Rc;

/// An operand, or one that is kept for the whole evaluation.
enum Held<'a> {
    Own(Operand<'a>),
    Kept(Rc<Operand<'static>>),
}

impl<'a> Deref for Held<'a> {
    type Target = Operand<'a>;

    fn deref(&self) -> &Operand<'a> {
        match self {
            Held::Own(operand) => operand,
            Held::Kept(operand) => operand,
        }
    }
}

impl Evaluation<'_> {
    /// Whether the filter keeps the value at `place`. An operator that cannot use its operand keeps nothing, also under `!`:
    /// Jayway raises an error there, and catches it here.
    pub(super) fn accepts(&self, expression: &Expression, place: Place<'_>) -> Result<bool, Fault> {
        match self.holds(expression, place) {
            Err(Fault::Operand | Fault::FilterOnScalar) => Ok(false),
            result => result,
        }
    }

    fn holds(&self, expression: &Expression, place: Place<'_>) -> Result<bool, Fault> {
        self.meter.charge(1)?;
        match expression {
            Expression::Any(operands) => {
                for operand in operands {
                    if self.holds(operand, place)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expression::All(operands) => {
                for operand in operands {
                    if !self.holds(operand, place)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expression::Not(operand) => Ok(!self.holds(operand, place)?),
            Expression::Exists { path, expected } => Ok(self.exists(path, place)? == *expected),
            Expression::Compare { left, operator, right } => {
                let left = self.operand(left, place)?;
                let right = self.operand(right, place)?;
                self.compare(&left, *operator, &right)
            }
        }
    }

    /// Whether the path leads somewhere, `null` included. Jayway starts also a path with `$` at the element, and takes the
    /// list of an indefinite path for something even when it is empty.
    fn exists(&self, path: &Steps, place: Place<'_>) -> Result<bool, Fault> {
        match self.find(path, Place { absent: Absent::Refused, ..place }) {
            Ok(_) => Ok(true),
            Err(Fault::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    fn operand<'a>(&self, source: &'a Source, place: Place<'a>) -> Result<Held<'a>, Fault> {
        match source {
            Source::Element(path) => self.value_of(path, Place { absent: Absent::Skipped, ..place }).map(Held::Own),
            Source::Root { path, slot } => {
                if let Some(Some(kept)) = self.rooted.borrow().get(*slot) {
                    return Ok(Held::Kept(Rc::clone(kept)));
                }
                let value = self.value_of(path, Place { model: place.root, root: place.root, absent: Absent::Skipped })?;
                self.charge_kept(&value)?;
                let kept = Rc::new(value.into_kept());
                if let Some(place) = self.rooted.borrow_mut().get_mut(*slot) {
                    *place = Some(Rc::clone(&kept));
                }
                Ok(Held::Kept(kept))
            }
            literal => Ok(Held::Own(Operand::of_literal(literal))),
        }
    }

    fn charge_kept(&self, value: &Operand<'_>) -> Result<(), Fault> {
        match value {
            Operand::Text(text) => self.meter.charge_text(text.len()),
            _ => value.as_json().map_or(Ok(()), |json| self.meter.charge_value(json)),
        }
    }

    fn value_of<'a>(&self, path: &Steps, place: Place<'a>) -> Result<Operand<'a>, Fault> {
        match self.find(path, place) {
            Ok(found) => {
                if let crate::Found::List(values) = &found {
                    self.meter.charge_values(values)?;
                }
                Ok(Operand::of_found(found))
            }
            Err(Fault::NotFound) => Ok(Operand::Undefined),
            Err(fault) => Err(fault),
        }
    }

    fn compare(&self, left: &Operand<'_>, operator: Operator, right: &Operand<'_>) -> Result<bool, Fault> {
        let ordered = |accepted: fn(Ordering) -> bool| Ok(self.order(left, right)?.is_some_and(accepted));
        match operator {
            Operator::Equal => self.equal(left, right),
            Operator::NotEqual => Ok(!self.equal(left, right)?),
            Operator::SameTypeEqual => Ok(left.is_same_kind(right) && self.equal(left, right)?),
            Operator::SameTypeNotEqual => Ok(!(left.is_same_kind(right) && self.equal(left, right)?)),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::LessOrEqual => ordered(Ordering::is_le),
            Operator::Greater => ordered(Ordering::is_gt),
            Operator::GreaterOrEqual => ordered(Ordering::is_ge),
            Operator::Matches => self.matches(left, right),
            Operator::In => self.is_in(left, right),
            Operator::NotIn => Ok(!self.is_in(left, right)?),
            Operator::Contains => self.contains(left, right),
            Operator::Size => self.has_size(left, right),
            Operator::Empty => is_empty(left, right),
            Operator::SubsetOf => self.share(left, right, Wanted::All),
            Operator::AnyOf => self.share(left, right, Wanted::Any),
            Operator::NoneOf => self.share(left, right, Wanted::None),
            Operator::Exists => Ok(flag(left)? == flag(right)?),
            Operator::JavaOnly => Err(Fault::Operand),
        }
    }

    /// One side is a pattern, and the other's whole text matches it. A missing value's text is empty.
    fn matches(&self, left: &Operand<'_>, right: &Operand<'_>) -> Result<bool, Fault> {
        let (pattern, input) = match (left, right) {
            (Operand::Pattern(_), Operand::Pattern(_)) => return Ok(false),
            (Operand::Pattern(pattern), input) | (input, Operand::Pattern(pattern)) => (pattern, input),
            _ => return Ok(false),
        };
        let input = input.as_text();
        self.meter.charge(1 + input.len().saturating_mul(pattern.steps_per_byte))?;
        Ok(pattern.regex.is_match(&input))
    }

    fn is_in(&self, left: &Operand<'_>, right: &Operand<'_>) -> Result<bool, Fault> {
        match list(right)? {
            Some(elements) => self.any_same(left, elements),
            None => Ok(false),
        }
    }

    fn contains(&self, left: &Operand<'_>, right: &Operand<'_>) -> Result<bool, Fault> {
        match (left, right) {
            (Operand::Text(text), Operand::Text(part)) => {
                self.meter.charge_text(text.len())?;
                Ok(text.contains(part.as_ref()))
            }
            _ => match left.as_json() {
                Some(Value::Array(elements)) => self.any_same(right, elements),
                _ => Ok(false),
            },
        }
    }

    fn any_same(&self, wanted: &Operand<'_>, elements: &[Value]) -> Result<bool, Fault> {
        for element in elements {
            if self.same(wanted, &Operand::of_value(Cow::Borrowed(element)))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A text's length in UTF-16 units, or an array's.
    fn has_size(&self, left: &Operand<'_>, right: &Operand<'_>) -> Result<bool, Fault> {
        let Some(wanted) = right.as_number() else { return Ok(false) };
        let size = match left {
            Operand::Text(text) => {
                self.meter.charge_text(text.len())?;
                text.encode_utf16().count()
            }
            _ => match left.as_json() {
                Some(Value::Array(elements)) => elements.len(),
                // Jayway gives an object the size -1.
                Some(_) => return Ok(wanted.whole_part() == Some(-1)),
                None => return Ok(false),
            },
        };
        Ok(wanted.whole_part() == i64::try_from(size).ok())
    }

    fn share(&self, left: &Operand<'_>, right: &Operand<'_>, wanted: Wanted) -> Result<bool, Fault> {
        let Some(right) = list(right)? else { return Ok(false) };
        let Some(left) = list(left)? else { return Ok(false) };
        for element in left {
            let has_one = self.any_same(&Operand::of_value(Cow::Borrowed(element)), right)?;
            match wanted {
                Wanted::All if !has_one => return Ok(false),
                Wanted::Any if has_one => return Ok(true),
                Wanted::None if has_one => return Ok(false),
                _ => {}
            }
        }
        Ok(wanted != Wanted::Any)
    }
}

/// How many of the left list's elements must be in the right list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Any,
    None,
}

fn is_empty(left: &Operand<'_>, right: &Operand<'_>) -> Result<bool, Fault> {
    let empty = match left {
        Operand::Text(text) => text.is_empty(),
        _ => match left.as_json() {
            Some(Value::Array(elements)) => elements.is_empty(),
            Some(Value::Object(members)) => members.is_empty(),
            _ => return Ok(false),
        },
    };
    Ok(empty == flag(right)?)
}

fn flag(operand: &Operand<'_>) -> Result<bool, Fault> {
    match operand {
        Operand::Bool(flag) => Ok(*flag),
        _ => Err(Fault::Operand),
    }
}

/// A list; `None` for an object, and a fault for what is no JSON structure at all.
fn list<'o>(operand: &'o Operand<'_>) -> Result<Option<&'o [Value]>, Fault> {
    match operand.as_json() {
        Some(Value::Array(elements)) => Ok(Some(elements)),
        Some(_) => Ok(None),
        None => Err(Fault::Operand),
    }
}
