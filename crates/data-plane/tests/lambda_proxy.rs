//! Lambda proxy integrations through the pipeline: what a function's answer becomes, what its failures become, and who runs it.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::hidden::Hidden;
use postern_api_model::ports::{
    CredentialSource, Credentials, FunctionError, Invocation, PortFuture, TestAnswer, TestCall, WantedCredentials,
};
use postern_api_model::rest_api::Method;
use postern_data_plane::backends::{Accounts, Backends, FunctionTarget, ServiceEndpoint};
use postern_data_plane::transport::{UpstreamSettings, Upstreams};
use postern_data_plane::{AccessLog, GatewaySettings};
use support::functions::{FUNCTION, Fake, answer, lambda, raised, serving, settings};
use support::{Answer, Backend, TestGateway, api, definition, with};

/// What a client gets when the function returns this.
async fn returned(payload: &'static str) -> Answer {
    serving(&Fake::returning(payload), api(vec![("/a", "GET", lambda(FUNCTION))])).call("GET", "/s/a", &[], "").await
}

fn refused(code: &'static str, status: u16) -> Arc<Fake> {
    Fake::new(move |_| Err(FunctionError { code, status, message: "Rate Exceeded.".to_owned() }))
}

/// Status and body of a failure of the integration, which has AWS's fields.
fn failed(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.field("x-amzn-errortype"), "InternalServerErrorException", "{answer:?}");
    assert_eq!(answer.field("content-type"), "application/json");
    assert!(answer.field("x-amzn-trace-id").starts_with("Root=1-"), "{answer:?}");
    (answer.status, answer.text())
}

#[tokio::test]
async fn an_answer() {
    let answer = returned(
        r#"{"statusCode": 201, "body": "héllo", "headers": {"Content-Type": "text/plain", "X-Mine": "1", "Date": "then",
            "Server": "mine", "Connection": "close, x-mine", "Keep-Alive": "5", "Content-Length": "999", "Transfer-Encoding": "chunked",
            "Upgrade": "h2c", "Via": "1.1 x", "x-amzn-RequestId": "mine"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}}"#,
    )
    .await;
    assert_eq!((answer.status, answer.text().as_str(), answer.is_whole), (201, "héllo", true));
    assert_eq!(answer.field("content-length"), "6");
    assert_eq!(answer.field("content-type"), "text/plain");
    assert_eq!(answer.field("set-cookie"), "a=1|b=2");
    assert_eq!(answer.field("x-amzn-remapped-date"), "then");
    assert_eq!(answer.field("x-amzn-remapped-server"), "mine");
    assert_eq!(answer.field("x-amzn-remapped-connection"), "close, x-mine");
    assert_eq!(answer.field("x-amzn-remapped-content-length"), "999");
    assert_eq!(answer.field("x-amzn-remapped-x-amzn-requestid"), "mine");
    for gone in ["transfer-encoding", "keep-alive", "upgrade", "via", "x-mine"] {
        assert_eq!(answer.field(gone), "", "{gone}");
    }
    assert!(answer.field("x-amzn-trace-id").contains(";Parent="), "{answer:?}");
}

#[tokio::test]
async fn the_least_answer_is_json_without_a_body() {
    let answer = returned("{\"statusCode\": 200}").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    assert_eq!((answer.field("content-type"), answer.field("content-length")), ("application/json", "0"));
}

#[tokio::test]
async fn statuses_that_have_no_body_and_heads() {
    let answer = returned("{\"statusCode\": 204, \"body\": \"x\"}").await;
    assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    let fake = Fake::returning("{\"statusCode\": 200, \"body\": \"body\", \"headers\": {\"content-length\": \"99\"}}");
    let answer = serving(&fake, api(vec![("/a", "HEAD", lambda(FUNCTION))])).call("HEAD", "/s/a", &[], "").await;
    assert_eq!((answer.status, answer.field("content-length"), answer.body.len()), (200, "4", 0));
}

