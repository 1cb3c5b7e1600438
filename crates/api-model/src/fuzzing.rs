//! What the fuzzer does with the wire, where a call goes through route and reader of all 230 operations, and with Java's regular
//! expressions. In unit tests and under `cfg(fuzzing)` only.
#![allow(clippy::missing_panics_doc, reason = "a panic is what a target reports with")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;

use crate::error::{ApiError, ApiResult};
use crate::java_pattern::JavaPattern;
use crate::scope::{Caller, Scope};
use crate::wire::{AnyOperation, Route, WireRequest, WireResponse, error_response, find};
use crate::{apigateway, apigatewaymanagementapi, apigatewayv2};

/// A target's name, what it does with an input, and inputs to begin with.
pub type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[("wire", wire, seeds), ("java-pattern", java_pattern, pattern_seeds)];

/// All three services, with no operation built: a readable input shows as a 501.
struct Unbuilt;

impl apigateway::ApiGateway for Unbuilt {
    apigateway::each_operation!(unbuilt_methods);
}

impl apigatewayv2::ApiGatewayV2 for Unbuilt {
    apigatewayv2::each_operation!(unbuilt_methods);
}

impl apigatewaymanagementapi::ApiGatewayManagementApi for Unbuilt {
    apigatewaymanagementapi::each_operation!(unbuilt_methods);
}

/// An input is a line `METHOD path?query` and a body.
fn wire(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (line, body) = input.split_at(end);
    let Some((method, target)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(' ')) else { return };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Some(route) = find(method, path, query) else { return };
    assert!(route.labels.iter().all(|(_, segment)| !segment.is_empty() && !segment.contains('/')));
    let body = Bytes::copy_from_slice(body);
    let Err(error) = call(&route, query, &body) else { panic!("nothing is built") };
    assert!((400..600).contains(&error.status), "{error:?}");
    assert_ne!(error.status, 500, "{error:?}");
    assert!(serde_json::from_slice::<serde_json::Value>(&error_response(&error).body).is_ok(), "an answer is JSON");
}

fn call(route: &Route<'_>, query: &str, body: &Bytes) -> ApiResult<WireResponse> {
    let headers = HeaderMap::new();
    let request = WireRequest { labels: &route.labels, raw_query: query, headers: &headers, body };
    let scope = Scope { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let caller = Caller { scope, access_key_id: "AKIDEXAMPLE".to_owned() };
    ready(async {
        match route.operation {
            AnyOperation::V1(operation) => apigateway::dispatch(&Unbuilt, &caller, operation, &request).await,
            AnyOperation::V2(operation) => apigatewayv2::dispatch(&Unbuilt, &caller, operation, &request).await,
            AnyOperation::Management(operation) => {
                apigatewaymanagementapi::dispatch(&Unbuilt, &caller, operation, &request).await
            }
        }
    })
}

fn ready<T>(future: impl Future<Output = ApiResult<T>>) -> ApiResult<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => Err(ApiError::internal()),
    }
}

/// A call of every operation, with members that many inputs have.
fn seeds() -> Vec<Vec<u8>> {
    const BODY: &str = r#"{"name": "n", "value": "v", "type": "HTTP", "statusCode": "200", "tags": {"a": "b"}, "enabled": true,
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}, "stageName": "s", "authorizationType": "NONE",
        "patchOperations": [{"op": "replace", "path": "/name", "value": "x"}], "variables": {"a": "1"}, "timeoutInMillis": 50,
        "corsConfiguration": {"maxAge": 1, "allowOrigins": ["*"]}, "location": {"type": "API"}, "quota": {"limit": 1, "period": "DAY"},
        "throttle": {"rateLimit": 1.5, "burstLimit": 2}, "expiry": 1586372745, "domainName": "d.example", "protocolType": "HTTP"}"#;
    let v1 = apigateway::Operation::ALL.iter().map(|operation| (operation.method(), operation.uri()));
    let v2 = apigatewayv2::Operation::ALL.iter().map(|operation| (operation.method(), operation.uri()));
    let management = apigatewaymanagementapi::Operation::ALL.iter().map(|operation| (operation.method(), operation.uri()));
    let seed = |(method, uri): (&str, &str)| {
        let segments: Vec<&str> = uri.split('/').map(|part| if part.starts_with('{') { "200" } else { part }).collect();
        format!("{method} {}\n{BODY}", segments.join("/")).into_bytes()
    };
    v1.chain(v2).chain(management).map(seed).collect()
}

/// An input is a pattern and, behind a zero byte, a text.
fn java_pattern(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let (pattern, text) = input.split_once('\0').unwrap_or((&input, "200"));
    // Any text, quoted, matches itself and nothing longer.
    if !text.contains("\\E")
        && let Ok(quoted) = JavaPattern::compile(&format!("\\Q{text}\\E"))
    {
        assert_eq!(quoted.matches(text), Ok(true), "{text:?}");
        assert_eq!(quoted.matches(&format!("{text}x")), Ok(false), "{text:?}");
    }
    let Ok(compiled) = JavaPattern::compile(pattern) else { return };
    let Ok(matches) = compiled.matches(text) else { return };
    // A pattern is whole: in a group it means the same. Quotations and comments may take the group's end for their own.
    let is_open = pattern.contains("\\Q") || pattern.contains('#');
    if let (false, Ok(grouped)) = (is_open, JavaPattern::compile(&format!("(?:{pattern})"))) {
        assert!(
            grouped.matches(text).is_ok_and(|same| same == matches) || grouped.matches(text).is_err(),
            "{pattern:?} {text:?}"
        );
    }
}

fn pattern_seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "2\\d{2}\x00204",
        "(?i:ab|[^c-e&&[a-z]])*+\0ABab",
        "(?=2)20[0-9]+\x00200",
        "\\Q2.0\\E|x\x002.0",
        "(2)\\1*0++(?<n>a)\\k<n>\x002220aa",
        "(?x) 2 0 0 # ok\x00200",
        "\\p{Alpha}\\h\\R\\x{1F600}\\u0041\\cA\0a",
        "(?>a*)b|(a+)+c\0aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "^\\A[\\w&&[^\\d]]{1,3}?\\z$\0ab",
        ".*Error.*|(?s).*\n.*\0an Error\n",
    ];
    seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole seeds, and seeds that end early.
    #[test]
    fn every_target_takes_its_seeds() {
        for (name, run, seeds) in TARGETS {
            let seeds = seeds();
            assert!(seeds.len() >= 10, "{name} begins with {} seeds", seeds.len());
            for seed in seeds {
                run(&seed);
                run(&seed[..seed.len() / 2]);
            }
        }
    }
}
