//! Stage caches through a whole gateway: what is kept, for whom, and how it is renewed.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::apigateway::{CacheClusterSize, IntegrationType, UnauthorizedCacheControlHeaderStrategy as Strategy};
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{CanarySettings, IntegrationResponse, Method, MethodResponse, MethodSetting};
use postern_data_plane::{AccessLog, GatewaySettings};
use support::functions::{FUNCTION, Fake, lambda, serving, settings};
use support::signing::{Call, Keys, ROOT, call, iam};
use support::{API, Answer, Backend, TestGateway, api, integration, map, method, mock, ok, proxy, stage, with};

const ANYONE: MethodSetting = MethodSetting {
    caching_enabled: true,
    require_authorization_for_cache_control: false,
    metrics_enabled: false,
    logging_level: None,
    data_trace_enabled: false,
    throttling_burst_limit: -1,
    throttling_rate_limit: -1.0,
    cache_ttl_in_seconds: 300,
    cache_data_encrypted: false,
    unauthorized_cache_control_header_strategy: Strategy::SucceedWithResponseHeader,
};

/// An API whose stage caches what `settings` say.
fn cached_by(methods: Vec<(&str, &str, Method)>, settings: &[(&str, MethodSetting)]) -> ApiSource {
    let mut source = api(methods);
    let stage = source.stages.get_mut("s").unwrap();
    stage.cache_cluster_enabled = true;
    stage.cache_cluster_size = Some(CacheClusterSize::V05);
    stage.method_settings = settings.iter().map(|(key, setting)| ((*key).to_owned(), setting.clone())).collect();
    source
}

/// One that caches `GET`.
fn cached(methods: Vec<(&str, &str, Method)>) -> ApiSource {
    cached_by(methods, &[("*/*", ANYONE)])
}

/// `method` with these parameters in its cache key.
fn keyed(method: Method, parameters: &[&str]) -> Method {
    with(method, |integration| integration.cache_key_parameters = parameters.iter().map(|name| (*name).to_owned()).collect())
}

fn calls(backend: &Backend) -> usize {
    backend.requests.lock().unwrap().len()
}

async fn get(test: &TestGateway, path: &str, fields: &[&str]) -> Answer {
    test.call("GET", path, fields, "").await
}

#[tokio::test]
async fn an_answer_is_given_again_with_ids_of_its_own() {
    let backend = Backend::answering(
        "HTTP/1.1 201 Created\r\nX-Own: 1\r\nX-Amzn-Trace-Id: Root=of-another\r\nContent-Length: 4\r\n\r\nbody",
    )
    .await;
    let test = TestGateway::serving(cached(vec![("/p", "GET", proxy(&backend.uri("/")))]));
    let (first, second) = (get(&test, "/s/p", &[]).await, get(&test, "/s/p?unkeyed=1", &["X-Unkeyed: 1"]).await);
    assert_eq!(calls(&backend), 1);
    for answer in [&first, &second] {
        assert_eq!((answer.status, answer.text().as_str(), answer.field("x-own")), (201, "body", "1"));
        assert_eq!(answer.field("content-length"), "4");
    }
    for field in ["x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"] {
        assert_ne!(first.field(field), second.field(field), "{field}");
        assert!(!second.field(field).is_empty());
    }
    assert!(!second.field("x-amzn-trace-id").contains("of-another"));
    let counts = test.gateway.api_metrics()[0].counts;
    assert_eq!((counts.cache_hits, counts.cache_misses, counts.integration_latency.count()), (1, 1, 1));
    assert!(test.gateway.metrics().cache_bytes > 0);
}

