//! APIs whose methods ask Lambda authorizers, and functions that answer them.

#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::Arc;

use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{Authorizer, Method, Stage};
use serde_json::{Value, json};

use super::functions::{Fake, answer};
use super::{Answer, TestGateway, api, definition, mock};

pub const OWN: &str = "arn:aws:execute-api:eu-west-1:000000000000:abcde12345";
pub const URI: &str = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:000000000000:function:hello-${stageVariables.fn}/invocations";

pub fn authorizer(id: &str, kind: AuthorizerType, sources: &str) -> Authorizer {
    Authorizer {
        id: id.to_owned(),
        name: id.to_owned(),
        kind,
        auth_type: None,
        authorizer_uri: Some(URI.to_owned()),
        authorizer_credentials: None,
        authorizer_result_ttl_in_seconds: None,
        identity_source: (!sources.is_empty()).then(|| sources.to_owned()),
        identity_validation_expression: None,
        provider_arns: Vec::new(),
        jwt_configuration: None,
    }
}

pub fn token() -> Authorizer {
    authorizer("tok123", AuthorizerType::Token, "method.request.header.Authorization")
}

pub fn request(sources: &str) -> Authorizer {
    authorizer("req123", AuthorizerType::Request, sources)
}

pub fn asking(mut method: Method, authorizer: &Authorizer) -> Method {
    method.authorization_type = "CUSTOM".to_owned();
    method.authorizer_id = Some(authorizer.id.clone());
    method
}

/// An API whose methods ask this authorizer.
pub fn guarded(authorizer: &Authorizer) -> ApiSource {
    let open = || asking(mock("{statusCode: 200}", &[]), authorizer);
    let mut source = api(vec![
        ("/", "GET", open()),
        ("/pets", "ANY", open()),
        ("/pets/{id}", "GET", open()),
        ("/files/{name}", "GET", open()),
        ("/any/{proxy+}", "ANY", open()),
    ]);
    definition(&mut source).authorizers.insert(authorizer.id.clone(), authorizer.clone());
    stage(&mut source).variables = [("fn".to_owned(), "auth".to_owned()), ("v".to_owned(), "1".to_owned())].into();
    source
}

pub fn stage(source: &mut ApiSource) -> &mut Stage {
    source.stages.get_mut("s").unwrap()
}

pub fn policy(effect: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"execute-api:Invoke","Resource":"{resource}"}}]}}"#
    )
}

pub fn says(policy: &str) -> String {
    format!(r#"{{"principalId":"me","policyDocument":{policy}}}"#)
}

pub fn allowing() -> String {
    says(&policy("Allow", "*"))
}

/// Allows tokens that begin with `good`, by name.
pub fn by_token() -> Arc<Fake> {
    Fake::new(|call| {
        let event: Value = serde_json::from_slice(&call.payload).unwrap();
        let token = event["authorizationToken"].as_str().unwrap_or_default();
        let effect = if token.starts_with("good") { "Allow" } else { "Deny" };
        Ok(answer(
            json!({
                "principalId": token, "policyDocument": serde_json::from_str::<Value>(&policy(effect, "*")).unwrap(),
            })
            .to_string(),
        ))
    })
}

pub fn answering(text: impl Into<String>) -> Arc<Fake> {
    let text = text.into();
    Fake::new(move |_| Ok(answer(text.clone())))
}

pub fn calls(fake: &Fake) -> usize {
    fake.calls.lock().unwrap().len()
}

pub async fn get(test: &TestGateway, path: &str, fields: &[&str]) -> Answer {
    test.call("GET", path, fields, "").await
}

/// Status, error type and body.
pub fn shown(answer: &Answer) -> (u16, &str, String) {
    (answer.status, answer.field("x-amzn-errortype"), answer.text())
}

pub fn unauthorized() -> (u16, &'static str, String) {
    (401, "UnauthorizedException", r#"{"message":"Unauthorized"}"#.to_owned())
}

pub fn misconfigured() -> (u16, &'static str, String) {
    (500, "AuthorizerConfigurationException", r#"{"message":null}"#.to_owned())
}

pub fn denied(end: &str) -> (u16, &'static str, String) {
    (403, "AccessDeniedException", format!(r#"{{"Message":"User is not authorized to access this resource{end}"}}"#))
}
