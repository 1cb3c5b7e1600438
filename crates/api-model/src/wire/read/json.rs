//! Values that travel in a JSON body.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::Problems;
use crate::error::{ApiError, ApiResult};
use crate::wire::checks::{Checked, Rule};
use crate::wire::path::Path;

/// A type that a JSON value stands for.
pub(crate) trait FromJson: Sized {
    /// For a closed set of strings: what messages say about a value outside it. A list of such a type is refused as a whole.
    const SET: Option<&'static str> = None;

    /// Reads `json`, which stood at `at`; `None` after recording a problem.
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self>;
}

/// The body as an object. No body at all is an empty one.
pub(super) fn parse_body(body: &[u8]) -> ApiResult<Map<String, Value>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(other) => Err(ApiError::serialization(format!("The request body must be a JSON object, not {}", kind(&other)))),
        Err(error) => Err(ApiError::serialization(format!("The request body is not valid JSON: {error}"))),
    }
}

/// An object being taken apart. What is left in it at the end is unknown to the model and ignored, as AWS ignores it.
pub(crate) struct Members<'a> {
    map: &'a mut Map<String, Value>,
    at: &'a Path<'a>,
    problems: &'a mut Problems,
}

impl<'a> Members<'a> {
    /// The members of `map`, which stood at `at`.
    pub(crate) fn new(map: &'a mut Map<String, Value>, at: &'a Path<'a>, problems: &'a mut Problems) -> Self {
        Self { map, at, problems }
    }

    /// A member that may be absent; JSON's null is absent.
    pub(crate) fn optional<T: FromJson>(&mut self, wire: &str) -> Option<Option<T>> {
        match self.map.get_mut(wire).map(Value::take) {
            None | Some(Value::Null) => Some(None),
            Some(json) => T::from_json(json, &Path::Member(self.at, wire), self.problems).map(Some),
        }
    }

    /// A member that must be there.
    pub(crate) fn required<T: FromJson>(&mut self, wire: &str) -> Option<T> {
        let value = self.optional(wire)?;
        if value.is_none() {
            self.problems.missing(&Path::Member(self.at, wire));
        }
        value
    }

    /// An optional member with constraints.
    pub(crate) fn optional_checked<T: FromJson + Checked>(&mut self, wire: &str, rules: &[Rule]) -> Option<Option<T>> {
        let value: Option<T> = self.optional(wire)?;
        Some(value.map(|value| self.problems.check(value, &Path::Member(self.at, wire), rules)))
    }

    /// A required member with constraints.
    pub(crate) fn required_checked<T: FromJson + Checked>(&mut self, wire: &str, rules: &[Rule]) -> Option<T> {
        let value: T = self.required(wire)?;
        Some(self.problems.check(value, &Path::Member(self.at, wire), rules))
    }
}

/// The object that a structure is, or `None` after recording that it is none.
pub(crate) fn object(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Map<String, Value>> {
    match json {
        Value::Object(members) => Some(members),
        other => wrong_type("an object", &other, at, problems),
    }
}

/// The string that a value of a closed set is.
pub(crate) fn string(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<String> {
    match json {
        Value::String(text) => Some(text),
        other => wrong_type("a string", &other, at, problems),
    }
}

/// Records that `found` is not of the type it should be.
pub(crate) fn wrong_type<T>(expected: &str, found: &Value, at: &Path<'_>, problems: &mut Problems) -> Option<T> {
    problems.fault(ApiError::serialization(format!("Member '{at}' must be {expected}, not {}", kind(found))));
    None
}

fn kind(json: &Value) -> &'static str {
    match json {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

impl FromJson for String {
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        string(json, at, problems)
    }
}

impl FromJson for bool {
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        json.as_bool().or_else(|| wrong_type("a boolean", &json, at, problems))
    }
}

impl FromJson for i32 {
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        whole(&json).or_else(|| wrong_type("a 32-bit integer", &json, at, problems))
    }
}

impl FromJson for f64 {
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        json.as_f64().or_else(|| wrong_type("a number", &json, at, problems))
    }
}

/// An integer, also when it is written as a float without a fraction: `1.0`.
#[allow(clippy::cast_possible_truncation, reason = "the float is whole and inside the range, checked just before")]
fn whole(json: &Value) -> Option<i32> {
    if let Some(integer) = json.as_i64() {
        return i32::try_from(integer).ok();
    }
    let float = json.as_f64().filter(|float| float.fract() == 0.0)?;
    (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&float).then_some(float as i32)
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        T::from_json(json, at, problems).map(Self::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        let elements = match json {
            Value::Array(elements) => elements,
            other => return wrong_type("an array", &other, at, problems),
        };
        match T::SET {
            Some(set) => read_set(elements, set, at, problems),
            None => read_elements(elements, at, problems),
        }
    }
}

/// Every element is read even after one failed, so that all violations are found.
fn read_elements<T: FromJson>(elements: Vec<Value>, at: &Path<'_>, problems: &mut Problems) -> Option<Vec<T>> {
    let mut values = Some(Vec::with_capacity(elements.len()));
    for (index, element) in elements.into_iter().enumerate() {
        let place = Path::Element(at, index);
        let value = if element.is_null() {
            problems.missing(&place);
            None
        } else {
            T::from_json(element, &place, problems)
        };
        match (&mut values, value) {
            (Some(values), Some(value)) => values.push(value),
            _ => values = None,
        }
    }
    values
}

/// A list of a closed set is one violation, which shows the whole list.
fn read_set<T: FromJson>(elements: Vec<Value>, set: &str, at: &Path<'_>, problems: &mut Problems) -> Option<Vec<T>> {
    let mut texts = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        texts.push(string(element, &Path::Element(at, index), problems)?);
    }
    let mut aside = Problems::default();
    let values: Option<Vec<T>> = texts.iter().map(|text| T::from_json(Value::String(text.clone()), at, &mut aside)).collect();
    if values.is_none() {
        problems.violation(|| format!("'[{}]'", texts.join(", ")), at, &format_args!("Member must satisfy constraint: [{set}]"));
    }
    values
}

impl<T: FromJson> FromJson for IndexMap<String, T> {
    fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {
        let mut values = Some(Self::new());
        for (key, json) in object(json, at, problems)?.into_iter().filter(|(_, json)| !json.is_null()) {
            let value = T::from_json(json, &Path::Entry(at, &key), problems);
            match (&mut values, value) {
                (Some(values), Some(value)) => drop(values.insert(key, value)),
                _ => values = None,
            }
        }
        values
    }
}
