//! Model: a named JSON schema that methods refer to.

mod flatten;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod template;

use postern_api_model::apigateway::{
    CreateModelInput, DeleteModelInput, GetModelInput, GetModelTemplateInput, GetModelsInput, Model as Shown, Models, Op,
    Template, UpdateModelInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, Method, Model, RestApi};
use postern_api_model::scope::Caller;
use serde_json::Value;

use super::{map_patch, method, rest_api};
use crate::page::Page;
use crate::patch::Patch;
use crate::{ControlPlane, ids};

/// AWS's bound on a schema, "Amazon API Gateway quotas": 400 KB.
const SCHEMA_BYTES_MAX: usize = 400 * 1024;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateModelInput) -> ApiResult<Shown> {
    let change = |api: &mut RestApi| create_in(&mut api.definition, &input);
    plane.change_rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id), change).await
}

pub(super) fn create_in(definition: &mut Definition, input: &CreateModelInput) -> ApiResult<Shown> {
    check_name(&input.name)?;
    let schema = input.schema.clone().unwrap_or_default();
    check_schema(&schema)?;
    if definition.models.contains_key(&input.name) {
        return Err(ApiError::conflict("Model name already exists for this REST API"));
    }
    let model = Model {
        id: ids::fresh(ids::SHORT, |id| definition.models.values().any(|model| model.id == id)),
        name: input.name.clone(),
        content_type: input.content_type.clone(),
        description: input.description.clone().filter(|description| !description.is_empty()),
        schema,
    };
    let shown = show_one(&model);
    definition.models.insert(model.name.clone(), model);
    Ok(shown)
}

fn check_name(name: &str) -> ApiResult<()> {
    if name.is_empty() {
        return Err(ApiError::bad_request("Model name must be non-empty"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ApiError::bad_request(format!("Model name must be alphanumeric: {name}")));
    }
    Ok(())
}

fn check_schema(schema: &str) -> ApiResult<()> {
    if schema.is_empty() {
        return Err(ApiError::bad_request("Model schema must have at least 1 property or array items defined"));
    }
    if schema.len() > SCHEMA_BYTES_MAX {
        return Err(ApiError::bad_request(format!("Model schema exceeds the maximum size of {SCHEMA_BYTES_MAX} bytes")));
    }
    let invalid = "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]";
    match serde_json::from_str(schema) {
        Ok(Value::Object(_)) => Ok(()),
        _ => Err(ApiError::bad_request(invalid)),
    }
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetModelInput) -> ApiResult<Shown> {
    let api = plane.rest_api(caller, &input.rest_api_id, || missing(&input.model_name)).await?;
    let model = api.definition.models.get(&input.model_name).ok_or_else(|| missing(&input.model_name))?;
    let mut shown = show_one(model);
    if input.flatten == Some(true) {
        shown.schema = Some(flatten::flatten(&api.definition, model));
    }
    Ok(shown)
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetModelsInput) -> ApiResult<Models> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let api = plane.rest_api(caller, &input.rest_api_id, || rest_api::missing(caller, &input.rest_api_id)).await?;
    let (items, position) = page.cut(api.definition.models.values(), |model| &model.name);
    Ok(Models { items: Some(items.into_iter().map(show_one).collect()), position })
}

pub(super) async fn template_of(plane: &ControlPlane, caller: &Caller, input: GetModelTemplateInput) -> ApiResult<Template> {
    let api = plane.rest_api(caller, &input.rest_api_id, || missing(&input.model_name)).await?;
    let model = api.definition.models.get(&input.model_name).ok_or_else(|| missing(&input.model_name))?;
    Ok(Template { value: Some(template::template(&api.definition, model)) })
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateModelInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |api: &mut RestApi| {
        let model = api.definition.models.get_mut(&input.model_name).ok_or_else(|| missing(&input.model_name))?;
        patches.iter().try_for_each(|patch| apply(model, patch))?;
        Ok(show_one(model))
    };
    plane.change_rest_api(caller, &input.rest_api_id, || missing(&input.model_name), change).await
}

fn apply(model: &mut Model, patch: &Patch) -> ApiResult<()> {
    match (patch.parts().as_slice(), patch.op) {
        (["description"], Op::Replace) => model.description = patch.optional(),
        (["schema"], Op::Replace) => {
            check_schema(patch.text())?;
            patch.text().clone_into(&mut model.schema);
        }
        (["description" | "schema"], _) => {
            return Err(map_patch::unsupported_op("[replace]"));
        }
        _ => return Err(map_patch::unknown_path(patch)),
    }
    Ok(())
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteModelInput) -> ApiResult<()> {
    let change = |api: &mut RestApi| delete_in(&mut api.definition, &input.model_name);
    plane.change_rest_api(caller, &input.rest_api_id, || missing(&input.model_name), change).await
}

fn delete_in(definition: &mut Definition, name: &str) -> ApiResult<()> {
    if !definition.models.contains_key(name) {
        return Err(missing(name));
    }
    let in_request = |method: &Method| method.request_models.values().any(|model| model == name);
    let in_response =
        |method: &Method| method.responses.values().any(|response| response.response_models.values().any(|model| model == name));
    let used = method::user(definition, in_request).map(|user| ("method request", user));
    let used = used.or_else(|| method::user(definition, in_response).map(|user| ("method response", user)));
    if let Some((place, user)) = used {
        return Err(ApiError::conflict(format!("Cannot delete model '{name}', is referenced in {place}: {user}")));
    }
    definition.models.remove(name);
    Ok(())
}

fn missing(name: &str) -> ApiError {
    ApiError::not_found(format!("Invalid model name specified: {name}"))
}

fn show_one(model: &Model) -> Shown {
    Shown {
        id: Some(model.id.clone()),
        name: Some(model.name.clone()),
        description: model.description.clone(),
        schema: Some(model.schema.clone()),
        content_type: Some(model.content_type.clone()),
    }
}

#[cfg(test)]
mod tests;
