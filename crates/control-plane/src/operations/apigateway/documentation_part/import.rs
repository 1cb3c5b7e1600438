//! Documentation parts of an OpenAPI document: the extension `x-amazon-apigateway-documentation`.

use std::collections::BTreeMap;

use postern_api_model::apigateway::{DocumentationPartLocation, DocumentationPartType, PutMode};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{DocumentationLocation, DocumentationPart};
use serde_json::{Map, Value};

use super::{PARTS_MAX, location, too_many};
use crate::ids;
use crate::openapi::document::{Document, DocumentError};

/// Where a document keeps its documentation, AWS docs, "x-amazon-apigateway-documentation object".
const EXTENSION: &str = "x-amazon-apigateway-documentation";

/// The parts of a document, and what was wrong with those that were left out.
#[derive(Debug, Default)]
pub(in super::super) struct Imported {
    pub(in super::super) parts: Vec<(DocumentationLocation, Map<String, Value>)>,
    pub(in super::super) warnings: Vec<String>,
}

/// A document as JSON or YAML; the content decides.
pub(super) fn document(body: &[u8], bytes_max: usize) -> ApiResult<Document> {
    Document::parse(body, bytes_max).map_err(|error| match error {
        DocumentError::TooLarge { .. } => ApiError::too_large(error.to_string()),
        _ => ApiError::bad_request("Unable to build importer with provided input."),
    })
}

/// Reads the extension of a document; no extension is no parts.
pub(in super::super) fn read(document: &Value) -> Imported {
    let mut imported = Imported::default();
    let Some(extension) = document.get(EXTENSION) else { return imported };
    let Some(parts) = extension.get("documentationParts").and_then(Value::as_array) else {
        imported.warnings.push(format!("{EXTENSION} has no array of documentationParts. Ignoring."));
        return imported;
    };
    for (index, part) in parts.iter().enumerate() {
        // One too many is refused with all of them, and every further one would be compared with all before it.
        if imported.parts.len() > PARTS_MAX {
            break;
        }
        match read_part(part) {
            Ok((location, _)) if imported.parts.iter().any(|(other, _)| other.is_same(&location)) => {
                imported.warnings.push(format!("Documentation part already exists for the specified location: {location}."));
            }
            Ok(part) => imported.parts.push(part),
            Err(error) => imported.warnings.push(format!("Unable to import documentation part {index}: {}", error.message)),
        }
    }
    imported
}

fn read_part(part: &Value) -> ApiResult<(DocumentationLocation, Map<String, Value>)> {
    let bad = |text: &str| ApiError::bad_request(text);
    let given = part.get("location").and_then(Value::as_object).ok_or_else(|| bad("location must be an object"))?;
    let kind = given.get("type").and_then(Value::as_str).and_then(DocumentationPartType::from_wire);
    let r#type = kind.ok_or_else(|| bad("location has no known type"))?;
    let member = |name: &str| match given.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        // A status code is often written as a number.
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(bad(&format!("{name} of location must be a string"))),
    };
    let location = location::stored(DocumentationPartLocation {
        r#type,
        path: member("path")?,
        method: member("method")?,
        status_code: member("statusCode")?,
        name: member("name")?,
    })?;
    let properties = match part.get("properties") {
        Some(Value::Object(properties)) => properties.clone(),
        _ => return Err(bad("properties must be an object")),
    };
    Ok((location, properties))
}

/// Puts parts into an API, all or none, and gives their ids. A merge changes what is at the same location attribute by attribute; an
/// overwrite replaces the whole collection, AWS docs, "Import API documentation".
pub(in super::super) fn apply(
    stored: &mut BTreeMap<String, DocumentationPart>,
    parts: &[(DocumentationLocation, Map<String, Value>)],
    mode: PutMode,
) -> ApiResult<Vec<String>> {
    let mut result = match mode {
        PutMode::Merge => stored.clone(),
        PutMode::Overwrite => BTreeMap::new(),
    };
    let mut part_ids = Vec::with_capacity(parts.len());
    for (location, properties) in parts {
        let id = match result.values_mut().find(|part| part.location.is_same(location)) {
            Some(part) => {
                part.properties = merged(&part.properties, properties);
                part.id.clone()
            }
            None => {
                let id = ids::fresh(ids::SHORT, |id| result.contains_key(id) || stored.contains_key(id));
                let properties = Value::Object(properties.clone()).to_string();
                let part = DocumentationPart { id: id.clone(), location: location.clone(), properties };
                result.insert(id.clone(), part);
                id
            }
        };
        part_ids.push(id);
    }
    if result.len() > PARTS_MAX {
        return Err(too_many());
    }
    *stored = result;
    Ok(part_ids)
}

fn merged(before: &str, properties: &Map<String, Value>) -> String {
    // What is stored was checked to be an object.
    let mut merged: Map<String, Value> = serde_json::from_str(before).unwrap_or_default();
    merged.extend(properties.clone());
    Value::Object(merged).to_string()
}
