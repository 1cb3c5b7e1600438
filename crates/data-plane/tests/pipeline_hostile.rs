//! What clients and backends send to break out of their place, and what is kept of requests that come to nothing.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::apigateway::{GatewayResponseType, IntegrationType, ResponseTransferMode};
use postern_api_model::rest_api::{GatewayResponse, IntegrationResponse, MethodResponse};
use postern_data_plane::GatewaySettings;
use serde_json::Value;
use support::{API, Backend, Lines, TestGateway, api, definition, integration, map, method, mock, ok, proxy, with};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn no_value_climbs_out_of_the_backends_path() {
    let backend = Backend::answering(ok("x")).await;
    let greedy = with(proxy(&backend.uri("/base/{p}")), |integration| {
        integration.request_parameters = map(&[("integration.request.path.p", "method.request.path.proxy")]);
    });
    let from_query = with(proxy(&backend.uri("/users/{u}/public")), |integration| {
        integration.request_parameters = map(&[("integration.request.path.u", "method.request.querystring.u")]);
    });
    let test = TestGateway::serving(api(vec![("/{proxy+}", "GET", greedy), ("/q", "GET", from_query)]));
    for path in [
        "/s/../admin",
        "/s/%2e%2e/admin",
        "/s/.%2E/admin",
        "/s/a%2f..%2f..%2fadmin",
        "/s/..%5cadmin",
        "/s/..;a=b/admin",
        "/s/a/..",
        "/s/q?u=..",
        "/s/q?u=%2e%2e",
        "/s/q?u=a%2F..%2F..",
    ] {
        let answer = test.call("GET", path, &[], "").await;
        assert_eq!((answer.status, answer.message().as_str()), (400, "Invalid request parameters"), "{path}");
        assert_eq!(answer.field("x-amzn-errortype"), "BadRequestException");
    }
    assert!(backend.requests.lock().unwrap().is_empty());
    for path in ["/s/a..b/...", "/s/./a", "/s/%252e%252e/a", "/s/q?u=..."] {
        assert_eq!(test.call("GET", path, &[], "").await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn no_value_makes_a_field_of_its_own() {
    let backend = Backend::answering(ok("x")).await;
    let mapped = with(proxy(&backend.uri("/")), |integration| {
        integration.request_parameters = map(&[("integration.request.header.X-Q", "method.request.querystring.q")]);
    });
    let test = TestGateway::serving(api(vec![("/p", "GET", mapped)]));
    for value in ["a%0d%0aX-Evil:1", "a%0aX-Evil:1", "%00", "a%7f"] {
        let answer = test.call("GET", &format!("/s/p?q={value}"), &[], "").await;
        assert_eq!((answer.status, answer.message().as_str()), (400, "Invalid request parameters"), "{value}");
    }
    assert!(backend.requests.lock().unwrap().is_empty());
    assert_eq!(test.gateway.metrics().gateway_failures, 0, "a client's value is no fault of the gateway's");
}

#[tokio::test]
async fn a_signature_behind_another_authorization_stays_here() {
    let backend = Backend::answering(ok("x")).await;
    let mapped = |kind: IntegrationType| {
        with(proxy(&backend.uri("/")), |integration| {
            integration.kind = kind;
            let source = "method.request.header.Authorization";
            integration.request_parameters = map(&[("integration.request.header.Authorization", source)]);
            integration.responses.insert("200".to_owned(), IntegrationResponse::default());
        })
    };
    let overriding = with(mapped(IntegrationType::Http), |integration| {
        let template = "#set($context.requestOverride.header.Authorization = $input.params('Authorization'))";
        integration.request_templates = map(&[("application/json", template)]);
    });
    let test = TestGateway::serving(api(vec![
        ("/p", "GET", proxy(&backend.uri("/"))),
        ("/mapped", "GET", mapped(IntegrationType::HttpProxy)),
        ("/http", "GET", mapped(IntegrationType::Http)),
        ("/override", "GET", overriding),
    ]));
    let fields = ["Authorization: Bearer x", "Authorization: AWS4-HMAC-SHA256 Credential=x"];
    for path in ["/s/p", "/s/mapped", "/s/http", "/s/override"] {
        assert_eq!(test.call("GET", path, &fields, "").await.status, 200, "{path}");
        let sent = backend.requests.lock().unwrap().pop().unwrap();
        assert!(!sent.to_ascii_lowercase().contains("authorization"), "{path}: {sent}");
    }
    assert_eq!(test.call("GET", "/s/http", &["Authorization: Bearer x"], "").await.status, 200);
    assert!(backend.request().contains("authorization: Bearer x"));
}

#[tokio::test]
async fn an_interim_status_is_no_answer() {
    let mut interim = mock("{statusCode: 200}", &[]);
    let responses = &mut interim.integration.as_mut().unwrap().responses;
    *responses = [("101".to_owned(), IntegrationResponse::default())].into();
    let mut source = api(vec![("/p", "GET", interim)]);
    let upgrade = GatewayResponse { status_code: Some("101".to_owned()), ..Default::default() };
    definition(&mut source).gateway_responses = [(GatewayResponseType::MissingAuthenticationToken, upgrade)].into();
    let test = TestGateway::serving(source);
    let answer = test.call("GET", "/s/p", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"));
    let answer = test.call("GET", "/s/none", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (403, "Missing Authentication Token"));
}

#[tokio::test]
async fn a_templated_answer_needs_a_whole_one_of_the_backend() {
    let half = Backend::answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await;
    let bad = Backend::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").await;
    let long = Backend::answering(ok(&"x".repeat(100_000))).await;
    let templated = |backend: &Backend| {
        let mut made = method(integration(IntegrationType::Http, &backend.uri("/")));
        let response = IntegrationResponse {
            response_templates: Some(map(&[("application/json", "{}")])),
            ..IntegrationResponse::default()
        };
        made.integration.as_mut().unwrap().responses.insert("200".to_owned(), response);
        made.responses.insert("200".to_owned(), MethodResponse::default());
        made
    };
    let methods = vec![("/half", "GET", templated(&half)), ("/bad", "GET", templated(&bad)), ("/long", "GET", templated(&long))];
    let test = TestGateway::serving(api(methods));
    for (path, status, body) in [
        ("/s/half", 504, "{\"message\": \"Network error communicating with endpoint\"}"),
        ("/s/bad", 502, "{\"message\": \"Internal server error\"}"),
        ("/s/long", 200, "{}"),
    ] {
        let answer = test.call("GET", path, &[], "").await;
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{path}");
    }
}

#[tokio::test]
async fn every_request_has_a_line() {
    let backend = Backend::answering(ok(&"x".repeat(100_000))).await;
    let (log, sink) = Lines::log();
    let test = TestGateway::start(GatewaySettings::default(), log.clone());
    test.gateway.publish(api(vec![("/p", "GET", proxy(&backend.uri("/")))])).unwrap();
    test.call("GET", "/s/p?secret=1", &[], "").await;
    test.call("GET", "/s/none", &[], "").await;
    test.workers.drain(std::time::Duration::from_secs(5)).await;
    log.close();
    let text = sink.text();
    let lines = sink.parsed();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["path"], &lines[0]["status"], &lines[0]["bytes"]), (&"/s/p".into(), &200.into(), &100_000.into()));
    assert!(lines[0]["integrationLatencyMs"].is_u64() && lines[1]["integrationLatencyMs"].is_null());
    assert_eq!((&lines[1]["status"], &lines[1]["api"], &lines[1]["ip"]), (&403.into(), &API.into(), &"127.0.0.1".into()));
    assert!(!text.contains("secret"));
}

#[tokio::test]
async fn refused_and_abandoned_requests_have_a_line_too() {
    let hanging = Backend::answering("").await;
    let (log, lines) = Lines::log();
    let test = TestGateway::start(GatewaySettings::default(), log.clone());
    test.gateway.publish(api(vec![("/p", "GET", proxy(&hanging.uri("/")))])).unwrap();
    assert_eq!(test.raw("GET /s/p HTTP/1.1\r\nHost: a b\r\n\r\n").await.status, 400);
    assert_eq!(test.raw(&format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(11_000))).await.status, 414);
    assert_eq!(test.raw("GET /s/p HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n").await.status, 400);
    assert_eq!(test.raw(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(100_000))).await.status, 431);
    let mut leaving = TcpStream::connect(test.address).await.unwrap();
    leaving.write_all(format!("GET /s/p HTTP/1.1\r\nHost: {API}.execute-api.x\r\n\r\n").as_bytes()).await.unwrap();
    while hanging.connections() == 0 {
        tokio::task::yield_now().await;
    }
    drop(leaving);
    while test.gateway.metrics().requests < 5 {
        tokio::task::yield_now().await;
    }
    log.close();
    let lines = lines.parsed();
    let shown: Vec<_> = lines.iter().map(|line| (line["status"].as_u64().unwrap(), line["api"].as_str().unwrap())).collect();
    assert_eq!(shown, [(400, "-"), (414, "-"), (400, "-"), (431, "-"), (499, API)]);
    assert_eq!((&lines[0]["path"], &lines[0]["method"]), (&Value::from("/s/p"), &Value::from("GET")));
    assert_eq!((&lines[2]["path"], &lines[2]["method"]), (&Value::from("-"), &Value::from("-")));
    assert_eq!(test.gateway.metrics().client_errors, 5);
}

