//! Targets of the fuzzer: what a definition holds as text, and what is made of it at a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::{Definition, Stage};
use postern_api_model::scope::Scope;
use serde_json::{Value, json};

use super::expression::{Destination, RequestSource, ResponseSource};
use super::responses::Responses;
use super::routes::{self, Greed, Routes};
use super::schema::Schemas;
pub(crate) use super::service::fuzzing::AWS_URI;
use super::uri::{Endpoint, PathValue, UriTemplate};
use super::{CompiledApi, publish, status_code};
use crate::encode::{Place, Spelling};
use crate::fuzzing::{Target, parts, seeds};
use crate::transport::TlsVerify;

/// A template, the value of the stage variable `v`, and the value of the parameters.
pub(crate) const URI_TEMPLATE: Target = ("uri-template", uri_template, || {
    seeds(&[
        "http://backend:8000|a|b",
        "HTTP://B/x/y?q=1#frag|a|b",
        "http://b/{id}/end?q={id}&r={proxy}|a|a/b%2Fc?x=1#y",
        "http://{id}.example.com/x|a|user@evil",
        "https://${stageVariables.v}/{proxy}|api.example.com:99/v1|one/../two",
        "http://b/a b?x=y z&w|a|é%zz",
        "https://[::1]:99/x?a=1?2|a|b",
        "http://user:secret@b/{id|a|b",
        "${stageVariables.v}{id}|http://b|/x",
    ])
});

fn uri_template(input: &[u8]) {
    let [template, variable, value] = parts(input);
    let names: [Box<str>; 2] = ["id".into(), "proxy".into()];
    let variables = BTreeMap::from([("v".to_owned(), variable)]);
    let Ok(template) = UriTemplate::parse(&template, &names) else { return };
    let Ok(endpoint) = template.resolve(&variables, TlsVerify::Full) else { return };
    for spelling in [Spelling::Encoded, Spelling::Plain] {
        check_endpoint(&endpoint, &value, spelling);
    }
}

/// A value stays in its place: it adds no segment, no parameter and no fragment, and leads to no other kind of authority.
fn check_endpoint(endpoint: &Endpoint, value: &str, spelling: Spelling) {
    let rendered = |text: &str, place| {
        let value = |_: usize| Some(PathValue { text: text.to_owned().into(), spelling, place });
        endpoint.rest().uri(&value, None, "").map(|uri| {
            assert!(uri.path().starts_with('/') && !uri.to_string().contains('#'), "{uri}");
            let query = uri.query();
            (uri.path().matches('/').count(), query.is_some(), query.unwrap_or("").matches(['&', '=', '+']).count())
        })
    };
    let (one, other) = (rendered("x", Place::Segment), rendered(value, Place::Segment));
    assert_eq!(one, other, "{value:?} leaves its segment");
    let in_path = rendered(value, Place::Path).map(|(_, has_query, marks)| (has_query, marks));
    assert_eq!(one.map(|(_, has_query, marks)| (has_query, marks)), in_path, "{value:?} leaves the path");

    let address = endpoint.address(&|_| Some(PathValue { text: value.to_owned().into(), spelling, place: Place::Segment }));
    let Ok(address) = address else { return };
    let host = address.host.to_str().expect("a host is ASCII");
    assert!(!host.is_empty() && !host.contains(['@', '/', '?', '#', '\\', '%', ' ']), "{host}");
}

/// One expression, read as each of the three kinds.
pub(crate) const PARAMETER_MAPPING: Target = ("parameter-mapping", parameter_mapping, || {
    seeds(&[
        "method.request.path.id",
        "method.request.querystring.a.b",
        "method.request.multivaluequerystring.q",
        "method.request.header.X-One",
        "method.request.multivalueheader.X-One",
        "method.request.body",
        "method.request.body.a.b[0]",
        "method.request.body[0]",
        "integration.response.header.Date",
        "integration.response.body.$..id",
        "integration.request.path.a",
        "integration.request.header.Accept",
        "stageVariables.host",
        "context.identity.sourceIp",
        "context.authorizer.claims.sub",
        "'a value'",
        "'",
    ])
});

