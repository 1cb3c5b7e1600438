//! Gateway responses: inheritance, PATCH paths, texts.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::server::fixture::{self, ACCOUNT, API, Bench, patch, refusal};
use postern_api_model::rest_api::OrderedMap;
use serde_json::json;

const HEADER: &str = "gatewayresponse.header.a";

fn put_in(definition: &mut Definition, kind: GatewayResponseType, status: Option<&str>, headers: &[(&str, &str)]) {
    let response = GatewayResponse {
        status_code: status.map(str::to_owned),
        response_parameters: headers.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect(),
        response_templates: OrderedMap::new(),
    };
    definition.gateway_responses.insert(kind, response);
}

fn stored() -> GatewayResponse {
    GatewayResponse {
        status_code: Some("404".into()),
        response_parameters: OrderedMap::from([(HEADER.to_owned(), "'x'".to_owned())]),
        response_templates: OrderedMap::from([(JSON.to_owned(), "{}".to_owned())]),
    }
}

#[test]
fn an_untouched_type_shows_its_family_and_a_put_one_ignores_it() {
    let mut definition = fixture::api().definition;
    let built_in = show_one(&definition, GatewayResponseType::IntegrationFailure);
    assert_eq!((built_in.default_response, built_in.status_code.as_deref()), (Some(true), Some("504")));
    assert_eq!(built_in.response_templates.unwrap()[JSON], TEMPLATE_DEFAULT);

    put_in(&mut definition, GatewayResponseType::Default5xx, Some("599"), &[(HEADER, "'x'")]);
    put_in(&mut definition, GatewayResponseType::AuthorizerFailure, None, &[]);
    let family = show_one(&definition, GatewayResponseType::IntegrationFailure);
    assert_eq!((family.default_response, family.status_code.as_deref()), (Some(true), Some("599")));
    assert_eq!(family.response_parameters.unwrap()[HEADER], "'x'");
    let own = show_one(&definition, GatewayResponseType::AuthorizerFailure);
    assert_eq!((own.default_response, own.status_code.as_deref()), (Some(false), Some("500")));
    assert!(own.response_parameters.unwrap().is_empty());
    assert_eq!(show_one(&definition, GatewayResponseType::Throttled).status_code.as_deref(), Some("429"));
    assert_eq!(show_one(&definition, GatewayResponseType::Default4xx).status_code, None);
}

#[test]
fn each_path_takes_its_operations() {
    let template = "/responseTemplates/application~1json";
    let header = format!("/responseParameters/{HEADER}");
    let cases = [
        (Op::Replace, "/statusCode".to_owned(), "444"),
        (Op::Add, "/responseParameters/gatewayresponse.header.b".to_owned(), "context.requestId"),
        (Op::Add, header.clone(), "method.request.path.id"),
        (Op::Replace, header.clone(), "stageVariables.a"),
        (Op::Remove, header, ""),
        (Op::Add, "/responseTemplates/application~1xml".to_owned(), "<a/>"),
        (Op::Replace, template.to_owned(), "{\"a\": 1}"),
        (Op::Remove, template.to_owned(), ""),
    ];
    let mut response = stored();
    for (op, path, value) in cases {
        apply(&mut response, &patch(op, &path, value)).unwrap();
    }
    let wanted = GatewayResponse {
        status_code: Some("444".into()),
        response_parameters: OrderedMap::from([("gatewayresponse.header.b".to_owned(), "context.requestId".to_owned())]),
        response_templates: OrderedMap::from([("application/xml".to_owned(), "<a/>".to_owned())]),
    };
    assert_eq!(response, wanted);
}

#[test]
fn what_a_patch_cannot_do() {
    let mapping = |part: &str| {
        format!(
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression \
             specified: {part}]"
        )
    };
    let header = format!("/responseParameters/{HEADER}");
    let unknown = |path: &str| format!("Invalid patch path {path}");
    let cases = [
        (patch(Op::Add, "/statusCode", "400"), 400, unknown("/statusCode")),
        (patch(Op::Remove, "/statusCode", ""), 400, unknown("/statusCode")),
        (patch(Op::Replace, "/statusCode", "600"), 400, "Invalid status code specified: 600".into()),
        (patch(Op::Replace, "/wrongPath", "x"), 400, unknown("/wrongPath")),
        (patch(Op::Replace, "/responseParameters", "x"), 400, unknown("/responseParameters")),
        (patch(Op::Add, "/responseTemplates/application/json", "x"), 400, unknown("/responseTemplates/application/json")),
        (patch(Op::Copy, &header, "'x'"), 400, unknown(&header)),
        (patch(Op::Replace, "/responseParameters/none", "'x'"), 404, "Invalid parameter name specified".into()),
        (patch(Op::Remove, "/responseTemplates/none", ""), 404, "Invalid parameter name specified".into()),
        (patch(Op::Replace, &header, ""), 400, "Invalid null or empty value in responseParameters".into()),
        (patch(Op::Add, "/responseTemplates/a", ""), 400, "Invalid null or empty value in responseTemplates".into()),
        (patch(Op::Replace, &header, "nonsense"), 400, mapping("nonsense")),
        (patch(Op::Add, "/responseParameters/header.b", "'x'"), 400, mapping("header.b")),
    ];
    for (patch, status, text) in cases {
        assert_eq!(refusal(apply(&mut stored(), &patch)), (status, text));
    }
    let mut without_path = patch(Op::Replace, "", "x");
    without_path.path = None;
    without_path.parts.clear();
    assert_eq!(refusal(apply(&mut stored(), &without_path)), (400, "Invalid patch path null".to_owned()));
}

