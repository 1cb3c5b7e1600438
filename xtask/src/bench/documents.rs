//! What a large OpenAPI document costs: importing one of two megabytes, and exporting it again.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::failure::Outcome;
use super::management::Management;
use super::operations::{milliseconds, start};
use super::postern::Home;
use super::stats::Series;

/// Routes and models of the document: near AWS's default quota of 300 resources.
const ROUTES: usize = 290;
/// Members of each model.
const MEMBERS: usize = 50;
/// How often each is timed.
const TIMES: usize = 9;
/// Kinds of exports, as the path of GetExport names them.
const EXPORTS: [&str; 2] = ["oas30", "swagger"];

/// What was found.
#[derive(Debug)]
pub struct Figures {
    /// Length of the document, bytes.
    pub document_bytes: usize,
    /// ImportRestApi, milliseconds.
    pub import_ms: Series,
    /// GetExport of both kinds in turns, milliseconds.
    pub export_ms: Series,
    /// Most resident memory of the process that did all of it, MiB.
    pub peak_mib: f64,
}

/// Imports and exports on a data directory that holds nothing else.
pub fn measure(home: &Home) -> Outcome<Figures> {
    let serving = start(home)?;
    let document = document();
    let mut management = Management::open(serving.management)?;
    let (mut import_ms, mut export_ms) = (Series::default(), Series::default());
    for turn in 0..TIMES {
        let began = Instant::now();
        let api = management.import_rest_api(&document)?;
        import_ms.push(milliseconds(began.elapsed()));
        management.deploy(&api.id)?;
        let began = Instant::now();
        management.export(&api.id, EXPORTS[turn % EXPORTS.len()])?;
        export_ms.push(milliseconds(began.elapsed()));
    }
    let peak_mib = serving.running.memory_kib("VmHWM")? as f64 / 1024.0;
    serving.running.terminate()?;
    Ok(Figures { document_bytes: document.to_string().len(), import_ms, export_ms, peak_mib })
}

fn document() -> Value {
    let description = "a hundred characters of text. ".repeat(4);
    let members: Map<String, Value> =
        (0..MEMBERS).map(|n| (format!("member{n}"), json!({"type": "string", "description": description}))).collect();
    let model = json!({"type": "object", "properties": members});
    let integration = json!({
        "type": "mock",
        "requestTemplates": {"application/json": "{\"statusCode\": 200}"},
        "responses": {"default": {"statusCode": "200"}},
    });
    let route = |n: usize| {
        let content = json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/Model{n}")}}});
        let responses = json!({"200": {"description": "as promised", "content": content}});
        json!({"get": {"responses": responses, "x-amazon-apigateway-integration": integration}})
    };
    let paths: Map<String, Value> = (0..ROUTES).map(|n| (format!("/route{n}"), route(n))).collect();
    let models: Map<String, Value> = (0..ROUTES).map(|n| (format!("Model{n}"), model.clone())).collect();
    json!({"openapi": "3.0.1", "info": {"title": "large", "version": "1"}, "paths": paths, "components": {"schemas": models}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_two_megabytes() {
        let bytes = document().to_string().len();
        assert!((2_000_000..3_000_000).contains(&bytes), "{bytes}");
    }
}
