//! Models: creation, PATCH paths, users, texts.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::server::fixture::{self, ACCOUNT, API, Bench, patch, refusal};
use postern_api_model::rest_api::{MethodResponse, Resource};
use serde_json::json;

const INVALID: &str = "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]";
const NO_SCHEMA: &str = "Model schema must have at least 1 property or array items defined";

fn input(name: &str, schema: Option<&str>) -> CreateModelInput {
    CreateModelInput {
        name: name.into(),
        content_type: "application/json".into(),
        schema: schema.map(str::to_owned),
        description: Some(String::new()),
        ..Default::default()
    }
}

#[test]
fn creation_keeps_the_schema_as_it_was_written() {
    let mut definition = fixture::api().definition;
    let shown = create_in(&mut definition, &input("Pet2", Some("{ \"type\":\"object\" }"))).unwrap();
    assert_eq!(shown.schema.as_deref(), Some("{ \"type\":\"object\" }"));
    assert_eq!((shown.description, shown.id.map(|id| id.len())), (None, Some(6)));
}

#[test]
fn what_cannot_be_created() {
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(SCHEMA_BYTES_MAX));
    let cases = [
        (input("", Some("{}")), 400, "Model name must be non-empty".to_owned()),
        (input("a-b", Some("{}")), 400, "Model name must be alphanumeric: a-b".into()),
        (input("A", None), 400, NO_SCHEMA.into()),
        (input("A", Some("")), 400, NO_SCHEMA.into()),
        (input("A", Some("{")), 400, INVALID.into()),
        (input("A", Some("[]")), 400, INVALID.into()),
        (input("A", Some(&large)), 400, format!("Model schema exceeds the maximum size of {SCHEMA_BYTES_MAX} bytes")),
        (input("Taken", Some("{}")), 409, "Model name already exists for this REST API".into()),
    ];
    let mut definition = fixture::with_models(&[("Taken", json!({}))]);
    for (input, status, text) in cases {
        assert_eq!(refusal(create_in(&mut definition, &input)), (status, text));
    }
    assert_eq!(definition.models.len(), 1);
}

#[test]
fn each_path_can_be_replaced() {
    let mut model = fixture::with_models(&[("A", json!({}))]).models.remove("A").unwrap();
    apply(&mut model, &patch(Op::Replace, "/description", "d")).unwrap();
    apply(&mut model, &patch(Op::Replace, "/schema", "{ }")).unwrap();
    assert_eq!((model.description.as_deref(), model.schema.as_str()), (Some("d"), "{ }"));
    apply(&mut model, &patch(Op::Replace, "/description", "")).unwrap();
    assert_eq!(model.description, None);
    let operation = "Invalid patch operation specified. Must be one of: [replace]";
    for (patch, text) in [
        (patch(Op::Add, "/description", "d"), operation),
        (patch(Op::Remove, "/schema", ""), operation),
        (patch(Op::Replace, "/name", "B"), "Invalid patch path /name"),
        (patch(Op::Replace, "/schema", ""), NO_SCHEMA),
        (patch(Op::Replace, "/schema", "no json"), INVALID),
    ] {
        assert_eq!(refusal(apply(&mut model, &patch)), (400, text.to_owned()));
    }
}

/// As recorded: the root prints as `//ANY`, and of two users the non-root one is named.
#[test]
fn a_model_in_use_stays() {
    let mut definition = fixture::with_models(&[("A", json!({})), ("B", json!({}))]);
    let mut using = fixture::method("ANY");
    using.request_models.insert("application/json".into(), "A".into());
    definition.resources.get_mut(fixture::ROOT).unwrap().methods.insert("ANY".into(), using.clone());
    let text = |place: &str| (409, format!("Cannot delete model 'A', is referenced in {place}"));
    assert_eq!(refusal(delete_in(&mut definition, "A")), text("method request: //ANY"));

    let parent_id = Some(fixture::ROOT.to_owned());
    let child = Resource { id: "child1".into(), parent_id, path_part: "test".into(), methods: [("ANY".into(), using)].into() };
    definition.resources.insert("child1".into(), child);
    assert_eq!(refusal(delete_in(&mut definition, "A")), text("method request: /test/ANY"));

    for resource in definition.resources.values_mut() {
        resource.methods.remove("ANY");
    }
    let mut response = MethodResponse::default();
    response.response_models.insert("application/json".into(), "A".into());
    let get = definition.resources.get_mut(fixture::ROOT).unwrap().methods.get_mut("GET").unwrap();
    get.responses.insert("200".into(), response);
    assert_eq!(refusal(delete_in(&mut definition, "A")), text("method response: //GET"));

    delete_in(&mut definition, "B").unwrap();
    assert_eq!(refusal(delete_in(&mut definition, "B")), (404, "Invalid model name specified: B".to_owned()));
}

#[tokio::test]
async fn what_is_not_found_and_how_it_is_said() {
    let bench = Bench::dev().await;
    let api_missing = json!({"message": format!("Invalid API identifier specified {ACCOUNT}:none")});
    let body = r#"{"name": "", "contentType": "application/json"}"#;
    assert_eq!(bench.call("POST", "/restapis/none/models", body).await.2, api_missing);
    assert_eq!(bench.call("GET", "/restapis/none/models", "").await.2, api_missing);
    let model_missing = json!({"message": "Invalid model name specified: None"});
    let empty = r#"{"patchOperations": []}"#;
    for api in [API, "none"] {
        let one = format!("/restapis/{api}/models/None");
        for (method, path, body) in [("GET", "", ""), ("GET", "/default_template", ""), ("PATCH", "", empty), ("DELETE", "", "")]
        {
            let (status, _, answer) = bench.call(method, &format!("{one}{path}"), body).await;
            assert_eq!((status, &answer), (404, &model_missing));
        }
    }
}

#[tokio::test]
async fn the_life_of_a_model() {
    let bench = Bench::dev().await;
    let all = format!("/restapis/{API}/models");
    let body = json!({"name": "A", "contentType": "application/json", "schema": "{\"type\":\"object\"}", "description": "d"});
    let (status, _, made) = bench.call("POST", &all, &body.to_string()).await;
    let id = made["id"].clone();
    let mut wanted = body;
    wanted["id"] = id;
    assert_eq!((status, &made), (201, &wanted));
    assert_eq!(bench.call("GET", &format!("{all}/A"), "").await.2, made);
    assert_eq!(bench.call("GET", &format!("{all}/A?flatten=true"), "").await.2, made);
    assert_eq!(bench.call("GET", &all, "").await.2, json!({"item": [made]}));
    let template = bench.call("GET", &format!("{all}/A/default_template"), "").await.2;
    assert_eq!(template, json!({"value": "#set($inputRoot = $input.path('$'))\n{ }"}));
    let (status, code, _) = bench.call("POST", &all, r#"{"name": "B", "contentType": "application/json"}"#).await;
    assert_eq!((status, code.as_str()), (400, "BadRequestException"));
    assert_eq!(bench.call("DELETE", &format!("{all}/A"), "").await, (202, String::new(), Value::Null));
    assert_eq!(bench.call("GET", &all, "").await.2, json!({"item": []}));
}
