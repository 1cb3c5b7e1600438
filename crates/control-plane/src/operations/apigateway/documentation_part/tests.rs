//! Locations, imports and lists of documentation parts.
#![allow(clippy::unwrap_used)]

use postern_api_model::apigateway::{DocumentationPartLocation, DocumentationPartType as Kind};
use serde_json::json;

use super::*;
use crate::openapi::document::DOCUMENT_BYTES_MAX;
use crate::server::fixture::{self, Bench, patch, refusal};

fn given(kind: Kind) -> DocumentationPartLocation {
    DocumentationPartLocation { r#type: kind, path: None, method: None, status_code: None, name: None }
}

#[test]
fn every_kind_has_its_members_and_no_others() {
    for kind in Kind::ALL.iter().copied() {
        let named = DocumentationPartLocation { name: Some("n".into()), ..given(kind) };
        let (needs_name, stored) = match location::stored(given(kind)) {
            Ok(stored) => (false, stored),
            Err(_) => (true, location::stored(named.clone()).unwrap()),
        };
        let text = format!("Invalid documentation part location: type '{kind}' has no name");
        if needs_name {
            let text = format!("Invalid documentation part location: name is required for type '{kind}'");
            assert_eq!(refusal(location::stored(given(kind))), (400, text));
        } else {
            assert_eq!(refusal(location::stored(named)), (400, text));
        }
        let has_path = !matches!(kind, Kind::Api | Kind::Authorizer | Kind::Model);
        assert_eq!(stored.path.as_deref(), has_path.then_some("/"), "{kind}");
        let name = needs_name.then(|| "n".to_owned());
        let method = DocumentationPartLocation { method: Some("GET".into()), name: name.clone(), ..given(kind) };
        assert_eq!(location::stored(method).is_ok(), has_path && kind != Kind::Resource, "{kind}");
        let status = DocumentationPartLocation { status_code: Some("200".into()), name, ..given(kind) };
        let is_response = matches!(kind, Kind::Response | Kind::ResponseBody | Kind::ResponseHeader);
        assert_eq!(location::stored(status).is_ok(), is_response, "{kind}");
    }
}

#[test]
fn empty_members_are_absent_and_a_path_begins_with_a_slash() {
    let empty = || Some(String::new());
    let location =
        DocumentationPartLocation { path: empty(), method: empty(), status_code: empty(), name: empty(), ..given(Kind::Method) };
    let stored = location::stored(location).unwrap();
    assert_eq!((stored.path.as_deref(), stored.method, stored.status_code, stored.name), (Some("/"), None, None, None));
    let relative = DocumentationPartLocation { path: Some("pets".into()), ..given(Kind::Resource) };
    assert_eq!(refusal(location::stored(relative)).0, 400);
}

#[test]
fn an_absent_method_is_any_method() {
    let mut api = fixture::api();
    let method = |method: Option<&str>| {
        location::stored(DocumentationPartLocation { method: method.map(str::to_owned), ..given(Kind::Method) }).unwrap()
    };
    create_in(&mut api, &method(None), "{}").unwrap();
    let text = "Documentation part already exists for the specified location: type 'METHOD', path '/', method '*'.";
    assert_eq!(refusal(create_in(&mut api, &method(Some("*")), "{}")), (409, text.to_owned()));
    create_in(&mut api, &method(Some("GET")), "{}").unwrap();
}

#[test]
fn only_an_object_is_properties() {
    for text in ["", "x", "[]", "1", "null", "{"] {
        assert_eq!(refusal(checked_properties(text)).0, 400, "{text}");
    }
    assert_eq!(checked_properties("{ \"a\":1 }"), Ok("{ \"a\":1 }"));
}

#[test]
fn what_a_patch_cannot_do() {
    let unknown = "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]".to_owned();
    let unsupported =
        |op| format!("Invalid patch path  '/properties' specified for op '{op}'. Please choose supported operations");
    let cases = [
        (patch(Op::Replace, "/invalidPath", "x"), unknown),
        (patch(Op::Add, "/properties", "{}"), unsupported("add")),
        (patch(Op::Remove, "/properties", ""), unsupported("remove")),
        (patch(Op::Copy, "/properties", ""), unsupported("copy")),
        (patch(Op::Replace, "/properties", ""), "Invalid documentation part properties: they must be a JSON object".into()),
    ];
    for (patch, text) in cases {
        let location = location::stored(given(Kind::Api)).unwrap();
        let mut part = DocumentationPart { id: "abc123".into(), location, properties: "{}".into() };
        assert_eq!(refusal(apply(&mut part, &patch)), (400, text));
    }
}

const DOCUMENT: &str = r#"
swagger: "2.0"
x-amazon-apigateway-documentation:
  version: "1"
  documentationParts:
    - location: { type: API }
      properties: { description: text, info: { version: "3" } }
    - location: { type: RESPONSE, method: GET, statusCode: 200 }
      properties: { description: ok }
"#;

fn import_into(api: &mut RestApi, text: &str, mode: PutMode) -> Vec<String> {
    let imported = import::read(import::document(text.as_bytes(), DOCUMENT_BYTES_MAX).unwrap().root());
    assert!(imported.warnings.is_empty(), "{:?}", imported.warnings);
    import::apply(&mut api.documentation_parts, &imported.parts, mode).unwrap()
}

#[test]
fn an_overwrite_replaces_all_and_a_merge_attribute_by_attribute() {
    let mut api = fixture::api();
    let first = import_into(&mut api, DOCUMENT, PutMode::Merge);
    let response = &api.documentation_parts[&first[1]].location;
    assert_eq!(response.to_string(), "type 'RESPONSE', path '/', method 'GET', statusCode '200'");
    let more = r#"{"x-amazon-apigateway-documentation": {"documentationParts": [
        {"location": {"type": "API"}, "properties": {"description": "new"}},
        {"location": {"type": "MODEL", "name": "Pet"}, "properties": {}}]}}"#;
    let second = import_into(&mut api, more, PutMode::Merge);
    assert_eq!(second[0], first[0]);
    assert_eq!(api.documentation_parts.len(), 3);
    assert_eq!(api.documentation_parts[&first[0]].properties, r#"{"description":"new","info":{"version":"3"}}"#);
    let third = import_into(&mut api, more, PutMode::Overwrite);
    assert_eq!(api.documentation_parts.len(), 2);
    assert!(third.iter().all(|id| !first.contains(id) && !second.contains(id)), "parts of an overwrite are new ones");
}

