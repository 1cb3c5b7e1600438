//! Keys: their checks, their patches, their files.
#![allow(clippy::unwrap_used)]

use postern_api_model::apigateway::Op;
use serde_json::{Value as Json, json};

use super::*;
use crate::server::fixture::{self, Bench, patch, refusal};

fn key() -> ApiKey {
    ApiKey {
        id: "key1234567".into(),
        value: Hidden::new("v".repeat(20)),
        name: None,
        description: None,
        customer_id: None,
        enabled: false,
        created: 0,
        last_updated: 0,
        stage_keys: BTreeSet::new(),
        labels: BTreeSet::new(),
        usage_plans: BTreeSet::new(),
        tags: Default::default(),
    }
}

#[test]
fn bounds_of_what_a_key_has() {
    assert_eq!(checked_name(Some("n".repeat(1024))).unwrap().unwrap().len(), 1024);
    assert_eq!(refusal(checked_name(Some("n".repeat(1025)))).1, "Invalid API Key name, can be at most 1024 characters.");
    assert_eq!(checked_value(None).unwrap().len(), 40);
    assert_eq!(checked_value(Some(String::new())).unwrap().len(), 40);
    for length in [20, 128] {
        assert_eq!(checked_value(Some("v".repeat(length))).unwrap().len(), length);
    }
    assert_eq!(refusal(checked_value(Some("v".repeat(19)))).1, "API Key value should be at least 20 characters");
    assert_eq!(refusal(checked_value(Some("v".repeat(129)))).1, "API Key value exceeds maximum size of 128 characters");
    assert!(checked_description(Some("d".repeat(125_000))).is_ok());
    assert_eq!(refusal(checked_description(Some("d".repeat(125_001)))).1, "Invalid API Key description specified.");
}

#[test]
fn each_path_can_be_patched() {
    let mut key = key();
    let operations = [
        patch(Op::Replace, "/name", "n"),
        patch(Op::Replace, "/description", "d"),
        patch(Op::Replace, "/customerId", "c"),
        patch(Op::Replace, "/enabled", "true"),
        patch(Op::Add, "/labels", "l"),
        patch(Op::Add, "/stages", "api/dev"),
        patch(Op::Add, "/stages", "api/prod"),
        patch(Op::Remove, "/stages", "api/dev"),
    ];
    for operation in operations {
        patch::apply(&mut key, &operation).unwrap();
    }
    assert_eq!((key.name.as_deref(), key.description.as_deref(), key.customer_id.as_deref()), (Some("n"), Some("d"), Some("c")));
    assert!(key.enabled);
    assert_eq!((key.labels, key.stage_keys), (["l".to_owned()].into(), ["api/prod".to_owned()].into()));
}

#[test]
fn what_a_patch_cannot_do() {
    let operation = |ops| format!("Invalid patch operation specified. Must be one of: [{ops}]");
    let cases = [
        (patch(Op::Add, "/name", "n"), operation("replace")),
        (patch(Op::Remove, "/enabled", ""), operation("replace")),
        (patch(Op::Replace, "/stages", "a/b"), operation("add, remove")),
        (patch(Op::Add, "/stages", ""), "Invalid value for /stages: it must not be empty".to_owned()),
        (patch(Op::Replace, "/value", "x"), "Invalid patch path /value".to_owned()),
        (patch(Op::Replace, "/name/x", "x"), "Invalid patch path /name/x".to_owned()),
    ];
    for (operation, text) in cases {
        assert_eq!(refusal(patch::apply(&mut key(), &operation)), (400, text));
    }
}

async fn import(bench: &Bench, query: &str, file: &str) -> (u16, Json) {
    let (status, _, body) = bench.call("POST", &format!("/apikeys?mode=import&format=csv{query}"), file).await;
    (status, body)
}

async fn keys(bench: &Bench) -> Vec<Json> {
    let (_, _, body) = bench.call("GET", "/apikeys?includeValues=true", "").await;
    body["item"].as_array().unwrap().clone()
}

#[tokio::test]
async fn no_two_keys_have_one_value() {
    let bench = Bench::dev().await;
    let body = json!({"value": "v".repeat(20)}).to_string();
    let (status, _, made) = bench.call("POST", "/apikeys", &body).await;
    assert_eq!((status, made["createdDate"].clone()), (201, json!(fixture::NOW_S)));
    let (status, code, refused) = bench.call("POST", "/apikeys", &body).await;
    assert_eq!((status, code.as_str(), refused), (409, "ConflictException", json!({"message": "API Key already exists"})));
    let one = format!("/apikeys/{}", made["id"].as_str().unwrap());
    assert_eq!(bench.call("GET", &one, "").await.2.get("value"), None);
    assert_eq!(bench.call("GET", &format!("{one}?includeValue=true"), "").await.2, made);
    assert_eq!(bench.call("DELETE", &one, "").await.0, 202);
    assert_eq!(bench.call("POST", "/apikeys", &body).await.0, 201, "a deleted key's value is free again");
}

