//! Plans: patches, and what holds between plans, keys, stages and APIs.
#![allow(clippy::unwrap_used)]

use postern_api_model::apigateway::{Op, QuotaPeriodType};
use postern_api_model::usage_plan::{Quota, Throttle};
use serde_json::{Value, json};

use super::*;
use crate::server::fixture::{self, Bench, patch, refusal};

const STAGE: &str = "abcde12345:dev";

fn plan() -> UsagePlan {
    let stage = ApiStage { api_id: fixture::API.into(), stage: "dev".into(), throttle: Default::default() };
    UsagePlan {
        id: "plan12".into(),
        name: "p".into(),
        description: None,
        api_stages: vec![stage],
        throttle: None,
        quota: None,
        product_code: None,
        tags: Default::default(),
    }
}

fn patched(plan: &mut UsagePlan, operations: &[(Op, &str, &str)]) -> ApiResult<()> {
    let patches: Vec<Patch> = operations.iter().map(|(op, path, value)| patch(*op, path, value)).collect();
    patch::apply_all(plan, &patches, &BTreeSet::from([("other12345".to_owned(), "dev".to_owned())]))
}

#[test]
fn each_path_can_be_patched() {
    let mut plan = plan();
    let path = |rest: &str| format!("/apiStages/{STAGE}/throttle{rest}");
    let operations = [
        (Op::Replace, "/name", "n"),
        (Op::Replace, "/description", "d"),
        (Op::Add, "/productCode", "c"),
        (Op::Replace, "/throttle/rateLimit", "1.5"),
        (Op::Add, "/throttle/burstLimit", "3"),
        // The period comes last: until then the offset is wrong.
        (Op::Replace, "/quota/limit", "100"),
        (Op::Replace, "/quota/offset", "3"),
        (Op::Replace, "/quota/period", "WEEK"),
        (Op::Add, "/apiStages", "other12345:dev"),
        (Op::Replace, &path("//pets/GET/rateLimit"), "5.000000"),
        (Op::Replace, &path("//pets/GET/burstLimit"), "6"),
        (Op::Add, &path("/~1pets~1{id}/ANY/burstLimit"), "7"),
        (Op::Remove, &path("//pets/GET"), ""),
    ];
    patched(&mut plan, &operations).unwrap();
    assert_eq!((plan.name.as_str(), plan.description.as_deref(), plan.product_code.as_deref()), ("n", Some("d"), Some("c")));
    assert_eq!(plan.throttle, Some(Throttle { burst_limit: Some(3), rate_limit: Some(1.5) }));
    assert_eq!(plan.quota, Some(Quota { limit: 100, offset: 3, period: QuotaPeriodType::Week }));
    let limits: Vec<_> =
        plan.api_stages[0].throttle.iter().map(|(method, limits)| (method.as_str(), limits.burst_limit)).collect();
    assert_eq!(limits, [("/pets/{id}/ANY", Some(7))]);
    assert_eq!(plan.api_stages[1].api_id, "other12345");
    let whole = r#"{"//GET": {"rateLimit": 1, "burstLimit": 2}}"#;
    let operations = [
        (Op::Remove, "/productCode", ""),
        (Op::Remove, "/throttle", ""),
        (Op::Remove, "/quota", ""),
        (Op::Remove, "/apiStages", "other12345:dev"),
        (Op::Replace, &path(""), whole),
    ];
    patched(&mut plan, &operations).unwrap();
    assert_eq!((plan.product_code.as_ref(), plan.throttle, plan.quota, plan.api_stages.len()), (None, None, None, 1));
    assert_eq!(plan.api_stages[0].throttle["//GET"], Throttle { burst_limit: Some(2), rate_limit: Some(1.0) });
    patched(&mut plan, &[(Op::Remove, &path(""), "")]).unwrap();
    assert!(plan.api_stages[0].throttle.is_empty());
}

