//! Documents of `tests/openapi/` against what they become, and what an import does to an API that is there.
//!
//! `UPDATE_OPENAPI=1 cargo nextest run -p postern-control-plane import` writes the expected files anew; read the difference.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use postern_api_model::rest_api::{Definition, Resource};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::openapi::document::DOCUMENT_BYTES_MAX;
use crate::openapi::export::{Extensions, Kind, Source, write};
use crate::server::fixture::{API, Bench, NOW_S, scope};

fn corpus() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is_input = |path: &PathBuf| !path.to_str().unwrap().ends_with(".expected.json");
    let mut files: Vec<PathBuf> = files.filter(is_input).collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    files
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Parameters::read(Some(pairs.collect())).unwrap()
}

fn document(bytes: &[u8]) -> Document {
    let mut document = Document::parse(bytes, DOCUMENT_BYTES_MAX).unwrap();
    substitute(&mut document, &scope());
    document
}

fn imported(bytes: &[u8], pairs: &[(&str, &str)]) -> (ApiResult<RestApi>, Vec<String>) {
    let parameters = parameters(pairs);
    let read = read(&document(bytes), &parameters, API).unwrap();
    (build(&read, &parameters, Warnings::Told, &scope(), API, NOW_S), read.imported.findings.warning_texts())
}

fn exported(definition: &Definition, kind: Kind) -> Value {
    let source = Source { api_id: API, region: "us-east-1", stage_name: "dev", deployed: NOW_S, definition, documentation: None };
    write(&source, kind, Extensions::ALL).unwrap()
}

/// The definition with names in the place of ids, which are drawn.
fn shown(definition: &Definition) -> Value {
    let mut shown = serde_json::to_value(definition).unwrap();
    let text = shown.to_string();
    let names = definition.resources.keys().map(|id| (id, definition.path(id).unwrap()));
    let validators = definition.request_validators.values().map(|one| (&one.id, one.name.clone().unwrap()));
    let authorizers = definition.authorizers.values().map(|one| (&one.id, one.name.clone()));
    let models = definition.models.values().map(|one| (&one.id, one.name.clone()));
    let names = names.chain(validators).chain(authorizers).chain(models);
    let text = names.fold(text, |text, (id, name)| text.replace(&format!("\"{id}\""), &json!(name).to_string()));
    shown = serde_json::from_str(&text).unwrap();
    for model in shown["models"].as_object_mut().unwrap().values_mut() {
        model["schema"] = serde_json::from_str(model["schema"].as_str().unwrap()).unwrap();
    }
    for member in ["resources", "request_validators", "authorizers"] {
        shown[member].as_object_mut().unwrap().sort_keys();
    }
    shown
}

#[test]
fn documents_become_what_is_expected() {
    for path in corpus() {
        let (made, warnings) = imported(&std::fs::read(&path).unwrap(), &[]);
        let found = match made {
            Ok(api) => json!({"warnings": warnings, "definition": shown(&api.definition)}),
            Err(error) => json!({"warnings": warnings, "error": error.message.lines().collect::<Vec<_>>()}),
        };
        let file = PathBuf::from(format!("{}.expected.json", path.to_str().unwrap()));
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&found).unwrap())).unwrap();
        }
        let expected: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(found, expected, "{}", path.display());
    }
}

#[test]
fn an_export_put_back_is_exported_the_same() {
    let mut put_back = 0;
    for path in corpus() {
        let (Ok(api), _) = imported(&std::fs::read(&path).unwrap(), &[("basepath", "prepend")]) else { continue };
        for kind in [Kind::Swagger, Kind::OpenApi30] {
            // What 2.0 cannot hold, such as a model per media type, is gone with the first export and stays so.
            let (once, first) = put_back_over(&api, &exported(&api.definition, kind));
            assert_eq!(first, Vec::<String>::new(), "{} {kind:?}", path.display());
            let (twice, _) = put_back_over(&once, &exported(&once.definition, kind));
            assert_eq!(exported(&once.definition, kind), exported(&api.definition, kind), "{} {kind:?}", path.display());
            assert_eq!(twice.definition, once.definition, "{} {kind:?}", path.display());
        }
        let (again, _) = put_back_over(&api, &exported(&api.definition, Kind::OpenApi30));
        assert_eq!(exported(&again.definition, Kind::OpenApi30), exported(&api.definition, Kind::OpenApi30));
        put_back += 1;
    }
    assert!(put_back >= 4);
}

