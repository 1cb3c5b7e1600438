//! Walking a document along a path.
//!
//! Steps that lead to one place are followed in a loop, steps that fan out by recursion, so the depth of the stack is
//! bounded by the number of steps in the path. The document's own depth costs no stack: a deep scan keeps its own.

mod filter;
mod function;
mod meter;
mod operand;

use crate::ast::{Slice, Step, StepKind, Steps};
use crate::error::Fault;
use crate::found::Found;
use crate::limits::Limits;
use meter::Meter;
use operand::Operand;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// What is shared by the parts of one evaluation.
struct Evaluation<'l> {
    meter: Meter<'l>,
    /// The values of the filters' paths from the root: they are the same for every element.
    rooted: RefCell<Vec<Option<Rc<Operand<'static>>>>>,
}

/// Where the walk stands: the value the next step applies to, and what `$` means.
#[derive(Clone, Copy)]
struct Place<'d> {
    model: &'d Value,
    root: &'d Value,
    absent: Absent,
}

/// What a missing member means past an indefinite step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absent {
    Skipped,
    /// In an existence check every named member must be there.
    Refused,
}

type Values<'d> = Vec<Cow<'d, Value>>;

/// What was found, and the steps that it took.
pub(crate) fn evaluate<'d>(
    steps: &Steps,
    rooted: usize,
    document: &'d Value,
    limits: &Limits,
) -> (Result<Found<'d>, Fault>, u64) {
    let evaluation = Evaluation { meter: Meter::new(limits), rooted: RefCell::new(vec![None; rooted]) };
    let place = Place { model: document, root: document, absent: Absent::Skipped };
    let found = evaluation.find(steps, place).and_then(|found| {
        evaluation.meter.weigh(&found)?;
        Ok(found)
    });
    (found, evaluation.meter.spent())
}

impl Evaluation<'_> {
    fn find<'d>(&self, steps: &Steps, place: Place<'d>) -> Result<Found<'d>, Fault> {
        let mut values = Vec::new();
        self.walk(&steps.steps, place, &mut values)?;
        if !steps.is_definite() {
            return Ok(Found::List(values));
        }
        values.pop().map(Found::One).ok_or(Fault::NotFound)
    }

    fn walk<'d>(&self, mut steps: &[Step], mut place: Place<'d>, values: &mut Values<'d>) -> Result<(), Fault> {
        while let Some((step, rest)) = steps.split_first() {
            self.meter.charge(1)?;
            let next = match &step.kind {
                StepKind::Name(name) => member(step, name, rest.is_empty(), place)?,
                StepKind::Index(index) => array(step, place.model)?.and_then(|items| item(items, *index)),
                _ => return self.fan_out(step, rest, place, values),
            };
            let Some(model) = next else { return Ok(()) };
            place.model = model;
            steps = rest;
        }
        values.push(Cow::Borrowed(place.model));
        Ok(())
    }

    fn fan_out<'d>(&self, step: &Step, rest: &[Step], place: Place<'d>, values: &mut Values<'d>) -> Result<(), Fault> {
        match &step.kind {
            StepKind::Name(_) | StepKind::Index(_) => Ok(()),
            StepKind::Names(names) if rest.is_empty() => {
                values.extend(self.merge(step, names, place)?.map(Cow::Owned));
                Ok(())
            }
            StepKind::Names(names) => {
                for name in names {
                    self.meter.charge(1)?;
                    if let Some(model) = member(step, name, false, place)? {
                        self.walk(rest, Place { model, ..place }, values)?;
                    }
                }
                Ok(())
            }
            StepKind::Wildcard => {
                let mut children = Children::of(place.model);
                children.try_for_each(|model| self.follow(rest, Place { model, ..place }, values))
            }
            StepKind::Scan => self.scan(rest, place, values),
            StepKind::Indexes(indexes) => {
                let Some(items) = array(step, place.model)? else { return Ok(()) };
                let chosen = indexes.iter().filter_map(|index| item(items, *index));
                chosen.into_iter().try_for_each(|model| self.follow(rest, Place { model, ..place }, values))
            }
            StepKind::Slice(slice) => {
                let Some(items) = array(step, place.model)? else { return Ok(()) };
                let mut chosen = slice.indexes(items.len()).filter_map(|index| item(items, index));
                chosen.try_for_each(|model| self.follow(rest, Place { model, ..place }, values))
            }
            StepKind::Filter(expression) => match place.model {
                Value::Object(_) if self.accepts(expression, place)? => self.walk(rest, place, values),
                Value::Object(_) => Ok(()),
                Value::Array(items) => items.iter().try_for_each(|model| {
                    let item = Place { model, ..place };
                    self.meter.charge(1)?;
                    if self.accepts(expression, item)? { self.walk(rest, item, values) } else { Ok(()) }
                }),
                _ if step.after_definite => Err(Fault::FilterOnScalar),
                _ => Ok(()),
            },
            StepKind::Function(function) => {
                let result = self.call(function, place)?;
                if rest.is_empty() {
                    values.push(Cow::Owned(result));
                    return Ok(());
                }
                let mut inner = Vec::new();
                self.walk(rest, Place { model: &result, ..place }, &mut inner)?;
                self.meter.charge_values(&inner)?;
                values.extend(inner.into_iter().map(|value| Cow::Owned(value.into_owned())));
                Ok(())
            }
        }
    }

    /// One of many: counted, because a wildcard at the end has no step of its own for each.
    fn follow<'d>(&self, rest: &[Step], place: Place<'d>, values: &mut Values<'d>) -> Result<(), Fault> {
        self.meter.charge(1)?;
        self.walk(rest, place, values)
    }

    fn merge(&self, step: &Step, names: &[String], place: Place<'_>) -> Result<Option<Value>, Fault> {
        let Some(members) = object(step, place.model)? else { return Ok(None) };
        let mut merged = Map::new();
        for name in names {
            match members.get(name) {
                Some(value) => {
                    self.meter.charge_value(value)?;
                    merged.insert(name.clone(), value.clone());
                }
                None if place.absent == Absent::Refused => return Err(Fault::NotFound),
                None => {}
            }
        }
        Ok(Some(Value::Object(merged)))
    }

    /// Tries the step after `..` at `place` and at every object and array below it, parents first.
    fn scan<'d>(&self, steps: &[Step], place: Place<'d>, values: &mut Values<'d>) -> Result<(), Fault> {
        let Some((target, after)) = steps.split_first() else { return Ok(()) };
        if !(place.model.is_object() || place.model.is_array()) {
            return Ok(());
        }
        self.scan_here(target, after, steps, place, values)?;
        let mut open = vec![Children::of(place.model)];
        while let Some(children) = open.last_mut() {
            let Some(model) = children.next() else {
                open.pop();
                continue;
            };
            self.meter.charge(1)?;
            if model.is_object() || model.is_array() {
                self.scan_here(target, after, steps, Place { model, ..place }, values)?;
                open.push(Children::of(model));
                self.meter.check_depth(open.len())?;
            }
        }
        Ok(())
    }

    fn scan_here<'d>(
        &self,
        target: &Step,
        after: &[Step],
        steps: &[Step],
        place: Place<'d>,
        values: &mut Values<'d>,
    ) -> Result<(), Fault> {
        let applies = match (&target.kind, place.model) {
            (StepKind::Name(name), Value::Object(members)) => members.contains_key(name),
            (StepKind::Names(names), Value::Object(members)) => {
                !after.is_empty() || names.iter().all(|name| members.contains_key(name))
            }
            (StepKind::Index(_) | StepKind::Indexes(_) | StepKind::Slice(_), Value::Array(_)) => true,
            (StepKind::Wildcard, _) => true,
            (StepKind::Filter(expression), _) => self.accepts(expression, place)?,
            _ => false,
        };
        if applies { self.walk(steps, place, values) } else { Ok(()) }
    }
}

