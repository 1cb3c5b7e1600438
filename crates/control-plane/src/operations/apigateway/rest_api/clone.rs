//! `cloneFrom`: another API's definition under ids of its own.

use std::collections::BTreeMap;
use std::mem;

use postern_api_model::rest_api::{Definition, Method, RestApi};

use super::policy;
use crate::ids;

/// Old id to new id.
type Renamed = BTreeMap<String, String>;

/// The source's definition for the API `id`: every resource, validator, authorizer and model gets a new id, and what refers to one, or
/// to the source itself, refers to the copy.
pub(super) fn copy(source: &RestApi, id: &str) -> Definition {
    let mut copy = source.definition.clone();
    let validators = rename(copy.request_validators.keys().map(String::as_str), |_| ids::SHORT);
    let authorizers = rename(copy.authorizers.keys().map(String::as_str), |_| ids::SHORT);
    copy_resources(&mut copy, &validators, &authorizers);
    for (_, mut authorizer) in mem::take(&mut copy.authorizers) {
        authorizer.id.clone_from(&authorizers[&authorizer.id]);
        copy.authorizers.insert(authorizer.id.clone(), authorizer);
    }
    for (_, mut validator) in mem::take(&mut copy.request_validators) {
        validator.id.clone_from(&validators[&validator.id]);
        copy.request_validators.insert(validator.id.clone(), validator);
    }
    let models = rename(copy.models.values().map(|model| model.id.as_str()), |_| ids::SHORT);
    let reference = |api: &str| format!("/restapis/{api}/models/");
    for model in copy.models.values_mut() {
        model.id.clone_from(&models[&model.id]);
        model.schema = model.schema.replace(&reference(&source.id), &reference(id));
    }
    copy.policy = copy.policy.map(|text| policy::moved(&text, &source.scope, &source.id, id));
    copy
}

fn copy_resources(copy: &mut Definition, validators: &Renamed, authorizers: &Renamed) {
    let root = copy.root_resource_id.clone();
    let length = |id: &str| if id == root { ids::LONG } else { ids::SHORT };
    let resources = rename(copy.resources.keys().map(String::as_str), length);
    for (old_id, mut resource) in mem::take(&mut copy.resources) {
        resource.id.clone_from(&resources[&old_id]);
        resource.parent_id = resource.parent_id.and_then(|parent| resources.get(&parent).cloned());
        resource.methods.values_mut().for_each(|method| copy_method(method, &resources, validators, authorizers));
        copy.resources.insert(resource.id.clone(), resource);
    }
    copy.root_resource_id.clone_from(&resources[&root]);
}

fn copy_method(method: &mut Method, resources: &Renamed, validators: &Renamed, authorizers: &Renamed) {
    if let Some(authorizer) = &mut method.authorizer_id
        && let Some(renamed) = authorizers.get(authorizer)
    {
        authorizer.clone_from(renamed);
    }
    if let Some(validator) = &mut method.request_validator_id
        && let Some(renamed) = validators.get(validator)
    {
        validator.clone_from(renamed);
    }
    // The namespace is the resource's id unless it was given: then it is shared on purpose and stays.
    if let Some(integration) = &mut method.integration
        && let Some(renamed) = resources.get(&integration.cache_namespace)
    {
        integration.cache_namespace.clone_from(renamed);
    }
}

fn rename<'a>(old_ids: impl Iterator<Item = &'a str>, length: impl Fn(&str) -> usize) -> Renamed {
    let mut taken = std::collections::BTreeSet::new();
    let mut fresh = |length| {
        let id = ids::fresh(length, |id| taken.contains(id));
        taken.insert(id.clone());
        id
    };
    old_ids.map(|old_id| (old_id.to_owned(), fresh(length(old_id)))).collect()
}