/// The API with a document over it, and the warnings.
fn put_back_over(api: &RestApi, text: &Value) -> (RestApi, Vec<String>) {
    let yaml = serde_saphyr::to_string(text).unwrap();
    let parameters = parameters(&[]);
    let from_yaml = read(&document(yaml.as_bytes()), &parameters, API).unwrap();
    let read = read(&document(text.to_string().as_bytes()), &parameters, API).unwrap();
    assert_eq!(format!("{:?}", from_yaml.imported), format!("{:?}", read.imported), "YAML says something else:\n{yaml}");
    let mut api = api.clone();
    apply::apply(&mut api, &read, Mode::Overwrite).unwrap();
    (api, read.imported.findings.warning_texts())
}

#[test]
fn base_paths() {
    let bytes = std::fs::read(corpus().into_iter().find(|path| path.to_str().unwrap().contains("base-path")).unwrap()).unwrap();
    for (mode, paths) in [
        ("ignore", vec!["/", "/test"]),
        ("prepend", vec!["/", "/base", "/base/of", "/base/of/all", "/base/of/all/test"]),
        ("split", vec!["/", "/of", "/of/all", "/of/all/test"]),
    ] {
        let definition = imported(&bytes, &[("basepath", mode)]).0.unwrap().definition;
        let mut found: Vec<String> = definition.resources.keys().map(|id| definition.path(id).unwrap()).collect();
        found.sort();
        assert_eq!(found, paths, "{mode}");
    }
}

#[test]
fn endpoints_come_from_the_query() {
    let minimal = br#"{"swagger": "2.0", "info": {"title": "t"}, "paths": {}}"#;
    for (kind, ip) in [("EDGE", "ipv4"), ("REGIONAL", "ipv4"), ("PRIVATE", "dualstack")] {
        let api = imported(minimal, &[("endpointConfigurationTypes", kind)]).0.unwrap();
        let shown = show_one(&api).endpoint_configuration.unwrap();
        assert_eq!((shown.types.unwrap()[0].as_str(), shown.ip_address_type.unwrap().as_str()), (kind, ip));
    }
    let ids = ("endpointConfigurationVpcEndpointIds", "vpce-1, vpce-2");
    let api = imported(minimal, &[ids, ("endpointConfigurationTypes", "PRIVATE")]).0.unwrap();
    assert_eq!(api.definition.endpoint_configuration.vpc_endpoint_ids, ["vpce-1", "vpce-2"]);
    let refused = imported(minimal, &[ids]).0.unwrap_err().message;
    assert_eq!(refused, "Errors found during import:\n\tVPCEndpoints can only be specified with PRIVATE apis.");
    for (name, value) in [("basepath", "x"), ("ignore", "all"), ("endpointConfigurationTypes", "edge")] {
        let read = Parameters::read(Some([(name.to_owned(), value.to_owned())].into_iter().collect()));
        assert!(read.is_err_and(|error| error.status == 400), "{name}");
    }
}

/// An API with GET and PUT of `/a`, a model, a validator and a setting.
fn before() -> RestApi {
    let text = br##"{
        "swagger": "2.0", "info": {"title": "before", "description": "kept", "version": "1"},
        "paths": {"/a": {
            "get": {"operationId": "old", "responses": {"200": {"schema": {"$ref": "#/definitions/M"}}, "404": {}}},
            "put": {"responses": {}}
        }, "/b": {"get": {"responses": {}}}},
        "definitions": {"M": {"type": "string"}},
        "x-amazon-apigateway-request-validators": {"v": {"validateRequestBody": true}},
        "x-amazon-apigateway-binary-media-types": ["a/b"]
    }"##;
    imported(text, &[]).0.unwrap()
}

const AFTER: &[u8] = br##"{
    "openapi": "3.0.0", "info": {"title": "after"},
    "paths": {"/a": {"get": {"responses": {"200": {}}}}, "/c": {"post": {"responses": {}}}},
    "components": {"schemas": {"N": {"type": "string"}}}
}"##;

