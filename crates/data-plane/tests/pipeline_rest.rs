//! Requests through a whole gateway: routing, MOCK, HTTP_PROXY, HTTP, gateway responses.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::apigateway::{GatewayResponseType, IntegrationType, ResponseTransferMode};
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{GatewayResponse, IntegrationResponse, Method, MethodResponse};
use postern_data_plane::{AccessLog, GatewaySettings};
use support::{API, Backend, TestGateway, api, definition, integration, map, method, mock, ok, proxy, stage, with};

#[tokio::test]
async fn a_cors_mock() {
    let headers = [
        ("Access-Control-Allow-Headers", "'Content-Type,Authorization'"),
        ("Access-Control-Allow-Methods", "'GET,OPTIONS'"),
        ("Access-Control-Allow-Origin", "'*'"),
    ];
    let test = TestGateway::serving(api(vec![("/pets", "OPTIONS", mock("{\"statusCode\": 200}", &headers))]));
    let answer = test.call("OPTIONS", "/s/pets", &["Origin: http://a", "X-Amzn-Trace-Id: Root=1"], "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("access-control-allow-origin"), "*");
    assert_eq!(answer.field("access-control-allow-methods"), "GET,OPTIONS");
    assert_eq!(answer.field("content-type"), "application/json");
    assert_eq!(answer.field("content-length"), "0");
    assert_eq!(answer.field("x-amzn-requestid").len(), 36);
    assert_eq!(answer.field("x-amz-apigw-id").len(), 16);
    assert!(!answer.fields.contains_key("x-amzn-trace-id"));
}

#[tokio::test]
async fn mock_outcomes() {
    let responses = |template: &str| {
        with(mock(template, &[]), |integration| {
            let response = |pattern: Option<&str>, body: &str| IntegrationResponse {
                selection_pattern: pattern.map(str::to_owned),
                response_templates: Some(map(&[("application/json", body), ("text/xml", "<x/>")])),
                ..IntegrationResponse::default()
            };
            integration.responses.insert("200".to_owned(), response(None, "{\"a\": 1}"));
            integration.responses.insert("404".to_owned(), response(Some("404"), "{\"b\": 2}"));
        })
    };
    let never = with(responses("{statusCode: 200}"), |integration| integration.passthrough_behavior = "NEVER".to_owned());
    let dynamic = responses("{\"statusCode\": $input.params('x')}");
    let test = TestGateway::serving(api(vec![
        ("/ok", "GET", responses("{statusCode: 200,}")),
        ("/missing", "GET", responses("{'statusCode': 404}")),
        ("/other", "GET", responses("{statusCode: 302}")),
        ("/bad", "GET", responses("{}")),
        ("/dynamic", "GET", dynamic),
        ("/never", "POST", never),
        ("/pass", "POST", responses("{statusCode: 200}")),
    ]));
    type Row<'a> = (&'a str, &'a str, &'a [&'a str], &'a str, u16, &'a str);
    let table: [Row<'_>; 10] = [
        ("GET", "/s/ok", &[], "", 200, "{\"a\": 1}"),
        ("GET", "/s/ok", &["Accept: text/xml"], "", 200, "<x/>"),
        ("GET", "/s/missing", &[], "", 404, "{\"b\": 2}"),
        ("GET", "/s/other", &[], "", 200, "{\"a\": 1}"),
        ("GET", "/s/bad", &[], "", 500, "{\"message\":\"Internal server error\"}"),
        ("POST", "/s/never", &["Content-Type: text/plain"], "x", 415, "{\"message\":\"Unsupported Media Type\"}"),
        ("POST", "/s/never", &["Content-Type: application/json"], "x", 200, "{\"a\": 1}"),
        ("POST", "/s/pass", &["Content-Type: text/plain"], "{statusCode: 404}", 404, "{\"b\": 2}"),
        ("POST", "/s/pass", &["Content-Type: text/plain"], "nonsense", 500, "{\"message\":\"Internal server error\"}"),
        ("HEAD", "/s/none", &[], "", 403, ""),
    ];
    for (verb, path, fields, body, status, expected) in table {
        let answer = test.call(verb, path, fields, body).await;
        assert_eq!((answer.status, answer.text().as_str()), (status, expected), "{verb} {path} {fields:?}");
    }
    for (query, status, expected) in [("x=404", 404, "{\"b\": 2}"), ("x=200", 200, "{\"a\": 1}")] {
        let answer = test.call("GET", &format!("/s/dynamic?{query}"), &[], "").await;
        assert_eq!((answer.status, answer.text().as_str()), (status, expected), "{query}");
    }
    let answer = test.call("GET", "/s/dynamic", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"));
}

#[tokio::test]
async fn addresses_and_unknowns() {
    let mut source = api(vec![("/pets", "GET", mock("{statusCode: 200}", &[])), ("/any", "ANY", mock("{statusCode: 200}", &[]))]);
    source.stages.insert("t".to_owned(), stage("t"));
    let test = TestGateway::serving(source);
    let missing = ("Missing Authentication Token", "MissingAuthenticationTokenException");
    let forbidden = ("Forbidden", "ForbiddenException");
    let host = format!("Host: {}.Execute-Api.eu-west-1.amazonaws.com", API.to_uppercase());
    let aws = format!("/_aws/execute-api/{API}");
    let local = format!("/restapis/{API}");
    type Row<'a> = (&'a str, String, &'a str, u16, Option<(&'a str, &'a str)>);
    let table: [Row<'_>; 14] = [
        ("GET", "/s/pets".into(), &host, 200, None),
        ("GET", "//s//pets/".into(), &host, 200, None),
        ("GET", "/t/pets".into(), &host, 200, None),
        ("GET", format!("{aws}/s/pets"), "Host: localhost", 200, None),
        ("GET", format!("{local}/s/_user_request_/pets"), "Host: localhost", 200, None),
        ("DELETE", "/s/any".into(), &host, 200, None),
        ("TRACE", "/s/any".into(), &host, 403, Some(missing)),
        ("POST", "/s/pets".into(), &host, 403, Some(missing)),
        ("GET", "/s/other".into(), &host, 403, Some(missing)),
        ("GET", "/s".into(), &host, 403, Some(missing)),
        ("GET", "/none/pets".into(), &host, 403, Some(forbidden)),
        ("GET", "/".into(), &host, 403, Some(forbidden)),
        ("GET", "/s/pets".into(), "Host: none.execute-api.local", 403, Some(forbidden)),
        ("GET", "/s/pets".into(), "Host: localhost", 403, Some(forbidden)),
    ];
    for (verb, path, host, status, failure) in table {
        let answer = test.call_with(verb, &path, &[host], "").await;
        assert_eq!(answer.status, status, "{verb} {path} {host}");
        if let Some((message, kind)) = failure {
            assert_eq!((answer.message().as_str(), answer.field("x-amzn-errortype")), (message, kind), "{verb} {path} {host}");
            assert!(!answer.fields.contains_key("x-amzn-trace-id"));
        }
    }
    let answer = test.call("GET", "/s/none", &["Authorization: Bearer abc"], "").await;
    assert_eq!(answer.field("x-amzn-errortype"), "IncompleteSignatureException");
    assert!(answer.message().starts_with("'abc' not a valid key=value pair"), "{}", answer.message());
    let answer = test.call("POST", "/s/pets", &["X-HTTP-Method-Override: GET"], "").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn http_proxy_passes_both_ways() {
    let backend = Backend::answering(
        "HTTP/1.1 418 Teapot\r\nContent-Length: 5\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nDate: then\r\nServer: b\r\n\
         x-amzn-requestid: theirs\r\nX-Own: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Type: a/b\r\n\r\nhello",
    )
    .await;
    let test = TestGateway::serving(api(vec![("/p", "POST", proxy(&backend.uri("/base?own=1")))]));
    let fields = ["User-Agent: me", "X-A: 1", "TE: trailers", "X-Forwarded-For: 9.9.9.9", "Accept: */*"];
    let answer = test.call("POST", "/s/p?q=%2B&q=2", &fields, "a body").await;
    assert_eq!((answer.status, answer.text().as_str()), (418, "hello"));
    let expected = [
        ("x-amzn-remapped-connection", "keep-alive, X-Hop"),
        ("x-amzn-remapped-content-length", "5"),
        ("x-amzn-remapped-date", "then"),
        ("x-amzn-remapped-server", "b"),
        ("x-amzn-remapped-x-amzn-requestid", "theirs"),
        ("x-own", "1"),
        ("set-cookie", "a|b"),
        ("content-type", "a/b"),
        ("content-length", "5"),
        ("x-hop", ""),
    ];
    for (name, value) in expected {
        assert_eq!(answer.field(name), value, "{name}");
    }
    assert!(answer.field("x-amzn-trace-id").starts_with("Root=1-"));
    assert_eq!(answer.field("x-amzn-requestid").len(), 36);
    let request = backend.request();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /base?own=1&q=%2B&q=2 HTTP/1.1\r\n"), "{head}");
    assert_eq!(body, "a body");
    let mut lines: Vec<String> = head.lines().skip(1).map(str::to_ascii_lowercase).collect();
    lines.retain(|line| !line.starts_with("x-amzn-trace-id: root=1-"));
    lines.sort();
    let expected = [
        "accept: */*".to_owned(),
        "content-length: 6".to_owned(),
        format!("host: {}", backend.address),
        "user-agent: me".to_owned(),
        "x-a: 1".to_owned(),
        format!("x-amzn-apigateway-api-id: {API}"),
        "x-forwarded-for: 9.9.9.9, 127.0.0.1".to_owned(),
        format!("x-forwarded-port: {}", test.address.port()),
        "x-forwarded-proto: http".to_owned(),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn http_proxy_mappings() {
    let backend = Backend::answering(ok("x")).await;
    let mut source = api(vec![(
        "/{id}/{proxy+}",
        "ANY",
        with(proxy(&backend.uri("/${stageVariables.v}/{a}/{b}?testQs={q}")), |integration| {
            integration.request_parameters = map(&[
                ("integration.request.path.a", "method.request.path.id"),
                ("integration.request.path.b", "method.request.path.proxy"),
                ("integration.request.path.q", "method.request.querystring.q"),
                ("integration.request.querystring.testQs", "'foo'"),
                ("integration.request.querystring.all", "method.request.multivaluequerystring.q"),
                ("integration.request.querystring.none", "method.request.querystring.none"),
                ("integration.request.header.X-Id", "method.request.path.id"),
                ("integration.request.header.X-A", "'mapped'"),
                ("integration.request.header.X-Ctx", "context.identity.sourceIp"),
                ("integration.request.header.X-None", "method.request.header.none"),
                ("integration.request.header.Connection", "'upgrade'"),
            ]);
        }),
    )]);
    source.stages.get_mut("s").unwrap().variables.insert("v".to_owned(), "v1".to_owned());
    let test = TestGateway::serving(source);
    let answer = test.call("GET", "/s/a%2Fb/x/./y%3F?q=1%262&q=b%20ar", &["X-A: client"], "").await;
    assert_eq!(answer.status, 200);
    let request = backend.request();
    let line = request.lines().next().unwrap();
    assert_eq!(line, "GET /v1/a%2Fb/x/./y%3F?testQs=b%20ar&q=1%262&q=b%20ar&testQs=foo&all=1%262&all=b%20ar HTTP/1.1");
    let lower = request.to_ascii_lowercase();
    for field in ["x-id: a%2fb", "x-a: mapped", "x-ctx: 127.0.0.1", "user-agent: amazonapigateway_abcde12345"] {
        assert!(lower.contains(field), "{field}\n{lower}");
    }
    assert!(!lower.contains("client") && !lower.contains("x-none") && !lower.contains("upgrade"), "{lower}");
}

#[tokio::test]
async fn failures_of_the_integration() {
    let hanging = Backend::answering("").await;
    let half = Backend::answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await;
    let garbage = Backend::answering("no http\r\n\r\n").await;
    let long = Backend::answering("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n").await;
    let mapped = with(proxy("http://127.0.0.1:1/"), |integration| {
        integration.request_parameters = map(&[("integration.request.header.Content-Length", "'3'")]);
    });
    let test = TestGateway::serving(api(vec![
        ("/hanging", "GET", with(proxy(&hanging.uri("/")), |integration| integration.timeout_in_millis = 50)),
        ("/half", "GET", proxy(&half.uri("/"))),
        ("/garbage", "GET", proxy(&garbage.uri("/"))),
        ("/long", "GET", proxy(&long.uri("/"))),
        ("/refused", "GET", proxy("http://127.0.0.1:1/")),
        ("/guarded", "GET", proxy("http://169.254.169.254/latest")),
        ("/unmapped/{id}", "GET", proxy("http://127.0.0.1:1/{id}")),
        ("/scheme", "GET", proxy("gopher://b/")),
        ("/mapped", "GET", mapped),
    ]));
    let table = [
        ("/s/hanging", 504, "Endpoint request timed out"),
        ("/s/half", 504, "Network error communicating with endpoint"),
        ("/s/garbage", 502, "Internal server error"),
        ("/s/long", 502, "Internal server error"),
        ("/s/refused", 500, "Internal server error"),
        ("/s/guarded", 500, "Internal server error"),
        ("/s/unmapped/1", 500, "Internal server error"),
        ("/s/scheme", 500, "Internal server error"),
        ("/s/mapped", 500, "Internal server error"),
    ];
    for (path, status, message) in table {
        let answer = test.call("GET", path, &[], "").await;
        assert_eq!((answer.status, answer.message().as_str()), (status, message), "{path}");
        assert_eq!(answer.field("x-amzn-errortype"), "InternalServerErrorException", "{path}");
    }
    let metrics = test.gateway.metrics();
    assert_eq!((metrics.requests, metrics.server_errors), (9, 9));
    assert!(metrics.integration_failures > 0 && metrics.gateway_failures > 0);
}

#[tokio::test]
async fn buffered_answers() {
    let long = "x".repeat(300_000);
    let whole = Backend::answering(ok(&long)).await;
    let cut = Backend::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n{long}")).await;
    let chunked =
        Backend::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").await;
    let endless =
        Backend::answering(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n493E0\r\n{long}\r\n0\r\n\r\n")).await;
    let source = api(vec![
        ("/whole", "GET", proxy(&whole.uri("/"))),
        ("/cut", "GET", proxy(&cut.uri("/"))),
        ("/chunked", "GET", proxy(&chunked.uri("/"))),
        ("/endless", "GET", proxy(&endless.uri("/"))),
        (
            "/stream",
            "GET",
            with(proxy(&whole.uri("/")), |integration| {
                integration.response_transfer_mode = Some(ResponseTransferMode::Stream);
            }),
        ),
    ]);
    let settings = GatewaySettings { max_body_bytes: 200_000, ..GatewaySettings::default() };
    let small = TestGateway::start(settings, AccessLog::off());
    small.gateway.publish(source.clone()).unwrap();
    let test = TestGateway::serving(source);
    let answer = test.call("GET", "/s/whole", &[], "").await;
    assert!(answer.is_whole && answer.body.len() == 300_000 && answer.field("content-length") == "300000");
    let answer = test.call("GET", "/s/cut", &[], "").await;
    assert!(answer.status == 200 && !answer.is_whole, "a later failure breaks the connection off");
    let answer = test.call("GET", "/s/chunked", &[], "").await;
    assert_eq!((answer.text().as_str(), answer.field("content-length")), ("abcde", "5"));
    let answer = test.call("GET", "/s/endless", &[], "").await;
    assert!(answer.is_whole && answer.body.len() == 300_000);
    let answer = small.call("GET", "/s/endless", &[], "").await;
    assert!(answer.status == 200 && !answer.is_whole, "more than the limit breaks the connection off");
    let answer = small.call("GET", "/s/whole", &[], "").await;
    assert_eq!(answer.status, 502, "a length over the limit is known at once");
    let answer = small.call("GET", "/s/stream", &[], "").await;
    assert!(answer.is_whole && answer.body.len() == 300_000, "STREAM has no such limit");
}

#[tokio::test]
async fn requests_over_the_limit() {
    let backend = Backend::answering(ok("x")).await;
    let settings = GatewaySettings { max_body_bytes: 10, ..GatewaySettings::default() };
    let test = TestGateway::start(settings, AccessLog::off());
    test.gateway.publish(api(vec![("/p", "POST", proxy(&backend.uri("/")))])).unwrap();
    let answer = test.call("POST", "/s/p", &[], "eleven byte").await;
    assert_eq!((answer.status, answer.message().as_str()), (413, "Request Too Long"));
    assert_eq!(answer.field("x-amzn-errortype"), "RequestTooLargeException");
    assert!(backend.requests.lock().unwrap().is_empty(), "the backend is not called");
    assert_eq!(test.call("POST", "/s/p", &[], "ten bytes.").await.status, 200);
}

#[tokio::test]
async fn http_integrations_map_what_comes_back() {
    let backend = Backend::answering("HTTP/1.1 404 No\r\nContent-Length: 4\r\nX-Theirs: 1\r\nX-Hidden: 1\r\n\r\nbody").await;
    let http = |responses: &[(&str, Option<&str>, Option<&str>)]| {
        let mut integration = integration(IntegrationType::Http, &backend.uri("/b"));
        for (status, pattern, template) in responses {
            let parameters = [("method.response.header.X-Out", "integration.response.header.X-Theirs")];
            let response = IntegrationResponse {
                selection_pattern: pattern.map(str::to_owned),
                response_parameters: map(&parameters),
                response_templates: template.map(|text| map(&[("text/html", text)])),
                ..IntegrationResponse::default()
            };
            integration.responses.insert((*status).to_owned(), response);
        }
        let mut method = method(integration);
        for (status, _, _) in responses {
            let declared = [("method.response.header.X-Out".to_owned(), false)].into();
            method
                .responses
                .insert((*status).to_owned(), MethodResponse { response_parameters: declared, ..MethodResponse::default() });
        }
        method
    };
    let body_mapping = with(http(&[("200", None, None)]), |integration| {
        let response = integration.responses.get_mut("200").unwrap();
        response.response_parameters = map(&[("method.response.header.X-Out", "integration.response.body.id")]);
    });
    let test = TestGateway::serving(api(vec![
        ("/default", "POST", http(&[("200", None, None)])),
        ("/exact", "POST", http(&[("200", None, None), ("410", Some("4\\d\\d"), Some("<gone/>"))])),
        ("/none", "POST", http(&[("200", Some("200"), None)])),
        ("/body", "POST", body_mapping),
    ]));
    let answer = test.call("POST", "/s/default?q=1", &["X-Client: 1", "Content-Type: text/plain"], "sent").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "body"), "only a default: its status");
    assert_eq!((answer.field("x-out"), answer.field("x-hidden"), answer.field("content-type")), ("1", "", "application/json"));
    let request = backend.request().to_ascii_lowercase();
    assert!(request.starts_with("post /b http/1.1\r\n") && request.ends_with("\r\n\r\nsent"), "{request}");
    assert!(request.contains("accept: application/json") && request.contains("content-type: text/plain"), "{request}");
    assert!(!request.contains("x-client"), "{request}");
    let answer = test.call("POST", "/s/exact", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str(), answer.field("content-type")), (410, "<gone/>", "text/html"));
    assert_eq!(test.call("POST", "/s/none", &[], "").await.status, 500);
    let answer = test.call("POST", "/s/body", &[], "").await;
    assert_eq!(
        (answer.status, answer.field("x-out"), answer.text().as_str()),
        (200, "", "body"),
        "what is no JSON has no members"
    );
}

#[tokio::test]
async fn what_is_not_built_is_named() {
    type Change = fn(&mut ApiSource);
    let table: Vec<(&str, Change)> = vec![
        ("authorizationType OTHER", |source| pets(source).authorization_type = "OTHER".to_owned()),
        ("integration.responseTransferMode STREAM", |source| {
            let firehose = "arn:aws:apigateway:eu-west-1:firehose:action/PutRecord";
            let mut streaming = integration(IntegrationType::AwsProxy, firehose);
            streaming.response_transfer_mode = Some(ResponseTransferMode::Stream);
            pets(source).integration = Some(streaming);
        }),
    ];
    for (field, change) in table {
        let mut source = api(vec![("/pets", "GET", mock("{statusCode: 200}", &[]))]);
        change(&mut source);
        let test = TestGateway::serving(source);
        let answer = test.call("GET", "/s/pets", &[], "").await;
        assert_eq!(answer.status, 501, "{field}");
        assert!(answer.message().contains(field) && answer.message().contains("is not implemented yet"), "{}", answer.message());
        assert_eq!(test.call("GET", "/s/none", &[], "").await.status, 403, "{field}: unknown paths stay unknown");
    }
}

fn pets(source: &mut ApiSource) -> &mut Method {
    definition(source).resources.get_mut("/pets").unwrap().methods.get_mut("GET").unwrap()
}

#[tokio::test]
async fn customised_gateway_responses() {
    let mut source = api(vec![("/down", "GET", proxy("http://127.0.0.1:1/")), ("/bad", "GET", mock("{}", &[]))]);
    let put = [
        (
            GatewayResponseType::Default4xx,
            GatewayResponse {
                status_code: Some("404".to_owned()),
                response_parameters: map(&[("gatewayresponse.header.Access-Control-Allow-Origin", "'*'")]),
                response_templates: map(&[("application/json", "{\"m\":$context.error.messageString,\"s\":\"$context.stage\"}")]),
            },
        ),
        (GatewayResponseType::IntegrationFailure, GatewayResponse { status_code: Some("599".to_owned()), ..Default::default() }),
        (
            GatewayResponseType::ApiConfigurationError,
            GatewayResponse {
                response_parameters: map(&[("gatewayresponse.header.X", "method.request.header.Origin")]),
                ..Default::default()
            },
        ),
    ];
    definition(&mut source).gateway_responses = put.into();
    let test = TestGateway::serving(source);
    let answer = test.call("GET", "/s/none", &[], "").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.text(), "{\"m\":\"Missing Authentication Token\",\"s\":\"s\"}");
    assert_eq!(answer.field("access-control-allow-origin"), "*");
    assert_eq!(answer.field("x-amzn-errortype"), "MissingAuthenticationTokenException");
    let answer = test.call("GET", "/s/down", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (599, "Internal server error"));
    let answer = test.call("GET", "/s/bad", &[], "").await;
    assert_eq!((answer.status, answer.field("x")), (500, ""), "an absent field is left out");
    let answer = test.call("GET", "/s/bad", &["Origin: https://a.example", "Origin: https://b.example"], "").await;
    assert_eq!(
        (answer.status, answer.field("x"), answer.message().as_str()),
        (500, "https://b.example", "Internal server error")
    );
}

#[tokio::test]
async fn gateway_responses_read_the_request() {
    let mut source = api(vec![("/pets/{id}", "GET", mock("{}", &[]))]);
    let template = "$method.request.path.id|$method.request.querystring.q|$method.request.multivaluequerystring.q|\
                    $method.request.header.X-One|$method.request.multivalueheader.X-One|$method.request.header.none|\
                    $context.resourcePath|$context.error.responseType|$stageVariables.v|$input.body";
    let put = GatewayResponse {
        status_code: None,
        response_parameters: map(&[
            ("gatewayresponse.header.id", "method.request.path.id"),
            ("gatewayresponse.header.q", "method.request.querystring.q"),
            ("gatewayresponse.header.type", "context.error.responseType"),
            ("gatewayresponse.header.split", "method.request.querystring.split"),
        ]),
        response_templates: map(&[("text/plain", template), ("text/xml", "<m>$context.error.message</m>")]),
    };
    definition(&mut source).gateway_responses =
        [(GatewayResponseType::Default5xx, put.clone()), (GatewayResponseType::Default4xx, put)].into();
    source.stages.get_mut("s").unwrap().variables.insert("v".to_owned(), "w".to_owned());
    let test = TestGateway::serving(source);
    let fields = ["X-One: a", "X-One: b", "Accept: text/plain, text/xml"];
    let answer = test.call("GET", "/s/pets/a%20b?q=1&q=%3C2&split=a%0d%0ab", &fields, "").await;
    assert_eq!(answer.text(), "a%20b|<2|1,<2|b|a,b||/pets/{id}|API_CONFIGURATION_ERROR|w|$input.body");
    assert_eq!((answer.status, answer.field("content-type")), (500, "text/plain"));
    let read = ["id", "q", "type", "split"].map(|name| answer.field(name));
    assert_eq!(read, ["a%20b", "<2", "API_CONFIGURATION_ERROR", ""]);
    let answer = test.call("GET", "/s/none", &["Accept: text/xml"], "").await;
    assert_eq!((answer.status, answer.text().as_str()), (403, "<m>Missing Authentication Token</m>"));
    assert_eq!((answer.field("content-type"), answer.field("id")), ("text/xml", ""));
}

#[tokio::test]
async fn head_says_how_long_the_body_would_be() {
    let backend = Backend::answering("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n").await;
    let test = TestGateway::serving(api(vec![("/p", "HEAD", proxy(&backend.uri("/")))]));
    let answer = test.call("HEAD", "/s/p", &[], "").await;
    assert_eq!((answer.status, answer.field("content-length")), (200, "1234"));
    assert_eq!(answer.field("x-amzn-remapped-content-length"), "1234");
}
