//! Target of the fuzzer: integration URIs of services, and what a client's value can do to one.

use super::*;
use crate::compile::uri::PathValue;
use crate::encode::{Place, Spelling};
use crate::fuzzing::{Target, parts, seeds};

/// A template, the value of the stage variable `v`, and the value of the parameters.
pub(crate) const AWS_URI: Target = ("aws-uri", aws_uri, || {
    seeds(&[
        "arn:aws:apigateway:us-east-1:sqs:path/111122223333/${stageVariables.v}|orders|x",
        "arn:aws:apigateway:us-east-1:s3:path/bucket/{id}?acl={proxy}|a|../other/key?x#y",
        "arn:aws-cn:apigateway:cn-north-1:my.bucket.s3:path//{proxy}#frag|a|é%zz",
        "arn:aws:apigateway:us-east-1:sns:action/Publish&TopicArn=x&Message={id}|a|b&c=d",
        "arn:aws:apigateway:${stageVariables.v}:kinesis:action/PutRecord|us-east-1|b",
        "arn:aws:apigateway:us-east-1:s3:action/GetObject?Bucket={id}&Key={proxy}&versionId=1|a|b/c",
        "arn:aws:apigateway:us-east-1:${stageVariables.v}:path/x|evil.example.com/#.s3|b",
        "arn:aws:apigateway:us-east-1:sqs:action/{id}|a|b",
    ])
});

fn aws_uri(input: &[u8]) {
    let [template, variable, value] = parts(input);
    let names: [Box<str>; 2] = ["id".into(), "proxy".into()];
    let Ok(template) = UriTemplate::parse(&template, &names) else { return };
    let Ok(service) = ResolvedService::new(template.parts(&BTreeMap::from([("v".to_owned(), variable)]))) else { return };
    let labels = service.subdomain.iter().chain([&service.name]).flat_map(|text| text.split('.')).chain([&*service.region]);
    for label in labels {
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        assert!(!label.is_empty() && is_plain, "{label:?} in a host");
    }
    for spelling in [Spelling::Encoded, Spelling::Plain] {
        check_rest(&service, &value, spelling);
    }
}

/// A value stays in its place: it adds no segment, no parameter and no fragment.
fn check_rest(service: &ResolvedService, value: &str, spelling: Spelling) {
    let rendered = |text: &str| {
        let value = |_: usize| Some(PathValue { text: text.to_owned().into(), spelling, place: Place::Segment });
        service.rest.uri(&value, None, "").map(|uri| {
            assert!(uri.path().starts_with('/') && !uri.to_string().contains('#'), "{uri}");
            (uri.path().matches('/').count(), uri.query().map(|query| query.matches(['&', '=', '+']).count()))
        })
    };
    assert_eq!(rendered("x"), rendered(value), "{value:?} leaves its place");
}
