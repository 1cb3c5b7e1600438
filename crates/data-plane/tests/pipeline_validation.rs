//! Request validation in the pipeline: what is checked, in which order, and what passes on.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::apigateway::GatewayResponseType;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{GatewayResponse, Model, RequestValidator};
use support::{Backend, TestGateway, api, definition, mock, ok, proxy};

const PET: &str = r#"{"type":"object","required":["name"],"properties":{"name":{"type":"string"}}}"#;

/// A gateway with one validated method, POST /pets/{id}, and what its backend sees.
async fn gateway(parameters: bool, body: bool, change: impl FnOnce(&mut ApiSource)) -> (TestGateway, Backend) {
    let backend = Backend::answering(ok("done")).await;
    let mut source =
        api(vec![("/pets/{id}", "POST", proxy(&backend.uri("/"))), ("/open", "GET", mock("{statusCode: 200}", &[]))]);
    let validator =
        RequestValidator { id: "v".into(), name: None, validate_request_body: body, validate_request_parameters: parameters };
    let model = |schema: &str| Model {
        id: "m".into(),
        name: "Pet".into(),
        content_type: "application/json".into(),
        description: None,
        schema: schema.to_owned(),
    };
    let inner = definition(&mut source);
    inner.request_validators.insert("v".to_owned(), validator);
    inner.models.insert("Pet".to_owned(), model(PET));
    inner.models.insert("Broken".to_owned(), model("{\"type\": 1}"));
    let method = inner.resources.get_mut("/pets/{id}").unwrap().methods.get_mut("POST").unwrap();
    method.request_validator_id = Some("v".to_owned());
    for (key, is_required) in [("querystring.q", true), ("header.X-One", true), ("querystring.free", false), ("path.id", true)] {
        method.request_parameters.insert(format!("method.request.{key}"), is_required);
    }
    method.request_models.insert("application/json".to_owned(), "Pet".to_owned());
    method.request_models.insert("application/broken".to_owned(), "Broken".to_owned());
    method.request_models.insert("application/stale".to_owned(), "None".to_owned());
    change(&mut source);
    (TestGateway::serving(source), backend)
}