fn parameter_mapping(input: &[u8]) {
    let [expression] = parts(input);
    let known: [Box<str>; 2] = ["id".into(), "proxy".into()];
    let mut body = Vec::new();
    match RequestSource::parse(&expression, &known, &mut body) {
        Ok(RequestSource::Path(index)) => assert_eq!(expression, format!("method.request.path.{}", known[index])),
        Ok(RequestSource::Static(text)) => assert_eq!(expression, format!("'{text}'")),
        Ok(RequestSource::Body(place)) => assert_eq!((place, body.len()), (0, 1), "{expression}"),
        Ok(_) => assert!(expression.contains('.')),
        Err(_) => {}
    }
    if let Ok(ResponseSource::Static(text)) = ResponseSource::parse(&expression, &mut body) {
        assert_eq!(expression, format!("'{text}'"));
    }
    if let Ok(Destination::Query(name) | Destination::Path(name)) = Destination::parse(&expression) {
        assert!(expression.ends_with(&*name));
    }
}

/// A selection pattern and the status that it is matched with.
pub(crate) const SELECTION_PATTERN: Target = ("selection-pattern", selection_pattern, || {
    seeds(&[
        "|200",
        "2\\d{2}|204",
        "4.*|404",
        "2|4|404",
        "(|200",
        "(?=2)20[0-9]+|200",
        "\\Q200\\E|200",
        "(?i:5\\p{Digit}{2})|503",
        "(2)\\1*0++|2200",
        "(?x) 2 0 0 # ok|200",
        "(a*)*b|200",
    ])
});

fn selection_pattern(input: &[u8]) {
    // The pattern may hold the separator's stand-in, so the status is what stands last.
    let text = String::from_utf8_lossy(input);
    let (pattern, status) = text.rsplit_once('\0').unwrap_or((&text, "200"));
    let Ok(status) = StatusCode::from_bytes(status.as_bytes()) else { return };
    let method = json!({
        "http_method": "GET",
        "authorization_type": "NONE",
        "integration": {
            "kind": "HTTP",
            "passthrough_behavior": "NEVER",
            "timeout_in_millis": 50,
            "cache_namespace": "x",
            "responses": { "201": { "selection_pattern": pattern }, "299": {} },
        },
    });
    let method = serde_json::from_value(method).expect("it has all that a method needs");
    let responses = Responses::compile(&method);
    // The other response is the default, so that one is found unless the pattern is broken.
    if let Ok(response) = responses.select(status) {
        let expected = if pattern.is_empty() { "201" } else { response.status.as_str() };
        assert_eq!(response.status.as_str(), expected);
        if pattern == status.as_str() {
            assert_eq!(response.status.as_str(), "201", "a status matches itself");
        }
    }
}

/// A MOCK's rendered request template.
pub(crate) const MOCK_STATUS: Target = ("mock-status", mock_status, || {
    seeds(&[
        r#"{"statusCode": 200}"#,
        "{statusCode: 200}",
        "{'statusCode': 404,}",
        r#"{"a": {"statusCode": 1}, "b": [1, "}"], "statusCode": 201}"#,
        r#"{"a": "x\"y", statusCode: 202, c: 'it'}"#,
        r#"{"statusCode": "200"}"#,
        r#"{"statusCode": 20.5}"#,
        r#"{"a": [}, "statusCode": 200}"#,
        "{,}",
        "{:}",
        "{'",
    ])
});

/// Levels of nesting up to which our reader and a reader of JSON agree: ours follows fewer.
const NESTING_MAX: usize = 32;

fn mock_status(input: &[u8]) {
    let [text] = parts(input);
    let read = status_code(&text);
    assert!(read.is_none_or(|status| (100..=599).contains(&status)));
    // Escapes in a key are not undone; nothing writes `statusCode` with one.
    let is_plain = !text.contains('\\') && text.matches(['{', '[']).count() <= NESTING_MAX;
    if let (true, Ok(Value::Object(members))) = (is_plain, serde_json::from_str(&text)) {
        let status = members.get("statusCode").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        assert_eq!(read, status.filter(|status| (100..=599).contains(status)), "{text}");
    }
}

