//! What every Java object can do: `toString`, `equals`, `hashCode`.

use std::fmt::Write as _;

use crate::Heap;
use crate::error::Limit;
use crate::heap::{ListStyle, Source};
use crate::value::{Value, View, is_identical};

/// What ends a comparison or printing early.
#[derive(Debug)]
pub(crate) enum Failed {
    Limit(Limit),
    Object(crate::ObjectError),
}

impl From<Limit> for Failed {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl From<crate::ObjectError> for Failed {
    fn from(error: crate::ObjectError) -> Self {
        Self::Object(error)
    }
}

/// What an object without a `toString` of its own prints after its class; in Java it differs from run to run.
const IDENTITY: &str = "@1";

impl Heap {
    /// Appends `toString()` of a value; `null` prints as `null`.
    pub(crate) fn print(&mut self, value: &Value, out: &mut String) -> Result<(), Failed> {
        self.print_nested(value, out, 0)
    }

    fn print_nested(&mut self, value: &Value, out: &mut String, depth: u32) -> Result<(), Failed> {
        let before = out.len();
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(crate::Number::Int(value)) => drop(write!(out, "{value}")),
            Value::Number(number) => drop(write!(out, "{number}")),
            Value::Text(text) => out.push_str(text),
            Value::Char(unit) => out.extend(char::decode_utf16([*unit]).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))),
            Value::List(id) => match self.list_of(*id).style {
                ListStyle::Java => self.print_items(&Source::List(*id), value, out, depth)?,
                ListStyle::Json => self.print_json(value, out, depth)?,
                ListStyle::Array => drop(write!(out, "[L{};{IDENTITY}", self.array_class(*id))),
            },
            Value::Map(id) => self.print_map(*id, value, out, depth)?,
            Value::View(id, view) => self.print_items(&Source::View(*id, *view), value, out, depth)?,
            Value::Entry(id, key) => {
                let item = self.entry_value(*id, key);
                self.nest(depth)?;
                self.print_nested(key, out, depth + 1)?;
                out.push('=');
                self.print_nested(&item, out, depth + 1)?;
            }
            Value::Iterator(_) => drop(write!(out, "java.util.Iterator{IDENTITY}")),
            Value::Object(object) => out.push_str(&object.clone().print(self)?),
            // Only the renderer can render it; inside a collection it is nothing.
            Value::Block(_) => {}
            Value::Scope(id) => self.print_map(self.scope(*id).variables, value, out, depth)?,
        }
        let length = out.len() - before;
        if depth == 0 {
            self.meter.read_bytes(length)?;
        }
        Ok(())
    }

    fn nest(&mut self, depth: u32) -> Result<(), Limit> {
        self.meter.step()?;
        if depth >= self.meter.nesting_max { Err(Limit::Nesting) } else { Ok(()) }
    }

    /// The most that is printed before it is charged.
    fn charge_output(&mut self, out: &str) -> Result<(), Limit> {
        self.meter.check_text(out.len())
    }

    fn print_items(&mut self, source: &Source, this: &Value, out: &mut String, depth: u32) -> Result<(), Failed> {
        self.nest(depth)?;
        out.push('[');
        for index in 0..self.length(source) {
            if index > 0 {
                out.push_str(", ");
            }
            let item = self.at(source, index);
            if is_identical(&item, this) {
                out.push_str("(this Collection)");
            } else {
                self.print_nested(&item, out, depth + 1)?;
            }
            self.meter.step()?;
            self.charge_output(out)?;
        }
        out.push(']');
        Ok(())
    }

    fn print_map(&mut self, id: crate::value::MapId, this: &Value, out: &mut String, depth: u32) -> Result<(), Failed> {
        self.nest(depth)?;
        out.push('{');
        for index in 0..self.map_of(id).entries.len() {
            if index > 0 {
                out.push_str(", ");
            }
            let key = self.at(&Source::View(id, View::Keys), index);
            let item = self.at(&Source::View(id, View::Values), index);
            for (part, separator) in [(key, "="), (item, "")] {
                if is_identical(&part, this) {
                    out.push_str("(this Map)");
                } else {
                    self.print_nested(&part, out, depth + 1)?;
                }
                out.push_str(separator);
            }
            self.meter.step()?;
            self.charge_output(out)?;
        }
        out.push('}');
        Ok(())
    }

    /// As the JSON library writes it, slashes escaped.
    fn print_json(&mut self, value: &Value, out: &mut String, depth: u32) -> Result<(), Failed> {
        match value {
            Value::Text(text) => quote_json(text, out),
            Value::Number(crate::Number::Double(number)) if !number.is_finite() => out.push_str("null"),
            Value::List(id) => self.print_json_items(&Source::List(*id), out, depth)?,
            Value::View(id, view) => self.print_json_items(&Source::View(*id, *view), out, depth)?,
            Value::Map(id) => {
                self.nest(depth)?;
                out.push('{');
                for index in 0..self.map_of(*id).entries.len() {
                    if index > 0 {
                        out.push(',');
                    }
                    let mut key = String::new();
                    let key_value = self.at(&Source::View(*id, View::Keys), index);
                    self.print_nested(&key_value, &mut key, depth + 1)?;
                    quote_json(&key, out);
                    out.push(':');
                    let item = self.at(&Source::View(*id, View::Values), index);
                    self.print_json(&item, out, depth + 1)?;
                    self.meter.step()?;
                    self.charge_output(out)?;
                }
                out.push('}');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => self.print_nested(value, out, depth + 1)?,
            other => {
                let mut text = String::new();
                self.print_nested(other, &mut text, depth + 1)?;
                quote_json(&text, out);
            }
        }
        Ok(())
    }

    fn print_json_items(&mut self, source: &Source, out: &mut String, depth: u32) -> Result<(), Failed> {
        self.nest(depth)?;
        out.push('[');
        for index in 0..self.length(source) {
            if index > 0 {
                out.push(',');
            }
            let item = self.at(source, index);
            self.print_json(&item, out, depth + 1)?;
            self.meter.step()?;
            self.charge_output(out)?;
        }
        out.push(']');
        Ok(())
    }

    fn array_class(&self, id: crate::value::ListId) -> &'static str {
        let is_text = self.list_of(id).items.iter().all(|item| matches!(item, Value::Text(_)));
        if is_text { "java.lang.String" } else { "java.lang.Object" }
    }

    /// The value that an entry has now.
    pub(crate) fn entry_value(&self, id: crate::value::MapId, key: &Value) -> Value {
        self.map_of(id).entries.get(&crate::value::Key(key.clone())).cloned().unwrap_or_default()
    }

    /// `a.equals(b)`: collections by their items, numbers by kind and value.
    pub(crate) fn equals(&mut self, a: &Value, b: &Value) -> Result<bool, Limit> {
        self.equals_nested(a, b, 0)
    }

    fn equals_nested(&mut self, a: &Value, b: &Value, depth: u32) -> Result<bool, Limit> {
        self.nest(depth)?;
        match (a, b) {
            (Value::Text(a), Value::Text(b)) => {
                self.meter.read_bytes(a.len().min(b.len()))?;
                Ok(a == b)
            }
            (Value::Number(a), Value::Number(b)) => Ok(a.equals(b)),
            (Value::List(a), Value::List(b)) if a != b => {
                if [a, b].iter().any(|id| self.list_of(**id).style == ListStyle::Array) {
                    return Ok(false);
                }
                self.items_equal(&Source::List(*a), &Source::List(*b), depth)
            }
            (Value::View(a, view), Value::View(b, other)) if view == other && a != b => {
                self.items_equal(&Source::View(*a, *view), &Source::View(*b, *view), depth)
            }
            (Value::Map(a), Value::Map(b)) if a != b => {
                if self.map_of(*a).entries.len() != self.map_of(*b).entries.len() {
                    return Ok(false);
                }
                for index in 0..self.map_of(*a).entries.len() {
                    let key = self.at(&Source::View(*a, View::Keys), index);
                    let item = self.at(&Source::View(*a, View::Values), index);
                    let Some(other) = self.map_of(*b).entries.get(&crate::value::Key(key)).cloned() else { return Ok(false) };
                    if !self.equals_nested(&item, &other, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Entry(a, key), Value::Entry(b, other)) => {
                let (left, right) = (self.entry_value(*a, key), self.entry_value(*b, other));
                Ok(self.equals_nested(key, other, depth + 1)? && self.equals_nested(&left, &right, depth + 1)?)
            }
            _ => Ok(is_identical(a, b)),
        }
    }

    fn items_equal(&mut self, a: &Source, b: &Source, depth: u32) -> Result<bool, Limit> {
        let length = self.length(a);
        if length != self.length(b) {
            return Ok(false);
        }
        for index in 0..length {
            let (left, right) = (self.at(a, index), self.at(b, index));
            if !self.equals_nested(&left, &right, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `hashCode()`.
    pub(crate) fn java_hash(&mut self, value: &Value) -> Result<i32, Limit> {
        self.hash_nested(value, 0)
    }

    fn hash_nested(&mut self, value: &Value, depth: u32) -> Result<i32, Limit> {
        self.nest(depth)?;
        Ok(match value {
            Value::Bool(value) => {
                if *value {
                    1231
                } else {
                    1237
                }
            }
            Value::Number(number) => number.java_hash(),
            Value::Char(unit) => i32::from(*unit),
            Value::Text(text) => {
                self.meter.read_bytes(text.len())?;
                text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
            }
            Value::List(id) => {
                let mut hash = 1i32;
                for index in 0..self.list_of(*id).items.len() {
                    let item = self.at(&Source::List(*id), index);
                    hash = hash.wrapping_mul(31).wrapping_add(self.hash_nested(&item, depth + 1)?);
                }
                hash
            }
            Value::Map(id) => {
                let mut hash = 0i32;
                for index in 0..self.map_of(*id).entries.len() {
                    let key = self.at(&Source::View(*id, View::Keys), index);
                    let item = self.at(&Source::View(*id, View::Values), index);
                    hash = hash.wrapping_add(self.hash_nested(&key, depth + 1)? ^ self.hash_nested(&item, depth + 1)?);
                }
                hash
            }
            Value::Entry(id, key) => {
                let item = self.entry_value(*id, key);
                self.hash_nested(key, depth + 1)? ^ self.hash_nested(&item, depth + 1)?
            }
            Value::View(id, view @ (View::Keys | View::Entries)) => {
                let mut hash = 0i32;
                for index in 0..self.map_of(*id).entries.len() {
                    let item = self.at(&Source::View(*id, *view), index);
                    hash = hash.wrapping_add(self.hash_nested(&item, depth + 1)?);
                }
                hash
            }
            _ => 0,
        })
    }
}

/// As the JSON library quotes for the web: control characters and U+2000 to U+20FF by number.
fn quote_json(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
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
