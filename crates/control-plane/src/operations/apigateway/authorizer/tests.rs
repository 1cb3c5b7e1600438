//! Authorizers as tables: what is stored, what is refused, every PATCH path.
#![allow(clippy::unwrap_used)]

use postern_api_model::apigateway::{AuthorizerType, Op, Op::*};
use serde_json::{Value, json};

use super::*;
use crate::server::fixture::{self, API, Bench, refusal};

const URI: &str =
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:f/invocations";
const HEADER: &str = "method.request.header.Authorization";
const POOL: &str = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_a";

fn token() -> Authorizer {
    Authorizer {
        id: "token1".into(),
        name: "token".into(),
        kind: AuthorizerType::Token,
        auth_type: Some("custom".into()),
        authorizer_uri: Some(URI.into()),
        authorizer_credentials: None,
        authorizer_result_ttl_in_seconds: None,
        identity_source: Some(HEADER.into()),
        identity_validation_expression: None,
        provider_arns: Vec::new(),
        jwt_configuration: None,
    }
}

fn definition() -> Definition {
    let mut definition = fixture::api().definition;
    definition.authorizers.insert("token1".into(), token());
    definition
}

fn update(definition: &mut Definition, operations: &[(Op, &str, &str)]) -> ApiResult<Shown> {
    let patches: Vec<Patch> = operations.iter().map(|(op, path, value)| fixture::patch(*op, path, value)).collect();
    update_in(definition, "token1", &patches)
}

fn jwt(issuers: Value) -> String {
    json!({"defaultAlgorithms": ["RS256"], "issuers": issuers}).to_string()
}

#[test]
fn each_path_changes_its_member() {
    let mut definition = definition();
    let shown = update(
        &mut definition,
        &[
            (Replace, "/name", "other"),
            (Replace, "/authType", "mine"),
            (Replace, "/authorizerCredentials", "arn:aws:iam::111111111111:role/r"),
            (Replace, "/authorizerResultTtlInSeconds", "0"),
            (Replace, "/identityValidationExpression", "^x-[a-z]+"),
            (Replace, "/type", "REQUEST"),
            (Add, "/identitySource", "method.request.querystring.q"),
            (Add, "/identitySource", HEADER),
        ],
    );
    let shown = shown.unwrap();
    assert_eq!(shown.name.as_deref(), Some("other"));
    assert_eq!(shown.auth_type.as_deref(), Some("mine"));
    assert_eq!(shown.authorizer_result_ttl_in_seconds, Some(0));
    assert_eq!(shown.identity_source.unwrap(), format!("{HEADER},method.request.querystring.q"));
    let shown = update(&mut definition, &[(Remove, "/identitySource", HEADER), (Replace, "/identityValidationExpression", "")]);
    let shown = shown.unwrap();
    assert_eq!(shown.identity_source.as_deref(), Some("method.request.querystring.q"));
    assert_eq!(shown.identity_validation_expression, None);
    assert_eq!(update(&mut definition, &[(Remove, "/identitySource", "")]).unwrap().identity_source, None);
}

#[test]
fn a_type_is_changed_with_what_it_needs() {
    let mut definition = definition();
    let pools = [(Replace, "/type", "COGNITO_USER_POOLS"), (Add, "/providerARNs", POOL), (Replace, "/authorizerUri", "")];
    let shown = update(&mut definition, &pools).unwrap();
    assert_eq!((shown.auth_type.as_deref(), shown.provider_arns), (Some("cognito_user_pools"), Some(vec![POOL.to_owned()])));
    let configuration = jwt(json!([{"issuer": "https://id.example.com", "audiences": ["a"]}]));
    let shown = update(&mut definition, &[(Replace, "/type", "JWT"), (Replace, "/jwtConfiguration", &configuration)]).unwrap();
    assert_eq!((shown.auth_type.as_deref(), shown.provider_arns), (Some("jwt"), None));
    assert!(shown.jwt_configuration.is_some());
    let shown = update(&mut definition, &[(Replace, "/type", "TOKEN"), (Replace, "/authorizerUri", URI)]).unwrap();
    assert_eq!(shown, show_one(&token()));
}

