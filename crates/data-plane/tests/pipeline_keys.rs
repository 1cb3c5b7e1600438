//! API keys, plans and quotas through a whole gateway.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::apigateway::GatewayResponseType;
use postern_api_model::day::Day;
use postern_api_model::ports::{ApiKeyLoader, ApiLoader, LoadedKey, LoadedMembership, PortFuture};
use postern_api_model::rest_api::{GatewayResponse, MethodSetting};
use postern_api_model::scope::Scope;
use postern_api_model::usage_plan::UsagePlan;
use postern_data_plane::transport::{ListenerSettings, UpstreamSettings, Workers};
use postern_data_plane::{AccessLog, Gateway, GatewaySettings};
use serde_json::json;
use support::{API, Answer, FakeStore, TestGateway, api, definition, map, mock};

const KEY: &str = "x-api-key: abcdefghijklmnopqrstuvwxyz";

/// One key, in a plan of one stage.
struct OneKey(UsagePlan);

impl ApiKeyLoader for OneKey {
    fn load<'a>(&'a self, scope: &'a Scope, value: &'a str, _: Day) -> PortFuture<'a, Result<Option<LoadedKey>, String>> {
        let is_key = value == "abcdefghijklmnopqrstuvwxyz" && scope.region == "eu-west-1";
        let membership = LoadedMembership { plan: self.0.clone(), plan_version: 1, days: Default::default() };
        let key = LoadedKey { id: "key1234567".to_owned(), is_enabled: true, memberships: vec![membership] };
        Box::pin(async move { Ok(is_key.then_some(key)) })
    }
}

fn serving(limits: serde_json::Value) -> TestGateway {
    let mut plan = json!({ "id": "plan12", "name": "n", "api_stages": [{ "api_id": API, "stage": "s" }] });
    plan.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
    let keys = Arc::new(OneKey(serde_json::from_value(plan).unwrap()));
    let store = Arc::new(FakeStore::default());
    let loader = Arc::clone(&store) as Arc<dyn ApiLoader>;
    let gateway = Arc::new(Gateway::new(GatewaySettings::default(), loader, AccessLog::off()).with_api_keys(keys));
    let listeners =
        ListenerSettings { addresses: vec!["127.0.0.1:0".parse().unwrap()], workers: 1, ..ListenerSettings::default() };
    let workers = Workers::start(listeners, UpstreamSettings::default(), Arc::clone(&gateway)).unwrap();
    let mut keyed = mock("{statusCode: 200}", &[("X-Key", "context.identity.apiKey"), ("X-Key-Id", "context.identity.apiKeyId")]);
    keyed.api_key_required = true;
    let mut source =
        api(vec![("/keyed", "GET", keyed.clone()), ("/slow", "GET", keyed), ("/open", "GET", mock("{statusCode: 200}", &[]))]);
    let slow = MethodSetting { throttling_rate_limit: 0.001, throttling_burst_limit: 1, ..MethodSetting::default() };
    source.stages.get_mut("s").unwrap().method_settings.insert("~1slow/GET".to_owned(), slow);
    source.stages.insert("t".to_owned(), support::stage("t"));
    let refusal = GatewayResponse {
        response_parameters: map(&[("gatewayresponse.header.X-Key-Id", "context.identity.apiKeyId")]),
        ..GatewayResponse::default()
    };
    definition(&mut source).gateway_responses.insert(GatewayResponseType::QuotaExceeded, refusal);
    gateway.publish(source).unwrap();
    let address = workers.addresses()[0];
    TestGateway { gateway, store, workers, address }
}

fn seen(answer: &Answer) -> (u16, &str, String) {
    (answer.status, answer.field("x-amzn-errortype"), answer.text())
}

#[tokio::test]
async fn a_method_that_requires_a_key_opens_to_that_key_alone() {
    let test = serving(json!({}));
    let answer = test.call("GET", "/s/keyed", &[KEY], "").await;
    assert_eq!(
        (answer.status, answer.field("x-key"), answer.field("x-key-id")),
        (200, "abcdefghijklmnopqrstuvwxyz", "key1234567")
    );
    let forbidden = (403, "ForbiddenException", "{\"message\":\"Forbidden\"}".to_owned());
    let no_keys: [(&str, &[&str]); 9] = [
        ("/s/keyed", &[]),
        ("/s/keyed", &["x-api-key:"]),
        ("/s/keyed", &["x-api-key: ABCDEFGHIJKLMNOPQRSTUVWXYZ"]),
        ("/s/keyed", &["x-api-key: abcdefghijklmnopqrstuvwxy"]),
        ("/s/keyed", &[KEY, KEY]),
        ("/s/keyed", &[KEY, "X-API-Key: other"]),
        ("/s/keyed", &["x-api-key: abcdefghijklmnopqrstuvwxyz, other"]),
        ("/s/keyed?x-api-key=abcdefghijklmnopqrstuvwxyz", &[]),
        ("/t/keyed", &[KEY]),
    ];
    for (path, fields) in no_keys {
        assert_eq!(seen(&test.call("GET", path, fields, "").await), forbidden, "{path} {fields:?}");
    }
    assert_eq!(test.call("GET", "/s/keyed", &["X-API-KEY: abcdefghijklmnopqrstuvwxyz"], "").await.status, 200);
    assert_eq!(test.call("GET", "/s/open", &["x-api-key: nonsense"], "").await.status, 200);
    let counts = test.gateway.metrics();
    assert_eq!((counts.without_api_key, counts.throttled, counts.resident_api_keys), (9, 0, 1));
}

#[tokio::test]
async fn limits_of_a_plan_are_answered_as_on_aws() {
    let test = serving(json!({ "throttle": { "rate_limit": 0.001, "burst_limit": 1 } }));
    assert_eq!(test.call("GET", "/s/keyed", &[KEY], "").await.status, 200);
    let throttled = (429, "TooManyRequestsException", "{\"message\":\"Too Many Requests\"}".to_owned());
    assert_eq!(seen(&test.call("GET", "/s/keyed", &[KEY], "").await), throttled);
    let test = serving(json!({ "quota": { "limit": 1, "offset": 0, "period": "MONTH" } }));
    assert_eq!(test.call("GET", "/s/slow", &[KEY], "").await.status, 200);
    assert_eq!(seen(&test.call("GET", "/s/slow", &[KEY], "").await), throttled, "the method's own limit comes first");
    let answer = test.call("GET", "/s/keyed", &[KEY], "").await;
    assert_eq!(seen(&answer), (429, "LimitExceededException", "{\"message\":\"Limit Exceeded\"}".to_owned()));
    assert_eq!(answer.field("x-key-id"), "key1234567");
    let counts = test.gateway.metrics();
    assert_eq!((counts.throttled, counts.quota_exceeded), (1, 1));
}
