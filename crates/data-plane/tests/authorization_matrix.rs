//! Who may call, in every combination: authorization types and what their callers show, resource policies, kinds of methods (API Gateway's
//! guide, "How API Gateway resource policies affect authorization workflow").

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};
use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::hidden::Hidden;
use postern_api_model::identity::{Identity, IdentityKind};
use postern_api_model::ports::{ApiSource, CallerKey, CallerKeys, PortFuture, Proof};
use postern_api_model::rest_api::{Authorizer, JwtConfiguration, Method};
use postern_data_plane::tokens::{IssuerSettings, KeySet, KeySource, TokenSettings};
use postern_data_plane::{AccessLog, GatewaySettings};
use postern_sigv4::{ContentSha256, Credentials, PathStyle, Payload, SecretKey, SigningRequest, SigningTarget, sign};
use serde_json::{Value, json};
use support::functions::{Fake, answer, lambda, raised, settings, uri};
use support::tokens::{SigningKey, key_set};
use support::{Answer, Backend, TestGateway, api, definition, mock, ok, proxy};

const POOL: &str = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_abc";
const POOL_ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc";
const ISSUER: &str = "https://id.example.com";
const TARGETS: &str = "arn:aws:execute-api:eu-west-1:000000000000:abcde12345/*";
const ELSEWHERE: &str = "arn:aws:execute-api:eu-west-1:000000000000:other12345/*";

/// What a resource policy says; the columns of the table.
const RESOURCE_POLICIES: [&str; 4] = ["absent", "allow", "silent", "deny"];

/// What a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    /// The method's answer.
    In,
    /// Nobody allows it, in the words for whoever is not known.
    AnonymousSilent,
    /// It is forbidden, in those words.
    AnonymousDenied,
    /// The same for who signed.
    CallerSilent,
    CallerDenied,
    /// The same by an authorizer's policy.
    AuthorizerSilent,
    AuthorizerDenied,
    Unauthorized,
    Misconfigured,
    Unsigned,
}
use Gets::*;

/// Authorization type, what the caller shows, and what comes of it by resource policy.
const TABLE: &[(&str, &str, [Gets; 4])] = &[
    ("NONE", "nothing", [In, In, AnonymousSilent, AnonymousDenied]),
    ("AWS_IAM", "AKIAALLOW", [In, In, In, CallerDenied]),
    ("AWS_IAM", "AKIASILENT", [CallerSilent, In, CallerSilent, CallerDenied]),
    ("AWS_IAM", "AKIADENY", [CallerDenied; 4]),
    ("AWS_IAM", "AKIAFOREIGNALLOW", [CallerSilent, In, CallerSilent, CallerDenied]),
    ("AWS_IAM", "AKIAFOREIGNSILENT", [CallerSilent, CallerSilent, CallerSilent, CallerDenied]),
    ("AWS_IAM", "nothing", [Unsigned; 4]),
    ("TOKEN", "allow", [In, In, In, AnonymousDenied]),
    ("TOKEN", "silent", [AuthorizerSilent, In, AuthorizerSilent, AnonymousDenied]),
    ("TOKEN", "deny", [AuthorizerDenied, AuthorizerDenied, AuthorizerDenied, AnonymousDenied]),
    ("TOKEN", "unauthorized", [Unauthorized, Unauthorized, Unauthorized, AnonymousDenied]),
    ("TOKEN", "nonsense", [Misconfigured, Misconfigured, Misconfigured, AnonymousDenied]),
    ("TOKEN", "nothing", [Unauthorized, Unauthorized, Unauthorized, AnonymousDenied]),
    ("REQUEST", "allow", [In, In, In, AnonymousDenied]),
    ("REQUEST", "silent", [AuthorizerSilent, In, AuthorizerSilent, AnonymousDenied]),
    ("REQUEST", "deny", [AuthorizerDenied, AuthorizerDenied, AuthorizerDenied, AnonymousDenied]),
    ("REQUEST", "unauthorized", [Unauthorized, Unauthorized, Unauthorized, AnonymousDenied]),
    ("REQUEST", "nonsense", [Misconfigured, Misconfigured, Misconfigured, AnonymousDenied]),
    ("REQUEST", "nothing", [Unauthorized, Unauthorized, Unauthorized, AnonymousDenied]),
    ("COGNITO_USER_POOLS", "token", [In, In, AnonymousSilent, AnonymousDenied]),
    ("COGNITO_USER_POOLS", "nonsense", [Unauthorized; 4]),
    ("COGNITO_USER_POOLS", "nothing", [Unauthorized; 4]),
    ("JWT", "token", [In, In, AnonymousSilent, AnonymousDenied]),
    ("JWT", "nonsense", [Unauthorized; 4]),
    ("JWT", "nothing", [Unauthorized; 4]),
];

