//! Forms that were recorded, and what a document cannot hold.
#![allow(clippy::unwrap_used)]

use postern_api_model::rest_api::{MethodResponse, Model};

use super::*;
use crate::server::fixture::{API, NOW_S, api, with_models};

fn source(definition: &Definition) -> Source<'_> {
    Source { api_id: API, region: "us-east-1", stage_name: "dev", deployed: NOW_S, definition, documentation: None }
}

fn exported(definition: &Definition, kind: Kind, extensions: &str) -> Value {
    write(&source(definition), kind, Extensions::from_wire(extensions).unwrap()).unwrap()
}

#[test]
fn the_order_and_the_empty_sections_are_the_services() {
    let mut definition = api().definition;
    let keys = |document: &Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let swagger = exported(&definition, Kind::Swagger, "");
    assert_eq!(keys(&swagger), ["swagger", "info", "host", "basePath", "schemes", "paths"]);
    assert_eq!(swagger["info"], json!({"version": "2015-08-30T12:36:00Z", "title": "fixture"}));
    assert_eq!((&swagger["basePath"], &swagger["schemes"]), (&json!("/dev"), &json!(["https"])));
    definition.version = Some("7".to_owned());
    definition.description = Some("d".to_owned());
    let oas = exported(&definition, Kind::OpenApi30, "");
    assert_eq!(keys(&oas), ["openapi", "info", "servers", "paths", "components"]);
    assert_eq!(keys(&oas["info"]), ["title", "description", "version"]);
    let url = "https://abcde12345.execute-api.us-east-1.amazonaws.com/{basePath}";
    assert_eq!(oas["servers"], json!([{"url": url, "variables": {"basePath": {"default": "dev"}}}]));
    assert_eq!((&oas["components"], &oas["paths"]), (&json!({}), &json!({"/": {"get": {"responses": {}}}})));
}

#[test]
fn extensions_are_written_when_they_are_asked_for() {
    let mut definition = api().definition;
    definition.binary_media_types.push("a/b".to_owned());
    let integration = "x-amazon-apigateway-integration";
    let binary = "x-amazon-apigateway-binary-media-types";
    for (asked, has_integration, has_binary) in [
        ("", false, false),
        ("integrations", true, false),
        ("authorizers", false, false),
        ("apigateway", true, true),
        ("postman", false, false),
        ("integrations,postman", true, false),
    ] {
        let document = exported(&definition, Kind::Swagger, asked);
        assert_eq!(document["paths"]["/"]["get"].get(integration).is_some(), has_integration, "{asked}");
        assert_eq!(document.get(binary).is_some(), has_binary, "{asked}");
    }
    assert_eq!(Extensions::from_wire("integrations,other"), Err("other".to_owned()));
    let written = &exported(&definition, Kind::Swagger, "integrations")["paths"]["/"]["get"][integration];
    assert_eq!(written, &json!({"type": "mock", "passthroughBehavior": "when_no_match"}));
}

#[test]
fn a_model_that_is_no_json_stands_in_no_document() {
    let mut definition = with_models(&[("Pet", json!({"type": "object"}))]);
    let xml = Model { name: "Xml".to_owned(), content_type: "application/xml".to_owned(), ..definition.models["Pet"].clone() };
    definition.models.insert("Xml".to_owned(), xml);
    let root = definition.root_resource_id.clone();
    let get = |definition: &mut Definition, types: &[(&str, &str)]| {
        let method = definition.resources.get_mut(&root).unwrap().methods.get_mut("GET").unwrap();
        method.request_models = types.iter().map(|(kind, model)| ((*kind).to_owned(), (*model).to_owned())).collect();
        method
            .responses
            .insert("200".to_owned(), MethodResponse { response_models: method.request_models.clone(), ..Default::default() });
    };
    get(&mut definition, &[("application/xml", "Xml")]);
    let refused = write(&source(&definition), Kind::Swagger, Extensions::ALL).unwrap_err();
    assert_eq!((refused.status, refused.message.as_str()), (400, "Only found non-JSON body models for GET /"));
    get(&mut definition, &[("application/xml", "Xml"), ("a/b", "Pet"), ("c/d", "Gone")]);
    let swagger = exported(&definition, Kind::Swagger, "");
    let operation = &swagger["paths"]["/"]["get"];
    assert_eq!((&operation["consumes"], &operation["produces"]), (&json!(["a/b"]), &json!(["a/b"])));
    let reference = json!({"$ref": "#/definitions/Pet"});
    assert_eq!(operation["parameters"], json!([{"in": "body", "name": "Pet", "required": true, "schema": reference}]));
    assert_eq!(operation["responses"]["200"], json!({"description": "200 response", "schema": reference}));
    assert_eq!(swagger["definitions"], json!({"Pet": {"type": "object"}}));
}

#[test]
fn references_between_models_become_local() {
    let to = |name: &str| json!({"$ref": format!("https://apigateway.amazonaws.com/restapis/other/models/{name}")});
    let own =
        json!({"$schema": "http://json-schema.org/draft-04/schema#", "items": {"$ref": "#/definitions/x"}, "not": {"$ref": "#"}});
    let definition = with_models(&[("A", own), ("B", json!({"items": [to("A"), to("A#/items"), to("Gone")]}))]);
    for (kind, prefix) in [(Kind::Swagger, "#/definitions"), (Kind::OpenApi30, "#/components/schemas")] {
        let document = exported(&definition, kind, "");
        let schemas = match kind {
            Kind::Swagger => &document["definitions"],
            Kind::OpenApi30 => &document["components"]["schemas"],
        };
        let a = json!({"items": {"$ref": format!("{prefix}/A/definitions/x")}, "not": {"$ref": format!("{prefix}/A")}});
        let b = json!({"items": [{"$ref": format!("{prefix}/A")}, {"$ref": format!("{prefix}/A/items")}, {}]});
        assert_eq!(schemas, &json!({"A": a, "B": b}));
    }
}
