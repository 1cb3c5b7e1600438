//! A model with every model that it refers to, and the bounds that validation rests on.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use percent_encoding::percent_decode_str;
use postern_api_model::rest_api::Definition;
use serde_json::{Map, Value};

use super::SchemaError;

/// References between models look like this, with the id of an API; the model's name follows `/models/`.
const REFERENCE_PREFIX: &str = "https://apigateway.amazonaws.com/restapis/";
/// Stands for the id: a definition that was imported or cloned names the API that it came from.
const THIS_API: &str = "-";
/// Bytes of a model and all that it refers to: ten of the largest ones that AWS takes.
const CLOSURE_BYTES_MAX: usize = 4 << 20;
/// Schemas that may apply to one value: what a `oneOf` of a hundred models needs, many times over.
const SCHEMAS_PER_VALUE_MAX: u64 = 2_000;
/// How deep they may stand in each other. Times the 128 levels of a body it must fit a thread's stack.
const SCHEMAS_PER_VALUE_DEPTH_MAX: u32 = 16;
/// Schemas that a pattern which may step back counts for.
const BACKTRACKING_COST: u64 = 1_000;
/// How deep ways through a schema are followed to count them.
const PATHS_DEPTH_MAX: u32 = 256;

/// The models that one model reaches, by name.
pub(super) struct Closure {
    root: String,
    models: BTreeMap<String, Value>,
    bytes: usize,
    patterns: Patterns,
}

/// Regular expressions of a schema.
#[derive(Clone, Copy, Default)]
struct Patterns {
    all: usize,
    /// Those that may step back.
    backtracking: u64,
}

/// What validation may cost.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// Ways through the schema to every schema in it, `u64::MAX` when it is recursive.
    pub(super) paths: u64,
    /// Schemas that apply to one value at most; a pattern that may step back counts for many.
    pub(super) per_value: u64,
}

impl Patterns {
    /// Look-around and back-references make a pattern step back; all others take linear time.
    fn add(&mut self, pattern: &str) {
        self.all += 1;
        let is_reference = |pair: &[u8]| pair[0] == b'\\' && matches!(pair[1], b'1'..=b'9' | b'k');
        let looks_around = ["(?=", "(?!", "(?<", "(?>"].iter().any(|start| pattern.contains(start));
        self.backtracking += u64::from(looks_around || pattern.as_bytes().windows(2).any(is_reference));
    }
}

impl Closure {
    /// Loads a model and what it refers to.
    pub(super) fn of(definition: &Definition, root: &str) -> Result<Self, SchemaError> {
        let mut closure = Self { root: root.to_owned(), models: BTreeMap::new(), bytes: 0, patterns: Patterns::default() };
        let mut waiting = vec![root.to_owned()];
        while let Some(name) = waiting.pop() {
            if closure.models.contains_key(&name) {
                continue;
            }
            let model = definition.models.get(&name).ok_or(SchemaError::MissingModel)?;
            closure.bytes += model.schema.len();
            if closure.bytes > CLOSURE_BYTES_MAX {
                return Err(SchemaError::TooLarge);
            }
            let mut schema = serde_json::from_str(&model.schema).map_err(|_| SchemaError::NotJson)?;
            prepare(&mut schema, &mut waiting, &mut closure.patterns)?;
            closure.models.insert(name, schema);
        }
        Ok(closure)
    }

    pub(super) fn root(&self) -> &Value {
        &self.models[&self.root]
    }

    /// The address of the model itself.
    pub(super) fn root_uri(&self) -> String {
        Self::uri(&self.root)
    }

    /// How many regular expressions there are.
    pub(super) fn patterns(&self) -> usize {
        self.patterns.all
    }

    /// Bytes of all its schemas.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The address under which a model is retrieved.
    fn uri(name: &str) -> String {
        format!("{REFERENCE_PREFIX}{THIS_API}/models/{name}")
    }

    /// Refuses what could take for ever.
    pub(super) fn check(&self) -> Result<Cost, SchemaError> {
        let mut walk = Walk { models: &self.models, per_value: BTreeMap::new(), paths: BTreeMap::new(), waiting: Vec::new() };
        let root = Place { model: &self.root, schema: self.root() };
        walk.waiting.push(root);
        while let Some(place) = walk.waiting.pop() {
            if !walk.per_value.contains_key(&place.key()) {
                walk.per_value(place, 0)?;
            }
        }
        let widest = walk.per_value.values().flatten().map(|found| found.count).max().unwrap_or(1);
        let per_value = widest.saturating_add(self.patterns.backtracking.saturating_mul(BACKTRACKING_COST));
        Ok(Cost { paths: walk.paths(root, 0), per_value })
    }
}

impl jsonschema::Retrieve for Closure {
    /// Nothing is ever fetched.
    fn retrieve(&self, uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let found = model_name(uri.as_str()).and_then(|(name, _)| self.models.get(name));
        found.cloned().ok_or_else(|| SchemaError::UnknownReference.into())
    }
}

/// The name, and the fragment with its `#`, in a reference to a model.
fn model_name(reference: &str) -> Option<(&str, &str)> {
    let (_, name) = reference.strip_prefix(REFERENCE_PREFIX)?.split_once("/models/")?;
    Some(name.split_at(name.find('#').unwrap_or(name.len())))
}