/// Verb of the method, verb of the request, and the path behind that of the authorization type.
const METHODS: [(&str, &str, &str); 5] = [
    ("GET", "GET", "/mock"),
    ("ANY", "DELETE", "/any"),
    ("POST", "POST", "/http/{proxy+}"),
    ("GET", "GET", "/function/{id}"),
    ("OPTIONS", "OPTIONS", "/mock"),
];

struct Keys;

impl CallerKeys for Keys {
    fn caller_key<'a>(&'a self, id: &'a str) -> PortFuture<'a, Result<Option<CallerKey>, String>> {
        let account = if id.contains("FOREIGN") { "111111111111" } else { "000000000000" };
        let identity = Identity { account: account.to_owned(), access_key_id: id.to_owned(), kind: IdentityKind::User };
        let proof = Proof::Secret(Hidden::new("secret".to_owned()));
        let key = CallerKey { identity, proof, policy: Some(policy(&said_by(id), "")), session: None };
        Box::pin(async move { Ok(Some(key)) })
    }
}

/// `AKIAFOREIGNALLOW` is `allow`.
fn said_by(id: &str) -> String {
    id.trim_start_matches("AKIA").trim_start_matches("FOREIGN").to_ascii_lowercase()
}

/// A policy that allows the API's methods, allows those of another, or forbids them.
fn policy(says: &str, principal: &str) -> String {
    let (effect, resource) = match says {
        "allow" => ("Allow", TARGETS),
        "silent" => ("Allow", ELSEWHERE),
        "deny" => ("Deny", TARGETS),
        other => panic!("{other}"),
    };
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}",{principal}"Action":"execute-api:Invoke","Resource":"{resource}"}}]}}"#
    )
}