#[test]
fn members_of_other_types_are_refused() {
    let mut definition = definition();
    let configuration = jwt(json!([{"issuer": "https://id.example.com", "audiences": ["a"]}]));
    let refused = |definition: &mut Definition, operation: (Op, &str, &str), text: &str| {
        let before = definition.clone();
        let text = format!("Invalid request input: {text}");
        assert_eq!(refusal(update(definition, &[operation])), (400, text));
        assert_eq!(*definition, before);
    };
    let text = "jwtConfiguration is not supported for authorizers of type TOKEN";
    refused(&mut definition, (Replace, "/jwtConfiguration", configuration.as_str()), text);
    update(&mut definition, &[(Replace, "/type", "JWT"), (Replace, "/jwtConfiguration", &configuration)]).unwrap();
    for (op, member, value) in [
        (Add, "providerARNs", POOL),
        (Replace, "authorizerUri", URI),
        (Replace, "authorizerCredentials", "arn:aws:iam::111111111111:role/r"),
        (Replace, "authorizerResultTtlInSeconds", "0"),
        (Replace, "identityValidationExpression", "x"),
    ] {
        let text = format!("{member} is not supported for authorizers of type JWT");
        let path = format!("/{member}");
        refused(&mut definition, (op, path.as_str(), value), &text);
    }
    update(&mut definition, &[(Replace, "/authorizerUri", ""), (Replace, "/name", "other")]).unwrap();
}

#[test]
fn refused_patches_change_nothing() {
    let before = definition();
    for (operations, text) in [
        (vec![(Replace, "/id", "x")], "Invalid patch path /id"),
        (vec![(Replace, "/name/first", "x")], "Invalid patch path /name/first"),
        (vec![(Add, "/name", "x")], "Invalid patch operation specified. Must be one of: [replace]"),
        (vec![(Replace, "/providerARNs", POOL)], "Invalid patch operation specified. Must be one of: [add, remove]"),
        (vec![(Copy, "/identitySource", HEADER)], "Invalid patch operation specified. Must be one of: [add, remove, replace]"),
        (vec![(Replace, "/name", "")], "Authorizer name cannot be empty"),
        (
            vec![(Replace, "/type", "OTHER")],
            "Invalid Authorizer type specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS,JWT",
        ),
        (vec![(Replace, "/type", "JWT")], "Invalid request input: jwtConfiguration is required"),
        (vec![(Replace, "/authorizerCredentials", "me")], "Invalid ARN specified in the request"),
        (vec![(Replace, "/identityValidationExpression", "(")], "Invalid regex pattern specified"),
        (
            vec![(Replace, "/authorizerResultTtlInSeconds", "3601")],
            "Invalid request input: authorizerResultTtlInSeconds must be between 0 and 3600",
        ),
        (
            vec![(Remove, "/identitySource", "")],
            "Invalid request input: identitySource is required for authorizers of type TOKEN",
        ),
        (
            vec![(Add, "/identitySource", "method.request.querystring.q")],
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: \
             method.request.header.Authorization,method.request.querystring.q]",
        ),
    ] {
        let mut definition = before.clone();
        assert_eq!(refusal(update(&mut definition, &operations)), (400, text.to_owned()));
        assert_eq!(definition, before);
    }
}

