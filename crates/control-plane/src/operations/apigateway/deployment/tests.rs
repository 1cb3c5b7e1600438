//! Deployments: what they make, what refuses them, what they leave behind.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::server::fixture::{self, API, Bench, NOW_S, patch, refusal};
use serde_json::{Value, json};

fn on(stage: &str) -> CreateDeploymentInput {
    CreateDeploymentInput { stage_name: Some(stage.into()), ..Default::default() }
}

fn create(api: &mut RestApi, input: &CreateDeploymentInput) -> String {
    create_in(api, input, NOW_S).unwrap().0.id.unwrap()
}

fn with_canary(stage: Option<&str>) -> CreateDeploymentInput {
    let overrides = IndexMap::from([("a".to_owned(), "canary".to_owned())]);
    let settings = DeploymentCanarySettings {
        percent_traffic: Some(50.0),
        stage_variable_overrides: Some(overrides),
        use_stage_cache: None,
    };
    CreateDeploymentInput { stage_name: stage.map(str::to_owned), canary_settings: Some(settings), ..Default::default() }
}

#[test]
fn a_deployment_makes_a_stage_and_the_next_one_moves_it() {
    let mut api = fixture::api();
    let input = CreateDeploymentInput {
        stage_description: Some("first".into()),
        cache_cluster_enabled: Some(true),
        variables: Some(IndexMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "1".to_owned())])),
        ..on("dev")
    };
    let first = create(&mut api, &input);
    let second = CreateDeploymentInput {
        variables: Some(IndexMap::from([("b".to_owned(), "2".to_owned())])),
        cache_cluster_enabled: Some(false),
        tracing_enabled: Some(true),
        ..on("dev")
    };
    assert_eq!(api.stages["dev"].deployment_id, first);
    assert!(api.stages["dev"].cache_cluster_enabled);
    let second = create(&mut api, &second);
    let stage = &api.stages["dev"];
    assert_eq!((stage.deployment_id.as_str(), stage.description.as_deref()), (second.as_str(), Some("first")));
    assert_eq!((stage.variables["a"].as_str(), stage.variables["b"].as_str()), ("1", "2"));
    assert!(stage.tracing_enabled && !stage.cache_cluster_enabled);
}

#[test]
fn no_stage_is_made_without_a_name() {
    let mut api = fixture::api();
    // Terraform sends both of these even when they are not configured.
    let input =
        CreateDeploymentInput { description: Some(String::new()), variables: Some(IndexMap::new()), ..Default::default() };
    let (shown, writes) = create_in(&mut api, &input, NOW_S).unwrap();
    assert_eq!((shown.description, shown.api_summary), (None, None));
    create(&mut api, &on(""));
    assert_eq!((api.deployments.len(), api.stages.len(), writes.len()), (2, 0, 1));
}

#[test]
fn what_cannot_be_deployed() {
    let refused =
        |api: &RestApi, input: &CreateDeploymentInput| refusal(create_in(&mut api.clone(), input, NOW_S).map(|made| made.0)).1;
    let mut api = fixture::api();
    assert_eq!(refused(&api, &on("a b")), "Stage name only allows a-zA-Z0-9_-");
    let late = CreateDeploymentInput { stage_description: Some("d".into()), ..on("dev") };
    create(&mut api, &on("dev"));
    let text = "StageDescription cannot be specified when stage referenced by StageName already exists";
    assert_eq!(refused(&api, &late), text);
    let root = api.definition.resources.get_mut(fixture::ROOT).unwrap();
    root.methods.get_mut("GET").unwrap().authorizer_id = Some("gone00".into());
    assert_eq!(refused(&api, &on("dev")), "Invalid Authorizer identifier specified");
    let root = api.definition.resources.get_mut(fixture::ROOT).unwrap();
    root.methods.get_mut("GET").unwrap().integration = None;
    assert_eq!(refused(&api, &on("dev")), "No integration defined for method");
    api.definition.resources.get_mut(fixture::ROOT).unwrap().methods.clear();
    assert_eq!(refused(&api, &on("dev")), "The REST API doesn't contain any methods");
}

#[test]
fn a_canary_needs_a_stage_that_is_there() {
    let mut api = fixture::api();
    let first = create(&mut api, &on("dev"));
    let invalid = |text: &str| (400, format!("Invalid deployment content specified.{text}"));
    let must = "Non null and non empty stageName must be provided for canary deployment. Provided value is ";
    let unknown = "Stage other must already be created before making a canary release deployment";
    for (stage, text) in [(None, format!("{must}null")), (Some(""), must.to_owned()), (Some("other"), unknown.to_owned())] {
        let result = create_in(&mut api, &with_canary(stage), NOW_S).map(|made| made.0);
        assert_eq!(refusal(result), invalid(&text));
    }
    let second = create(&mut api, &with_canary(Some("dev")));
    let stage = &api.stages["dev"];
    let canary = stage.canary_settings.as_ref().unwrap();
    assert_eq!((stage.deployment_id.as_str(), canary.deployment_id.as_str()), (first.as_str(), second.as_str()));
    assert_eq!((canary.percent_traffic, canary.use_stage_cache), (50.0, false));
}

