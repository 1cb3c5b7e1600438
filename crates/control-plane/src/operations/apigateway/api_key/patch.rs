//! What a PATCH changes on an API key.

use postern_api_model::api_key::ApiKey;
use postern_api_model::apigateway::Op;
use postern_api_model::error::{ApiError, ApiResult};

use super::super::map_patch::{only_replace, unknown_path, unsupported_op};
use super::{checked_description, checked_name};
use crate::patch::Patch;

/// The stage that an operation adds to the key.
pub(super) fn added_stage(patch: &Patch) -> Option<&str> {
    (patch.parts() == ["stages"] && patch.op == Op::Add).then(|| patch.text())
}

pub(super) fn apply(key: &mut ApiKey, patch: &Patch) -> ApiResult<()> {
    match patch.parts()[..] {
        ["customerId"] => key.customer_id = replaced(patch)?,
        ["description"] => key.description = checked_description(replaced(patch)?)?,
        ["enabled"] => {
            only_replace(patch)?;
            key.enabled = patch.flag();
        }
        ["name"] => key.name = checked_name(replaced(patch)?)?,
        // A set that is patched by value.
        [member @ ("labels" | "stages")] => {
            let set = if member == "labels" { &mut key.labels } else { &mut key.stage_keys };
            match patch.op {
                Op::Add | Op::Remove if patch.text().is_empty() => {
                    return Err(ApiError::bad_request(format!("Invalid value for {}: it must not be empty", patch.path_text())));
                }
                Op::Add => drop(set.insert(patch.text().to_owned())),
                Op::Remove => drop(set.remove(patch.text())),
                Op::Replace | Op::Move | Op::Copy | Op::Test => return Err(unsupported_op("[add, remove]")),
            }
        }
        _ => return Err(unknown_path(patch)),
    }
    Ok(())
}

fn replaced(patch: &Patch) -> ApiResult<Option<String>> {
    only_replace(patch).map(|()| patch.optional())
}
