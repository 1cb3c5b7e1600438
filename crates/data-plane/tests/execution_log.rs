//! The execution log of live requests: who gets one, how much it shows, and that nobody else hears of it.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::MethodSetting;
use postern_data_plane::{AccessLog, GatewaySettings, LogKey};
use support::{API, Backend, TestGateway, api, mock, ok, proxy};

const KEY: &str = "0123456789abcdef";

/// The server's log.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Each test is a process of its own, or the only one in its thread: the subscriber is set once.
    fn start() -> Self {
        static LOG: std::sync::OnceLock<Captured> = std::sync::OnceLock::new();
        LOG.get_or_init(|| {
            let captured = Self::default();
            let writer = captured.clone();
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
            captured
        })
        .clone()
    }

    /// The lines of one request, without what stands before them.
    fn of(&self, request_id: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let mark = format!("({request_id}) ");
        let lines = text.lines().filter(|line| line.contains("postern::execution_log"));
        // The fields follow the message.
        let message = |line: &str| Some(line.split_once(&mark)?.1.split(" request=").next()?.to_owned());
        lines.filter_map(message).collect()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn gateway(source: ApiSource) -> TestGateway {
    let settings = GatewaySettings { log_key: Some(LogKey::new(KEY)), ..GatewaySettings::default() };
    let test = TestGateway::start(settings, AccessLog::off());
    test.gateway.publish(source).unwrap();
    test
}

fn logging(mut source: ApiSource, level: &str, data_trace_enabled: bool) -> ApiSource {
    let setting = MethodSetting { logging_level: Some(level.to_owned()), data_trace_enabled, ..MethodSetting::default() };
    source.stages.get_mut("s").unwrap().method_settings.insert("*/*".to_owned(), setting);
    source
}

/// A token for `text` that expires so many seconds from now.
fn token(key: &str, stage: &str, ahead_s: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let expiry = now.checked_add_signed(ahead_s).unwrap();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), format!("{API}/{stage}/{expiry}").as_bytes());
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("X-Postern-Log: {expiry}.{digits}")
}

#[tokio::test]
async fn a_token_has_one_request_logged_whole_and_is_seen_by_nobody() {
    let captured = Captured::start();
    let backend = Backend::answering(ok("hello")).await;
    let test = gateway(api(vec![("/{p+}", "POST", proxy(&backend.uri("/")))]));
    let token = token(KEY, "s", 60);
    let answer = test.call("POST", "/s/a/b?q=1", &[&token, "Authorization: Bearer abcdefghijklmnopqrst"], "sent\nforged").await;
    assert_eq!(answer.status, 200);
    assert!(!backend.request().to_ascii_lowercase().contains("x-postern-log"));
    let lines = captured.of(answer.field("x-amzn-requestid"));
    let request_id = answer.field("x-amzn-requestid");
    for (at, expected) in [
        (0, format!("Extended Request Id: {}", answer.field("x-amz-apigw-id"))),
        (1, format!("Verifying Usage Plan for request: {request_id}. API Key:  API Stage: {API}/s")),
        (
            2,
            "API Key  authorized because method 'POST /{p+}' does not require API Key. Request will not contribute to throttle or \
             quota limits"
                .to_owned(),
        ),
        (3, format!("Usage Plan check succeeded for API Key  and API Stage {API}/s")),
        (4, format!("Starting execution for request: {request_id}")),
        (5, "HTTP Method: POST, Resource Path: /a/b".to_owned()),
        (6, "Method request path: {p=a/b}".to_owned()),
        (7, "Method request query string: {q=1}".to_owned()),
        (9, "Method request body before transformations: sent\\nforged".to_owned()),
    ] {
        assert_eq!(lines[at], expected);
    }
    assert_eq!(lines.last().unwrap(), "Method completed with status: 200");
    assert!(lines.contains(&"Method response body after transformations: hello".to_owned()), "{lines:?}");
    assert!(!captured.text().contains("abcdefghijklmn"));
    assert!(!captured.text().to_ascii_lowercase().contains("x-postern-log="));
}

