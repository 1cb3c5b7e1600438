//! The access logs of stages, through a whole gateway.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use postern_api_model::apigateway::{CacheClusterSize, ResponseTransferMode};
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{AccessLogSettings, MethodSetting};
use postern_data_plane::{AccessLog, GatewaySettings, LogDestinations};
use serde_json::{Value, json};
use support::{API, Backend, Lines, TestGateway, api, map, mock, ok, proxy, with};

const GROUP: &str = "arn:aws:logs:eu-west-1:000000000000:log-group:/pets";

const CLF: &str = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] \
                   \"$context.httpMethod $context.resourcePath $context.protocol\" $context.status $context.responseLength \
                   $context.requestId";

fn logged(mut source: ApiSource, format: &str) -> ApiSource {
    let settings = AccessLogSettings { destination_arn: Some(GROUP.to_owned()), format: Some(format.to_owned()) };
    source.stages.get_mut("s").unwrap().access_log_settings = Some(settings);
    source
}

/// A gateway that serves `source` and maps [`GROUP`]; its own log, and the stage's.
struct Logged {
    test: TestGateway,
    own: (AccessLog, Lines),
    group: (AccessLog, Lines),
}

impl Logged {
    fn serving(source: ApiSource) -> Self {
        let (own, group) = (Lines::log(), Lines::log());
        let log_destinations = LogDestinations::new(BTreeMap::from([("/pets".to_owned(), group.0.clone())]));
        let settings = GatewaySettings { log_destinations, ..GatewaySettings::default() };
        let test = TestGateway::start(settings, own.0.clone());
        test.gateway.publish(source).unwrap();
        Self { test, own, group }
    }

    fn lines(self) -> (String, String) {
        self.own.0.close();
        self.group.0.close();
        (self.own.1.text(), self.group.1.text())
    }

    fn json(self) -> Vec<Value> {
        self.lines().1.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_line_for_each_request_in_the_stages_format() {
    let backend = Backend::answering(ok("hello")).await;
    let logged = Logged::serving(logged(api(vec![("/p/{id}", "GET", proxy(&backend.uri("/")))]), CLF));
    let answer = logged.test.call("GET", "/s/p/7", &[], "").await;
    assert_eq!(logged.test.call("GET", "/s/none", &[], "").await.status, 403);
    assert_eq!(logged.test.call("GET", "/other/p/7", &[], "").await.status, 403);
    let (own, lines) = logged.lines();
    assert_eq!(own.lines().count(), 3, "the gateway's own log goes on");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 2, "a request without a stage has no log of one: {lines:?}");
    let (start, rest) = lines[0].split_once(" [").unwrap();
    let (_, end) = rest.split_once("] ").unwrap();
    assert_eq!(start, "127.0.0.1 - -");
    assert_eq!(end, format!("\"GET /p/{{id}} HTTP/1.1\" 200 5 {}", answer.field("x-amzn-requestid")));
    assert!(lines[1].contains("\"GET - HTTP/1.1\" 403 42 "), "{}", lines[1]);
}

#[tokio::test]
async fn the_integration_and_the_response() {
    let backend = Backend::answering("HTTP/1.1 201 Created\r\nx-amz-request-id: r1\r\nContent-Length: 2\r\n\r\nok").await;
    let format = "{\"s\":$context.status,\"is\":\"$context.integrationStatus\",\"code\":$context.integration.status,\
                  \"il\":$context.integrationLatency,\"l\":$context.responseLatency,\"rid\":\"$context.awsEndpointRequestId\",\
                  \"type\":\"$context.endpointType\",\"api\":\"$context.apiId\",\"stage\":\"$context.stage\",\"ro\":$context.responseOverride.status,\
                  \"roh\":\"$context.responseOverride.header.X-A\",\"waf\":\"$context.waf.status\",\"request\":\"$context.requestId\"}";
    let mut overriding = mock("{statusCode: 200}", &[]);
    let response = overriding.integration.as_mut().unwrap().responses.get_mut("200").unwrap();
    let template = "#set($context.responseOverride.status = 299)#set($context.responseOverride.header.X-A = \"b\")x";
    response.response_templates = Some(map(&[("application/json", template)]));
    let logged = Logged::serving(logged(api(vec![("/p", "GET", proxy(&backend.uri("/"))), ("/m", "GET", overriding)]), format));
    assert_eq!(logged.test.call("GET", "/s/p", &[], "").await.status, 201);
    assert_eq!(logged.test.call("GET", "/s/m", &[], "").await.status, 299);
    let lines = logged.json();
    let line = &lines[0];
    assert_eq!((&line["s"], &line["is"], &line["code"]), (&json!(201), &json!("201"), &json!(201)));
    assert_eq!((&line["rid"], &line["type"], &line["api"]), (&json!("r1"), &json!("REGIONAL"), &json!(API)));
    assert!(line["il"].as_u64().unwrap() <= line["l"].as_u64().unwrap());
    assert_eq!((&line["ro"], &line["roh"], &line["waf"]), (&json!("-"), &json!("-"), &json!("-")));
    assert_eq!((&lines[1]["ro"], &lines[1]["roh"], &lines[1]["code"]), (&json!(299), &json!("b"), &json!("-")));
}

#[tokio::test]
async fn the_integration_of_a_cached_stage() {
    let backend = Backend::answering("HTTP/1.1 201 Created\r\nx-amz-request-id: r1\r\nContent-Length: 2\r\n\r\nok").await;
    let format = "$context.integrationStatus $context.awsEndpointRequestId $context.requestId";
    let mut source = logged(api(vec![("/p", "GET", proxy(&backend.uri("/")))]), format);
    let stage = source.stages.get_mut("s").unwrap();
    stage.cache_cluster_enabled = true;
    stage.cache_cluster_size = Some(CacheClusterSize::V05);
    stage.method_settings.insert("*/*".to_owned(), MethodSetting { caching_enabled: true, ..MethodSetting::default() });
    let logged = Logged::serving(source);
    for _ in 0..2 {
        assert_eq!(logged.test.call("GET", "/s/p", &[], "").await.status, 201);
    }
    let (_, lines) = logged.lines();
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].starts_with("201 r1 ") && lines[1].starts_with("- - "), "only a miss asks the backend: {lines:?}");
}

