//! Integration URIs of services: what each becomes, and what is none.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::compile::uri::PathValue;
use crate::encode::{Place, Spelling};

fn variables() -> BTreeMap<String, String> {
    [("region", "eu-west-1"), ("queue", "111122223333/orders"), ("action", "PutRecord"), ("role", "caller"), ("up", "..")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn resolved(uri: &str) -> Result<ResolvedService, AddressError> {
    let names: Vec<Box<str>> = vec!["p".into(), "q".into()];
    ResolvedService::new(UriTemplate::parse(uri, &names)?.parts(&variables()))
}

/// `service region path-and-query [target content-type]`, with `{p}` as `one/two` of a path and `{q}` as `a&b`.
fn shown(uri: &str) -> Result<String, AddressError> {
    let service = resolved(uri)?;
    let values = |index: usize| {
        let (text, place) = if index == 0 { ("one/two", Place::Path) } else { ("a&b", Place::Segment) };
        Some(PathValue { text: text.into(), spelling: Spelling::Plain, place })
    };
    let subdomain = service.subdomain.as_ref().map(|subdomain| format!("{subdomain}+")).unwrap_or_default();
    let mut text = format!("{subdomain}{} {} {}", service.name, service.region, service.rest.uri(&values, None, "m=1")?);
    if let Some(JsonFields { target, content_type }) = &service.json {
        text.push_str(&format!(" {} {}", target.to_str().unwrap(), content_type.to_str().unwrap()));
    }
    Ok(text)
}

#[test]
fn what_a_uri_asks() {
    let table = [
        ("arn:aws:apigateway:us-east-1:sqs:path/111122223333/orders", "sqs us-east-1 /111122223333/orders?m=1"),
        (
            "arn:aws:apigateway:${stageVariables.region}:sqs:path/${stageVariables.queue}",
            "sqs eu-west-1 /111122223333/orders?m=1",
        ),
        ("arn:aws:apigateway:us-east-1:s3:path/bucket/{p}", "s3 us-east-1 /bucket/one/two?m=1"),
        ("arn:aws:apigateway:us-east-1:my.bucket.s3:path/{p}?acl", "my.bucket+s3 us-east-1 /one/two?acl&m=1"),
        ("arn:aws:apigateway:us-east-1:ssm:path//", "ssm us-east-1 /?m=1"),
        ("arn:aws:apigateway:us-east-1:ssm:path/", "ssm us-east-1 /?m=1"),
        (
            "arn:aws:apigateway:us-east-1:runtime.sagemaker:path/endpoints/a/invocations",
            "runtime+sagemaker us-east-1 /endpoints/a/invocations?m=1",
        ),
        ("arn:aws-cn:apigateway:cn-north-1:sns:action/Publish", "sns cn-north-1 /?Action=Publish&m=1"),
        (
            "arn:aws:apigateway:us-east-1:sqs:action/SendMessage&QueueUrl=x&A={q}",
            "sqs us-east-1 /?Action=SendMessage&QueueUrl=x&A=a%26b&m=1",
        ),
        ("arn:aws:apigateway:us-east-1:sns:action/Publish?TopicArn=t", "sns us-east-1 /?Action=Publish&TopicArn=t&m=1"),
        (
            "arn:aws:apigateway:us-east-1:kinesis:action/${stageVariables.action}",
            "kinesis us-east-1 /?Action=PutRecord&m=1 Kinesis_20131202.PutRecord application/x-amz-json-1.1",
        ),
        (
            "arn:aws:apigateway:us-east-1:streams.dynamodb:action/ListStreams",
            "streams+dynamodb us-east-1 /?Action=ListStreams&m=1 DynamoDBStreams_20120810.ListStreams application/x-amz-json-1.0",
        ),
        ("arn:aws:apigateway:us-east-1:events:action/PutEvents", "events us-east-1 /?Action=PutEvents&m=1"),
        (
            "arn:aws:apigateway:us-east-1:s3:action/GetObject&Bucket=b&Key={p}&versionId={q}",
            "s3 us-east-1 /b/one/two?versionId=a%26b&m=1",
        ),
        ("arn:aws:apigateway:us-east-1:s3:action/ListObjects&Bucket={p}", "s3 us-east-1 /one/two?m=1"),
    ];
    for (uri, expected) in table {
        assert_eq!(shown(uri).as_deref(), Ok(expected), "{uri}");
    }
}

#[test]
fn what_is_no_uri_of_a_service() {
    let table = [
        ("", NO_SERVICE),
        ("http://example.com/", NO_SERVICE),
        ("arn:aws:lambda:us-east-1:1:function:x", NO_SERVICE),
        ("arn:aws:apigateway:us-east-1:sqs", NO_SERVICE),
        ("arn:aws:apigateway:us-east-1:sqs:queue/x", NO_SERVICE),
        ("arn:aws:apigateway:us-east-1:sqs:path", NO_SERVICE),
        ("arn:other:apigateway:us-east-1:sqs:path/x", NO_SERVICE),
        ("arn:aws:apigateway::sqs:path/x", INVALID_NAME),
        ("arn:aws:apigateway:us-east-1::path/x", INVALID_NAME),
        ("arn:aws:apigateway:us/east:sqs:path/x", INVALID_NAME),
        ("arn:aws:apigateway:us-east-1:evil.example.com#.s3:path/x", INVALID_NAME),
        ("arn:aws:apigateway:us-east-1:${stageVariables.up}.s3:path/x", INVALID_NAME),
        ("arn:aws:apigateway:{p}:sqs:path/x", NO_SERVICE),
        ("arn:aws:apigateway:us-east-1:{p}.s3:path/x", NO_SERVICE),
        ("arn:aws:apigateway:us-east-1:sqs:action/", INVALID_ACTION),
        ("arn:aws:apigateway:us-east-1:sqs:action/Send Message", INVALID_ACTION),
        ("arn:aws:apigateway:us-east-1:sqs:action/{p}", INVALID_ACTION),
        ("arn:aws:apigateway:us-east-1:sqs:action/${stageVariables.none}", INVALID_ACTION),
    ];
    for (uri, expected) in table {
        assert_eq!(resolved(uri).map(|_| ()), Err(expected), "{uri}");
    }
}
