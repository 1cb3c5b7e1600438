//! API keys that authorizers give (`apiKeySource` AUTHORIZER): never the client's.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::apigateway::{ApiKeySourceType, AuthorizerType};
use postern_api_model::day::Day;
use postern_api_model::ports::{ApiKeyLoader, LoadedKey, LoadedMembership, PortFuture};
use postern_api_model::rest_api::{Authorizer, Method};
use postern_api_model::scope::Scope;
use postern_data_plane::AccessLog;
use serde_json::{Value, json};
use support::functions::{Fake, answer, settings};
use support::{API, Answer, TestGateway, api, definition, mock};

const KEY: &str = "abcdefghijklmnopqrstuvwxyz";
const HEADER: &str = "x-api-key: abcdefghijklmnopqrstuvwxyz";

/// One key, in a plan of one stage.
struct OneKey;

impl ApiKeyLoader for OneKey {
    fn load<'a>(&'a self, _: &'a Scope, value: &'a str, _: Day) -> PortFuture<'a, Result<Option<LoadedKey>, String>> {
        let plan = json!({ "id": "plan12", "name": "n", "api_stages": [{ "api_id": API, "stage": "s" }] });
        let membership =
            LoadedMembership { plan: serde_json::from_value(plan).unwrap(), plan_version: 1, days: Default::default() };
        let key = LoadedKey { id: "key1234567".to_owned(), is_enabled: true, memberships: vec![membership] };
        Box::pin(async move { Ok((value == KEY).then_some(key)) })
    }
}

/// Says what the token is: the member `usageIdentifierKey`, as JSON.
fn serving() -> TestGateway {
    let fake = Fake::new(|call| {
        let event: Value = serde_json::from_slice(&call.payload).unwrap();
        let key: Value = serde_json::from_str(event["authorizationToken"].as_str().unwrap()).unwrap();
        let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
        Ok(answer(json!({"principalId": "me", "policyDocument": policy, "usageIdentifierKey": key}).to_string()))
    });
    let mut keyed = mock("{statusCode: 200}", &[("X-Key", "context.identity.apiKey"), ("X-Key-Id", "context.identity.apiKeyId")]);
    keyed.api_key_required = true;
    let asking =
        |method: Method| Method { authorization_type: "CUSTOM".to_owned(), authorizer_id: Some("tok123".to_owned()), ..method };
    let unkeyed = Method { api_key_required: false, ..asking(keyed.clone()) };
    let mut source = api(vec![("/keyed", "GET", asking(keyed.clone())), ("/open", "GET", keyed), ("/unkeyed", "GET", unkeyed)]);
    let authorizer = Authorizer {
        id: "tok123".to_owned(),
        name: "a".to_owned(),
        kind: AuthorizerType::Token,
        auth_type: None,
        authorizer_uri: Some("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/hello/invocations".to_owned()),
        authorizer_credentials: None,
        authorizer_result_ttl_in_seconds: None,
        identity_source: Some("method.request.header.Authorization".to_owned()),
        identity_validation_expression: None,
        provider_arns: Vec::new(),
        jwt_configuration: None,
    };
    definition(&mut source).authorizers.insert("tok123".to_owned(), authorizer);
    definition(&mut source).api_key_source = ApiKeySourceType::Authorizer;
    let test = TestGateway::start_as(settings(&fake), AccessLog::off(), |gateway| gateway.with_api_keys(Arc::new(OneKey)));
    test.gateway.publish(source).unwrap();
    test
}

fn seen(answer: &Answer) -> (u16, &str, String) {
    (answer.status, answer.field("x-amzn-errortype"), answer.text())
}

#[tokio::test]
async fn the_authorizers_key_opens_the_method_and_the_clients_does_not() {
    let test = serving();
    let authorization = format!("Authorization: {:?}", KEY);
    for fields in [&[authorization.as_str()][..], &[authorization.as_str(), "x-api-key: nonsense"]] {
        // Twice: new, and from a kept answer.
        for _ in 0..2 {
            let answer = test.call("GET", "/s/keyed", fields, "").await;
            assert_eq!((answer.status, answer.field("x-key"), answer.field("x-key-id")), (200, KEY, "key1234567"));
        }
    }
    let forbidden = (403, "ForbiddenException", "{\"message\":\"Forbidden\"}".to_owned());
    for fields in [&["Authorization: null", HEADER][..], &["Authorization: \"other\"", HEADER], &["Authorization: \"\"", HEADER]]
    {
        assert_eq!(seen(&test.call("GET", "/s/keyed", fields, "").await), forbidden, "{fields:?}");
    }
    assert_eq!(seen(&test.call("GET", "/s/open", &[HEADER], "").await), forbidden, "nobody gives it a key");
    assert_eq!(test.call("GET", "/s/keyed", &[HEADER], "").await.status, 401);
    assert_eq!(test.call("GET", "/s/unkeyed", &["Authorization: null"], "").await.status, 200);
}
