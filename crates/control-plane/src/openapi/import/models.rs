//! Schemas become models: those with a name under it, those in the middle of a method under a name that their text gives them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postern_api_model::apigateway::CreateModelInput;
use serde_json::{Map, Value, json};

use super::{Findings, Part, Version};
use crate::openapi::node::Node;
use crate::openapi::schema::{self, Reference};

const JSON: &str = "application/json";

/// How a document's schemas are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// As models are, near enough.
    Draft4,
    /// As in OpenAPI 3.1.
    Draft2020,
}

/// The models of a document.
pub(super) struct Models<'d> {
    api_id: &'d str,
    /// `#/definitions/` or `#/components/schemas/`.
    prefix: &'static str,
    /// OpenAPI 3.1 has another dialect of schemas.
    dialect: Dialect,
    names: BTreeSet<&'d str>,
    named: Vec<Part<CreateModelInput>>,
    inline: BTreeMap<String, Part<CreateModelInput>>,
    /// Names by the address of the schema in the document, which does not move: a shared response is read once.
    known: HashMap<*const Value, Option<String>>,
}

impl<'d> Models<'d> {
    pub(super) fn new(root: &Node<'d>, version: Version, api_id: &'d str, findings: &mut Findings) -> Self {
        let (section, prefix) = match version {
            Version::Swagger2 => (root.get("definitions"), "#/definitions/"),
            Version::OpenApi3 => {
                (root.get("components").and_then(|components| components.get("schemas")), "#/components/schemas/")
            }
        };
        let schemas: Vec<(&'d String, Node<'d>)> =
            section.iter().flat_map(|section| section.members().collect::<Vec<_>>()).collect();
        let dialect = match root.text_of("openapi") {
            Some(version) if version.starts_with("3.1") => Dialect::Draft2020,
            _ => Dialect::Draft4,
        };
        let mut models = Self {
            api_id,
            prefix,
            dialect,
            names: BTreeSet::new(),
            named: Vec::new(),
            inline: BTreeMap::new(),
            known: HashMap::new(),
        };
        for (name, schema) in &schemas {
            if !is_name(name) {
                findings.warn(format!("Model name must be alphanumeric: {name}"), &schema.place);
            } else if schema.value.is_object() {
                models.names.insert(name.as_str());
            } else {
                findings.warn(format!("Invalid model name specified: {name}={}", schema.value), &schema.place);
            }
        }
        for (name, schema) in schemas.iter().filter(|(name, _)| models.names.contains(name.as_str())) {
            let text = models.rewritten(schema, Some(name), findings).to_string();
            let input = input((*name).clone(), text);
            models.named.push(Part { input, place: schema.place.clone() });
        }
        models
    }

    /// The name of the model for a schema: the one that it refers to, or a new one.
    pub(super) fn name_for(&mut self, schema: &Node<'d>, findings: &mut Findings) -> Option<String> {
        let address = std::ptr::from_ref(schema.value);
        if let Some(name) = self.known.get(&address) {
            return name.clone();
        }
        let name = self.new_name_for(schema, findings);
        self.known.insert(address, name.clone());
        name
    }

    fn new_name_for(&mut self, schema: &Node<'d>, findings: &mut Findings) -> Option<String> {
        if !schema.value.is_object() {
            findings.warn(format!("Invalid model name specified: {}", schema.value), &schema.place);
            return None;
        }
        if let Some(Value::String(reference)) = schema.value.get("$ref") {
            let name = self.named_by(reference).filter(|(_, pointer)| pointer.is_empty()).map(|(name, _)| name.to_owned());
            if name.as_deref().is_some_and(|name| self.names.contains(name)) {
                return name;
            }
            if name.is_some() || self.named_by(reference).is_none() {
                findings.warn(not_found(name.as_deref().unwrap_or(reference)), &schema.place);
                return None;
            }
        }
        let text = self.rewritten(schema, None, findings).to_string();
        let name = inline_name(&text, |name| {
            self.names.contains(name) || self.inline.get(name).is_some_and(|model| model.input.schema.as_ref() != Some(&text))
        });
        let part = Part { input: input(name.clone(), text), place: schema.place.clone() };
        self.inline.entry(name.clone()).or_insert(part);
        Some(name)
    }

    pub(super) fn finish(self) -> Vec<Part<CreateModelInput>> {
        self.named.into_iter().chain(self.inline.into_values()).collect()
    }

    /// The model and the pointer into it that a reference leads to, if it leads to one at all.
    fn named_by<'r>(&self, reference: &'r str) -> Option<(&'r str, &'r str)> {
        match reference.strip_prefix(self.prefix) {
            Some(path) => Some(path.split_at(path.find('/').unwrap_or(path.len()))),
            None => schema::addressed(reference),
        }
    }

    /// The schema as a model has it: its references lead to models of the API.
    fn rewritten(&self, schema: &Node<'d>, owner: Option<&str>, findings: &mut Findings) -> Value {
        let mut value = schema.value.clone();
        schema::change_references(&mut value, &mut |reference| self.moved(reference, owner, &schema.place, findings));
        if self.dialect == Dialect::Draft2020 {
            schema::each(&mut value, &mut draft4);
        }
        value
    }

    fn moved(&self, reference: &str, owner: Option<&str>, place: &str, findings: &mut Findings) -> Reference {
        let Some((name, pointer)) = self.named_by(reference) else {
            // A schema's own parts, where a model was written outside of a document.
            let is_own = reference.starts_with('#') && !reference.starts_with("#/components/");
            if is_own && owner.is_some() {
                return Reference::Kept;
            }
            findings.warn(not_found(reference), place);
            return Reference::Dropped;
        };
        let pointer = pointer.trim_start_matches('#');
        if !self.names.contains(name) {
            findings.warn(not_found(name), place);
            Reference::Dropped
        } else if pointer.is_empty() {
            Reference::Moved(schema::address(self.api_id, name))
        } else if owner == Some(name) {
            Reference::Moved(format!("#{pointer}"))
        } else {
            Reference::Moved(format!("{}#{pointer}", schema::address(self.api_id, name)))
        }
    }
}

fn not_found(name: &str) -> String {
    format!("Reference to model '{name}' not found. Ignoring.")
}

fn input(name: String, schema: String) -> CreateModelInput {
    CreateModelInput { content_type: JSON.to_owned(), description: None, name, rest_api_id: String::new(), schema: Some(schema) }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A name that the same schema gets again, so that another import of the document makes no second model.
fn inline_name(schema: &str, is_taken: impl Fn(&str) -> bool) -> String {
    // FNV-1a: the name must stay the same over releases, which no hash of the standard library promises.
    let hash =
        schema.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut salted = hash;
    loop {
        let name = format!("MODEL{:06x}", salted & 0x00ff_ffff);
        if !is_taken(&name) {
            return name;
        }
        salted = salted.wrapping_add(1);
    }
}

/// Models are draft-04; OpenAPI 3.1 writes two things otherwise that mean the same there.
fn draft4(members: &mut Map<String, Value>) {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if members.get(exclusive).is_some_and(Value::is_number) && !members.contains_key(bound) {
            let limit = members.insert(exclusive.to_owned(), Value::Bool(true)).unwrap_or_default();
            members.insert(bound.to_owned(), limit);
        }
    }
    if !members.contains_key("enum")
        && let Some(constant) = members.shift_remove("const")
    {
        members.insert("enum".to_owned(), json!([constant]));
    }
}
