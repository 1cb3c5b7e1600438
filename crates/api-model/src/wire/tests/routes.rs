//! Every operation is found by its own path, and traps are not fallen into.

use super::super::{AnyOperation, find};
use crate::{apigateway, apigatewaymanagementapi, apigatewayv2};

/// Each operation with an example of its path and query, labels filled with `value`.
fn examples(value: &str) -> Vec<(AnyOperation, &'static str, String)> {
    let v1 = apigateway::Operation::ALL.iter().map(|o| (AnyOperation::V1(*o), o.method(), o.uri()));
    let v2 = apigatewayv2::Operation::ALL.iter().map(|o| (AnyOperation::V2(*o), o.method(), o.uri()));
    let management = apigatewaymanagementapi::Operation::ALL.iter();
    let management = management.map(|o| (AnyOperation::Management(*o), o.method(), o.uri()));
    let all = v1.chain(v2).chain(management);
    all.map(|(operation, method, uri)| (operation, method, fill(uri, value))).collect()
}

fn fill(uri: &str, value: &str) -> String {
    let segments = uri.split('/').map(|part| if part.starts_with('{') { value } else { part });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn every_operation_is_reached_by_its_path() {
    // The second is a name that is also a literal somewhere, the third a whole ARN in one segment.
    for value in ["abc123", "stages", "arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Frestapis%2Fabc", "%24default", "%28none%29"]
    {
        let examples = examples(value);
        assert_eq!(examples.len(), 230);
        for (operation, method, target) in examples {
            let (path, query) = target.split_once('?').unwrap_or((&target, ""));
            let found = find(method, path, query).unwrap_or_else(|| panic!("{method} {target} is no operation"));
            assert_eq!(found.operation, operation, "{method} {target}");
            assert!(found.labels.iter().all(|(_, segment)| *segment == value), "{method} {target}");
        }
    }
}

#[track_caller]
fn assert_route(method: &str, target: &str, operation: &str) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    assert_eq!(find(method, path, query).map(|route| route.operation.name()), Some(operation), "{method} {target}");
}

#[test]
fn the_query_chooses_between_create_and_import() {
    assert_route("POST", "/restapis", "CreateRestApi");
    assert_route("POST", "/restapis?mode=import", "ImportRestApi");
    assert_route("POST", "/restapis?basepath=prepend&mode=import&failonwarnings=true", "ImportRestApi");
    assert_route("POST", "/restapis?mode=imports", "CreateRestApi");
    assert_route("POST", "/apikeys?mode=import&format=csv", "ImportApiKeys");
    assert_route("PUT", "/restapis/abc?mode=merge", "PutRestApi");
}

#[test]
fn literals_and_labels_are_told_apart() {
    assert_route("POST", "/restapis/a/resources/b", "CreateResource");
    assert_route("POST", "/restapis/a/resources/b/methods/GET", "TestInvokeMethod");
    assert_route("PUT", "/restapis/a/resources/b/methods/GET", "PutMethod");
    assert_route("POST", "/restapis/a/authorizers", "CreateAuthorizer");
    assert_route("POST", "/restapis/a/authorizers/b", "TestInvokeAuthorizer");
    assert_route("DELETE", "/v2/apis/a/cors", "DeleteCorsConfiguration");
    assert_route("DELETE", "/v2/apis/a/stages/s/routesettings/GET%20%2Fpets", "DeleteRouteSettings");
}

#[test]
fn connections_answer_with_a_stage_and_without() {
    for path in
        ["/@connections/L0SM9cOFvHcCIhw%3D", "/prod/@connections/L0SM9cOFvHcCIhw%3D", "/prod/%40connections/L0SM9cOFvHcCIhw%3D"]
    {
        let found = find("POST", path, "").unwrap();
        assert_eq!(found.operation.name(), "PostToConnection", "{path}");
        assert_eq!(found.labels, [("connectionId", "L0SM9cOFvHcCIhw%3D")], "{path}");
    }
    assert_eq!(find("POST", "/a/b/@connections/c", ""), None);
}

#[test]
fn what_no_operation_has_is_not_found() {
    for (method, path) in [
        ("HEAD", "/restapis"),
        ("get", "/restapis"),
        ("GET", ""),
        ("GET", "/"),
        ("GET", "restapis"),
        ("GET", "/restapis/"),
        ("GET", "//restapis"),
        ("GET", "/restapis//resources"),
        ("GET", "/restapis/a/resources/b/methods/GET/integration/responses/200/more"),
        ("GET", "/v2"),
        ("GET", "/v2/restapis"),
        ("GET", "/tags/arn:aws:apigateway:eu-central-1::/restapis/abc"),
        ("POST", "/@connections"),
    ] {
        assert_eq!(find(method, path, ""), None, "{method} {path}");
    }
}
