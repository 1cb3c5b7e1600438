//! Throttles of a stage's methods through a whole gateway.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::apigateway::GatewayResponseType;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{GatewayResponse, MethodSetting};
use support::{TestGateway, api, definition, map, mock};

/// Slower than any test: what is taken does not come back.
const SLOW: f64 = 0.001;

fn limited(settings: &[(&str, f64, i32)]) -> ApiSource {
    let ok = || mock("{statusCode: 200}", &[]);
    let mut source = api(vec![("/p", "GET", ok()), ("/p", "POST", ok()), ("/any", "ANY", ok())]);
    let stage = source.stages.get_mut("s").unwrap();
    for (key, rate, burst) in settings {
        let setting = MethodSetting { throttling_rate_limit: *rate, throttling_burst_limit: *burst, ..MethodSetting::default() };
        stage.method_settings.insert((*key).to_owned(), setting);
    }
    source
}

/// Statuses of the same call, made so many times.
async fn statuses(test: &TestGateway, verb: &str, path: &str, calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..calls {
        statuses.push(test.call(verb, path, &[], "").await.status);
    }
    statuses
}

#[tokio::test]
async fn what_is_over_the_limit_is_refused_as_on_aws() {
    let test = TestGateway::serving(limited(&[("*/*", SLOW, 1)]));
    assert_eq!(test.call("GET", "/s/p", &[], "").await.status, 200);
    let answer = test.call("GET", "/s/p", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str()), (429, "{\"message\":\"Too Many Requests\"}"));
    assert_eq!(answer.field("x-amzn-errortype"), "TooManyRequestsException");
    assert!(!answer.fields.contains_key("retry-after") && !answer.fields.contains_key("x-amzn-trace-id"));
}

#[tokio::test]
async fn each_method_has_a_bucket_of_its_own() {
    let test = TestGateway::serving(limited(&[("*/*", SLOW, 2), ("~1any/GET", SLOW, 1)]));
    assert_eq!(statuses(&test, "GET", "/s/p", 3).await, [200, 200, 429]);
    assert_eq!(statuses(&test, "POST", "/s/p", 3).await, [200, 200, 429]);
    assert_eq!(statuses(&test, "GET", "/s/any", 2).await, [200, 429]);
    assert_eq!(statuses(&test, "PUT", "/s/any", 2).await, [200, 200]);
    assert_eq!(statuses(&test, "DELETE", "/s/any", 1).await, [429], "verbs without a setting of their own share the method's");
}

#[tokio::test]
async fn a_setting_counts_under_every_key_that_means_the_method() {
    for key in ["*/*", "*/GET", "~1p/*", "~1p/GET", "p/GET", "/p/GET"] {
        let test = TestGateway::serving(limited(&[(key, 0.0, 0)]));
        assert_eq!(statuses(&test, "GET", "/s/p", 1).await, [429], "{key}");
    }
    for key in ["*/POST", "~1any/*", "~1p/PUT"] {
        let test = TestGateway::serving(limited(&[(key, 0.0, 0)]));
        assert_eq!(statuses(&test, "GET", "/s/p", 2).await, [200, 200], "{key}");
    }
}

#[tokio::test]
async fn a_change_of_something_else_fills_no_bucket() {
    let test = TestGateway::serving(limited(&[("*/*", SLOW, 1)]));
    assert_eq!(statuses(&test, "GET", "/s/p", 1).await, [200]);
    let mut changed = limited(&[("*/*", SLOW, 1), ("~1p/POST", SLOW, 5)]);
    changed.version = 2;
    test.gateway.publish(changed).unwrap();
    assert_eq!(statuses(&test, "GET", "/s/p", 1).await, [429]);
    let mut raised = limited(&[("*/*", SLOW, 2)]);
    raised.version = 3;
    test.gateway.publish(raised).unwrap();
    assert_eq!(statuses(&test, "GET", "/s/p", 3).await, [200, 200, 429], "a new limit is a new bucket");
}

#[tokio::test]
async fn the_answer_can_be_customised() {
    let mut source = limited(&[("*/*", 0.0, 0)]);
    let response = GatewayResponse {
        status_code: Some("503".to_owned()),
        response_parameters: map(&[("gatewayresponse.header.Retry-After", "'1'")]),
        response_templates: map(&[("application/json", "{\"kind\":\"$context.error.responseType\"}")]),
    };
    definition(&mut source).gateway_responses.insert(GatewayResponseType::Throttled, response);
    let test = TestGateway::serving(source);
    let answer = test.call("GET", "/s/p", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str()), (503, "{\"kind\":\"THROTTLED\"}"));
    assert_eq!(answer.field("retry-after"), "1");
}