#[tokio::test]
async fn errors_of_the_gateway() {
    let format = "{\"m\":\"$context.error.message\",\"ms\":$context.error.messageString,\"t\":\"$context.error.responseType\",\
                  \"ie\":\"$context.integrationErrorMessage\",\"a\":\"$context.authenticate.error\",\"r\":\"$context.requestId\"}";
    let source = api(vec![("/down", "GET", proxy("http://127.0.0.1:1/"))]);
    let logged = Logged::serving(logged(source, format));
    logged.test.call("GET", "/s/down", &[], "").await;
    let secret = "Authorization: sup3rs3cret";
    let answer = logged.test.call("GET", "/s/none", &[secret], "").await;
    assert!(answer.text().contains("sup3rs3cret"), "AWS repeats it to the client");
    let (own, lines) = logged.lines();
    assert!(!own.contains("sup3rs3cret") && !lines.contains("sup3rs3cret"), "{lines}");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["m"], &lines[0]["ms"]), (&json!("Internal server error"), &json!("Internal server error")));
    assert_eq!(lines[0]["t"], "INTEGRATION_FAILURE");
    assert!(lines[0]["ie"].as_str().unwrap().contains("refused"), "{}", lines[0]);
    assert_eq!(lines[1]["t"], "INVALID_SIGNATURE");
    assert!(lines[1]["a"].as_str().unwrap().contains("key=value"), "{}", lines[1]);
}

