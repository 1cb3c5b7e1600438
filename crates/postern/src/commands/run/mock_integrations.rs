//! MOCK integrations for a document without any integration: each method answers its lowest 2xx response, with the example that the
//! document gives or one made up after the schema.

use serde_json::{Map, Value, json};

use super::example::{of_schema, resolved};

const INTEGRATION: &str = "x-amazon-apigateway-integration";
const JSON: &str = "application/json";
/// Members of a path that are methods.
pub const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mocks {
    /// The document has integrations of its own.
    None,
    /// Every method got one.
    Added,
}

/// Adds them to a document that has no integrations.
pub fn add(root: &mut Value) -> Mocks {
    if operations(root).any(|(_, _, operation)| operation.get(INTEGRATION).is_some()) {
        return Mocks::None;
    }
    let made: Vec<_> =
        operations(root).map(|(path, method, operation)| (path.clone(), method, mocked(root, operation))).collect();
    for (path, method, (status, response, integration)) in made {
        let item = root.get_mut("paths").and_then(|paths| paths.get_mut(&path)).and_then(|item| item.get_mut(method));
        let Some(Value::Object(operation)) = item else { continue };
        let responses = operation.entry("responses").or_insert_with(|| json!({}));
        if let Value::Object(responses) = responses {
            // An integration's response needs a method's.
            responses.entry(status).or_insert(response);
        }
        operation.insert(INTEGRATION.to_owned(), integration);
    }
    Mocks::Added
}

/// Path, method and operation of every method of a document.
pub fn operations(root: &Value) -> impl Iterator<Item = (&String, &'static str, &Value)> {
    let paths = root.get("paths").and_then(Value::as_object).into_iter().flatten().filter(|(path, _)| path.starts_with('/'));
    paths.flat_map(|(path, item)| METHODS.into_iter().filter_map(move |method| Some((path, method, item.get(method)?))))
}

/// The status to answer, the response of it, and the integration.
fn mocked(root: &Value, operation: &Value) -> (String, Value, Value) {
    let (status, response) = chosen(root, operation);
    let (media_type, body) = body(root, operation, response);
    let request = format!("{{\"statusCode\": {status}}}");
    let consumed = consumed(root, operation);
    let templates: Map<String, Value> = consumed.into_iter().map(|media_type| (media_type, json!(request))).collect();
    let mut answer = Map::new();
    answer.insert("statusCode".to_owned(), json!(status));
    answer.insert("responseTemplates".to_owned(), json!({ media_type: literal(&body) }));
    let integration = json!({
        "type": "MOCK",
        "passthroughBehavior": "when_no_templates",
        "requestTemplates": templates,
        "responses": { "default": answer },
    });
    (status, json!({ "description": "" }), integration)
}

/// The lowest 2xx, else the default, else the lowest of all.
fn chosen<'v>(root: &'v Value, operation: &'v Value) -> (String, &'v Value) {
    const EMPTY: &Value = &Value::Null;
    let responses = operation.get("responses").and_then(Value::as_object);
    let is_status = |name: &str| name.len() == 3 && matches!(name.parse::<u16>(), Ok(200..=599));
    let mut statuses: Vec<&String> = responses.into_iter().flat_map(Map::keys).filter(|name| is_status(name)).collect();
    statuses.sort_unstable();
    let get = |name: &str| responses.and_then(|responses| responses.get(name)).map(|response| resolved(root, response));
    if let Some(status) = statuses.iter().find(|status| status.starts_with('2')) {
        return ((*status).clone(), get(status).unwrap_or(EMPTY));
    }
    if let Some(response) = get("2XX").or_else(|| get("2xx")).or_else(|| get("default")) {
        return ("200".to_owned(), response);
    }
    statuses.first().map_or_else(|| ("200".to_owned(), EMPTY), |status| ((*status).clone(), get(status).unwrap_or(EMPTY)))
}

/// Media type and text of the answer.
fn body(root: &Value, operation: &Value, response: &Value) -> (String, String) {
    let (media_type, value) = match response.get("content").and_then(Value::as_object) {
        Some(content) => {
            let Some(media_type) = preferred(content.keys()) else { return (JSON.to_owned(), String::new()) };
            let value = content.get(media_type).and_then(|media| of_media(root, resolved(root, media)));
            (media_type.clone(), value)
        }
        None => of_swagger(root, operation, response),
    };
    let text = value.map(|value| written(&media_type, &value)).unwrap_or_default();
    let named = if media_type.contains('*') { JSON.to_owned() } else { media_type };
    (named, text)
}

fn of_media(root: &Value, media: &Value) -> Option<Value> {
    let examples = media.get("examples").and_then(Value::as_object);
    let named = examples.and_then(|examples| examples.values().find_map(|example| resolved(root, example).get("value")));
    let given = media.get("example").or(named).cloned();
    given.or_else(|| media.get("schema").and_then(|schema| of_schema(root, schema)))
}

/// Swagger 2.0: examples by media type, and one schema for all.
fn of_swagger(root: &Value, operation: &Value, response: &Value) -> (String, Option<Value>) {
    let examples = response.get("examples").and_then(Value::as_object);
    if let Some((media_type, example)) =
        examples.and_then(|examples| preferred(examples.keys()).and_then(|name| examples.get_key_value(name)))
    {
        return (media_type.clone(), Some(example.clone()));
    }
    let produced: Vec<String> = media_types(root, operation, "produces");
    let media_type = preferred(produced.iter()).cloned().unwrap_or_else(|| JSON.to_owned());
    (media_type, response.get("schema").and_then(|schema| of_schema(root, schema)))
}

