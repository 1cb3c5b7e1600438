//! What is wrong with a body, in the words that AWS prints: those of the validator that it uses.

use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

/// Errors that are told of one body.
const ERRORS_MAX: usize = 20;
/// Bytes of all of them together: texts repeat what a client sent.
const BYTES_MAX: usize = 4 * 1024;

/// One error, in the order in which they are told: what is nearer to the root comes first.
struct Fault {
    depth: usize,
    instance: String,
    schema: String,
    what: What,
}

enum What {
    Text(String),
    /// Reported together for one object.
    Missing(BTreeSet<String>),
}

/// All errors, in one pair of brackets.
pub(super) fn describe<'a>(errors: impl Iterator<Item = ValidationError<'a>>) -> String {
    let mut faults: Vec<Fault> = Vec::new();
    for error in errors {
        let fault = Fault::of(&error);
        match (faults.last_mut(), fault) {
            (
                Some(Fault { instance, schema, what: What::Missing(known), .. }),
                Fault { instance: same_instance, schema: same_schema, what: What::Missing(more), .. },
            ) if *instance == same_instance && *schema == same_schema => known.extend(more),
            (_, fault) => faults.push(fault),
        }
    }
    faults.sort_by(|one, other| (one.depth, &one.instance).cmp(&(other.depth, &other.instance)));
    let texts: Vec<String> = faults.into_iter().take(ERRORS_MAX).map(|fault| fault.what.text()).collect();
    let mut all = format!("[{}", texts.join(", "));
    all.truncate(all.floor_char_boundary(BYTES_MAX));
    all + "]"
}

impl Fault {
    fn of(error: &ValidationError<'_>) -> Self {
        let instance = error.instance_path().to_string();
        let what = match error.kind() {
            ValidationErrorKind::Required { property } => {
                What::Missing([property.as_str().unwrap_or_default().to_owned()].into())
            }
            kind => What::Text(text(kind, error.instance()).unwrap_or_else(|| generic(kind))),
        };
        Self { depth: instance.matches('/').count(), instance, schema: error.schema_path().to_string(), what }
    }
}

impl What {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Missing(names) => format!("object has missing required properties ({})", list(names)),
        }
    }
}

/// A keyword whose words are not known.
fn generic(kind: &ValidationErrorKind) -> String {
    format!("instance does not match the keyword \"{}\"", kind.keyword())
}

fn text(kind: &ValidationErrorKind, instance: &Value) -> Option<String> {
    use ValidationErrorKind as Kind;
    let items = || instance.as_array().map_or(0, Vec::len);
    let members = || instance.as_object().map_or(0, serde_json::Map::len);
    let chars = || instance.as_str().map_or(0, |text| text.chars().count());
    Some(match kind {
        Kind::Type { kind } => format!(
            "instance type ({}) does not match any allowed primitive type (allowed: {})",
            type_name(instance),
            list(allowed(kind))
        ),
        Kind::AdditionalProperties { unexpected } => format!(
            "object instance has properties which are not allowed by the schema: {}",
            list(unexpected.iter().cloned().collect())
        ),
        // What `additionalProperties: false` is reported as when no property is known.
        Kind::FalseSchema => "object instance has properties which are not allowed by the schema".to_owned(),
        Kind::Enum { options } => format!("instance value ({instance}) not found in enum (possible values: {options})"),
        Kind::Pattern { pattern } => format!("ECMA 262 regex \"{pattern}\" does not match input string {instance}"),
        Kind::MinLength { limit } => format!("string {instance} is too short (length: {}, required minimum: {limit})", chars()),
        Kind::MaxLength { limit } => format!("string {instance} is too long (length: {}, maximum allowed: {limit})", chars()),
        Kind::MinItems { limit } => {
            format!("array is too short: must have at least {limit} elements but instance has {} elements", items())
        }
        Kind::MaxItems { limit } => {
            format!("array is too long: must have at most {limit} elements but instance has {} elements", items())
        }
        Kind::UniqueItems => "array must not contain duplicate elements".to_owned(),
        Kind::MinProperties { limit } => {
            format!("object has too few properties (found {} but schema requires at least {limit})", members())
        }
        Kind::MaxProperties { limit } => {
            format!("object has too many properties (found {} but schema requires at most {limit})", members())
        }
        Kind::Minimum { limit } => {
            format!("numeric instance is lower than the required minimum (minimum: {limit}, found: {instance})")
        }
        Kind::Maximum { limit } => {
            format!("numeric instance is greater than the required maximum (maximum: {limit}, found: {instance})")
        }
        Kind::ExclusiveMinimum { limit } => format!("numeric instance is not strictly greater than the required minimum {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("numeric instance is not strictly lower than the required maximum {limit}"),
        Kind::OneOfNotValid { context } => one_of(0, context.len()),
        Kind::OneOfMultipleValid { context } => one_of(context.iter().filter(|errors| errors.is_empty()).count(), context.len()),
        Kind::AnyOf { context } => {
            format!("instance failed to match at least one required schema among {}", context.len())
        }
        Kind::Not { .. } => "instance matched a schema which it should not have".to_owned(),
        _ => return None,
    })
}

fn one_of(matched: usize, count: usize) -> String {
    format!("instance failed to match exactly one schema (matched {matched} out of {count})")
}

fn type_name(instance: &Value) -> &'static str {
    match instance {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A number may be an integer, and is listed as such.
fn allowed(kind: &TypeKind) -> BTreeSet<String> {
    let types: Vec<JsonType> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(several) => several.iter().collect(),
    };
    let mut names: BTreeSet<String> = types.iter().map(ToString::to_string).collect();
    if names.contains("number") {
        names.insert("integer".to_owned());
    }
    names
}

fn list(names: BTreeSet<String>) -> String {
    Value::from_iter(names).to_string()
}
