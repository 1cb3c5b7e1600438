//! Resource policies in traffic: what they allow, what they deny, and that no spelling of a path gets round them.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::apigateway::GatewayResponseType;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::GatewayResponse;
use support::{API, Answer, TestGateway, api, definition, map, mock};

const ALLOW_ALL: &str = r#"{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}"#;
const OWN: &str = "arn:aws:execute-api:eu-west-1:000000000000:abcde12345";

fn statement(effect: &str, resource: &str, rest: &str) -> String {
    format!(r#"{{"Effect":"{effect}","Principal":"*","Action":"execute-api:Invoke","Resource":"{resource}"{rest}}}"#)
}

fn allow(path: &str) -> String {
    statement("Allow", &format!("{OWN}/{path}"), "")
}

fn deny(path: &str) -> String {
    statement("Deny", &format!("{OWN}/{path}"), "")
}

fn guarded(statements: &[String]) -> ApiSource {
    let open = || mock("{statusCode: 200}", &[]);
    let mut source = api(vec![
        ("/", "GET", open()),
        ("/pets", "ANY", open()),
        ("/pets/{id}", "GET", open()),
        ("/files/{name}", "GET", open()),
        ("/any/{proxy+}", "ANY", open()),
        ("/{proxy+}", "GET", open()),
    ]);
    definition(&mut source).policy = Some(format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(",")));
    source
}

fn serving(statements: &[String]) -> TestGateway {
    TestGateway::serving(guarded(statements))
}

fn refusal(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.field("x-amzn-errortype")), (403, "AccessDeniedException"), "{answer:?}");
    answer.text()
}