#[test]
fn a_deployment_that_is_served_stays() {
    let mut api = fixture::api();
    let first = create(&mut api, &on("dev"));
    let text = "Active stages pointing to this deployment must be moved or deleted";
    assert_eq!(refusal(delete_in(&mut api, &first)), (400, text.to_owned()));
    let second = create(&mut api, &with_canary(Some("dev")));
    let text = "Active stages with canary settings pointing to this deployment must be moved or deleted";
    assert_eq!(refusal(delete_in(&mut api, &second)), (400, text.to_owned()));
    create(&mut api, &on("dev"));
    delete_in(&mut api, &first).unwrap();
    assert_eq!(refusal(delete_in(&mut api, &first)), (404, "Invalid Deployment identifier specified".to_owned()));
}

#[test]
fn only_the_description_can_be_patched() {
    let mut deployment = Deployment { id: "abc123".into(), created: 0, description: None };
    apply(&mut deployment, &patch(Op::Replace, "/description", "d")).unwrap();
    assert_eq!(deployment.description.as_deref(), Some("d"));
    apply(&mut deployment, &patch(Op::Replace, "/description", "")).unwrap();
    assert_eq!(deployment.description, None);
    let operation = "Invalid patch operation specified. Must be one of: [replace]";
    for (patch, text) in [
        (patch(Op::Add, "/description", "d"), operation),
        (patch(Op::Remove, "/description", ""), operation),
        (patch(Op::Replace, "/id", "d"), "Invalid patch path /id"),
    ] {
        assert_eq!(refusal(apply(&mut deployment, &patch)), (400, text.to_owned()));
    }
}

/// A client that was told of a failure would make a second deployment.
#[tokio::test]
async fn a_deployment_that_is_stored_and_not_served_is_acknowledged() {
    let bench = Bench::dev().await;
    bench.notebook.serves_nothing.store(true, std::sync::atomic::Ordering::SeqCst);
    let all = format!("/restapis/{API}/deployments");
    let (status, _, made) = bench.call("POST", &all, r#"{"stageName": "dev"}"#).await;
    assert_eq!(status, 201);
    assert_eq!(*bench.notebook.published.lock().unwrap(), [API]);
    let stage = bench.call("GET", &format!("/restapis/{API}/stages/dev"), "").await.2;
    assert_eq!(stage["deploymentId"], made["id"]);
}

#[tokio::test]
async fn the_life_of_a_deployment() {
    let bench = Bench::dev().await;
    let all = format!("/restapis/{API}/deployments");
    let (status, _, made) = bench.call("POST", &all, r#"{"stageName": "dev", "description": "d"}"#).await;
    let one = format!("{all}/{}", made["id"].as_str().unwrap());
    let shown = json!({"id": made["id"], "description": "d", "createdDate": NOW_S});
    assert_eq!((status, &made), (201, &shown));
    assert_eq!(*bench.notebook.published.lock().unwrap(), [API]);
    assert_eq!(bench.call("GET", &one, "").await.2, shown);
    let with_summary = bench.call("GET", &format!("{one}?embed=apisummary"), "").await.2;
    assert_eq!(with_summary["apiSummary"], json!({"/": {"GET": {"authorizationType": "NONE", "apiKeyRequired": false}}}));
    assert_eq!(bench.call("GET", &all, "").await.2, json!({"item": [shown]}));
    let patched =
        bench.call("PATCH", &one, r#"{"patchOperations": [{"op": "replace", "path": "/description", "value": "e"}]}"#).await;
    assert_eq!(patched.2["description"], "e");
    assert_eq!(bench.call("DELETE", &one, "").await.0, 400);
    assert_eq!(bench.call("DELETE", &format!("/restapis/{API}/stages/dev"), "").await.0, 202);
    assert_eq!(bench.call("DELETE", &one, "").await, (202, String::new(), Value::Null));
    assert_eq!(bench.call("GET", &one, "").await.0, 404);
    let id = postern_store::snapshot_id(API, made["id"].as_str().unwrap());
    let left = postern_store::load::<DeploymentSnapshot>(bench.store.as_ref(), &fixture::scope(), &id).await.unwrap();
    assert!(left.is_none(), "the frozen definition goes with its deployment");
}

#[tokio::test]
async fn what_is_not_found() {
    let bench = Bench::dev().await;
    let empty = r#"{"patchOperations": []}"#;
    for (method, body) in [("GET", ""), ("PATCH", empty), ("DELETE", "")] {
        let (status, _, answer) = bench.call(method, &format!("/restapis/{API}/deployments/none00"), body).await;
        assert_eq!((status, answer), (404, json!({"message": "Invalid Deployment identifier specified"})));
        assert_eq!(bench.call(method, "/restapis/none/deployments/none00", body).await.0, 404);
    }
    assert_eq!(bench.call("POST", "/restapis/none/deployments", "{}").await.0, 404);
    assert_eq!(bench.call("GET", "/restapis/none/deployments", "").await.0, 404);
}
