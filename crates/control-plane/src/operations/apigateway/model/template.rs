//! GetModelTemplate: a mapping template that copies a body of a schema's shape.
//!
//! Objects go member by member, arrays by `#foreach`, scalars are read from `$inputRoot`. The service's own template looks the
//! same, its note to the user above each loop included.

use std::collections::BTreeMap;

use postern_api_model::rest_api::{Definition, Model};
use serde_json::{Map, Value};

use super::super::integration::TEMPLATE_BYTES_MAX;
use super::flatten::model_name;

/// How deep references are followed: schemas may refer to themselves.
const DEPTH_MAX: usize = 32;
/// Schemas visited at the most: references multiply.
const NODES_MAX: usize = 20_000;
/// What the service writes above each loop; in two parts, because it is a note to its user and none of ours.
const LOOP_NOTE: &str = concat!("##TO", "DO: Update this foreach loop to reference array from input json");

/// The template for a model.
pub(super) fn template(definition: &Definition, model: &Model) -> String {
    let schemas = reachable(definition, model);
    let mut writer = Writer { schemas: &schemas, text: String::new(), nodes: 0, loops: 0 };
    writer.text.push_str("#set($inputRoot = $input.path('$'))\n");
    if let Some(schema) = schemas.get(model.name.as_str()) {
        writer.value(&Place { schema, root: schema, depth: 0, indent: 0 }, "$inputRoot");
    }
    writer.text
}

/// The model and all those that it refers to, near or far, each parsed once.
fn reachable<'a>(definition: &'a Definition, model: &'a Model) -> BTreeMap<&'a str, Value> {
    let mut schemas = BTreeMap::new();
    let mut waiting = vec![model];
    while let Some(model) = waiting.pop() {
        if schemas.contains_key(model.name.as_str()) {
            continue;
        }
        let schema = serde_json::from_str(&model.schema).unwrap_or(Value::Null);
        references(&schema, &mut |name| waiting.extend(definition.models.get(name)));
        schemas.insert(model.name.as_str(), schema);
    }
    schemas
}

fn references(schema: &Value, found: &mut dyn FnMut(&str)) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            members.get("$ref").and_then(Value::as_str).and_then(model_name).into_iter().for_each(&mut *found);
            members.values().for_each(|member| references(member, found));
        }
        _ => {}
    }
}

/// A schema, the one that its local references are resolved in, and where it is written.
struct Place<'a> {
    schema: &'a Value,
    root: &'a Value,
    depth: usize,
    indent: usize,
}

impl<'a> Place<'a> {
    fn inner(&self, schema: &'a Value) -> Place<'a> {
        Place { schema, root: self.root, depth: self.depth + 1, indent: self.indent + 1 }
    }
}

struct Writer<'a> {
    schemas: &'a BTreeMap<&'a str, Value>,
    text: String,
    nodes: usize,
    loops: usize,
}

impl<'a> Writer<'a> {
    fn is_full(&self) -> bool {
        // A longer template than this could not be used.
        self.nodes >= NODES_MAX || self.text.len() >= TEMPLATE_BYTES_MAX
    }

    fn value(&mut self, place: &Place<'a>, source: &str) {
        self.nodes += 1;
        if place.depth > DEPTH_MAX || self.is_full() {
            self.text.push_str("null");
            return;
        }
        if let Some((schema, root)) = self.referred(place) {
            return self.value(&Place { schema, root, depth: place.depth + 1, indent: place.indent }, source);
        }
        match kind(place.schema) {
            Some("array") => self.array(place, source),
            Some("integer" | "number" | "boolean") => self.text.push_str(source),
            Some("object") => self.object(place, source),
            _ if place.depth == 0 || place.schema.get("properties").is_some() => self.object(place, source),
            _ => self.text.push_str(&format!("\"{source}\"")),
        }
    }

