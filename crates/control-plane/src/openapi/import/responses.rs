//! What a client may get back.

use indexmap::IndexMap;
use postern_api_model::apigateway::PutMethodResponseInput;

use super::parameters::{models_of, under_media_types};
use super::{Reader, Version};
use crate::openapi::node::Node;

/// The method responses of an operation.
pub(super) fn read<'d>(reader: &mut Reader<'d>, operation: &Node<'d>) -> Vec<PutMethodResponseInput> {
    let Some(responses) = operation.get("responses") else { return Vec::new() };
    let mut read = Vec::new();
    for (status, response) in responses.members().filter(|(status, _)| !status.starts_with("x-")) {
        if !is_status(status) {
            reader.findings.warn(format!("Invalid response status code specified: {status}. Ignoring."), &response.place);
            continue;
        }
        let Some(response) = reader.resolve(&response) else { continue };
        if !reader.findings.afford(0, &response.place) {
            break;
        }
        let models = models(reader, operation, &response);
        let headers = header_names(reader, &response);
        read.push(PutMethodResponseInput {
            response_parameters: (!headers.is_empty()).then_some(headers),
            response_models: (!models.is_empty()).then_some(models),
            status_code: status.clone(),
            http_method: String::new(),
            resource_id: String::new(),
            rest_api_id: String::new(),
        });
    }
    read
}

/// `default` and ranges such as `4XX` have no place in a REST API.
fn is_status(status: &str) -> bool {
    status.len() == 3 && status.starts_with(['1', '2', '3', '4', '5']) && status.bytes().all(|byte| byte.is_ascii_digit())
}

fn models<'d>(reader: &mut Reader<'d>, operation: &Node<'d>, response: &Node<'d>) -> IndexMap<String, String> {
    if reader.version == Version::OpenApi3 {
        return models_of(reader, response);
    }
    let schema = response.get("schema");
    let Some(model) = schema.and_then(|schema| reader.models.name_for(&schema, &mut reader.findings)) else {
        return IndexMap::new();
    };
    under_media_types(reader, operation, "produces", &model)
}

/// Headers are never required in a response, as recorded.
fn header_names<'d>(reader: &mut Reader<'d>, response: &Node<'d>) -> IndexMap<String, bool> {
    let mut names = IndexMap::new();
    let Some(headers) = response.get("headers") else { return names };
    for (name, header) in headers.members() {
        if !reader.findings.afford(0, &header.place) {
            break;
        }
        names.insert(format!("method.response.header.{name}"), false);
    }
    names
}
