//! What is counted under AWS's names, through a whole gateway.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{CanarySettings, MethodSetting};
use postern_data_plane::ApiMetrics;
use support::{Backend, TestGateway, api, definition, mock, ok, proxy};

fn measured(source: &mut ApiSource, key: &str) {
    let setting = MethodSetting { metrics_enabled: true, ..MethodSetting::default() };
    source.stages.get_mut("s").unwrap().method_settings.insert(key.to_owned(), setting);
}

fn of<'a>(all: &'a [ApiMetrics], method: Option<(&str, &str)>) -> &'a ApiMetrics {
    let method = method.map(|(path, verb)| (path.to_owned(), verb.to_owned()));
    all.iter().find(|metrics| metrics.method == method).unwrap()
}

#[tokio::test]
async fn a_stage_and_the_methods_that_ask_for_it_are_counted() {
    let backend = Backend::answering(ok("x")).await;
    let mock = || mock("{statusCode: 200}", &[]);
    let closed = proxy("http://127.0.0.1:1/");
    let mut source = api(vec![
        ("/p", "GET", proxy(&backend.uri("/"))),
        ("/m", "ANY", mock()),
        ("/n", "GET", mock()),
        ("/down", "GET", closed),
    ]);
    definition(&mut source).name = "Pets".to_owned();
    measured(&mut source, "~1p/GET");
    measured(&mut source, "~1m/GET");
    let test = TestGateway::serving(source.clone());
    for (path, status) in [("/s/p", 200), ("/s/m", 200), ("/s/m", 200), ("/s/n", 200), ("/s/none", 403), ("/s/down", 500)] {
        assert_eq!(test.call("GET", path, &[], "").await.status, status, "{path}");
    }
    let all = test.gateway.api_metrics();
    assert_eq!(all.len(), 3, "{all:?}");
    let stage = of(&all, None);
    assert_eq!((stage.api_name.as_str(), stage.stage.as_str()), ("Pets", "s"));
    assert_eq!(stage.counts.latency.count(), 6);
    assert_eq!(stage.counts.integration_latency.count(), 2, "a backend that is down was called too, a MOCK was not");
    assert_eq!((stage.counts.client_errors, stage.counts.server_errors), (1, 1));
    assert_eq!(of(&all, Some(("/p", "GET"))).counts.latency.count(), 1);
    assert_eq!(of(&all, Some(("/m", "ANY"))).counts.latency.count(), 2);

    // The next version goes on counting; a method that is new begins.
    source.version = 2;
    measured(&mut source, "~1n/GET");
    test.gateway.publish(source).unwrap();
    assert_eq!(test.call("GET", "/s/n", &[], "").await.status, 200);
    let all = test.gateway.api_metrics();
    assert_eq!(of(&all, None).counts.latency.count(), 7);
    assert_eq!(of(&all, Some(("/p", "GET"))).counts.latency.count(), 1);
    assert_eq!(of(&all, Some(("/n", "GET"))).counts.latency.count(), 1);
}

#[tokio::test]
async fn a_method_has_numbers_once_it_is_called_and_they_stay() {
    let mock = || mock("{statusCode: 200}", &[]);
    let mut source = api(vec![("/p", "GET", mock()), ("/q", "GET", mock())]);
    measured(&mut source, "*/*");
    let test = TestGateway::serving(source.clone());
    assert_eq!(test.gateway.api_metrics().len(), 1, "thousands of methods may never be called");
    // The first to be called is the canary, which shares what is counted with the releases before and after it.
    let without = source.clone();
    let canary = CanarySettings {
        deployment_id: "d1".to_owned(),
        percent_traffic: 100.0,
        stage_variable_overrides: Default::default(),
        use_stage_cache: false,
    };
    source.stages.get_mut("s").unwrap().canary_settings = Some(canary);
    for (source, version) in [(source, 2), (without, 3)] {
        test.gateway.publish(ApiSource { version, ..source }).unwrap();
        assert_eq!(test.call("GET", "/s/p", &[], "").await.status, 200);
        let all = test.gateway.api_metrics();
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(of(&all, Some(("/p", "GET"))).counts.latency.count(), version - 1);
    }
}