/// Resource paths, one a line, and a request's path.
pub(crate) const ROUTING: Target = ("routing", routing, || {
    seeds(&[
        "/\n/pets\n/pets/{id}\n/pets/{id}/toys\n/pets/mine\n/{proxy+}|/pets/mine/toys",
        "/a/{x}/c\n/a/{y+}\n/v1/{p}/x|/a/1/d",
        "/%70ets\n/pets|//p%65ts/",
        "/{proxy+}|/other//double",
        "/x/{id}|/x//",
        "|/",
    ])
});

fn routing(input: &[u8]) {
    let [resources, request] = parts(input);
    // The control plane lets a greedy parameter stand last only, and no two resources at one path.
    let is_last = |path: &str| path.find("+}").is_none_or(|at| at + 2 == path.len());
    let paths: Vec<&str> = resources.lines().filter(|path| path.starts_with('/') && is_last(path)).take(32).collect();
    let Some(found) = Routes::new(paths.iter().copied().enumerate()).find(&request) else { return };
    let names = routes::parameter_names(paths[found.resource]);
    assert_eq!(names.len(), found.parameters.len(), "{resources} {request}");

    // The path spells the resource: literal by literal and value by value.
    let parts = paths[found.resource].split('/').filter(|part| !part.is_empty());
    let trimmed = request.trim_start_matches('/');
    let mut segments = trimmed.strip_suffix('/').unwrap_or(trimmed).split('/');
    let mut values = found.parameters.iter().map(|range| &request[range.clone()]);
    for part in parts {
        match routes::parameter_name(part) {
            Some((_, Greed::Rest)) => {
                assert!(values.next().is_some_and(|value| value.split('/').eq(segments.by_ref())), "{resources} {request}");
            }
            Some((_, Greed::Segment)) => assert_eq!(segments.next(), values.next(), "{resources} {request}"),
            None => {
                let segment = segments.next().unwrap_or_default();
                let decoded = percent_decode_str(segment).decode_utf8_lossy();
                assert!(segment == part || decoded == part, "{resources} {request}");
            }
        }
    }
    assert!(segments.all(str::is_empty), "{resources} {request}");
}

/// Two schemas of draft-04 that may refer to each other, and a body.
pub(crate) const SCHEMA: Target = ("schema", schema, || {
    seeds(&[
        r#"{"type":"object","properties":{"a":{"type":"integer","minimum":1,"exclusiveMinimum":true}},"required":["a"]}||{"a":1}"#,
        r##"{"definitions":{"n":{"type":"string","maxLength":3}},"properties":{"a":{"$ref":"#/definitions/n"}}}||{"a":"four"}"##,
        r#"{"$ref":"https://apigateway.amazonaws.com/restapis/abc/models/B"}|{"type":"array","items":{"enum":[1,"x"]}}|[1,"x",2]"#,
        r#"{"anyOf":[{"type":"null"},{"$ref":"https://apigateway.amazonaws.com/restapis/abc/models/B"}]}|{"not":{"type":"object"}}|{}"#,
        r##"{"properties":{"next":{"$ref":"#"}},"additionalProperties":false}||{"next":{"next":{"x":1}}}"##,
        r#"{"patternProperties":{"^(a+)+$":{"type":"number"}},"dependencies":{"b":["c"]}}||{"aaaaaaaaaaaaaaaaaaaaaaab":1}"#,
        r#"{"pattern":"(?=a)(\\w)\\1","format":"date-time","minLength":2}||"aa""#,
        r#"{"oneOf":[{"multipleOf":0.1},{"uniqueItems":true}],"allOf":[{"minItems":1}]}||[1,1.0,1e0]"#,
        r#"{"id":"x","$schema":"http://json-schema.org/draft-03/schema#","type":["string","null"]}||null"#,
        r#"{"type":"object"|{|nonsense"#,
    ])
});

fn schema(input: &[u8]) {
    let [first, second, body] = parts(input);
    let model =
        |name: &str, schema: &str| json!({ "id": name, "name": name, "content_type": "application/json", "schema": schema });
    let models = json!({ "A": model("A", &first), "B": model("B", &second) });
    let definition = with_resources(json!({}), json!({}), models);
    let schemas = Schemas::new(&definition);
    for name in ["A", "B"] {
        let Ok(schema) = schemas.model(name) else { continue };
        let checked = schema.check(body.as_bytes());
        assert_eq!(checked, schema.check(body.as_bytes()), "the same again");
        assert!(checked.is_ok() || serde_json::from_str::<Value>(&body).is_err() || schema.check(body.as_bytes()).is_err());
        if let Err(text) = checked {
            assert!(text.starts_with('[') && text.ends_with(']'), "{text}");
        }
    }
}

