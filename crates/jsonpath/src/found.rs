//! The result of an evaluation.

use serde_json::Value;
use std::borrow::Cow;

/// What a path found: parts of the document are borrowed, what a function computed is owned.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'d> {
    /// The value of a definite path.
    One(Cow<'d, Value>),
    /// What an indefinite path found, in document order, as Jayway walks it.
    List(Vec<Cow<'d, Value>>),
}

impl Found<'_> {
    /// The value, or an array of the values; their sum is within the limits of the evaluation.
    pub fn into_value(self) -> Value {
        match self {
            Found::One(value) => value.into_owned(),
            Found::List(values) => Value::Array(values.into_iter().map(Cow::into_owned).collect()),
        }
    }
}
