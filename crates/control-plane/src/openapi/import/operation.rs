//! Paths and the operations on them.

use postern_api_model::apigateway::PutMethodInput;

use super::parameters::Request;
use super::{BasePath, ImportedMethod, ImportedPath, Reader, base_path, integration, responses};
use crate::openapi::node::Node;

/// Members of a path that are methods, and the verbs that they stand for.
const VERBS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("x-amazon-apigateway-any-method", "ANY"),
];
/// A method of OpenAPI that REST APIs do not have.
const TRACE: &str = "trace";

/// All paths of the document.
pub(super) fn paths<'d>(reader: &mut Reader<'d>, mode: BasePath) -> Vec<ImportedPath> {
    let base = base_path::segments(&reader.root, reader.version, mode);
    let Some(paths) = reader.root.get("paths") else { return Vec::new() };
    let mut read = Vec::new();
    for (path, item) in paths.members().filter(|(path, _)| !path.starts_with("x-")) {
        let Some(own) = path.strip_prefix('/') else {
            let text = format!("Unable to create resource at path '{path}': Resource's path must begin with a slash");
            reader.findings.problem(text, &item.place);
            continue;
        };
        // A slash at the end has no resource of its own; an empty part elsewhere is refused with the resource.
        let own = own.strip_suffix('/').unwrap_or(own);
        let own = own.split('/').filter(|_| !own.is_empty()).map(str::to_owned);
        let segments: Vec<String> = base.iter().cloned().chain(own).collect();
        let path = format!("/{}", segments.join("/"));
        let methods = methods(reader, &item, &segments, &path);
        read.push(ImportedPath { path, segments, place: item.place, methods });
    }
    read
}

fn methods<'d>(reader: &mut Reader<'d>, item: &Node<'d>, segments: &[String], path: &str) -> Vec<ImportedMethod> {
    let Some(item) = reader.resolve(item) else { return Vec::new() };
    let mut read = Vec::new();
    for (name, operation) in item.members() {
        if name == TRACE {
            reader.findings.warn(format!("Unsupported method 'TRACE' on resource at path '{path}'. Ignoring."), &operation.place);
        }
        let Some((_, verb)) = VERBS.iter().find(|(member, _)| member == name) else { continue };
        if !operation.value.is_object() {
            let text = format!("Unable to put method '{verb}' on resource at path '{path}': Invalid OpenAPI input.");
            reader.findings.problem(text, &operation.place);
            continue;
        }
        if reader.findings.afford(0, &operation.place) {
            read.push(method(reader, &item, &operation, segments, verb, path));
        }
    }
    read
}

fn method<'d>(
    reader: &mut Reader<'d>,
    item: &Node<'d>,
    operation: &Node<'d>,
    segments: &[String],
    verb: &str,
    path: &str,
) -> ImportedMethod {
    let request = Request::read(reader, item, operation, segments);
    let subject = format!("Unable to put method '{verb}' on resource at path '{path}'");
    let access = reader.security.access(operation, &subject, &mut reader.findings);
    let validator = "x-amazon-apigateway-request-validator";
    let validator = operation.text_of(validator).or_else(|| reader.root.text_of(validator));
    let method = PutMethodInput {
        api_key_required: Some(access.api_key_required),
        authorization_scopes: (!access.scopes.is_empty()).then_some(access.scopes),
        authorization_type: access.authorization_type,
        authorizer_id: None,
        http_method: verb.to_owned(),
        operation_name: operation.text_of("operationId"),
        request_models: Some(request.models),
        request_parameters: Some(request.parameters),
        request_validator_id: None,
        resource_id: String::new(),
        rest_api_id: String::new(),
    };
    let responses = responses::read(reader, operation);
    let (integration, integration_responses) = match operation.get("x-amazon-apigateway-integration") {
        Some(node) => integration::read(&node, verb, path, &mut reader.findings),
        None => (None, Vec::new()),
    };
    let place = operation.place.clone();
    let authorizer = access.authorizer;
    ImportedMethod { place, method, authorizer, validator, responses, integration, integration_responses }
}