/// JSON before anything else: only of JSON can an example be made up.
fn preferred<'n>(mut names: impl Iterator<Item = &'n String> + Clone) -> Option<&'n String> {
    let first = names.clone().next();
    names.find(|name| is_json(name)).or(first)
}

fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim();
    name.eq_ignore_ascii_case(JSON) || name.ends_with("+json") || name.contains('*')
}

/// The example as the client gets it. Of another type than JSON only a text can be written.
fn written(media_type: &str, value: &Value) -> String {
    match value {
        Value::String(text) if !is_json(media_type) => text.clone(),
        _ if !is_json(media_type) => String::new(),
        // Some authors write the JSON itself as a text.
        Value::String(text) if text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<Value>(text).is_ok() => {
            text.clone()
        }
        value => value.to_string(),
    }
}

/// Media types that requests may have, that of none included.
fn consumed(root: &Value, operation: &Value) -> Vec<String> {
    let content = operation.get("requestBody").map(|body| resolved(root, body)).and_then(|body| body.get("content"));
    let mut types: Vec<String> = match content.and_then(Value::as_object) {
        Some(content) => content.keys().cloned().collect(),
        None => media_types(root, operation, "consumes"),
    };
    types.retain(|media_type| !media_type.contains('*'));
    if !types.iter().any(|media_type| media_type == JSON) {
        types.insert(0, JSON.to_owned());
    }
    types
}

fn media_types(root: &Value, operation: &Value, member: &str) -> Vec<String> {
    let list = operation.get(member).or_else(|| root.get(member)).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A template that renders to exactly this text. Velocity reads nothing between `#[[` and `]]#`; the end of such a part inside of the
/// text is itself parted.
pub fn literal(text: &str) -> String {
    if !text.contains(['$', '#', '\\']) {
        return text.to_owned();
    }
    let parts: Vec<String> = text.replace("]]#", "]\u{0}]#").split('\u{0}').map(|part| format!("#[[{part}]]#")).collect();
    parts.concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use postern_data_plane::render::{TemplateInput, render_template};

    use super::*;

    #[test]
    fn a_literal_comes_out_as_it_went_in() {
        let texts = [
            "",
            "plain",
            "$",
            "#",
            "$ref",
            "${a}",
            "$!{a.b()}",
            "#set($a = 1)$a",
            "## no comment",
            "#* nor this *#",
            "#end",
            "\\$a",
            "\\\\#if",
            "a]]#b",
            "]]#",
            "[[1]]#",
            "[1]$",
            "#[[x]]#",
            "]]]#",
            "]]#]]#$",
            "{\"price\": \"$5\", \"tag\": \"#1\"}",
            "a\n#\n",
        ];
        for text in texts {
            let rendered = render_template(&literal(text), TemplateInput::default());
            let rendered =
                rendered.map(|rendered| rendered.text).unwrap_or_else(|failure| panic!("{text:?}: {}", failure.message));
            assert_eq!(rendered, text);
        }
    }

    fn answer(responses: Value) -> (String, String, String) {
        let mut root = json!({
            "paths": { "/a": { "get": { "responses": responses } } },
            "components": { "schemas": { "Node": { "properties": {
                "id": { "type": "integer", "minimum": 3 }, "next": { "$ref": "#/components/schemas/Node" },
                "all": { "type": "array", "items": { "$ref": "#/components/schemas/Node" } },
            } } } },
        });
        assert_eq!(add(&mut root), Mocks::Added);
        let response = &root["paths"]["/a"]["get"][INTEGRATION]["responses"]["default"];
        let (media_type, body) = response["responseTemplates"].as_object().unwrap().iter().next().unwrap();
        let status = response["statusCode"].as_str().unwrap().to_owned();
        assert!(
            root["paths"]["/a"]["get"]["responses"].get(&status).is_some(),
            "an integration response needs a method response"
        );
        (status, media_type.clone(), body.as_str().unwrap().to_owned())
    }

    #[test]
    fn the_lowest_2xx_answers_with_its_example() {
        let json_with = |media: Value| json!({ "content": { "text/xml": {}, "application/json": media } });
        let cases = [
            (json!({"404": {}, "202": json_with(json!({"example": {"a": 1}})), "204": {}}), "202", r#"{"a":1}"#),
            (json!({"200": json_with(json!({"examples": {"x": {"value": [1]}, "y": {"value": 2}}}))}), "200", "[1]"),
            (json!({"200": json_with(json!({"example": "{\"a\": 1}"}))}), "200", "{\"a\": 1}"),
            (json!({"200": json_with(json!({"example": "text"}))}), "200", "\"text\""),
            (
                json!({"default": json_with(json!({"schema": {"$ref": "#/components/schemas/Node"}}))}),
                "200",
                r#"{"id":3,"all":[]}"#,
            ),
            (json!({"404": {}, "302": {}}), "302", ""),
            (json!({"200": {"schema": {"type": "string", "format": "uuid"}}}), "200", "\"00000000-0000-0000-0000-000000000000\""),
        ];
        for (responses, status, body) in cases {
            let shown = responses.to_string();
            assert_eq!(answer(responses), (status.to_owned(), JSON.to_owned(), body.to_owned()), "{shown}");
        }
        let plain = json!({"200": {"content": {"text/plain": {"example": "hi"}}}});
        assert_eq!(answer(plain), ("200".to_owned(), "text/plain".to_owned(), "hi".to_owned()));
    }

    #[test]
    fn a_document_with_an_integration_is_left_alone() {
        let mut root = json!({"paths": {"/a": {"get": {INTEGRATION: {"type": "MOCK"}}, "put": {}}}});
        let before = root.clone();
        assert_eq!((add(&mut root), root), (Mocks::None, before));
    }
}
