//! What holds for all 230 operations.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::call;
use crate::{apigateway, apigatewaymanagementapi, apigatewayv2};

/// Method and path template of every operation.
fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let v1 = apigateway::Operation::ALL.iter().map(|operation| (operation.name(), operation.method(), operation.uri()));
    let v2 = apigatewayv2::Operation::ALL.iter().map(|operation| (operation.name(), operation.method(), operation.uri()));
    let management = apigatewaymanagementapi::Operation::ALL.iter();
    v1.chain(v2).chain(management.map(|operation| (operation.name(), operation.method(), operation.uri())))
}

fn target(uri: &str, label: &str, query: &str) -> String {
    let segments: Vec<&str> = uri.split('/').map(|part| if part.starts_with('{') { label } else { part }).collect();
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{}{separator}{query}", segments.join("/"))
}

/// Names that inputs have, so that generated bodies get past the first level, and one that none has.
const MEMBER_NAMES: [&str; 24] = [
    "patchOperations",
    "op",
    "path",
    "value",
    "name",
    "type",
    "tags",
    "endpointConfiguration",
    "types",
    "canarySettings",
    "jwtConfiguration",
    "issuers",
    "algorithms",
    "stageVariables",
    "variables",
    "location",
    "statusCode",
    "domainName",
    "displayContent",
    "conditions",
    "actions",
    "corsConfiguration",
    "maxAge",
    "unknown",
];

fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![Just("replace".to_owned()), Just("HTTP".to_owned()), Just("200".to_owned()), any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from), object(inner).prop_map(Value::Object)]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let members = prop::collection::vec((prop::sample::select(&MEMBER_NAMES[..]), value), 0..10);
    members.prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[test]
fn an_unbuilt_operation_names_itself() {
    let mut reached = 0;
    for (name, method, uri) in operations() {
        let error = call(method, &target(uri, "200", ""), "{}").unwrap_err();
        if error.code == "NotImplementedException" {
            assert_eq!(error.message, format!("{name} is not implemented yet"));
            reached += 1;
        } else {
            // Only what the model requires, or a label that is no value of its enum, keeps an empty input out.
            assert!(error.message.contains("must not be null") || error.message.contains("enum value set"), "{name}: {error}");
        }
    }
    assert!(reached > 150, "{reached}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_json_breaks_a_reader(body in object(json()), query in "([a-z]{1,8}=[a-z0-9%+]{0,4}&){0,3}", label in "[a-z0-9%]{1,6}") {
        let body = Value::Object(body).to_string();
        for (name, method, uri) in operations() {
            let error = call(method, &target(uri, &label, &query), &body).unwrap_err();
            let expected = ["NotImplementedException", "SerializationException", "ValidationException", "BadRequestException"];
            prop_assert!(expected.contains(&error.code), "{}: {}", name, error);
        }
    }

    #[test]
    fn no_bytes_break_a_reader(body in ".{0,64}") {
        for (_, method, uri) in operations() {
            prop_assert!(call(method, &target(uri, "200", ""), &body).is_err());
        }
    }
}