fn after(mode: Mode) -> RestApi {
    let mut api = before();
    apply::apply(&mut api, &read(&document(AFTER), &parameters(&[]), API).unwrap(), mode).unwrap();
    api
}

fn resource<'a>(definition: &'a Definition, path: &str) -> Option<&'a Resource> {
    definition.resources.values().find(|resource| definition.path(&resource.id).as_deref() == Some(path))
}

#[test]
fn a_merge_keeps_what_the_document_does_not_name() {
    let definition = after(Mode::Merge).definition;
    assert_eq!((definition.name.as_str(), definition.description.as_deref()), ("after", Some("kept")));
    let a = resource(&definition, "/a").unwrap();
    assert_eq!(a.methods.keys().collect::<Vec<_>>(), ["GET", "PUT"]);
    let get = &a.methods["GET"];
    assert_eq!(get.operation_name, None);
    assert_eq!(get.responses.keys().collect::<Vec<_>>(), ["200"]);
    assert!(get.responses["200"].response_models.is_empty());
    assert!(resource(&definition, "/b").is_some() && resource(&definition, "/c").is_some());
    assert_eq!(definition.models.keys().collect::<Vec<_>>(), ["M", "N"]);
    assert_eq!(definition.request_validators.len(), 1);
    assert_eq!(definition.binary_media_types, ["a/b"]);
}

#[test]
fn an_overwrite_leaves_what_the_document_names() {
    let mut one = before();
    let root = one.definition.root_resource_id.clone();
    let a = resource(&one.definition, "/a").unwrap().id.clone();
    one.definition.endpoint_configuration = EndpointConfiguration::of_type(EndpointType::Regional);
    one.tags.insert("k".to_owned(), "v".to_owned());
    let imported = read(&document(AFTER), &parameters(&[("endpointConfigurationTypes", "EDGE")]), API).unwrap();
    apply::apply(&mut one, &imported, Mode::Overwrite).unwrap();
    let definition = &one.definition;
    assert_eq!(definition.root_resource_id, root);
    assert_eq!(definition.endpoint_configuration.types, [EndpointType::Regional]);
    assert_eq!(one.tags.len(), 1);
    let kept = resource(definition, "/a").unwrap();
    assert_eq!(kept.id, a);
    assert_eq!(kept.methods.keys().collect::<Vec<_>>(), ["GET"]);
    assert!(resource(definition, "/b").is_none());
    assert_eq!(definition.models.keys().collect::<Vec<_>>(), ["N"]);
    assert!(definition.request_validators.is_empty() && definition.binary_media_types.is_empty());
}

#[test]
fn what_is_replaced_keeps_its_id() {
    let mut api = before();
    let ids = |api: &RestApi| {
        let definition = &api.definition;
        let resources: BTreeMap<String, String> =
            definition.resources.keys().map(|id| (definition.path(id).unwrap(), id.clone())).collect();
        let validators: Vec<String> = definition.request_validators.keys().cloned().collect();
        (resources, definition.models["M"].id.clone(), validators)
    };
    let expected = ids(&api);
    for mode in [Mode::Merge, Mode::Overwrite] {
        let again = exported(&api.definition, Kind::OpenApi30).to_string();
        apply::apply(&mut api, &read(&document(again.as_bytes()), &parameters(&[]), API).unwrap(), mode).unwrap();
        assert_eq!(ids(&api), expected, "{mode:?}");
    }
}

const IMPORT: &str = "/restapis?mode=import";

