//! The lines of a request, its failures, and what none of them shows.
#![allow(clippy::unwrap_used)]

use http::Method;

use super::*;
use crate::transport::{Origin, TlsVerify};

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    pairs.collect()
}

fn answered() -> ExecutionLog {
    ExecutionLog::answered(&HeaderValue::from_static("id"), Spellings::default())
}

/// The lines without their dates, each of which has one in AWS's form.
fn lines(log: ExecutionLog) -> Vec<String> {
    let text = log.text();
    assert!(text.ends_with('\n'));
    let mut lines = text.lines();
    let first = lines.next().unwrap().to_owned();
    let dated = lines.map(|line| {
        let (date, rest) = line.split_once(" : ").unwrap();
        assert_eq!((date.len(), &date[19..24]), (28, " UTC "), "{date}");
        rest.to_owned()
    });
    std::iter::once(first).chain(dated).collect()
}

async fn method_request(log: &ExecutionLog, fields: &[(&'static str, &'static str)], body: &str) {
    let request = MethodRequest {
        verb: "POST",
        path: "/pets/123",
        path_parameters: vec![("petId", "123")],
        query: "foo=bar&a=1&a=%202&b",
        headers: &headers(fields),
    };
    log.method_request(request, &mut Body::full(body.to_owned())).await;
}

fn to_backend(fields: &[(&'static str, &'static str)]) -> UpstreamRequest {
    UpstreamRequest {
        origin: Origin::new(Scheme::Http, "backend.test", 8080, TlsVerify::Full),
        method: Method::POST,
        uri: "/p?q=1".parse().unwrap(),
        headers: headers(fields),
        body: Body::full("sent"),
    }
}