#[tokio::test]
async fn failures_as_in_transcripts() {
    let internal = "{\"message\": \"Internal server error\"}".to_owned();
    assert_eq!(failed(&returned("\"just a string\"").await), (502, internal.clone()));
    let source = || api(vec![("/a", "GET", lambda(FUNCTION))]);
    let raising = Fake::new(|_| Ok(raised("{\"errorMessage\": \"boom\", \"errorType\": \"E\"}")));
    for (fake, status) in [
        (raising, 502),
        (refused("ResourceNotFoundException", 404), 500),
        (refused("AccessDeniedException", 403), 500),
        (refused("TooManyRequestsException", 429), 500),
        (refused("ServiceException", 500), 500),
    ] {
        let answer = serving(&fake, source()).call("GET", "/s/a", &[], "").await;
        assert_eq!(failed(&answer), (status, internal.clone()));
    }
}

#[tokio::test]
async fn a_function_that_takes_too_long() {
    let fake = Fake::returning("hang");
    let source = api(vec![("/a", "GET", with(lambda(FUNCTION), |integration| integration.timeout_in_millis = 50))]);
    let answer = serving(&fake, source).call("GET", "/s/a", &[], "").await;
    assert_eq!(failed(&answer), (504, "{\"message\": \"Endpoint request timed out\"}".to_owned()));
    assert_eq!(fake.calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn functions_are_invoked_with_post_alone() {
    for (verb, client, expected) in
        [(Some("GET"), "GET", 500), (Some("POST"), "GET", 200), (None, "POST", 200), (Some("ANY"), "GET", 500)]
    {
        let method = with(lambda(FUNCTION), |integration| integration.http_method = verb.map(str::to_owned));
        let fake = Fake::returning("{\"statusCode\": 200}");
        let answer = serving(&fake, api(vec![("/a", "ANY", method)])).call(client, "/s/a", &[], "").await;
        assert_eq!(answer.status, expected, "{verb:?} {client}");
        if expected == 500 {
            assert_eq!(answer.message(), "Internal server error");
            assert!(fake.calls.lock().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_mapped_header_that_is_the_gateways_own_fails() {
    for header in ["Content-Length", "Authorization", "X-Amzn-Trace-Id", "Connection"] {
        let method = with(lambda(FUNCTION), |integration| {
            integration.request_parameters.insert(format!("integration.request.header.{header}"), "'x'".to_owned());
        });
        let fake = Fake::returning("{\"statusCode\": 200}");
        let answer = serving(&fake, api(vec![("/a", "GET", method)])).call("GET", "/s/a", &[], "").await;
        assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"), "{header}");
    }
}

#[tokio::test]
async fn base64_is_decoded_for_clients_that_take_bytes_first() {
    type Row<'a> = (&'a [&'a str], &'a [&'a str], (u16, &'a [u8]));
    let table: [Row<'_>; 6] = [
        (&[], &[], (200, b"/wA=")),
        (&[], &["Accept: image/png"], (200, b"/wA=")),
        (&["image/png"], &["Accept: image/png, */*"], (200, b"\xff\x00")),
        (&["image/png"], &["Accept: text/html, image/png"], (200, b"/wA=")),
        (&["image/png"], &[], (200, b"/wA=")),
        (&["*/*"], &[], (200, b"\xff\x00")),
    ];
    for (types, fields, expected) in table {
        let fake = Fake::returning(r#"{"isBase64Encoded": true, "body": "/wA=", "headers": {"Content-Type": "image/png"}}"#);
        let mut source = api(vec![("/a", "GET", lambda(FUNCTION))]);
        definition(&mut source).binary_media_types = types.iter().map(|text| (*text).to_owned()).collect();
        let answer = serving(&fake, source).call("GET", "/s/a", fields, "").await;
        assert_eq!((answer.status, &*answer.body), expected, "{types:?} {fields:?}");
        assert_eq!(answer.field("content-type"), "image/png");
    }
    let fake = Fake::returning(r#"{"isBase64Encoded": true, "body": "not base64"}"#);
    let mut source = api(vec![("/a", "GET", lambda(FUNCTION))]);
    definition(&mut source).binary_media_types = vec!["*/*".to_owned()];
    let answer = serving(&fake, source).call("GET", "/s/a", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"));
}

#[tokio::test]
async fn answers_are_compressed_as_others_are() {
    let fake = Fake::returning("{\"body\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
    let mut source = api(vec![("/a", "GET", lambda(FUNCTION))]);
    definition(&mut source).minimum_compression_size = Some(0);
    let answer = serving(&fake, source).call("GET", "/s/a", &["Accept-Encoding: gzip"], "").await;
    assert_eq!((answer.status, answer.field("content-encoding")), (200, "gzip"));
}

#[tokio::test]
async fn a_large_answer_and_one_that_is_too_large() {
    let body = "x".repeat(6 * 1024 * 1024);
    let long = format!("{{\"body\": \"{body}\"}}");
    let fake = Fake::new({
        let long = long.clone();
        move |_| Ok(answer(long.clone()))
    });
    let found = serving(&fake, api(vec![("/a", "GET", lambda(FUNCTION))])).call("GET", "/s/a", &[], "").await;
    assert_eq!((found.status, found.body.len(), found.is_whole), (200, body.len(), true));
    let fake = Fake::new(move |_| Ok(answer(format!("{long}{}", " ".repeat(100)))));
    let found = serving(&fake, api(vec![("/a", "GET", lambda(FUNCTION))])).call("GET", "/s/a", &[], "").await;
    assert_eq!(failed(&found).0, 502);
}

#[tokio::test]
async fn an_event_that_lambda_would_refuse() {
    let fake = Fake::returning("{\"statusCode\": 200}");
    let test = serving(&fake, api(vec![("/a", "POST", lambda(FUNCTION))]));
    let answer = test.call("POST", "/s/a", &[], &"x".repeat(6 * 1024 * 1024)).await;
    assert_eq!((answer.status, answer.message().as_str()), (413, "Request Too Long"));
    assert!(fake.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn compressed_requests() {
    // gzip of `hi`, stored.
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 0, 0xfd, 0xff, b'h', b'i', 0xac, 0x2a, 0x93, 0xd8, 2, 0, 0, 0];
    for (compression, expected) in [(Some(100), "hi"), (None, "\u{1f}\u{fffd}")] {
        let fake = Fake::returning("{\"statusCode\": 200}");
        let mut source = api(vec![("/a", "POST", lambda(FUNCTION))]);
        definition(&mut source).minimum_compression_size = compression;
        let test = serving(&fake, source);
        let head = format!(
            "POST /s/a HTTP/1.1\r\nHost: {}.execute-api.local\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            support::API,
            gzip.len()
        );
        let answer = test.raw_bytes(&[head.as_bytes(), &gzip].concat()).await;
        assert_eq!(answer.status, 200);
        let event = fake.event();
        assert!(event["body"].as_str().unwrap().starts_with(expected), "{event}");
        assert_eq!(event["headers"].get("Content-Encoding").is_none(), compression.is_some());
    }
}

#[tokio::test]
async fn stage_variables_name_functions() {
    let fake = Fake::returning("{\"statusCode\": 200}");
    let function = "arn:aws:lambda:eu-west-1:000000000000:function:${stageVariables.fn}:${stageVariables.alias}";
    let mut source = api(vec![("/a", "GET", lambda(function))]);
    let variables = &mut source.stages.get_mut("s").unwrap().variables;
    variables.extend([("fn".to_owned(), "hello".to_owned()), ("alias".to_owned(), "live".to_owned())]);
    let answer = serving(&fake, source).call("GET", "/s/a", &[], "").await;
    assert_eq!(answer.status, 200);
    let call = fake.calls.lock().unwrap()[0].clone();
    assert_eq!(call.function, format!("{FUNCTION}:live"));
    assert_eq!(call.invocation, Invocation::RequestResponse);
}

/// What TestInvokeMethod answers for a method, and the lines of its log that a function's call is about.
async fn tested(fake: &Arc<Fake>, method: Method) -> (TestAnswer, Vec<String>) {
    let mut source = api(vec![("/a", "GET", method)]);
    let call = TestCall {
        api_id: source.api_id.clone(),
        scope: source.scope.clone(),
        definition: definition(&mut source).clone(),
        resource_id: "/a".to_owned(),
        method: "GET".to_owned(),
        verb: "GET".to_owned(),
        path_with_query_string: Some("/a?q=1".to_owned()),
        headers: Vec::new(),
        body: String::new(),
        stage_variables: Default::default(),
        client_certificate_id: None,
        references: Default::default(),
    };
    let test = TestGateway::start(settings(fake), AccessLog::off());
    let answer = test.gateway.test_invoke(&Upstreams::new(UpstreamSettings::default()), call).await.unwrap();
    let text = |line: &str| line.split_once(" : ").map_or(line.to_owned(), |(_, text)| text.to_owned());
    let lines = answer.log.lines().map(text).collect();
    (answer, lines)
}

#[tokio::test]
async fn a_test_of_a_method() {
    let fake = Fake::returning("{\"statusCode\": 200, \"body\": \"hi\"}");
    let (answer, lines) = tested(&fake, lambda(FUNCTION)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "hi"));
    let event = fake.event();
    assert_eq!((&event["headers"], &event["multiValueHeaders"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    let context = &event["requestContext"];
    assert_eq!((&context["stage"], &context["domainName"]), (&"test-invoke-stage".into(), &"testPrefix.testDomainName".into()));
    let identity = &context["identity"];
    assert_eq!((&identity["sourceIp"], &identity["apiKey"]), (&"test-invoke-source-ip".into(), &"test-invoke-api-key".into()));
    let uri = format!("https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/{FUNCTION}/invocations");
    for expected in [format!("Endpoint request URI: {uri}"), format!("Sending request to {uri}")] {
        assert!(lines.contains(&expected), "{lines:#?}");
    }
    for start in ["Endpoint request headers: {", "Received response. Status: 200, Integration latency: "] {
        assert!(lines.iter().any(|line| line.starts_with(start)), "{start} {lines:#?}");
    }
    assert_eq!(lines.last().unwrap(), "Method completed with status: 200");
}

#[tokio::test]
async fn log_lines_of_failures_as_in_transcripts() {
    let id = "11111111-2222-4333-8444-555555555555";
    let raising = Fake::new(|_| Ok(raised("{\"errorMessage\": \"boom\", \"errorType\": \"E\"}")));
    let configuration = |text: &str| format!("Execution failed due to configuration error: {text}");
    for (fake, status, expected) in [
        (Fake::returning("[]"), 502, vec![configuration("Malformed Lambda proxy response")]),
        (
            raising,
            502,
            vec![format!(
                "Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: {id}"
            )],
        ),
        (refused("AccessDeniedException", 403), 500, vec![configuration("Invalid permissions on Lambda function")]),
        (
            refused("TooManyRequestsException", 429),
            500,
            vec!["Lambda invocation failed with status: 429. Lambda request id: -".to_owned(), configuration("Rate Exceeded.")],
        ),
    ] {
        let (answer, lines) = tested(&fake, lambda(FUNCTION)).await;
        assert_eq!(answer.status, status);
        let expected = [expected, vec![format!("Method completed with status: {status}")]].concat();
        assert_eq!(lines[lines.len() - expected.len()..], expected);
    }
    let unmapped = lambda("arn:aws:lambda:eu-west-1:000000000000:function:nobody");
    let (_, lines) = tested(&Fake::returning("{}"), unmapped).await;
    assert!(lines.iter().any(|line| line.contains("functions.nobody in postern.toml")), "{lines:#?}");
}

/// A gateway whose functions run elsewhere.
fn elsewhere(backends: Backends) -> TestGateway {
    elsewhere_for(backends, "POST", lambda(FUNCTION))
}

fn elsewhere_for(backends: Backends, verb: &str, method: Method) -> TestGateway {
    let test = TestGateway::start(GatewaySettings { backends, ..GatewaySettings::default() }, AccessLog::off());
    test.gateway.publish(api(vec![("/a", verb, method)])).unwrap();
    test
}

fn target(key: &str, target: FunctionTarget) -> Backends {
    Backends { functions: [(key.to_owned(), target)].into(), ..Backends::default() }
}

fn base(backend: &Backend, path: &str) -> postern_data_plane::backends::BaseUrl {
    backend.uri(path).parse().unwrap()
}

#[tokio::test]
async fn a_function_that_nothing_runs() {
    let answer = elsewhere(Backends::default()).call("POST", "/s/a", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"));
}

#[tokio::test]
async fn an_emulator() {
    let json = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    for (answer, expected) in [
        (json("200 OK", "{\"statusCode\": 201, \"body\": \"hi\"}"), 201),
        (json("200 OK", "{\"errorMessage\": \"boom\", \"errorType\": \"E\", \"stackTrace\": []}"), 502),
        (json("200 OK", "Task timed out after 3.00 seconds"), 502),
        (json("502 Bad Gateway", "{\"errorType\": \"Runtime.ExitError\", \"errorMessage\": \"x\"}"), 502),
        // It is busy.
        (json("400 Bad Request", ""), 500),
    ] {
        let backend = Backend::answering(answer.clone()).await;
        let test = elsewhere(target("hello", FunctionTarget::RuntimeInterfaceEmulator(base(&backend, ""))));
        let found = test.call("POST", "/s/a", &[], "{}").await;
        assert_eq!(found.status, expected, "{answer}");
        let request = backend.request();
        assert!(request.starts_with("POST /2015-03-31/functions/function/invocations HTTP/1.1\r\n"), "{request}");
        assert!(!request.to_ascii_lowercase().contains("authorization"), "{request}");
        assert!(request.contains("\"resource\":\"/a\""), "{request}");
    }
}

struct Keys;

impl CredentialSource for Keys {
    fn credentials<'a>(&'a self, wanted: WantedCredentials<'a>) -> PortFuture<'a, Result<Credentials, String>> {
        let access_key_id = match wanted {
            WantedCredentials::Default => "AKIADEFAULT".to_owned(),
            WantedCredentials::Role(arn) => format!("AKIA{}", arn.rsplit('/').next().unwrap().to_ascii_uppercase()),
        };
        let secret_access_key = Hidden::new("secret".to_owned());
        Box::pin(async move { Ok(Credentials { access_key_id, secret_access_key, session_token: None }) })
    }
}

#[tokio::test]
async fn endpoints_are_sent_signed_calls() {
    let called = |name: &str| format!("POST /p/2015-03-31/functions/{name}/invocations HTTP/1.1\r\n");
    for (key, credentials, expected, signer) in [
        (FUNCTION, None, FUNCTION, "AKIADEFAULT"),
        ("hello", Some("arn:aws:iam::000000000000:role/caller"), "hello", "AKIACALLER"),
        ("", None, FUNCTION, "AKIADEFAULT"),
    ] {
        let backend = Backend::answering(support::ok("{\"statusCode\": 202}")).await;
        let mut backends = Backends { credentials: Arc::new(Keys), ..Backends::default() };
        if key.is_empty() {
            backends.services.by_service.insert("lambda".to_owned(), ServiceEndpoint::At(base(&backend, "/p")));
        } else {
            backends.functions.insert(key.to_owned(), FunctionTarget::Endpoint(base(&backend, "/p")));
        }
        let method = with(lambda(FUNCTION), |integration| integration.credentials = credentials.map(str::to_owned));
        let test = elsewhere_for(backends, "ANY", method);
        let answer = test.call("POST", "/s/a", &[], "{}").await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let request = backend.request();
        assert!(request.starts_with(&called(expected)), "{request}");
        assert!(
            request.contains(&format!("Credential={signer}/")) && request.contains("/eu-west-1/lambda/aws4_request"),
            "{request}"
        );
        let id = answer.field("x-amzn-requestid");
        for field in [
            format!("x-amzn-lambda-integration-tag: {id}"),
            "x-amzn-apigateway-api-id: abcde12345".to_owned(),
            "x-amz-source-arn: arn:aws:execute-api:eu-west-1:000000000000:abcde12345/s/ANY/a".to_owned(),
            "user-agent: AmazonAPIGateway_abcde12345".to_owned(),
            "accept: application/json".to_owned(),
        ] {
            assert!(request.contains(&format!("\r\n{field}\r\n")), "{field} in {request}");
        }
    }
}

/// Where the operator's key may invoke functions of several accounts, an API calls those of its own alone.
#[tokio::test]
async fn a_function_of_another_account_is_called_where_it_is_declared_by_its_bare_name() {
    const FOREIGN: &str = "arn:aws:lambda:eu-west-1:222222222222:function:hello";
    for (key, expected) in [(None, 500), (Some(FOREIGN), 500), (Some("hello"), 202)] {
        let backend = Backend::answering(support::ok("{\"statusCode\": 202}")).await;
        let mut backends = Backends { credentials: Arc::new(Keys), ..Backends::default() };
        backends.services.by_service.insert("lambda".to_owned(), ServiceEndpoint::At(base(&backend, "/p")));
        if let Some(key) = key {
            backends.functions.insert(key.to_owned(), FunctionTarget::Endpoint(base(&backend, "/p")));
        }
        let any = Backends { accounts: Accounts::Any, ..backends.clone() };
        assert_eq!(
            elsewhere_for(backends, "ANY", lambda(FOREIGN)).call("POST", "/s/a", &[], "{}").await.status,
            expected,
            "{key:?}"
        );
        assert_eq!(backend.connections(), usize::from(expected == 202), "{key:?}");
        assert_eq!(elsewhere_for(any, "ANY", lambda(FOREIGN)).call("POST", "/s/a", &[], "{}").await.status, 202, "{key:?}");
    }
}

#[tokio::test]
async fn an_endpoint_says_that_a_function_failed() {
    for (head, body, expected) in [
        ("HTTP/1.1 200 OK\r\nX-Amz-Function-Error: Unhandled", "{\"errorMessage\": \"boom\"}", 502),
        ("HTTP/1.1 429 Too Many Requests", "{\"Type\": \"User\", \"message\": \"Rate Exceeded.\"}", 500),
        ("HTTP/1.1 404 Not Found", "{\"Type\": \"User\", \"Message\": \"Function not found\"}", 500),
        ("HTTP/1.1 413 Content Too Large", "{}", 413),
        ("HTTP/1.1 200 OK", "", 502),
    ] {
        let backend = Backend::answering(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
        let backends = Backends { credentials: Arc::new(Keys), ..target("hello", FunctionTarget::Endpoint(base(&backend, ""))) };
        let answer = elsewhere(backends).call("POST", "/s/a", &[], "{}").await;
        assert_eq!(answer.status, expected, "{head}");
    }
}

#[tokio::test]
async fn an_endpoint_without_credentials_or_without_an_answer() {
    let backend = Backend::answering("").await;
    let unsigned = elsewhere(target("hello", FunctionTarget::Endpoint(base(&backend, ""))));
    assert_eq!(unsigned.call("POST", "/s/a", &[], "").await.status, 500);
    assert_eq!(backend.connections(), 0);
    let backends = Backends { credentials: Arc::new(Keys), ..target("hello", FunctionTarget::Endpoint(base(&backend, ""))) };
    let test = elsewhere_for(backends, "POST", with(lambda(FUNCTION), |integration| integration.timeout_in_millis = 50));
    assert_eq!(failed(&test.call("POST", "/s/a", &[], "").await).0, 504);
}

#[tokio::test]
async fn a_local_function_comes_before_others() {
    let backend = Backend::answering(support::ok("{}")).await;
    let fake = Fake::returning("{\"statusCode\": 200}");
    let mut settings = settings(&fake);
    settings.backends.functions.insert(FUNCTION.to_owned(), FunctionTarget::RuntimeInterfaceEmulator(base(&backend, "")));
    let test = TestGateway::start(settings, AccessLog::off());
    test.gateway.publish(api(vec![("/a", "GET", lambda(FUNCTION))])).unwrap();
    assert_eq!(test.call("GET", "/s/a", &[], "").await.status, 200);
    assert_eq!((fake.calls.lock().unwrap().len(), backend.connections()), (1, 0));
}
