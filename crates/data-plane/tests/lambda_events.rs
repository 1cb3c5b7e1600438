//! Every case of `lambda/events.txt`: a request, and the event that the function gets.
//!
//! A case is a line `=== name` and sections that begin with a line `--- kind`: `resource`, the path of the resource; `setup`, a line each of
//! `binary TYPE`, `variable NAME=VALUE`, `compression`, `mapping DESTINATION=SOURCE`; `request`, whose last line is the body behind an empty line;
//! and `event`, where what differs from request to request stands in braces.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use serde_json::Value;
use support::functions::{FUNCTION, Fake, lambda, serving};
use support::{API, api, definition, with};

#[tokio::test]
async fn every_case_gives_its_event() {
    let text = include_str!("lambda/events.txt");
    let mut failures = Vec::new();
    let cases: Vec<&str> = text.split("=== ").skip(1).collect();
    assert!(cases.len() >= 12, "{} cases were found", cases.len());
    for case in cases {
        if let Err(difference) = check(case).await {
            failures.push(difference);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

async fn check(case: &str) -> Result<(), String> {
    let (name, rest) = case.split_once('\n').unwrap();
    let sections: BTreeMap<&str, &str> = rest.split("--- ").skip(1).map(|section| section.split_once('\n').unwrap()).collect();
    let setup = |kind: &str| {
        let prefix = format!("{kind} ");
        let lines = sections.get("setup").copied().unwrap_or_default().lines();
        lines.filter_map(move |line| line.strip_prefix(&prefix).map(str::to_owned)).collect::<Vec<_>>()
    };
    let mappings: Vec<(String, String)> =
        setup("mapping").iter().map(|line| line.split_once('=').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let method = with(lambda(FUNCTION), |integration| integration.request_parameters.extend(mappings));
    let mut source = api(vec![(sections["resource"].trim(), "ANY", method)]);
    definition(&mut source).binary_media_types = setup("binary");
    definition(&mut source).minimum_compression_size = (!setup("compression").is_empty()).then_some(0);
    for variable in setup("variable") {
        let (name, value) = variable.split_once('=').unwrap();
        source.stages.get_mut("s").unwrap().variables.insert(name.to_owned(), value.to_owned());
    }
    let fake = Fake::returning("{\"statusCode\": 204}");
    let test = serving(&fake, source);
    let request = request(sections["request"]);
    let answer = test.raw(&request).await;
    assert_eq!(answer.status, 204, "{name}: {answer:?}");
    let mut event = fake.event();
    let call = fake.calls.lock().unwrap()[0].clone();
    assert_eq!(call.function, FUNCTION);
    assert_eq!(event["requestContext"]["requestId"], answer.field("x-amzn-requestid"));
    assert_eq!(event["requestContext"]["extendedRequestId"], answer.field("x-amz-apigw-id"));
    assert!(call.trace_id.unwrap().starts_with(event["headers"]["X-Amzn-Trace-Id"].as_str().unwrap()));
    mask(&mut event);
    let found = serde_json::to_string_pretty(&event).unwrap();
    let expected = sections["event"].trim();
    if found == expected { Ok(()) } else { Err(format!("{name}: expected\n{expected}\nfound\n{found}")) }
}

/// The request on the wire.
fn request(section: &str) -> String {
    let (head, body) = section.split_once("\n\n").map_or((section.trim_end(), ""), |(head, body)| (head, body.trim_end()));
    let mut text = head.replace('\n', "\r\n");
    text.push_str(&format!("\r\nHost: {API}.execute-api.local:8080\r\nConnection: close\r\n"));
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}")
}

/// Puts names in the place of what no two requests share.
fn mask(event: &mut Value) {
    let context = &mut event["requestContext"];
    for name in ["extendedRequestId", "requestTime", "requestTimeEpoch", "requestId"] {
        assert!(context[name].is_string() || context[name].is_number(), "{name}");
        context[name] = Value::from(format!("{{{name}}}"));
    }
    for (name, mask) in [("X-Amzn-Trace-Id", "{trace}"), ("X-Forwarded-Port", "{port}")] {
        assert!(event["headers"][name].is_string());
        event["headers"][name] = Value::from(mask);
        event["multiValueHeaders"][name] = Value::from(vec![mask]);
    }
}
