//! Which release a request gets.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use postern_api_model::apigateway::EndpointType;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{Definition, EndpointConfiguration, Method, MethodSetting, Resource};
use postern_api_model::scope::Scope;

use super::super::publish;
use super::*;

const DRAWS: u32 = 100_000;

/// An API whose methods on `/` are these verbs.
fn definition(verbs: &[&str]) -> Arc<Definition> {
    let method = |verb: &&str| {
        let json = serde_json::json!({ "http_method": verb, "authorization_type": "NONE" });
        ((*verb).to_owned(), serde_json::from_value::<Method>(json).unwrap())
    };
    let methods = verbs.iter().map(method).collect();
    let root = Resource { id: "root".to_owned(), parent_id: None, path_part: String::new(), methods };
    Arc::new(Definition {
        endpoint_configuration: EndpointConfiguration::of_type(EndpointType::Regional),
        resources: [("root".to_owned(), root)].into(),
        ..Definition::empty("x", "root")
    })
}

/// A stage `s` of deployment `d1`, with a canary of `d2`, whose methods are limited.
fn source(percent: f64) -> ApiSource {
    let mut stage = Stage::new("s", "d1", 0);
    stage.variables = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "1".to_owned())].into();
    stage.canary_settings = Some(CanarySettings {
        deployment_id: "d2".to_owned(),
        percent_traffic: percent,
        stage_variable_overrides: [("b".to_owned(), "2".to_owned()), ("c".to_owned(), "2".to_owned())].into_iter().collect(),
        use_stage_cache: false,
    });
    let setting = MethodSetting { throttling_rate_limit: 1.0, throttling_burst_limit: 1, ..MethodSetting::default() };
    stage.method_settings = [("*/*".to_owned(), setting)].into();
    ApiSource {
        api_id: "a".to_owned(),
        version: 1,
        scope: Scope { account: "0".to_owned(), region: "r".to_owned() },
        disable_execute_api_endpoint: false,
        stages: [("s".to_owned(), stage)].into(),
        deployments: [("d1".to_owned(), definition(&["GET"])), ("d2".to_owned(), definition(&["GET", "PUT"]))].into(),
        references: Default::default(),
    }
}

#[test]
fn the_share_of_the_canary() {
    for percent in [0.0, 0.01, 33.33, 50.0, 99.9, 100.0] {
        let published = publish(source(percent), None).unwrap();
        let variants = published.stage("s").unwrap();
        let mut random = fastrand::Rng::with_seed(42);
        let drawn = (0..DRAWS).filter(|_| variants.draw(|| random.f64()).is_canary()).count();
        let share = f64::from(u32::try_from(drawn).unwrap()) / f64::from(DRAWS) * 100.0;
        assert!((share - percent).abs() < 1.0, "{percent}: {share}");
        let is_sure = percent == 0.0 || percent == 100.0;
        assert!(!is_sure || share == percent, "{percent}: {share}");
    }
}

#[test]
fn nothing_is_drawn_without_a_canary() {
    let mut source = source(100.0);
    source.stages.get_mut("s").unwrap().canary_settings = None;
    let published = publish(source, None).unwrap();
    assert!(!published.stage("s").unwrap().draw(|| panic!("there is nothing to draw")).is_canary());
}

#[test]
fn a_canary_has_its_own_deployment_and_variables() {
    let published = publish(source(50.0), None).unwrap();
    let (canary, production) = (published.stage("s").unwrap().draw(|| 0.49), published.stage("s").unwrap().draw(|| 0.5));
    assert!(canary.is_canary() && !production.is_canary());
    assert_eq!((canary.deployment_id(), production.deployment_id()), ("d2", "d1"));
    assert_eq!((canary.name(), canary.log_name(), production.log_name()), ("s", "s/Canary", "s"));
    let variables = |stage: &PublishedStage| stage.variables().clone();
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(variables(canary), map(&[("a", "1"), ("b", "2"), ("c", "2")]));
    assert_eq!(variables(production), map(&[("a", "1"), ("b", "1")]));
}

#[test]
fn both_take_from_the_same_buckets_also_after_a_promotion() {
    let bucket = |stage: &PublishedStage, verb: &http::Method| {
        let found = stage.api.find("/", verb).unwrap();
        Arc::clone(stage.throttle(found.method, verb).unwrap())
    };
    let first = publish(source(50.0), None).unwrap();
    let (canary, production) = (first.stage("s").unwrap().draw(|| 0.0), first.stage("s").unwrap().draw(|| 0.9));
    assert!(Arc::ptr_eq(&bucket(canary, &http::Method::GET), &bucket(production, &http::Method::GET)));
    let mut promoted = source(0.0);
    promoted.stages.get_mut("s").unwrap().deployment_id = "d2".to_owned();
    let second = publish(promoted, Some(&first)).unwrap();
    let now = second.stage("s").unwrap().draw(|| 0.9);
    for verb in [http::Method::GET, http::Method::PUT] {
        assert!(Arc::ptr_eq(&bucket(canary, &verb), &bucket(now, &verb)), "{verb}");
    }
}

#[test]
fn a_canary_without_its_deployment_is_not_published() {
    let mut source = source(0.0);
    source.deployments.remove("d2");
    let reason = publish(source, None).unwrap_err().to_string();
    assert_eq!(reason, "API a cannot be served: the canary of stage s points to deployment d2, which is missing");
}