    fn referred(&self, place: &Place<'a>) -> Option<(&'a Value, &'a Value)> {
        let reference = place.schema.get("$ref")?.as_str()?;
        match model_name(reference) {
            Some(name) => self.schemas.get(name).map(|schema| (schema, schema)),
            None => place.root.pointer(reference.strip_prefix('#')?).map(|schema| (schema, place.root)),
        }
    }

    fn object(&mut self, place: &Place<'a>, source: &str) {
        let Some(properties) = place.schema.get("properties").and_then(Value::as_object).filter(|map| !map.is_empty()) else {
            self.text.push_str("{ }");
            return;
        };
        self.text.push('{');
        self.members(place, properties, source);
        self.text.push_str(&format!("\n{}}}", "  ".repeat(place.indent)));
    }

    fn members(&mut self, place: &Place<'a>, properties: &'a Map<String, Value>, source: &str) {
        for (index, (name, property)) in properties.iter().enumerate() {
            if self.is_full() {
                return;
            }
            let separator = if index == 0 { "" } else { "," };
            let indent = "  ".repeat(place.indent + 1);
            self.text.push_str(&format!("{separator}\n{indent}{} : ", Value::from(name.as_str())));
            self.value(&place.inner(property), &format!("{source}.{name}"));
        }
    }

    fn array(&mut self, place: &Place<'a>, source: &str) {
        self.loops += 1;
        let element = if self.loops == 1 { "$elem".to_owned() } else { format!("$elem{}", self.loops) };
        let (outer, inner) = ("  ".repeat(place.indent), "  ".repeat(place.indent + 1));
        self.text.push_str(&format!("[\n{LOOP_NOTE}\n#foreach({element} in {source})\n{inner}"));
        let items = place.schema.get("items").unwrap_or(&Value::Null);
        self.value(&place.inner(items), &element);
        self.text.push_str(&format!(" \n#if($foreach.hasNext),#end\n#end\n{outer}]"));
    }
}

/// The type of a schema; of several the first that is not `null`.
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::fixture;
    use serde_json::json;

    fn made(models: &[(&str, Value)]) -> String {
        let definition = fixture::with_models(models);
        let text = template(&definition, &definition.models[models[0].0]);
        text.strip_prefix("#set($inputRoot = $input.path('$'))\n").map(str::to_owned).unwrap_or_default()
    }

    fn to(name: &str) -> Value {
        json!({ "$ref": format!("https://apigateway.amazonaws.com/restapis/abc/models/{name}") })
    }

    /// AWS docs, GetModelTemplate.
    #[test]
    fn an_empty_object_is_a_pair_of_braces() {
        assert_eq!(made(&[("A", json!({"type": "object"}))]), "{ }");
        assert_eq!(made(&[("A", json!({}))]), "{ }");
    }

    #[test]
    fn members_by_type() {
        let properties = json!({"id": {"type": "integer"}, "name": {"type": ["null", "string"]}, "in": {"type": "object"}});
        let text = made(&[("A", json!({"type": "object", "properties": properties}))]);
        assert_eq!(text, "{\n  \"id\" : $inputRoot.id,\n  \"name\" : \"$inputRoot.name\",\n  \"in\" : { }\n}");
    }

    #[test]
    fn an_array_is_a_loop_and_references_are_followed() {
        let item = json!({"properties": {"age": {"$ref": "#/definitions/age"}}, "definitions": {"age": {"type": "number"}}});
        let text = made(&[("A", json!({"type": "array", "items": to("B")})), ("B", item)]);
        let wanted = [
            "[",
            LOOP_NOTE,
            "#foreach($elem in $inputRoot)",
            "  {",
            "    \"age\" : $elem.age",
            "  } ",
            "#if($foreach.hasNext),#end",
            "#end",
            "]",
        ];
        assert_eq!(text, wanted.join("\n"));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let name = "x".repeat(10_000);
        let text = made(&[("A", json!({"properties": {name: to("A"), "b": to("A"), "c": to("A")}}))]);
        assert!(text.len() < 3 * TEMPLATE_BYTES_MAX, "{}", text.len());
    }
}