fn with_source(source: &str) -> GatewayResponse {
    GatewayResponse { response_parameters: OrderedMap::from([(HEADER.to_owned(), source.to_owned())]), ..Default::default() }
}

#[test]
fn sources_of_headers() {
    for source in ["'static'", "''", "method.request.header.Accept", "method.request.querystring.q", "context.error.message"] {
        assert!(check(&with_source(source)).is_ok(), "{source}");
    }
    for source in
        ["", "'", "static", "method.request.body", "method.request.header.", "integration.response.header.a", "context.a b"]
    {
        assert!(check(&with_source(source)).is_err(), "{source}");
    }
}

#[tokio::test]
async fn a_long_template_is_refused() {
    let bench = Bench::dev().await;
    let body = json!({"responseTemplates": {"application/json": "x".repeat(300 * 1024 + 1)}}).to_string();
    let (status, ..) = bench.call("PUT", &format!("/restapis/{API}/gatewayresponses/THROTTLED"), &body).await;
    assert_eq!(status, 400);
    assert!(bench.stored().await.definition.gateway_responses.is_empty());
}

#[tokio::test]
async fn the_life_of_a_response() {
    let bench = Bench::dev().await;
    let one = format!("/restapis/{API}/gatewayresponses/DEFAULT_4XX");
    let not_set = json!({"message": "Gateway response type not defined on api"});
    assert_eq!(bench.call("DELETE", &one, "").await, (404, "NotFoundException".to_owned(), not_set));
    let untouched = bench.call("PATCH", &one, r#"{"patchOperations": []}"#).await.2;
    assert_eq!(untouched["defaultResponse"], true);
    let replaced =
        bench.call("PATCH", &one, r#"{"patchOperations": [{"op": "replace", "path": "/statusCode", "value": "444"}]}"#).await;
    let shown = json!({
        "defaultResponse": false, "responseParameters": {}, "responseTemplates": {JSON: TEMPLATE_DEFAULT},
        "responseType": "DEFAULT_4XX", "statusCode": "444",
    });
    assert_eq!(replaced, (200, String::new(), shown.clone()));
    assert_eq!(bench.call("GET", &one, "").await.2, shown);
    // A put keeps nothing of what was there.
    let put = bench.call("PUT", &one, r#"{"responseTemplates": {"a/b": "c"}}"#).await;
    let shown = json!({
        "defaultResponse": false, "responseParameters": {}, "responseTemplates": {"a/b": "c"}, "responseType": "DEFAULT_4XX",
    });
    assert_eq!(put, (201, String::new(), shown));
    assert_eq!(bench.call("DELETE", &one, "").await.0, 202);
    assert_eq!(bench.call("GET", &one, "").await.2["defaultResponse"], true);
}

#[tokio::test]
async fn all_types_are_listed_by_name_and_page_by_page() {
    let bench = Bench::dev().await;
    let all = format!("/restapis/{API}/gatewayresponses");
    let types = |body: &serde_json::Value| {
        body["item"].as_array().unwrap().iter().map(|item| item["responseType"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (_, _, whole) = bench.call("GET", &all, "").await;
    assert_eq!(types(&whole).len(), 21);
    assert!(types(&whole).is_sorted() && whole.get("position").is_none());
    let (_, _, first) = bench.call("GET", &format!("{all}?limit=20"), "").await;
    let (_, _, second) = bench.call("GET", &format!("{all}?limit=20&position={}", first["position"].as_str().unwrap()), "").await;
    assert_eq!([types(&first), types(&second)].concat(), types(&whole));
}

#[tokio::test]
async fn an_unknown_api_or_type() {
    let bench = Bench::dev().await;
    let empty = r#"{"patchOperations": []}"#;
    for (method, body) in [("GET", ""), ("PUT", "{}"), ("PATCH", empty), ("DELETE", "")] {
        let (status, _, answer) = bench.call(method, "/restapis/none/gatewayresponses/THROTTLED", body).await;
        assert_eq!((status, answer), (404, json!({"message": format!("Invalid API identifier specified {ACCOUNT}:none")})));
        let (status, code, _) = bench.call(method, &format!("/restapis/{API}/gatewayresponses/WRONG"), body).await;
        assert_eq!((status, code.as_str()), (400, "ValidationException"));
    }
    assert_eq!(bench.call("GET", "/restapis/none/gatewayresponses", "").await.0, 404);
}