/// An authorizer that says what it is shown, and a function behind methods.
fn functions() -> Arc<Fake> {
    Fake::new(|call| {
        let event: Value = serde_json::from_slice(&call.payload).unwrap();
        let shown = match event["type"].as_str() {
            Some("TOKEN") => event["authorizationToken"].as_str(),
            Some("REQUEST") => event["headers"]["X-Id"].as_str(),
            _ => return Ok(answer(r#"{"statusCode":200}"#)),
        };
        Ok(match shown.unwrap() {
            "unauthorized" => raised(r#"{"errorMessage":"Unauthorized"}"#),
            "nonsense" => answer(r#"{"errorType":"Nonsense"}"#),
            says => answer(format!(r#"{{"principalId":"me","policyDocument":{}}}"#, policy(says, ""))),
        })
    })
}

fn authorizer(kind: AuthorizerType, source: &str) -> Authorizer {
    let is_function = matches!(kind, AuthorizerType::Token | AuthorizerType::Request);
    let configuration = json!({"default_algorithms": ["RS256"], "issuers": [{"issuer": ISSUER, "audiences": ["orders"]}]});
    Authorizer {
        id: kind.to_string(),
        name: kind.to_string(),
        kind,
        auth_type: None,
        authorizer_uri: is_function.then(|| uri("hello")),
        authorizer_credentials: None,
        // Every cell asks.
        authorizer_result_ttl_in_seconds: is_function.then_some(u32::from(kind == AuthorizerType::Request)),
        identity_source: Some(format!("method.request.header.{source}")),
        identity_validation_expression: None,
        provider_arns: if kind == AuthorizerType::CognitoUserPools { vec![POOL.to_owned()] } else { Vec::new() },
        jwt_configuration: (kind == AuthorizerType::Jwt)
            .then(|| serde_json::from_value::<JwtConfiguration>(configuration).unwrap()),
    }
}

fn source(resource_policy: &str, backend: &Backend) -> ApiSource {
    let authorizers = [
        authorizer(AuthorizerType::Token, "Authorization"),
        authorizer(AuthorizerType::Request, "X-Id"),
        authorizer(AuthorizerType::CognitoUserPools, "Authorization"),
        authorizer(AuthorizerType::Jwt, "Authorization"),
    ];
    let mut methods: Vec<(String, &str, Method)> = Vec::new();
    for kind in ["NONE", "AWS_IAM", "TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT"] {
        let authorization = if matches!(kind, "TOKEN" | "REQUEST") { "CUSTOM" } else { kind };
        for (verb, _, path) in METHODS {
            let method = match path {
                "/http/{proxy+}" => proxy(&backend.uri("/")),
                "/function/{id}" => lambda("hello"),
                _ => mock("{statusCode: 200}", &[]),
            };
            let authorizer_id = authorizers.iter().find(|known| known.id == kind).map(|known| known.id.clone());
            let method = Method { authorization_type: authorization.to_owned(), authorizer_id, ..method };
            methods.push((format!("/{kind}{path}"), verb, method));
        }
    }
    let mut source = api(methods.iter().map(|(path, verb, method)| (path.as_str(), *verb, method.clone())).collect());
    let definition = definition(&mut source);
    definition.policy = (resource_policy != "absent").then(|| policy(resource_policy, r#""Principal":"*","#));
    definition.authorizers = authorizers.into_iter().map(|authorizer| (authorizer.id.clone(), authorizer)).collect();
    source
}

/// The fields of a request by who shows this.
fn shown(kind: &str, shows: &str, verb: &str, path: &str, key: &SigningKey) -> Vec<String> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    match (kind, shows) {
        (_, "nothing") => Vec::new(),
        ("AWS_IAM", id) => signed(id, verb, path, i64::try_from(now_s).unwrap()),
        ("REQUEST", shows) => vec![format!("X-Id: {shows}")],
        ("COGNITO_USER_POOLS", "token") => {
            let claims = json!({"iss": POOL_ISSUER, "aud": "c", "token_use": "id", "sub": "ann", "exp": now_s + 600});
            vec![format!("Authorization: {}", key.token(&claims))]
        }
        ("JWT", "token") => {
            let claims = json!({"iss": ISSUER, "aud": "orders", "sub": "ann", "exp": now_s + 600});
            vec![format!("Authorization: Bearer {}", key.token(&claims))]
        }
        (_, shows) => vec![format!("Authorization: {shows}")],
    }
}

fn signed(id: &str, verb: &str, path: &str, at_s: i64) -> Vec<String> {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("abcde12345.execute-api.local"));
    let secret = SecretKey::new("secret".to_owned());
    let credentials = Credentials { access_key_id: id, secret: &secret, session_token: None };
    let request = SigningRequest { method: verb, raw_path: path, raw_query: "", headers: &headers, body: Payload::Bytes(b"") };
    let target = SigningTarget {
        region: "eu-west-1",
        service: "execute-api",
        path_style: PathStyle::AsSent,
        content_sha256: ContentSha256::Omit,
    };
    let added = sign(&request, &credentials, &target, at_s).unwrap();
    added.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

/// Status, error type and body of a refusal.
fn expected(gets: Gets, shows: &str, verb: &str, path: &str) -> (u16, &'static str, String) {
    let arn = format!("arn:aws:execute-api:eu-west-1:********0000:abcde12345{}", path.replacen("/s/", &format!("/s/{verb}/"), 1));
    let account = if shows.contains("FOREIGN") { "111111111111" } else { "000000000000" };
    let user = format!("arn:aws:iam::{account}:user/{shows}");
    let denied = |text: String| (403, "AccessDeniedException", format!(r#"{{"Message":"{text}"}}"#));
    let to_invoke = |user: &str, end: &str| {
        denied(format!("User: {user} is not authorized to perform: execute-api:Invoke on resource: {arn}{end}"))
    };
    let to_access = |end: &str| denied(format!("User is not authorized to access this resource{end}"));
    const EXPLICITLY: &str = " with an explicit deny";
    match gets {
        In => panic!("it is no refusal"),
        AnonymousSilent => to_invoke("anonymous", ""),
        AnonymousDenied => to_invoke("anonymous", EXPLICITLY),
        CallerSilent => to_invoke(&user, ""),
        CallerDenied => to_invoke(&user, EXPLICITLY),
        AuthorizerSilent => to_access(""),
        AuthorizerDenied => to_access(EXPLICITLY),
        Unauthorized => (401, "UnauthorizedException", r#"{"message":"Unauthorized"}"#.to_owned()),
        Misconfigured => (500, "AuthorizerConfigurationException", r#"{"message":null}"#.to_owned()),
        Unsigned => (403, "MissingAuthenticationTokenException", r#"{"message":"Missing Authentication Token"}"#.to_owned()),
    }
}

fn serving(fake: &Arc<Fake>, source: ApiSource, key: &SigningKey) -> TestGateway {
    let keys = KeySet::parse(key_set(&[key]).as_bytes()).unwrap();
    let given = IssuerSettings { keys: KeySource::Given(keys.into()), ..IssuerSettings::default() };
    let issuers = [(POOL.to_owned(), given.clone()), (ISSUER.to_owned(), given)].into();
    let mut settings: GatewaySettings = settings(fake);
    settings.backends.tokens = TokenSettings { issuers, ..TokenSettings::default() };
    let test = TestGateway::start_with_keys(settings, AccessLog::off(), Arc::new(Keys));
    test.gateway.publish(source).unwrap();
    test
}

fn refusal(answer: &Answer) -> (u16, &str, String) {
    (answer.status, answer.field("x-amzn-errortype"), answer.text())
}

#[tokio::test]
async fn every_cell() {
    let key = SigningKey::rsa("k");
    let backend = Backend::answering(ok("hi")).await;
    for (column, resource_policy) in RESOURCE_POLICIES.into_iter().enumerate() {
        let fake = functions();
        let test = serving(&fake, source(resource_policy, &backend), &key);
        for (kind, shows, row) in TABLE {
            for (_, verb, path) in METHODS {
                let path = format!("/s/{kind}{}", path.replace("{proxy+}", "a/b").replace("{id}", "7"));
                let cell = format!("{kind} {shows}, resource policy {resource_policy}, {verb} {path}");
                let fields = shown(kind, shows, verb, &path, &key);
                let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                let (reached, asked) = (backend.connections(), fake.calls.lock().unwrap().len());
                let answer = test.call(verb, &path, &fields, "").await;
                let (reached, asked) = (backend.connections() - reached, fake.calls.lock().unwrap().len() - asked);
                if row[column] == In {
                    assert_eq!(answer.status, 200, "{cell}: {}", answer.text());
                    continue;
                }
                assert_eq!(refusal(&answer), expected(row[column], shows, verb, &path), "{cell}");
                assert_eq!(reached, 0, "{cell}: the backend heard of it");
                let asks = matches!(*kind, "TOKEN" | "REQUEST") && *shows != "nothing" && resource_policy != "deny";
                assert!(
                    asked == usize::from(asks) || (*kind == "REQUEST" && asked == 0),
                    "{cell}: {asked} functions were called"
                );
            }
        }
    }
}
