//! TestInvokeMethod through the pipeline: the method as it is stored, and the log of how it went.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use postern_api_model::apigateway::{IntegrationType, ResponseTransferMode};
use postern_api_model::ports::{ApiSource, TestAnswer, TestCall, TestInvokeError};
use postern_data_plane::transport::{UpstreamSettings, Upstreams};
use postern_data_plane::{AccessLog, GatewaySettings};
use support::{Backend, TestGateway, api, definition, integration, map, method, mock, ok, proxy, with};

fn gateway() -> TestGateway {
    TestGateway::start(GatewaySettings::default(), AccessLog::off())
}

/// A call of `GET {resource}` of an API that is deployed nowhere.
fn call(mut source: ApiSource, resource: &str, path: Option<&str>) -> TestCall {
    TestCall {
        api_id: source.api_id.clone(),
        scope: source.scope.clone(),
        definition: definition(&mut source).clone(),
        resource_id: resource.to_owned(),
        method: "GET".to_owned(),
        verb: "GET".to_owned(),
        path_with_query_string: path.map(str::to_owned),
        headers: Vec::new(),
        body: String::new(),
        stage_variables: BTreeMap::new(),
        client_certificate_id: None,
        references: Default::default(),
    }
}

async fn run(test: &TestGateway, call: TestCall) -> TestAnswer {
    test.gateway.test_invoke(&Upstreams::new(UpstreamSettings::default()), call).await.unwrap()
}

/// Without dates, ids and times.
fn lines(answer: &TestAnswer) -> Vec<String> {
    assert!(answer.log.ends_with('\n'));
    let (first, rest) = answer.log.split_once('\n').unwrap();
    let id = first.strip_prefix("Execution log for request ").unwrap();
    rest.lines().map(|line| line.split_once(" : ").unwrap().1.replace(id, "{id}")).collect()
}

#[tokio::test]
async fn a_mock_as_recorded() {
    let test = gateway();
    let source = || {
        api(vec![
            ("/pets", "GET", mock("{\"statusCode\": 200}", &[])),
            ("/pets/{petId}", "GET", mock("{\"statusCode\": 200}", &[])),
        ])
    };
    for (resource, given, path, parameters, query) in [
        ("/pets", Some("/pets"), "/pets", "{}", "{}"),
        ("/pets", Some("/random/test"), "/random/test", "{}", "{}"),
        ("/pets/{petId}", Some("/pets/123"), "/pets/123", "{petId=123}", "{}"),
        ("/pets/{petId}", None, "/pets/{petId}", "{petId={petId}}", "{}"),
        ("/pets/{petId}", Some("/random/test"), "/random/test", "{}", "{}"),
        ("/pets/{petId}", Some("/pets/123?foo=bar"), "/pets/123", "{petId=123}", "{foo=bar}"),
    ] {
        let answer = run(&test, TestCall { body: "{\"a\": 1}".to_owned(), ..call(source(), resource, given) }).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.headers.clone().into_iter().collect::<Vec<_>>(),
            [("Content-Type".to_owned(), vec!["application/json".to_owned()])]
        );
        let expected = [
            "Starting execution for request: {id}",
            &format!("HTTP Method: GET, Resource Path: {path}"),
            &format!("Method request path: {parameters}"),
            &format!("Method request query string: {query}"),
            "Method request headers: {}",
            "Method request body before transformations: {\"a\": 1}",
            "Method response body after transformations: ",
            "Method response headers: {Content-Type=application/json}",
            "Successfully completed execution",
            "Method completed with status: 200",
        ];
        assert_eq!(lines(&answer), expected);
    }
    let rendered = with(mock("{\"statusCode\": 200}", &[]), |integration| {
        let response = integration.responses.get_mut("200").unwrap();
        response.response_templates = Some(map(&[("application/json", "{\"petId\": \"$input.params('petId')\"}")]));
    });
    for (given, body) in [(Some("/pets/123"), "123"), (None, "{petId}"), (Some("/random/test"), "")] {
        let answer = run(&test, call(api(vec![("/pets/{petId}", "GET", rendered.clone())]), "/pets/{petId}", given)).await;
        assert_eq!(answer.body, format!("{{\"petId\": \"{body}\"}}"));
        assert!(answer.log.contains(&format!("Method response body after transformations: {}\n", answer.body)), "{}", answer.log);
    }
    // Nothing of it was published.
    assert_eq!(test.gateway.metrics().resident_apis, 0);
    assert_eq!(test.gateway.metrics().requests, 0);
}

