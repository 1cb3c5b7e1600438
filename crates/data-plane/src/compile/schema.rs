//! Models: JSON schemas of draft-04, each compiled once with the models that it refers to.
//!
//! A schema comes from a tenant and a body from anyone, so that work is bounded before it is done: [`closure`] refuses schemas that
//! refer to themselves without an end, that fan out too far or that are too large. AWS keeps such schemas too and answers the
//! requests that need them with 500.

mod closure;
mod messages;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use closure::Closure;
use jsonschema::{Draft, PatternOptions};
use postern_api_model::rest_api::Definition;
use serde_json::Value;

/// Bytes that all patterns of a model may take when compiled, and one of them: a definition cannot take the memory of all.
const PATTERNS_BYTES_MAX: usize = 16 << 20;
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Bytes of a pattern's cache of states.
const PATTERN_CACHE_BYTES_MAX: usize = 1 << 18;
/// Steps back that a pattern with look-around may take per text; all other patterns take linear time.
const PATTERN_BACKTRACKS_MAX: usize = 10_000;
/// Bytes of all schemas that a deployment compiles, counting a model once for each that refers to it: they stay in memory.
const SCHEMAS_BYTES_MAX: usize = 32 << 20;
/// Bytes of a body, times the schemas that may apply to a value, that are checked at once; more would hold up other requests.
const QUICK_WORK_MAX: u64 = 4 << 20;
/// Ways through a schema up to which each error of a small body is told. Beyond, telling them could take for ever.
const DETAIL_PATHS_MAX: u64 = 1_000;
/// Bytes of a body whose errors are told one by one; a larger one could have millions.
const DETAIL_BODY_BYTES_MAX: usize = 64 * 1024;
/// What is told otherwise.
const NO_DETAIL: &str = "[request body does not match the model]";
/// Recorded in the log of AWS for an empty body.
const UNPARSABLE: &str = "[Unknown error parsing request body]";

/// Why requests that need a model answer 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SchemaError {
    #[error("the model of the request, or one that it refers to, does not exist")]
    MissingModel,
    #[error("the schema of a model is not JSON")]
    NotJson,
    #[error("a $ref in the schema of a model is neither within it nor to a model of this API")]
    UnknownReference,
    #[error("the schema of a model refers to itself without an end")]
    Circular,
    #[error("the schema of a model, with the models it refers to, is too large or nested too deeply")]
    TooLarge,
    #[error("the schema of a model is no JSON schema of draft-04, or one of its patterns is too large or unknown")]
    Invalid,
}

/// The models of a deployment, compiled as methods ask for them.
pub(crate) struct Schemas<'a> {
    definition: &'a Definition,
    compiled: RefCell<BTreeMap<String, Result<Arc<Schema>, SchemaError>>>,
    bytes: Cell<usize>,
}

/// A compiled model.
pub(crate) struct Schema {
    validator: jsonschema::Validator,
    detail: Detail,
    per_value: u64,
}

/// Whether the errors of a body can be told one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    Each,
    None,
}

impl<'a> Schemas<'a> {
    pub(crate) fn new(definition: &'a Definition) -> Self {
        Self { definition, compiled: RefCell::default(), bytes: Cell::new(0) }
    }

    /// The model of this name.
    pub(super) fn model(&self, name: &str) -> Result<Arc<Schema>, SchemaError> {
        let known = self.compiled.borrow().get(name).cloned();
        known.unwrap_or_else(|| {
            let compiled = self.compile(name).map(Arc::new);
            self.compiled.borrow_mut().insert(name.to_owned(), compiled.clone());
            compiled
        })
    }

    fn compile(&self, name: &str) -> Result<Schema, SchemaError> {
        let closure = Closure::of(self.definition, name)?;
        self.bytes.set(self.bytes.get() + closure.bytes());
        if self.bytes.get() > SCHEMAS_BYTES_MAX { Err(SchemaError::TooLarge) } else { Schema::compile(closure) }
    }
}

impl Schema {
    fn compile(closure: Closure) -> Result<Self, SchemaError> {
        let cost = closure.check()?;
        let pattern_bytes = (PATTERNS_BYTES_MAX / closure.patterns().max(1)).min(PATTERN_BYTES_MAX);
        let patterns = PatternOptions::fancy_regex()
            .backtrack_limit(PATTERN_BACKTRACKS_MAX)
            .size_limit(pattern_bytes)
            .dfa_size_limit(PATTERN_CACHE_BYTES_MAX);
        let root = closure.root().clone();
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .with_base_uri(closure.root_uri())
            // AWS does not check formats.
            .should_validate_formats(false)
            .with_pattern_options(patterns)
            .with_retriever(closure)
            .build(&root)
            .map_err(|_| SchemaError::Invalid)?;
        let detail = if cost.paths <= DETAIL_PATHS_MAX { Detail::Each } else { Detail::None };
        Ok(Self { validator, detail, per_value: cost.per_value })
    }

    /// Whether a body of this length is checked so soon that nothing else has to wait.
    pub(crate) fn is_quick(&self, body_bytes: usize) -> bool {
        body_bytes <= DETAIL_BODY_BYTES_MAX && (body_bytes as u64).saturating_mul(self.per_value) <= QUICK_WORK_MAX
    }

    /// Checks a body. The error is `$context.error.validationErrorString`.
    pub(crate) fn check(&self, body: &[u8]) -> Result<(), String> {
        // Nested deeper than 128 is no JSON either: the parser's bound.
        let value: Value = serde_json::from_slice(body).map_err(|_| UNPARSABLE.to_owned())?;
        if self.validator.is_valid(&value) {
            return Ok(());
        }
        match self.detail {
            Detail::Each if body.len() <= DETAIL_BODY_BYTES_MAX => Err(messages::describe(self.validator.iter_errors(&value))),
            Detail::Each | Detail::None => Err(NO_DETAIL.to_owned()),
        }
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schema").field("detail", &self.detail).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
