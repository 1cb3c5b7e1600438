//! A schema with the models that it refers to inlined, and the reading of such references.

use std::collections::BTreeSet;

use postern_api_model::rest_api::{Definition, Model};
use serde_json::{Map, Value, json};

/// References between models look like this; the model's name follows `/models/`.
const REFERENCE_PREFIX: &str = "https://apigateway.amazonaws.com/restapis/";

/// The schema with every model that it refers to, near or far, moved into `definitions` and referred to there. Each is moved
/// once, so that models which refer to each other end; one that does not exist stays referred to as it was.
pub(super) fn flatten(definition: &Definition, model: &Model) -> String {
    let Ok(mut schema) = serde_json::from_str::<Value>(&model.schema) else { return model.schema.clone() };
    let mut inliner = Inliner { definition, root: &model.name, seen: BTreeSet::new(), waiting: Vec::new() };
    inliner.localise(&mut schema, "#");
    let mut found = Map::new();
    while let Some(model) = inliner.waiting.pop() {
        if let Ok(mut inlined) = serde_json::from_str::<Value>(&model.schema) {
            inliner.localise(&mut inlined, &format!("#/definitions/{}", model.name));
            found.insert(model.name.clone(), inlined);
        }
    }
    if let (Value::Object(root), false) = (&mut schema, found.is_empty())
        && let Value::Object(definitions) = root.entry("definitions").or_insert_with(|| json!({}))
    {
        definitions.extend(found);
    }
    schema.to_string()
}

struct Inliner<'a> {
    definition: &'a Definition,
    /// The model that is flattened; references back to it are to `#`.
    root: &'a str,
    seen: BTreeSet<&'a str>,
    waiting: Vec<&'a Model>,
}

impl Inliner<'_> {
    /// Rewrites the references of a schema whose new place is `base`. As deep as the schema, which serde_json bounds.
    fn localise(&mut self, schema: &mut Value, base: &str) {
        match schema {
            Value::Array(items) => items.iter_mut().for_each(|item| self.localise(item, base)),
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get_mut("$ref")
                    && let Some(local) = self.local(reference, base)
                {
                    *reference = local;
                }
                members.values_mut().for_each(|member| self.localise(member, base));
            }
            _ => {}
        }
    }

    /// What a reference becomes, if it changes.
    fn local(&mut self, reference: &str, base: &str) -> Option<String> {
        let Some(name) = model_name(reference) else {
            return reference.strip_prefix('#').map(|pointer| format!("{base}{pointer}"));
        };
        if name == self.root {
            return Some("#".to_owned());
        }
        let model = self.definition.models.get(name)?;
        if self.seen.insert(&model.name) {
            self.waiting.push(model);
        }
        Some(format!("#/definitions/{name}"))
    }
}

/// The name in a reference to a model.
pub(super) fn model_name(reference: &str) -> Option<&str> {
    let (_, name) = reference.strip_prefix(REFERENCE_PREFIX)?.split_once("/models/")?;
    Some(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server::fixture;

    fn flat(models: &[(&str, Value)]) -> Value {
        let definition = fixture::with_models(models);
        serde_json::from_str(&flatten(&definition, &definition.models[models[0].0])).unwrap()
    }

    fn to(name: &str) -> Value {
        json!({ "$ref": format!("{REFERENCE_PREFIX}abc/models/{name}") })
    }

    #[test]
    fn a_schema_without_references_stays_as_it_is() {
        assert_eq!(flat(&[("A", json!({"type": "object"}))]), json!({"type": "object"}));
    }

    #[test]
    fn models_move_into_definitions_and_cycles_end() {
        let flat = flat(&[
            ("A", json!({"properties": {"b": to("B"), "self": to("A")}, "definitions": {"own": {"type": "string"}}})),
            ("B", json!({"type": "array", "items": to("C")})),
            ("C", json!({"properties": {"b": to("B"), "a": to("A"), "none": to("None")}})),
        ]);
        assert_eq!(
            flat,
            json!({
                "properties": {"b": {"$ref": "#/definitions/B"}, "self": {"$ref": "#"}},
                "definitions": {
                    "own": {"type": "string"},
                    "B": {"type": "array", "items": {"$ref": "#/definitions/C"}},
                    "C": {"properties": {"b": {"$ref": "#/definitions/B"}, "a": {"$ref": "#"}, "none": to("None")}},
                },
            })
        );
    }

    #[test]
    fn local_references_follow_their_schema() {
        let inner = json!({"items": {"$ref": "#/definitions/x"}, "definitions": {"x": {"$ref": "#"}}});
        let flat = flat(&[("A", json!({"items": to("B"), "not": {"$ref": "#/definitions/y"}})), ("B", inner)]);
        assert_eq!(flat["not"]["$ref"], "#/definitions/y");
        assert_eq!(flat["definitions"]["B"]["items"]["$ref"], "#/definitions/B/definitions/x");
        assert_eq!(flat["definitions"]["B"]["definitions"]["x"]["$ref"], "#/definitions/B");
    }

    #[test]
    fn a_long_chain_of_models_ends() {
        let names: Vec<String> = (0..2000).map(|n| format!("M{n}")).collect();
        let models: Vec<(&str, Value)> =
            names.iter().zip(1..).map(|(name, next)| (name.as_str(), json!({"items": to(&format!("M{next}"))}))).collect();
        assert_eq!(flat(&models)["definitions"].as_object().unwrap().len(), 1999);
    }
}
