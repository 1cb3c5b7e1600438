//! The Java methods and properties of values.
//!
//! A method that is not there for the arguments it gets is no error: Velocity goes on with null. One that is there and fails
//! ends the rendering, as an exception does.

mod character;
mod format;
mod list;
mod map;
mod number;
mod regex;
mod scope;
mod string;
mod utf16;

pub(crate) use self::regex::{Patterns, Precompiled};

use crate::error::Limit;
use crate::heap::NoNext;
use crate::java::Failed;
use crate::value::{Value, View};
use crate::{Heap, Number};

/// Why a method that exists gave no result.
#[derive(Debug)]
pub(crate) enum Failure {
    Limit(Limit),
    /// `ConcurrentModificationException`.
    Changed,
    /// Any other exception, in words.
    Thrown(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Limit(limit) => write!(f, "{limit}"),
            Self::Changed => write!(f, "{}", crate::ErrorKind::ConcurrentModification),
            Self::Thrown(reason) => f.write_str(reason),
        }
    }
}

/// The result, or `None` if there is no such method. Methods without a result give the empty string, as in Velocity.
pub(crate) type Outcome = Result<Option<Value>, Failure>;

impl From<Limit> for Failure {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Limit(limit) => Self::Limit(limit),
            Failed::Object(error) => Self::Thrown(error.0),
        }
    }
}

impl From<crate::ObjectError> for Failure {
    fn from(error: crate::ObjectError) -> Self {
        Self::Thrown(error.0)
    }
}

impl From<NoNext> for Failure {
    fn from(error: NoNext) -> Self {
        match error {
            NoNext::Changed => Self::Changed,
            NoNext::AtEnd => thrown("there is no next item"),
        }
    }
}

fn thrown(reason: impl Into<String>) -> Failure {
    Failure::Thrown(reason.into())
}

fn some(value: impl Into<Value>) -> Outcome {
    Ok(Some(value.into()))
}

/// The result of a `void` method.
fn void() -> Outcome {
    some("")
}

/// An argument for a parameter of type `int`.
fn int(value: &Value) -> Option<i32> {
    match value {
        Value::Number(Number::Int(value)) => Some(*value),
        _ => None,
    }
}

/// The value of `$value.name`.
pub(crate) fn property(heap: &mut Heap, value: &Value, name: &str) -> Outcome {
    match value {
        // A key may have any name, also that of a getter.
        Value::Map(id) => Ok(heap.map_of(*id).entries.get(&crate::value::TextKey(name)).cloned()),
        Value::Object(object) => Ok(object.clone().property(name, heap)?),
        Value::Scope(id) => scope::property(heap, *id, name),
        Value::Null => Ok(None),
        // The methods of an array are Velocity's, not its own, and are no properties.
        Value::List(id) if heap.list_of(*id).style == crate::heap::ListStyle::Array => Ok(None),
        _ => getter(heap, value, name),
    }
}

/// `getName()`, else `isName()`.
fn getter(heap: &mut Heap, value: &Value, name: &str) -> Outcome {
    let mut letters = name.chars();
    let Some(first) = letters.next() else { return Ok(None) };
    let capital = format!("{}{}", first.to_ascii_uppercase(), letters.as_str());
    if let Some(found) = call(heap, value, &format!("get{capital}"), &[])? {
        return Ok(Some(found));
    }
    match call(heap, value, &format!("is{capital}"), &[])? {
        Some(Value::Bool(found)) => some(found),
        _ => Ok(None),
    }
}

/// The result of `$value.name(arguments)`.
pub(crate) fn call(heap: &mut Heap, value: &Value, name: &str, arguments: &[Value]) -> Outcome {
    let own = match value {
        Value::Text(text) => string::call(heap, text, name, arguments)?,
        Value::Number(number) => self::number::call(heap, number, name, arguments)?,
        Value::Bool(value) => self::number::call_bool(*value, name, arguments)?,
        Value::Char(unit) => character::call(*unit, name, arguments)?,
        Value::List(id) => list::call(heap, *id, name, arguments)?,
        Value::Map(id) => map::call(heap, *id, name, arguments)?,
        Value::View(id, view) => map::call_view(heap, *id, *view, name, arguments)?,
        Value::Entry(id, key) => map::call_entry(heap, *id, key, name, arguments)?,
        Value::Iterator(id) => list::call_iterator(heap, *id, name, arguments)?,
        Value::Scope(id) => scope::call(heap, *id, name, arguments)?,
        Value::Object(object) => return call_object(heap, object, name, arguments),
        Value::Null | Value::Block(_) => None,
    };
    match own {
        Some(result) => Ok(Some(result)),
        None => call_any(heap, value, name, arguments),
    }
}

/// An object that has no `get` of its own is indexed by its properties.
fn call_object(heap: &mut Heap, object: &std::sync::Arc<dyn crate::TemplateObject>, name: &str, arguments: &[Value]) -> Outcome {
    if let Some(result) = object.call(name, arguments, heap)? {
        return Ok(Some(result));
    }
    match (name, arguments) {
        ("get", [Value::Text(property)]) => Ok(object.property(property, heap)?),
        ("toString", []) => some(object.print(heap)?),
        _ => Ok(None),
    }
}

/// What every object can do. `getClass` is not here, on purpose.
fn call_any(heap: &mut Heap, value: &Value, name: &str, arguments: &[Value]) -> Outcome {
    match (name, arguments) {
        ("toString", []) => {
            let mut text = String::new();
            heap.print(value, &mut text)?;
            heap.meter.allocate(text.len())?;
            some(text)
        }
        ("equals", [other]) => some(heap.equals(value, other)?),
        // Comparing with another class, or with null, is an exception.
        ("compareTo", [_]) if is_comparable(value) => Err(thrown("its argument is of another class")),
        ("hashCode", []) => some(Number::Int(heap.java_hash(value)?)),
        _ => Ok(None),
    }
}

fn is_comparable(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Char(_) | Value::Number(_) | Value::Bool(_))
}

/// What can be gone through: an argument of type `Collection` or `Iterable`.
fn collection(value: &Value) -> Option<crate::heap::Source> {
    use crate::heap::Source;
    match value {
        Value::List(id) => Some(Source::List(*id)),
        Value::View(id, view @ (View::Keys | View::Values | View::Entries)) => Some(Source::View(*id, *view)),
        _ => None,
    }
}
