//! ApiKey: what a client of an API presents. No two keys of an account in a region have the same value.

mod csv;
mod import;
mod patch;

pub(super) use import::import;

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use postern_api_model::api_key::{ApiKey, ApiKeyValue};
use postern_api_model::apigateway::{
    ApiKey as Shown, ApiKeys, CreateApiKeyInput, DeleteApiKeyInput, GetApiKeyInput, GetApiKeysInput, StageKey, UpdateApiKeyInput,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::hidden::Hidden;
use postern_api_model::rest_api::RestApi;
use postern_api_model::scope::Caller;
use postern_api_model::usage_plan::UsagePlanKey;
use postern_api_model::wire::Timestamp;
use postern_store::{Versioned, Write};

use super::{rest_api, stage, tag, usage_plan_key};
use crate::changes::store_failure;
use crate::page::Page;
use crate::patch::Patch;
use crate::{ControlPlane, ids};

/// AWS's quotas: characters of a value,
const VALUE_CHARS_MIN: usize = 20;
const VALUE_CHARS_MAX: usize = 128;
/// of a name
const NAME_CHARS_MAX: usize = 1_024;
/// and of a description.
const DESCRIPTION_CHARS_MAX: usize = 125_000;
/// A value's index is written once, with its key, and never again.
const VALUE_VERSION: u64 = 1;

/// Whether an answer has the key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Shown,
    Hidden,
}

impl Value {
    fn asked(include: Option<bool>) -> Self {
        if include.unwrap_or_default() { Self::Shown } else { Self::Hidden }
    }
}

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateApiKeyInput) -> ApiResult<Shown> {
    let name = checked_name(input.name)?;
    let value = checked_value(input.value)?;
    let key = ApiKey {
        id: String::new(),
        value: Hidden::new(value),
        name,
        description: checked_description(input.description)?,
        customer_id: input.customer_id.filter(|id| !id.is_empty()),
        enabled: input.enabled.unwrap_or_default(),
        created: plane.now(),
        last_updated: plane.now(),
        stage_keys: checked_stage_keys(plane, caller, input.stage_keys.unwrap_or_default()).await?,
        labels: BTreeSet::new(),
        usage_plans: BTreeSet::new(),
        tags: tag::created(input.tags)?,
    };
    let digest = value_id(key.value.expose());
    plane.transact::<ApiKeyValue, _, _>(caller, &digest, || create_once(plane, caller, &key, &digest)).await
}

/// Under an id of its own; a value that another writer takes at the same time is a conflict of the index, and then found here.
async fn create_once(plane: &ControlPlane, caller: &Caller, key: &ApiKey, digest: &str) -> ApiResult<(Shown, Vec<Write>)> {
    if plane.find_versioned::<ApiKeyValue>(caller, digest).await?.is_some() {
        return Err(ApiError::conflict("API Key already exists"));
    }
    let key = ApiKey { id: ids::random(ids::LONG), ..key.clone() };
    Ok((show_one(&key, Value::Shown), creation(caller, &key, digest)?))
}

/// The writes that make a key with its index.
fn creation(caller: &Caller, key: &ApiKey, digest: &str) -> ApiResult<Vec<Write>> {
    let index = ApiKeyValue { api_key_id: key.id.clone() };
    let index = postern_store::create(&caller.scope, digest, &index).map_err(store_failure)?;
    let key = postern_store::create(&caller.scope, &key.id, key).map_err(store_failure)?;
    Ok(vec![index, key])
}

/// The id of a value's index ([`ApiKeyValue`]), hexadecimal digits: the value is a secret, which neither the change feed nor an error may
/// name.
pub fn value_id(value: &str) -> String {
    use std::fmt::Write as _;
    digest(&SHA256, value.as_bytes()).as_ref().iter().fold(String::with_capacity(64), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// Empty is no name, as recorded.
fn checked_name(name: Option<String>) -> ApiResult<Option<String>> {
    let name = name.filter(|name| !name.is_empty());
    if name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARS_MAX) {
        return Err(ApiError::bad_request("Invalid API Key name, can be at most 1024 characters."));
    }
    Ok(name)
}

/// An empty value counts as none, as recorded, and none is one of our own.
fn checked_value(value: Option<String>) -> ApiResult<String> {
    match value.filter(|value| !value.is_empty()) {
        Some(value) => check_value(&value).map(|()| value),
        None => Ok(ids::key_value()),
    }
}

fn check_value(value: &str) -> ApiResult<()> {
    match value.chars().count() {
        0..VALUE_CHARS_MIN => Err(ApiError::bad_request("API Key value should be at least 20 characters")),
        VALUE_CHARS_MIN..=VALUE_CHARS_MAX => Ok(()),
        _ => Err(ApiError::bad_request("API Key value exceeds maximum size of 128 characters")),
    }
}

fn checked_description(description: Option<String>) -> ApiResult<Option<String>> {
    if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS_MAX) {
        return Err(ApiError::bad_request("Invalid API Key description specified."));
    }
    Ok(description.filter(|description| !description.is_empty()))
}

