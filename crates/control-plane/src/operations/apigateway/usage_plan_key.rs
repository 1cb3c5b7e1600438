//! UsagePlanKey: a key in a plan.

use std::collections::BTreeMap;

use postern_api_model::api_key::ApiKey;
use postern_api_model::apigateway::{
    CreateUsagePlanKeyInput, DeleteUsagePlanKeyInput, GetUsagePlanKeyInput, GetUsagePlanKeysInput, UsagePlanKey as Shown,
    UsagePlanKeys,
};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Caller;
use postern_api_model::usage_plan::{UsagePlan, UsagePlanKey};
use postern_store::{Kind, Versioned, Write};

use super::{api_key, usage_plan};
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::page::{self, Page};

/// The only type of key that a plan can have.
const KEY_TYPE: &str = "API_KEY";
/// AWS's quota: plans of one key.
pub(super) const PLANS_PER_KEY_MAX: usize = 10;

pub(super) async fn create(plane: &ControlPlane, caller: &Caller, input: CreateUsagePlanKeyInput) -> ApiResult<Shown> {
    if input.key_type != KEY_TYPE {
        let text = format!("Invalid key type specified: {}. Must be {KEY_TYPE}", input.key_type);
        return Err(ApiError::bad_request(text));
    }
    let (plan, key) = (&input.usage_plan_id, &input.key_id);
    plane.transact::<UsagePlan, _, _>(caller, plan, || create_once(plane, caller, plan, key)).await
}

async fn create_once(plane: &ControlPlane, caller: &Caller, plan_id: &str, key_id: &str) -> ApiResult<(Shown, Vec<Write>)> {
    let mut plans = Plans::new(plane, caller);
    plans.require(plan_id).await?;
    let Versioned { version, value: mut key } = plane.load_versioned::<ApiKey>(caller, key_id, api_key::missing).await?;
    let mut writes = plans.add(&mut key, plan_id).await?;
    writes.push(postern_store::replace(&caller.scope, key_id, version, &key).map_err(store_failure)?);
    writes.extend(plans.touched());
    Ok((show_one(&key), writes))
}

/// The plans that one change looks at.
///
/// Whether a key may join a plan hangs on the stages of its other plans, and whether a stage may join a plan on the other plans of
/// its keys. So the plan that is joined and those that were looked at are all touched: of two changes that would only together break
/// the rule, one comes second and sees the other.
pub(super) struct Plans<'a> {
    plane: &'a ControlPlane,
    caller: &'a Caller,
    found: BTreeMap<String, Option<Versioned<UsagePlan>>>,
}

impl<'a> Plans<'a> {
    pub(super) fn new(plane: &'a ControlPlane, caller: &'a Caller) -> Self {
        Self { plane, caller, found: BTreeMap::new() }
    }

    async fn find(&mut self, id: &str) -> ApiResult<Option<UsagePlan>> {
        if !self.found.contains_key(id) {
            let found = self.plane.find_versioned(self.caller, id).await?;
            self.found.insert(id.to_owned(), found);
        }
        Ok(self.found.get(id).and_then(Option::as_ref).map(|found| found.value.clone()))
    }

    /// The plan, or AWS's text for one that is not there.
    pub(super) async fn require(&mut self, id: &str) -> ApiResult<UsagePlan> {
        self.find(id).await?.ok_or_else(usage_plan::missing)
    }

    /// Adds the key to the plan; the caller writes the key. Gives the write that makes the membership.
    pub(super) async fn add(&mut self, key: &mut ApiKey, plan_id: &str) -> ApiResult<Vec<Write>> {
        let plan = self.require(plan_id).await?;
        let membership = postern_store::child_id(plan_id, &key.id);
        if self.plane.find_versioned::<UsagePlanKey>(self.caller, &membership).await?.is_some() {
            let text = format!("API Key {} is already associated with Usage Plan {plan_id}", key.id);
            return Err(ApiError::conflict(text));
        }
        let mut joined = Vec::new();
        for id in key.usage_plans.clone() {
            match self.find(&id).await? {
                Some(other) => joined.push(other),
                // Deleted meanwhile.
                None => drop(key.usage_plans.remove(&id)),
            }
        }
        if joined.len() >= PLANS_PER_KEY_MAX {
            let text =
                format!("API Key {} is already associated with {PLANS_PER_KEY_MAX} Usage Plans, which is the maximum", key.id);
            return Err(ApiError::limit_exceeded(text));
        }
        for other in joined.iter().filter(|other| other.id != plan_id) {
            if let Some(shared) = plan.api_stages.iter().find(|stage| usage_plan::has_stage(other, &stage.api_id, &stage.stage)) {
                return Err(usage_plan::shared_stage(&key.id, &other.id, &shared.api_id, &shared.stage));
            }
        }
        key.usage_plans.insert(plan_id.to_owned());
        let member = UsagePlanKey { usage_plan_id: plan_id.to_owned(), api_key_id: key.id.clone() };
        let write = postern_store::create(&self.caller.scope, &membership, &member).map_err(store_failure)?;
        Ok(vec![write])
    }

