//! Writing JSON as AWS's library does for `$input.json`: as short as can be, members in their order, numbers as Java prints them.

use std::fmt::Write as _;

use postern_jsonpath::Found;
use postern_velocity::{Heap, ListStyle, Number, ObjectError, Value as Live};
use serde_json::Value;

use super::Json;

/// Values that are made before it is looked whether there may be more.
const VALUES_PER_CHECK: usize = 64;

impl Json {
    /// What a path found in this document, as JSON text.
    pub(crate) fn json_text(&self, found: &Found<'_>) -> String {
        let mut out = String::new();
        match found {
            Found::One(value) => self.write(value, &mut out),
            Found::List(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    self.write(value, &mut out);
                }
                out.push(']');
            }
        }
        out
    }

    /// The same for a parameter: strings without quotes.
    pub(crate) fn plain_text(&self, found: &Found<'_>) -> String {
        match found {
            Found::One(value) if value.is_string() => value.as_str().unwrap_or_default().to_owned(),
            found => self.json_text(found),
        }
    }

    fn write(&self, value: &Value, out: &mut String) {
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(_) => self.write_number(value, out),
            Value::String(text) => quote(text, out),
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    self.write(item, out);
                }
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                for (index, (name, member)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    quote(name, out);
                    out.push(':');
                    self.write(member, out);
                }
                out.push('}');
            }
        }
    }

    fn write_number(&self, value: &Value, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match (self.number(value), value) {
            (Some(number), _) => write!(out, "{number}"),
            (None, value) => write!(out, "{}", self.exact(value).map_or_else(|| value.to_string(), str::to_owned)),
        };
    }

    /// A number as Java has it; `None` for one that is too long, or too large, to be computed with.
    fn number(&self, value: &Value) -> Option<Number> {
        if let Some(text) = self.exact(value) {
            return Number::parse_json(text).filter(|number| !matches!(number, Number::Double(double) if double.is_infinite()));
        }
        let Value::Number(number) = value else { return None };
        if let Some(integer) = number.as_i64() {
            return Some(i32::try_from(integer).map_or(Number::Long(integer), Number::Int));
        }
        match number.as_u64() {
            Some(integer) => Number::parse_integer(&integer.to_string()),
            None => number.as_f64().map(Number::Double),
        }
    }

    /// What a path found, as values of a template: maps print as Java's, arrays as JSON (reported from AWS).
    pub(in crate::mapping_template) fn live(&self, found: &Found<'_>, heap: &mut Heap) -> Result<Live, ObjectError> {
        match found {
            Found::One(value) => self.live_value(value, heap),
            Found::List(values) => {
                let values = self.live_values(values.iter().map(|value| &**value), heap)?;
                Ok(heap.list(values, ListStyle::Json))
            }
        }
    }

    fn live_value(&self, value: &Value, heap: &mut Heap) -> Result<Live, ObjectError> {
        Ok(match value {
            Value::Null => Live::Null,
            Value::Bool(value) => Live::Bool(*value),
            Value::Number(_) => match self.number(value) {
                Some(number) => Live::Number(number),
                None => Live::text(self.exact(value).unwrap_or_default()),
            },
            Value::String(text) => {
                heap.charge_bytes(text.len());
                Live::text(text.as_str())
            }
            Value::Array(items) => {
                let items = self.live_values(items.iter(), heap)?;
                heap.list(items, ListStyle::Json)
            }
            Value::Object(members) => {
                let map = heap.map::<&str>([]);
                for (index, (name, member)) in members.iter().enumerate() {
                    check(index, heap)?;
                    let member = self.live_value(member, heap)?;
                    heap.charge_bytes(name.len());
                    heap.insert(&map, name, member);
                }
                map
            }
        })
    }

    fn live_values<'v>(&self, values: impl Iterator<Item = &'v Value>, heap: &mut Heap) -> Result<Vec<Live>, ObjectError> {
        let mut live = Vec::new();
        for (index, value) in values.enumerate() {
            check(index, heap)?;
            live.push(self.live_value(value, heap)?);
        }
        Ok(live)
    }
}

/// Ends the making of more values than the rendering may have.
fn check(index: usize, heap: &mut Heap) -> Result<(), ObjectError> {
    heap.charge_work(1);
    match heap.work_left() {
        0 if index.is_multiple_of(VALUES_PER_CHECK) => {
            Err(ObjectError("the values of the body are more than is allowed for one rendering".to_owned()))
        }
        _ => Ok(()),
    }
}

/// What must be escaped and, as AWS's library does, control characters and U+2000 to U+20FF by number; slashes stay.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2000}'..='\u{20ff}' => drop(write!(out, "\\u{:04X}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
}
