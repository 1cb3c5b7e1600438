//! Reading a [`TemplateInput`] from JSON.

use std::borrow::Cow;

use postern_jsonpath::Found;
use serde_json::{Map, Value};

use super::TemplateInput;
use crate::mapping_template::Json;

pub(super) fn parse(text: &str) -> Result<TemplateInput, Vec<String>> {
    let json = Json::parse_strictly(text).map_err(|_| vec![not_json(text)])?;
    let mut reader = Reader::default();
    let mut input = TemplateInput::default();
    let Value::Object(members) = json.root() else { return Err(vec!["the input must be a JSON object".to_owned()]) };
    for (name, value) in members {
        match (name.as_str(), value) {
            ("body", Value::String(text)) => input.body = text.clone(),
            ("body", value) => input.body = json.json_text(&Found::One(Cow::Borrowed(value))),
            ("params", value) => reader.parameters(value, &mut input),
            ("context", Value::Object(context)) => input.context = context.clone(),
            ("context", _) => reader.wrong("context must be an object"),
            ("stageVariables", value) => input.stage_variables = reader.texts(value, "stageVariables").into_iter().collect(),
            _ => reader.unknown(name, "body, params, context or stageVariables"),
        }
    }
    if reader.problems.is_empty() { Ok(input) } else { Err(reader.problems) }
}

/// The standard parser says where; what only it refuses, such as a line end within a string, it does not get.
fn not_json(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Err(error) => format!("the input is no JSON: {error}"),
        Ok(_) => "the input is no JSON".to_owned(),
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<String>,
}

impl Reader {
    fn wrong(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn unknown(&mut self, name: &str, known: &str) {
        self.wrong(format!("{name} is no member of the input; did you mean {known}?"));
    }

    fn parameters(&mut self, value: &Value, input: &mut TemplateInput) {
        let Some(kinds) = self.object(value, "params") else { return };
        for (kind, value) in kinds {
            match kind.as_str() {
                "path" => input.path = self.texts(value, "params.path"),
                "querystring" => input.querystring = self.texts(value, "params.querystring"),
                "header" => input.header = self.texts(value, "params.header"),
                _ => self.unknown(&format!("params.{kind}"), "params.path, params.querystring or params.header"),
            }
        }
    }

    /// Texts by name; a list gives a name several.
    fn texts(&mut self, value: &Value, place: &str) -> Vec<(String, String)> {
        let Some(members) = self.object(value, place) else { return Vec::new() };
        let mut texts = Vec::new();
        for (name, value) in members {
            let values = match value {
                Value::Array(values) => &values[..],
                value => std::slice::from_ref(value),
            };
            for value in values {
                match value {
                    Value::String(text) => texts.push((name.clone(), text.clone())),
                    _ => self.wrong(format!("{place}.{name} must be a string or a list of strings")),
                }
            }
        }
        texts
    }

    fn object<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.wrong(format!("{place} must be an object"));
        }
        object
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn everything_has_its_place() {
        let input = parse(
            r#"{"body": {"b": 12345678901234567890123, "a": 1.50}, "params": {"path": {"id": "1"}, "querystring": {"q": ["x", "y"]},
                "header": {"A": "b"}}, "context": {"stage": "prod"}, "stageVariables": {"v": "w"}}"#,
        )
        .unwrap();
        assert_eq!(input.body, r#"{"b":12345678901234567890123,"a":1.5}"#);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(input.path, [pair("id", "1")]);
        assert_eq!(input.querystring, [pair("q", "x"), pair("q", "y")]);
        assert_eq!(input.header, [pair("A", "b")]);
        assert_eq!((input.context["stage"].as_str(), &*input.stage_variables["v"]), (Some("prod"), "w"));
        assert_eq!(parse(r#"{"body": "{}"}"#).unwrap().body, "{}");
    }

    #[test]
    fn all_mistakes_are_named() {
        let problems = parse(
            r#"{"boddy": 1, "params": {"query": {}, "path": {"a": 1}, "header": []}, "context": 1, "stageVariables": {"b": null}}"#,
        )
        .unwrap_err();
        for part in ["boddy", "params.query ", "params.path.a ", "params.header ", "context ", "stageVariables.b "] {
            assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part} is not in {problems:?}");
        }
        assert_eq!(problems.len(), 6);
        assert!(parse("{").unwrap_err()[0].contains("line 1 column 1"));
        assert_eq!(parse("[]").unwrap_err(), ["the input must be a JSON object"]);
    }
}
