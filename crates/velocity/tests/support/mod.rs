//! What the tests of rendering share.

#![allow(clippy::unwrap_used, dead_code)]

use postern_velocity::{Error, Heap, ListStyle, Number, Options, Template, Value};

/// JSON as the service's JSON library reads it: lists that print as JSON.
pub fn from_json(heap: &mut Heap, json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::Number(Number::parse_json(&number.to_string()).unwrap()),
        serde_json::Value::String(text) => Value::text(text.as_str()),
        serde_json::Value::Array(items) => {
            let items = items.iter().map(|item| from_json(heap, item)).collect();
            heap.list(items, ListStyle::Json)
        }
        serde_json::Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(name, value)| (name.clone(), from_json(heap, value))).collect();
            heap.map(members)
        }
    }
}

/// Renders with the members of an object as variables.
pub fn render(source: &str, options: &Options, context: &serde_json::Value) -> Result<String, Error> {
    let template = Template::parse(source, options)?;
    let mut heap = Heap::new(&options.limits);
    let variables: Vec<_> = context.as_object().unwrap().iter().map(|(name, json)| (name.as_str(), json)).collect();
    let variables: Vec<_> = variables.into_iter().map(|(name, json)| (name, from_json(&mut heap, json))).collect();
    template.render(&mut heap, variables)
}

/// Options under which a loop may run as long as the oracle's.
pub fn api_gateway_without_loop_limit() -> Options {
    let mut options = Options::api_gateway();
    options.limits.foreach_iterations_max = u32::MAX;
    options
}

/// The variables of the corpus.
pub fn corpus_context() -> serde_json::Value {
    serde_json::from_str(include_str!("../corpus/context.json")).unwrap()
}
