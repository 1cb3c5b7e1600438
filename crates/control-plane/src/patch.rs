//! v1 PATCH: a list of operations on JSON pointers, applied in order to one aggregate, all or none.

use postern_api_model::apigateway::{Op, PatchOperation};
use postern_api_model::error::{ApiError, ApiResult};

/// Operations of one call. AWS names no bound; this one is ten times what a client needs that sets every member of the largest
/// API's stage, and keeps a call's work, which looks at a list for each operation, to a fraction of a second.
const OPERATIONS_MAX: usize = 10_000;

/// One operation, its path split at `/` and unescaped.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    pub(crate) op: Op,
    /// As the client wrote it; error texts repeat it. `None` when it was left out.
    pub(crate) path: Option<String>,
    /// The parts after the leading slash with `~1` and `~0` undone; empty when there is no path.
    pub(crate) parts: Vec<String>,
    pub(crate) value: Option<String>,
    pub(crate) from: Option<String>,
}

impl Patch {
    /// The operations of an Update call in the order given; an absent list is an empty one.
    pub(crate) fn list(operations: Option<Vec<PatchOperation>>) -> ApiResult<Vec<Self>> {
        let operations = operations.unwrap_or_default();
        if operations.len() > OPERATIONS_MAX {
            return Err(ApiError::bad_request(format!("Too many patch operations: at most {OPERATIONS_MAX} in one call")));
        }
        Ok(operations.into_iter().map(Self::new).collect())
    }

    fn new(operation: PatchOperation) -> Self {
        let parts = operation.path.as_deref().map(split).unwrap_or_default();
        Self {
            // The service takes an operation without `op` for a replace.
            op: operation.op.unwrap_or(Op::Replace),
            parts,
            path: operation.path,
            value: operation.value,
            from: operation.from,
        }
    }

    /// The path as error texts print it: `null` when there is none.
    pub(crate) fn path_text(&self) -> &str {
        self.path.as_deref().unwrap_or("null")
    }

    /// The parts as string slices, for matching.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }

    /// The value, with absent read as empty: clients clear a member either way.
    pub(crate) fn text(&self) -> &str {
        self.value.as_deref().unwrap_or_default()
    }

    /// `true` in any case is true; every other text is false, as recorded.
    pub(crate) fn flag(&self) -> bool {
        self.text().eq_ignore_ascii_case("true")
    }

    /// The value as an optional member: absent and empty clear it.
    pub(crate) fn optional(&self) -> Option<String> {
        self.value.clone().filter(|value| !value.is_empty())
    }
}

/// The text of Resource, RequestValidator, DocumentationPart and UsagePlan for a path they do not know. Two spaces after
/// `path`, as recorded.
pub(crate) fn unknown_path(patch: &Patch, paths: &[&str]) -> ApiError {
    let (path, op, paths) = (patch.path_text(), patch.op, paths.join(", "));
    ApiError::bad_request(format!("Invalid patch path  '{path}' specified for op '{op}'. Must be one of: [{paths}]"))
}

/// The same family's text for a path that does not take the operation.
pub(crate) fn unsupported_op(patch: &Patch) -> ApiError {
    let (path, op) = (patch.path_text(), patch.op);
    ApiError::bad_request(format!("Invalid patch path  '{path}' specified for op '{op}'. Please choose supported operations"))
}

/// Splits a JSON pointer (RFC 6901) into unescaped parts.
fn split(path: &str) -> Vec<String> {
    path.strip_prefix('/').unwrap_or(path).split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_call_carries_a_bounded_number_of_operations() {
        let operation = PatchOperation { op: None, path: Some("/a".into()), value: None, from: None };
        assert_eq!(Patch::list(Some(vec![operation.clone(); OPERATIONS_MAX])).unwrap().len(), OPERATIONS_MAX);
        let error = Patch::list(Some(vec![operation; OPERATIONS_MAX + 1])).unwrap_err();
        assert_eq!((error.status, error.code), (400, "BadRequestException"));
    }

    #[test]
    fn parts_are_unescaped_after_splitting() {
        assert_eq!(split("/binaryMediaTypes/image~1png"), ["binaryMediaTypes", "image/png"]);
        assert_eq!(split("/a~01b"), ["a~1b"]);
        assert_eq!(split("/*/*/logging/loglevel"), ["*", "*", "logging", "loglevel"]);
    }
}
