//! PATCH of one member of a map, and the texts of the nouns for which none of their own is known, as recorded for methods.

use postern_api_model::apigateway::Op;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::OrderedMap;

use crate::patch::Patch;

/// Adds, replaces or removes the entry `key`; `value` reads what the operation carries. Replacing and removing need the entry, and
/// a path without a key after its slash names none.
pub(super) fn apply_entry<V>(
    map: &mut OrderedMap<V>,
    key: &str,
    patch: &Patch,
    value: impl FnOnce() -> ApiResult<V>,
) -> ApiResult<()> {
    match patch.op {
        _ if key.is_empty() => return Err(unknown_path(patch)),
        Op::Replace if !map.contains_key(key) => return Err(unknown_entry()),
        Op::Add | Op::Replace => {
            map.insert(key.to_owned(), value()?);
        }
        Op::Remove => {
            map.shift_remove(key).ok_or_else(unknown_entry)?;
        }
        _ => return Err(unsupported_op("[add, remove, replace]")),
    }
    Ok(())
}

/// The text for an entry that is not there, as recorded for gateway responses and reported for integrations.
pub(super) fn unknown_entry() -> ApiError {
    ApiError::not_found("Invalid parameter name specified")
}

/// The text for a path that the noun does not have, as recorded for methods and gateway responses.
pub(super) fn unknown_path(patch: &Patch) -> ApiError {
    ApiError::bad_request(format!("Invalid patch path {}", patch.path_text()))
}

/// The text for an operation that the path does not take, as recorded for methods with `[replace]`.
pub(super) fn unsupported_op(supported: &str) -> ApiError {
    ApiError::bad_request(format!("Invalid patch operation specified. Must be one of: {supported}"))
}

/// Lets only `replace` through.
pub(super) fn only_replace(patch: &Patch) -> ApiResult<()> {
    if patch.op == Op::Replace { Ok(()) } else { Err(unsupported_op("[replace]")) }
}