/// The values in an array or an object; nothing in anything else.
enum Children<'d> {
    Items(std::slice::Iter<'d, Value>),
    Members(serde_json::map::Values<'d>),
    Nothing,
}

impl<'d> Children<'d> {
    fn of(model: &'d Value) -> Children<'d> {
        match model {
            Value::Array(items) => Children::Items(items.iter()),
            Value::Object(members) => Children::Members(members.values()),
            _ => Children::Nothing,
        }
    }
}

impl<'d> Iterator for Children<'d> {
    type Item = &'d Value;

    fn next(&mut self) -> Option<&'d Value> {
        match self {
            Children::Items(items) => items.next(),
            Children::Members(members) => members.next(),
            Children::Nothing => None,
        }
    }
}

impl Slice {
    /// The indexes that a slice names, negative ones counted from the end by whoever reads the item. A slice with both ends
    /// counts from its first to its second number as they stand, as Jayway does: `[0:-1]` is empty.
    fn indexes(self, length: usize) -> std::ops::Range<i32> {
        let length = i32::try_from(length).unwrap_or(i32::MAX);
        match self {
            Slice::From(from) if from < 0 => length.saturating_add(from).max(0)..length,
            Slice::From(from) => from..length,
            Slice::To(to) if to < 0 => 0..length.saturating_add(to),
            Slice::To(to) => 0..to.min(length),
            // What lies before -length names nothing.
            Slice::Between(from, to) => from.max(-length)..to.min(length),
        }
    }
}

/// The members of an object. Anything else is an error on a definite path, and nothing on another.
fn object<'d>(step: &Step, model: &'d Value) -> Result<Option<&'d Map<String, Value>>, Fault> {
    match model {
        Value::Object(members) => Ok(Some(members)),
        _ if step.after_definite => Err(Fault::NotFound),
        _ => Ok(None),
    }
}

/// The items of an array, as [`object`].
fn array<'d>(step: &Step, model: &'d Value) -> Result<Option<&'d [Value]>, Fault> {
    match model {
        Value::Array(items) => Ok(Some(items)),
        _ if step.after_definite => Err(Fault::NotFound),
        _ => Ok(None),
    }
}

fn member<'d>(step: &Step, name: &str, at_end: bool, place: Place<'d>) -> Result<Option<&'d Value>, Fault> {
    let Some(members) = object(step, place.model)? else { return Ok(None) };
    let named_alone = matches!(step.kind, StepKind::Name(_));
    match members.get(name) {
        Some(value) => Ok(Some(value)),
        None if place.absent == Absent::Refused => Err(Fault::NotFound),
        None if !at_end && named_alone && step.after_definite => Err(Fault::NotFound),
        None => Ok(None),
    }
}

fn item(items: &[Value], index: i32) -> Option<&Value> {
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 { items.get(items.len().checked_sub(from_end)?) } else { items.get(from_end) }
}
