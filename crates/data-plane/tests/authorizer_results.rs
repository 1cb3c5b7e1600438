//! Answers of Lambda authorizers that are kept: for whom, for how long, and for nobody else.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::Stage;
use support::authorizers::{
    OWN, allowing, answering, by_token, calls, denied, get, guarded, policy, request, says, shown, stage, token,
};
use support::functions::{Fake, answer, serving};

#[tokio::test]
async fn an_answer_is_kept_for_who_showed_it() {
    let fake = by_token();
    let test = serving(&fake, guarded(&token()));
    for _ in 0..3 {
        assert_eq!(get(&test, "/s/pets", &["Authorization: good"]).await.status, 200);
        assert_eq!(get(&test, "/s/pets", &["AUTHORIZATION: evil"]).await.status, 403);
        assert_eq!(get(&test, "/s/pets", &["authorization: Good"]).await.status, 403, "tokens differ by case");
        assert_eq!(get(&test, "/s/files/a", &["authorization: good"]).await.status, 200, "of the whole API");
    }
    assert_eq!(calls(&fake), 3);
}

#[tokio::test]
async fn a_kept_policy_is_asked_about_each_method_anew() {
    let fake = answering(says(&policy("Allow", &format!("{OWN}/s/GET/pets"))));
    let test = serving(&fake, guarded(&token()));
    assert_eq!(get(&test, "/s/pets", &["Authorization: x"]).await.status, 200);
    assert_eq!(shown(&get(&test, "/s/pets/7", &["Authorization: x"]).await), denied(""));
    assert_eq!(shown(&test.call("DELETE", "/s/pets", &["Authorization: x"], "").await), denied(""));
    assert_eq!(shown(&get(&test, "/s/pets", &["Authorization: x", "X-HTTP-Method-Override: DELETE"]).await), denied(""));
    assert_eq!(calls(&fake), 1);
}

#[tokio::test]
async fn sources_cannot_be_mistaken_for_each_other() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let fake = Fake::new(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(answer(allowing()))
    });
    let test = serving(&fake, guarded(&request("method.request.header.A,method.request.header.B,method.request.querystring.q")));
    let identities = [
        ("a", "b", "c"),
        ("ab", "", "c"),
        ("a", "bc", "x"),
        ("a,b", "c", "x"),
        ("a", "b,c", "x"),
        ("a", "b", "c%00x"),
        ("b", "a", "c"),
        ("a", "c", "b"),
        ("A", "b", "c"),
        ("a b", "c", "d"),
        ("a", "b c", "d"),
    ];
    let mut asked = 0;
    for _ in 0..2 {
        for (a, b, q) in identities {
            let answer = get(&test, &format!("/s/pets?q={q}"), &[&format!("A: {a}"), &format!("B: {b}")]).await;
            assert_eq!(answer.status, if b.is_empty() { 401 } else { 200 }, "{a} {b} {q}");
        }
        if asked == 0 {
            asked = seen.load(Ordering::Relaxed);
        }
    }
    assert_eq!((asked, seen.load(Ordering::Relaxed)), (identities.len() - 1, identities.len() - 1));
}

#[tokio::test]
async fn an_answer_is_for_one_stage_one_deployment_and_one_set_of_variables() {
    let fake = by_token();
    let mut source = guarded(&token());
    let variables = stage(&mut source).variables.clone();
    source.stages.insert("t".to_owned(), Stage { variables, ..support::stage("t") });
    let test = serving(&fake, source.clone());
    let good = &["Authorization: good"];
    for (path, expected) in [("/s/pets", 1), ("/s/pets", 1), ("/t/pets", 2), ("/t/pets", 2)] {
        assert_eq!(get(&test, path, good).await.status, 200);
        assert_eq!(calls(&fake), expected, "{path}");
    }
    // The same again: a new version that changes nothing of the stage.
    source.version = 2;
    stage(&mut source).description = Some("other".to_owned());
    test.gateway.publish(source.clone()).unwrap();
    get(&test, "/s/pets", good).await;
    assert_eq!(calls(&fake), 2);
    source.version = 3;
    stage(&mut source).variables.insert("v".to_owned(), "2".to_owned());
    test.gateway.publish(source.clone()).unwrap();
    get(&test, "/s/pets", good).await;
    assert_eq!(calls(&fake), 3, "the function is told of variables");
    source.version = 4;
    let deployment = source.deployments["d1"].clone();
    source.deployments.insert("d2".to_owned(), deployment);
    stage(&mut source).deployment_id = "d2".to_owned();
    test.gateway.publish(source).unwrap();
    get(&test, "/s/pets", good).await;
    assert_eq!(calls(&fake), 4, "another deployment");
}

#[tokio::test]
async fn two_apis_share_nothing() {
    let fake = by_token();
    let test = serving(&fake, guarded(&token()));
    let other = ApiSource { api_id: "other12345".to_owned(), ..guarded(&token()) };
    test.gateway.publish(other).unwrap();
    for _ in 0..2 {
        assert_eq!(get(&test, "/s/pets", &["Authorization: good"]).await.status, 200);
        let fields = ["Host: other12345.execute-api.local", "Authorization: good"];
        assert_eq!(test.call_with("GET", "/s/pets", &fields, "").await.status, 200);
    }
    assert_eq!(calls(&fake), 2);
}

#[tokio::test]
async fn without_a_time_every_request_asks() {
    let fake = by_token();
    let mut authorizer = token();
    authorizer.authorizer_result_ttl_in_seconds = Some(0);
    let test = serving(&fake, guarded(&authorizer));
    for _ in 0..3 {
        assert_eq!(get(&test, "/s/pets", &["Authorization: good"]).await.status, 200);
    }
    assert_eq!(calls(&fake), 3);
}

#[tokio::test]
async fn a_flush_is_for_one_stage() {
    let fake = by_token();
    let mut source = guarded(&token());
    let variables = stage(&mut source).variables.clone();
    source.stages.insert("t".to_owned(), Stage { variables, ..support::stage("t") });
    let test = serving(&fake, source);
    let ask = async || {
        for path in ["/s/pets", "/t/pets"] {
            assert_eq!(get(&test, path, &["Authorization: good"]).await.status, 200);
        }
        calls(&fake)
    };
    assert_eq!((ask().await, ask().await), (2, 2));
    test.gateway.flush_authorizers(support::API, "s");
    assert_eq!((ask().await, ask().await), (3, 3));
    test.gateway.flush_authorizers(support::API, "none");
    test.gateway.flush_authorizers("none123456", "s");
    assert_eq!(ask().await, 3);
}

#[tokio::test]
async fn many_at_once_ask_once() {
    let fake = by_token();
    let test = Arc::new(serving(&fake, guarded(&token())));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let test = Arc::clone(&test);
            tokio::spawn(async move { get(&test, "/s/pets", &["Authorization: good"]).await.status })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 200);
    }
    assert_eq!(calls(&fake), 1);
}