#[tokio::test]
async fn a_token_that_is_no_good_changes_nothing() {
    let captured = Captured::start();
    let backend = Backend::answering(ok("hello")).await;
    let test = gateway(api(vec![("/x", "GET", proxy(&backend.uri("/")))]));
    for token in [
        token(KEY, "s", -1),
        token(KEY, "s", 1000),
        token(KEY, "other", 60),
        token("another key", "s", 60),
        "X-Postern-Log: nonsense".to_owned(),
    ] {
        let answer = test.call("GET", "/s/x", &[&token], "").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"), "{token}");
        assert!(captured.of(answer.field("x-amzn-requestid")).is_empty(), "{token}");
    }
    let sent = backend.requests.lock().unwrap().join("\n").to_ascii_lowercase();
    assert!(!sent.contains("x-postern-log"), "{sent}");
    assert_eq!(captured.text().matches("an X-Postern-Log field was ignored").count(), 1);
}

#[tokio::test]
async fn levels_of_a_stage() {
    let captured = Captured::start();
    let backend = Backend::answering(ok("answered")).await;
    let refused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (level, trace, good, bad) in [
        ("OFF", true, vec![], vec![]),
        ("ERROR", true, vec![], vec!["Execution failed", "Method completed"]),
        ("INFO", false, vec!["Sending request", "Received response", "Method completed"], vec!["Execution failed"]),
        ("INFO", true, vec!["Method request headers", "Endpoint response body"], vec!["Execution failed"]),
    ] {
        let methods = vec![("/good", "GET", proxy(&backend.uri("/"))), ("/bad", "GET", proxy(&format!("http://{refused}/")))];
        let test = gateway(logging(api(methods), level, trace));
        for (path, expected) in [("/s/good?secret=1", &good), ("/s/bad", &bad)] {
            let answer = test.call("GET", path, &[], "").await;
            let lines = captured.of(answer.field("x-amzn-requestid"));
            for start in expected {
                assert!(lines.iter().any(|line| line.starts_with(start)), "{level} {trace} {path}: {start} is not in {lines:?}");
            }
            if expected.is_empty() {
                assert!(lines.is_empty(), "{level} {trace} {path}: {lines:?}");
            }
            let shows = lines.iter().any(|line| line.contains("secret") || line.contains("answered") || line.contains("headers"));
            assert!(trace || !shows, "{level} {path}: {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_body_that_streams_goes_on_streaming() {
    let captured = Captured::start();
    let long = "x".repeat(300_000);
    let backend = Backend::answering(ok(&long)).await;
    let test = gateway(logging(api(vec![("/x", "POST", proxy(&backend.uri("/")))]), "INFO", true));
    let answer = test.call("POST", "/s/x", &[], &long).await;
    assert_eq!((answer.status, answer.body.len(), answer.is_whole), (200, 300_000, true));
    assert_eq!(answer.field("content-length"), "300000");
    assert!(backend.request().ends_with(&long));
    let lines = captured.of(answer.field("x-amzn-requestid"));
    assert_eq!(lines.iter().filter(|line| line.ends_with(" [TRUNCATED]")).count(), 4, "{lines:?}");
    assert!(lines.iter().all(|line| line.len() <= 1024 + " [TRUNCATED]".len()));
}

#[tokio::test]
async fn what_has_no_method_has_no_log() {
    let captured = Captured::start();
    let test = gateway(logging(api(vec![("/x", "GET", mock("{\"statusCode\": 200}", &[]))]), "INFO", true));
    let answer = test.call("GET", "/s/nothing", &[&token(KEY, "s", 60)], "").await;
    assert_eq!(answer.status, 403);
    assert!(captured.of(answer.field("x-amzn-requestid")).is_empty());
}

/// The order and the words are those of published logs.
#[tokio::test]
async fn an_authorizer_is_logged_before_the_limits_without_who_called() {
    use support::authorizers::{answering, get, guarded, policy, says, token};
    let log = Captured::start();
    let said = says(&policy("Allow", "*"))
        .replace(r#"{"principalId":"me""#, r#"{"usageIdentifierKey":"k3yk3yk3yk3yk3yk3yk3y","principalId":"me""#);
    let fake = answering(said);
    let test = support::functions::serving(&fake, logging(guarded(&token()), "INFO", true));
    let mut seen = Vec::new();
    for fields in [&["Authorization: Bearer 0123456789abcdef"][..], &["Authorization: Bearer 0123456789abcdef"], &[]] {
        let answer = get(&test, "/s/pets", fields).await;
        let request = answer.field("x-amzn-requestid").to_owned();
        seen.push((log.of(&request), request));
    }
    let starts = |lines: &[String], starts: &[&str]| {
        for (line, start) in lines.iter().zip(starts) {
            assert!(line.starts_with(start), "{line} is not {start}: {lines:#?}");
        }
    };
    let accepted = ["Using valid authorizer policy for principal: **", "Successfully completed authorizer execution"];
    let asked = [
        "Extended Request Id: ",
        &format!("Starting authorizer: tok123 for request: {}", seen[0].1),
        "Incoming identity: *****************abcdef",
        "Endpoint request URI: https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/",
        "Endpoint request headers: {",
        "Endpoint request body after transformations: {",
        "Authorizer result body before parsing: {",
        accepted[0],
        accepted[1],
        "Verifying Usage Plan for request: ",
    ];
    starts(&seen[0].0, &asked);
    // From a kept answer nothing is sent.
    starts(&seen[1].0, &["Extended Request Id: ", "Starting authorizer: ", "Incoming identity: ", accepted[0], accepted[1]]);
    let refused = format!("Unauthorized request: {}", seen[2].1);
    starts(&seen[2].0, &["Extended Request Id: ", "Starting authorizer: ", &refused, "Method completed with status: 401"]);
    assert_eq!(seen[2].0.len(), 4);
    for secret in ["0123456789", "k3yk3yk3yk3yk3"] {
        assert!(!log.text().contains(secret), "{:#?}", seen[0].0);
    }
}

/// Whatever the fields and parameters are called that an authorizer looks at, and however they are written.
#[tokio::test]
async fn what_authorizers_are_shown_is_masked_wherever_it_goes() {
    use postern_api_model::apigateway::AuthorizerType;
    use postern_data_plane::tokens::{IssuerSettings, KeySet, KeySource, TokenSettings};
    use serde_json::json;
    use support::authorizers::{allowing, answering, asking, authorizer, get, request, stage};
    use support::tokens::{SigningKey, key_set};
    const ISSUER: &str = "https://id.example.com";
    let log = Captured::start();
    let backend = Backend::answering(ok("hi")).await;
    let mut jwt = authorizer("jwt123", AuthorizerType::Jwt, "method.request.header.X-Caller");
    let issuers = json!({"default_algorithms": ["ES256"], "issuers": [{"issuer": ISSUER, "audiences": ["orders"]}]});
    jwt.jwt_configuration = Some(serde_json::from_value(issuers).unwrap());
    let by_query = request("method.request.querystring.q");
    let mut with_token = asking(proxy(&backend.uri("/")), &jwt);
    with_token.authorization_type = "JWT".to_owned();
    let mut source = api(vec![("/token", "GET", with_token), ("/query", "GET", asking(proxy(&backend.uri("/")), &by_query))]);
    stage(&mut source).variables = [("fn".to_owned(), "auth".to_owned())].into();
    for authorizer in [jwt, by_query] {
        support::definition(&mut source).authorizers.insert(authorizer.id.clone(), authorizer);
    }
    let key = SigningKey::ec("k", "P-256");
    let keys = KeySource::Given(KeySet::parse(key_set(&[&key]).as_bytes()).unwrap().into());
    let mut settings = support::functions::settings(&answering(allowing()));
    let issuer = IssuerSettings { keys, ..IssuerSettings::default() };
    settings.backends.tokens = TokenSettings { issuers: [(ISSUER.to_owned(), issuer)].into(), ..TokenSettings::default() };
    let test = TestGateway::start(settings, AccessLog::off());
    test.gateway.publish(logging(source, "INFO", true)).unwrap();

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let token = key.token(&json!({"iss": ISSUER, "aud": "orders", "sub": "ann", "exp": now + 600, "iat": now - 5}));
    for scheme in ["", "Bearer ", "bearer "] {
        let answer = get(&test, "/s/token", &[&format!("X-Caller: {scheme}{token}"), &format!("X-Copy: {token}")]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let lines = log.of(answer.field("x-amzn-requestid"));
        assert!(lines.iter().any(|line| line.contains("Method request headers")), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains(&token)), "{scheme}: {lines:#?}");
    }
    let answer = get(&test, "/s/query?q=planted%2Fquery%2F0001", &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let lines = log.of(answer.field("x-amzn-requestid"));
    assert!(lines.iter().any(|line| line.contains("Sending request to")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("planted")), "{lines:#?}");
    // Why a token is none is said, without it.
    let answer = get(&test, "/s/token", &["X-Caller: planted-token"]).await;
    let lines = log.of(answer.field("x-amzn-requestid"));
    assert!(lines.contains(&"The token is not accepted: it does not have three parts".to_owned()), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("planted")), "{lines:#?}");
}
