//! Models as TypeScript types. What a type cannot say becomes `unknown`: a type that is too wide hinders nobody.

use serde_json::{Map, Value};

use super::text;

/// How deep types are nested in each other, and how many there are in one model.
const DEPTH_MAX: usize = 16;
const NODES_MAX: usize = 2_000;
/// Bytes of names and values in the type of one model: references repeat what they refer to.
const BYTES_MAX: usize = 256 * 1024;
/// What a schema that says nothing becomes.
const UNKNOWN: &str = "unknown";
/// Where a reference to another model ends in its name.
const MODELS: &str = "/models/";

/// The type of a schema. `known` gives the type's name of a model that there is.
pub(super) fn typescript(schema: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    let parsed = serde_json::from_str(schema).unwrap_or(Value::Null);
    let mut writer = Writer { root: &parsed, known, nodes: 0, bytes: 0 };
    // An alias that is nothing but another alias could be its own, which does not compile.
    if parsed.get("$ref").is_some() { UNKNOWN.to_owned() } else { writer.value(&parsed, 0) }
}

struct Writer<'a> {
    root: &'a Value,
    known: &'a dyn Fn(&str) -> Option<String>,
    nodes: usize,
    bytes: usize,
}

impl Writer<'_> {
    fn is_full(&self) -> bool {
        self.nodes > NODES_MAX || self.bytes > BYTES_MAX
    }

    fn value(&mut self, schema: &Value, depth: usize) -> String {
        self.nodes += 1;
        if depth > DEPTH_MAX || self.is_full() {
            return UNKNOWN.to_owned();
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.referred(reference, depth);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let written = enumeration(values);
            self.bytes += written.len();
            return written;
        }
        match schema.get("type") {
            Some(Value::String(kind)) => self.of_kind(kind, schema, depth),
            Some(Value::Array(kinds)) => {
                let kinds: Vec<String> =
                    kinds.iter().filter_map(Value::as_str).map(|kind| self.of_kind(kind, schema, depth)).collect();
                if kinds.is_empty() { UNKNOWN.to_owned() } else { kinds.join(" | ") }
            }
            _ if schema.get("properties").is_some() => self.of_kind("object", schema, depth),
            _ => UNKNOWN.to_owned(),
        }
    }

    fn referred(&mut self, reference: &str, depth: usize) -> String {
        if let Some((_, name)) = reference.rsplit_once(MODELS) {
            return (self.known)(name).unwrap_or_else(|| UNKNOWN.to_owned());
        }
        let root = self.root;
        match reference.strip_prefix('#').filter(|pointer| !pointer.is_empty()).and_then(|pointer| root.pointer(pointer)) {
            Some(schema) => self.value(schema, depth + 1),
            None => UNKNOWN.to_owned(),
        }
    }

    fn of_kind(&mut self, kind: &str, schema: &Value, depth: usize) -> String {
        match kind {
            "string" | "boolean" | "null" => kind.to_owned(),
            "integer" | "number" => "number".to_owned(),
            "array" => {
                let items = schema.get("items").filter(|items| items.is_object());
                format!("Array<{}>", items.map_or_else(|| UNKNOWN.to_owned(), |items| self.value(items, depth + 1)))
            }
            "object" => match schema.get("properties").and_then(Value::as_object).filter(|members| !members.is_empty()) {
                Some(members) => self.object(members, schema, depth),
                None => "Record<string, unknown>".to_owned(),
            },
            _ => UNKNOWN.to_owned(),
        }
    }

    fn object(&mut self, members: &Map<String, Value>, schema: &Value, depth: usize) -> String {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
        let mut written = String::from("{");
        for (name, member) in members {
            if self.is_full() {
                break;
            }
            self.bytes += name.len();
            let mark = if is_required(name) { "" } else { "?" };
            written.push_str(&format!(" {}{mark}: {};", text::javascript(name), self.value(member, depth + 1)));
        }
        // Schemas are open unless they say otherwise; a type that is not would refuse what the API takes.
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            written.push_str(" [name: string]: unknown;");
        }
        written.push_str(" }");
        written
    }
}

fn enumeration(values: &[Value]) -> String {
    let literal = |value: &Value| match value {
        Value::String(value) => Some(text::javascript(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    };
    let literals: Option<Vec<String>> = values.iter().take(NODES_MAX).map(literal).collect();
    literals.filter(|literals| !literals.is_empty()).map_or_else(|| UNKNOWN.to_owned(), |literals| literals.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schemas_as_types() {
        let known = |name: &str| (name == "Pet").then(|| "Pet".to_owned());
        for (schema, wanted) in [
            (json!({}), "unknown"),
            (json!({"type": "integer"}), "number"),
            (json!({"type": ["string", "null"]}), "string | null"),
            (json!({"type": "array", "items": {"$ref": "https://apigateway.amazonaws.com/restapis/x/models/Pet"}}), "Array<Pet>"),
            (
                json!({"type": "array", "items": {"$ref": "https://apigateway.amazonaws.com/restapis/x/models/No"}}),
                "Array<unknown>",
            ),
            (json!({"$ref": "https://apigateway.amazonaws.com/restapis/x/models/Pet"}), "unknown"),
            (json!({"enum": ["a\"b", 1, null]}), r#""a\"b" | 1 | null"#),
            (json!({"enum": [{}]}), "unknown"),
            (
                json!({"required": ["a"], "properties": {"a": {"type": "string"}, "b c": {"type": "object"}}}),
                r#"{ "a": string; "b c"?: Record<string, unknown>; [name: string]: unknown; }"#,
            ),
            (
                json!({"type": "object", "additionalProperties": false, "properties": {"a": {"$ref": "#/definitions/d"}},
                    "definitions": {"d": {"type": "boolean"}}}),
                r#"{ "a"?: boolean; }"#,
            ),
        ] {
            assert_eq!(typescript(&schema.to_string(), &known), wanted, "{schema}");
        }
        assert_eq!(typescript("no JSON", &known), "unknown");
    }

    #[test]
    fn what_references_repeat_is_bounded() {
        let long = json!({"properties": {"x".repeat(50_000): {"type": "string"}}});
        let members: Map<String, Value> = (0..1_000).map(|n| (format!("m{n}"), json!({"$ref": "#/definitions/long"}))).collect();
        let schema = json!({"properties": members, "definitions": {"long": long}});
        assert!(typescript(&schema.to_string(), &|_| None).len() < 2 * BYTES_MAX);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"properties": {"a": {"$ref": "#/properties"}, "b": {"$ref": "#"}, "properties": {
            "properties": {"x": {"$ref": "#/properties/properties"}, "y": {"$ref": "#/properties/properties"}}}}});
        assert!(typescript(&schema.to_string(), &|_| None).len() < 200_000);
    }
}
