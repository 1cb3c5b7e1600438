//! Parameters of a method and the models of its body.

use indexmap::IndexMap;

use super::{Reader, Version};
use crate::openapi::node::Node;

const JSON: &str = "application/json";

/// What a method takes.
#[derive(Default)]
pub(super) struct Request {
    /// `method.request.{place}.{name}` to whether it is required.
    pub(super) parameters: IndexMap<String, bool>,
    /// Media type to model name.
    pub(super) models: IndexMap<String, String>,
}

impl Request {
    /// Reads the parameters of a path, then those of the operation on it, which win.
    pub(super) fn read<'d>(reader: &mut Reader<'d>, path_item: &Node<'d>, operation: &Node<'d>, segments: &[String]) -> Self {
        let mut request = Self::default();
        for holder in [path_item, operation] {
            for parameter in holder.get("parameters").iter().flat_map(|list| list.items().collect::<Vec<_>>()) {
                request.add(reader, &parameter, operation);
            }
        }
        if reader.version == Version::OpenApi3
            && let Some(body) = operation.get("requestBody").and_then(|body| reader.resolve(&body))
        {
            request.models = models_of(reader, &body);
        }
        // A variable of the path that nobody declared is declared by itself, as recorded.
        for name in segments.iter().filter_map(|segment| variable(segment)) {
            request.parameters.entry(format!("method.request.path.{name}")).or_insert(true);
        }
        request
    }

    fn add<'d>(&mut self, reader: &mut Reader<'d>, parameter: &Node<'d>, operation: &Node<'d>) {
        let Some(parameter) = reader.resolve(parameter) else { return };
        if !reader.findings.afford(0, &parameter.place) {
            return;
        }
        let name = parameter.text_of("name").unwrap_or_default();
        let required = parameter.get("required").and_then(|required| required.flag()).unwrap_or_default();
        let place = match parameter.text_of("in").as_deref() {
            Some("query") => "querystring",
            Some("header") => "header",
            Some("path") => "path",
            Some("body") if reader.version == Version::Swagger2 => {
                self.add_body(reader, &parameter, operation);
                return;
            }
            other => {
                let place = other.unwrap_or_default();
                reader
                    .findings
                    .warn(format!("Unsupported location '{place}' of parameter '{name}'. Ignoring."), &parameter.place);
                return;
            }
        };
        // A path without its variables is another path.
        self.parameters.insert(format!("method.request.{place}.{name}"), required || place == "path");
    }

    fn add_body<'d>(&mut self, reader: &mut Reader<'d>, parameter: &Node<'d>, operation: &Node<'d>) {
        let Some(schema) = parameter.get("schema") else { return };
        let Some(model) = reader.models.name_for(&schema, &mut reader.findings) else { return };
        self.models = under_media_types(reader, operation, "consumes", &model);
    }
}

/// One model under each media type of an operation in Swagger 2.0: its own ones, or else those of the document, or else JSON.
pub(super) fn under_media_types(
    reader: &mut Reader<'_>,
    operation: &Node<'_>,
    member: &str,
    model: &str,
) -> IndexMap<String, String> {
    let list = operation.get(member).or_else(|| reader.root.get(member));
    let mut models = IndexMap::new();
    for media_type in list.iter().flat_map(|list| list.items().collect::<Vec<_>>()) {
        if !reader.findings.afford(0, &media_type.place) {
            break;
        }
        models.extend(media_type.text().map(|text| (text, model.to_owned())));
    }
    if models.is_empty() {
        models.insert(JSON.to_owned(), model.to_owned());
    }
    models
}

/// Media type to model under `content`.
pub(super) fn models_of<'d>(reader: &mut Reader<'d>, holder: &Node<'d>) -> IndexMap<String, String> {
    let mut models = IndexMap::new();
    let Some(content) = holder.get("content") else { return models };
    for (media_type, body) in content.members() {
        if !reader.findings.afford(0, &body.place) {
            break;
        }
        let model = body.get("schema").and_then(|schema| reader.models.name_for(&schema, &mut reader.findings));
        models.extend(model.map(|model| (media_type.clone(), model)));
    }
    models
}

/// The name in `{name}` or `{name+}`.
fn variable(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    Some(name.strip_suffix('+').unwrap_or(name))
}
