//! What single members are read as. Whole documents are in `tests/openapi/`.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::openapi::document::DOCUMENT_BYTES_MAX;

fn context() -> Context {
    Context { api_id: "abc".to_owned(), base_path: BasePath::Prepend }
}

fn imported(document: &Value) -> Imported {
    read(&Document::parse(document.to_string().as_bytes(), DOCUMENT_BYTES_MAX).unwrap(), &context()).unwrap()
}

fn swagger(members: Value) -> Imported {
    let mut document = json!({"swagger": "2.0", "info": {"title": "t"}});
    document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    imported(&document)
}

/// One `GET /` with these members.
fn operation(operation: Value) -> (ImportedMethod, Findings) {
    let mut imported = swagger(json!({"paths": {"/": {"get": operation}}, "definitions": {"M": {"type": "object"}}}));
    (imported.paths.remove(0).methods.remove(0), imported.findings)
}

fn texts(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (finding.text.as_str(), finding.place.as_str())).collect()
}

#[test]
fn versions() {
    for (member, value, is_known) in [
        ("swagger", json!("2.0"), true),
        ("swagger", json!(2.0), true),
        ("swagger", json!("1.2"), false),
        ("openapi", json!("3.0.0"), true),
        ("openapi", json!("3.1.1"), true),
        ("openapi", json!(3.0), true),
        ("openapi", json!("3.10.0"), false),
        ("openapi", json!("4.0.0"), false),
        ("other", json!("2.0"), false),
    ] {
        let document = Document::parse(json!({member: value}).to_string().as_bytes(), 100).unwrap();
        assert_eq!(read(&document, &context()).is_ok(), is_known, "{member} {value}");
    }
}

