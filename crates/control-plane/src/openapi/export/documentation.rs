//! Published documentation in a document: what a part says of an entity stands where the format has a place for it, and all parts stand
//! in an extension of their own.

use std::collections::BTreeMap;

use postern_api_model::apigateway::DocumentationPartType;
use postern_api_model::rest_api::{DOCUMENTATION_ANY, DocumentationLocation, DocumentationPart, EpochSeconds};
use serde_json::{Value, json};

use super::{Object, moment, set};

/// Where the parts stand.
const EXTENSION: &str = "x-amazon-apigateway-documentation";
/// What a part may say in the document itself. Its other properties are in the extension: they are free, and must not pass for a part of
/// the definition.
const ANNOTATIONS: [&str; 8] =
    ["title", "summary", "description", "termsOfService", "contact", "license", "deprecated", "externalDocs"];

/// The documentation that a stage stands for.
#[derive(Clone, Copy, Debug)]
pub struct Published<'a> {
    /// Its version.
    pub version: &'a str,
    /// When it was made.
    pub created: EpochSeconds,
    /// Its parts, by id.
    pub parts: &'a BTreeMap<String, DocumentationPart>,
}

/// An entity that a part may be about. What its type does not have is empty.
#[derive(Clone, Copy, Default)]
pub(super) struct Entity<'a> {
    pub(super) path: &'a str,
    pub(super) verb: &'a str,
    pub(super) status: &'a str,
    pub(super) name: &'a str,
}

/// The parts of a version by what they are about; none when the stage has no version.
#[derive(Default)]
pub(super) struct Documentation<'a> {
    parts: BTreeMap<DocumentationPartType, Vec<(&'a DocumentationLocation, Object)>>,
}

impl<'a> Documentation<'a> {
    pub(super) fn of(published: Option<Published<'a>>) -> Self {
        let mut documentation = Self::default();
        for part in published.iter().flat_map(|published| published.parts.values()) {
            let properties = serde_json::from_str(&part.properties).unwrap_or_default();
            documentation.parts.entry(part.location.kind).or_default().push((&part.location, properties));
        }
        documentation
    }

    /// Writes what is said of an entity into the object that stands for it.
    pub(super) fn annotate(&self, kind: DocumentationPartType, entity: Entity<'_>, object: &mut Object) {
        if let Some(properties) = self.best(kind, entity) {
            annotate(properties, object);
        }
    }

    /// What is said of the API, `info` included.
    pub(super) fn annotate_info(&self, info: &mut Object) {
        if let Some(properties) = self.best(DocumentationPartType::Api, Entity::default()) {
            annotate(properties, info);
            if let Some(Value::Object(said)) = properties.get("info") {
                annotate(said, info);
            }
        }
    }

    /// AWS docs, "Representation of API documentation": of several parts the one with the most specific path is in effect, then the one
    /// that names the method, then the one that names the status.
    fn best(&self, kind: DocumentationPartType, entity: Entity<'_>) -> Option<&Object> {
        let parts = self.parts.get(&kind)?.iter().filter(|(location, _)| is_about(location, entity));
        let best = parts.max_by_key(|(location, _)| {
            let path = location.path.as_deref().unwrap_or_default();
            (path.len(), is_named(&location.method), is_named(&location.status_code))
        });
        best.map(|(_, properties)| properties)
    }
}

fn is_named(text: &Option<String>) -> bool {
    text.as_deref().is_some_and(|text| text != DOCUMENTATION_ANY)
}

fn is_about(location: &DocumentationLocation, entity: Entity<'_>) -> bool {
    let is_any_or = |text: &Option<String>, wanted: &str| !is_named(text) || text.as_deref() == Some(wanted);
    let is_above = location.path.as_deref().is_none_or(|path| {
        let rest = entity.path.strip_prefix(path.trim_end_matches('/'));
        // Only methods and what is in them inherit from the path above.
        let inherits = location.kind != DocumentationPartType::Resource;
        rest.is_some_and(|rest| rest.is_empty() || (inherits && rest.starts_with('/')) || path == entity.path)
    });
    let is_of_name = location.name.as_deref().is_none_or(|name| name == entity.name);
    is_above && is_of_name && is_any_or(&location.method, entity.verb) && is_any_or(&location.status_code, entity.status)
}

fn annotate(properties: &Object, object: &mut Object) {
    for name in ANNOTATIONS {
        if let Some(value) = properties.get(name) {
            object.insert(name.to_owned(), value.clone());
        }
    }
}

/// The extension with every part.
pub(super) fn extension(published: Published<'_>, document: &mut Object) {
    let mut parts: Vec<&DocumentationPart> = published.parts.values().collect();
    parts.sort_by_key(|part| &part.location);
    let parts: Vec<Value> = parts.into_iter().map(part).collect();
    let extension = json!({
        "version": published.version, "createdDate": moment(published.created), "documentationParts": parts,
    });
    document.insert(EXTENSION.to_owned(), extension);
}

fn part(part: &DocumentationPart) -> Value {
    let mut location = Object::new();
    location.insert("type".to_owned(), json!(part.location.kind));
    set(&mut location, "path", part.location.path.as_ref());
    set(&mut location, "method", part.location.method.as_ref());
    set(&mut location, "statusCode", part.location.status_code.as_ref());
    set(&mut location, "name", part.location.name.as_ref());
    let properties: Value = serde_json::from_str(&part.properties).unwrap_or_default();
    json!({"location": location, "properties": properties})
}