#[test]
fn what_is_no_document_is_refused() {
    for body in [&b"\xff"[..], b"", b"text", b"[]", b"{", b"a: [", b"a: b: c", b"\"quoted\""] {
        let text = "Unable to build importer with provided input.".to_owned();
        assert_eq!(refusal(import::document(body, DOCUMENT_BYTES_MAX)), (400, text), "{body:?}");
    }
    // Ten aliases in each of nine rows: a billion values, were they all made.
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for row in 1..10 {
        let aliases = vec![format!("*a{}", row - 1); 10].join(",");
        bomb.push_str(&format!("a{row}: &a{row} [{aliases}]\n"));
    }
    assert_eq!(refusal(import::document(bomb.as_bytes(), DOCUMENT_BYTES_MAX)).0, 400);
    assert_eq!(refusal(import::document("[".repeat(100_000).as_bytes(), DOCUMENT_BYTES_MAX)).0, 400);
}

#[test]
fn a_part_that_makes_no_sense_is_a_warning() {
    let parts = [
        json!({}),
        json!({"location": {"type": "NOTHING"}, "properties": {}}),
        json!({"location": {"type": "API", "path": "/"}, "properties": {}}),
        json!({"location": {"type": "API"}}),
        json!({"location": {"type": "RESOURCE", "path": []}, "properties": {}}),
        json!({"location": {"type": "API"}, "properties": {}}),
        json!({"location": {"type": "API"}, "properties": {"a": 1}}),
    ];
    let document = json!({"x-amazon-apigateway-documentation": {"documentationParts": parts}});
    let imported = import::read(&document);
    assert_eq!((imported.parts.len(), imported.warnings.len()), (1, 6));
    let empty = json!({"x-amazon-apigateway-documentation": {}});
    assert_eq!(import::read(&empty).warnings.len(), 1);
}

#[test]
fn the_quota_holds_for_creates_and_imports() {
    let mut api = fixture::api();
    let model =
        |n: usize| location::stored(DocumentationPartLocation { name: Some(format!("M{n}")), ..given(Kind::Model) }).unwrap();
    let parts: Vec<_> = (0..PARTS_MAX).map(|n| (model(n), Map::new())).collect();
    import::apply(&mut api.documentation_parts, &parts, PutMode::Overwrite).unwrap();
    assert_eq!(refusal(create_in(&mut api, &model(PARTS_MAX), "{}")).0, 429);
    let one_more = [(model(PARTS_MAX), Map::new())];
    assert_eq!(refusal(import::apply(&mut api.documentation_parts, &one_more, PutMode::Merge)).0, 429);
    assert_eq!(api.documentation_parts.len(), PARTS_MAX);
    import::apply(&mut api.documentation_parts, &one_more, PutMode::Overwrite).unwrap();
}

#[tokio::test]
async fn lists_are_filtered_and_show_what_has_no_part() {
    let bench = Bench::dev().await;
    let all = format!("/restapis/{}/documentation/parts", fixture::API);
    let mut made = Vec::new();
    for (location, properties) in [
        (json!({"type": "API"}), "{}"),
        (json!({"type": "RESOURCE", "path": "/pets"}), "{}"),
        (json!({"type": "MODEL", "name": "Pet"}), "{\"a\":1}"),
    ] {
        let body = json!({"location": location, "properties": properties}).to_string();
        let (status, _, part) = bench.call("POST", &all, &body).await;
        assert_eq!(status, 201);
        assert_eq!(part["location"], location);
        made.push(part);
    }
    for (query, index) in [("type=API", 0), ("path=%2Fpets", 1), ("name=Pet", 2), ("type=MODEL&name=Pet", 2)] {
        let (_, _, found) = bench.call("GET", &format!("{all}?{query}"), "").await;
        assert_eq!(found, json!({"item": [made[index]]}), "{query}");
    }
    let (_, _, found) = bench.call("GET", &format!("{all}?locationStatus=UNDOCUMENTED"), "").await;
    let wanted = json!({"item": [
        {"location": {"type": "METHOD", "path": "/", "method": "GET"}}, {"location": {"type": "RESOURCE", "path": "/"}},
    ]});
    assert_eq!(found, wanted);
}
