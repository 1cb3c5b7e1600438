//! A management call from its bytes to its answer, over a real store.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::Request;
use postern_api_model::error::ApiError;
use postern_api_model::rest_api::RestApi;
use postern_store::StoreError;
use serde_json::json;

use super::fixture::{API, Bench, header};
use crate::AuthMode;
use crate::changes::store_failure;

#[tokio::test]
async fn an_unsigned_call_learns_nothing() {
    let bench = Bench::new(AuthMode::Verify).await;
    for path in ["/restapis/abcde12345/models", "/nothing", "/apikeys", "/"] {
        let (status, code, body) = bench.call("GET", path, "").await;
        assert_eq!((status, code.as_str()), (403, "MissingAuthenticationTokenException"), "{path}");
        assert_eq!(body, json!({"message": "Missing Authentication Token"}));
    }
}

#[tokio::test]
async fn every_answer_has_an_id_a_type_and_a_length() {
    let bench = Bench::dev().await;
    for (path, status) in [("/restapis/abcde12345/models", 200), ("/nothing", 404), ("/v2/apis", 501)] {
        let request = Request::builder().uri(path).body(Bytes::new()).unwrap();
        let answer = bench.plane.serve(request).await;
        assert_eq!(answer.status(), status);
        assert_eq!(header(&answer, "content-type"), "application/json");
        assert_eq!(header(&answer, "x-amzn-requestid").len(), 36);
        assert_eq!(header(&answer, "content-length"), answer.body().len().to_string());
        assert_eq!(header(&answer, "x-amzn-errortype").is_empty(), status == 200);
    }
}

#[tokio::test]
async fn an_unbuilt_operation_says_so_before_its_input_is_read() {
    let bench = Bench::dev().await;
    let calls = [("POST", "/v2/apis", "CreateApi"), ("GET", "/prod/@connections/L0SM9cOFvHcCIhw%3D", "GetConnection")];
    for (method, path, name) in calls {
        let (status, code, body) = bench.call(method, path, "{no json").await;
        assert_eq!((status, code.as_str()), (501, "NotImplementedException"), "{name}");
        assert_eq!(body["message"], format!("{name} is not implemented yet"));
    }
}

#[tokio::test]
async fn paths_that_no_operation_has() {
    let bench = Bench::dev().await;
    let calls = [
        ("GET", "/"),
        ("GET", "/nothing"),
        ("GET", "/v2/nothing"),
        ("HEAD", "/account"),
        ("OPTIONS", "/account"),
        ("GET", "/account/"),
        ("GET", "//account"),
        ("GET", "/ACCOUNT"),
        ("GET", "/restapis/abcde12345//stages"),
        ("GET", "/restapis/../account"),
        ("GET", "/restapis/./stages"),
        ("DELETE", "/restapis/abcde12345/stages/.."),
        ("DELETE", "/restapis/abcde12345/stages/."),
        ("GET", "/tags/arn:aws:apigateway:us-east-1::/restapis/abcde12345"),
    ];
    for (method, path) in calls {
        let (status, code, _) = bench.call(method, path, "").await;
        assert_eq!((status, code.as_str()), (404, "UnknownOperationException"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_whole_arn_is_one_segment() {
    let bench = Bench::dev().await;
    let arn = "arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fabcde12345";
    let (status, ..) = bench.call("PUT", &format!("/tags/{arn}"), r#"{"tags": {"a b": "c/d"}}"#).await;
    assert_eq!(status, 204);
    let (_, _, body) = bench.call("GET", &format!("/tags/{arn}"), "").await;
    assert_eq!(body, json!({"tags": {"a b": "c/d"}}));
    let (status, ..) = bench.call("DELETE", &format!("/tags/{arn}?tagKeys=a%20b&tagKeys=other"), "").await;
    assert_eq!(status, 204);
    assert!(bench.stored().await.tags.is_empty());
}

#[tokio::test]
async fn malformed_input_changes_nothing() {
    let bench = Bench::dev().await;
    let before = bench.stored().await;
    let path = format!("/restapis/{API}/models");
    for body in ["{", "[]", "null and more", r#"{"name": 7, "contentType": "a"}"#, r#"{"name": "A"}"#, ""] {
        let (status, code, _) = bench.call("POST", &path, body).await;
        assert_eq!(status, 400, "{body}");
        assert!(["SerializationException", "ValidationException", "BadRequestException"].contains(&code.as_str()), "{code}");
    }
    assert_eq!(bench.stored().await, before);
}

#[test]
fn what_grows_too_large_is_the_clients_to_make_smaller() {
    let key = postern_store::key_of::<RestApi>(&super::fixture::scope(), API);
    let error = store_failure(StoreError::TooLarge { key, bytes: 70_000_000 });
    let text = "The definition would take 70000000 bytes with this change; it can take at most 67108864";
    assert_eq!(error, ApiError::bad_request(text));
}

#[tokio::test]
async fn a_list_of_apis_is_the_same_page_by_page() {
    let bench = Bench::dev().await;
    let mut made = vec![API.to_owned()];
    for number in 0..60 {
        let (_, _, api) = bench.call("POST", "/restapis", &json!({"name": format!("n{number}")}).to_string()).await;
        made.push(api["id"].as_str().unwrap().to_owned());
    }
    made.sort_unstable();
    for limit in [1, 24, 25, 26, 60, 61, 500] {
        let (mut listed, mut position): (Vec<String>, String) = (Vec::new(), String::new());
        loop {
            let (_, _, page) = bench.call("GET", &format!("/restapis?limit={limit}&position={position}"), "").await;
            let items = page["item"].as_array().unwrap();
            assert!(items.len() <= limit);
            listed.extend(items.iter().map(|api| api["id"].as_str().unwrap().to_owned()));
            match page["position"].as_str() {
                Some(next) => position = next.replace('=', "%3D").replace('+', "%2B"),
                None => break,
            }
        }
        assert_eq!(listed, made, "{limit}");
    }
}
