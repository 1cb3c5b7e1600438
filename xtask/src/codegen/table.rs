//! The operation tables, as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{names, nouns};

/// Service module to enum to its values, where AWS's messages have an order of their own.
pub type EnumOrder = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// One table.
#[derive(Debug, Deserialize)]
pub struct Table {
    /// All operations.
    pub operations: Vec<Operation>,
    /// The shapes that say more than their type.
    pub shapes: BTreeMap<String, Shape>,
}

/// One operation.
#[derive(Debug, Deserialize)]
pub struct Operation {
    /// AWS's name.
    pub name: String,
    /// HTTP method.
    pub method: String,
    /// Path template.
    pub uri: String,
    /// Status of success after the model; see [`STATUS_OBSERVED`].
    pub status: u16,
    /// Members of the input.
    pub input: Vec<Member>,
    /// Name of the output's shape.
    pub output_shape: Option<String>,
}

/// Statuses that the service really answers where its model says otherwise, observed against it.
const STATUS_OBSERVED: [(&str, &str, u16); 4] = [
    ("apigatewayv2", "UpdateApi", 201),
    ("apigatewayv2", "UpdateRoute", 201),
    ("apigatewayv2", "UpdateDeployment", 201),
    ("apigatewayv2", "CreateApiMapping", 200),
];

/// One member of an input or a structure.
#[derive(Debug, Deserialize)]
pub struct Member {
    /// AWS's name.
    pub name: String,
    /// The name it travels under.
    pub wire: String,
    /// Where it travels.
    #[serde(rename = "in")]
    pub place: Place,
    /// Name of its shape.
    pub shape: String,
    /// Its type, a shape that is not in `shapes` included.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// What it must meet.
    #[serde(flatten)]
    pub limits: Limits,
}

/// Where a member travels.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// A label of the path.
    Uri,
    /// A query parameter.
    #[serde(rename = "querystring")]
    Query,
    /// A header.
    Header,
    /// A member of the JSON body.
    Body,
    /// The body as it is.
    Payload,
    /// The HTTP status.
    StatusCode,
}

/// The types of restJson1.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    String,
    Integer,
    Long,
    Double,
    Float,
    Boolean,
    Blob,
    Timestamp,
    List,
    Map,
    Structure,
}

/// Constraints.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Limits {
    /// The values of a closed set of strings.
    #[serde(rename = "enum")]
    pub values: Option<Vec<String>>,
    /// Smallest length or value.
    pub min: Option<i64>,
    /// Largest length or value.
    pub max: Option<i64>,
    /// A regular expression for the whole text.
    pub pattern: Option<String>,
}

/// One shape.
#[derive(Debug, Deserialize)]
pub struct Shape {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Members of a structure.
    #[serde(default)]
    pub members: Vec<Member>,
    /// Element of a list; key and value of a map.
    pub of: Option<Of>,
    /// How a timestamp is written.
    pub timestamp: Option<String>,
    /// What its values must meet.
    #[serde(flatten)]
    pub limits: Limits,
}

/// What a list or map holds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Of {
    /// A list's elements.
    Element(String),
    /// A map's keys and values.
    Entry(String, String),
}

/// Reads a JSON file.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// A table, and what follows from all of it.
#[derive(Debug)]
pub struct Service {
    /// Rust module.
    pub module: &'static str,
    /// Name of the trait.
    pub trait_name: &'static str,
    /// The table.
    pub table: Table,
    /// Types of shapes that are not in the table's `shapes`, as the members that have them say.
    plain: BTreeMap<String, Kind>,
    /// Shapes that requests hold.
    pub read: BTreeSet<String>,
    /// Shapes that answers hold.
    pub written: BTreeSet<String>,
}

impl Service {
    /// Collects what follows from `table`.
    pub fn new(mut table: Table, module: &'static str, trait_name: &'static str) -> Result<Self, String> {
        for operation in &mut table.operations {
            if let Some((_, _, status)) = STATUS_OBSERVED.iter().find(|row| (row.0, row.1) == (module, operation.name.as_str())) {
                operation.status = *status;
            }
        }
        let mut service =
            Self { module, trait_name, table, plain: BTreeMap::new(), read: BTreeSet::new(), written: BTreeSet::new() };
        service.plain = service.plain_shapes();
        let inputs = service.table.operations.iter().flat_map(|operation| &operation.input).map(|member| &member.shape);
        service.read = service.reachable(inputs);
        service.written =
            service.reachable(service.table.operations.iter().filter_map(|operation| operation.output_shape.as_ref()));
        Ok(service)
    }

    /// The shape called `name` when the table says more about it than its type.
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.table.shapes.get(name)
    }

    /// The type of a shape, described or not.
    pub fn kind(&self, name: &str) -> Kind {
        match self.shape(name) {
            Some(shape) => shape.kind,
            // A shape that no member has directly is an element or value; undescribed ones are plain strings, which
            // the names show ("ProviderARN", "StringWithLengthBetween1And1600").
            None => self.plain.get(name).copied().unwrap_or(Kind::String),
        }
    }

    /// Whether the shape is a closed set of strings.
    pub fn is_enum(&self, name: &str) -> bool {
        self.shape(name).is_some_and(|shape| shape.limits.values.is_some())
    }

    /// The noun whose file an operation belongs to.
    pub fn noun(&self, operation: &Operation) -> String {
        nouns::of_operation(self.module, &operation.name)
    }

    /// The noun of each structure: the one whose operations alone use it. `None` when several do.
    pub fn structure_noun(&self, structure: &str) -> Option<String> {
        let direct: BTreeSet<String> = self
            .table
            .operations
            .iter()
            .filter(|operation| operation.output_shape.as_deref() == Some(structure))
            .map(|operation| self.noun(operation))
            .collect();
        if direct.len() == 1 {
            return direct.into_iter().next();
        }
        let users = self.table.operations.iter().filter(|operation| {
            let roots = operation.input.iter().map(|member| &member.shape).chain(&operation.output_shape);
            self.reachable(roots).contains(structure)
        });
        let nouns: BTreeSet<String> = users.map(|operation| self.noun(operation)).collect();
        if nouns.len() == 1 { nouns.into_iter().next() } else { nouns::of_structure(&names::snake(structure), &nouns) }
    }

    /// All shapes that values of `roots` can hold, themselves included.
    pub fn reachable<'a>(&self, roots: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
        let mut todo: Vec<String> = roots.cloned().collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = todo.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let Some(shape) = self.shape(&name) else { continue };
            todo.extend(shape.members.iter().map(|member| member.shape.clone()));
            match &shape.of {
                Some(Of::Element(element)) => todo.push(element.clone()),
                Some(Of::Entry(key, value)) => todo.extend([key.clone(), value.clone()]),
                None => {}
            }
        }
        seen
    }

    fn plain_shapes(&self) -> BTreeMap<String, Kind> {
        let inputs = self.table.operations.iter().flat_map(|operation| &operation.input);
        let members = self.table.shapes.values().flat_map(|shape| &shape.members);
        inputs.chain(members).map(|member| (member.shape.clone(), member.kind)).collect()
    }
}
