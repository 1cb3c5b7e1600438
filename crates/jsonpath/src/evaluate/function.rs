//! The functions.
//!
//! Jayway computes with doubles, so every aggregate is one: the sum of `[1,2]` is `3.0`.

use super::{Absent, Evaluation, Place};
use crate::ast::{Argument, Function, FunctionName};
use crate::decimal::java_text;
use crate::error::Fault;
use serde_json::{Number, Value};
use std::borrow::Cow;

impl Evaluation<'_> {
    pub(super) fn call(&self, function: &Function, place: Place<'_>) -> Result<Value, Fault> {
        let model = place.model;
        match function.name {
            FunctionName::Average => self.aggregate(function, place, |numbers| sum(numbers) / numbers.len() as f64),
            FunctionName::Sum => self.aggregate(function, place, sum),
            FunctionName::Min => self.aggregate(function, place, |numbers| numbers.iter().copied().fold(f64::MAX, f64::min)),
            FunctionName::Max => self.aggregate(function, place, |numbers| numbers.iter().copied().fold(f64::MIN, f64::max)),
            FunctionName::StandardDeviation => self.aggregate(function, place, standard_deviation),
            FunctionName::Length => self.length(function, place),
            FunctionName::Keys => self.keys(model),
            FunctionName::Concat => self.concat(function, place),
            FunctionName::Append => self.append(function, place),
            FunctionName::First => self.element(model, 0),
            FunctionName::Last => self.element(model, -1),
            FunctionName::Index => {
                let numbers = self.numbers(function, Place { model: &Value::Null, ..place })?;
                let Some(index) = numbers.first() else {
                    return Err(Fault::Function("index needs a number".to_owned()));
                };
                // `as` truncates and saturates, as `Number.intValue` truncates.
                self.element(model, *index as i64)
            }
        }
    }

    fn aggregate(&self, function: &Function, place: Place<'_>, compute: impl Fn(&[f64]) -> f64) -> Result<Value, Fault> {
        let numbers = self.numbers(function, place)?;
        if numbers.is_empty() {
            return Err(Fault::Function("an aggregate needs at least one number".to_owned()));
        }
        let result = Number::from_f64(compute(&numbers));
        result.map(Value::Number).ok_or_else(|| Fault::Function("the result is too large for a number".to_owned()))
    }

    /// The numbers in the model if that is an array, then those in the arguments; everything else is passed over.
    fn numbers(&self, function: &Function, place: Place<'_>) -> Result<Vec<f64>, Fault> {
        let mut numbers = Vec::new();
        let mut take = |values: &[Value]| -> Result<(), Fault> {
            self.meter.charge(values.len())?;
            numbers.extend(values.iter().filter_map(Value::as_f64));
            Ok(())
        };
        if let Value::Array(items) = place.model {
            take(items)?;
        }
        for argument in &function.arguments {
            match self.argument(argument, place)?.as_ref() {
                Value::Array(items) => take(items)?,
                scalar => take(std::slice::from_ref(scalar))?,
            }
        }
        Ok(numbers)
    }

    /// An argument's path starts at the document's root, whatever the function is applied to.
    fn argument<'a>(&self, argument: &'a Argument, place: Place<'a>) -> Result<Cow<'a, Value>, Fault> {
        match argument {
            Argument::Json(value) => Ok(Cow::Borrowed(value)),
            Argument::Path(path) => {
                let root = Place { model: place.root, root: place.root, absent: Absent::Skipped };
                match self.find(path, root)? {
                    crate::Found::One(value) => Ok(value),
                    list @ crate::Found::List(_) => {
                        if let crate::Found::List(values) = &list {
                            self.meter.charge_values(values)?;
                        }
                        Ok(Cow::Owned(list.into_value()))
                    }
                }
            }
        }
    }

    /// How many items or members there are; null for anything else, a text included.
    fn length(&self, function: &Function, place: Place<'_>) -> Result<Value, Fault> {
        if let Some(Argument::Path(path)) = function.arguments.first() {
            // Unlike other arguments, this path starts where the function stands.
            let counted = match self.find(path, Place { root: place.model, absent: Absent::Skipped, ..place })? {
                crate::Found::List(values) => Some(values.len()),
                crate::Found::One(value) => value.as_array().map(Vec::len),
            };
            if let Some(count) = counted {
                return Ok(Value::from(count));
            }
        }
        Ok(match place.model {
            Value::Array(items) => Value::from(items.len()),
            Value::Object(members) => Value::from(members.len()),
            _ => Value::Null,
        })
    }

    fn keys(&self, model: &Value) -> Result<Value, Fault> {
        let Value::Object(members) = model else { return Ok(Value::Null) };
        self.meter.charge_text(members.keys().map(String::len).sum())?;
        self.meter.charge(members.len())?;
        Ok(Value::Array(members.keys().cloned().map(Value::String).collect()))
    }

    /// The texts of an array, then the arguments: texts, and whatever stands in a list.
    fn concat(&self, function: &Function, place: Place<'_>) -> Result<Value, Fault> {
        let mut out = String::new();
        if let Value::Array(items) = place.model {
            for text in items.iter().filter_map(Value::as_str) {
                self.meter.charge_text(text.len())?;
                out.push_str(text);
            }
        }
        for argument in &function.arguments {
            match self.argument(argument, place)?.as_ref() {
                Value::String(text) => {
                    self.meter.charge_text(text.len())?;
                    out.push_str(text);
                }
                Value::Array(items) => {
                    for item in items.iter().filter(|item| !item.is_null()) {
                        self.meter.charge_value(item)?;
                        out.push_str(&text_of(item));
                    }
                }
                _ => {}
            }
        }
        Ok(Value::String(out))
    }

    /// The array with the arguments at its end; anything else as it is. Jayway changes the document, this does not.
    fn append(&self, function: &Function, place: Place<'_>) -> Result<Value, Fault> {
        self.meter.charge_value(place.model)?;
        let Value::Array(items) = place.model else { return Ok(place.model.clone()) };
        let mut items = items.clone();
        for argument in &function.arguments {
            let value = self.argument(argument, place)?;
            self.meter.charge_value(&value)?;
            items.push(value.into_owned());
        }
        Ok(Value::Array(items))
    }

    fn element(&self, model: &Value, index: i64) -> Result<Value, Fault> {
        let Value::Array(items) = model else {
            return Err(Fault::Function("first, last and index need an array".to_owned()));
        };
        let length = items.len() as i64;
        let at = if index < 0 { length.saturating_add(index) } else { index };
        let Some(found) = usize::try_from(at).ok().and_then(|at| items.get(at)) else {
            return Err(Fault::Function(format!("the array has no element {index}, its length is {length}")));
        };
        self.meter.charge_value(found)?;
        Ok(found.clone())
    }
}

fn sum(numbers: &[f64]) -> f64 {
    numbers.iter().sum()
}

/// Of the whole population. Rounding can make the variance of equal numbers negative, where Java has no number.
fn standard_deviation(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let squares: f64 = numbers.iter().map(|number| number * number).sum();
    let sum = sum(numbers);
    (squares / count - sum * sum / count / count).max(0.0).sqrt()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => java_text(number),
        other => other.to_string(),
    }
}
