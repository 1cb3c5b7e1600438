//! Publishing, withdrawing, loading and evicting.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::Ordering;

use postern_data_plane::{AccessLog, GatewaySettings};
use support::{API, TestGateway, api, mock, stage};

fn source(version: u64) -> postern_api_model::ports::ApiSource {
    let mut source = api(vec![("/", "GET", mock("{statusCode: 200}", &[]))]);
    source.version = version;
    source
}

#[tokio::test]
async fn changes_show_at_once_and_in_order() {
    let test = TestGateway::serving(source(2));
    assert_eq!(test.call("GET", "/s", &[], "").await.status, 200);
    let mut newer = source(3);
    newer.stages.insert("t".to_owned(), stage("t"));
    test.gateway.publish(newer).unwrap();
    assert_eq!(test.call("GET", "/t", &[], "").await.status, 200);
    test.gateway.publish(source(2)).unwrap();
    assert_eq!(test.gateway.resident_version(API), Some(3), "a lower version never replaces a higher one");
    let mut disabled = source(4);
    disabled.disable_execute_api_endpoint = true;
    test.gateway.publish(disabled).unwrap();
    assert_eq!(test.call("GET", "/s", &[], "").await.message(), "Forbidden");
    let mut broken = source(5);
    broken.stages.get_mut("s").unwrap().deployment_id = "none".to_owned();
    assert!(test.gateway.publish(broken).unwrap_err().reason.contains("deployment none"));
    assert_eq!(test.gateway.resident_version(API), Some(4), "a version is published whole or not at all");
    test.gateway.withdraw(API);
    assert_eq!(test.call("GET", "/s", &[], "").await.message(), "Forbidden");
}

#[tokio::test]
async fn a_cold_api_is_loaded_once() {
    let test = TestGateway::start(GatewaySettings::default(), AccessLog::off());
    test.store.apis.lock().unwrap().insert(API.to_owned(), source(1));
    let call = || test.call("GET", "/s", &[], "");
    let answers = tokio::join!(call(), call(), call(), call());
    for answer in [answers.0, answers.1, answers.2, answers.3] {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(test.store.loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_unknown_api_does_not_reach_the_store_each_time_and_appears_at_once() {
    let test = TestGateway::start(GatewaySettings::default(), AccessLog::off());
    for _ in 0..5 {
        assert_eq!(test.call("GET", "/s", &[], "").await.status, 403);
    }
    assert!(test.store.loads.load(Ordering::SeqCst) < 5);
    test.gateway.publish(source(1)).unwrap();
    assert_eq!(test.call("GET", "/s", &[], "").await.status, 200);
    let loads = test.store.loads.load(Ordering::SeqCst);
    assert_eq!(test.call_with("GET", "/s", &["Host: not_an_id.execute-api.x"], "").await.status, 403);
    assert_eq!(test.store.loads.load(Ordering::SeqCst), loads, "what is no id is not looked for");
}

#[tokio::test]
async fn cold_apis_are_evicted_and_come_back() {
    let settings = GatewaySettings { resident_apis_max: 4, ..GatewaySettings::default() };
    let test = TestGateway::start(settings, AccessLog::off());
    for index in 0..20 {
        let mut source = source(1);
        source.api_id = format!("api{index}");
        test.store.apis.lock().unwrap().insert(source.api_id.clone(), source.clone());
        test.gateway.publish(source).unwrap();
        assert!(test.gateway.metrics().resident_apis <= 4);
    }
    for index in 0..20 {
        let host = format!("Host: api{index}.execute-api.x");
        assert_eq!(test.call_with("GET", "/s", &[&host], "").await.status, 200);
    }
}
