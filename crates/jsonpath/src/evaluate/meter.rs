//! Counting work and weighing results.

use super::Children;
use crate::error::{Fault, Limit};
use crate::found::Found;
use crate::limits::Limits;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::Cell;

/// How much text is one step.
const TEXT_BYTES_PER_STEP: usize = 16;

pub(super) struct Meter<'l> {
    limits: &'l Limits,
    steps: Cell<u64>,
}

impl<'l> Meter<'l> {
    pub(super) fn new(limits: &'l Limits) -> Meter<'l> {
        Meter { limits, steps: Cell::new(0) }
    }

    /// The steps so far.
    pub(super) fn spent(&self) -> u64 {
        self.steps.get()
    }

    pub(super) fn charge(&self, steps: usize) -> Result<(), Fault> {
        let spent = self.steps.get().saturating_add(steps as u64);
        self.steps.set(spent);
        if spent > self.limits.steps_max { Err(Fault::Limit(Limit::Steps)) } else { Ok(()) }
    }

    pub(super) fn charge_text(&self, bytes: usize) -> Result<(), Fault> {
        self.charge(1 + bytes / TEXT_BYTES_PER_STEP)
    }

    /// Charges what copying `value` costs, and makes sure that it may be copied.
    pub(super) fn charge_value(&self, value: &Value) -> Result<(), Fault> {
        let bytes = self.measure(value, self.limits.result_bytes_max)?;
        self.charge_text(bytes)
    }

    pub(super) fn charge_values(&self, values: &[Cow<'_, Value>]) -> Result<(), Fault> {
        values.iter().try_for_each(|value| self.charge_value(value))
    }

    pub(super) fn check_depth(&self, depth: usize) -> Result<(), Fault> {
        if depth > self.limits.depth_max { Err(Fault::Limit(Limit::Depth)) } else { Ok(()) }
    }

    /// Refuses a result that could not be copied out. One place of the document is as large as the document allows.
    pub(super) fn weigh(&self, found: &Found<'_>) -> Result<(), Fault> {
        match found {
            Found::One(Cow::Borrowed(value)) => self.measure(value, usize::MAX).map(drop),
            Found::One(Cow::Owned(value)) => self.measure(value, self.limits.result_bytes_max).map(drop),
            Found::List(values) => {
                let mut left = self.limits.result_bytes_max;
                for value in values {
                    left -= self.measure(value, left)?;
                }
                Ok(())
            }
        }
    }

    /// About the length of `value` as JSON text, which is no more than `bytes_max`.
    fn measure(&self, value: &Value, bytes_max: usize) -> Result<usize, Fault> {
        let mut bytes = own_bytes(value);
        let mut open = vec![Children::of(value)];
        while let Some(children) = open.last_mut() {
            if bytes > bytes_max {
                return Err(Fault::Limit(Limit::ResultBytes));
            }
            let Some(child) = children.next() else {
                open.pop();
                continue;
            };
            bytes = bytes.saturating_add(own_bytes(child));
            if child.is_array() || child.is_object() {
                open.push(Children::of(child));
                self.check_depth(open.len())?;
            }
        }
        if bytes > bytes_max { Err(Fault::Limit(Limit::ResultBytes)) } else { Ok(bytes) }
    }
}

/// The text of a value without what it holds, a comma included.
fn own_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
        Value::String(text) => text.len() + 3,
        Value::Array(_) => 3,
        Value::Object(members) => 3 + members.keys().map(|name| name.len() + 3).sum::<usize>(),
    }
}