#[tokio::test]
async fn an_import_that_fails_leaves_nothing() {
    let bench = Bench::dev().await;
    let count = async || bench.call("GET", "/restapis", "").await.2["item"].as_array().unwrap().len();
    let before = (count().await, bench.stored().await);
    let fault = r#"{"swagger": "2.0", "info": {"title": "t"}, "paths": {"/ok": {"get": {"responses": {}}}, "/a b": {}}}"#;
    let text = "Errors found during import:\n\tUnable to create resource at path '/a b': Resource's path part only allow \
                a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.";
    for (method, target) in [("POST", IMPORT.to_owned()), ("PUT", format!("/restapis/{API}?mode=overwrite"))] {
        let (status, code, body) = bench.call(method, &target, fault).await;
        assert_eq!((status, code.as_str(), body["message"].as_str()), (400, "BadRequestException", Some(text)));
    }
    let warned = r##"{"swagger": "2.0", "info": {"title": "t"}, "paths": {"/x": {"get": {"responses": {"200": {"schema": {"$ref": "#/definitions/M"}}}}}}}"##;
    let text = "Warnings found during import:\n\tReference to model 'M' not found. Ignoring.";
    for (method, target) in
        [("POST", format!("{IMPORT}&failonwarnings=true")), ("PUT", format!("/restapis/{API}?failonwarnings=true"))]
    {
        let (status, _, body) = bench.call(method, &target, warned).await;
        assert_eq!((status, body["message"].as_str()), (400, Some(text)));
    }
    assert_eq!((count().await, bench.stored().await), before);
    let (status, _, body) = bench.call("POST", IMPORT, warned).await;
    assert_eq!((status, &body["warnings"]), (201, &json!(["Reference to model 'M' not found. Ignoring."])));
    assert!(body.get("tags").is_none());
    let (status, _, body) = bench.call("PUT", &format!("/restapis/{API}"), warned).await;
    assert_eq!((status, &body["tags"], &body["name"]), (200, &json!({}), &json!("t")));
}

#[tokio::test]
async fn what_is_no_document_is_refused() {
    let bench = Bench::dev().await;
    for text in ["", "\"text\"", "[]", "{", "a: [", "openapi: 2.0.0", r#"{"swagger": "1.2"}"#, "openapi: 3.2.0", "{}"] {
        for (method, target) in [("POST", IMPORT.to_owned()), ("PUT", format!("/restapis/{API}"))] {
            let (status, code, body) = bench.call(method, &target, text).await;
            assert_eq!((status, code.as_str(), &body["message"]), (400, "BadRequestException", &json!(INVALID_INPUT)), "{text}");
        }
    }
    let untitled = bench.call("POST", IMPORT, r#"{"swagger": "2.0", "paths": {}}"#).await;
    assert_eq!((untitled.0, &untitled.2["message"]), (400, &json!("API name cannot be empty")));
    let (status, code, _) = bench.call("PUT", "/restapis/unknown000", "{}").await;
    assert_eq!((status, code.as_str()), (404, "NotFoundException"));
    let large = format!("{{\"swagger\": \"2.0\", \"x\": \"{}\"}}", "x".repeat(DOCUMENT_BYTES_MAX));
    assert_eq!(bench.call("POST", IMPORT, &large).await.0, 413);
}

const DOCUMENTED: &str = r##"{
    "swagger": "2.0", "info": {"title": "documented"},
    "paths": {"/a": {"get": {"parameters": [{"name": "q", "in": "query"}], "responses": {"200": {}}}}},
    "x-amazon-apigateway-documentation": {"documentationParts": [
        {"location": {"type": "API"}, "properties": {"info": {"description": "all of it"}}},
        {"location": {"type": "METHOD", "method": "GET"}, "properties": {"description": "a method", "responses": "no"}},
        {"location": {"type": "RESPONSE", "path": "/a", "statusCode": "200"}, "properties": {"description": "good"}},
        {"location": {"type": "QUERY_PARAMETER", "name": "q"}, "properties": {"description": "asked"}}
    ]}
}"##;

