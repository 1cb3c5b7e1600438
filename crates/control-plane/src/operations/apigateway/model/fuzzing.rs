//! A target of the fuzzer: what GetModel flattens and GetModelTemplate makes of a schema.

use postern_api_model::rest_api::{Definition, Model};
use serde_json::{Value, json};

use super::{flatten, template};
use crate::fuzzing::{Target, parts, seeds};

/// Two schemas that may refer to each other.
pub(in super::super) const MODEL_TEMPLATE: Target = ("model-template", model_template, || {
    seeds(&[
        r#"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}}}"#,
        r#"{"type":"array","items":{"$ref":"https://apigateway.amazonaws.com/restapis/x/models/B"}}|{"properties":{"c":{"type":"boolean"}}}"#,
        r##"{"definitions":{"n":{"type":"object","properties":{"m":{"$ref":"#/definitions/n"}}}},"$ref":"#/definitions/n"}"##,
        r#"{"$ref":"https://apigateway.amazonaws.com/restapis/x/models/B"}|{"$ref":"https://apigateway.amazonaws.com/restapis/x/models/A"}"#,
        r##"{"properties":{"~1":{"$ref":"#/properties/~01"}}}|[]"##,
    ])
});

fn model_template(input: &[u8]) {
    let [first, second] = parts(input);
    let model =
        |name: &str, schema: &str| json!({ "id": name, "name": name, "content_type": "application/json", "schema": schema });
    let definition = json!({
        "name": "x",
        "api_key_source": "HEADER",
        "endpoint_configuration": { "types": ["EDGE"], "ip_address_type": "ipv4" },
        "root_resource_id": "root",
        "resources": {},
        "models": { "A": model("A", &first), "B": model("B", &second) },
    });
    let definition: Definition = serde_json::from_value(definition).expect("it has all that a definition needs");
    for model in definition.models.values() {
        check(&definition, model);
    }
}

fn check(definition: &Definition, model: &Model) {
    let flat = flatten::flatten(definition, model);
    if serde_json::from_str::<Value>(&model.schema).is_ok() {
        assert!(serde_json::from_str::<Value>(&flat).is_ok(), "a flattened schema is JSON: {flat}");
    }
    drop(template::template(definition, model));
}
