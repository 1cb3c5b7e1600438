//! Integrations in the caller's own name, `credentials: arn:aws:iam::*:user/*`: whose key signs, and whose rights count where nothing is
//! signed.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::apigateway::IntegrationType;
use postern_api_model::ports::{ApiSource, CallerKey, CallerKeys, PortFuture, Proof};
use postern_api_model::rest_api::{IntegrationResponse, Method, MethodResponse};
use postern_data_plane::backends::{Accounts, Backends, FunctionTarget, ServiceEndpoint};
use postern_data_plane::{AccessLog, GatewaySettings};
use support::functions::{FUNCTION, Fake, lambda, settings};
use support::signing::{Call, Keys, ROOT, call, iam};
use support::{Answer, Backend, TestGateway, api, definition, integration, method, with};

const OWN: &str = "arn:aws:iam::*:user/*";
const INVOKE: &str = r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}"#;

/// With the caller's own credentials, of a method that finds out who calls.
fn own(method: Method) -> Method {
    iam(with(method, |integration| integration.credentials = Some(OWN.to_owned())))
}

fn queue() -> Method {
    let mut integration = integration(IntegrationType::Aws, "arn:aws:apigateway:eu-west-1:sqs:path/q");
    integration.http_method = Some("POST".to_owned());
    integration.responses.insert("200".to_owned(), IntegrationResponse::default());
    let mut method = method(integration);
    method.responses.insert("200".to_owned(), MethodResponse::default());
    method
}

fn serving(source: ApiSource, backends: Backends, keys: Arc<dyn CallerKeys>) -> TestGateway {
    let settings = GatewaySettings { backends, ..GatewaySettings::default() };
    let test = TestGateway::start_with_keys(settings, AccessLog::off(), keys);
    test.gateway.publish(source).unwrap();
    test
}

fn services(backend: &Backend) -> Backends {
    let mut backends = Backends::default();
    backends.services.default = Some(ServiceEndpoint::At(backend.uri("").parse().unwrap()));
    backends
}

async fn posted(test: &TestGateway, key: &str) -> Answer {
    Call { key, body: "{}", ..call("POST", "/s/a") }.send(test).await
}

fn failed(answer: &Answer) {
    assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"), "{answer:?}");
}

#[tokio::test]
async fn the_callers_key_signs() {
    let keys = Keys::with(&[(ROOT, "000000000000", None), ("AKIAFOREIGN", "111111111111", None)]);
    for (made, answer, service) in [(queue(), "{}", "sqs"), (lambda(FUNCTION), "{\"statusCode\": 200}", "lambda")] {
        let backend = Backend::answering(support::ok(answer)).await;
        let test = serving(api(vec![("/a", "POST", own(made))]), services(&backend), keys.clone());
        assert_eq!(posted(&test, ROOT).await.status, 200, "{service}");
        let request = backend.request();
        let authorization = format!("Credential={ROOT}/");
        assert!(request.contains(&authorization) && request.contains(&format!("/eu-west-1/{service}/aws4_request")), "{request}");
        assert!(!request.contains("secret of"), "{request}");
    }
}

#[tokio::test]
async fn a_caller_of_another_account_lends_its_name_to_nobody() {
    let keys = || Keys::with(&[("AKIAFOREIGN", "111111111111", None)]);
    for (accounts, expected) in [(Accounts::Own, 500), (Accounts::Any, 200)] {
        for (made, answer) in [(queue(), "{}"), (lambda(FUNCTION), "{\"statusCode\": 200}")] {
            let backend = Backend::answering(support::ok(answer)).await;
            let mut source = api(vec![("/a", "POST", own(made))]);
            definition(&mut source).policy =
                Some(format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, INVOKE.replacen('{', r#"{"Principal":"*","#, 1)));
            let test = serving(source, Backends { accounts, ..services(&backend) }, keys());
            assert_eq!(posted(&test, "AKIAFOREIGN").await.status, expected, "{accounts:?}");
            assert_eq!(backend.connections(), usize::from(expected == 200));
        }
    }
}

#[tokio::test]
async fn without_a_proven_caller_nothing_is_sent() {
    let backend = Backend::answering(support::ok("{}")).await;
    for made in [queue(), lambda(FUNCTION)] {
        let mut open = own(made);
        open.authorization_type = "NONE".to_owned();
        let test = serving(api(vec![("/a", "POST", open)]), services(&backend), Keys::with(&[(ROOT, "000000000000", None)]));
        failed(&posted(&test, ROOT).await);
        assert_eq!(backend.connections(), 0);
    }
}

#[tokio::test]
async fn where_a_function_runs_here_the_callers_policy_is_asked() {
    let allow = |resource: &str| format!(r#"{{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"{resource}"}}"#);
    let deny = |resource: &str| allow(resource).replace("Allow", "Deny");
    let qualified = format!("{FUNCTION}:live");
    for (function, statements, expected) in [
        (FUNCTION, vec![allow(FUNCTION)], 200),
        (FUNCTION, vec![allow("*")], 200),
        (FUNCTION, vec![], 500),
        (FUNCTION, vec![allow(&qualified)], 500),
        (FUNCTION, vec![allow("*"), deny(FUNCTION)], 500),
        (&qualified, vec![allow(&qualified)], 200),
        (&qualified, vec![allow("*"), deny(FUNCTION)], 500),
        ("hello", vec![allow(FUNCTION)], 200),
        ("hello", vec![allow("arn:aws:lambda:eu-west-1:000000000000:function:other")], 500),
    ] {
        let policy =
            format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, [&[INVOKE.to_owned()], &statements[..]].concat().join(","));
        let keys = Keys::with(&[("AKIAUSER", "000000000000", Some(&policy))]);
        let fake = Fake::returning("{\"statusCode\": 200}");
        let test = serving(api(vec![("/a", "POST", own(lambda(function)))]), settings(&fake).backends, keys.clone());
        assert_eq!(posted(&test, "AKIAUSER").await.status, expected, "{function} {policy}");
        assert_eq!(fake.calls.lock().unwrap().len(), usize::from(expected == 200), "{function} {policy}");
        // An emulator is asked without a signature as well.
        let backend = Backend::answering(support::ok("{\"statusCode\": 200}")).await;
        let mut backends = Backends::default();
        let base = backend.uri("").parse().unwrap();
        backends.functions.insert("hello".to_owned(), FunctionTarget::RuntimeInterfaceEmulator(base));
        let test = serving(api(vec![("/a", "POST", own(lambda(function)))]), backends, keys);
        assert_eq!(posted(&test, "AKIAUSER").await.status, expected, "{function} {policy}");
        assert_eq!(backend.connections(), usize::from(expected == 200));
    }
}

/// Everybody, unproven.
struct Waived(Arc<Keys>);

impl CallerKeys for Waived {
    fn caller_key<'a>(&'a self, id: &'a str) -> PortFuture<'a, Result<Option<CallerKey>, String>> {
        let found = self.0.caller_key(id);
        Box::pin(async { Ok(found.await?.map(|key| CallerKey { proof: Proof::Waived, ..key })) })
    }
}

#[tokio::test]
async fn who_showed_no_secret_gets_a_key_that_opens_nothing() {
    let backend = Backend::answering(support::ok("{}")).await;
    let keys = Waived(Keys::with(&[(ROOT, "000000000000", None)]));
    let test = serving(api(vec![("/a", "POST", own(queue()))]), services(&backend), Arc::new(keys));
    assert_eq!(posted(&test, ROOT).await.status, 200);
    assert!(backend.request().contains("Credential=000000000000/"), "{}", backend.request());
}