/// Makes references independent of the API's id and takes out what could change where they lead: `id`, and the dialect, which is
/// draft-04 whatever a schema calls itself. As deep as the schema, which the parser bounds.
fn prepare(schema: &mut Value, waiting: &mut Vec<String>, patterns: &mut Patterns) -> Result<(), SchemaError> {
    match schema {
        Value::Array(items) => items.iter_mut().try_for_each(|item| prepare(item, waiting, patterns)),
        Value::Object(members) => {
            for name in ["id", "$schema"] {
                if members.get(name).is_some_and(Value::is_string) {
                    members.shift_remove(name);
                }
            }
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && !reference.starts_with('#')
            {
                let (name, fragment) = model_name(reference).ok_or(SchemaError::UnknownReference)?;
                waiting.push(name.to_owned());
                *reference = format!("{}{fragment}", Closure::uri(name));
            }
            let one = members.get("pattern").and_then(Value::as_str);
            let keys = members.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
            one.into_iter().chain(keys.map(String::as_str)).for_each(|pattern| patterns.add(pattern));
            let schemas = members.iter_mut().filter(|(name, value)| !is_data(name, value));
            schemas.into_iter().try_for_each(|(_, member)| prepare(member, waiting, patterns))
        }
        _ => Ok(()),
    }
}

/// Whether a member holds values rather than schemas. A property may have that name, and is then an object.
fn is_data(name: &str, value: &Value) -> bool {
    name == "enum" && value.is_array()
}

/// A schema, and the model it stands in.
#[derive(Clone, Copy)]
struct Place<'a> {
    model: &'a str,
    schema: &'a Value,
}

/// Schemas that apply to one value: how many, and how deep in each other.
#[derive(Clone, Copy)]
struct PerValue {
    count: u64,
    height: u32,
}

struct Walk<'a> {
    models: &'a BTreeMap<String, Value>,
    /// By address; `None` while it is being counted.
    per_value: BTreeMap<usize, Option<PerValue>>,
    paths: BTreeMap<usize, u64>,
    waiting: Vec<Place<'a>>,
}

impl<'a> Place<'a> {
    /// Schemas are told apart by where they are.
    fn key(&self) -> usize {
        std::ptr::from_ref(self.schema).addr()
    }

    fn at(&self, schema: &'a Value) -> Self {
        Self { model: self.model, schema }
    }

    fn reference(&self) -> Option<&'a str> {
        self.schema.get("$ref")?.as_str()
    }

    /// The schemas that apply to the same value.
    fn same_value(&self) -> Vec<Self> {
        let list = |name| self.schema.get(name).and_then(Value::as_array).into_iter().flatten();
        let lists = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(list);
        let dependencies = self.schema.get("dependencies").and_then(Value::as_object).into_iter().flat_map(Map::values);
        lists.chain(dependencies).chain(self.schema.get("not")).map(|schema| self.at(schema)).collect()
    }

    /// The schemas that apply to members and items.
    fn within(&self) -> Vec<Self> {
        let map = |name| self.schema.get(name).and_then(Value::as_object).into_iter().flat_map(Map::values);
        let maps = ["properties", "patternProperties"].into_iter().flat_map(map);
        let one = ["additionalProperties", "additionalItems"].into_iter().filter_map(|name| self.schema.get(name));
        let items = match self.schema.get("items") {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(item) => vec![item],
            None => Vec::new(),
        };
        maps.chain(one).chain(items).map(|schema| self.at(schema)).collect()
    }
}

impl<'a> Walk<'a> {
    /// Where a reference leads.
    fn resolve(&self, place: Place<'a>, reference: &'a str) -> Result<Place<'a>, SchemaError> {
        let (model, fragment) = model_name(reference).unwrap_or((place.model, reference));
        let (model, document) = self.models.get_key_value(model).ok_or(SchemaError::MissingModel)?;
        let pointer = percent_decode_str(fragment.trim_start_matches('#')).decode_utf8_lossy();
        let schema = document.pointer(&pointer).ok_or(SchemaError::UnknownReference)?;
        Ok(Place { model, schema })
    }

    /// A reference stands alone: draft-04 ignores what is beside it.
    fn same_value(&self, place: Place<'a>) -> Result<Vec<Place<'a>>, SchemaError> {
        match place.reference() {
            Some(reference) => Ok(vec![self.resolve(place, reference)?]),
            None => Ok(place.same_value()),
        }
    }

    fn per_value(&mut self, place: Place<'a>, depth: u32) -> Result<PerValue, SchemaError> {
        match self.per_value.entry(place.key()) {
            Entry::Occupied(known) => {
                let known = known.get().ok_or(SchemaError::Circular)?;
                return if depth + known.height > SCHEMAS_PER_VALUE_DEPTH_MAX { Err(SchemaError::TooLarge) } else { Ok(known) };
            }
            Entry::Vacant(entry) => entry.insert(None),
        };
        if depth >= SCHEMAS_PER_VALUE_DEPTH_MAX {
            return Err(SchemaError::TooLarge);
        }
        let mut found = PerValue { count: 1, height: 0 };
        for next in self.same_value(place)? {
            let next = self.per_value(next, depth + 1)?;
            found.count = found.count.saturating_add(next.count);
            found.height = found.height.max(next.height + 1);
        }
        if found.count > SCHEMAS_PER_VALUE_MAX {
            return Err(SchemaError::TooLarge);
        }
        if place.reference().is_none() {
            self.waiting.extend(place.within());
        }
        self.per_value.insert(place.key(), Some(found));
        Ok(found)
    }

    /// The ways from here to every schema below.
    fn paths(&mut self, place: Place<'a>, depth: u32) -> u64 {
        if let Some(known) = self.paths.get(&place.key()) {
            return *known;
        }
        if depth >= PATHS_DEPTH_MAX {
            return u64::MAX;
        }
        // Met again before it is counted, it is recursive.
        self.paths.insert(place.key(), u64::MAX);
        let Ok(mut next) = self.same_value(place) else { return u64::MAX };
        if place.reference().is_none() {
            next.extend(place.within());
        }
        let count = next.into_iter().fold(1_u64, |count, next| count.saturating_add(self.paths(next, depth + 1)));
        self.paths.insert(place.key(), count);
        count
    }
}
