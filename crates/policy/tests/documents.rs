//! Documents and what they say of requests, case by case.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;
use std::collections::BTreeMap;

use postern_policy::{Keys, Kind, NoKeys, Policy, Principal, Request, Verdict};

const ARN: &str = "arn:aws:execute-api:eu-west-1:111111111111:abc/prod/GET/pets";
const ALICE: Principal<'_> =
    Principal::Aws { account: "222222222222", arn: "arn:aws:iam::222222222222:user/alice", role_arn: None };
const SESSION: Principal<'_> = Principal::Aws {
    account: "222222222222",
    arn: "arn:aws:sts::222222222222:assumed-role/reader/s1",
    role_arn: Some("arn:aws:iam::222222222222:role/reader"),
};

struct Given(BTreeMap<&'static str, Vec<&'static str>>);

impl Keys for Given {
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>> {
        Some(self.0.get(key)?.iter().map(|value| Cow::Borrowed(*value)).collect())
    }
}

fn keys(pairs: &[(&'static str, &[&'static str])]) -> Given {
    Given(pairs.iter().map(|(key, values)| (*key, values.to_vec())).collect())
}

fn document(statement: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": {{{statement}}}}}"#)
}

fn verdict(statement: &str, principal: Principal<'_>, keys: &dyn Keys) -> Verdict {
    let policy = Policy::parse(&document(statement), Kind::Resource).unwrap();
    policy.verdict(&Request { principal, action: "execute-api:Invoke", resource: ARN, keys })
}

