//! One document of many files: what references to other files lead to is brought into the document, because an import has one text.
//!
//! A schema gets a name among the document's schemas, so that schemas may refer to each other in circles. Anything else is put in
//! the place of the reference. Where each part came from is remembered, for messages.

use std::collections::{HashMap, VecDeque};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::files::Files;
use super::problem::Problem;
use super::watch::Watched;

/// Values in the whole document: as many as an import takes of one text.
const VALUES_MAX: usize = 1_000_000;
/// Levels of nesting, those behind references included; what parses a text afterwards takes 128.
const DEPTH_MAX: usize = 120;
/// Problems that are told at one time.
const PROBLEMS_MAX: usize = 50;

/// A document of one or more files.
pub struct Bundle {
    /// The whole document.
    pub root: Value,
    /// What it was made of.
    files: Files,
    origins: Vec<Origin>,
}

/// From where a part of the document came.
struct Origin {
    /// Pointer into the whole.
    whole: String,
    /// The file.
    file: usize,
    /// Pointer into the file.
    part: String,
}

/// What kind of value stands at a place: it decides whether a `$ref` is a reference, and to what.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Root,
    Paths,
    PathItem,
    Components,
    Schemas,
    Schema,
    Other,
    /// Examples, defaults, extensions: never references.
    Data,
}

/// A place in a file.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    file: usize,
    pointer: String,
}

struct Bundler {
    files: Files,
    origins: Vec<Origin>,
    problems: Vec<Problem>,
    /// `#/definitions/` or `#/components/schemas/`.
    prefix: &'static str,
    /// Names that schemas of other files were given.
    names: HashMap<Place, String>,
    taken: std::collections::HashSet<String>,
    waiting: VecDeque<(Place, String)>,
    /// References that are being followed.
    open: Vec<Place>,
    values_left: usize,
}

/// Puts the files together.
pub fn bundle(files: Files) -> Result<Bundle, (Files, Vec<Problem>)> {
    let Some(first) = files.read.first() else { return Err((files, Vec::new())) };
    let root = first.document.root().clone();
    let prefix = if root.get("swagger").is_some() { "/definitions" } else { "/components/schemas" };
    let taken = root.pointer(prefix).and_then(Value::as_object).map(|schemas| schemas.keys().cloned().collect());
    let mut bundler = Bundler {
        files,
        origins: vec![Origin { whole: String::new(), file: 0, part: String::new() }],
        problems: Vec::new(),
        prefix: if prefix == "/definitions" { "#/definitions/" } else { "#/components/schemas/" },
        names: HashMap::new(),
        taken: taken.unwrap_or_default(),
        waiting: VecDeque::new(),
        open: Vec::new(),
        values_left: VALUES_MAX,
    };
    let mut whole = bundler.copy(&root, &Place { file: 0, pointer: String::new() }, "", Kind::Root, 0);
    while let Some((place, name)) = bundler.waiting.pop_front() {
        let Some(schema) = bundler.value(&place) else { continue };
        let at = format!("{}{}", bundler.prefix.trim_start_matches('#'), escaped(&name));
        bundler.note(&at, &place);
        let schema = bundler.copy(&schema, &place, &at, Kind::Schema, 0);
        insert(&mut whole, bundler.prefix, name, schema);
    }
    if !bundler.problems.is_empty() {
        return Err((bundler.files, bundler.problems));
    }
    Ok(Bundle { root: whole, files: bundler.files, origins: bundler.origins })
}

