//! Paths and the operations on them.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use postern_api_model::apigateway::DocumentationPartType as Part;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, Method, MethodResponse, OrderedMap};
use serde_json::{Value, json};

use super::documentation::{Documentation, Entity};
use super::security::Schemes;
use super::{Extensions, Kind, Object, extensions, integration, schemas, set, set_filled};

/// Verbs and the members that stand for them, in the order in which they are written.
const VERBS: [(&str, &str); 8] = [
    ("GET", "get"),
    ("PUT", "put"),
    ("POST", "post"),
    ("DELETE", "delete"),
    ("OPTIONS", "options"),
    ("HEAD", "head"),
    ("PATCH", "patch"),
    ("ANY", "x-amazon-apigateway-any-method"),
];

/// One method on the way to its operation.
struct Writer<'a> {
    definition: &'a Definition,
    kind: Kind,
    wanted: Extensions,
    schemes: &'a Schemes,
    documentation: &'a Documentation<'a>,
    path: &'a str,
    method: &'a Method,
}

/// Paths with methods, by path.
pub(super) fn paths(
    definition: &Definition,
    kind: Kind,
    wanted: Extensions,
    schemes: &Schemes,
    documentation: &Documentation<'_>,
) -> ApiResult<Object> {
    let with_methods = definition.resources.values().filter(|resource| !resource.methods.is_empty());
    let by_path: BTreeMap<String, _> =
        with_methods.map(|resource| (definition.path(&resource.id).unwrap_or_default(), resource)).collect();
    let mut paths = Object::new();
    for (path, resource) in by_path {
        let mut item = Object::new();
        if kind == Kind::OpenApi30 {
            // A path of Swagger 2.0 has no place for it.
            documentation.annotate(Part::Resource, Entity { path: &path, ..Entity::default() }, &mut item);
        }
        for (verb, member) in VERBS {
            if let Some(method) = resource.methods.get(verb) {
                let writer = Writer { definition, kind, wanted, schemes, documentation, path: &path, method };
                item.insert(member.to_owned(), Value::Object(writer.operation(&resource.id)?));
            }
        }
        paths.insert(path, Value::Object(item));
    }
    Ok(paths)
}

