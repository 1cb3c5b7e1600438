//! Secrets of clients, planted all over a busy run: no log has one, at any level.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use postern_api_model::rest_api::{AccessLogSettings, MethodSetting};
use postern_data_plane::{GatewaySettings, LogDestinations};
use support::functions::{FUNCTION, Fake, lambda, settings};
use support::{Backend, Lines, TestGateway, api, map, mock, proxy, with};

/// The server's log.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const PLANTED: [&str; 11] = [
    "planted-bearer-0001",
    "planted-basic-00002",
    "planted-cookie-0003",
    "planted-apikey-0004",
    "planted-session-005",
    "planted-signature-6",
    "planted-setcookie-7",
    "planted-xtoken-0008",
    "planted-quoted-0009",
    "planted-result-0010",
    "planted-results-011",
];

/// What a function returns.
const RESULT: &str = r#"{"statusCode": 200, "headers": {"Set-Cookie": "s=planted-result-0010; Path=/"},
    "multiValueHeaders": {"X-Session-Token": ["planted-results-011"]}, "body": "seen"}"#;

/// Every variable that could show what a client sent.
const FORMAT: &str = "{\"r\":\"$context.requestId\",\"k\":\"$context.identity.apiKey\",\"m\":\"$context.error.message\",\
                      \"ms\":$context.error.messageString,\"v\":\"$context.error.validationErrorString\",\"a\":\"$context.authenticate.error\",\
                      \"z\":\"$context.authorize.error\",\"p\":\"$context.path\",\"i\":\"$context.integrationErrorMessage\"}";

#[tokio::test]
async fn no_log_shows_what_clients_prove_themselves_with() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
    subscriber.with_writer(move || writer.clone()).init();
    let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: s=planted-setcookie-7\r\nContent-Length: 2\r\n\r\nok";
    let backend = Backend::answering(answer).await;
    let copying = with(proxy(&backend.uri("/")), |integration| {
        integration.request_parameters = map(&[
            ("integration.request.header.X-Copy", "method.request.header.Authorization"),
            ("integration.request.querystring.t", "method.request.header.Cookie"),
        ]);
    });
    let mut signed = mock("{statusCode: 200}", &[]);
    signed.authorization_type = "AWS_IAM".to_owned();
    let mut keyed = mock("{statusCode: 200}", &[]);
    keyed.api_key_required = true;
    let broken = proxy("http://127.0.0.1:1/");
    let mut source = api(vec![
        ("/p", "POST", copying),
        ("/signed", "GET", signed),
        ("/keyed", "GET", keyed),
        ("/broken", "GET", broken),
        ("/f", "POST", lambda(FUNCTION)),
    ]);
    let stage = source.stages.get_mut("s").unwrap();
    let setting = MethodSetting { logging_level: Some("INFO".to_owned()), data_trace_enabled: true, ..MethodSetting::default() };
    stage.method_settings.insert("*/*".to_owned(), setting);
    let arn = "arn:aws:logs:eu-west-1:000000000000:log-group:g".to_owned();
    stage.access_log_settings = Some(AccessLogSettings { destination_arn: Some(arn), format: Some(FORMAT.to_owned()) });
    let (own, group) = (Lines::log(), Lines::log());
    let log_destinations = LogDestinations::new(BTreeMap::from([("g".to_owned(), group.0.clone())]));
    let test = TestGateway::start(GatewaySettings { log_destinations, ..settings(&Fake::returning(RESULT)) }, own.0.clone());
    test.gateway.publish(source).unwrap();

    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=planted-signature-6&X-Amz-Security-Token=planted-session-005";
    let fields = [
        "Cookie: a=1; session=planted-cookie-0003; q=\"planted-quoted-0009\"",
        "x-api-key: planted-apikey-0004",
        "X-Amz-Security-Token: planted-session-005",
        "X-Auth-Token: planted-xtoken-0008",
    ];
    for (scheme, credentials) in
        [("Bearer ", "planted-bearer-0001"), ("Basic ", "planted-basic-00002"), ("", "planted-bearer-0001")]
    {
        let authorization = format!("Authorization: {scheme}{credentials}");
        let fields: Vec<&str> = fields.iter().copied().chain([authorization.as_str()]).collect();
        // What a body repeats is masked as well.
        test.call("POST", &format!("/s/p?{query}"), &fields, &format!("{credentials} planted-cookie-0003")).await;
        // A function gets all fields in one document of JSON.
        test.call("POST", &format!("/s/f?{query}"), &fields, "planted-quoted-0009").await;
        for path in ["/s/signed", "/s/keyed", "/s/broken", "/s/none", "/t/p"] {
            test.call("GET", &format!("{path}?{query}"), &fields, "").await;
        }
    }
    // A presigned call has no Authorization.
    test.call("GET", &format!("/s/signed?{query}"), &[], "").await;
    own.0.close();
    group.0.close();
    let server = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(server.contains("Method request headers") && server.contains("Endpoint request URI"), "the run was logged");
    assert_eq!(group.1.text().lines().count(), 19);
    for (log, text) in [("server's", server), ("gateway's", own.1.text()), ("stage's", group.1.text())] {
        for secret in PLANTED {
            let shown = text.lines().find(|line| line.contains(secret));
            assert_eq!(shown, None, "{secret} is in the {log} log");
        }
    }
}