#[test]
fn media_types_of_swagger() {
    let body = json!([{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/M"}}]);
    let (method, _) = operation(json!({"parameters": body, "responses": {"200": {"schema": {"$ref": "#/definitions/M"}}}}));
    let json_only = [("application/json".to_owned(), "M".to_owned())].into_iter().collect();
    assert_eq!(method.method.request_models, Some(json_only));
    let (method, _) = operation(json!({
        "consumes": ["a/b", "c/d"], "produces": ["e/f"], "parameters": body,
        "responses": {"200": {"schema": {"$ref": "#/definitions/M"}}},
    }));
    assert_eq!(method.method.request_models.unwrap().keys().collect::<Vec<_>>(), ["a/b", "c/d"]);
    assert_eq!(method.responses[0].response_models.as_ref().unwrap().keys().collect::<Vec<_>>(), ["e/f"]);
}

#[test]
fn the_same_schema_without_a_name_is_one_model() {
    let schema = json!({"type": "object", "properties": {"m": {"$ref": "#/definitions/M"}}});
    let responses = json!({"200": {"schema": schema}, "201": {"schema": schema}, "202": {"schema": {"type": "array"}}});
    let imported = swagger(json!({
        "paths": {"/": {"get": {"responses": responses}}}, "definitions": {"M": {"type": "object"}},
    }));
    let names: Vec<&str> = imported.models.iter().map(|model| model.input.name.as_str()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names[1..].iter().all(|name| name.len() == 11 && name.starts_with("MODEL")), "{names:?}");
    let address = r#"{"$ref":"https://apigateway.amazonaws.com/restapis/abc/models/M"}"#;
    assert!(imported.models.iter().any(|model| model.input.schema.as_ref().unwrap().contains(address)));
}

#[test]
fn references_that_lead_nowhere_are_told() {
    let (_, findings) = operation(json!({
        "parameters": [{"$ref": "#/parameters/Gone"}, {"in": "formData", "name": "f"}, {"in": "body", "schema": {"$ref": "x.json"}}],
        "responses": {"200": {"schema": {"$ref": "#/definitions/Gone"}}, "4XX": {}, "x-note": {}},
    }));
    let place = "/paths/~1/get";
    assert_eq!(
        texts(findings.warnings()),
        [
            ("Reference '#/parameters/Gone' not found. Ignoring.", format!("{place}/parameters/0").as_str()),
            ("Unsupported location 'formData' of parameter 'f'. Ignoring.", format!("{place}/parameters/1").as_str()),
            ("Reference to model 'x.json' not found. Ignoring.", format!("{place}/parameters/2/schema").as_str()),
            ("Reference to model 'Gone' not found. Ignoring.", format!("{place}/responses/200/schema").as_str()),
            ("Invalid response status code specified: 4XX. Ignoring.", format!("{place}/responses/4XX").as_str()),
        ]
    );
    assert_eq!(findings.problems(), []);
}

#[test]
fn references_in_a_circle_end() {
    let imported = swagger(json!({
        "paths": {"/": {"get": {"parameters": [{"$ref": "#/parameters/a"}], "responses": {}}}},
        "parameters": {"a": {"$ref": "#/parameters/b"}, "b": {"$ref": "#/parameters/a"}},
        "definitions": {"A": {"$ref": "#/definitions/B"}, "B": {"$ref": "#/definitions/A"}},
    }));
    assert_eq!(
        texts(imported.findings.warnings()),
        [("Reference '#/parameters/a' not found. Ignoring.", "/paths/~1/get/parameters/0")]
    );
    assert_eq!(imported.models.len(), 2);
}

/// What would require nothing if it were passed over.
const UNREADABLE: &str = "Invalid security requirement specified: expected a list of objects";

#[test]
fn a_requirement_that_is_not_understood_never_opens_a_method() {
    let schemes = json!({
        "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "iam": {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"},
        "a": {"x-amazon-apigateway-authorizer": {"type": "token"}},
        "b": {"x-amazon-apigateway-authorizer": {"type": "token"}},
    });
    let with = |security: Value, extra: Value| {
        let mut get = json!({"security": security});
        get.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let mut imported =
            swagger(json!({"paths": {"/": {"get": get}}, "securityDefinitions": schemes, "security": [{"iam": []}]}));
        let method = imported.paths.remove(0).methods.remove(0);
        let is_key = method.method.api_key_required.unwrap();
        (method.method.authorization_type, method.authorizer, is_key, imported.findings.problem_texts())
    };
    let none = json!({});
    let is =
        |kind: &str, authorizer: Option<&str>, key| (kind.to_owned(), authorizer.map(str::to_owned), key, Vec::<String>::new());
    assert_eq!(with(json!([]), none.clone()), is("NONE", None, false));
    assert_eq!(with(json!(null), none.clone()), is("AWS_IAM", None, false));
    assert_eq!(with(json!([{"a": []}, {"key": []}]), none.clone()), is("CUSTOM", Some("a"), true));
    assert_eq!(with(json!([{"a": [], "key": []}]), none.clone()), is("CUSTOM", Some("a"), true));
    assert_eq!(with(json!([{"key": []}]), json!({"x-amazon-apigateway-auth": {"type": "aws_iam"}})), is("AWS_IAM", None, true));
    assert_eq!(with(json!([{"a": []}]), json!({"x-amazon-apigateway-auth": {"type": "None"}})), is("NONE", None, false));
    for (security, extra, text) in [
        (json!([{"gone": []}]), none.clone(), "Security definition 'gone' not found."),
        (json!({"iam": []}), none.clone(), UNREADABLE),
        (json!(["iam"]), none.clone(), UNREADABLE),
        (json!("iam"), none.clone(), UNREADABLE),
        (json!([{"a": []}, {"b": []}]), none.clone(), "Method can have only one authorizer; 'b' is another one."),
        (json!([{"a": []}, {"iam": []}]), none, "Method can have only one authorizer; 'iam' is another one."),
        (
            json!([]),
            json!({"x-amazon-apigateway-auth": {"type": "other"}}),
            "Invalid Method authorization type specified: other. Valid options are NONE,AWS_IAM",
        ),
    ] {
        assert_eq!(with(security, extra).3, [format!("Unable to put method 'GET' on resource at path '/': {text}")]);
    }
}

#[test]
fn findings_are_bounded() {
    let paths: serde_json::Map<String, Value> = (0..1_000).map(|n| (format!("no-slash-{n}"), json!({}))).collect();
    let texts = swagger(json!({"paths": paths})).findings.problem_texts();
    assert_eq!(texts.len(), 201);
    assert_eq!(texts[200], "... and 800 more");
}

/// Values with the members that documents have.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec![
            "2.0",
            "query",
            "body",
            "#/definitions/a",
            "#/paths",
            "#",
            "token",
            "mock",
            "${AWS::Region}",
            ""
        ])
        .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "a",
        "/a",
        "/{b}/",
        "get",
        "x-amazon-apigateway-any-method",
        "parameters",
        "in",
        "name",
        "schema",
        "$ref",
        "responses",
        "200",
        "headers",
        "security",
        "x-amazon-apigateway-integration",
        "type",
        "requestParameters",
        "default",
        "statusCode",
        "properties",
        "items",
        "x-amazon-apigateway-authorizer",
        "content",
        "requestBody",
        "url",
        "variables",
        "basePath",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_is_too_odd(sections in prop::collection::vec(value(), 6), is_three in any::<bool>()) {
        let names = if is_three {
            ["paths", "components", "servers", "security", "info", "x-amazon-apigateway-gateway-responses"]
        } else {
            ["paths", "definitions", "securityDefinitions", "security", "consumes", "x-amazon-apigateway-request-validators"]
        };
        let mut document: serde_json::Map<String, Value> = names.iter().map(|name| (*name).to_owned()).zip(sections).collect();
        let (version, number) = if is_three { ("openapi", "3.0.1") } else { ("swagger", "2.0") };
        document.insert(version.to_owned(), json!(number));
        let text = Value::Object(document).to_string();
        let document = Document::parse(text.as_bytes(), DOCUMENT_BYTES_MAX).unwrap();
        let imported = read(&document, &context()).unwrap();
        for finding in imported.findings.problems().iter().chain(imported.findings.warnings()) {
            prop_assert!(document.locate(&finding.place).is_some());
        }
    }
}
