//! References between schemas: to each other inside of a document, and to models by their address outside of one.

use serde_json::{Map, Value};

/// The address of a model ends in its name: `https://apigateway.amazonaws.com/restapis/{id}/models/{Name}`.
const REFERENCE_PREFIX: &str = "https://apigateway.amazonaws.com/restapis/";

/// Members of a schema that are schemas themselves, or `true` and `false`, or lists of schemas.
const SCHEMAS: [&str; 9] =
    ["items", "additionalItems", "additionalProperties", "not", "allOf", "anyOf", "oneOf", "contains", "propertyNames"];
/// Members of a schema that hold schemas under names.
const NAMED_SCHEMAS: [&str; 5] = ["properties", "patternProperties", "definitions", "$defs", "dependencies"];

/// What becomes of a `$ref`.
pub(super) enum Reference {
    /// Stays as it is.
    Kept,
    /// Leads elsewhere.
    Moved(String),
    /// Goes: nothing is known of what it leads to.
    Dropped,
}

/// The address of a model.
pub(super) fn address(api_id: &str, name: &str) -> String {
    format!("{REFERENCE_PREFIX}{api_id}/models/{name}")
}

/// The model's name in an address, and the pointer into its schema, `#` included, that may follow.
pub(super) fn addressed(reference: &str) -> Option<(&str, &str)> {
    let (_, name) = reference.strip_prefix(REFERENCE_PREFIX)?.split_once("/models/")?;
    Some(name.split_at(name.find('#').unwrap_or(name.len())))
}

/// Passes every schema in a schema to `change`, itself first. Only where a schema may stand: examples, defaults and enumerations are
/// data. Recurses as deep as the schema, which its parser bounded.
pub(super) fn each(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
        Value::Object(members) => {
            change(members);
            for (name, member) in members {
                if SCHEMAS.contains(&name.as_str()) {
                    each(member, change);
                } else if NAMED_SCHEMAS.contains(&name.as_str())
                    && let Value::Object(named) = member
                {
                    named.values_mut().for_each(|schema| each(schema, change));
                }
            }
        }
        _ => {}
    }
}

/// Passes every reference of a schema to `change`.
pub(super) fn change_references(schema: &mut Value, change: &mut impl FnMut(&str) -> Reference) {
    each(schema, &mut |members| change_reference(members, change));
}

fn change_reference(members: &mut Map<String, Value>, change: &mut impl FnMut(&str) -> Reference) {
    let Some(Value::String(reference)) = members.get_mut("$ref") else { return };
    match change(reference) {
        Reference::Kept => {}
        Reference::Moved(to) => *reference = to,
        Reference::Dropped => {
            members.shift_remove("$ref");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_references_of_schemas_change() {
        let mut schema = json!({
            "$ref": "a",
            "properties": {"$ref": {"$ref": "b"}, "enum": {"items": [{"$ref": "c"}]}},
            "enum": [{"$ref": "data"}], "default": {"$ref": "data"}, "example": {"$ref": "data"},
            "additionalProperties": false, "oneOf": [{"$ref": "gone"}],
        });
        change_references(&mut schema, &mut |reference| match reference {
            "gone" => Reference::Dropped,
            "c" => Reference::Kept,
            other => Reference::Moved(format!("{other}{other}")),
        });
        let expected = json!({
            "$ref": "aa",
            "properties": {"$ref": {"$ref": "bb"}, "enum": {"items": [{"$ref": "c"}]}},
            "enum": [{"$ref": "data"}], "default": {"$ref": "data"}, "example": {"$ref": "data"},
            "additionalProperties": false, "oneOf": [{}],
        });
        assert_eq!(schema, expected);
    }

    #[test]
    fn addresses_have_a_name_and_perhaps_a_pointer() {
        assert_eq!(addressed(&address("abc", "Pet")), Some(("Pet", "")));
        assert_eq!(addressed(&format!("{}#/items", address("abc", "Pet"))), Some(("Pet", "#/items")));
        assert_eq!(addressed("https://example.com/models/Pet"), None);
    }
}