#[tokio::test]
async fn of_writers_with_one_value_one_wins() {
    let bench = std::sync::Arc::new(Bench::dev().await);
    let body = json!({"value": "v".repeat(20)}).to_string();
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let (bench, body) = (bench.clone(), body.clone());
            tokio::spawn(async move { bench.call("POST", "/apikeys", &body).await.0 })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[409; 15]].concat());
    assert_eq!(keys(&bench).await.len(), 1);
}

#[tokio::test]
async fn a_stage_key_names_a_stage_that_is_there() {
    let bench = Bench::dev().await;
    let body = |api: &str, stage: &str| json!({"stageKeys": [{"restApiId": api, "stageName": stage}]}).to_string();
    let (status, _, refused) = bench.call("POST", "/apikeys", &body("none", "dev")).await;
    assert_eq!((status, refused), (404, json!({"message": "Invalid API identifier specified 111111111111:none"})));
    let (status, _, refused) = bench.call("POST", "/apikeys", &body(fixture::API, "dev")).await;
    assert_eq!((status, refused), (404, json!({"message": "Invalid stage identifier specified"})));
    assert_eq!(bench.call("POST", &format!("/restapis/{}/deployments", fixture::API), r#"{"stageName": "dev"}"#).await.0, 201);
    let (status, _, made) = bench.call("POST", "/apikeys", &body(fixture::API, "dev")).await;
    assert_eq!((status, made["stageKeys"].clone()), (201, json!([format!("{}/dev", fixture::API)])));
}

#[tokio::test]
async fn a_file_makes_keys_and_puts_them_into_plans() {
    let bench = Bench::dev().await;
    let (_, _, plan) = bench.call("POST", "/usageplans", r#"{"name": "p"}"#).await;
    let plan = plan["id"].as_str().unwrap();
    let (one, two) = ("a".repeat(20), "b".repeat(128));
    let file = format!("Name,KEY,other,description,Enabled,usageplanIds\nfirst,{one},x,'a, b',TRUE,\"{plan}\"\n,{two},,,false\n");
    let (status, made) = import(&bench, "", &file).await;
    assert_eq!((status, made.get("warnings")), (201, None));
    let all = keys(&bench).await;
    let by_value = |value: &str| all.iter().find(|key| key["value"] == value).unwrap().clone();
    let first = by_value(&one);
    assert_eq!((&first["name"], &first["description"], &first["enabled"]), (&json!("first"), &json!("a, b"), &json!(true)));
    let second = by_value(&two);
    assert_eq!((second.get("name"), &second["enabled"]), (None, &json!(false)));
    assert_eq!(made["ids"], json!([first["id"], second["id"]]));
    let (_, _, members) = bench.call("GET", &format!("/usageplans/{plan}/keys"), "").await;
    assert_eq!(members["item"][0]["id"], first["id"]);
    // Again: the same keys, with what the newest row says.
    let again = format!("key,name\n{one},old\n{one},new\n");
    assert_eq!(import(&bench, "", &again).await, (201, json!({"ids": [first["id"]]})));
    assert_eq!(keys(&bench).await.len(), 2);
    let (_, _, shown) = bench.call("GET", &format!("/apikeys/{}", first["id"].as_str().unwrap()), "").await;
    assert_eq!((shown["name"].clone(), shown.get("description")), (json!("new"), None));
}

#[tokio::test]
async fn what_is_wrong_with_a_file() {
    let bench = Bench::dev().await;
    for (file, text) in [
        ("", "Invalid API key file: it is empty"),
        ("name\nx", "Invalid API key file: it has no column Key"),
        ("key\nx", "Invalid API key file: it has no column Name"),
    ] {
        assert_eq!(import(&bench, "", file).await, (400, json!({"message": text})));
    }
    let good = "g".repeat(20);
    let file = format!("key,name,enabled,usageplanids\nshort,n\n{good},n,,none\n{},n,maybe\n", "m".repeat(20));
    let warnings = [
        "Line 2: API Key value should be at least 20 characters",
        "Line 4: Invalid value for Enabled: maybe. Must be true or false",
        "Line 3: Usage Plan none: Invalid Usage Plan ID specified",
    ];
    let text = format!("Warnings found during import:\n\t{}", warnings.join("\n\t"));
    assert_eq!(import(&bench, "&failonwarnings=true", &file).await, (400, json!({"message": text})));
    assert!(keys(&bench).await.is_empty());
    let (status, made) = import(&bench, "&failonwarnings=false", &file).await;
    assert_eq!((status, made["warnings"].clone()), (201, json!(warnings)));
    assert_eq!(made["ids"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_is_bounded_in_rows_and_in_plans() {
    let bench = Bench::dev().await;
    let (status, refused) = import(&bench, "", &format!("key,name\n{}", "x\n".repeat(10_001))).await;
    assert_eq!((status, refused), (400, json!({"message": "Invalid API key file: it has more than 10000 rows"})));
    let plans: Vec<String> = (0..11).map(|n| format!("plan{n}")).collect();
    let file = format!("key,name,usageplanids\n{},n,\"{}\"", "g".repeat(20), plans.join(","));
    let text = "Line 2: Invalid value for UsagePlanIds: a key can be in at most 10 usage plans";
    assert_eq!(import(&bench, "", &file).await, (201, json!({"ids": [], "warnings": [text]})));
}