impl Writer<'_> {
    fn operation(&self, resource_id: &str) -> ApiResult<Object> {
        let mut operation = Object::new();
        self.annotate(Part::Method, "", "", &mut operation);
        set(&mut operation, "operationId", self.method.operation_name.as_ref());
        let body = self.body_model()?;
        if self.kind == Kind::Swagger {
            let produced = self.method.responses.values().flat_map(|response| response.response_models.iter());
            self.media_types(&mut operation, "consumes", self.method.request_models.iter());
            self.media_types(&mut operation, "produces", produced);
        }
        let mut parameters = self.parameters();
        if self.kind == Kind::Swagger
            && let Some(model) = body
        {
            let schema = schemas::reference(self.kind, model);
            let mut body = Object::new();
            body.insert("in".to_owned(), json!("body"));
            body.insert("name".to_owned(), json!(model));
            self.annotate(Part::RequestBody, "", "", &mut body);
            body.insert("required".to_owned(), json!(true));
            body.insert("schema".to_owned(), schema);
            parameters.push(Value::Object(body));
        }
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if self.kind == Kind::OpenApi30 && body.is_some() {
            let content = self.content(&self.method.request_models);
            let mut body = Object::new();
            self.annotate(Part::RequestBody, "", "", &mut body);
            body.insert("content".to_owned(), Value::Object(content));
            body.insert("required".to_owned(), json!(true));
            operation.insert("requestBody".to_owned(), Value::Object(body));
        }
        let responses = self.method.responses.iter().map(|(status, response)| (status.clone(), self.response(status, response)));
        operation.insert("responses".to_owned(), Value::Object(responses.collect()));
        let security = self.schemes.requirements(self.method, self.definition);
        if !security.is_empty() {
            operation.insert("security".to_owned(), Value::Array(security));
        }
        self.extensions(&mut operation, resource_id);
        Ok(operation)
    }

    fn annotate(&self, kind: Part, status: &str, name: &str, object: &mut Object) {
        let entity = Entity { path: self.path, verb: &self.method.http_method, status, name };
        self.documentation.annotate(kind, entity, object);
    }

    fn extensions(&self, operation: &mut Object, resource_id: &str) {
        if self.wanted.others
            && let Some(id) = &self.method.request_validator_id
            && let Some(name) = extensions::validator_name(self.definition, id)
        {
            operation.insert("x-amazon-apigateway-request-validator".to_owned(), json!(name));
        }
        if self.wanted.integrations
            && let Some(integration) = &self.method.integration
        {
            let written = integration::write(integration, resource_id);
            operation.insert("x-amazon-apigateway-integration".to_owned(), Value::Object(written));
        }
    }

    fn media_types<'m>(&self, operation: &mut Object, member: &str, models: impl Iterator<Item = (&'m String, &'m String)>) {
        let types: IndexSet<&String> = models.filter(|(_, model)| self.is_written(model)).map(|(kind, _)| kind).collect();
        if !types.is_empty() {
            operation.insert(member.to_owned(), json!(types));
        }
    }

    /// The first model of the body that a document can hold.
    fn body_model(&self) -> ApiResult<Option<&String>> {
        let models = &self.method.request_models;
        let found = models.values().find(|model| self.is_written(model));
        let are_there = models.values().any(|model| self.definition.models.contains_key(model));
        if found.is_none() && are_there {
            let text = format!("Only found non-JSON body models for {} {}", self.method.http_method, self.path);
            return Err(ApiError::bad_request(text));
        }
        Ok(found)
    }

    fn is_written(&self, model: &str) -> bool {
        schemas::is_written(self.definition, model)
    }

    fn parameters(&self) -> Vec<Value> {
        let parameters = self.method.request_parameters.iter();
        parameters.filter_map(|(key, required)| self.parameter(key, *required)).collect()
    }

    fn parameter(&self, key: &str, required: bool) -> Option<Value> {
        let (place, name) = key.strip_prefix("method.request.")?.split_once('.')?;
        let (place, part) = match place {
            "querystring" | "multivaluequerystring" => ("query", Part::QueryParameter),
            "header" | "multivalueheader" => ("header", Part::RequestHeader),
            _ => ("path", Part::PathParameter),
        };
        let mut parameter = Object::new();
        parameter.insert("name".to_owned(), json!(name));
        parameter.insert("in".to_owned(), json!(place));
        self.annotate(part, "", name, &mut parameter);
        match self.kind {
            Kind::Swagger => {
                parameter.insert("required".to_owned(), json!(required || place == "path"));
                parameter.insert("type".to_owned(), json!("string"));
            }
            Kind::OpenApi30 => {
                if required || place == "path" {
                    parameter.insert("required".to_owned(), json!(true));
                }
                parameter.insert("schema".to_owned(), json!({"type": "string"}));
            }
        }
        Some(Value::Object(parameter))
    }

    fn header(&self, status: &str, name: &str) -> Value {
        let mut header = Object::new();
        self.annotate(Part::ResponseHeader, status, name, &mut header);
        match self.kind {
            Kind::Swagger => header.insert("type".to_owned(), json!("string")),
            Kind::OpenApi30 => header.insert("schema".to_owned(), json!({"type": "string"})),
        };
        Value::Object(header)
    }

    /// Media type to schema.
    fn content(&self, models: &OrderedMap<String>) -> Object {
        let written = models.iter().filter(|(_, model)| self.is_written(model));
        written.map(|(kind, model)| (kind.clone(), json!({"schema": schemas::reference(self.kind, model)}))).collect()
    }

    fn response(&self, status: &str, response: &MethodResponse) -> Value {
        let mut written = Object::new();
        written.insert("description".to_owned(), json!(format!("{status} response")));
        self.annotate(Part::Response, status, "", &mut written);
        let names = response.response_parameters.keys().filter_map(|key| key.strip_prefix("method.response.header."));
        let headers: Object = names.map(|name| (name.to_owned(), self.header(status, name))).collect();
        match self.kind {
            Kind::Swagger => {
                if let Some(model) = response.response_models.values().find(|model| self.is_written(model)) {
                    written.insert("schema".to_owned(), schemas::reference(self.kind, model));
                }
                set_filled(&mut written, "headers", headers);
            }
            Kind::OpenApi30 => {
                set_filled(&mut written, "headers", headers);
                written.insert("content".to_owned(), Value::Object(self.content(&response.response_models)));
            }
        }
        Value::Object(written)
    }
}
