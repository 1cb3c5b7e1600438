//! Policies: whatever the document, parsing and asking are bounded, a denial wins whatever stands beside it, and what does not parse is
//! said in words.

use postern_policy::{Kind, NoKeys, Policy, Principal, Request, Verdict};

use crate::{Target, joined, two_parts};

pub(crate) const TARGET: Target = Target { name: "iam-policy", run, seeds };

/// Bytes of an input: past that a pattern with many wildcards takes long without telling anything new.
const INPUT_BYTES_MAX: usize = 4 * 1024;
const ACTION: &str = "execute-api:Invoke";
const ARN: &str = "arn:aws:execute-api:eu-west-1:111111111111:abc/prod/GET/pets";
const DENIAL: &str = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;

/// An input is a document and, behind the separator, a resource that is asked for.
fn run(input: &[u8]) {
    if input.len() > INPUT_BYTES_MAX {
        return;
    }
    let (text, resource) = two_parts(input);
    let principals = [
        Principal::Anonymous,
        Principal::Aws { account: "111111111111", arn: "arn:aws:iam::111111111111:user/me", role_arn: None },
        Principal::Service("apigateway.amazonaws.com"),
    ];
    for kind in [Kind::Resource, Kind::Identity] {
        let policy = match Policy::parse(&text, kind) {
            Ok(policy) => policy,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        let denying = (kind == Kind::Identity).then(|| with_a_denial(&text)).flatten();
        for principal in principals {
            for resource in [ARN, &resource] {
                let request = Request { principal, action: ACTION, resource, keys: &NoKeys };
                let verdict = policy.verdict(&request);
                assert_eq!(verdict, policy.verdict(&request), "the same again");
                let shouted = Request { action: &ACTION.to_ascii_uppercase(), ..request };
                assert_eq!(verdict, policy.verdict(&shouted), "the case of an action does not count");
                if let Some(denying) = &denying {
                    assert_eq!(denying.verdict(&request), Verdict::Deny, "a denial wins");
                }
            }
        }
    }
}

/// The same policy with a statement that denies everything.
fn with_a_denial(text: &str) -> Option<Policy> {
    let mut policy: serde_json::Value = serde_json::from_str(text).ok()?;
    let denial = serde_json::from_str(DENIAL).ok()?;
    match policy.get_mut("Statement")? {
        serde_json::Value::Array(statements) => statements.push(denial),
        one => *one = serde_json::Value::Array(vec![one.take(), denial]),
    }
    let policy = Policy::parse(&policy.to_string(), Kind::Identity);
    Some(policy.expect("a statement that is a policy by itself is one beside others"))
}

fn seeds() -> Vec<Vec<u8>> {
    let statements = [
        r#""Effect":"Allow","Action":"execute-api:Invoke","Resource":"*""#,
        r#""Effect":"Deny","Action":["execute-api:*","apigateway:GET"],"NotResource":"arn:aws:execute-api:*:*:abc/*""#,
        r#""Effect":"Allow","NotAction":"s3:*","Resource":"arn:aws:execute-api:eu-*:1111????1111:abc/prod/*/pets""#,
        r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"*""#,
        r#""Effect":"Allow","Principal":{"AWS":["111111111111","arn:aws:iam::111111111111:user/me"]},"Action":"*","Resource":"*""#,
        r#""Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"*","Resource":"*""#,
        r#""Effect":"Allow","Action":"*","Resource":"arn:aws:x:::${aws:username}/${aws:userid, 'none'}/${*}""#,
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","::1"]}}"#,
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringLikeIfExists":{"aws:UserAgent":"a*"}}"#,
        r#""Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},"Null":{"aws:Referer":true}}"#,
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThanEquals":{"aws:EpochTime":1.5e9},"Bool":{"aws:SecureTransport":"true"}}"#,
    ];
    let document = |statement: &&str| joined(&format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#), ARN);
    statements.iter().map(document).collect()
}