impl Bundle {
    /// A problem at a place of the whole document, in terms of the file that it came from.
    pub fn problem(&self, pointer: &str, text: String) -> Problem {
        let holds = |origin: &&Origin| {
            pointer.strip_prefix(origin.whole.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let origin = self.origins.iter().filter(holds).max_by_key(|origin| origin.whole.len());
        let found = origin.and_then(|origin| Some((origin, self.files.read.get(origin.file)?)));
        let Some((origin, file)) = found else {
            return Problem { file: std::path::PathBuf::new(), position: None, text };
        };
        let part = format!("{}{}", origin.part, &pointer[origin.whole.len()..]);
        Problem { file: file.shown.clone(), position: file.document.locate(&part), text }
    }

    /// Every file that was tried.
    pub fn into_tried(self) -> Watched {
        self.files.tried
    }
}

impl Bundler {
    fn copy(&mut self, value: &Value, place: &Place, whole: &str, kind: Kind, depth: usize) -> Value {
        if depth > DEPTH_MAX || self.values_left == 0 {
            let text = format!("more than {DEPTH_MAX} levels or {VALUES_MAX} values, with what references lead to");
            self.report(place, text);
            return Value::Null;
        }
        self.values_left -= 1;
        match value {
            Value::Array(items) => {
                let copy = |(at, item): (usize, &Value)| {
                    let place = Place { file: place.file, pointer: format!("{}/{at}", place.pointer) };
                    self.copy(item, &place, &format!("{whole}/{at}"), kind, depth + 1)
                };
                items.iter().enumerate().map(copy).collect()
            }
            Value::Object(members) => match members.get("$ref") {
                Some(Value::String(reference)) if kind.may_refer() => self.refer(members, reference, place, whole, kind, depth),
                _ => Value::Object(self.members(members, place, whole, kind, depth)),
            },
            scalar => scalar.clone(),
        }
    }

    fn members(
        &mut self,
        members: &Map<String, Value>,
        place: &Place,
        whole: &str,
        kind: Kind,
        depth: usize,
    ) -> Map<String, Value> {
        let copy = |(name, member): (&String, &Value)| {
            let part = escaped(name);
            let place = Place { file: place.file, pointer: format!("{}/{part}", place.pointer) };
            (name.clone(), self.copy(member, &place, &format!("{whole}/{part}"), kind.of_member(name), depth + 1))
        };
        members.iter().map(copy).collect()
    }

    fn refer(
        &mut self,
        members: &Map<String, Value>,
        reference: &str,
        place: &Place,
        whole: &str,
        kind: Kind,
        depth: usize,
    ) -> Value {
        // Addresses are not followed; of those that AWS does not know, the import warns.
        let stays = reference.contains("://") || (place.file == 0 && reference.starts_with('#') && kind != Kind::PathItem);
        if stays {
            return Value::Object(self.members(members, place, whole, Kind::Data, depth));
        }
        let at = Place { file: place.file, pointer: format!("{}/$ref", place.pointer) };
        let target = match self.target(place.file, reference) {
            Ok(target) => target,
            Err(text) => {
                self.report(&at, format!("$ref '{reference}': {text}"));
                return Value::Null;
            }
        };
        if kind == Kind::Schema {
            let name = self.name(&target);
            let mut copied = self.members(members, place, whole, kind, depth);
            copied.insert("$ref".to_owned(), Value::String(format!("{}{}", self.prefix, escaped(&name))));
            return Value::Object(copied);
        }
        if self.open.contains(&target) {
            self.report(&at, format!("$ref '{reference}' leads back to itself"));
            return Value::Null;
        }
        let Some(value) = self.value(&target) else { return Value::Null };
        self.note(whole, &target);
        self.open.push(target.clone());
        let copied = self.copy(&value, &target, whole, kind, depth + 1);
        self.open.pop();
        copied
    }

    fn target(&mut self, from: usize, reference: &str) -> Result<Place, String> {
        let (name, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        let name = decoded(name).map_err(|_| "is not UTF-8")?;
        let pointer = decoded(fragment).map_err(|_| "is not UTF-8")?;
        let file = if name.is_empty() { from } else { self.files.referenced(from, &name)? };
        let place = Place { file, pointer };
        match self.value(&place) {
            Some(_) => Ok(place),
            None => Err("leads nowhere".to_owned()),
        }
    }

    fn value(&self, place: &Place) -> Option<Value> {
        self.files.read.get(place.file)?.document.root().pointer(&place.pointer).cloned()
    }

    /// The name of a schema among the document's own.
    fn name(&mut self, target: &Place) -> String {
        let section = self.prefix.trim_start_matches('#');
        let own = target.pointer.strip_prefix(section).filter(|name| target.file == 0 && !name.contains('/'));
        if let Some(own) = own {
            return own.replace("~1", "/").replace("~0", "~");
        }
        if let Some(name) = self.names.get(target) {
            return name.clone();
        }
        let stem = self.files.read.get(target.file).and_then(|file| file.shown.file_stem()).unwrap_or_default().to_string_lossy();
        let last = target.pointer.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(&stem);
        // Names of models are alphanumeric.
        let plain: String = last.chars().filter(char::is_ascii_alphanumeric).collect();
        let plain = if plain.is_empty() { "Schema".to_owned() } else { plain };
        let mut name = plain.clone();
        let mut number = 2_usize;
        while !self.taken.insert(name.clone()) {
            name = format!("{plain}{number}");
            number += 1;
        }
        self.names.insert(target.clone(), name.clone());
        self.waiting.push_back((target.clone(), name.clone()));
        name
    }

    fn note(&mut self, whole: &str, place: &Place) {
        self.origins.push(Origin { whole: whole.to_owned(), file: place.file, part: place.pointer.clone() });
    }

    fn report(&mut self, place: &Place, text: String) {
        let Some(file) = self.files.read.get(place.file).filter(|_| self.problems.len() < PROBLEMS_MAX) else { return };
        let position = file.document.locate(&place.pointer);
        self.problems.push(Problem { file: file.shown.clone(), position, text });
    }
}

impl Kind {
    fn may_refer(self) -> bool {
        matches!(self, Self::PathItem | Self::Schema | Self::Other)
    }

    fn of_member(self, name: &str) -> Self {
        match (self, name) {
            (Self::Schemas, _) => Self::Schema,
            (Self::Paths, name) if name.starts_with('/') => Self::PathItem,
            (Self::Data, _) => Self::Data,
            (Self::Root, "paths") => Self::Paths,
            (Self::Root, "components") => Self::Components,
            (Self::Root, "definitions") | (Self::Components, "schemas") => Self::Schemas,
            (Self::Schema, "properties" | "patternProperties" | "definitions" | "$defs") => Self::Schemas,
            (Self::Schema, "items" | "additionalItems" | "additionalProperties" | "not" | "allOf" | "anyOf" | "oneOf") => {
                Self::Schema
            }
            (Self::Schema, _) => Self::Data,
            (_, "schema") => Self::Schema,
            (_, "example" | "default" | "enum" | "value") => Self::Data,
            (_, name) if name.starts_with("x-") && name != "x-amazon-apigateway-any-method" => Self::Data,
            _ => Self::Other,
        }
    }
}

fn insert(whole: &mut Value, prefix: &str, name: String, schema: Value) {
    let mut holder = whole;
    for part in prefix.trim_matches(['#', '/']).split('/') {
        let Value::Object(members) = holder else { return };
        holder = members.entry(part).or_insert_with(|| Value::Object(Map::new()));
    }
    if let Value::Object(schemas) = holder {
        schemas.insert(name, schema);
    }
}

/// A member's name as a part of a JSON pointer.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