#[tokio::test]
async fn parameters_come_first() {
    let (test, backend) = gateway(true, true, |_| {}).await;
    let table: [(&str, &[&str], &str); 4] = [
        ("/s/pets/1", &[], "Missing required request parameters: [X-One, q]"),
        ("/s/pets/1?q=", &["X-One: "], "Missing required request parameters: [X-One, q]"),
        ("/s/pets/1?q=%20", &["X-One: 1"], "Missing required request parameters: [q]"),
        ("/s/pets/1?q=1&Q=2", &["X-One: 1"], "Invalid request body"),
    ];
    for (path, fields, message) in table {
        let answer = test.call("POST", path, fields, "{}").await;
        assert_eq!((answer.status, answer.message().as_str()), (400, message), "{path}");
        assert_eq!(answer.field("x-amzn-errortype"), "BadRequestException");
    }
    assert_eq!(test.call("POST", "/s/pets/1?q=1", &["X-One: 1"], r#"{"name":"a"}"#).await.status, 200);
    assert!(backend.request().ends_with(r#"{"name":"a"}"#));
}

#[tokio::test]
async fn bodies_by_media_type() {
    let table: [(&[&str], &str, u16); 9] = [
        (&[], r#"{"name": "a"}"#, 200),
        (&[], r#"{"name": 1}"#, 400),
        (&[], "", 400),
        (&[], "no JSON", 400),
        (&["Content-Type: Application/JSON; charset=utf-8"], "{}", 400),
        (&["Content-Type: text/plain"], "no JSON", 200),
        (&["Content-Type: application/broken"], "{}", 500),
        (&["Content-Type: application/stale"], "{}", 500),
        (&["Content-Encoding: gzip"], "\u{1f}", 415),
    ];
    for (fields, body, status) in table {
        let (test, backend) = gateway(false, true, |_| {}).await;
        let answer = test.call("POST", "/s/pets/1", fields, body).await;
        assert_eq!(answer.status, status, "{fields:?} {body}");
        assert_eq!(backend.requests.lock().unwrap().len(), usize::from(status == 200), "{fields:?} {body}");
        if status == 400 {
            assert_eq!(answer.text(), r#"{"message":"Invalid request body"}"#);
        }
    }
    let (test, _) = gateway(false, true, |source| {
        let method = definition(source).resources.get_mut("/pets/{id}").unwrap().methods.get_mut("POST").unwrap();
        method.request_models.insert("$default".to_owned(), "Pet".to_owned());
    })
    .await;
    assert_eq!(test.call("POST", "/s/pets/1", &["Content-Type: text/plain"], "no JSON").await.status, 400);
}

#[tokio::test]
async fn what_is_switched_off_passes() {
    let (test, backend) = gateway(false, false, |_| {}).await;
    assert_eq!(test.call("POST", "/s/pets/1", &[], "no JSON").await.status, 200);
    assert!(backend.request().ends_with("no JSON"));
    let (test, _) = gateway(true, false, |_| {}).await;
    assert_eq!(test.call("POST", "/s/pets/1?q=1", &["X-One: 1"], "no JSON").await.status, 200);
    assert_eq!(test.call("POST", "/s/pets/1", &[], "no JSON").await.status, 400);
}

#[tokio::test]
async fn a_validator_that_is_gone_lets_nothing_pass() {
    let (test, backend) = gateway(true, true, |source| definition(source).request_validators.clear()).await;
    assert_eq!(test.call("POST", "/s/pets/1?q=1", &["X-One: 1"], r#"{"name":"a"}"#).await.status, 500);
    assert!(backend.requests.lock().unwrap().is_empty());
    assert_eq!(test.call("GET", "/s/open", &[], "").await.status, 200);
}

#[tokio::test]
async fn large_bodies_pass_unchanged_or_not_at_all() {
    let (test, backend) = gateway(false, true, |_| {}).await;
    let body = format!("{{\"name\": \"a\", \"more\": [{}0]}}", "1, ".repeat(100_000));
    assert_eq!(test.call("POST", "/s/pets/1", &[], &body).await.status, 200);
    assert!(backend.request().ends_with(&body));
    let (test, backend) = gateway(false, true, |_| {}).await;
    assert_eq!(test.call("POST", "/s/pets/1", &[], &body.replace("name", "nome")).await.status, 400);
    assert!(backend.requests.lock().unwrap().is_empty());
    let chunked = "POST /s/pets/1 HTTP/1.1\r\nHost: abcde12345.execute-api.local\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                   7\r\n{\"name\"\r\n5\r\n:\"a\"}\r\n0\r\n\r\n";
    assert_eq!(test.raw(chunked).await.status, 200);
    assert!(backend.request().ends_with(r#"{"name":"a"}"#) && backend.request().to_lowercase().contains("content-length: 12"));
}

#[tokio::test]
async fn what_is_wrong_can_be_told() {
    let (test, _) = gateway(true, true, |source| {
        let template = |text: &str| GatewayResponse {
            response_templates: [("application/json".to_owned(), text.to_owned())].into_iter().collect(),
            ..GatewayResponse::default()
        };
        definition(source).gateway_responses = [
            (GatewayResponseType::BadRequestBody, template("{\"why\": \"$context.error.validationErrorString\"}")),
            (GatewayResponseType::BadRequestParameters, template("{\"m\": $context.error.messageString}")),
        ]
        .into();
    })
    .await;
    let answer = test.call("POST", "/s/pets/1?q=1", &["X-One: 1"], "{}").await;
    assert_eq!(answer.text(), r#"{"why": "[object has missing required properties ([\"name\"])]"}"#);
    let answer = test.call("POST", "/s/pets/1?q=1", &[], "{}").await;
    assert_eq!(answer.text(), r#"{"m": "Missing required request parameters: [X-One]"}"#);
}
