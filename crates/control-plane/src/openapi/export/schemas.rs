//! Models as schemas of the document.

use postern_api_model::rest_api::Definition;
use serde_json::{Value, json};

use super::{Kind, Object};
use crate::openapi::schema::{self, Reference};

const JSON: &str = "application/json";

/// Whether a model is one of the document: documents hold schemas of JSON only.
pub(super) fn is_written(definition: &Definition, name: &str) -> bool {
    definition.models.get(name).is_some_and(|model| model.content_type == JSON)
}

/// A reference to a model that is written.
pub(super) fn reference(kind: Kind, name: &str) -> Value {
    json!({"$ref": format!("{}{name}", kind.schemas())})
}

/// Every model, by name.
pub(super) fn all(definition: &Definition, kind: Kind) -> Object {
    let models = definition.models.values().filter(|model| is_written(definition, &model.name));
    models.filter_map(|model| Some((model.name.clone(), localised(&model.schema, &model.name, definition, kind)?))).collect()
}

/// A model's schema as a part of the document: references to models, and to parts of itself, lead to where those stand there.
fn localised(text: &str, owner: &str, definition: &Definition, kind: Kind) -> Option<Value> {
    let mut schema: Value = serde_json::from_str(text).ok()?;
    // The document says by itself what its schemas are.
    schema.as_object_mut()?.shift_remove("$schema");
    schema::change_references(&mut schema, &mut |reference| {
        if let Some(own) = reference.strip_prefix('#') {
            return Reference::Moved(format!("{}{owner}{own}", kind.schemas()));
        }
        match schema::addressed(reference) {
            Some((name, pointer)) if is_written(definition, name) => {
                Reference::Moved(format!("{}{name}{}", kind.schemas(), pointer.trim_start_matches('#')))
            }
            Some(_) => Reference::Dropped,
            None => Reference::Kept,
        }
    });
    Some(schema)
}
