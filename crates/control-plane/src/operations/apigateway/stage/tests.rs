//! Stages: creation, every PATCH path, canaries, texts.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::server::fixture::{self, ACCOUNT, API, Bench, NOW_S, copy, patch, refusal};
use postern_api_model::apigateway::Op;
use postern_api_model::rest_api::Deployment;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111111111111:role/logs";

/// An API with two deployments and a stage of the first.
fn api() -> RestApi {
    let mut api = fixture::api();
    for id in ["first1", "second"] {
        api.deployments.insert(id.into(), Deployment { id: id.into(), created: 0, description: None });
    }
    let stage = new(&api, "dev", "first1", 0).unwrap();
    api.stages.insert("dev".into(), stage);
    api
}

fn input(name: &str) -> CreateStageInput {
    CreateStageInput { stage_name: name.into(), deployment_id: "first1".into(), ..Default::default() }
}

/// The stage after some operations, or the refusal.
fn patched(patches: &[Patch]) -> Result<Stage, ApiError> {
    let mut api = api();
    update_in(&mut api, "dev", patches, &BTreeSet::from(["cert12".to_owned()]), Logging::Refused, NOW_S)
        .map(|_| api.stages.remove("dev").unwrap())
}

/// A member of the stage as it is stored after some operations.
fn stored(patches: &[Patch], pointer: &str) -> Value {
    let stage = serde_json::to_value(patched(patches).unwrap()).unwrap();
    stage.pointer(pointer).cloned().unwrap_or(Value::Null)
}

#[test]
fn a_new_stage_has_the_services_defaults() {
    let mut api = api();
    let stage = create_in(&mut api, &input("new"), NOW_S).unwrap();
    let wanted = Shown {
        stage_name: Some("new".into()),
        deployment_id: Some("first1".into()),
        cache_cluster_enabled: Some(false),
        cache_cluster_status: Some(CacheClusterStatus::NotAvailable),
        created_date: Some(Timestamp(NOW_S)),
        last_updated_date: Some(Timestamp(NOW_S)),
        method_settings: Some(IndexMap::new()),
        tracing_enabled: Some(false),
        ..Default::default()
    };
    assert_eq!(stage, wanted);
}

#[test]
fn everything_that_is_given_is_shown() {
    let mut api = api();
    let variables = IndexMap::from([("a".to_owned(), "1".to_owned())]);
    let given = CreateStageInput {
        description: Some("d".into()),
        variables: Some(variables.clone()),
        cache_cluster_enabled: Some(true),
        tracing_enabled: Some(true),
        tags: Some(variables.clone()),
        canary_settings: Some(ShownCanary { percent_traffic: Some(10.0), ..Default::default() }),
        ..input("new")
    };
    let stage = create_in(&mut api, &given, NOW_S).unwrap();
    assert_eq!((stage.description.as_deref(), stage.tracing_enabled), (Some("d"), Some(true)));
    assert_eq!((stage.variables.as_ref(), stage.tags.as_ref()), (Some(&variables), Some(&variables)));
    assert_eq!(
        (stage.cache_cluster_size, stage.cache_cluster_status),
        (Some(CacheClusterSize::V05), Some(CacheClusterStatus::Available))
    );
    let canary = ShownCanary {
        deployment_id: Some("first1".into()),
        percent_traffic: Some(10.0),
        stage_variable_overrides: None,
        use_stage_cache: Some(false),
    };
    assert_eq!(stage.canary_settings, Some(canary));
}