#[tokio::test]
async fn a_request_to_a_backend_line_for_line() {
    let log = answered();
    method_request(&log, &[("puppies", "true"), ("accept", "a"), ("accept", "b")], "{\"in\": 1}").await;
    let mut request = to_backend(&[
        ("accept", "application/json"),
        ("user-agent", "AmazonAPIGateway_abc"),
        ("host", "backend.test:8080"),
        ("x-amzn-apigateway-api-id", "abc"),
        ("x-amzn-trace-id", "Root=1"),
        ("dogsage", "true"),
    ]);
    log.endpoint_request(&mut request).await;
    assert_eq!(request.body.take_whole().unwrap(), "sent");
    let mut response = Response {
        status: StatusCode::CREATED,
        headers: headers(&[("date", "now"), ("content-length", "3")]),
        body: Body::full("raw"),
    };
    log.endpoint_response(&mut response, Transfer::Buffered).await;
    response.headers =
        headers(&[("content-type", "application/json"), ("x-amzn-requestid", "id"), ("x-amzn-trace-id", "Root=1")]);
    log.method_response(&mut response);
    log.succeeded(response.status);
    let mut lines = lines(log);
    let latency = lines.iter_mut().find(|line| line.starts_with("Received")).unwrap();
    assert!(latency.ends_with(" ms"));
    latency.truncate("Received response. Status: 201, Integration latency: ".len());
    let expected = [
        "Execution log for request id",
        "Starting execution for request: id",
        "HTTP Method: POST, Resource Path: /pets/123",
        "Method request path: {petId=123}",
        "Method request query string: {foo=bar, a=1, 2, b=}",
        "Method request headers: {Puppies=true, Accept=a,b}",
        "Method request body before transformations: {\"in\": 1}",
        "Endpoint request URI: http://backend.test:8080/p?q=1",
        "Endpoint request headers: {Dogsage=true, x-amzn-apigateway-api-id=abc, Accept=application/json, \
         User-Agent=AmazonAPIGateway_abc, Host=backend.test:8080, X-Amzn-Trace-Id=Root=1}",
        "Endpoint request body after transformations: sent",
        "Sending request to http://backend.test:8080/p?q=1",
        "Received response. Status: 201, Integration latency: ",
        "Endpoint response headers: {Date=now, Content-Length=3}",
        "Endpoint response body before transformations: raw",
        "Method response body after transformations: raw",
        "Method response headers: {X-Amzn-Trace-Id=Root=1, Content-Type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 201",
    ];
    // Several values of a parameter are joined with a comma.
    assert_eq!(lines[4], "Method request query string: {foo=bar, a=1, 2, b=}");
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn failures_in_awss_words() {
    let table = [
        (GatewayError::Timeout, "Execution failed due to a timeout error"),
        (GatewayError::Network("gone".to_owned()), "Execution failed due to a network error communicating with endpoint: gone"),
        (
            GatewayError::Address("no such name".to_owned()),
            "Execution failed due to configuration error: Invalid endpoint address",
        ),
        (
            GatewayError::Configuration("Unable to transform request"),
            "Execution failed due to configuration error: Unable to transform request",
        ),
        (GatewayError::UnsupportedMediaType, "Execution failed due to configuration error: Unsupported Media Type"),
        (GatewayError::missing_parameters(&["q"]), "Missing required request parameters: [q]"),
        (
            GatewayError::InvalidBody("[Unknown error parsing request body]".to_owned()),
            "Request body does not match model schema for content type application/json: [Unknown error parsing request body]",
        ),
    ];
    for (error, expected) in table {
        let log = answered();
        method_request(&log, &[], "").await;
        log.failed(&error, error.status());
        let lines = lines(log);
        let completed = format!("Method completed with status: {}", error.status().as_u16());
        assert_eq!(lines[lines.len() - 2..], [expected.to_owned(), completed]);
    }
}

#[tokio::test]
async fn a_long_line_is_cut_where_aws_cuts_it() {
    let log = answered();
    method_request(&log, &[], &"é".repeat(2000)).await;
    let line = lines(log).pop().unwrap();
    assert_eq!(line.strip_suffix(" [TRUNCATED]").map(str::len), Some(1024));
    let log = answered();
    method_request(&log, &[], &"x".repeat(1024 - "Method request body before transformations: ".len())).await;
    assert!(lines(log).pop().unwrap().ends_with('x'));
}

#[tokio::test]
async fn no_secret_is_in_any_line() {
    const SECRETS: [&str; 4] =
        ["Bearer-token-0123456789", "api-key-0123456789abcdef", "cookie-0123456789abcdef", "set-cookie-0123456789"];
    let log = answered();
    let body = format!("{}{}{}", SECRETS[0], SECRETS[1], SECRETS[2]);
    let fields = [
        ("authorization", "Bearer Bearer-token-0123456789"),
        ("x-api-key", "api-key-0123456789abcdef"),
        ("cookie", "a=1; b=cookie-0123456789abcdef"),
    ];
    method_request(&log, &fields, &format!("{}{body}", "x".repeat(970))).await;
    let mut request = to_backend(&[("x-copy", "api-key-0123456789abcdef"), ("authorization", "Bearer Bearer-token-0123456789")]);
    request.body = Body::full(body.clone());
    request.uri = "/p?token=Bearer-token-0123456789".parse().unwrap();
    log.endpoint_request(&mut request).await;
    let mut response = Response {
        status: StatusCode::OK,
        headers: headers(&[("set-cookie", "s=set-cookie-0123456789; Path=/")]),
        body: Body::full(body),
    };
    log.endpoint_response(&mut response, Transfer::Buffered).await;
    log.method_response(&mut response);
    let text = log.text();
    for secret in SECRETS {
        // Not even its beginning, where a line was cut.
        assert!(!text.contains(&secret[..12]), "{secret} is in\n{text}");
    }
    // As AWS shows those two.
    assert!(text.contains("Authorization=************************456789"), "{text}");
    assert!(text.contains("x-api-key=******************abcdef"), "{text}");
}

#[test]
fn a_line_of_the_servers_log_stays_one() {
    assert_eq!(text::on_one_line("a\nb\r\u{1b}[31m\u{85}c".to_owned()), "a\\nb\\r\\u{1b}[31m\\u{85}c");
    assert_eq!(text::on_one_line("é plain".to_owned()), "é plain");
}
