//! Keys that are lent for a while: their token comes with every signature, and they end.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::apigateway::{GatewayResponseType, IntegrationType};
use postern_api_model::rest_api::GatewayResponse;
use postern_data_plane::backends::{Backends, ServiceEndpoint};
use postern_data_plane::{AccessLog, GatewaySettings};
use support::signing::{Call, HOST, Keys, ROOT, TOKEN, call, iam, now, send};
use support::{Answer, Backend, TestGateway, api, definition, integration, map, method, mock, with};

const INVALID: &str = "The security token included in the request is invalid.";
const EXPIRED: &str = "The security token included in the request is expired";

fn serving(keys: Arc<Keys>) -> TestGateway {
    let test = TestGateway::start_with_keys(GatewaySettings::default(), AccessLog::off(), keys);
    test.gateway.publish(api(vec![("/a", "GET", iam(mock("{statusCode: 200}", &[])))])).unwrap();
    test
}

fn keys() -> Arc<Keys> {
    Keys::with(&[(ROOT, "000000000000", None)])
}

fn told(answer: &Answer) -> (u16, &str, String) {
    (answer.status, answer.field("x-amzn-errortype"), answer.message())
}

async fn asked(test: &TestGateway, token: Option<&str>) -> Answer {
    Call { token, ..call("GET", "/s/a") }.send(test).await
}

#[tokio::test]
async fn the_token_is_part_of_the_key() {
    let unknown = |answer: &Answer| assert_eq!(told(answer), (403, "UnrecognizedClientException", INVALID.to_owned()));
    let test = serving(keys().lent(now() + 60));
    assert_eq!(asked(&test, Some(TOKEN)).await.status, 200);
    unknown(&asked(&test, None).await);
    unknown(&asked(&test, Some("another")).await);
    unknown(&asked(&test, Some("")).await);
    let presigned = Call { token: Some(TOKEN), ..call("GET", "/s/a") }.presigned(60);
    let host = [format!("host: {HOST}")];
    assert_eq!(send(&test, "GET", &format!("/s/a?{presigned}"), &host, "").await.status, 200);
    // A key for good has none.
    let test = serving(keys());
    assert_eq!(asked(&test, None).await.status, 200);
    unknown(&asked(&test, Some(TOKEN)).await);
}

#[tokio::test]
async fn one_that_ended_is_told_so_when_it_proves_itself() {
    let test = serving(keys().lent(now()));
    assert_eq!(told(&asked(&test, Some(TOKEN)).await), (403, "ExpiredTokenException", EXPIRED.to_owned()));
    let stranger = Call { token: Some(TOKEN), secret: Some("guessed"), ..call("GET", "/s/a") }.send(&test).await;
    assert_eq!(told(&stranger).1, "InvalidSignatureException");
    assert_eq!(told(&asked(&test, Some("another")).await).1, "UnrecognizedClientException");
}

#[tokio::test]
async fn the_refusal_is_a_gateway_response_of_its_own() {
    let test = TestGateway::start_with_keys(GatewaySettings::default(), AccessLog::off(), keys().lent(now()));
    let mut source = api(vec![("/a", "GET", iam(mock("{statusCode: 200}", &[])))]);
    let custom = GatewayResponse {
        status_code: Some("419".to_owned()),
        response_templates: map(&[("application/json", "{\"again\": $context.error.messageString}")]),
        ..GatewayResponse::default()
    };
    definition(&mut source).gateway_responses.insert(GatewayResponseType::ExpiredToken, custom);
    test.gateway.publish(source).unwrap();
    let answer = asked(&test, Some(TOKEN)).await;
    assert_eq!((answer.status, answer.text()), (419, format!("{{\"again\": \"{EXPIRED}\"}}")));
}

#[tokio::test]
async fn policies_may_read_when_it_was_lent() {
    for (operator, issued, expected) in [
        ("DateLessThan", "2020-01-02T00:00:00Z", 200),
        ("DateLessThan", "2019-12-31T00:00:00Z", 403),
        ("DateEquals", "2020-01-01T00:00:00Z", 200),
    ] {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*",
               "Condition":{{"{operator}":{{"aws:TokenIssueTime":"{issued}"}}}}}}]}}"#
        );
        let keys = Keys::with(&[("ASIAUSER", "000000000000", Some(&policy))]).lent(now() + 60);
        let test = serving(keys);
        let answer = Call { key: "ASIAUSER", token: Some(TOKEN), ..call("GET", "/s/a") }.send(&test).await;
        assert_eq!(answer.status, expected, "{operator} {issued}");
    }
}

#[tokio::test]
async fn what_is_done_in_the_callers_name_carries_the_token() {
    let backend = Backend::answering(support::ok("{}")).await;
    let default = Some(ServiceEndpoint::At(backend.uri("").parse().unwrap()));
    let mut backends = Backends::default();
    backends.services.default = default;
    let settings = GatewaySettings { backends, ..GatewaySettings::default() };
    let test = TestGateway::start_with_keys(settings, AccessLog::off(), keys().lent(now() + 60));
    let mut queue = integration(IntegrationType::Aws, "arn:aws:apigateway:eu-west-1:sqs:path/q");
    queue.http_method = Some("POST".to_owned());
    let own = with(method(queue), |integration| integration.credentials = Some("arn:aws:iam::*:user/*".to_owned()));
    test.gateway.publish(api(vec![("/a", "GET", iam(own))])).unwrap();
    let _ = asked(&test, Some(TOKEN)).await;
    assert!(backend.request().contains(&format!("x-amz-security-token: {TOKEN}\r\n")), "{}", backend.request());
}
