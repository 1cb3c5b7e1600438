//! What bodies are told, and what schemas may not cost.

#![allow(clippy::unwrap_used)]
use std::time::{Duration, Instant};

use postern_api_model::apigateway::EndpointType;
use postern_api_model::rest_api::{EndpointConfiguration, Model};
use serde_json::json;

use super::*;

fn definition(models: &[(&str, Value)]) -> Definition {
    let model = |(name, schema): &(&str, Value)| {
        let model = Model {
            id: "m".to_owned(),
            name: (*name).to_owned(),
            content_type: "application/json".to_owned(),
            description: None,
            schema: schema.as_str().map_or_else(|| schema.to_string(), str::to_owned),
        };
        ((*name).to_owned(), model)
    };
    Definition {
        endpoint_configuration: EndpointConfiguration::of_type(EndpointType::Regional),
        resources: BTreeMap::new(),
        models: models.iter().map(model).collect(),
        ..Definition::empty("test", "/")
    }
}

fn compile(schema: Value) -> Result<Schema, SchemaError> {
    Schema::compile(Closure::of(&definition(&[("A", schema)]), "A")?)
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("https://apigateway.amazonaws.com/restapis/abcde12345/models/{name}")})
}

#[test]
fn a_choice_between_null_and_another_model() {
    let status = json!({
        "type": "object",
        "properties": {"Status": {"type": "string"}, "Order": {"type": "integer"}},
        "required": ["Status", "Order"],
    });
    let test = json!({
        "type": "object",
        "properties": {"status": {"oneOf": [{"type": "null"}, reference("StatusModel")]}},
        "required": ["status"],
    });
    let definition = definition(&[("StatusModel", status), ("TestModel", test)]);
    let schemas = Schemas::new(&definition);
    let schema = schemas.model("TestModel").unwrap();
    assert!(Arc::ptr_eq(&schema, &schemas.model("TestModel").unwrap()));
    assert_eq!(schema.check(br#"{"status": null}"#), Ok(()));
    assert_eq!(schema.check(br#"{"status": {"Status": "works", "Order": 1}}"#), Ok(()));
    assert_eq!(schema.check(b"{}").unwrap_err(), r#"[object has missing required properties (["status"])]"#);
    let wrong = schema.check(br#"{"status": {"Status": "works"}}"#).unwrap_err();
    assert_eq!(wrong, "[instance failed to match exactly one schema (matched 0 out of 2)]");
}

#[test]
fn what_is_told() {
    let table = [
        (json!({"required": ["b", "a", "c"]}), r#"{"c": 1}"#, r#"object has missing required properties (["a","b"])"#),
        (
            json!({"properties": {"a": {"type": "integer"}}}),
            r#"{"a": "x"}"#,
            r#"instance type (string) does not match any allowed primitive type (allowed: ["integer"])"#,
        ),
        (
            json!({"type": ["number", "null"]}),
            "[]",
            r#"instance type (array) does not match any allowed primitive type (allowed: ["integer","null","number"])"#,
        ),
        (
            json!({"type": "integer"}),
            "1.0",
            r#"instance type (number) does not match any allowed primitive type (allowed: ["integer"])"#,
        ),
        (
            json!({"properties": {"c": {}}, "additionalProperties": false}),
            r#"{"b": 1, "a": 2, "c": 3}"#,
            r#"object instance has properties which are not allowed by the schema: ["a","b"]"#,
        ),
        (json!({"enum": ["a", 1]}), r#""b""#, r#"instance value ("b") not found in enum (possible values: ["a",1])"#),
        (json!({"pattern": "^[0-9]+$"}), r#""x""#, r#"ECMA 262 regex "^[0-9]+$" does not match input string "x""#),
        (json!({"minLength": 2}), r#""ä""#, r#"string "ä" is too short (length: 1, required minimum: 2)"#),
        (json!({"maxLength": 1}), r#""ab""#, r#"string "ab" is too long (length: 2, maximum allowed: 1)"#),
        (json!({"minItems": 1}), "[]", "array is too short: must have at least 1 elements but instance has 0 elements"),
        (json!({"maxItems": 1}), "[1,2]", "array is too long: must have at most 1 elements but instance has 2 elements"),
        (json!({"uniqueItems": true}), "[1,1]", "array must not contain duplicate elements"),
        (json!({"minimum": 2}), "1", "numeric instance is lower than the required minimum (minimum: 2, found: 1)"),
        (json!({"maximum": 2}), "3", "numeric instance is greater than the required maximum (maximum: 2, found: 3)"),
        (
            json!({"minimum": 2, "exclusiveMinimum": true}),
            "2",
            "numeric instance is not strictly greater than the required minimum 2",
        ),
        (json!({"anyOf": [{"type": "null"}]}), "1", "instance failed to match at least one required schema among 1"),
        (json!({"oneOf": [{}, {}]}), "1", "instance failed to match exactly one schema (matched 2 out of 2)"),
        (
            json!({"additionalProperties": false}),
            r#"{"a": 1}"#,
            "object instance has properties which are not allowed by the schema",
        ),
        (json!({"not": {}}), "1", "instance matched a schema which it should not have"),
        (json!({"multipleOf": 2}), "3", "instance does not match the keyword \"multipleOf\""),
        (
            json!({"required": ["z"], "properties": {"a": {"type": "null"}}}),
            r#"{"a": 1}"#,
            r#"object has missing required properties (["z"]), instance type (integer) does not match any allowed primitive type (allowed: ["null"])"#,
        ),
    ];
    for (schema, body, expected) in table {
        let found = compile(schema.clone()).unwrap().check(body.as_bytes());
        assert_eq!(found, Err(format!("[{expected}]")), "{schema} {body}");
    }
    assert_eq!(compile(json!({})).unwrap().check(b"{"), Err(UNPARSABLE.to_owned()));
    let long = format!("\"{}\"", "ä".repeat(5_000));
    assert!(compile(json!({"maxLength": 1})).unwrap().check(long.as_bytes()).unwrap_err().len() < 4_200);
}

#[test]
fn draft_04_whatever_it_says() {
    let valid = [
        (json!({"$schema": "http://json-schema.org/draft-07/schema#", "const": 1}), "2"),
        (json!({"const": 1}), "2"),
        (json!({"format": "email"}), r#""no address""#),
        (
            json!({"id": "https://example.com/x", "properties": {"id": {"$ref": "#/definitions/a"}}, "definitions": {"a": {}}}),
            "{}",
        ),
        (
            json!({"properties": {"default": {"$ref": "#/definitions/a%20b~1"}}, "definitions": {"a b/": {"type": "null"}}}),
            r#"{"default": null}"#,
        ),
        (json!({"pattern": "^(?=.*[0-9])(?=.*[a-z]).{3,}$"}), r#""abc1""#),
    ];
    for (schema, body) in valid {
        assert_eq!(compile(schema.clone()).unwrap().check(body.as_bytes()), Ok(()), "{schema}");
    }
}

#[test]
fn what_does_not_compile() {
    let deep = (0..40).fold(json!({}), |schema, _| json!({"allOf": [schema]}));
    let fan = |_: usize, next: usize| json!({"anyOf": [{"$ref": format!("#/definitions/d{next}")}, {"$ref": format!("#/definitions/d{next}")}]});
    let mut wide: serde_json::Map<String, Value> = (0..14).map(|at| (format!("d{at}"), fan(at, at + 1))).collect();
    wide.insert("d14".to_owned(), json!({"type": "null"}));
    let table = [
        (json!("{"), SchemaError::NotJson),
        (reference("None"), SchemaError::MissingModel),
        (json!({"$ref": "https://example.com/schema.json"}), SchemaError::UnknownReference),
        (json!({"$ref": "file:///etc/passwd"}), SchemaError::UnknownReference),
        (json!({"$ref": "#/definitions/none"}), SchemaError::UnknownReference),
        (json!({"$ref": "#"}), SchemaError::Circular),
        (reference("A"), SchemaError::Circular),
        (json!({"allOf": [{"$ref": "#"}]}), SchemaError::Circular),
        (json!({"properties": {"a": {"not": {"$ref": "#/properties/a"}}}}), SchemaError::Circular),
        (deep, SchemaError::TooLarge),
        (json!({"$ref": "#/definitions/d0", "definitions": wide}), SchemaError::TooLarge),
        (json!({"type": "nonsense"}), SchemaError::Invalid),
        (json!({"pattern": "("}), SchemaError::Invalid),
        (json!({"pattern": "((a{1000}){1000}){1000}"}), SchemaError::Invalid),
    ];
    for (schema, expected) in table {
        assert_eq!(compile(schema.clone()).err(), Some(expected), "{schema}");
    }
}

#[test]
fn recursion_is_bounded_by_the_body() {
    // As deep in each other as is allowed, at every level of the deepest body there is.
    let chain = (0..13)
        .fold(json!({"properties": {"a": {"$ref": "#"}}, "additionalProperties": false}), |schema, _| json!({"allOf": [schema]}));
    let schema = compile(chain).unwrap();
    let body = |inner: &str| format!("{}{inner}{}", "{\"a\":".repeat(120), "}".repeat(120));
    assert_eq!(schema.check(body("{}").as_bytes()), Ok(()));
    assert_eq!(schema.check(body("{\"b\":1}").as_bytes()), Err(NO_DETAIL.to_owned()));
    assert_eq!(schema.check("[".repeat(10_000).as_bytes()), Err(UNPARSABLE.to_owned()));
}

#[test]
fn doubling_at_every_level_is_no_doubling_of_work() {
    let again = json!({"properties": {"a": {"$ref": "#"}}, "required": ["b"]});
    let schema = compile(json!({"anyOf": [again, again, {"allOf": [again, again]}]})).unwrap();
    let started = Instant::now();
    let body = format!("{}{{}}{}", "{\"b\":1,\"a\":".repeat(100), "}".repeat(100));
    assert_eq!(schema.check(body.as_bytes()), Err(NO_DETAIL.to_owned()));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn a_pattern_that_backtracks_ends() {
    let schema = compile(json!({"items": {"pattern": "^(?=(a+)+$)b"}})).unwrap();
    let started = Instant::now();
    assert!(schema.check(format!("[\"{}!\"]", "a".repeat(60)).as_bytes()).is_err());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn what_may_take_long_is_checked_elsewhere() {
    assert!(compile(json!({"properties": {"a": {"pattern": "^a+$"}}})).unwrap().is_quick(60_000));
    assert!(!compile(json!({})).unwrap().is_quick(70_000));
    let slow = compile(json!({"properties": {"a": {"pattern": "^(?=a)b"}}})).unwrap();
    assert!(slow.is_quick(1_000) && !slow.is_quick(60_000));
    let wide = compile(json!({"oneOf": vec![json!({"type": "null"}); 500]})).unwrap();
    assert!(wide.is_quick(1_000) && !wide.is_quick(60_000));
}

#[test]
fn a_deployments_schemas_are_bounded_together() {
    let large = json!({"properties": {"a": reference("B")}, "description": "x".repeat(400_000)});
    let mut models = vec![("B".to_owned(), json!({"description": "x".repeat(400_000)}))];
    models.extend((0..45).map(|at| (format!("A{at}"), large.clone())));
    let models: Vec<(&str, Value)> = models.iter().map(|(name, schema)| (name.as_str(), schema.clone())).collect();
    let definition = definition(&models);
    let schemas = Schemas::new(&definition);
    let failed = (0..45).filter(|at| schemas.model(&format!("A{at}")).is_err()).count();
    assert!((1..10).contains(&failed), "{failed}");
}