async fn checked_stage_keys(plane: &ControlPlane, caller: &Caller, given: Vec<StageKey>) -> ApiResult<BTreeSet<String>> {
    let key = |key: StageKey| format!("{}/{}", key.rest_api_id.unwrap_or_default(), key.stage_name.unwrap_or_default());
    let keys: BTreeSet<String> = given.into_iter().map(key).collect();
    check_stage_keys(plane, caller, keys.iter().map(String::as_str).collect()).await?;
    Ok(keys)
}

/// Stage keys name APIs and stages that are there. Those of one API follow each other, and the API, which may be large, is loaded
/// once for all of them.
async fn check_stage_keys(plane: &ControlPlane, caller: &Caller, keys: BTreeSet<&str>) -> ApiResult<()> {
    let mut loaded: Option<RestApi> = None;
    for key in keys {
        let (api_id, name) = key.split_once('/').ok_or_else(stage::missing)?;
        let api = match loaded.take().filter(|api| api.id == api_id) {
            Some(api) => api,
            None => plane.load(caller, api_id, || rest_api::missing(caller, api_id)).await?,
        };
        if !api.stages.contains_key(name) {
            return Err(stage::missing());
        }
        loaded = Some(api);
    }
    Ok(())
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetApiKeyInput) -> ApiResult<Shown> {
    let key: ApiKey = plane.load(caller, &input.api_key, missing).await?;
    Ok(show_one(&key, Value::asked(input.include_value)))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetApiKeysInput) -> ApiResult<ApiKeys> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    let is_asked = |key: &ApiKey| {
        input.customer_id.as_ref().is_none_or(|id| key.customer_id.as_ref() == Some(id))
            && is_named(key, input.name_query.as_deref())
    };
    let (keys, position) = plane.page(caller, &page, "", is_asked).await?;
    let value = Value::asked(input.include_values);
    let items = keys.iter().map(|key| show_one(key, value)).collect();
    Ok(ApiKeys { items: Some(items), position, warnings: None })
}

/// A name query is a prefix, compared with case, as recorded.
pub(super) fn is_named(key: &ApiKey, query: Option<&str>) -> bool {
    let query = query.filter(|query| !query.is_empty());
    query.is_none_or(|query| key.name.as_deref().is_some_and(|name| name.starts_with(query)))
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateApiKeyInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    // Existence comes before the operations, and theirs before what they name.
    plane.load::<ApiKey>(caller, &input.api_key, missing).await?;
    check_stage_keys(plane, caller, patches.iter().filter_map(patch::added_stage).collect()).await?;
    let now = plane.now();
    let change = |key: &mut ApiKey| {
        patches.iter().try_for_each(|operation| patch::apply(key, operation))?;
        if !patches.is_empty() {
            key.last_updated = now;
        }
        Ok(show_one(key, Value::Hidden))
    };
    plane.change(caller, &input.api_key, missing, change).await
}

/// Takes the key out of its plans as well.
pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteApiKeyInput) -> ApiResult<()> {
    let id = &input.api_key;
    plane.transact::<ApiKey, _, _>(caller, id, || delete_once(plane, caller, id)).await
}

async fn delete_once(plane: &ControlPlane, caller: &Caller, id: &str) -> ApiResult<((), Vec<Write>)> {
    let Versioned { version, value: key } = plane.load_versioned::<ApiKey>(caller, id, missing).await?;
    let mut writes = vec![
        postern_store::delete::<ApiKey>(&caller.scope, id, version),
        postern_store::delete::<ApiKeyValue>(&caller.scope, &value_id(key.value.expose()), VALUE_VERSION),
    ];
    for plan in &key.usage_plans {
        let membership = postern_store::child_id(plan, id);
        if let Some(found) = plane.find_versioned::<UsagePlanKey>(caller, &membership).await? {
            writes.push(postern_store::delete::<UsagePlanKey>(&caller.scope, &membership, found.version));
            writes.push(usage_plan_key::without_usage(caller, membership));
        }
    }
    Ok(((), writes))
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Invalid API Key identifier specified")
}

fn show_one(key: &ApiKey, value: Value) -> Shown {
    Shown {
        id: Some(key.id.clone()),
        value: (value == Value::Shown).then(|| key.value.expose().to_owned()),
        name: key.name.clone(),
        customer_id: key.customer_id.clone(),
        description: key.description.clone(),
        enabled: Some(key.enabled),
        created_date: Some(Timestamp(key.created)),
        last_updated_date: Some(Timestamp(key.last_updated)),
        stage_keys: Some(key.stage_keys.iter().cloned().collect()),
        tags: tag::shown(&key.tags),
    }
}

#[cfg(test)]
mod tests;