#[tokio::test]
async fn the_rows_of_the_table_for_methods_without_authorization() {
    let masked = "arn:aws:execute-api:eu-west-1:********0000:abcde12345/s/GET/pets";
    let silent =
        format!(r#"{{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {masked}"}}"#);
    let denied = silent.replace("pets\"}", "pets with an explicit deny\"}");
    let foreign =
        r#"{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"execute-api:Invoke","Resource":"*"}"#.to_owned();
    let other_action = ALLOW_ALL.replace("Invoke", "InvalidateCache");
    let table: Vec<(Vec<String>, Option<&String>)> = vec![
        (vec![ALLOW_ALL.to_owned()], None),
        (vec![allow("s/GET/pets")], None),
        (vec![allow("s/*/pets"), deny("s/DELETE/*")], None),
        (vec![allow("s/POST/pets")], Some(&silent)),
        (vec![allow("other/GET/pets")], Some(&silent)),
        (vec![allow("s/GET/pets/")], Some(&silent)),
        (vec![statement("Allow", "arn:aws:execute-api:eu-west-1:000000000000:abcde/*", "")], Some(&silent)),
        (vec![statement("Allow", "arn:aws:execute-api:eu-west-1:000000000000:abcde1234?/*", "")], None),
        (vec![statement("Allow", "arn:aws:execute-api:us-*:000000000000:abcde12345/*", "")], Some(&silent)),
        (vec![other_action], Some(&silent)),
        (vec![foreign], Some(&silent)),
        (vec![deny("s/POST/pets")], Some(&silent)),
        (vec![deny("s/GET/pets"), ALLOW_ALL.to_owned()], Some(&denied)),
        (vec![ALLOW_ALL.to_owned(), deny("*/*/pets*")], Some(&denied)),
    ];
    for (statements, expected) in table {
        let test = serving(&statements);
        let answer = test.call("GET", "/s/pets", &[], "").await;
        match expected {
            None => assert_eq!(answer.status, 200, "{statements:?}"),
            Some(body) => assert_eq!(&refusal(&answer), body, "{statements:?}"),
        }
        assert_eq!(test.call("GET", "/none/pets", &[], "").await.status, 403);
    }
}

#[tokio::test]
async fn a_policy_that_says_nothing_denies_everything() {
    for text in ["", "{}", "[]", "no json", r#"{"Version":"2012-10-17","Statement":[]}"#, r#"{"Statement":[{"Effect":"Allow"}]}"#]
    {
        let mut source = guarded(&[]);
        definition(&mut source).policy = Some(text.to_owned());
        let test = TestGateway::serving(source);
        assert!(refusal(&test.call("GET", "/s/pets", &[], "").await).contains("with an explicit deny"), "{text}");
    }
}

#[tokio::test]
async fn the_verb_that_counts_is_the_one_that_is_served() {
    let test = serving(&[allow("s/GET/*")]);
    assert_eq!(test.call("GET", "/s/pets", &[], "").await.status, 200);
    refusal(&test.call("DELETE", "/s/pets", &[], "").await);
    let refused = refusal(&test.call("GET", "/s/pets", &["X-HTTP-Method-Override: DELETE"], "").await);
    assert!(refused.contains("/s/DELETE/pets"), "{refused}");
}

/// The same method by whatever spelling: neither an `Allow` is widened nor a `Deny` passed.
#[tokio::test]
async fn no_spelling_of_a_path_gets_round_a_policy() {
    let denying = serving(&[
        ALLOW_ALL.to_owned(),
        deny("s/*/pets"),
        deny("s/*/files/secret"),
        deny("s/*/any/secret*"),
        deny("s/*/secret*"),
    ]);
    let allowing = serving(&[allow("s/*/any/public/*"), allow("s/*/files/public")]);
    for path in [
        "/pets",
        "/pets/",
        "//pets",
        "/%70ets",
        "/p%65ts/",
        "/files/secret",
        "/files/secret/",
        "/files/%73ecret",
        "/files/%2573ecret",
        "/files/secret;v=1",
        "/files/secret%3Bv=1",
        "/files/%2e%2fsecret",
        "/any/secret",
        "/any//secret",
        "/any/./secret",
        "/any/x/../secret",
        "/any/x/..%2fsecret",
        "/any/x%2f..%2fsecret",
        "/any/x/..;/secret",
        "/any/x/..;a=b/secret",
        "/any/x/%2e%2e/secret",
        "/any/x/%252e%252e/secret",
        "/any/x%5c..%5csecret",
        "/any/%252573ecret",
        "/any/x/%c0%ae%c0%ae/secret",
        "/any/a%00/secret",
        "/any/../any/secret",
        "/any/../../../x",
        "/any/%2573ecret",
        "/x%2f..%2fsecret",
    ] {
        for test in [&denying, &allowing] {
            let answer = test.call("GET", &format!("/s{path}"), &[], "").await;
            refusal(&answer);
        }
    }
    for path in [
        "/any/public/../secret",
        "/any/public/..%2fsecret",
        "/any/public/..;/secret",
        "/any/public/%252e%252e/secret",
        "/any/public/a%2fb/../../secret",
        "/any/public/x/../y",
    ] {
        refusal(&allowing.call("GET", &format!("/s{path}"), &[], "").await);
    }
    for path in ["/any/public/a", "/any/public/a%20b", "/any/public/a%2Fb", "/any/public//a", "//any/public/a/"] {
        assert_eq!(allowing.call("GET", &format!("/s{path}"), &[], "").await.status, 200, "{path}");
    }
    let paths = ["/_aws/execute-api/abcde12345/s/%70ets", "/restapis/abcde12345/s/_user_request_/pets", "//s/pets"];
    for path in paths {
        let host = if path.starts_with("//") { format!("Host: {API}.execute-api.local") } else { "Host: localhost".to_owned() };
        refusal(&denying.call_with("GET", path, &[&host], "").await);
    }
}

#[tokio::test]
async fn conditions_that_need_no_authentication() {
    let condition = |operator: &str, key: &str, value: &str| {
        statement("Allow", "*", &format!(r#","Condition":{{"{operator}":{{"{key}":"{value}"}}}}"#))
    };
    let table: Vec<(String, &[&str], u16)> = vec![
        (condition("IpAddress", "aws:SourceIp", "127.0.0.0/8"), &[], 200),
        (condition("IpAddress", "aws:SourceIp", "10.0.0.0/8"), &[], 403),
        (condition("IpAddress", "aws:SourceIp", "10.0.0.0/8"), &["X-Forwarded-For: 10.0.0.1"], 403),
        (condition("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"), &[], 200),
        (condition("Bool", "aws:SecureTransport", "false"), &[], 200),
        (condition("Bool", "aws:SecureTransport", "true"), &["X-Forwarded-Proto: https"], 403),
        (condition("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"), &[], 200),
        (condition("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"), &[], 403),
        (condition("NumericGreaterThan", "aws:EpochTime", "1577836800"), &[], 200),
        (condition("StringLike", "aws:Referer", "https://example.com/*"), &["Referer: https://example.com/a"], 200),
        (condition("StringLike", "aws:Referer", "https://example.com/*"), &[], 403),
        (
            condition("StringEquals", "aws:Referer", "https://example.com/"),
            &["Referer: https://other.example/", "Referer: https://example.com/"],
            403,
        ),
        (condition("StringEquals", "AWS:useragent", "me"), &["User-Agent: me"], 200),
        (condition("StringEquals", "aws:SourceVpce", "vpce-1"), &[], 403),
        (condition("StringEquals", "aws:SourceVpc", "vpc-1"), &[], 403),
        (condition("StringNotEquals", "aws:SourceVpce", "vpce-1"), &[], 200),
        (condition("ArnLike", "aws:SourceArn", "*"), &[], 403),
        (condition("StringEquals", "aws:PrincipalAccount", "000000000000"), &[], 403),
        (condition("StringEquals", "aws:username", "*"), &[], 403),
    ];
    for (statement, fields, status) in table {
        let answer = serving(std::slice::from_ref(&statement)).call("GET", "/s/pets", fields, "").await;
        assert_eq!(answer.status, status, "{statement} {fields:?}");
    }
}

#[tokio::test]
async fn what_is_too_long_to_be_decided_about() {
    let test = serving(&[ALLOW_ALL.to_owned()]);
    let fits = 1600 - format!("{OWN}/s/GET/any/").len();
    assert_eq!(test.call("GET", &format!("/s/any/{}", "a".repeat(fits)), &[], "").await.status, 200);
    let answer = test.call("GET", &format!("/s/any/{}", "a".repeat(fits + 1)), &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (414, "Request URI too long"));
    let mut open = guarded(&[]);
    definition(&mut open).policy = None;
    let open = TestGateway::serving(open);
    assert_eq!(open.call("GET", &format!("/s/any/{}", "a".repeat(2000)), &[], "").await.status, 200, "nothing is decided");
}

#[tokio::test]
async fn refusals_are_customised_as_access_denied() {
    let mut source = guarded(&[deny("*")]);
    let response = GatewayResponse {
        status_code: Some("418".to_owned()),
        response_templates: map(&[(
            "application/json",
            r#"{"t":"$context.error.responseType","m":$context.error.messageString}"#,
        )]),
        ..GatewayResponse::default()
    };
    definition(&mut source).gateway_responses.insert(GatewayResponseType::AccessDenied, response);
    let answer = TestGateway::serving(source).call("GET", "/s/pets", &[], "").await;
    assert_eq!(answer.status, 418);
    assert!(answer.text().starts_with(r#"{"t":"ACCESS_DENIED","m":"User: anonymous is not authorized"#), "{}", answer.text());
}

#[tokio::test]
async fn paths_that_lead_nowhere_stay_unknown() {
    let mut source = api(vec![("/pets", "GET", mock("{statusCode: 200}", &[]))]);
    definition(&mut source).policy = guarded(&[deny("*")]).deployments["d1"].policy.clone();
    let answer = TestGateway::serving(source).call("GET", "/s/none", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (403, "Missing Authentication Token"));
}