#[test]
fn what_cannot_be_created() {
    let one = |name: String, value: String| Some(IndexMap::from([(name, value)]));
    let cases = [
        (CreateStageInput { deployment_id: String::new(), ..input("new") }, 400, "DeploymentId cannot be empty"),
        (CreateStageInput { deployment_id: "none00".into(), ..input("new") }, 400, "Deployment id does not exist"),
        (input("dev"), 409, "Stage already exists"),
        (input(""), 400, "Stage name only allows a-zA-Z0-9_-"),
        (input("$default"), 400, "Stage name only allows a-zA-Z0-9_-"),
        (input(&"a".repeat(129)), 400, "Stage name can be at most 128 characters"),
        (
            CreateStageInput { documentation_version: Some("1".into()), ..input("new") },
            400,
            "Invalid Documentation version specified",
        ),
        (CreateStageInput { variables: one("a-b".into(), "1".into()), ..input("new") }, 400, "Stage variable name"),
        (CreateStageInput { variables: one("a".repeat(65), "1".into()), ..input("new") }, 400, "Stage variable name"),
        (CreateStageInput { variables: one("a".into(), "v".repeat(513)), ..input("new") }, 400, "Stage variable value"),
        (CreateStageInput { variables: one("a".into(), "<".into()), ..input("new") }, 400, "Stage variable value"),
        (CreateStageInput { tags: one("aws:a".into(), String::new()), ..input("new") }, 400, "Invalid tag key"),
    ];
    for (input, status, text) in cases {
        let (found, message) = refusal(create_in(&mut api(), &input, NOW_S));
        assert!(found == status && message.starts_with(text), "{found} {message}");
    }
    for count in [100, 101] {
        let variables = (0..count).map(|n| (format!("v{n}"), String::new())).collect();
        let made = create_in(&mut api(), &CreateStageInput { variables: Some(variables), ..input("new") }, NOW_S);
        assert_eq!(made.is_ok(), count == 100);
    }
}

#[test]
fn an_api_has_ten_stages_at_most() {
    let mut api = api();
    for n in 1..10 {
        create_in(&mut api, &input(&format!("s{n}")), NOW_S).unwrap();
    }
    let error = create_in(&mut api, &input("s10"), NOW_S).unwrap_err();
    assert_eq!((error.code, error.status), ("LimitExceededException", 429));
}

