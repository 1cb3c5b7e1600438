//! Settings of the API as a whole, validators, gateway responses and authorizers.

use std::collections::BTreeMap;

use postern_api_model::rest_api::{Definition, RequestValidator, RestApi};

use super::super::super::{authorizer, gateway_response};
use super::super::{create, policy};
use super::apply::id_for;
use crate::openapi::import::{Findings, Imported, Setting, Settings, Validator};

pub(super) fn apply(api: &mut RestApi, settings: &Settings, validator_ids: &BTreeMap<String, String>, findings: &mut Findings) {
    plain(&mut api.definition, settings, findings);
    if let Some(policy) = &settings.policy {
        match policy::stored(&policy.value, &api.scope, &api.id) {
            Ok(stored) => api.definition.policy = stored,
            Err(error) => findings.problem(error.message, &policy.place),
        }
    }
    for Setting { value: (kind, response), place } in &settings.gateway_responses {
        match gateway_response::check(response) {
            Ok(()) => {
                api.definition.gateway_responses.insert(*kind, response.clone());
            }
            Err(error) => {
                let text = format!("Unable to put gateway response '{kind}': {}", error.message);
                findings.problem(text, place);
            }
        }
    }
    for validator in &settings.validators {
        put_validator(&mut api.definition, &validator.value, validator_ids);
    }
}

/// Those that are set as they are said.
fn plain(definition: &mut Definition, settings: &Settings, findings: &mut Findings) {
    if let Some(source) = &settings.api_key_source {
        definition.api_key_source = source.value;
    }
    if let Some(types) = &settings.binary_media_types {
        definition.binary_media_types.clone_from(&types.value);
    }
    if let Some(bytes) = &settings.minimum_compression_size {
        match create::compression_size(bytes.value) {
            Ok(bytes) => definition.minimum_compression_size = Some(bytes),
            Err(error) => findings.problem(error.message, &bytes.place),
        }
    }
    if let Some(flag) = &settings.disable_execute_api_endpoint {
        definition.disable_execute_api_endpoint = flag.value;
    }
    if let Some(ids) = &settings.vpc_endpoint_ids {
        definition.endpoint_configuration.vpc_endpoint_ids.clone_from(&ids.value);
    }
    if let Some(kind) = &settings.ip_address_type {
        definition.endpoint_configuration.ip_address_type = kind.value;
    }
    if let Some(policy) = &settings.security_policy {
        definition.security_policy = Some(policy.value);
    }
    if let Some(mode) = &settings.endpoint_access_mode {
        definition.endpoint_access_mode = Some(mode.value);
    }
}

/// Names are not unique in an API, but methods of a document know validators by nothing else: those of the name are replaced.
fn put_validator(definition: &mut Definition, validator: &Validator, ids: &BTreeMap<String, String>) {
    let validators = &mut definition.request_validators;
    let id = id_for(&validator.name, ids, |id| validators.contains_key(id));
    let made = RequestValidator {
        id: id.clone(),
        name: Some(validator.name.clone()),
        validate_request_body: validator.body,
        validate_request_parameters: validator.parameters,
    };
    validators.insert(id, made);
}

/// Authorizers by name: one of the same name is replaced and keeps its id.
pub(super) fn authorizers(
    definition: &mut Definition,
    imported: &Imported,
    ids: &BTreeMap<String, String>,
    findings: &mut Findings,
) {
    for part in &imported.authorizers {
        let name = &part.input.name;
        if let Some(id) = ids.get(name) {
            definition.authorizers.remove(id);
        }
        if let Err(error) = authorizer::create_in(definition, &part.input) {
            findings.problem(format!("Unable to create authorizer '{name}': {}", error.message), &part.place);
        } else if let Some(id) = ids.get(name) {
            rename_authorizer(definition, name, id);
        }
    }
}

fn rename_authorizer(definition: &mut Definition, name: &str, id: &str) {
    let made = definition.authorizers.values().find(|authorizer| authorizer.name == name).map(|made| made.id.clone());
    if let Some(mut authorizer) = made.and_then(|made| definition.authorizers.remove(&made)) {
        id.clone_into(&mut authorizer.id);
        definition.authorizers.insert(id.to_owned(), authorizer);
    }
}