/// Whether a condition is satisfied.
fn holds(condition: &str, keys: &dyn Keys) -> bool {
    let statement =
        format!(r#""Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {{{condition}}}"#);
    verdict(&statement, Principal::Anonymous, keys) == Verdict::Allow
}

#[test]
fn a_denial_outweighs() {
    let allow = r#"{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"execute-api:*","Resource":"arn:aws:execute-api:*:*:*/*/GET/pets"}"#;
    let ask = |statements: &str| {
        let policy = Policy::parse(&format!(r#"{{"Statement": [{statements}]}}"#), Kind::Resource).unwrap();
        policy.verdict(&Request { principal: Principal::Anonymous, action: "EXECUTE-API:invoke", resource: ARN, keys: &NoKeys })
    };
    assert_eq!(ask(allow), Verdict::Allow);
    assert_eq!(ask(&format!("{allow},{deny}")), Verdict::Deny);
    assert_eq!(ask(&format!("{deny},{allow}")), Verdict::Deny);
    assert_eq!(ask(&deny.replace("pets", "dogs")), Verdict::Silent);
}

#[test]
fn principals() {
    let ask = |principals: &str, caller| {
        let statement = format!(r#""Effect": "Allow", {principals}, "Action": "*", "Resource": "*""#);
        verdict(&statement, caller, &NoKeys) >= Verdict::Delegated
    };
    for (principals, anonymous, alice, session) in [
        (r#""Principal": "*""#, true, true, true),
        (r#""Principal": {"AWS": "*"}"#, true, true, true),
        (r#""Principal": {"AWS": "222222222222"}"#, false, true, true),
        (r#""Principal": {"AWS": "arn:aws:iam::222222222222:root"}"#, false, true, true),
        (r#""Principal": {"AWS": ["333333333333", "arn:aws:iam::222222222222:user/alice"]}"#, false, true, false),
        (r#""Principal": {"AWS": "arn:aws:iam::222222222222:role/reader"}"#, false, false, true),
        (r#""Principal": {"AWS": "arn:aws:sts::222222222222:assumed-role/reader/s1"}"#, false, false, true),
        (r#""Principal": {"AWS": "arn:aws:sts::222222222222:assumed-role/reader/s2"}"#, false, false, false),
        (r#""Principal": {"Service": "apigateway.amazonaws.com"}"#, false, false, false),
        (r#""Principal": {"Federated": "x"}"#, false, false, false),
    ] {
        assert_eq!(ask(principals, Principal::Anonymous), anonymous, "{principals}");
        assert_eq!(ask(principals, ALICE), alice, "{principals}");
        assert_eq!(ask(principals, SESSION), session, "{principals}");
    }
    assert!(ask(r#""Principal": {"Service": "lambda.amazonaws.com"}"#, Principal::Service("lambda.amazonaws.com")));
}

#[test]
fn an_account_is_allowed_to_allow() {
    let ask = |principals: &str, caller| {
        let statement = format!(r#""Effect": "Allow", "Principal": {principals}, "Action": "*", "Resource": "*""#);
        verdict(&statement, caller, &NoKeys)
    };
    let root = Principal::Aws { account: "222222222222", arn: "arn:aws:iam::222222222222:root", role_arn: None };
    for account in [r#"{"AWS": "222222222222"}"#, r#"{"AWS": "arn:aws:iam::222222222222:root"}"#] {
        assert_eq!(
            [ALICE, SESSION, root].map(|caller| ask(account, caller)),
            [Verdict::Delegated, Verdict::Delegated, Verdict::Allow]
        );
    }
    assert_eq!(ask(r#"{"AWS": ["222222222222", "arn:aws:iam::222222222222:user/alice"]}"#, ALICE), Verdict::Allow);
    assert_eq!(ask(r#""*""#, ALICE), Verdict::Allow);
    let deny = r#""Effect": "Deny", "Principal": {"AWS": "222222222222"}, "Action": "*", "Resource": "*""#;
    assert_eq!(verdict(deny, ALICE, &NoKeys), Verdict::Deny);
}

#[test]
fn all_but_these_principals() {
    let denied = |principals: &str, caller| {
        let statement = format!(r#""Effect": "Deny", "NotPrincipal": {principals}, "Action": "*", "Resource": "*""#);
        verdict(&statement, caller, &NoKeys) == Verdict::Deny
    };
    // Documented: whoever is to be exempt is named together with the account.
    let alice = r#"{"AWS": ["arn:aws:iam::222222222222:user/alice", "222222222222"]}"#;
    assert!(!denied(alice, ALICE));
    assert!(denied(r#"{"AWS": "arn:aws:iam::222222222222:user/alice"}"#, ALICE));
    assert!(denied(alice, SESSION));
    assert!(denied(alice, Principal::Anonymous));
    let session = r#"{"AWS": ["222222222222", "arn:aws:iam::222222222222:role/reader", "arn:aws:sts::222222222222:assumed-role/reader/s1"]}"#;
    assert!(!denied(session, SESSION));
}

#[test]
fn all_but_these_actions_and_resources() {
    let ask = |members: &str| verdict(&format!(r#""Effect": "Allow", "Principal": "*", {members}"#), ALICE, &NoKeys);
    assert_eq!(ask(r#""NotAction": "execute-api:InvalidateCache", "Resource": "*""#), Verdict::Allow);
    assert_eq!(ask(r#""NotAction": ["execute-api:*"], "Resource": "*""#), Verdict::Silent);
    assert_eq!(ask(r#""Action": "*", "NotResource": "arn:aws:execute-api:*:*:abc/dev/*""#), Verdict::Allow);
    assert_eq!(ask(r#""Action": "*", "NotResource": "arn:aws:execute-api:*:*:abc/prod/*""#), Verdict::Silent);
}

#[test]
fn operators() {
    let given = keys(&[
        ("aws:useragent", &["curl/8"]),
        ("aws:sourceip", &["203.0.113.9"]),
        ("aws:epochtime", &["1795176000"]),
        ("aws:currenttime", &["2026-11-20T12:00:00Z"]),
        ("aws:securetransport", &["true"]),
        ("aws:sourcearn", &["arn:aws:lambda:eu-west-1:111111111111:function:f"]),
        ("x:bytes", &["AQI="]),
        ("x:many", &["a", "b"]),
        ("x:word", &["Word"]),
    ]);
    for (condition, expected) in [
        (r#""StringEquals": {"aws:UserAgent": "curl/8"}"#, true),
        (r#""StringEquals": {"AWS:useragent": ["x", "curl/8"]}"#, true),
        (r#""StringEquals": {"aws:UserAgent": "Curl/8"}"#, false),
        (r#""StringEqualsIgnoreCase": {"aws:UserAgent": "Curl/8"}"#, true),
        (r#""StringNotEquals": {"aws:UserAgent": ["x", "curl/8"]}"#, false),
        (r#""StringNotEquals": {"aws:UserAgent": ["x", "y"]}"#, true),
        (r#""StringLike": {"aws:UserAgent": "curl/*"}"#, true),
        (r#""StringNotLike": {"aws:UserAgent": "curl/?"}"#, false),
        (r#""StringEquals": {"aws:UserAgent": "curl/*"}"#, false),
        (r#""IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}"#, true),
        (r#""NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#, false),
        (r#""NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}"#, true),
        (r#""NumericLessThan": {"aws:EpochTime": 1795176001}"#, true),
        (r#""NumericGreaterThanEquals": {"aws:EpochTime": "1795176000"}"#, true),
        (r#""NumericNotEquals": {"aws:EpochTime": "1795176000.0"}"#, false),
        (r#""DateGreaterThan": {"aws:CurrentTime": "2026-11-20T11:59:59Z"}"#, true),
        (r#""DateLessThan": {"aws:CurrentTime": "2026-11-20"}"#, false),
        (r#""DateLessThanEquals": {"aws:EpochTime": "2026-11-20T12:00:00Z"}"#, true),
        (r#""Bool": {"aws:SecureTransport": true}"#, true),
        (r#""Bool": {"aws:SecureTransport": "False"}"#, false),
        (r#""BinaryEquals": {"x:bytes": "AQI="}"#, true),
        (r#""ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:111111111111:function:*"}"#, true),
        (r#""ArnEquals": {"aws:SourceArn": "arn:aws:lambda:*:*:function:g"}"#, false),
        (r#""ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}"#, true),
        (r#""Null": {"aws:Referer": "true", "aws:SourceIp": "false"}"#, true),
        (r#""Null": {"aws:SourceIp": true}"#, false),
        // A key that the request lacks.
        (r#""StringEquals": {"aws:Referer": "x"}"#, false),
        (r#""StringNotEquals": {"aws:Referer": "x"}"#, true),
        (r#""StringEqualsIfExists": {"aws:Referer": "x"}"#, true),
        (r#""StringEqualsIfExists": {"aws:UserAgent": "x"}"#, false),
        (r#""ForAllValues:StringEquals": {"aws:Referer": "x"}"#, true),
        (r#""ForAnyValue:StringEquals": {"aws:Referer": "x"}"#, false),
        // Several values.
        (r#""ForAllValues:StringEquals": {"x:many": ["a", "b", "c"]}"#, true),
        (r#""ForAllValues:StringEquals": {"x:many": ["a"]}"#, false),
        (r#""ForAnyValue:StringEquals": {"x:many": ["b"]}"#, true),
        (r#""ForAnyValue:StringNotEquals": {"x:many": ["a"]}"#, true),
        (r#""ForAllValues:StringNotEquals": {"x:many": ["a"]}"#, false),
        // All operators and all keys must hold.
        (r#""StringEquals": {"x:word": "Word", "aws:UserAgent": "x"}"#, false),
        (r#""StringEquals": {"x:word": "Word"}, "Bool": {"aws:SecureTransport": "false"}"#, false),
        // Variables.
        (r#""StringEquals": {"x:word": "${x:WORD}"}"#, true),
        (r#""StringEquals": {"x:word": "${aws:Referer, 'Word'}"}"#, true),
        (r#""StringEquals": {"x:word": "${aws:Referer}"}"#, false),
        (r#""StringNotEquals": {"x:word": "${x:many}"}"#, true),
        (r#""StringLike": {"x:word": "${x:word}*"}"#, true),
    ] {
        assert_eq!(holds(condition, &given), expected, "{condition}");
    }
}

#[test]
fn the_value_of_a_variable_is_no_wildcard() {
    let statement = r#""Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "arn:aws:execute-api:eu-west-1:111111111111:abc/prod/GET/${x:name}""#;
    let ask = |name: &'static str| verdict(statement, ALICE, &keys(&[("x:name", &[name])]));
    assert_eq!(ask("pets"), Verdict::Allow);
    assert_eq!(ask("*"), Verdict::Silent);
    assert_eq!(ask("p?ts"), Verdict::Silent);
}

#[test]
fn the_old_language_has_no_variables() {
    let text = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"x:a": "${x:b}"}}}}"#;
    let ask = |text: &str, a: &'static str| {
        let given = keys(&[("x:a", &[a]), ("x:b", &["b"])]);
        let policy = Policy::parse(text, Kind::Resource).unwrap();
        policy.verdict(&Request { principal: ALICE, action: "a:b", resource: "r", keys: &given })
    };
    assert_eq!(ask(text, "${x:b}"), Verdict::Allow);
    assert_eq!(ask(text, "b"), Verdict::Silent);
    let current = text.replacen('{', r#"{"Version": "2012-10-17", "#, 1);
    assert_eq!(ask(&current, "b"), Verdict::Allow);
}

#[test]
fn the_policy_of_a_caller_names_no_principal() {
    let statement = r#""Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*""#;
    assert!(Policy::parse(&document(statement), Kind::Identity).is_ok());
    assert!(Policy::parse(&document(statement), Kind::Resource).is_err());
    let named = format!(r#"{statement}, "Principal": "*""#);
    assert!(Policy::parse(&document(&named), Kind::Identity).is_err());
}

#[test]
fn what_is_no_policy_says_why() {
    let whole = r#""Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*""#;
    for (text, reason) in [
        ("{".to_owned(), "EOF"),
        ("[]".to_owned(), "no object"),
        ("{}".to_owned(), "no Statement"),
        (r#"{"Statement": []}"#.to_owned(), "no statement"),
        (format!(r#"{{"Version": "2020-01-01", "Statement": {{{whole}}}}}"#), "Version"),
        (document(&whole.replace("Allow", "allow")), "Effect"),
        (document(&whole.replace("a:b", "b")), "service:Action"),
        (document(&whole.replace(r#""Action":"a:b","#, "")), "Action and NotAction"),
        (document(&format!(r#"{whole},"NotResource":"*""#)), "Resource and NotResource"),
        (document(&format!(r#"{whole},"effect":"Deny""#)), "no member"),
        (document(&format!(r#"{whole},"Effect":"Deny""#)), "twice"),
        (document(&whole.replace(r#""Principal":"*""#, r#""Principal":{"AWS":"arn:aws:iam::222222222222:user/*"}"#)), "wildcard"),
        (document(&whole.replace(r#""Principal":"*""#, r#""Principal":{"AWS":"alice"}"#)), "no account"),
        (document(&format!(r#"{whole},"Condition":{{"StringIs":{{"a":"b"}}}}"#)), "StringIs"),
        (document(&format!(r#"{whole},"Condition":{{"Bool":{{"a":"maybe"}}}}"#)), "maybe"),
        (document(&format!(r#"{whole},"Condition":{{"IpAddress":{{"a":"10.0.0.0/99"}}}}"#)), "10.0.0.0/99"),
        (document(&format!(r#"{whole},"Condition":{{"StringEquals":{{"a":{{}}}}}}"#)), "none"),
        (document(&whole.replace(r#""Resource":"*""#, r#""Resource":"${aws:""#)), "variable"),
        (format!("{{\"Id\":\"{}\"}}", "x".repeat(70_000)), "longer"),
    ] {
        let error = Policy::parse(&text, Kind::Resource).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}