/// A definition with these methods of the resource `/pets/{id}`.
fn with_resources(methods: Value, gateway_responses: Value, models: Value) -> Definition {
    let definition = json!({
        "name": "x",
        "api_key_source": "HEADER",
        "endpoint_configuration": { "types": ["REGIONAL"], "ip_address_type": "ipv4" },
        "root_resource_id": "root",
        "resources": {
            "root": { "id": "root", "path_part": "", "methods": {} },
            "pets": { "id": "pets", "parent_id": "root", "path_part": "pets", "methods": {} },
            "id": { "id": "id", "parent_id": "pets", "path_part": "{id}", "methods": methods },
        },
        "models": models,
        "gateway_responses": gateway_responses,
    });
    serde_json::from_value(definition).unwrap_or_else(|_| with_resources(json!({}), json!({}), json!({})))
}

/// The methods of one resource, as they are stored, and customised gateway responses.
pub(crate) const DEFINITION: Target = ("definition", definition, || {
    let integration = |kind: &str| {
        json!({
            "kind": kind,
            "http_method": "ANY",
            "uri": "http://b/{id}?a=${stageVariables.v}",
            "request_parameters": {
                "integration.request.path.id": "method.request.path.id",
                "integration.request.header.x-a": "context.requestId",
                "integration.request.querystring.b": "'b'",
            },
            "request_templates": { "application/json": "{\"statusCode\": 200}", "text/plain": "$input.body" },
            "passthrough_behavior": "WHEN_NO_TEMPLATES",
            "content_handling": "CONVERT_TO_TEXT",
            "timeout_in_millis": 29000,
            "cache_namespace": "x",
            "responses": { "200": {
                "selection_pattern": "2\\d\\d",
                "response_parameters": { "method.response.header.x-a": "integration.response.header.date" },
                "response_templates": { "application/json": "#set($a = 1)$a" },
            } },
        })
    };
    let method = |kind: &str| {
        json!({
            "http_method": "GET",
            "authorization_type": "NONE",
            "request_parameters": { "method.request.header.x": true },
            "request_models": { "application/json": "A" },
            "responses": { "200": { "response_parameters": { "method.response.header.x-a": false } } },
            "integration": integration(kind),
        })
    };
    let gateway = json!({ "DEFAULT_4XX": {
        "status_code": "418",
        "response_parameters": { "gatewayresponse.header.x": "method.request.header.y" },
        "response_templates": { "application/json": "{\"m\":$context.error.messageString,\"p\":\"$method.request.path.id\"}" },
    } });
    let kinds = ["HTTP_PROXY", "HTTP", "MOCK", "AWS_PROXY"];
    kinds.iter().map(|kind| format!("{}\0{gateway}", json!({ "GET": method(kind) })).into_bytes()).collect()
});

fn definition(input: &[u8]) {
    let [methods, gateway_responses] = parts(input);
    let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!({}));
    let definition = with_resources(read(&methods), read(&gateway_responses), json!({}));
    let (api, _) = CompiledApi::compile(&definition);
    if let Some(found) = api.find("/pets/7", &Method::GET) {
        assert_eq!(api.path_parameter(&found, "/pets/7", "id"), Some("7"));
    }
    let stage = json!({ "name": "s", "deployment_id": "d", "created": 0, "last_updated": 0, "variables": { "v": "1" } });
    let stage: Stage = serde_json::from_value(stage).expect("it has all that a stage needs");
    let source = ApiSource {
        api_id: "abcde12345".to_owned(),
        version: 1,
        scope: Scope { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() },
        disable_execute_api_endpoint: false,
        stages: [("s".to_owned(), stage)].into(),
        deployments: [("d".to_owned(), Arc::new(definition))].into(),
        references: Default::default(),
    };
    assert!(publish(source, None).is_ok(), "what is wrong with a method is said at the request");
}