#[test]
fn what_a_patch_cannot_do() {
    let throttle = format!("/apiStages/{STAGE}/throttle");
    let bad = [
        (Op::Replace, "/name", " ", "Usage Plan name cannot be blank"),
        (Op::Replace, "/quota/limit", "-1", "Usage Plan quota limit must be a non-negative numeric"),
        (Op::Replace, "/quota/limit", "many", "Usage Plan quota limit must be a non-negative numeric"),
        (Op::Replace, "/quota/limit", "1", "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"),
        (Op::Replace, "/quota/period", "YEAR", "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"),
        (Op::Replace, "/quota/period", "DAY", "Usage Plan quota limit must be a non-negative numeric"),
        (Op::Replace, "/throttle/rateLimit", "NaN", "Usage Plan throttle rate limit must be a non-negative numeric"),
        (Op::Replace, "/throttle/burstLimit", "1.5", "Usage Plan throttle burst limit must be a non-negative numeric"),
        (Op::Remove, "/apiStages", "", "Invalid API Stage specified"),
        (Op::Copy, "/name", "", "Invalid patch path  '/name' specified for op 'copy'. Please choose supported operations"),
        (
            Op::Remove,
            "/name",
            "",
            "Invalid patch path  '/name' specified for op 'remove'. Must be one of: [/apiStages, /quota, /throttle, /productCode, \
             /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, /apiStages/<apidId:stageName>/throttle]",
        ),
    ];
    for (op, path, value, text) in bad {
        assert_eq!(refusal(patched(&mut plan(), &[(op, path, value)])), (400, text.to_owned()), "{op} {path} {value}");
    }
    for (op, value) in [(Op::Add, "none:dev"), (Op::Add, "none"), (Op::Remove, "none:dev")] {
        let text = format!("API Stage not found: {value}");
        assert_eq!(refusal(patched(&mut plan(), &[(op, "/apiStages", value)])), (404, text));
    }
    for method in ["pets", "/pets", "*/*", "/pets/FETCH", "/"] {
        let path = format!("{throttle}/{method}/rateLimit");
        let (status, text) = refusal(patched(&mut plan(), &[(Op::Add, &path, "1")]));
        assert!(status == 400 && text.starts_with("Invalid method {resourcePath: "), "{method}: {text}");
    }
    for (op, path) in [
        (Op::Replace, format!("{throttle}//pets/GET")),
        (Op::Remove, format!("{throttle}//pets/GET/rateLimit")),
        (Op::Remove, format!("{throttle}//pets/GET")),
        (Op::Replace, format!("{throttle}s")),
        (Op::Replace, "/apiStages/none:dev/throttle".into()),
        (Op::Replace, "/apiStages/".into()),
    ] {
        assert!(patched(&mut plan(), &[(op, &path, "{}")]).is_err(), "{op} {path}");
    }
    for value in ["", "[]", r#"{"/a/GET": 1}"#, r#"{"/a/GET": {"rateLimit": "1"}}"#, r#"{"/a/GET": {"burstLimit": -1}}"#] {
        assert_eq!(refusal(patched(&mut plan(), &[(Op::Replace, &throttle, value)])).0, 400, "{value}");
    }
}

#[test]
fn offsets_are_days_of_their_period() {
    for (period, offset, fits) in [
        ("DAY", 0, true),
        ("DAY", 1, false),
        ("WEEK", 6, true),
        ("WEEK", 7, false),
        ("MONTH", 27, true),
        ("MONTH", 28, false),
        ("WEEK", -1, false),
    ] {
        let operations = [
            (Op::Replace, "/quota/limit", "1"),
            (Op::Replace, "/quota/offset", &offset.to_string()),
            (Op::Replace, "/quota/period", period),
        ];
        assert_eq!(patched(&mut plan(), &operations).is_ok(), fits, "{period} {offset}");
    }
}

#[test]
fn a_stage_has_at_most_twenty_method_throttles() {
    let mut plan = plan();
    let paths: Vec<String> = (0..21).map(|n| format!("/apiStages/{STAGE}/throttle//m{n}/GET/rateLimit")).collect();
    let operations: Vec<_> = paths.iter().map(|path| (Op::Add, path.as_str(), "1")).collect();
    patched(&mut plan, &operations[..20]).unwrap();
    assert_eq!(refusal(patched(&mut plan, &operations[20..])).0, 429);
}

/// A bench whose API has the stages `dev` and `prod`.
async fn bench() -> Bench {
    let bench = Bench::dev().await;
    for stage in ["dev", "prod"] {
        let body = json!({ "stageName": stage }).to_string();
        assert_eq!(bench.call("POST", &format!("/restapis/{}/deployments", fixture::API), &body).await.0, 201);
    }
    bench
}