#[tokio::test]
async fn documentation_goes_in_and_comes_out_with_its_version() {
    let bench = Bench::dev().await;
    let put = |query: &str| format!("/restapis/{API}?{query}");
    assert_eq!(bench.call("PUT", &put("mode=overwrite&ignore=documentation"), DOCUMENTED).await.0, 200);
    assert!(bench.stored().await.documentation_parts.is_empty());
    assert_eq!(bench.call("PUT", &put("mode=overwrite"), DOCUMENTED).await.0, 200);
    assert_eq!(bench.stored().await.documentation_parts.len(), 4);
    let without = r#"{"swagger": "2.0", "info": {"title": "t"}, "paths": {"/b": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}"#;
    assert_eq!(bench.call("PUT", &put("mode=overwrite"), without).await.0, 200);
    assert_eq!(bench.stored().await.documentation_parts.len(), 4);
    let with_integration = DOCUMENTED
        .replace("\"responses\": {\"200\"", "\"x-amazon-apigateway-integration\": {\"type\": \"mock\"}, \"responses\": {\"200\"");
    assert_eq!(bench.call("PUT", &put("mode=overwrite"), &with_integration).await.0, 200);
    assert_eq!(bench.call("POST", &format!("/restapis/{API}/deployments"), r#"{"stageName": "dev"}"#).await.0, 201);

    let export = format!("/restapis/{API}/stages/dev/exports/oas30?extensions=apigateway");
    let plain = bench.call("GET", &export, "").await.2;
    assert!(plain.get(DOCUMENTATION).is_none());
    assert_eq!(plain["paths"]["/a"]["get"]["responses"]["200"]["description"], "200 response");
    let version = r#"{"documentationVersion": "v1", "stageName": "dev"}"#;
    assert_eq!(bench.call("POST", &format!("/restapis/{API}/documentation/versions"), version).await.0, 201);
    let documented = bench.call("GET", &export, "").await.2;
    let get = &documented["paths"]["/a"]["get"];
    assert_eq!((&documented["info"]["description"], &get["description"]), (&json!("all of it"), &json!("a method")));
    assert_eq!(
        (&get["responses"]["200"]["description"], &get["parameters"][0]["description"]),
        (&json!("good"), &json!("asked"))
    );
    let extension = &documented[DOCUMENTATION];
    assert_eq!((&extension["version"], &extension["createdDate"]), (&json!("v1"), &json!("2015-08-30T12:36:00Z")));
    assert_eq!(extension["documentationParts"].as_array().unwrap().len(), 4);
    let method = json!({"location": {"type": "METHOD", "path": "/", "method": "GET"}, "properties": {"description": "a method", "responses": "no"}});
    assert!(extension["documentationParts"].as_array().unwrap().contains(&method));
    // Put back, with the documentation left alone or not, it is exported the same.
    for query in ["mode=overwrite", "mode=merge", "mode=overwrite&ignore=documentation"] {
        assert_eq!(bench.call("PUT", &put(query), &documented.to_string()).await.0, 200);
        assert_eq!(bench.call("POST", &format!("/restapis/{API}/deployments"), r#"{"stageName": "dev"}"#).await.0, 201);
        assert_eq!(bench.call("GET", &export, "").await.2, documented, "{query}");
    }
}

#[tokio::test]
async fn a_documentation_part_that_makes_no_sense_is_a_warning() {
    let bench = Bench::dev().await;
    let document = DOCUMENTED.replace("\"API\"}", "\"API\", \"path\": \"/\"}");
    let (status, _, body) = bench.call("POST", IMPORT, &document).await;
    assert_eq!((status, body["warnings"].as_array().unwrap().len()), (201, 1));
    assert_eq!(bench.call("POST", &format!("{IMPORT}&failonwarnings=true"), &document).await.0, 400);
}

/// One of each, or nothing.
fn maybe(values: &[Value]) -> impl Strategy<Value = Value> + use<> {
    prop_oneof![Just(Value::Null), prop::sample::select(values.to_vec())]
}

/// Operations put together from everything that an operation can have.
fn operation() -> impl Strategy<Value = Value> {
    let parameters = prop::sample::subsequence(
        vec![
            json!({"name": "q", "in": "query", "required": true, "type": "string"}),
            json!({"name": "r", "in": "query", "type": "integer"}),
            json!({"name": "X-H", "in": "header", "type": "string"}),
            json!({"name": "B", "in": "body", "schema": {"$ref": "#/definitions/B"}}),
            json!({"name": "I", "in": "body", "schema": {"type": "object", "properties": {"a": {"$ref": "#/definitions/A"}}}}),
        ],
        0..5,
    );
    let types = [json!(["application/json"]), json!(["a/b", "application/json", "*/*"])];
    let responses = prop::sample::subsequence(
        vec![
            (
                "200",
                json!({"schema": {"$ref": "#/definitions/A"}, "headers": {"X-A": {"type": "string"}, "b": {"type": "string"}}}),
            ),
            ("201", json!({"description": "d", "schema": {"type": "array", "items": {"type": "string"}}})),
            ("404", json!({"description": "none"})),
        ],
        0..3,
    );
    let security = [
        json!([]),
        json!([{"key": []}]),
        json!([{"iam": []}]),
        json!([{"token": []}, {"key": []}]),
        json!([{"pool": ["a/b", "c"]}]),
        json!([{"asked": []}]),
    ];
    let answers = json!({
        "default": {"statusCode": 200, "responseTemplates": {"application/json": "{\"a\": 1}\n# no: yes\n"}},
        "5\\d{2}|.*x.*": {"statusCode": "404", "contentHandling": "CONVERT_TO_BINARY", "responseTemplates": {}},
    });
    let integrations = [
        json!({"type": "MOCK", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}, "responses": answers}),
        json!({"type": "http", "httpMethod": "ANY", "uri": "http://${stageVariables.h}/a", "timeoutInMillis": 50, "responses": answers}),
        json!({"type": "http_proxy", "httpMethod": "GET", "uri": "https://example.com", "cacheNamespace": "mine", "tlsConfig": {}}),
        json!({
            "type": "aws_proxy", "httpMethod": "POST", "credentials": "arn:aws:iam::111111111111:role/r",
            "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations",
            "requestParameters": {"integration.request.header.a": "'text: #1'", "integration.request.path.b": "context.requestId"},
            "connectionType": "VPC_LINK", "connectionId": "${stageVariables.l}", "passthroughBehavior": "when_no_templates",
        }),
    ];
    let names = [json!("op"), json!("yes"), json!("1.10")];
    let validators = [json!("v"), json!("w x")];
    let parts = (maybe(&names), parameters, responses, maybe(&security), maybe(&integrations), maybe(&validators), maybe(&types));
    parts.prop_map(|(name, parameters, responses, security, integration, validator, types)| {
        let responses: serde_json::Map<String, Value> =
            responses.into_iter().map(|(code, body)| (code.to_owned(), body)).collect();
        json!({
            "operationId": name, "parameters": parameters, "responses": responses, "security": security,
            "x-amazon-apigateway-integration": integration, "x-amazon-apigateway-request-validator": validator,
            "consumes": types, "produces": types,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_imported_is_exported_for_good(
        operations in prop::collection::vec(
            (
                prop::sample::select(vec!["/", "/a", "/a/{b}", "/a/{b}/c", "/d/{e+}"]),
                prop::sample::select(vec!["get", "put", "post", "delete", "options", "x-amazon-apigateway-any-method"]),
                operation(),
            ),
            0..8,
        ),
    ) {
        let mut paths = serde_json::Map::new();
        for (path, verb, operation) in operations {
            paths.entry(path).or_insert_with(|| json!({}))[verb] = operation;
        }
        let invocation = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:111111111111:function:f/invocations";
        let text = json!({
            "swagger": "2.0", "info": {"title": "yes", "version": "1e3"}, "paths": paths,
            "definitions": {
                "A": {"type": "object", "properties": {"b": {"$ref": "#/definitions/B"}, "self": {"$ref": "#/definitions/A/properties/b"}}},
                "B": {"enum": ["no", "1", " x ", "#", "a: b", "~", "\u{1f600}\t"]},
            },
            "securityDefinitions": {
                "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
                "iam": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
                "token": {"type": "apiKey", "name": "T", "in": "header", "x-amazon-apigateway-authorizer": {
                    "type": "token", "authorizerUri": invocation, "authorizerResultTtlInSeconds": 5}},
                "asked": {"type": "apiKey", "name": "Unused", "in": "header", "x-amazon-apigateway-authorizer": {
                    "type": "request", "authorizerUri": invocation, "identitySource": "method.request.header.A, context.identity.sourceIp"}},
                "pool": {"type": "apiKey", "name": "P", "in": "header", "x-amazon-apigateway-authorizer": {
                    "type": "cognito_user_pools", "providerARNs": ["arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_A"]}},
            },
            "x-amazon-apigateway-request-validators": {"v": {"validateRequestBody": true}, "w x": {}},
        });
        let (made, warnings) = imported(text.to_string().as_bytes(), &[]);
        prop_assert_eq!(warnings, Vec::<String>::new());
        let api = made.unwrap();
        for kind in [Kind::Swagger, Kind::OpenApi30] {
            let first = exported(&api.definition, kind);
            let (again, warnings) = put_back_over(&api, &first);
            prop_assert_eq!(warnings, Vec::<String>::new());
            prop_assert_eq!(exported(&again.definition, kind), first);
        }
    }
}
