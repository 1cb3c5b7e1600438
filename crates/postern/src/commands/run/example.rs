//! A value that a schema describes: its own example, or one made up, always the same.

use serde_json::{Map, Value, json};

/// Levels of a made-up value; a schema that goes deeper is cut off there.
const DEPTH_MAX: usize = 16;
/// Values in it: an example is read by people.
const VALUES_MAX: usize = 2_000;
/// References that may follow on each other.
const REFERENCES_MAX: usize = 16;
/// Characters that `minLength` can ask for.
const LENGTH_MAX: u64 = 1_000;

/// What a schema of the document `root` describes; `None` when it never ends.
pub fn of_schema(root: &Value, schema: &Value) -> Option<Value> {
    Maker { root, open: Vec::new(), left: VALUES_MAX }.make(schema)
}

/// What a value stands for: itself, or what its `$ref` leads to inside of `root`.
pub fn resolved<'v>(root: &'v Value, value: &'v Value) -> &'v Value {
    let mut found = value;
    for _ in 0..REFERENCES_MAX {
        let Some(pointer) = found.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#')) else { break };
        let Some(target) = root.pointer(pointer) else { break };
        found = target;
    }
    found
}

struct Maker<'v> {
    root: &'v Value,
    /// Schemas that are being made, by their address in the document: one in itself is a circle.
    open: Vec<*const Value>,
    left: usize,
}

impl<'v> Maker<'v> {
    fn make(&mut self, schema: &'v Value) -> Option<Value> {
        let schema = resolved(self.root, schema);
        let address = std::ptr::from_ref(schema);
        if self.open.len() >= DEPTH_MAX || self.open.contains(&address) {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        if let Some(given) = given(schema) {
            return Some(given.clone());
        }
        self.open.push(address);
        let made = self.made(schema);
        self.open.pop();
        made
    }

    fn made(&mut self, schema: &'v Value) -> Option<Value> {
        let list = |name: &str| schema.get(name).and_then(Value::as_array);
        if let Some(all) = list("allOf") {
            return Some(self.all_of(schema, all));
        }
        if let Some(choices) = list("oneOf").or_else(|| list("anyOf")) {
            return choices.iter().find_map(|choice| self.make(choice));
        }
        match kind(schema) {
            "object" => Some(Value::Object(self.object(schema))),
            "array" => Some(Value::Array(schema.get("items").and_then(|items| self.make(items)).into_iter().collect())),
            "integer" => Some(json!(schema.get("minimum").and_then(Value::as_f64).map_or(0, whole))),
            "number" => Some(schema.get("minimum").filter(|minimum| minimum.is_number()).cloned().unwrap_or_else(|| json!(0))),
            "boolean" => Some(Value::Bool(true)),
            "string" => Some(Value::String(text(schema))),
            _ => Some(Value::Null),
        }
    }

    fn all_of(&mut self, schema: &'v Value, all: &'v [Value]) -> Value {
        let mut members = Map::new();
        let mut other = None;
        for part in all {
            match self.make(part) {
                Some(Value::Object(more)) => members.extend(more),
                Some(value) if other.is_none() && !value.is_null() => other = Some(value),
                _ => {}
            }
        }
        members.extend(self.object(schema));
        if members.is_empty() { other.unwrap_or(Value::Object(members)) } else { Value::Object(members) }
    }

    fn object(&mut self, schema: &'v Value) -> Map<String, Value> {
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let is_shown = |(_, property): &(&String, &Value)| property.get("writeOnly") != Some(&Value::Bool(true));
        properties.filter(is_shown).filter_map(|(name, property)| Some((name.clone(), self.make(property)?))).collect()
    }
}

/// What the schema says itself.
fn given(schema: &Value) -> Option<&Value> {
    let first = |name: &str| schema.get(name).and_then(Value::as_array).and_then(|values| values.first());
    let member = |name: &str| schema.get(name).filter(|value| !value.is_null());
    let example = member("example").or_else(|| first("examples"));
    example.or_else(|| member("default")).or_else(|| member("const")).or_else(|| first("enum"))
}

/// In OpenAPI 3.1 there may be several types, `null` among them.
fn kind(schema: &Value) -> &str {
    let named = match schema.get("type") {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    };
    let guessed = || match schema {
        Value::Object(members) if members.contains_key("properties") => "object",
        Value::Object(members) if members.contains_key("items") => "array",
        Value::Object(_) => "object",
        _ => "null",
    };
    named.unwrap_or_else(guessed)
}

fn whole(number: f64) -> i64 {
    // Every whole number in these bounds has a double of its own.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
    let whole = number.ceil().clamp(-EXACT_MAX, EXACT_MAX) as i64;
    whole
}

fn text(schema: &Value) -> String {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date") => "2020-01-01",
        Some("date-time") => "2020-01-01T00:00:00Z",
        Some("uuid") => "00000000-0000-0000-0000-000000000000",
        Some("email") => "user@example.com",
        Some("uri" | "url") => "https://example.com/",
        Some("hostname") => "example.com",
        Some("ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("byte" | "binary") => "",
        _ => "string",
    };
    let length =
        |name: &str| schema.get(name).and_then(Value::as_u64).map(|length| usize::try_from(length.min(LENGTH_MAX)).unwrap_or(0));
    let mut text = text.to_owned();
    while length("minLength").is_some_and(|min| text.len() < min) {
        text.push('x');
    }
    if let Some(max) = length("maxLength") {
        text.truncate(max);
    }
    text
}