#[tokio::test]
async fn a_client_forges_neither_lines_nor_members() {
    let agent = "User-Agent: \",\"status\":200} \\\" <x>&, ";
    let ok = || mock("{statusCode: 200}", &[]);
    for (format, shown) in [
        ("{\"ua\":\"$context.identity.userAgent\",\"n\":$context.identity.userAgent,\"r\":\"$context.requestId\"}", "JSON"),
        ("<r ua=\"$context.identity.userAgent\" id=\"$context.requestId\"/>", "XML"),
        ("$context.identity.userAgent,\"$context.identity.userAgent\",$context.requestId", "CSV"),
        ("\"$context.identity.userAgent\" $context.requestId", "CLF"),
    ] {
        let logged = Logged::serving(logged(api(vec![("/p", "GET", ok())]), format));
        let answer = logged.test.call("GET", "/s/p", &[agent], "").await;
        let id = answer.field("x-amzn-requestid");
        let (_, lines) = logged.lines();
        let line = lines.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        let value = "\",\"status\":200} \\\" <x>&,";
        match shown {
            "JSON" => {
                let line: Value = serde_json::from_str(line).unwrap();
                assert_eq!(line, json!({"ua": value, "n": value, "r": id}));
            }
            "XML" => {
                assert_eq!(line, format!("<r ua=\"&quot;,&quot;status&quot;:200}} \\&quot; &lt;x&gt;&amp;,\" id=\"{id}\"/>"))
            }
            "CSV" => {
                let field = format!("\"{}\"", value.replace('"', "\"\""));
                assert_eq!(line, format!("{field},{field},{id}"));
            }
            _ => assert_eq!(line, format!("\"\\\",\\\"status\\\":200}} \\\\\\\" <x>&,\" {id}")),
        }
    }
}

#[tokio::test]
async fn a_stream_is_logged_at_its_end() {
    let body = "x".repeat(200_000);
    let backend = Backend::answering(ok(&body)).await;
    let method = with(proxy(&backend.uri("/")), |integration| {
        integration.response_transfer_mode = Some(ResponseTransferMode::Stream);
    });
    let format = "$context.status $context.responseLength $context.integrationStatus $context.requestId";
    let logged = Logged::serving(logged(api(vec![("/p", "GET", method)]), format));
    let answer = logged.test.call("GET", "/s/p", &[], "").await;
    assert_eq!(answer.body.len(), body.len());
    let id = answer.field("x-amzn-requestid").to_owned();
    assert_eq!(logged.lines().1, format!("200 200000 200 {id}\n"));
}

#[tokio::test]
async fn an_unmapped_destination_is_the_gateways_own_log() {
    let own = Lines::log();
    let test = TestGateway::start(GatewaySettings::default(), own.0.clone());
    test.gateway.publish(logged(api(vec![("/p", "GET", mock("{statusCode: 200}", &[]))]), "mine $context.requestId")).unwrap();
    test.call("GET", "/s/p", &[], "").await;
    own.0.close();
    let text = own.1.text();
    let start = format!("{{\"api\":\"{API}\",\"stage\":\"s\",\"line\":\"mine ");
    assert_eq!(text.lines().filter(|line| line.starts_with(&start)).count(), 1, "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[tokio::test]
async fn another_accounts_log_is_not_written_to() {
    let (own, theirs) = (Lines::log(), Lines::log());
    let log_destinations = LogDestinations::new(BTreeMap::from([(GROUP.to_owned(), theirs.0.clone())]));
    let test = TestGateway::start(GatewaySettings { log_destinations, ..GatewaySettings::default() }, own.0.clone());
    let mut source = logged(api(vec![("/p", "GET", mock("{statusCode: 200}", &[]))]), "{\"time\":\"forged\"}");
    source.scope.account = "111111111111".to_owned();
    test.gateway.publish(source).unwrap();
    test.call("GET", "/s/p", &[], "").await;
    own.0.close();
    theirs.0.close();
    assert_eq!(theirs.1.text(), "");
    let text = own.1.text();
    assert!(text.contains("\"line\":\"{\\\"time\\\":\\\"forged\\\"}\"}"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("{\"time\":\"forged")), "{text}");
}

#[tokio::test]
async fn settings_without_a_format_log_nothing() {
    let mut source = logged(api(vec![("/p", "GET", mock("{statusCode: 200}", &[]))]), "");
    source.stages.get_mut("s").unwrap().access_log_settings.as_mut().unwrap().format = None;
    let logged = Logged::serving(source);
    logged.test.call("GET", "/s/p", &[], "").await;
    assert_eq!(logged.lines().1, "");
}