#[tokio::test]
async fn the_line_of_half_an_answer_says_so() {
    let long = "x".repeat(200_000);
    let half = Backend::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n{long}")).await;
    let whole = Backend::answering(ok(&long)).await;
    let chunked =
        Backend::answering(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30D40\r\n{long}\r\n0\r\n\r\n")).await;
    let (log, lines) = Lines::log();
    let test = TestGateway::start(GatewaySettings::default(), log.clone());
    let stream = with(proxy(&whole.uri("/")), |integration| {
        integration.response_transfer_mode = Some(ResponseTransferMode::Stream);
    });
    let methods = vec![
        ("/half", "GET", proxy(&half.uri("/"))),
        ("/whole", "GET", proxy(&whole.uri("/"))),
        ("/chunked", "GET", proxy(&chunked.uri("/"))),
        ("/stream", "GET", stream),
    ];
    test.gateway.publish(api(methods)).unwrap();
    for (path, is_whole) in [("/s/half", false), ("/s/whole", true), ("/s/chunked", true), ("/s/stream", true)] {
        assert_eq!(test.call("GET", path, &[], "").await.is_whole, is_whole, "{path}");
    }
    test.workers.drain(std::time::Duration::from_secs(5)).await;
    log.close();
    let shown: Vec<_> = lines.parsed().iter().map(|line| (line["bytes"].as_u64(), line["brokenOff"].as_bool())).collect();
    let all = (Some(200_000), None);
    assert_eq!(shown, [(Some(200_000), Some(true)), all, all, all]);
}

/// Templates and bodies that would take for ever. Each is bounded, and another API of the same worker answers meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_templates_slow_nobody_else() {
    let loops = "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])$a#end#end#end{statusCode: 200}";
    let doubling = "#set($s = 'xxxxxxxx')#foreach($i in [1..1000])#set($s = $s + $s)#end{statusCode: 200}";
    let recursion = "#define($d)$d#end$d{statusCode: 200}";
    let pattern = "$input.body.replaceAll('(a+)+(a+)+b', 'x'){statusCode: 200}";
    let path = "$input.json('$..[?(@..a)]'){statusCode: 200}";
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let many = format!("[{}1]", "{\"a\": {\"b\": 1}},".repeat(20_000));
    let hostile = api(vec![
        ("/loops", "POST", mock(loops, &[])),
        ("/doubling", "POST", mock(doubling, &[])),
        ("/recursion", "POST", mock(recursion, &[])),
        ("/pattern", "POST", mock(pattern, &[])),
        ("/path", "POST", mock(path, &[])),
        ("/json", "POST", mock("$input.json('$'){statusCode: 200}", &[])),
    ]);
    let mut calm = api(vec![("/p", "GET", mock("{\"statusCode\": $input.params('code')}", &[]))]);
    calm.api_id = "calmcalm01".to_owned();
    let test = std::sync::Arc::new(TestGateway::serving(hostile));
    test.gateway.publish(calm).unwrap();
    let long = "a".repeat(50_000);
    for (path, body) in [
        ("/s/loops", "{}"),
        ("/s/doubling", "{}"),
        ("/s/recursion", "{}"),
        ("/s/pattern", &long),
        ("/s/path", &many),
        ("/s/json", &nested),
    ] {
        let (caller, body) = (std::sync::Arc::clone(&test), body.to_owned());
        let under_attack = tokio::spawn(async move {
            let fields = ["Content-Type: application/json"];
            let calls = (0..4).map(|_| caller.call("POST", path, &fields, &body));
            let mut statuses = Vec::new();
            for call in calls {
                statuses.push(call.await.status);
            }
            statuses
        });
        let mut meanwhile = 0;
        while meanwhile == 0 || !under_attack.is_finished() {
            let started = std::time::Instant::now();
            let answer = test.call_with("GET", "/s/p?code=200", &["Host: calmcalm01.execute-api.local"], "").await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(started.elapsed() < std::time::Duration::from_secs(2), "{path}: another API waited {:?}", started.elapsed());
            meanwhile += 1;
        }
        let statuses = under_attack.await.unwrap();
        assert!(statuses.iter().all(|status| *status == 500), "{path}: {statuses:?}");
    }
}

#[tokio::test]
async fn a_bomb_is_no_body_of_a_template() {
    let settings = GatewaySettings { max_body_bytes: 1 << 20, ..GatewaySettings::default() };
    let test = TestGateway::start(settings, postern_data_plane::AccessLog::off());
    test.gateway.publish(api(vec![("/p", "POST", mock("$input.json('$'){statusCode: 200}", &[]))])).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![b' '; 64 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    let head = format!(
        "POST /s/p HTTP/1.1\r\nHost: {API}.execute-api.local\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let mut socket = TcpStream::connect(test.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&bomb).await.unwrap();
    let mut answer = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&answer));
}
