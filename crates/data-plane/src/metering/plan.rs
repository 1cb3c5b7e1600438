//! Usage plans as requests read them. All clients of a plan share one [`PlanSlot`], so that a change of the plan reaches them at once.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use postern_api_model::day::Day;
use postern_api_model::scope::Scope;
use postern_api_model::usage_plan::{ApiStage, Quota, Throttle, UsagePlan};

use super::bucket::Limit;

/// A plan, whatever becomes of it.
#[derive(Debug)]
pub(super) struct PlanSlot {
    pub(super) scope: Arc<Scope>,
    pub(super) id: Arc<str>,
    /// `None` when the plan is gone.
    current: ArcSwapOption<Plan>,
}

/// One version of a plan.
#[derive(Debug)]
pub(super) struct Plan {
    version: u64,
    /// By API and stage, sorted.
    stages: Vec<PlanStage>,
    /// Of each client, over all stages (AWS, on re:Post: the limit of a plan is one per key, however many APIs are in the plan, and
    /// limits of its methods come on top of it).
    pub(super) limit: Option<Limit>,
    pub(super) quota: Option<Quota>,
}

/// A stage that the plan opens.
#[derive(Debug)]
pub(super) struct PlanStage {
    api_id: Box<str>,
    stage: Box<str>,
    methods: Vec<MethodLimit>,
}

/// A limit of each client for one method.
#[derive(Debug)]
pub(super) struct MethodLimit {
    /// The same for the same method in every version of the plan.
    pub(super) id: u64,
    path: Box<str>,
    verb: Box<str>,
    pub(super) limit: Limit,
}

impl PlanSlot {
    pub(super) fn new(scope: Arc<Scope>, version: u64, plan: &UsagePlan) -> Self {
        let current = ArcSwapOption::from_pointee(Plan::new(version, plan));
        Self { scope, id: plan.id.as_str().into(), current }
    }

    pub(super) fn current(&self) -> Guard<Option<Arc<Plan>>> {
        self.current.load()
    }

    /// A lower version never replaces a higher one, and nothing one that is gone: ids are not used again.
    pub(super) fn update(&self, version: u64, plan: &UsagePlan) {
        let next = Arc::new(Plan::new(version, plan));
        self.current.rcu(|current| match current {
            Some(current) if current.version < version => Some(Arc::clone(&next)),
            other => other.clone(),
        });
    }

    pub(super) fn end(&self) {
        self.current.store(None);
    }
}

impl Plan {
    fn new(version: u64, plan: &UsagePlan) -> Self {
        let mut stages: Vec<_> = plan.api_stages.iter().map(PlanStage::new).collect();
        stages.sort_unstable_by(|a, b| a.name().cmp(&b.name()));
        Self { version, stages, limit: plan.throttle.as_ref().and_then(limit_of), quota: plan.quota }
    }

    /// The stage, if the plan opens it.
    pub(super) fn stage(&self, api_id: &str, stage: &str) -> Option<&PlanStage> {
        let at = self.stages.binary_search_by(|known| known.name().cmp(&(api_id, stage))).ok()?;
        Some(&self.stages[at])
    }

    /// The first day of the quota's period; without a quota a day stands alone.
    pub(super) fn period_start(&self, day: Day) -> Day {
        self.quota.map_or(day, |quota| quota.period_start(day))
    }
}

impl PlanStage {
    fn new(stage: &ApiStage) -> Self {
        let method = |(key, throttle): (&String, &Throttle)| {
            let (path, verb) = key.rsplit_once('/').unwrap_or((key, ""));
            let mut hasher = DefaultHasher::new();
            (&stage.api_id, &stage.stage, key).hash(&mut hasher);
            let path = if path.is_empty() { "/" } else { path };
            Some(MethodLimit { id: hasher.finish(), path: path.into(), verb: verb.into(), limit: limit_of(throttle)? })
        };
        Self {
            api_id: stage.api_id.as_str().into(),
            stage: stage.stage.as_str().into(),
            methods: stage.throttle.iter().filter_map(method).collect(),
        }
    }

    fn name(&self) -> (&str, &str) {
        (&self.api_id, &self.stage)
    }

    /// The limit of a method: that of the request's verb, or else that of the method as it is defined, which may be `ANY`.
    pub(super) fn method(&self, path: &str, verb: &str, defined: &str) -> Option<&MethodLimit> {
        let find = |verb: &str| self.methods.iter().find(|known| *known.path == *path && *known.verb == *verb);
        find(verb).or_else(|| find(defined))
    }
}

/// A rate alone has a bucket of a second's worth; a burst alone limits nothing unless it is 0.
fn limit_of(throttle: &Throttle) -> Option<Limit> {
    match (throttle.rate_limit, throttle.burst_limit) {
        (Some(rate), Some(burst)) => Some(Limit::new(rate, u32::try_from(burst).unwrap_or_default())),
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and saturating is meant")]
        (Some(rate), None) => Some(Limit::new(rate, rate.ceil() as u32)),
        (None, Some(0)) => Some(Limit::new(0.0, 0)),
        (None, Some(_) | None) => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn plan(value: serde_json::Value) -> UsagePlan {
        serde_json::from_value(value).unwrap()
    }

    fn staged() -> UsagePlan {
        plan(serde_json::json!({
            "id": "plan12", "name": "n",
            "api_stages": [
                { "api_id": "b", "stage": "s", "throttle": {
                    "/pets/GET": { "rate_limit": 1.0, "burst_limit": 2 }, "//ANY": { "rate_limit": 3.0 }, "/x/GET": {},
                    "/a/ANY": { "rate_limit": 4.0, "burst_limit": 0 },
                } },
                { "api_id": "a", "stage": "s" },
            ],
        }))
    }

    #[test]
    fn stages_and_methods_are_found() {
        let plan = Plan::new(1, &staged());
        assert!(plan.stage("a", "s").is_some() && plan.stage("a", "t").is_none() && plan.stage("c", "s").is_none());
        let stage = plan.stage("b", "s").unwrap();
        let rate = |path, verb, defined| stage.method(path, verb, defined).map(|method| (method.limit.rate, method.limit.burst));
        assert_eq!(rate("/pets", "GET", "GET"), Some((1.0, 2)));
        assert_eq!(rate("/pets", "GET", "ANY"), Some((1.0, 2)));
        assert_eq!(rate("/pets", "PUT", "ANY"), None);
        assert_eq!(rate("/", "GET", "ANY"), Some((3.0, 3)));
        assert_eq!(rate("/a", "GET", "ANY"), Some((4.0, 0)));
        assert_eq!(rate("/x", "GET", "GET"), None);
    }

    #[test]
    fn only_a_newer_version_counts_and_nothing_after_the_end() {
        let scope = Arc::new(Scope { account: "1".into(), region: "r".into() });
        let slot = PlanSlot::new(scope, 2, &staged());
        let bare = plan(serde_json::json!({ "id": "plan12", "name": "n" }));
        slot.update(1, &bare);
        assert!(slot.current().as_ref().unwrap().stage("a", "s").is_some());
        slot.update(3, &bare);
        assert!(slot.current().as_ref().unwrap().stage("a", "s").is_none());
        slot.end();
        slot.update(4, &staged());
        assert!(slot.current().is_none());
    }
}