#[test]
fn issuers_have_a_form() {
    let long: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    let issuer = |url: &str| json!([{"issuer": url, "audiences": ["a"]}]);
    let claim = |claim: Value| json!([{"issuer": "https://a", "audiences": ["a"], "additionalClaims": [claim.clone(), claim]}]);
    for (issuers, part) in [
        (json!([]), "must have 1 to 10 issuers"),
        (issuer("http://a"), "must be an https URL"),
        (issuer("http://localhost.example.com"), "must be an https URL"),
        (issuer("http://10.0.0.1"), "must be an https URL"),
        (issuer("ws://localhost"), "must be an https URL"),
        (issuer("https://"), "must be an https URL"),
        (issuer("https://u@a"), "must be an https URL"),
        (issuer("https://a?b"), "must be an https URL"),
        (issuer("https://a#b"), "must be an https URL"),
        (json!([{"issuer": "https://a", "audiences": []}]), "1 to 50 audiences"),
        (json!([{"issuer": "https://a", "audiences": long}]), "1 to 50 audiences"),
        (json!([{"issuer": "https://a", "audiences": [""]}]), "none of them empty"),
        (json!([{"issuer": "https://a", "audiences": ["a"]}, {"issuer": "https://a", "audiences": ["b"]}]), "appears twice"),
        (claim(json!({"claimName": "t", "format": "SINGLE_STRING"})), "appears twice"),
        (claim(json!({"claimName": "aud", "format": "SINGLE_STRING"})), "none of iss, aud"),
        (claim(json!({"claimName": "", "format": "SINGLE_STRING"})), "must not be empty"),
        (claim(json!({"claimName": "t", "format": "SINGLE_STRING", "expectedValues": [""]})), "must not be empty"),
        (claim(json!({"claimName": "t", "format": "SINGLE_STRING", "expectedValues": []})), "must have a value, or be left out"),
    ] {
        let operations = [(Replace, "/type", "JWT"), (Replace, "/jwtConfiguration", &*jwt(issuers.clone()))];
        let (status, text) = refusal(update(&mut definition(), &operations));
        assert!(status == 400 && text.contains(part), "{issuers}: {text}");
    }
}

#[test]
fn an_issuer_of_this_machine_needs_no_certificate() {
    for url in ["http://localhost:8080/realms/test", "http://127.0.0.1:9000", "http://[::1]/", "https://id.example.com/"] {
        let configuration = jwt(json!([{"issuer": url, "audiences": ["a"]}]));
        let operations = [(Replace, "/type", "JWT"), (Replace, "/jwtConfiguration", configuration.as_str())];
        assert!(update(&mut definition(), &operations).is_ok(), "{url}");
    }
}

#[test]
fn an_authorizer_in_use_stays() {
    let mut definition = definition();
    let root = definition.resources.get_mut(fixture::ROOT).unwrap();
    root.methods.get_mut("GET").unwrap().authorizer_id = Some("token1".into());
    let text = "Cannot delete authorizer 'token', is referenced in method: GET//".to_owned();
    assert_eq!(refusal(delete_in(&mut definition, "token1")), (409, text));
    let root = definition.resources.get_mut(fixture::ROOT).unwrap();
    root.methods.get_mut("GET").unwrap().authorizer_id = None;
    assert_eq!(delete_in(&mut definition, "token1"), Ok(()));
    assert_eq!(refusal(delete_in(&mut definition, "token1")).0, 404);
}

#[tokio::test]
async fn an_api_has_a_bounded_number() {
    let bench = Bench::dev().await;
    let path = format!("/restapis/{API}/authorizers");
    let body = |name: usize| {
        json!({"name": name.to_string(), "type": "TOKEN", "authorizerUri": URI, "identitySource": HEADER}).to_string()
    };
    for number in 0..AUTHORIZERS_MAX {
        assert_eq!(bench.call("POST", &path, &body(number)).await.0, 201);
    }
    let (status, code, _) = bench.call("POST", &path, &body(99)).await;
    assert_eq!((status, code.as_str()), (429, "LimitExceededException"));
    let (_, _, page) = bench.call("GET", &format!("{path}?limit=7"), "").await;
    assert_eq!(page["item"].as_array().unwrap().len(), 7);
    let (status, _, refused) = bench.call("POST", &path, &body(3)).await;
    let text = "Authorizer name must be unique. Authorizer 3 already exists in this RestApi.";
    assert_eq!((status, refused), (400, json!({"message": text})));
}