async fn make(bench: &Bench, stages: &[&str]) -> String {
    let stages: Vec<Value> = stages.iter().map(|stage| json!({"apiId": fixture::API, "stage": stage})).collect();
    let body = json!({"name": "p", "apiStages": stages}).to_string();
    let (status, _, made) = bench.call("POST", "/usageplans", &body).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn key(bench: &Bench) -> String {
    bench.call("POST", "/apikeys", "{}").await.2["id"].as_str().unwrap().to_owned()
}

async fn join(bench: &Bench, plan: &str, key: &str) -> (u16, Value) {
    let body = json!({"keyId": key, "keyType": "API_KEY"}).to_string();
    let (status, _, body) = bench.call("POST", &format!("/usageplans/{plan}/keys"), &body).await;
    (status, body)
}

async fn stages(bench: &Bench, plan: &str) -> Value {
    bench.call("GET", &format!("/usageplans/{plan}"), "").await.2["apiStages"].clone()
}

async fn patch_stage(bench: &Bench, plan: &str, op: &str, stage: &str) -> (u16, Value) {
    let value = format!("{}:{stage}", fixture::API);
    let body = json!({"patchOperations": [{"op": op, "path": "/apiStages", "value": value}]}).to_string();
    let (status, _, body) = bench.call("PATCH", &format!("/usageplans/{plan}"), &body).await;
    (status, body)
}

#[tokio::test]
async fn a_plan_names_stages_that_are_there_and_they_name_it() {
    let bench = bench().await;
    let body = json!({"name": "p", "apiStages": [{"apiId": fixture::API, "stage": "none"}]}).to_string();
    let (status, _, refused) = bench.call("POST", "/usageplans", &body).await;
    assert_eq!((status, refused), (404, json!({"message": "API Stage not found: abcde12345:none"})));
    let plan = make(&bench, &["dev"]).await;
    assert_eq!(bench.stored().await.stages["dev"].usage_plans, BTreeSet::from([plan.clone()]));
    assert_eq!(patch_stage(&bench, &plan, "add", "prod").await.0, 200);
    assert_eq!(patch_stage(&bench, &plan, "remove", "dev").await.0, 200);
    let api = bench.stored().await;
    assert_eq!((api.stages["dev"].usage_plans.len(), api.stages["prod"].usage_plans.len()), (0, 1));
    let text =
        format!("Cannot delete Usage Plan {plan} because there are API Stages associated with it, including abcde12345:prod");
    let one = format!("/usageplans/{plan}");
    assert_eq!(bench.call("DELETE", &one, "").await.2, json!({ "message": text }));
    assert_eq!(bench.call("DELETE", &format!("/restapis/{}/stages/prod", fixture::API), "").await.0, 202);
    assert_eq!(stages(&bench, &plan).await, json!([]));
    assert_eq!(bench.call("DELETE", &one, "").await.0, 202);
    assert_eq!(bench.call("DELETE", &one, "").await.2, json!({"message": "Invalid Usage Plan ID specified"}));
}

#[tokio::test]
async fn an_api_takes_its_stages_out_of_their_plans() {
    let bench = bench().await;
    let (one, two) = (make(&bench, &["dev", "prod"]).await, make(&bench, &["prod"]).await);
    assert_eq!(bench.call("DELETE", &format!("/restapis/{}", fixture::API), "").await.0, 202);
    assert_eq!((stages(&bench, &one).await, stages(&bench, &two).await), (json!([]), json!([])));
}

#[tokio::test]
async fn a_key_has_one_plan_per_stage() {
    let bench = bench().await;
    let (one, two, three) = (make(&bench, &["dev"]).await, make(&bench, &["dev"]).await, make(&bench, &["prod"]).await);
    let key = key(&bench).await;
    assert_eq!(join(&bench, &one, &key).await.0, 201);
    assert_eq!(join(&bench, &one, &key).await.0, 409, "it is in the plan already");
    assert_eq!(join(&bench, &two, &key).await.0, 409, "both plans open the same stage");
    assert_eq!(join(&bench, &three, &key).await.0, 201);
    assert_eq!(patch_stage(&bench, &three, "add", "dev").await.0, 409, "they would both open the same stage");
    assert_eq!(bench.call("DELETE", &format!("/usageplans/{one}/keys/{key}"), "").await.0, 202);
    assert_eq!(patch_stage(&bench, &three, "add", "dev").await.0, 200);
    assert_eq!(join(&bench, &one, &key).await.0, 409);
}

/// Each of the two alone is fine; together they would put the key into two plans of one stage.
#[tokio::test]
async fn of_two_changes_that_only_together_break_the_rule_one_is_refused() {
    let bench = bench().await;
    for _ in 0..8 {
        let (one, two) = (make(&bench, &[]).await, make(&bench, &["dev"]).await);
        let key = key(&bench).await;
        assert_eq!(join(&bench, &one, &key).await.0, 201);
        let (staged, joined) = tokio::join!(patch_stage(&bench, &one, "add", "dev"), join(&bench, &two, &key));
        let mut statuses = [staged.0, joined.0];
        statuses.sort_unstable();
        assert!(statuses == [200, 409] || statuses == [201, 409], "{staged:?} {joined:?}");
    }
}

#[tokio::test]
async fn keys_and_plans_forget_each_other() {
    let bench = bench().await;
    let plan = make(&bench, &[]).await;
    let (one, two) = (key(&bench).await, key(&bench).await);
    for key in [&one, &two] {
        assert_eq!(join(&bench, &plan, key).await.0, 201);
    }
    let (_, _, plans) = bench.call("GET", &format!("/usageplans?keyId={one}"), "").await;
    assert_eq!(plans["item"][0]["id"], json!(plan));
    assert_eq!(bench.call("DELETE", &format!("/apikeys/{one}"), "").await.0, 202);
    let (_, _, keys) = bench.call("GET", &format!("/usageplans/{plan}/keys"), "").await;
    assert_eq!(keys["item"].as_array().unwrap().len(), 1);
    assert_eq!(bench.call("DELETE", &format!("/usageplans/{plan}"), "").await.0, 202);
    assert_eq!(bench.call("GET", &format!("/usageplans?keyId={two}"), "").await.2, json!({"item": []}));
    assert_eq!(bench.call("GET", &format!("/usageplans/{plan}/keys/{two}"), "").await.0, 404);
}

#[tokio::test]
async fn a_key_is_in_ten_plans_at_most_and_deleted_ones_do_not_count() {
    let bench = Bench::dev().await;
    let key = key(&bench).await;
    let mut plans = Vec::new();
    for _ in 0..11 {
        plans.push(make(&bench, &[]).await);
    }
    for plan in &plans[..10] {
        assert_eq!(join(&bench, plan, &key).await.0, 201);
    }
    assert_eq!(join(&bench, &plans[10], &key).await.0, 429);
    assert_eq!(bench.call("DELETE", &format!("/usageplans/{}", plans[0]), "").await.0, 202);
    assert_eq!(join(&bench, &plans[10], &key).await.0, 201);
}

#[tokio::test]
async fn pages_of_keys_are_of_one_plan() {
    let bench = Bench::dev().await;
    let (one, two) = (make(&bench, &[]).await, make(&bench, &[]).await);
    let mut members = Vec::new();
    for plan in [&one, &two, &one, &one] {
        let key = key(&bench).await;
        assert_eq!(join(&bench, plan, &key).await.0, 201);
        if *plan == one {
            members.push(key);
        }
    }
    members.sort_unstable();
    let (mut seen, mut target) = (Vec::new(), format!("/usageplans/{one}/keys?limit=2"));
    loop {
        let (_, _, page) = bench.call("GET", &target, "").await;
        seen.extend(page["item"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()));
        let Some(position) = page["position"].as_str() else { break };
        target = format!("/usageplans/{one}/keys?limit=2&position={}", position.replace('=', "%3D"));
    }
    assert_eq!(seen, members);
}

#[tokio::test]
async fn usage_is_zero_until_there_is_some() {
    let bench = Bench::dev().await;
    let body = json!({"name": "p", "quota": {"limit": 100, "period": "MONTH"}}).to_string();
    let (_, _, plan) = bench.call("POST", "/usageplans", &body).await;
    assert_eq!(plan["quota"], json!({"limit": 100, "offset": 0, "period": "MONTH"}));
    let plan = plan["id"].as_str().unwrap();
    let key = key(&bench).await;
    join(&bench, plan, &key).await;
    let usage = format!("/usageplans/{plan}/usage?startDate=2015-08-29&endDate=2015-09-01");
    let wanted =
        |log: Value| json!({"usagePlanId": plan, "startDate": "2015-08-29", "endDate": "2015-09-01", "values": {&key: log}});
    assert_eq!(bench.call("GET", &usage, "").await.2, wanted(json!([[0, 100], [0, 100], [0, 100], [0, 100]])));
    let grant = json!({"patchOperations": [{"op": "replace", "path": "/remaining", "value": "500"}]}).to_string();
    let (status, _, granted) = bench.call("PATCH", &format!("/usageplans/{plan}/keys/{key}/usage"), &grant).await;
    let today = json!({"usagePlanId": plan, "startDate": "2015-08-30", "endDate": "2015-08-30", "values": {&key: [[0, 500]]}});
    assert_eq!((status, granted), (200, today));
    assert_eq!(bench.call("GET", &usage, "").await.2, wanted(json!([[0, 100], [0, 500], [0, 500], [0, 100]])));
    let unknown = format!("/usageplans/{plan}/usage?startDate=2015-08-29&endDate=2015-09-01&keyId=none");
    assert_eq!(bench.call("GET", &unknown, "").await.0, 404);
}
