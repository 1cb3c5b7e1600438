//! Methods with a COGNITO_USER_POOLS authorizer, through real sockets.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{SystemTime, UNIX_EPOCH};

use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{Authorizer, Method};
use postern_data_plane::backends::Backends;
use postern_data_plane::inspection::inspect;
use postern_data_plane::tokens::{IssuerSettings, KeySet, KeySource, Reach, TokenSettings};
use postern_data_plane::{AccessLog, GatewaySettings};
use serde_json::{Value, json};
use support::tokens::{SigningKey, key_set};
use support::{Answer, Backend, TestGateway, api, definition, mock, ok};

const POOL: &str = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_abc";
const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc";
const OTHER_POOL: &str = "arn:aws-cn:cognito-idp:cn-north-1:111111111111:userpool/cn-north-1_x";
const OTHER_ISSUER: &str = "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_x";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn id_token(changes: Value) -> Value {
    changed(json!({"iss": ISSUER, "aud": "client1", "token_use": "id", "sub": "ann", "exp": now() + 600}), changes)
}

fn access_token(changes: Value) -> Value {
    let claims = json!({
        "iss": ISSUER, "client_id": "client1", "token_use": "access", "sub": "ann", "exp": now() + 600, "scope": "a orders/read"
    });
    changed(claims, changes)
}