#[tokio::test]
async fn only_what_the_settings_name_is_kept() {
    let backend = Backend::answering(ok("x")).await;
    let methods = || {
        let proxy =
            |namespace: &str| with(proxy(&backend.uri("/")), |integration| integration.cache_namespace = namespace.to_owned());
        vec![("/p", "GET", proxy("p")), ("/p", "POST", proxy("p")), ("/p", "HEAD", proxy("p")), ("/any", "ANY", proxy("any"))]
    };
    let test = TestGateway::serving(cached_by(methods(), &[("*/*", ANYONE), ("~1any/PUT", ANYONE)]));
    for (verb, path, expected) in [
        ("GET", "/s/p", 1),
        ("POST", "/s/p", 2),
        ("HEAD", "/s/p", 2),
        ("GET", "/s/any", 1),
        ("PUT", "/s/any", 1),
        ("DELETE", "/s/any", 2),
    ] {
        let before = calls(&backend);
        for _ in 0..2 {
            assert_eq!(test.call(verb, path, &[], "").await.status, 200);
        }
        assert_eq!(calls(&backend) - before, expected, "{verb} {path}");
    }
    // Neither a cluster without a setting nor a setting without a cluster.
    let mut off = cached(methods());
    off.stages.get_mut("s").unwrap().cache_cluster_enabled = false;
    for source in [off, cached_by(methods(), &[])] {
        let test = TestGateway::serving(source);
        let before = calls(&backend);
        for _ in 0..2 {
            get(&test, "/s/p", &[]).await;
        }
        assert_eq!(calls(&backend) - before, 2);
    }
}

#[tokio::test]
async fn parameters_of_the_key_tell_answers_apart_however_they_are_written() {
    let backend = Backend::answering(ok("x")).await;
    let method = with(
        keyed(
            proxy(&backend.uri("/{proxy}")),
            &[
                "method.request.path.proxy",
                "method.request.querystring.q",
                "method.request.header.X-Key",
                "integration.request.header.ip",
            ],
        ),
        |integration| {
            integration.request_parameters.extend(map(&[
                ("integration.request.path.proxy", "method.request.path.proxy"),
                ("integration.request.header.IP", "context.identity.sourceIp"),
            ]));
        },
    );
    let test = TestGateway::serving(cached(vec![("/{proxy+}", "GET", method)]));
    // Each differs from all others: none may be given the answer to another.
    let requests: &[(&str, &[&str])] = &[
        ("/s/a", &[]),
        ("/s/a/b", &[]),
        ("/s/a%2Fb", &[]),
        ("/s/a?q=1", &[]),
        ("/s/a?q=", &[]),
        ("/s/a?q=1&q=2", &[]),
        ("/s/a?q=2&q=1", &[]),
        ("/s/a?q=1,2", &[]),
        ("/s/a?Q=1&q=3", &[]),
        ("/s/a", &["X-Key: 1"]),
        ("/s/a", &["X-Key:"]),
        ("/s/a", &["X-Key: 1", "X-Key: 2"]),
        ("/s/a", &["X-Key: 2", "X-Key: 1"]),
        ("/s/a", &["X-Key: 1, 2"]),
        ("/s/a?q=1", &["X-Key: 1"]),
    ];
    for (path, fields) in requests {
        assert_eq!(get(&test, path, fields).await.status, 200);
    }
    assert_eq!(calls(&backend), requests.len());
    // The same again, and what only looks different.
    for (path, fields) in requests {
        get(&test, path, fields).await;
    }
    get(&test, "/s/a?%71=1", &[]).await;
    get(&test, "/s/a?other=1&q=1", &["x-KEY: 1", "X-Other: 2"]).await;
    assert_eq!(calls(&backend), requests.len());
}

