//! Methods with a JWT authorizer, through real sockets: which tokens let in, what of them is seen behind, and each attack refused.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{Authorizer, JwtConfiguration, Method};
use postern_data_plane::backends::Backends;
use postern_data_plane::tokens::{ClientIds, IssuerSettings, KeySource, Reach, TokenSettings};
use postern_data_plane::{AccessLog, GatewaySettings};
use serde_json::{Value, json};
use support::tokens::{SigningKey, encoded, key_set};
use support::{Answer, Backend, TestGateway, api, definition, map, mock, ok, with};

const ISSUER: &str = "https://id.example.com";
const OTHER: &str = "https://other.example.com/";
const TEMPLATE: &str = "{statusCode: 200}";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Claims that let in, changed.
fn claims(changes: Value) -> Value {
    let mut claims =
        json!({"iss": ISSUER, "aud": "orders", "sub": "ann", "exp": now() + 600, "iat": now() - 5, "tenant": "acme"});
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn authorizer() -> Authorizer {
    let configuration = json!({
        "default_algorithms": ["RS256", "ES256"],
        "issuers": [
            {"issuer": ISSUER, "audiences": ["orders", "stock"], "additional_claims": [
                {"claim_name": "tenant", "format": "SINGLE_STRING", "required": true, "expected_values": ["acme", "umbrella"]},
                {"claim_name": "level", "format": "SINGLE_STRING", "required": false, "expected_values": ["1"]},
                {"claim_name": "note", "format": "SINGLE_STRING"},
            ]},
            {"issuer": OTHER, "audiences": ["orders"]},
        ],
    });
    Authorizer {
        id: "jwt123".into(),
        name: "jwt".into(),
        kind: AuthorizerType::Jwt,
        auth_type: None,
        authorizer_uri: None,
        authorizer_credentials: None,
        authorizer_result_ttl_in_seconds: None,
        identity_source: Some("method.request.header.Authorization".into()),
        identity_validation_expression: None,
        provider_arns: Vec::new(),
        jwt_configuration: Some(serde_json::from_value::<JwtConfiguration>(configuration).unwrap()),
    }
}

/// `method`, to be called with a token that has one of the scopes.
fn guarded(mut method: Method, scopes: &[&str]) -> Method {
    method.authorization_type = "JWT".into();
    method.authorizer_id = Some("jwt123".into());
    method.authorization_scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    method
}

fn source(more: Vec<(&str, &str, Method)>) -> ApiSource {
    let mut methods = vec![
        ("/open", "GET", guarded(mock(TEMPLATE, &[]), &[])),
        ("/scoped", "GET", guarded(mock(TEMPLATE, &[]), &["orders/read", "orders/write"])),
    ];
    methods.extend(more);
    let mut source = api(methods);
    definition(&mut source).authorizers.insert("jwt123".into(), authorizer());
    source
}

struct Issuers {
    rsa: SigningKey,
    ec: SigningKey,
    /// The other issuer's, with the id of the first one's.
    other: SigningKey,
}

impl Issuers {
    fn new() -> Self {
        Self { rsa: SigningKey::rsa("k1"), ec: SigningKey::ec("k2", "P-256"), other: SigningKey::ec("k2", "P-256") }
    }

    fn settings(&self) -> TokenSettings {
        let given = |keys: &[&SigningKey]| {
            let keys = postern_data_plane::tokens::KeySet::parse(key_set(keys).as_bytes()).unwrap();
            IssuerSettings { keys: KeySource::Given(keys.into()), ..IssuerSettings::default() }
        };
        let issuers = [(ISSUER.to_owned(), given(&[&self.rsa, &self.ec])), (OTHER.to_owned(), given(&[&self.other]))];
        TokenSettings { issuers: issuers.into(), ..TokenSettings::default() }
    }
}

fn serving_with(source: ApiSource, tokens: TokenSettings) -> TestGateway {
    let backends = Backends { tokens, ..Backends::default() };
    let test = TestGateway::start(GatewaySettings { backends, ..GatewaySettings::default() }, AccessLog::off());
    test.gateway.publish(source).unwrap();
    test
}

async fn call(test: &TestGateway, path: &str, token: &str) -> Answer {
    test.call("GET", &format!("/s{path}"), &[&format!("Authorization: Bearer {token}")], "").await
}

#[track_caller]
fn assert_refused(answer: &Answer, why: &str) {
    let seen = (answer.status, answer.field("x-amzn-errortype"), answer.text());
    assert_eq!(seen, (401, "UnauthorizedException", r#"{"message":"Unauthorized"}"#.to_owned()), "{why}");
    assert_eq!(answer.field("www-authenticate"), "");
}

#[tokio::test]
async fn claims_decide() {
    let issuers = Issuers::new();
    let test = serving_with(source(vec![]), issuers.settings());
    for (changes, path, is_good) in [
        (json!({}), "/open", true),
        (json!({"aud": ["x", "stock"]}), "/open", true),
        (json!({"aud": "Orders"}), "/open", false),
        (json!({"aud": ["x"]}), "/open", false),
        (json!({"aud": []}), "/open", false),
        (json!({"aud": null}), "/open", false),
        (json!({"aud": null, "client_id": "orders"}), "/open", false),
        (json!({"aud": {"orders": true}}), "/open", false),
        (json!({"iss": "https://id.example.com/"}), "/open", false),
        (json!({"iss": "https://ID.example.com"}), "/open", false),
        (json!({"iss": [ISSUER]}), "/open", false),
        (json!({"iss": null}), "/open", false),
        (json!({"exp": null}), "/open", false),
        (json!({"exp": "9999999999"}), "/open", false),
        (json!({"nbf": now() - 1}), "/open", true),
        (json!({"nbf": now() + 60}), "/open", false),
        (json!({"iat": now() + 60}), "/open", false),
        (json!({"iat": null}), "/open", true),
        (json!({"tenant": "umbrella"}), "/open", true),
        (json!({"tenant": "Acme"}), "/open", false),
        (json!({"tenant": null}), "/open", false),
        (json!({"tenant": ["acme"]}), "/open", false),
        (json!({"level": "1"}), "/open", true),
        (json!({"level": "2"}), "/open", false),
        (json!({"level": 1}), "/open", false),
        (json!({"note": "anything"}), "/open", true),
        (json!({"note": 7}), "/open", false),
        (json!({}), "/scoped", false),
        (json!({"scope": "orders/read"}), "/scoped", true),
        (json!({"scp": ["a", "orders/write"]}), "/scoped", true),
        (json!({"scope": "orders/readers"}), "/scoped", false),
    ] {
        let answer = call(&test, path, &issuers.rsa.token(&claims(changes.clone()))).await;
        if is_good {
            assert_eq!(answer.status, 200, "{changes}: {}", answer.text());
        } else {
            assert_refused(&answer, &changes.to_string());
        }
    }
    let answer = call(&test, "/open", &issuers.rsa.token(&claims(json!({"exp": now() - 1})))).await;
    assert_eq!((answer.status, answer.message().as_str()), (401, "The incoming token has expired"));
    assert_eq!(answer.field("x-amzn-errortype"), "UnauthorizedException");
}

#[tokio::test]
async fn attacks() {
    let issuers = Issuers::new();
    let test = serving_with(source(vec![]), issuers.settings());
    let (good, other) = (claims(json!({})), claims(json!({"iss": OTHER})));
    assert_eq!(call(&test, "/open", &issuers.ec.token(&good)).await.status, 200);
    assert_eq!(call(&test, "/open", &issuers.other.token(&other)).await.status, 200);
    let evil = SigningKey::rsa("k1");
    let header = |alg: &str| json!({"alg": alg, "kid": "k1"});
    let with_key =
        json!({"alg": "RS256", "kid": "k1", "jwk": evil.jwk(), "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"});
    let elsewhere = json!({"alg": "RS256", "kid": "http://127.0.0.1:1/keys"});
    let injected = json!({"alg": "RS256", "kid": "../../k1"});
    let rsa = &issuers.rsa;
    let expired = claims(json!({"exp": now() - 1}));
    for (token, why) in [
        (rsa.token_with(&header("none"), &good), "unsigned"),
        (format!("{}.{}.", encoded(br#"{"alg":"none","kid":"k1"}"#), encoded(good.to_string().as_bytes())), "unsigned"),
        (rsa.token_with(&header("HS256"), &good), "the public key as a secret"),
        (rsa.token_with(&header("PS256"), &good), "another algorithm"),
        (rsa.token_with(&header("RS512"), &good), "an algorithm that is not the authorizer's"),
        (issuers.ec.token_with(&json!({"alg": "RS256", "kid": "k2"}), &good), "a key on a curve for RS256"),
        (evil.token(&good), "a stranger's key under a known id"),
        (evil.token_with(&with_key, &good), "a key that comes along"),
        (evil.token_with(&elsewhere, &good), "an id that is an address"),
        (rsa.token_with(&injected, &good), "an id that is a path"),
        (SigningKey::rsa("k9").token(&good), "an unknown id"),
        (issuers.other.token(&good), "the other issuer's key, whose id is the same"),
        (issuers.ec.token(&other), "the same the other way round"),
        (evil.token(&expired), "an expired one of a stranger's says no more than that"),
        (
            rsa.token_of_texts(&header("RS256").to_string(), &good.to_string().replacen('{', r#"{"sub":"root","#, 1), "RS256"),
            "twice",
        ),
        (rsa.token(&claims(json!({"x": "y".repeat(20_000)}))), "longer than anything"),
    ] {
        if token.len() > 10_000 {
            assert_eq!(call(&test, "/open", &token).await.status, 431, "{why}");
            continue;
        }
        assert_refused(&call(&test, "/open", &token).await, why);
    }
}

#[tokio::test]
async fn headers() {
    let issuers = Issuers::new();
    let test = serving_with(source(vec![]), issuers.settings());
    let token = issuers.rsa.token(&claims(json!({})));
    let field = |value: &str| format!("Authorization: {value}");
    let good =
        [field(&token), field(&format!("Bearer {token}")), field(&format!("bearer {token}")), format!("authorization:  {token}")];
    for field in good {
        assert_eq!(test.call("GET", "/s/open", &[&field], "").await.status, 200, "{field}");
    }
    let bad: Vec<Vec<String>> = vec![
        vec![],
        vec![field("")],
        vec![field("Bearer")],
        vec![field(&format!("Bearer  {token}"))],
        vec![field(&format!("Bearer\t{token}"))],
        vec![field(&format!("Bearer {token} x"))],
        vec![field(&format!("Bearer {token},"))],
        vec![field(&format!("Bearer Bearer {token}"))],
        vec![field(&format!("Basic {token}"))],
        vec![field(&format!("Token {token}"))],
        vec![field(&token), field(&token)],
        vec![field("x"), field(&token)],
        vec![field(&token), format!("authorization: {token}")],
        vec![format!("X-Authorization: {token}")],
    ];
    for fields in bad {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        assert_refused(&test.call("GET", "/s/open", &fields, "").await, &format!("{fields:?}"));
    }
    let answer = test.call("GET", &format!("/s/open?Authorization={token}"), &[], "").await;
    assert_refused(&answer, "in the query");
}

#[tokio::test]
async fn what_stands_behind_sees_the_claims() {
    let issuers = Issuers::new();
    let backend = Backend::answering(ok("there")).await;
    let proxied = with(support::proxy(&backend.uri("/")), |integration| {
        integration.request_parameters = map(&[
            ("integration.request.header.X-Sub", "context.authorizer.claims.sub"),
            ("integration.request.header.X-Principal", "context.authorizer.principalId"),
            ("integration.request.header.X-Groups", "context.authorizer.claims.cognito:groups"),
        ]);
    });
    let test = serving_with(source(vec![("/proxied", "GET", guarded(proxied, &[]))]), issuers.settings());
    let token = issuers.rsa.token(&claims(json!({"cognito:groups": ["a", "b"]})));
    let answer = call(&test, "/proxied", &token).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "there"));
    let request = backend.request().to_ascii_lowercase();
    for line in ["x-sub: ann", "x-principal: ann", "x-groups: a,b"] {
        assert!(request.contains(&format!("{line}\r\n")), "{line}: {request}");
    }
}

#[tokio::test]
async fn an_authorizer_that_cannot_decide_lets_nobody_in() {
    let issuers = Issuers::new();
    let token = issuers.rsa.token(&claims(json!({})));
    type Change = fn(&mut ApiSource);
    let changes: Vec<(&str, Change)> = vec![
        ("gone", |source| drop(definition(source).authorizers.remove("jwt123"))),
        ("of another type", |source| authorizer_of(source).kind = AuthorizerType::CognitoUserPools),
        ("without a configuration", |source| authorizer_of(source).jwt_configuration = None),
        ("without a source", |source| authorizer_of(source).identity_source = None),
        ("with a source that is no header", |source| {
            authorizer_of(source).identity_source = Some("method.request.querystring.t".into());
        }),
    ];
    for (what, change) in changes {
        let mut source = source(vec![]);
        change(&mut source);
        let answer = call(&serving_with(source, issuers.settings()), "/open", &token).await;
        let seen = (answer.status, answer.field("x-amzn-errortype"), answer.text());
        assert_eq!(seen, (500, "AuthorizerConfigurationException", r#"{"message":null}"#.to_owned()), "{what}");
    }
}

fn authorizer_of(source: &mut ApiSource) -> &mut Authorizer {
    definition(source).authorizers.get_mut("jwt123").unwrap()
}

#[tokio::test]
async fn settings_of_the_operator() {
    let issuers = Issuers::new();
    let skewed = TokenSettings { clock_skew: Duration::from_secs(120), ..issuers.settings() };
    let lenient = TokenSettings { client_ids: ClientIds::AreAudiences, ..skewed };
    let test = serving_with(source(vec![]), lenient);
    for (changes, status) in [
        (json!({"exp": now() - 60}), 200),
        (json!({"exp": now() - 180}), 401),
        (json!({"nbf": now() + 60}), 200),
        (json!({"nbf": now() + 180}), 401),
        (json!({"aud": null, "client_id": "orders"}), 200),
        (json!({"aud": "other", "client_id": "orders"}), 401),
        (json!({"aud": null, "client_id": ["orders"]}), 401),
    ] {
        assert_eq!(call(&test, "/open", &issuers.rsa.token(&claims(changes.clone()))).await.status, status, "{changes}");
    }
}

#[tokio::test]
async fn a_resource_policy_decides_alone_once_the_token_is_good() {
    let issuers = Issuers::new();
    let policy = |statements: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let allow = r#"{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}"#;
    let elsewhere = allow.replace(r#""Resource":"*""#, r#""Resource":"arn:aws:execute-api:*:*:*/s/POST/*""#);
    for (policy, status) in [
        (None, 200),
        (Some(policy(allow)), 200),
        (Some(policy(&elsewhere)), 403),
        (Some(policy(&format!("{allow},{deny}"))), 403),
        (Some("{".to_owned()), 403),
    ] {
        let mut source = source(vec![]);
        definition(&mut source).policy.clone_from(&policy);
        let test = serving_with(source, issuers.settings());
        let answer = call(&test, "/open", &issuers.rsa.token(&claims(json!({})))).await;
        assert_eq!(answer.status, status, "{policy:?}");
        assert_refused(&call(&test, "/open", "x").await, "who it is comes first");
    }
}

/// An issuer over plain HTTP: its discovery document and its keys.
async fn issuer_at(document: &str, keys: &str) -> (Backend, Backend) {
    let json =
        |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let keys = Backend::answering(if keys.starts_with("HTTP") { keys.to_owned() } else { json(keys) }).await;
    let document = document.replace("KEYS", &keys.uri("/keys"));
    let discovery = Backend::answering(if document.starts_with("HTTP") { document } else { json(&document) }).await;
    (discovery, keys)
}

fn discovered_at(uri: String, reach: Reach) -> TokenSettings {
    let settings = IssuerSettings { keys: KeySource::DiscoveredAt(uri), reach, ..IssuerSettings::default() };
    TokenSettings { issuers: [(ISSUER.to_owned(), settings)].into(), ..TokenSettings::default() }
}

#[tokio::test]
async fn keys_are_found_where_the_issuer_says() {
    let issuers = Issuers::new();
    let document = json!({"issuer": ISSUER, "jwks_uri": "KEYS"}).to_string();
    let (discovery, keys) = issuer_at(&document, &key_set(&[&issuers.rsa])).await;
    let test = serving_with(source(vec![]), discovered_at(discovery.uri("/doc?x=1"), Reach::Plain));
    let token = issuers.rsa.token(&claims(json!({})));
    for _ in 0..3 {
        assert_eq!(call(&test, "/open", &token).await.status, 200);
    }
    assert!(discovery.request().starts_with("GET /doc?x=1 HTTP/1.1\r\n"), "{}", discovery.request());
    assert!(keys.request().starts_with("GET /keys HTTP/1.1\r\n"), "{}", keys.request());
    assert_refused(&call(&test, "/open", &SigningKey::rsa("k9").token(&claims(json!({})))).await, "an unknown key");
    assert_eq!(keys.connections(), 1, "not asked again within a minute");
}

#[tokio::test]
async fn an_issuer_that_cannot_be_asked_is_a_failure_of_the_authorizer() {
    let issuers = Issuers::new();
    let token = issuers.rsa.token(&claims(json!({})));
    let set = key_set(&[&issuers.rsa]);
    let document = json!({"issuer": ISSUER, "jwks_uri": "KEYS"}).to_string();
    let redirect = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let huge = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(160_000));
    for (what, document, keys) in [
        ("another issuer's document", json!({"issuer": OTHER, "jwks_uri": "KEYS"}).to_string(), set.clone()),
        ("a slash", json!({"issuer": format!("{ISSUER}/"), "jwks_uri": "KEYS"}).to_string(), set.clone()),
        ("no issuer", json!({"jwks_uri": "KEYS"}).to_string(), set.clone()),
        ("no keys", json!({"issuer": ISSUER}).to_string(), set.clone()),
        ("a file", json!({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}).to_string(), set.clone()),
        ("metadata", json!({"issuer": ISSUER, "jwks_uri": "http://169.254.169.254/"}).to_string(), set.clone()),
        ("no JSON", "<html>".to_owned(), set.clone()),
        ("a redirection", redirect.to_owned(), set.clone()),
        ("redirected keys", document.clone(), redirect.to_owned()),
        ("keys that are none", document.clone(), "{}".to_owned()),
        ("too many bytes of keys", document.clone(), huge),
        ("an error", document.clone(), "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_owned()),
    ] {
        let (discovery, _keys) = issuer_at(&document, &keys).await;
        let test = serving_with(source(vec![]), discovered_at(discovery.uri("/"), Reach::Plain));
        let answer = call(&test, "/open", &token).await;
        let seen = (answer.status, answer.field("x-amzn-errortype"), answer.text());
        assert_eq!(seen, (500, "AuthorizerFailureException", r#"{"message":null}"#.to_owned()), "{what}");
    }
    // Over plain HTTP only where the operator says so.
    let (discovery, _keys) = issuer_at(&document, &set).await;
    let test = serving_with(source(vec![]), discovered_at(discovery.uri("/"), Reach::Https));
    assert_eq!(call(&test, "/open", &token).await.status, 500);
    assert_eq!(discovery.connections(), 0);
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_not_waited_for() {
    let issuers = Issuers::new();
    let hanging = Backend::answering("").await;
    let test = serving_with(source(vec![]), discovered_at(hanging.uri("/"), Reach::Plain));
    let begun = std::time::Instant::now();
    assert_eq!(call(&test, "/open", &issuers.rsa.token(&claims(json!({})))).await.status, 500);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    // A token that names no issuer of the authorizer's costs no question.
    assert_refused(
        &call(&test, "/open", &issuers.rsa.token(&claims(json!({"iss": "https://evil.example"})))).await,
        "a stranger",
    );
    assert_eq!(hanging.connections(), 1);
}
