//! TestInvokeAuthorizer through a whole gateway: what a Lambda authorizer is asked under test, what is answered, and the log.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::ports::{TestAuthorizerAnswer, TestAuthorizerCall};
use postern_api_model::rest_api::Authorizer;
use postern_api_model::scope::Scope;
use postern_data_plane::AccessLog;
use postern_data_plane::transport::Upstreams;
use serde_json::{Value, json};
use support::functions::{Fake, answer, raised, settings};
use support::{API, TestGateway, api, definition, mock};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:hello";
const ANSWER: &str = r#"{"principalId":"the principal of all tokens","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"*"}]},"context":{"a":1},"usageIdentifierKey":"aBcDeFgHiJkLmNoPqRsTuV"}"#;

fn authorizer(kind: AuthorizerType, sources: &str) -> Authorizer {
    Authorizer {
        id: "auth12".to_owned(),
        name: "a".to_owned(),
        kind,
        auth_type: None,
        authorizer_uri: Some(format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations")),
        authorizer_credentials: None,
        authorizer_result_ttl_in_seconds: None,
        identity_source: Some(sources.to_owned()),
        identity_validation_expression: None,
        provider_arns: Vec::new(),
        jwt_configuration: None,
    }
}

fn token() -> Authorizer {
    authorizer(AuthorizerType::Token, "method.request.header.Authorization")
}

/// A call, to be changed before it is made.
fn call(authorizer: &Authorizer, headers: &[(&str, &str)]) -> TestAuthorizerCall {
    let mut source = api(vec![("/pets", "GET", mock("{statusCode: 200}", &[]))]);
    let definition = definition(&mut source);
    definition.authorizers.insert(authorizer.id.clone(), authorizer.clone());
    // None of this is looked at.
    definition.policy = Some("{}".to_owned());
    TestAuthorizerCall {
        api_id: API.to_owned(),
        scope: Scope { account: "000000000000".to_owned(), region: "eu-west-1".to_owned() },
        definition: definition.clone(),
        authorizer_id: authorizer.id.clone(),
        path_with_query_string: None,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: "a body".to_owned(),
        stage_variables: [("v".to_owned(), "1".to_owned())].into(),
        additional_context: Default::default(),
    }
}

async fn test(fake: &Arc<Fake>, call: TestAuthorizerCall) -> TestAuthorizerAnswer {
    let test = TestGateway::start(settings(fake), AccessLog::off());
    test.gateway.test_invoke_authorizer(&Upstreams::new(Default::default()), call).await.unwrap()
}

/// The lines without their dates.
fn lines(log: &str) -> Vec<String> {
    log.lines().map(|line| line.split_once(" : ").map_or(line, |(_, rest)| rest).to_owned()).collect()
}

#[tokio::test]
async fn a_token_authorizer() {
    let fake = Fake::returning(ANSWER);
    let said = test(&fake, call(&token(), &[("Authorization", "Bearer 0123456789abcdef")])).await;
    let arn = format!("arn:aws:execute-api:eu-west-1:000000000000:{API}/ESTestInvoke-stage/GET/");
    let event = json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": "Bearer 0123456789abcdef"});
    assert_eq!(fake.event(), event);
    assert_eq!((said.client_status, said.principal_id.as_deref()), (0, Some("the principal of all tokens")));
    let policy: Value = serde_json::from_str(&said.policy.unwrap()).unwrap();
    assert_eq!(policy["Statement"][0]["Effect"], "Deny", "it is shown, not obeyed");
    assert_eq!(said.claims, None);
    let lines = lines(&said.log);
    let request = lines[0].strip_prefix("Execution log for request ").unwrap();
    assert_eq!(lines[1], format!("Starting authorizer: auth12 for request: {request}"));
    assert_eq!(lines[2], "Incoming identity: *****************abcdef");
    let uri = format!("https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/{FUNCTION}/invocations");
    assert_eq!(lines[3], format!("Endpoint request URI: {uri}"));
    assert!(lines[4].starts_with("Endpoint request headers: {"), "{lines:?}");
    assert!(lines[5].starts_with(r#"Endpoint request body after transformations: {"type":"TOKEN","#), "{lines:?}");
    assert!(lines[6].starts_with(r#"Authorizer result body before parsing: {"principalId""#), "{lines:?}");
    assert_eq!(lines[7], "Using valid authorizer policy for principal: *********************tokens");
    assert_eq!(lines[8..], ["Successfully completed authorizer execution"]);
    for secret in ["0123456789", "aBcDeFgHiJ"] {
        assert!(!said.log.contains(secret), "{}", said.log);
    }
}

#[tokio::test]
async fn a_request_authorizer() {
    let fake = Fake::returning(ANSWER);
    let asks =
        authorizer(AuthorizerType::Request, "method.request.header.X-Id,method.request.querystring.q,context.identity.user");
    let mut made = call(&asks, &[("X-Id", "me"), ("Content-Type", "text/plain")]);
    made.path_with_query_string = Some("/pets/7?q=1".to_owned());
    made.additional_context = [("identity.user".to_owned(), "ann".to_owned())].into();
    let said = test(&fake, made).await;
    assert_eq!(said.client_status, 0, "{}", said.log);
    let event = fake.event();
    assert_eq!((&event["path"], &event["httpMethod"]), (&json!("/pets/7"), &json!("GET")));
    assert_eq!(event["headers"], json!({"Content-Type": "text/plain", "X-Id": "me"}));
    assert_eq!(event["stageVariables"], json!({"v": "1"}));
    let identity = "{method.request.header.X-Id=**, method.request.querystring.q=*, context.identity.user=***}";
    assert_eq!(lines(&said.log)[2], format!("Incoming identity: {identity}"));
}

#[tokio::test]
async fn refusals_and_failures() {
    let refused = |log: &str| lines(log).into_iter().skip(2).collect::<Vec<_>>();
    let fake = Fake::returning(ANSWER);
    let said = test(&fake, call(&token(), &[])).await;
    assert_eq!((said.client_status, said.principal_id, said.policy), (401, None, None));
    let request = said.log.lines().next().unwrap().strip_prefix("Execution log for request ").unwrap();
    assert_eq!(refused(&said.log), [format!("Unauthorized request: {request}")]);
    assert!(fake.calls.lock().unwrap().is_empty());

    let fake = Fake::new(|_| Ok(raised(r#"{"errorMessage":"Unauthorized"}"#)));
    assert_eq!(test(&fake, call(&token(), &[("Authorization", "x")])).await.client_status, 401);

    let fake = Fake::new(|_| Ok(answer(r#"{"errorType":"Error"}"#)));
    let said = test(&fake, call(&token(), &[("Authorization", "x")])).await;
    assert_eq!(said.client_status, 500);
    let failed = "Execution failed due to configuration error: Invalid JSON in response: Unrecognized field \"errorType\" , not \
                  marked as ignorable";
    assert!(said.log.contains(failed) && said.log.ends_with(": AuthorizerConfigurationException\n"), "{}", said.log);

    let mut unknown = token();
    unknown.authorizer_uri = unknown.authorizer_uri.map(|uri| uri.replace("hello", "none"));
    let said = test(&fake, call(&unknown, &[("Authorization", "x")])).await;
    assert!(said.client_status == 500 && said.log.contains("functions.none"), "{}", said.log);
}

#[tokio::test]
async fn the_log_shows_no_secret_of_the_query_and_no_endless_answer() {
    let fake = Fake::returning(ANSWER);
    let mut made = call(&authorizer(AuthorizerType::Request, "method.request.header.X-Id"), &[("X-Id", "me")]);
    made.path_with_query_string = Some("/pets?access_token=planted%2Ftoken".to_owned());
    let said = test(&fake, made).await;
    assert_eq!(fake.event()["queryStringParameters"], json!({"access_token": "planted/token"}));
    assert!(said.log.contains("queryStringParameters") && !said.log.contains("planted"), "{}", said.log);

    let long = format!(r#"{{"usageIdentifierKey":"planted-key-0001","context":{{"a":"{}"}}}}"#, "a".repeat(140_000));
    let fake = Fake::new(move |_| Ok(answer(long.clone())));
    let said = test(&fake, call(&token(), &[("Authorization", "x")])).await;
    assert!(said.client_status == 500 && said.log.len() < 4_000 && !said.log.contains("planted"), "{}", said.log);
    assert!(said.log.contains("Authorizer result body before parsing: 1400"), "{}", said.log);
}

#[tokio::test]
async fn why_a_token_is_refused_is_in_the_log() {
    let mut jwt = authorizer(AuthorizerType::Jwt, "method.request.header.X-Caller");
    let issuers = json!({"default_algorithms": ["RS256"], "issuers": [{"issuer": "https://id.example.com", "audiences": ["a"]}]});
    jwt.jwt_configuration = Some(serde_json::from_value(issuers).unwrap());
    let fake = Fake::returning(ANSWER);
    let said = test(&fake, call(&jwt, &[("X-Caller", "planted-token-0001")])).await;
    assert_eq!(said.client_status, 401);
    assert!(
        said.log.contains("The token is not accepted: it does not have three parts") && !said.log.contains("planted"),
        "{}",
        said.log
    );
}
