//! What a method's request validator checks.

use std::sync::Arc;

use postern_api_model::rest_api::{Definition, Method};

use super::expression::RequestSource;
use super::schema::{Schema, Schemas};
use super::templates::{Passthrough, RequestTemplates};

/// The checks of one method.
#[derive(Debug)]
pub(crate) struct Validation {
    /// Names and where their values come from, ordered by the whole parameter's name, as AWS lists them.
    pub(crate) required: Vec<(Box<str>, RequestSource)>,
    /// A request whose media type has no model passes (AWS docs, "Request validation").
    pub(crate) models: RequestTemplates<BodyModel>,
}

/// The model for a media type.
#[derive(Debug)]
pub(crate) enum BodyModel {
    Schema(Arc<Schema>),
    /// It cannot be used; AWS says so at the request. The text is for the log.
    Broken(String),
}

/// A validator that is named and does not exist: the request that it should have checked must not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MissingValidator;

impl Validation {
    /// `None` when nothing is to be checked.
    pub(super) fn compile(
        method: &Method,
        definition: &Definition,
        path_parameters: &[Box<str>],
        schemas: &Schemas<'_>,
    ) -> Result<Option<Box<Self>>, MissingValidator> {
        let Some(id) = &method.request_validator_id else { return Ok(None) };
        let validator = definition.request_validators.get(id).ok_or(MissingValidator)?;
        let mut required = Vec::new();
        if validator.validate_request_parameters {
            let mut keys: Vec<&String> =
                method.request_parameters.iter().filter(|(_, is_required)| **is_required).map(|(key, _)| key).collect();
            keys.sort_unstable();
            required.extend(keys.into_iter().map(|key| parameter(key, path_parameters)));
        }
        let named = method.request_models.iter().filter(|_| validator.validate_request_body);
        let models: Vec<_> =
            named.map(|(media_type, name)| (Box::from(media_type.as_str()), BodyModel::of(name, schemas))).collect();
        if required.is_empty() && models.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(Self { required, models: RequestTemplates::new(models, Passthrough::WhenNoMatch) })))
    }
}

/// The name and source of a parameter such as `method.request.querystring.page`. One that no request can have is always missing.
fn parameter(key: &str, path_parameters: &[Box<str>]) -> (Box<str>, RequestSource) {
    let name = key.splitn(4, '.').nth(3).unwrap_or(key);
    // No parameter is in the body.
    (name.into(), RequestSource::parse(key, path_parameters, &mut Vec::new()).unwrap_or(RequestSource::Absent))
}

impl BodyModel {
    fn of(name: &str, schemas: &Schemas<'_>) -> Self {
        match schemas.model(name) {
            Ok(schema) => Self::Schema(schema),
            Err(error) => Self::Broken(format!("model {name}: {error}")),
        }
    }
}