fn changed(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn authorizer(expression: Option<&str>) -> Authorizer {
    Authorizer {
        id: "pools1".into(),
        name: "pools".into(),
        kind: AuthorizerType::CognitoUserPools,
        auth_type: None,
        authorizer_uri: None,
        authorizer_credentials: None,
        authorizer_result_ttl_in_seconds: None,
        identity_source: Some("method.request.header.X-Token".into()),
        identity_validation_expression: expression.map(str::to_owned),
        provider_arns: vec![POOL.into(), OTHER_POOL.into()],
        jwt_configuration: None,
    }
}

fn guarded(scopes: &[&str]) -> Method {
    let mut method = mock("{statusCode: 200}", &[]);
    method.authorization_type = "COGNITO_USER_POOLS".into();
    method.authorizer_id = Some("pools1".into());
    method.authorization_scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    method
}

fn source(expression: Option<&str>) -> ApiSource {
    let mut source = api(vec![("/id", "GET", guarded(&[])), ("/access", "GET", guarded(&["orders/read", "orders/write"]))]);
    definition(&mut source).authorizers.insert("pools1".into(), authorizer(expression));
    source
}

fn serving(source: ApiSource, issuers: Vec<(&str, IssuerSettings)>) -> TestGateway {
    let issuers = issuers.into_iter().map(|(name, settings)| (name.to_owned(), settings)).collect();
    let backends = Backends { tokens: TokenSettings { issuers, ..TokenSettings::default() }, ..Backends::default() };
    let test = TestGateway::start(GatewaySettings { backends, ..GatewaySettings::default() }, AccessLog::off());
    test.gateway.publish(source).unwrap();
    test
}

fn given(key: &SigningKey) -> IssuerSettings {
    let keys = KeySet::parse(key_set(&[key]).as_bytes()).unwrap();
    IssuerSettings { keys: KeySource::Given(keys.into()), ..IssuerSettings::default() }
}

async fn call(test: &TestGateway, path: &str, token: &str) -> Answer {
    test.call("GET", &format!("/s{path}"), &[&format!("x-token: {token}")], "").await
}

#[tokio::test]
async fn which_tokens_open_which_methods() {
    let (key, other) = (SigningKey::rsa("k"), SigningKey::rsa("k"));
    let test = serving(source(None), vec![(POOL, given(&key)), (OTHER_POOL, given(&other))]);
    for (claims, path, status) in [
        (id_token(json!({})), "/id", 200),
        (id_token(json!({})), "/access", 401),
        (id_token(json!({"scope": "orders/read"})), "/access", 401),
        (access_token(json!({})), "/access", 200),
        (access_token(json!({"scope": "orders/write"})), "/access", 200),
        (access_token(json!({"scope": "orders/reader"})), "/access", 401),
        (access_token(json!({"scope": null})), "/access", 401),
        (access_token(json!({})), "/id", 401),
        (id_token(json!({"token_use": "refresh"})), "/id", 401),
        (id_token(json!({"token_use": null})), "/id", 401),
        (id_token(json!({"token_use": ["id"]})), "/id", 401),
        (id_token(json!({"iss": format!("{ISSUER}/")})), "/id", 401),
        (id_token(json!({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abd"})), "/id", 401),
        (id_token(json!({"iss": OTHER_ISSUER})), "/id", 401),
        (id_token(json!({"nbf": now() + 60})), "/id", 401),
        // Nothing is said of it for user pools.
        (id_token(json!({"iat": now() + 60})), "/id", 200),
    ] {
        let answer = call(&test, path, &key.token(&claims)).await;
        assert_eq!(answer.status, status, "{path} {claims}: {}", answer.text());
        if status == 401 {
            assert_eq!(answer.text(), r#"{"message":"Unauthorized"}"#);
        }
    }
    assert_eq!(call(&test, "/id", &other.token(&id_token(json!({"iss": OTHER_ISSUER})))).await.status, 200);
    assert_eq!(call(&test, "/id", &other.token(&id_token(json!({})))).await.status, 401, "the other pool's key");
    let answer = call(&test, "/id", &key.token(&id_token(json!({"exp": now() - 1})))).await;
    assert_eq!((answer.status, answer.message().as_str()), (401, "The incoming token has expired"));
    let rs512 = key.token_with(&json!({"alg": "RS512", "kid": "k"}), &id_token(json!({})));
    assert_eq!(call(&test, "/id", &rs512).await.status, 401, "pools sign with RS256");
    for none in ["", "x", "Bearer"] {
        assert_eq!(call(&test, "/id", none).await.status, 401, "{none}");
    }
}

#[tokio::test]
async fn an_expression_is_about_the_audience() {
    let key = SigningKey::rsa("k");
    for (expression, claims, path, status) in [
        ("client1|client2", id_token(json!({})), "/id", 200),
        ("client", id_token(json!({})), "/id", 401),
        ("client[0-9]", id_token(json!({"aud": "client7x"})), "/id", 401),
        ("client1", id_token(json!({"aud": ["client1"]})), "/id", 401),
        (".*", access_token(json!({})), "/access", 401),
        // A pattern that would go back and forth for ever decides nothing.
        ("(a|aa)+(b)\\2?c", id_token(json!({"aud": "a".repeat(200)})), "/id", 500),
        ("\\X", id_token(json!({})), "/id", 500),
    ] {
        let test = serving(source(Some(expression)), vec![(POOL, given(&key))]);
        let answer = call(&test, path, &key.token(&claims)).await;
        assert_eq!(answer.status, status, "{expression} {claims}");
    }
}

#[tokio::test]
async fn a_pool_may_be_elsewhere() {
    let key = SigningKey::rsa("k");
    let set = key_set(&[&key]);
    let backend = Backend::answering(ok(&set)).await;
    let local = backend.uri("/pool_1");
    let elsewhere = IssuerSettings { issuer: Some(local.clone()), reach: Reach::Plain, ..IssuerSettings::default() };
    let test = serving(source(None), vec![(POOL, elsewhere)]);
    assert_eq!(call(&test, "/id", &key.token(&id_token(json!({})))).await.status, 401, "no longer Cognito's");
    assert_eq!(backend.connections(), 0);
    assert_eq!(call(&test, "/id", &key.token(&id_token(json!({"iss": local})))).await.status, 200);
    assert!(backend.request().starts_with("GET /pool_1/.well-known/jwks.json HTTP/1.1\r\n"), "{}", backend.request());
}

#[tokio::test]
async fn a_pool_is_the_stages() {
    let key = SigningKey::rsa("k");
    let mut source = source(None);
    let written = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/${stageVariables.pool}";
    definition(&mut source).authorizers.get_mut("pools1").unwrap().provider_arns = vec![written.to_owned()];
    let plain = source.stages["s"].clone();
    source.stages.clear();
    for (name, pool) in [
        ("one", Some("eu-west-1_abc")),
        ("two", Some("eu-west-1_abd")),
        ("unset", None),
        ("path", Some("x/../eu-west-1_abc")),
        ("host", Some("eu-west-1_abc?")),
    ] {
        let mut stage = plain.clone();
        stage.name = name.to_owned();
        stage.variables = pool.map(|pool| ("pool".to_owned(), pool.to_owned())).into_iter().collect();
        source.stages.insert(name.to_owned(), stage);
    }
    let other = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_abd";
    let concerns = inspect(source.clone(), &Backends::default()).unwrap().concerns;
    let failing: Vec<&str> =
        concerns.iter().filter(|concern| concern.text.contains("providerARNs")).map(|one| &*one.stage).collect();
    assert_eq!(failing, ["host", "host", "path", "path", "unset", "unset"], "two methods each");
    let test = serving(source, vec![(POOL, given(&key)), (other, given(&key))]);
    let other_issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abd";
    for (stage, issuer, status) in [
        ("one", ISSUER, 200),
        ("one", other_issuer, 401),
        ("two", other_issuer, 200),
        ("two", ISSUER, 401),
        ("unset", ISSUER, 500),
        ("path", ISSUER, 500),
        ("host", ISSUER, 500),
    ] {
        let token = key.token(&id_token(json!({"iss": issuer})));
        let answer = test.call("GET", &format!("/{stage}/id"), &[&format!("x-token: {token}")], "").await;
        assert_eq!(answer.status, status, "{stage} {issuer}: {}", answer.text());
    }
}