    /// The writes of all plans that were looked at and are there.
    pub(super) fn touched(self) -> impl Iterator<Item = Write> {
        let scope = &self.caller.scope;
        let touch = |(id, found): (String, Option<Versioned<UsagePlan>>)| {
            found.map(|found| postern_store::touch::<UsagePlan>(scope, &id, found.version))
        };
        self.found.into_iter().filter_map(touch)
    }
}

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, input: GetUsagePlanKeyInput) -> ApiResult<Shown> {
    plane.load::<UsagePlan>(caller, &input.usage_plan_id, usage_plan::missing).await?;
    let membership = postern_store::child_id(&input.usage_plan_id, &input.key_id);
    plane.load::<UsagePlanKey>(caller, &membership, api_key::missing).await?;
    let key: ApiKey = plane.load(caller, &input.key_id, api_key::missing).await?;
    Ok(show_one(&key))
}

pub(super) async fn list(plane: &ControlPlane, caller: &Caller, input: GetUsagePlanKeysInput) -> ApiResult<UsagePlanKeys> {
    let page = Page::new(input.limit, input.position.as_deref())?;
    plane.load::<UsagePlan>(caller, &input.usage_plan_id, usage_plan::missing).await?;
    let (keys, position) = keys_of(plane, caller, &input.usage_plan_id, &page, input.name_query.as_deref()).await?;
    Ok(UsagePlanKeys { items: Some(keys.iter().map(show_one).collect()), position })
}

/// A page of the plan's keys whose names the query fits. Names stand in the keys, so memberships are read until the page is full.
async fn keys_of(
    plane: &ControlPlane,
    caller: &Caller,
    plan_id: &str,
    page: &Page,
    query: Option<&str>,
) -> ApiResult<(Vec<ApiKey>, Option<String>)> {
    let prefix = postern_store::child_id(plan_id, "");
    let mut keys: Vec<ApiKey> = Vec::new();
    let mut members = page.clone();
    loop {
        let (found, next) = plane.page::<UsagePlanKey>(caller, &members, &prefix, |_| true).await?;
        members.after = found.last().map(|member| member.api_key_id.clone());
        for member in found {
            // A key that was deleted since its membership was read is in no plan.
            let Some(key) = plane.find_versioned::<ApiKey>(caller, &member.api_key_id).await? else { continue };
            if !api_key::is_named(&key.value, query) {
                continue;
            }
            if keys.len() == page.limit {
                let position = keys.last().map(|key| page::encode(&key.id));
                return Ok((keys, position));
            }
            keys.push(key.value);
        }
        if next.is_none() {
            return Ok((keys, None));
        }
    }
}

pub(super) async fn delete(plane: &ControlPlane, caller: &Caller, input: DeleteUsagePlanKeyInput) -> ApiResult<()> {
    let (plan, key) = (&input.usage_plan_id, &input.key_id);
    plane.transact::<ApiKey, _, _>(caller, key, || delete_once(plane, caller, plan, key)).await
}

async fn delete_once(plane: &ControlPlane, caller: &Caller, plan_id: &str, key_id: &str) -> ApiResult<((), Vec<Write>)> {
    plane.load::<UsagePlan>(caller, plan_id, usage_plan::missing).await?;
    let membership = postern_store::child_id(plan_id, key_id);
    let member = plane.load_versioned::<UsagePlanKey>(caller, &membership, api_key::missing).await?;
    let Versioned { version, value: mut key } = plane.load_versioned::<ApiKey>(caller, key_id, api_key::missing).await?;
    key.usage_plans.remove(plan_id);
    let key = postern_store::replace(&caller.scope, key_id, version, &key).map_err(store_failure)?;
    let member = postern_store::delete::<UsagePlanKey>(&caller.scope, &membership, member.version);
    Ok(((), vec![key, member, without_usage(caller, membership)]))
}

/// The write that removes what a key used of a plan.
pub(super) fn without_usage(caller: &Caller, membership: String) -> Write {
    Write::DeleteChildren { kind: Kind::USAGE_DAY, scope: caller.scope.clone(), parent_id: membership }
}

fn show_one(key: &ApiKey) -> Shown {
    Shown {
        id: Some(key.id.clone()),
        r#type: Some(KEY_TYPE.to_owned()),
        name: key.name.clone(),
        value: Some(key.value.expose().to_owned()),
    }
}