/// Every path that replace takes, the value it is given, and what is stored under a pointer afterwards.
#[test]
fn each_path_can_be_replaced() {
    let arn = "arn:aws:logs:us-east-1:111111111111:log-group:g";
    let cases = [
        ("/deploymentId", "second", "/deployment_id", json!("second")),
        ("/description", "d", "/description", json!("d")),
        ("/description", "", "/description", Value::Null),
        ("/cacheClusterEnabled", "true", "/cache_cluster_size", json!("0.5")),
        ("/cacheClusterSize", "6.1", "/cache_cluster_size", json!("6.1")),
        ("/clientCertificateId", "cert12", "/client_certificate_id", json!("cert12")),
        ("/clientCertificateId", "", "/client_certificate_id", Value::Null),
        ("/documentationVersion", "", "/documentation_version", Value::Null),
        ("/tracingEnabled", "true", "/tracing_enabled", json!(true)),
        ("/variables/a", "1", "/variables", json!({"a": "1"})),
        ("/variables/a", "", "/variables", json!({"a": ""})),
        ("/variables", r#"{"b": "2"}"#, "/variables", json!({"b": "2"})),
        ("/accessLogSettings/destinationArn", arn, "/access_log_settings", json!({"destination_arn": arn})),
        ("/accessLogSettings/format", "$context.requestId", "/access_log_settings/format", json!("$context.requestId")),
        ("/accessLogSettings/format", "$context.extendedRequestId\n", "/access_log_settings/destination_arn", Value::Null),
        ("/accessLogSettings/format", "", "/access_log_settings", Value::Null),
        ("/canarySettings/deploymentId", "second", "/canary_settings/deployment_id", json!("second")),
        ("/canarySettings/percentTraffic", "33.330000", "/canary_settings/percent_traffic", json!(33.33)),
        ("/canarySettings/percentTraffic", "50", "/canary_settings/deployment_id", json!("first1")),
        ("/canarySettings/useStageCache", "true", "/canary_settings/use_stage_cache", json!(true)),
        ("/canarySettings/stageVariableOverrides/a", "1", "/canary_settings/stage_variable_overrides", json!({"a": "1"})),
        ("/*/*/metrics/enabled", "true", "/method_settings/*~1*/metrics_enabled", json!(true)),
        ("/*/*/logging/loglevel", "OFF", "/method_settings/*~1*/logging_level", json!("OFF")),
        ("/*/*/logging/loglevel", "", "/method_settings/*~1*/logging_level", Value::Null),
        ("/*/*/logging/dataTrace", "true", "/method_settings/*~1*/data_trace_enabled", json!(true)),
        ("/*/*/throttling/burstLimit", "-1", "/method_settings/*~1*/throttling_burst_limit", json!(-1)),
        ("/*/*/throttling/rateLimit", "-1.000000", "/method_settings/*~1*/throttling_rate_limit", json!(-1.0)),
        ("/*/*/caching/enabled", "true", "/method_settings/*~1*/caching_enabled", json!(true)),
        ("/*/*/caching/ttlInSeconds", "0", "/method_settings/*~1*/cache_ttl_in_seconds", json!(0)),
        ("/*/*/caching/dataEncrypted", "true", "/method_settings/*~1*/cache_data_encrypted", json!(true)),
        (
            "/*/*/caching/requireAuthorizationForCacheControl",
            "false",
            "/method_settings/*~1*/require_authorization_for_cache_control",
            json!(false),
        ),
        (
            "/*/*/caching/unauthorizedCacheControlHeaderStrategy",
            "FAIL_WITH_403",
            "/method_settings/*~1*/unauthorized_cache_control_header_strategy",
            json!("FAIL_WITH_403"),
        ),
    ];
    for (path, value, pointer, wanted) in cases {
        assert_eq!(stored(&[patch(Op::Replace, path, value)], pointer), wanted, "{path} {value}");
    }
}

/// The key echoes the path as it was patched: Terraform looks its setting up under what it sent.
#[test]
fn keys_of_method_settings() {
    for key in ["*/*", "~1pets/GET", "~1/GET", "~1pets~1{id}/GET", "test/GET", "/test/GET", "a/b/GET", "*/GET", "~1pets/*"] {
        let replace = patch(Op::Replace, &format!("/{key}/throttling/rateLimit"), "5.5");
        let stage = patched(std::slice::from_ref(&replace)).unwrap();
        assert_eq!(stage.method_settings.keys().collect::<Vec<_>>(), [key]);
        assert_eq!(stage.method_settings[key].throttling_rate_limit, 5.5);
        let removed = patched(&[replace, patch(Op::Remove, &format!("/{key}"), "")]).unwrap();
        assert!(removed.method_settings.is_empty(), "{key}");
    }
}

#[test]
fn what_can_be_removed() {
    let add_log = patch(Op::Add, "/accessLogSettings/destinationArn", "arn:aws:logs:x");
    let add_format = patch(Op::Add, "/accessLogSettings/format", "$context.requestId");
    let variable = |name: &str| patch(Op::Replace, &format!("/variables/{name}"), "1");
    let overriding = |name: &str| patch(Op::Replace, &format!("/canarySettings/stageVariableOverrides/{name}"), "1");
    let remove = |path: &str| patch(Op::Remove, path, "");
    let cases = [
        (vec![add_log.clone(), remove("/accessLogSettings")], "/access_log_settings", Value::Null),
        (vec![remove("/accessLogSettings")], "/access_log_settings", Value::Null),
        (vec![add_log.clone(), remove("/accessLogSettings/destinationArn")], "/access_log_settings", Value::Null),
        (
            vec![add_log, add_format, remove("/accessLogSettings/destinationArn")],
            "/access_log_settings",
            json!({"format": "$context.requestId"}),
        ),
        (vec![variable("a"), variable("b"), remove("/variables/a")], "/variables", json!({"b": "1"})),
        (vec![variable("a"), remove("/variables")], "/variables", json!({})),
        (vec![overriding("a"), remove("/canarySettings")], "/canary_settings", Value::Null),
        (
            vec![overriding("a"), overriding("b"), remove("/canarySettings/stageVariableOverrides/a")],
            "/canary_settings/stage_variable_overrides",
            json!({"b": "1"}),
        ),
    ];
    for (patches, pointer, wanted) in cases {
        assert_eq!(stored(&patches, pointer), wanted);
    }
}

#[test]
fn what_a_patch_cannot_do() {
    let unknown = |path: &str| format!("Invalid method setting path: {path}. Must be one of: [/deploymentId, /description, ");
    let no_setting =
        |path: &str| format!("Cannot remove method setting {path} because there is no method setting for this method ");
    let replace = |path: &str, value: &str| patch(Op::Replace, path, value);
    let remove = |path: &str| patch(Op::Remove, path, "");
    let add = |path: &str| patch(Op::Add, path, "x");
    let cases = [
        (replace("/canarySettings", "x"), unknown("/canarySettings")),
        (replace("/canarySettings/badPath", "x"), unknown("/canarySettings/badPath")),
        (replace("/nothing", "x"), unknown("/nothing")),
        (replace("/accessLogSettings", "x"), unknown("/accessLogSettings")),
        (replace("/*/*/metrics/wrong", "x"), unknown("/*/*/metrics/wrong")),
        (replace("/metrics/enabled", "true"), unknown("/metrics/enabled")),
        (remove("/canarySettings/stageVariableOverrides"), no_setting("canarySettings/stageVariableOverrides")),
        (remove("/canarySettings/badPath"), no_setting("canarySettings/badPath")),
        (remove("/*/*"), no_setting("*/*")),
        (remove("/variables/none"), no_setting("variables/none")),
        (remove("/description"), no_setting("description")),
        (add("/canarySettings/deploymentId"), "Invalid add operation with path: /canarySettings/deploymentId".into()),
        (add("/variables/a"), "Invalid add operation with path: /variables/a".into()),
        (add("/*/*/metrics/enabled"), "Invalid add operation with path: /*/*/metrics/enabled".into()),
        (patch(Op::Move, "/description", ""), "Invalid move operation with path: /description".into()),
        (patch(Op::Test, "/description", ""), "Invalid test operation with path: /description".into()),
        (replace("/deploymentId", "none00"), "Deployment id does not exist".into()),
        (replace("/canarySettings/deploymentId", "none00"), "Deployment id does not exist".into()),
        (replace("/canarySettings/percentTraffic", "100.1"), "Invalid percentTraffic value 100.1".into()),
        (replace("/canarySettings/percentTraffic", "NaN"), "Invalid percentTraffic value NaN".into()),
        (replace("/canarySettings/percentTraffic", "half"), "Invalid value half for percentTraffic".into()),
        (replace("/cacheClusterSize", "1"), "Invalid cache cluster size: 1".into()),
        (replace("/clientCertificateId", "abc123"), "Invalid Client Certificate identifier specified".into()),
        (replace("/documentationVersion", "1"), "Invalid Documentation version specified".into()),
        (replace("/variables", "no json"), "Invalid value for /variables".into()),
        (replace("/variables/a-b", "1"), "Stage variable name".into()),
        (replace("/accessLogSettings/destinationArn", "nonsense"), "Invalid ARN specified in the request".into()),
        (
            replace("/accessLogSettings/destinationArn", "arn:aws:logs:a:b:log-group:g:*"),
            "Invalid ARN specified in the request".into(),
        ),
        (replace("/accessLogSettings/format", "$context.requestId\na"), "Access Log format must be single line".into()),
        (replace("/accessLogSettings/format", "$context.status"), "Access Log format must include at least".into()),
        (replace("/accessLogSettings/format", &"$context.requestId".repeat(200)), "Access Log format exceeds".into()),
        (replace("/*/*/logging/loglevel", "DEBUG"), "Invalid logging level: DEBUG".into()),
        (
            replace("/*/*/logging/loglevel", "INFO"),
            "CloudWatch Logs role ARN must be set in account settings to enable logging".into(),
        ),
        (replace("/*/*/throttling/burstLimit", "1.5"), "Invalid value 1.5 for /*/*/throttling/burstLimit".into()),
        (replace("/*/*/throttling/rateLimit", "-0.5"), "Invalid value -0.5 for /*/*/throttling/rateLimit".into()),
        (replace("/*/*/caching/ttlInSeconds", "3601"), "Invalid value 3601 for /*/*/caching/ttlInSeconds".into()),
        (
            replace("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "x"),
            "Invalid unauthorizedCacheControlHeaderStrategy: x".into(),
        ),
    ];
    for (patch, text) in cases {
        let (status, message) = refusal(patched(std::slice::from_ref(&patch)));
        assert!(status == 400 && message.starts_with(&text), "{}: {status} {message}", patch.path_text());
    }
}

/// As recorded: the leading replace makes the canary that the copies need, overrides are merged, the canary survives.
#[test]
fn a_canary_is_promoted_by_copies() {
    let promotion = [
        patch(Op::Replace, "/canarySettings/percentTraffic", "0.0"),
        copy("/deploymentId", "/canarySettings/deploymentId"),
        copy("/variables", "/canarySettings/stageVariableOverrides"),
    ];
    let mut patches = vec![
        patch(Op::Replace, "/variables/a", "stage"),
        patch(Op::Replace, "/variables/b", "stage"),
        patch(Op::Replace, "/canarySettings/deploymentId", "second"),
        patch(Op::Replace, "/canarySettings/stageVariableOverrides/a", "canary"),
    ];
    patches.extend(promotion.clone());
    let stage = patched(&patches).unwrap();
    assert_eq!(stage.deployment_id, "second");
    assert_eq!((stage.variables["a"].as_str(), stage.variables["b"].as_str()), ("canary", "stage"));
    let canary = stage.canary_settings.unwrap();
    assert_eq!((canary.percent_traffic, canary.stage_variable_overrides.len()), (0.0, 1));

    assert_eq!(patched(&promotion).unwrap().deployment_id, "first1");
    let (_, text) = refusal(patched(&promotion[1..]));
    assert_eq!(text, "Promotion not available. Canary does not exist.");
    let (_, text) = refusal(patched(&[copy("/canarySettings/stageVariableOverrides", "/variables")]));
    let wanted = "Invalid copy operation with path: /canarySettings/stageVariableOverrides and from /variables. Valid copy:path are \
                  [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, \
                  /canarySettings/stageVariableOverrides]";
    assert_eq!(text, wanted);
}

#[test]
fn bounds_hold_for_the_whole_request() {
    let many =
        |path: &str, count: usize| (0..count).map(|n| patch(Op::Replace, &format!("{path}/v{n}"), "1")).collect::<Vec<_>>();
    for path in ["/variables", "/canarySettings/stageVariableOverrides"] {
        assert!(patched(&many(path, 100)).is_ok());
        assert_eq!(refusal(patched(&many(path, 101))).0, 400);
    }
    let mut then_fewer = many("/variables", 101);
    then_fewer.push(patch(Op::Remove, "/variables/v0", ""));
    assert!(patched(&then_fewer).is_ok(), "only the outcome counts");
}

#[test]
fn an_empty_patch_leaves_the_date() {
    assert_eq!(patched(&[]).unwrap().last_updated, 0);
    assert_eq!(patched(&[patch(Op::Replace, "/description", "d")]).unwrap().last_updated, NOW_S);
}

#[tokio::test]
async fn the_life_of_a_stage() {
    let bench = Bench::dev().await;
    let deployments = format!("/restapis/{API}/deployments");
    let stages = format!("/restapis/{API}/stages");
    let id = bench.call("POST", &deployments, "{}").await.2["id"].clone();
    let body = json!({"stageName": "s1", "deploymentId": id, "description": "my stage"}).to_string();
    let (status, _, made) = bench.call("POST", &stages, &body).await;
    let mut wanted = json!({
        "cacheClusterEnabled": false, "cacheClusterStatus": "NOT_AVAILABLE", "createdDate": NOW_S, "deploymentId": id,
        "description": "my stage", "lastUpdatedDate": NOW_S, "methodSettings": {}, "stageName": "s1", "tracingEnabled": false,
    });
    assert_eq!((status, &made), (201, &wanted));
    let one = format!("{stages}/s1");
    let operation =
        |op: &str, path: &str, value: &str| json!({"patchOperations": [{"op": op, "path": path, "value": value}]}).to_string();
    let updated = bench.call("PATCH", &one, &operation("replace", "/*/*/caching/enabled", "true")).await.2;
    wanted["methodSettings"]["*/*"] = json!({
        "cacheDataEncrypted": false, "cacheTtlInSeconds": 300, "cachingEnabled": true, "dataTraceEnabled": false,
        "metricsEnabled": false, "requireAuthorizationForCacheControl": true, "throttlingBurstLimit": 5000,
        "throttlingRateLimit": 10000.0, "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    });
    assert_eq!(updated, wanted);
    assert_eq!(bench.call("PATCH", &one, &operation("remove", "/*/*", "")).await.2, made);
    assert_eq!(bench.call("GET", &one, "").await.2, made);
    assert_eq!(bench.call("GET", &stages, "").await.2, json!({"item": [made]}));
    let of_deployment = format!("{stages}?deploymentId={}", id.as_str().unwrap());
    assert_eq!(bench.call("GET", &of_deployment, "").await.2, json!({"item": [made]}));
    assert_eq!(bench.call("GET", &format!("{stages}?deploymentId=other1"), "").await.2, json!({"item": []}));
    let before = bench.notebook.published.lock().unwrap().len();
    assert_eq!(bench.call("DELETE", &one, "").await, (202, String::new(), Value::Null));
    assert_eq!(bench.notebook.published.lock().unwrap().len(), before + 1);
}

#[tokio::test]
async fn logging_needs_the_accounts_role() {
    let bench = Bench::dev().await;
    assert_eq!(bench.call("POST", &format!("/restapis/{API}/deployments"), r#"{"stageName": "dev"}"#).await.0, 201);
    let one = format!("/restapis/{API}/stages/dev");
    let body = json!({"patchOperations": [{"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"}]}).to_string();
    assert_eq!(bench.call("PATCH", &one, &body).await.0, 400);
    let role = json!({"patchOperations": [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}]}).to_string();
    assert_eq!(bench.call("PATCH", "/account", &role).await.0, 200);
    assert_eq!(bench.call("PATCH", &one, &body).await.2["methodSettings"]["*/*"]["loggingLevel"], "INFO");
}

#[tokio::test]
async fn what_is_not_found_and_how_it_is_said() {
    let bench = Bench::dev().await;
    let api_missing = json!({"message": format!("Invalid API identifier specified {ACCOUNT}:none")});
    let stage_missing = json!({"message": "Invalid stage identifier specified"});
    let empty = r#"{"patchOperations": []}"#;
    for (method, body) in [("GET", ""), ("PATCH", empty), ("DELETE", "")] {
        assert_eq!(bench.call(method, &format!("/restapis/{API}/stages/none"), body).await.2, stage_missing);
        assert_eq!(bench.call(method, "/restapis/none/stages/none", body).await.2, api_missing);
    }
    assert_eq!(bench.call("GET", "/restapis/none/stages", "").await.2, api_missing);
    let body = r#"{"stageName": "a", "deploymentId": ""}"#;
    assert_eq!(bench.call("POST", "/restapis/none/stages", body).await.2, api_missing);
}

#[tokio::test]
async fn a_flush_reaches_the_port_only_for_a_stage_that_is_there() {
    let bench = Bench::dev().await;
    let path = |stage: &str, cache: &str| format!("/restapis/{API}/stages/{stage}/cache/{cache}");
    assert_eq!(bench.call("DELETE", &path("none", "data"), "").await.0, 404);
    bench.call("POST", &format!("/restapis/{API}/deployments"), r#"{"stageName": "dev"}"#).await;
    for cache in ["data", "authorizers"] {
        assert_eq!(bench.call("DELETE", &path("dev", cache), "").await.0, 202);
    }
    let flushed = bench.notebook.flushed.lock().unwrap().clone();
    assert_eq!(flushed, [format!("responses of {API}/dev"), format!("authorizations of {API}/dev")]);
}