#[tokio::test]
async fn what_the_endpoint_may_read_otherwise_is_kept_for_nobody() {
    let backend = Backend::answering(ok("x")).await;
    let method = keyed(proxy(&backend.uri("/")), &["method.request.querystring.q", "method.request.header.X-Tenant"]);
    let test = TestGateway::serving(cached(vec![("/p", "GET", method)]));
    // The backend is not sent the field: its answer is not the tenant's.
    let named =
        format!("GET /s/p HTTP/1.1\r\nHost: {API}.execute-api.local\r\nX-Tenant: acme\r\nConnection: close, X-Tenant\r\n\r\n");
    assert_eq!(test.raw(&named).await.status, 200);
    assert!(!backend.request().contains("acme"));
    get(&test, "/s/p", &["X-Tenant: acme"]).await;
    assert_eq!(calls(&backend), 2, "it was asked for the tenant");
    // What backends take apart in different ways is not kept.
    for query in ["q=a;sort=asc", "q=a;sort=desc", "x=1;q=a", "q=a"] {
        let before = calls(&backend);
        get(&test, &format!("/s/p?{query}"), &[]).await;
        assert_eq!(calls(&backend) - before, 1, "{query}");
    }
    // Nor is what only looks the same when it is decoded.
    for query in ["q=%E9", "q=%E8", "q", "q=", "q=%EF%BF%BD"] {
        for expected in [1, 0] {
            let before = calls(&backend);
            get(&test, &format!("/s/p?{query}"), &[]).await;
            assert_eq!(calls(&backend) - before, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn a_parameter_that_the_path_does_not_have_leaves_a_method_uncached() {
    let backend = Backend::answering(ok("x")).await;
    let method = keyed(proxy(&backend.uri("/")), &["method.request.path.id"]);
    let test = TestGateway::serving(cached(vec![("/{proxy+}", "GET", method)]));
    for path in ["/s/a", "/s/b", "/s/a"] {
        assert_eq!(get(&test, path, &[]).await.status, 200);
    }
    assert_eq!(calls(&backend), 3);
}

#[tokio::test]
async fn a_body_can_be_part_of_the_key() {
    let backend = Backend::answering(ok("x")).await;
    let mut post = method(with_responses(&backend));
    post = keyed(post, &["integration.request.header.q"]);
    let post = with(post, |integration| {
        integration.request_parameters.extend(map(&[("integration.request.header.q", "method.request.body.q")]));
    });
    let test = TestGateway::serving(cached_by(vec![("/p", "POST", post)], &[("~1p/POST", ANYONE)]));
    for (body, expected) in [("{\"q\":1}", 1), ("{\"q\":1}", 1), ("{\"q\":2}", 2)] {
        assert_eq!(test.call("POST", "/s/p", &[], body).await.status, 200);
        assert_eq!(calls(&backend), expected, "{body}");
    }
}

/// HTTP with a response that shows what belongs to the request.
fn with_responses(backend: &Backend) -> postern_api_model::rest_api::Integration {
    let mut integration = integration(IntegrationType::Http, &backend.uri("/"));
    let response = IntegrationResponse {
        response_templates: Some(map(&[("application/json", "$context.requestId $input.body"), ("text/plain", "plain")])),
        ..IntegrationResponse::default()
    };
    integration.responses.insert("200".to_owned(), response);
    integration
}

#[tokio::test]
async fn an_integration_response_is_made_for_each_request() {
    let backend = Backend::answering(ok("body")).await;
    let mut http = method(with_responses(&backend));
    http.responses.insert("200".to_owned(), MethodResponse::default());
    let test = TestGateway::serving(cached(vec![("/p", "GET", http)]));
    for _ in 0..2 {
        let answer = get(&test, "/s/p", &[]).await;
        assert_eq!(answer.text(), format!("{} body", answer.field("x-amzn-requestid")));
        assert!(!answer.field("x-amzn-trace-id").is_empty());
    }
    assert_eq!(get(&test, "/s/p", &["Accept: text/plain"]).await.text(), "plain");
    assert_eq!(calls(&backend), 1);
}

#[tokio::test]
async fn a_functions_answer_is_kept_and_its_failure_is_not() {
    let fake = Fake::returning("{\"statusCode\": 200, \"body\": \"x\"}");
    let test = serving(&fake, cached(vec![("/p", "GET", lambda(FUNCTION))]));
    for _ in 0..2 {
        assert_eq!(get(&test, "/s/p", &[]).await.text(), "x");
    }
    assert_eq!(fake.calls.lock().unwrap().len(), 1);
    let fake = Fake::returning("no JSON");
    let test = serving(&fake, cached(vec![("/p", "GET", lambda(FUNCTION))]));
    for _ in 0..2 {
        assert_eq!(get(&test, "/s/p", &[]).await.status, 502);
    }
    assert_eq!(fake.calls.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_not_a_success_for_all_is_not_kept() {
    for head in [
        "500 No\r\n",
        "404 No\r\n",
        "429 No\r\n",
        "206 Part\r\nContent-Range: bytes 0-0/9\r\n",
        "304 Not Modified\r\n",
        "200 OK\r\nSet-Cookie: session=1\r\n",
        "200 OK\r\nContent-Encoding: unheard-of\r\n",
    ] {
        let backend = Backend::answering(format!("HTTP/1.1 {head}Content-Length: 0\r\n\r\n")).await;
        let test = TestGateway::serving(cached(vec![("/p", "GET", proxy(&backend.uri("/")))]));
        let statuses = (get(&test, "/s/p", &[]).await.status, get(&test, "/s/p", &[]).await.status);
        assert_eq!((calls(&backend), statuses.0), (2, statuses.1), "{head}");
    }
    let test = TestGateway::serving(cached(vec![("/down", "GET", proxy("http://127.0.0.1:1/"))]));
    assert_eq!((get(&test, "/s/down", &[]).await.status, get(&test, "/s/down", &[]).await.status), (500, 500));
    assert_eq!(test.gateway.metrics().cache_bytes, 0);
}

#[tokio::test]
async fn a_body_of_up_to_a_mebibyte_is_kept() {
    const MEBIBYTE: usize = 1_048_576;
    for (len, expected) in [(MEBIBYTE, 1), (MEBIBYTE + 1, 2)] {
        let body = "x".repeat(len);
        let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len:x}\r\n{body}\r\n0\r\n\r\n");
        for text in [ok(&body), chunked] {
            let backend = Backend::answering(text).await;
            let test = TestGateway::serving(cached(vec![("/p", "GET", proxy(&backend.uri("/")))]));
            for _ in 0..2 {
                let answer = get(&test, "/s/p", &[]).await;
                assert!(answer.is_whole && answer.body.len() == len, "{len}: {}", answer.body.len());
            }
            assert_eq!(calls(&backend), expected, "{len}");
        }
    }
}

#[tokio::test]
async fn what_is_longer_than_a_body_may_be_is_neither_kept_nor_passed_on() {
    let body = "x".repeat(5_000);
    let backend =
        Backend::answering(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n{body}\r\n0\r\n\r\n")).await;
    let settings = GatewaySettings { max_body_bytes: 1_000, buffer_bytes: 1_000, ..GatewaySettings::default() };
    let test = TestGateway::start(settings, AccessLog::off());
    test.gateway.publish(cached(vec![("/p", "GET", proxy(&backend.uri("/")))])).unwrap();
    for expected in [1, 2] {
        let answer = get(&test, "/s/p", &[]).await;
        assert!(answer.body.len() < 5_000, "{}", answer.status);
        assert_eq!(calls(&backend), expected);
    }
}

#[tokio::test]
async fn a_coded_answer_goes_to_clients_that_take_its_coding_alone() {
    let backend = Backend::answering("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nbr").await;
    let test = TestGateway::serving(cached(vec![("/p", "GET", proxy(&backend.uri("/")))]));
    for (accepted, expected) in
        [("br", 1), ("BR;q=0.3, nonsense", 1), ("gzip", 2), ("br, gzip", 3), ("br;q=0", 4), ("identity", 4)]
    {
        get(&test, "/s/p", &[&format!("Accept-Encoding: {accepted}")]).await;
        assert_eq!(calls(&backend), expected, "{accepted}");
    }
}

#[tokio::test]
async fn equal_namespaces_share_entries_and_others_do_not() {
    let (one, two) = (Backend::answering(ok("one")).await, Backend::answering(ok("two")).await);
    let named = |backend: &Backend, name: &str| {
        with(proxy(&backend.uri("/")), |integration| integration.cache_namespace = name.to_owned())
    };
    let methods = vec![("/a", "GET", named(&one, "n")), ("/b", "GET", named(&two, "n")), ("/c", "GET", named(&two, "m"))];
    let test = TestGateway::serving(cached(methods));
    assert_eq!(get(&test, "/s/a", &[]).await.text(), "one");
    assert_eq!(get(&test, "/s/b", &[]).await.text(), "one");
    assert_eq!(get(&test, "/s/c", &[]).await.text(), "two");
}

#[tokio::test]
async fn an_answer_is_given_to_nobody_who_may_not_call() {
    let backend = Backend::answering(ok("secret")).await;
    let mut closed = proxy(&backend.uri("/"));
    closed.api_key_required = true;
    let mut signed = proxy(&backend.uri("/"));
    signed.authorization_type = "AWS_IAM".to_owned();
    let mut source =
        cached(vec![("/open", "GET", proxy(&backend.uri("/"))), ("/closed", "GET", closed), ("/signed", "GET", signed)]);
    let slow = MethodSetting { throttling_rate_limit: 0.001, throttling_burst_limit: 1, ..ANYONE };
    source.stages.get_mut("s").unwrap().method_settings.insert("~1open/GET".to_owned(), slow);
    let test = TestGateway::serving(source);
    assert_eq!(get(&test, "/s/open", &[]).await.text(), "secret");
    // All three share a namespace.
    assert_eq!(get(&test, "/s/open", &[]).await.status, 429, "throttles come before the cache");
    assert_eq!(get(&test, "/s/closed", &[]).await.status, 403);
    assert_eq!(get(&test, "/s/signed", &[]).await.status, 403);
    assert_eq!(calls(&backend), 1);
}

#[tokio::test]
async fn what_one_caller_may_do_with_its_own_credentials_is_kept_for_nobody() {
    let fake = Fake::returning("{\"statusCode\": 200}");
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}"#;
    let keys = Keys::with(&[(ROOT, "000000000000", None), ("AKIAUSER", "000000000000", Some(policy))]);
    let test = TestGateway::start_as(settings(&fake), AccessLog::off(), |gateway| gateway.with_caller_keys(keys));
    let own = with(lambda("hello"), |integration| integration.credentials = Some("arn:aws:iam::*:user/*".to_owned()));
    test.gateway.publish(cached(vec![("/a", "GET", iam(own))])).unwrap();
    assert_eq!(call("GET", "/s/a").send(&test).await.status, 200);
    let other = Call { key: "AKIAUSER", ..call("GET", "/s/a") }.send(&test).await;
    assert_eq!(other.status, 500, "it may not invoke the function: {other:?}");
    assert_eq!(fake.calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_goes_from_one_stage_or_deployment_to_another() {
    let backend = Backend::answering(ok("x")).await;
    let mut source = cached(vec![("/p", "GET", proxy(&backend.uri("/")))]);
    let other = postern_api_model::rest_api::Stage { name: "t".to_owned(), ..source.stages["s"].clone() };
    source.stages.insert("t".to_owned(), other);
    source.stages.insert("uncached".to_owned(), stage("uncached"));
    let test = TestGateway::serving(source.clone());
    for (path, expected) in [("/s/p", 1), ("/t/p", 2), ("/s/p", 2), ("/t/p", 2), ("/uncached/p", 3)] {
        get(&test, path, &[]).await;
        assert_eq!(calls(&backend), expected, "{path}");
    }
    // A change of the stage leaves its entries, a new deployment has its own, and the one before finds its own again.
    let mut changed = source.clone();
    changed.version = 2;
    changed.stages.get_mut("s").unwrap().description = Some("changed".to_owned());
    test.gateway.publish(changed.clone()).unwrap();
    get(&test, "/s/p", &[]).await;
    assert_eq!(calls(&backend), 3);
    let mut deployed = changed.clone();
    deployed.version = 3;
    deployed.deployments.insert("d2".to_owned(), Arc::clone(&changed.deployments["d1"]));
    deployed.stages.get_mut("s").unwrap().deployment_id = "d2".to_owned();
    test.gateway.publish(deployed).unwrap();
    get(&test, "/s/p", &[]).await;
    assert_eq!(calls(&backend), 4);
    changed.version = 4;
    test.gateway.publish(changed.clone()).unwrap();
    get(&test, "/s/p", &[]).await;
    assert_eq!(calls(&backend), 4);
    // A cache of another size is another one.
    changed.version = 5;
    changed.stages.get_mut("s").unwrap().cache_cluster_size = Some(CacheClusterSize::V16);
    test.gateway.publish(changed).unwrap();
    get(&test, "/s/p", &[]).await;
    assert_eq!(calls(&backend), 5);
}

#[tokio::test]
async fn a_canary_uses_the_stages_cache_if_it_is_told_to() {
    for (own_deployment, uses, expected) in [(false, true, 1), (true, true, 2), (false, false, 3), (true, false, 3)] {
        let backend = Backend::answering(ok("x")).await;
        let mut source = cached(vec![("/p", "GET", proxy(&backend.uri("/")))]);
        source.deployments.insert("d2".to_owned(), Arc::clone(&source.deployments["d1"]));
        let test = TestGateway::serving(source.clone());
        get(&test, "/s/p", &[]).await;
        let canary = CanarySettings {
            deployment_id: if own_deployment { "d2" } else { "d1" }.to_owned(),
            percent_traffic: 100.0,
            stage_variable_overrides: Default::default(),
            use_stage_cache: uses,
        };
        source.version = 2;
        source.stages.get_mut("s").unwrap().canary_settings = Some(canary);
        test.gateway.publish(source).unwrap();
        for _ in 0..2 {
            get(&test, "/s/p", &[]).await;
        }
        assert_eq!(calls(&backend), expected, "{own_deployment} {uses}");
    }
}

#[tokio::test]
async fn a_flush_forgets_a_stages_answers() {
    let backend = Backend::answering(ok("x")).await;
    let sealed = MethodSetting { cache_data_encrypted: true, ..ANYONE };
    let test = TestGateway::serving(cached_by(vec![("/p", "GET", proxy(&backend.uri("/")))], &[("*/*", sealed)]));
    for _ in 0..2 {
        assert_eq!(get(&test, "/s/p", &[]).await.text(), "x");
    }
    test.gateway.flush_stage_cache(API, "t");
    test.gateway.flush_stage_cache("none", "s");
    assert_eq!((get(&test, "/s/p", &[]).await.status, calls(&backend)), (200, 1));
    test.gateway.flush_stage_cache(API, "s");
    assert_eq!(test.gateway.metrics().cache_bytes, 0);
    assert_eq!((get(&test, "/s/p", &[]).await.status, calls(&backend)), (200, 2));
}

#[tokio::test]
async fn a_mock_has_no_endpoint_to_be_cached() {
    let test = TestGateway::serving(cached(vec![("/m", "GET", mock("{statusCode: 200}", &[("Id", "context.requestId")]))]));
    for _ in 0..2 {
        let answer = get(&test, "/s/m", &[]).await;
        assert_eq!(answer.field("id"), answer.field("x-amzn-requestid"));
    }
    let counts = test.gateway.api_metrics()[0].counts;
    assert_eq!((counts.cache_hits, counts.cache_misses), (0, 0));
}