#[tokio::test]
async fn a_backend_is_called_and_its_answer_shown() {
    let test = gateway();
    let backend = Backend::answering(ok("hello")).await;
    let method = with(proxy(&backend.uri("/base/{p}")), |integration| {
        integration.request_parameters = map(&[
            ("integration.request.path.p", "stageVariables.v"),
            ("integration.request.header.dOgs", "method.request.header.Puppies"),
        ]);
    });
    let mut tested = call(api(vec![("/x", "GET", method)]), "/x", Some("/x?a=b"));
    tested.headers = vec![("Puppies".to_owned(), "true".to_owned()), ("X-Postern-Log".to_owned(), "1.2".to_owned())];
    tested.stage_variables = [("v".to_owned(), "there".to_owned())].into();
    let answer = run(&test, tested).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "hello"));
    let names: Vec<_> = answer.headers.keys().map(String::as_str).collect();
    assert_eq!(names[0], "X-Amzn-Trace-Id");
    assert!(
        names.contains(&"Content-Type") && !names.contains(&"Content-Length") && !names.contains(&"x-amzn-RequestId"),
        "{names:?}"
    );
    let sent = backend.request().to_ascii_lowercase();
    assert!(sent.starts_with("get /base/there?a=b http/1.1"), "{sent}");
    assert!(sent.contains("dogs: true") && !sent.contains("x-postern-log"), "{sent}");
    let lines = lines(&answer);
    let kinds: Vec<_> = lines.iter().map(|line| line.split([':', '.']).next().unwrap()).collect();
    let expected = [
        "Starting execution for request",
        "HTTP Method",
        "Method request path",
        "Method request query string",
        "Method request headers",
        "Method request body before transformations",
        "Endpoint request URI",
        "Endpoint request headers",
        "Endpoint request body after transformations",
        "Sending request to http",
        "Received response",
        "Endpoint response headers",
        "Endpoint response body before transformations",
        "Method response body after transformations",
        "Method response headers",
        "Successfully completed execution",
        "Method completed with status",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(lines[4], "Method request headers: {Puppies=true}");
    assert_eq!(lines[6], format!("Endpoint request URI: {}", backend.uri("/base/there?a=b")));
    assert!(lines[7].contains("dOgs=true"), "{}", lines[7]);
    assert!(lines[10].starts_with("Received response. Status: 200, Integration latency: "), "{}", lines[10]);
    assert_eq!(lines[12], "Endpoint response body before transformations: hello");
}

#[tokio::test]
async fn a_long_answer_is_whole_and_its_line_is_cut() {
    let test = gateway();
    let backend = Backend::answering(ok(&"x".repeat(200_000))).await;
    let answer = run(&test, call(api(vec![("/x", "GET", proxy(&backend.uri("/")))]), "/x", None)).await;
    assert_eq!(answer.body.len(), 200_000);
    assert!(answer.log.contains(&format!("{} [TRUNCATED]\n", "x".repeat(900))), "{}", answer.log);
    assert!(answer.log.lines().all(|line| line.len() < 1100));
}

#[tokio::test]
async fn what_access_control_refuses_is_tested_and_what_is_not_built_is_not() {
    let test = gateway();
    let mut source = api(vec![("/x", "GET", mock("{\"statusCode\": 200}", &[]))]);
    let guarded = definition(&mut source);
    guarded.policy = Some("{}".to_owned());
    let keyed = guarded.resources.get_mut("/x").unwrap().methods.get_mut("GET").unwrap();
    keyed.authorization_type = "AWS_IAM".to_owned();
    keyed.api_key_required = true;
    assert_eq!(run(&test, call(source, "/x", None)).await.status, 200);

    let mut streaming = integration(IntegrationType::AwsProxy, "arn:aws:apigateway:eu-west-1:firehose:action/PutRecord");
    streaming.response_transfer_mode = Some(ResponseTransferMode::Stream);
    let unbuilt = api(vec![("/x", "GET", method(streaming))]);
    let answer = run(&test, call(unbuilt, "/x", None)).await;
    assert_eq!(answer.status, 501);
    assert!(answer.body.contains("integration.responseTransferMode STREAM"), "{}", answer.body);
}

#[tokio::test]
async fn a_failure_says_why() {
    let test = gateway();
    let refused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let source = api(vec![("/x", "GET", proxy(&format!("http://{refused}/")))]);
    let answer = run(&test, call(source, "/x", None)).await;
    assert_eq!((answer.status, answer.body.as_str()), (500, "{\"message\": \"Internal server error\"}"));
    assert_eq!(answer.headers["x-amzn-ErrorType"], ["InternalServerErrorException"]);
    let lines = lines(&answer);
    let end = ["Execution failed due to configuration error: Invalid endpoint address", "Method completed with status: 500"];
    assert_eq!(lines[lines.len() - 2..], end);

    let source = api(vec![("/x", "GET", mock("{\"statusCode\": 404}", &[]))]);
    let answer = run(&test, call(with_pattern(source), "/x", None)).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.headers.keys().collect::<Vec<_>>(), ["x-amzn-ErrorType"]);
    assert!(
        answer.log.contains(
            "Execution failed due to configuration error: No match for output mapping and no default output mapping configured. \
             Endpoint Response Status Code: 404\n"
        ),
        "{}",
        answer.log
    );
}

/// The mock's only response is for another status than the one it is asked for.
fn with_pattern(mut source: ApiSource) -> ApiSource {
    let method = definition(&mut source).resources.get_mut("/x").unwrap().methods.get_mut("GET").unwrap();
    let responses = &mut method.integration.as_mut().unwrap().responses;
    responses.get_mut("200").unwrap().selection_pattern = Some("200".to_owned());
    source
}

#[tokio::test]
async fn tests_are_bounded_in_number_and_in_time() {
    let test = gateway();
    let hanging = Backend::answering("").await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let source = || api(vec![("/x", "GET", proxy(&hanging.uri("/")))]);
    let mut running: Vec<_> =
        (0..16).map(|_| Box::pin(test.gateway.test_invoke(&upstreams, call(source(), "/x", None)))).collect();
    for one in &mut running {
        assert!(tokio::time::timeout(Duration::ZERO, one).await.is_err());
    }
    let refused = test.gateway.test_invoke(&upstreams, call(source(), "/x", None)).await;
    assert_eq!(refused, Err(TestInvokeError::Busy));
    drop(running);
    let short = with(proxy(&hanging.uri("/")), |integration| integration.timeout_in_millis = 50);
    let answer = run(&test, call(api(vec![("/x", "GET", short)]), "/x", None)).await;
    assert_eq!((answer.status, answer.body.as_str()), (504, "{\"message\": \"Endpoint request timed out\"}"));
    assert!(answer.log.contains("Execution failed due to a timeout error"), "{}", answer.log);
}
