//! That bodies are read, decompressed, converted and compressed in their places.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::apigateway::{ContentHandlingStrategy, IntegrationType};
use postern_api_model::rest_api::{IntegrationResponse, Method, MethodResponse};
use support::{Backend, TestGateway, api, definition, integration, method, mock, ok, proxy};

/// An HTTP integration with one default response.
fn http(uri: &str, handling: Option<ContentHandlingStrategy>) -> Method {
    let mut integration = integration(IntegrationType::Http, uri);
    integration.content_handling = handling;
    integration.responses.insert("200".to_owned(), IntegrationResponse::default());
    let mut method = method(integration);
    method.responses.insert("200".to_owned(), MethodResponse::default());
    method
}

#[tokio::test]
async fn a_body_is_converted_before_the_backend_hears_of_it() {
    let backend = Backend::answering(ok("answer")).await;
    let handling = Some(ContentHandlingStrategy::ConvertToBinary);
    let test = TestGateway::serving(api(vec![("/", "POST", http(&backend.uri("/"), handling))]));
    assert_eq!(test.call("POST", "/s", &[], "{\"a\": 1}").await.status, 500);
    assert_eq!(test.call("POST", "/s", &[], "dGV4dA==").await.text(), "answer");
    assert!(backend.request().ends_with("\r\n\r\ntext"), "{}", backend.request());
}

#[tokio::test]
async fn a_coding_is_undone_where_the_body_is_read() {
    let backend = Backend::answering(ok("answer")).await;
    let methods = vec![("/http", "POST", http(&backend.uri("/"), None)), ("/proxy", "POST", proxy(&backend.uri("/")))];
    let test = TestGateway::serving(api(methods));
    for coding in ["gzip", "deflate", "br"] {
        let field = format!("Content-Encoding: {coding}");
        assert_eq!(test.call("POST", "/s/http", &[&field], "text").await.message(), "Unsupported Media Type", "{coding}");
    }
    assert_eq!(test.call("POST", "/s/proxy", &["Content-Encoding: br"], "text").await.text(), "answer");
    assert!(backend.request().ends_with("\r\n\r\ntext"), "{}", backend.request());
}

#[tokio::test]
async fn an_unknown_path_is_not_asked_for_its_body() {
    let test = TestGateway::serving(api(vec![("/", "POST", mock("{statusCode: 200}", &[]))]));
    let answer = test.call("POST", "/s/none", &["Content-Encoding: br"], "text").await;
    assert_eq!(answer.message(), "Missing Authentication Token");
}

#[tokio::test]
async fn a_streaming_answer_is_compressed_or_not() {
    let backend = Backend::answering(ok(&"text ".repeat(100_000))).await;
    let mut source = api(vec![("/", "GET", proxy(&backend.uri("/")))]);
    definition(&mut source).minimum_compression_size = Some(500_000);
    let test = TestGateway::serving(source);
    let answer = test.call("GET", "/s", &["Accept-Encoding: gzip"], "").await;
    assert_eq!((answer.field("content-encoding"), answer.field("transfer-encoding")), ("gzip", "chunked"));
    let answer = test.call("GET", "/s", &["Accept-Encoding: *"], "").await;
    assert_eq!((answer.field("content-length"), answer.text().len()), ("500000", 500_000));
}
