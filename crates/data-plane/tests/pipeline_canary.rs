//! Canary releases through a whole gateway: what differs for the requests that are drawn, and what does not.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{CanarySettings, MethodSetting};
use support::functions::{FUNCTION, Fake, lambda, serving};
use support::{API, TestGateway, api, map, mock, with};

/// A MOCK that says which release it is.
const TEMPLATE: &str = r#"{"release":"NAME","isCanary":"$context.isCanaryRequest","deployment":"$context.deploymentId",
    "variable":"$stageVariables.testVar","other":"$stageVariables.other","added":"$stageVariables.added"}"#;

fn release(name: &str) -> postern_api_model::rest_api::Method {
    with(mock("{statusCode: 200}", &[]), |integration| {
        let response = integration.responses.get_mut("200").unwrap();
        response.response_templates = Some(map(&[("application/json", &TEMPLATE.replace("NAME", name))]));
    })
}

fn canary(percent: f64) -> CanarySettings {
    CanarySettings {
        deployment_id: "d2".to_owned(),
        percent_traffic: percent,
        stage_variable_overrides: map(&[("testVar", "canary"), ("added", "new")]),
        use_stage_cache: false,
    }
}

/// Two deployments, the second of which the canary has.
fn source(percent: f64) -> ApiSource {
    let mut source = api(vec![("/", "GET", release("one"))]);
    let second = api(vec![("/", "GET", release("two")), ("/new", "GET", release("two"))]);
    source.deployments.insert("d2".to_owned(), Arc::clone(&second.deployments["d1"]));
    let stage = source.stages.get_mut("s").unwrap();
    stage.variables = [("testVar".to_owned(), "default".to_owned()), ("other".to_owned(), "kept".to_owned())].into();
    stage.canary_settings = Some(canary(percent));
    source
}

#[tokio::test]
async fn a_canary_serves_its_deployment_with_its_variables() {
    let test = TestGateway::serving(source(100.0));
    let answer = test.call("GET", "/s", &[], "").await;
    let expected = serde_json::json!({
        "release": "two", "isCanary": "true", "deployment": "d2", "variable": "canary", "other": "kept", "added": "new",
    });
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap(), expected);
    assert_eq!(test.call("GET", "/s/new", &[], "").await.status, 200);
}

#[tokio::test]
async fn all_others_are_served_as_before() {
    let test = TestGateway::serving(source(0.0));
    let answer = test.call("GET", "/s", &[], "").await;
    let expected = serde_json::json!({
        "release": "one", "isCanary": "false", "deployment": "d1", "variable": "default", "other": "kept", "added": "",
    });
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap(), expected);
    assert_eq!(test.call("GET", "/s/new", &[], "").await.status, 403, "the canary's routes are its own");
}

#[tokio::test]
async fn promotion_and_removal_take_effect_at_once() {
    let test = TestGateway::serving(source(100.0));
    let release = async || {
        let answer = test.call("GET", "/s", &[], "").await;
        serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()
    };
    let mut promoted = source(0.0);
    promoted.version = 2;
    promoted.stages.get_mut("s").unwrap().deployment_id = "d2".to_owned();
    test.gateway.publish(promoted).unwrap();
    let answer = release().await;
    assert_eq!((&answer["release"], &answer["isCanary"]), (&"two".into(), &"false".into()));
    let mut removed = source(100.0);
    removed.version = 3;
    removed.stages.get_mut("s").unwrap().canary_settings = None;
    test.gateway.publish(removed).unwrap();
    assert_eq!(release().await["release"], "one");
}

#[tokio::test]
async fn a_throttle_counts_both_together() {
    let mut source = source(100.0);
    let setting = MethodSetting { throttling_rate_limit: 0.001, throttling_burst_limit: 2, ..MethodSetting::default() };
    source.stages.get_mut("s").unwrap().method_settings.insert("*/*".to_owned(), setting);
    let mut without = source.clone();
    without.version = 2;
    without.stages.get_mut("s").unwrap().canary_settings.as_mut().unwrap().percent_traffic = 0.0;
    let test = TestGateway::serving(source);
    assert_eq!(test.call("GET", "/s", &[], "").await.status, 200);
    test.gateway.publish(without).unwrap();
    assert_eq!(test.call("GET", "/s", &[], "").await.status, 200);
    assert_eq!(test.call("GET", "/s", &[], "").await.status, 429, "the canary took the other one");
}

#[tokio::test]
async fn a_canary_without_its_deployment_leaves_the_version_before_in_service() {
    let test = TestGateway::serving(source(0.0));
    let mut broken = source(0.0);
    broken.version = 2;
    broken.deployments.remove("d2");
    // It was compiled before, which is enough.
    test.gateway.publish(broken.clone()).unwrap();
    broken.version = 3;
    broken.stages.get_mut("s").unwrap().canary_settings.as_mut().unwrap().deployment_id = "d3".to_owned();
    let reason = test.gateway.publish(broken).unwrap_err().reason;
    assert_eq!(reason, "the canary of stage s points to deployment d3, which is missing");
    assert_eq!(test.gateway.resident_version(API), Some(2));
}

#[tokio::test]
async fn a_function_is_told() {
    for (percent, expected) in [(100.0, serde_json::Value::Bool(true)), (0.0, serde_json::Value::Null)] {
        let mut source = api(vec![("/", "GET", lambda(FUNCTION))]);
        let settings = CanarySettings { deployment_id: "d1".to_owned(), ..canary(percent) };
        source.stages.get_mut("s").unwrap().canary_settings = Some(settings);
        let fake = Fake::returning("{\"statusCode\": 204}");
        assert_eq!(serving(&fake, source).call("GET", "/s", &[], "").await.status, 204);
        let event = fake.event();
        assert_eq!(event["requestContext"]["isCanaryRequest"], expected);
        assert_eq!(event["stageVariables"]["testVar"], if percent > 0.0 { "canary".into() } else { serde_json::Value::Null });
    }
}
