//! A new API: from nothing, or from another one.

use std::collections::BTreeMap;

use postern_api_model::apigateway::CreateRestApiInput;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, Model, RestApi};
use postern_api_model::scope::Caller;

use super::super::tag;
use super::{clone, endpoint, policy};
use crate::ids;

/// AWS's bound on `minimumCompressionSize`, "Amazon API Gateway quotas": the payload limit.
const COMPRESSION_BYTES_MAX: u32 = 10_485_760;

const EMPTY_SCHEMA: &str = r#"{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "title": "Empty Schema",
  "type": "object"
}"#;

const ERROR_SCHEMA: &str = r#"{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "title": "Error Schema",
  "type": "object",
  "properties": {
    "message": { "type": "string" }
  }
}"#;

/// Builds the API that the input asks for under `id`. What the input leaves out comes from `source`, the API to clone, if
/// there is one; the name never does, and tags, stages and deployments belong to the source alone.
pub(super) fn build(
    input: &CreateRestApiInput,
    source: Option<&RestApi>,
    caller: &Caller,
    id: &str,
    now: i64,
) -> ApiResult<RestApi> {
    let name = name(&input.name)?;
    let mut definition = match source {
        Some(source) => Definition { name, ..clone::copy(source, id) },
        None => blank(name),
    };
    if let Some(given) = &input.endpoint_configuration {
        definition.endpoint_configuration = endpoint::created(given)?;
    }
    if let Some(description) = &input.description {
        definition.description = Some(non_empty_description(description)?);
    }
    if let Some(bytes) = input.minimum_compression_size {
        definition.minimum_compression_size = Some(compression_size(bytes)?);
    }
    if let Some(text) = &input.policy {
        definition.policy = policy::stored(text, &caller.scope, id)?;
    }
    if let Some(types) = &input.binary_media_types {
        definition.binary_media_types.clone_from(types);
    }
    definition.version = input.version.clone().filter(|version| !version.is_empty()).or(definition.version);
    definition.api_key_source = input.api_key_source.unwrap_or(definition.api_key_source);
    definition.disable_execute_api_endpoint =
        input.disable_execute_api_endpoint.unwrap_or(definition.disable_execute_api_endpoint);
    definition.security_policy = input.security_policy.or(definition.security_policy);
    definition.endpoint_access_mode = input.endpoint_access_mode.or(definition.endpoint_access_mode);
    endpoint::check(&definition)?;
    Ok(RestApi { tags: tag::created(input.tags.clone())?, ..RestApi::new(id, caller.scope.clone(), now, definition) })
}

/// An API with nothing but its root and the two models that the service makes with it.
fn blank(name: String) -> Definition {
    Definition { models: default_models(), ..empty(name) }
}

/// An API with nothing but its root, as an import begins with.
pub(super) fn empty(name: String) -> Definition {
    Definition::empty(&name, &ids::random(ids::LONG))
}

fn default_models() -> BTreeMap<String, Model> {
    let empty = ("Empty", "This is a default empty schema model", EMPTY_SCHEMA);
    let error = ("Error", "This is a default error schema model", ERROR_SCHEMA);
    let mut models: BTreeMap<String, Model> = BTreeMap::new();
    for (name, description, schema) in [empty, error] {
        let model = Model {
            id: ids::fresh(ids::SHORT, |id| models.values().any(|model| model.id == id)),
            name: name.to_owned(),
            content_type: "application/json".to_owned(),
            description: Some(description.to_owned()),
            schema: schema.to_owned(),
        };
        models.insert(model.name.clone(), model);
    }
    models
}

/// The name as it is stored.
pub(super) fn name(name: &str) -> ApiResult<String> {
    if name.trim().is_empty() {
        return Err(ApiError::bad_request("API name cannot be empty"));
    }
    Ok(name.to_owned())
}

/// Only a PATCH clears a description.
fn non_empty_description(description: &str) -> ApiResult<String> {
    if description.is_empty() {
        return Err(ApiError::bad_request("Description cannot be an empty string"));
    }
    Ok(description.to_owned())
}

/// A `minimumCompressionSize` inside its bounds.
pub(super) fn compression_size(bytes: i32) -> ApiResult<u32> {
    u32::try_from(bytes).ok().filter(|bytes| *bytes <= COMPRESSION_BYTES_MAX).ok_or_else(compression_size_error)
}

/// The refusal of a `minimumCompressionSize` that is out of bounds or no number.
pub(super) fn compression_size_error() -> ApiError {
    ApiError::bad_request(format!("Invalid minimum compression size, must be between 0 and {COMPRESSION_BYTES_MAX}"))
}
