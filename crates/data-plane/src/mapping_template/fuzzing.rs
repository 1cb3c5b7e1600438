//! Targets of the fuzzer: mapping templates with all that they can read, and the reader of bodies.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use postern_jsonpath::Found;
use serde_json::Value;

use super::{Document, Inputs, Json, MappingTemplate, Overrides, RenderLimits, Rendered, RequestFacts};
use crate::fuzzing::{Target, parts};
use crate::render::TemplateInput;

/// The cases of the tests: `=== name`, then sections `--- kind`.
const CASES: [&str; 6] = [
    include_str!("../../tests/mapping_templates/context.txt"),
    include_str!("../../tests/mapping_templates/failures.txt"),
    include_str!("../../tests/mapping_templates/input.txt"),
    include_str!("../../tests/mapping_templates/overrides.txt"),
    include_str!("../../tests/mapping_templates/recorded.txt"),
    include_str!("../../tests/mapping_templates/util.txt"),
];

/// A budget that is spent within milliseconds.
const LARGER: RenderLimits = RenderLimits { work_max: 4 * RenderLimits::INLINE.work_max, ..RenderLimits::INLINE };

/// A template, a body, and the rest of the input as `postern template` takes it.
pub(crate) const MAPPING_TEMPLATE: Target = ("mapping-template", mapping_template, || {
    let cases = CASES.iter().flat_map(|file| file.split("=== ").skip(1));
    let seed = |case: &str| ["template", "body", "input"].map(|kind| section(case, kind)).join("\0").into_bytes();
    cases.map(seed).collect()
});

fn section<'a>(case: &'a str, kind: &str) -> &'a str {
    let found = case.split("--- ").find_map(|section| section.strip_prefix(kind)?.strip_prefix('\n'));
    found.map_or("", |text| text.trim_end_matches('\n'))
}

fn mapping_template(input: &[u8]) {
    let [template, body, rest] = parts(input);
    let Ok(template) = MappingTemplate::compile(&template) else { return };
    let given = TemplateInput::parse(&rest).unwrap_or_default();
    let inputs = || {
        let request = Arc::new(RequestFacts::Given(Box::new(given.clone())));
        let body = Arc::new(Document::new(Bytes::from(body.clone())));
        Arc::new(Inputs { request, body, overrides: Overrides::default() })
    };
    let shown = |rendered: &Rendered| (rendered.text.clone(), rendered.overrides.lines());
    match template.render(&inputs(), RenderLimits::INLINE) {
        // A larger budget, and a body that is parsed already, change nothing.
        Ok(first) => {
            let inputs = inputs();
            let _ = inputs.body.parsed();
            let again = template.render(&inputs, LARGER).map_err(|error| error.error().to_string());
            assert_eq!(again.as_ref().map(shown), Ok(shown(&first)));
        }
        Err(error) => assert!(error.error().line() >= 1 && !error.error().to_string().is_empty()),
    }
}

/// A body.
pub(crate) const BODY_JSON: Target = ("body-json", body_json, || {
    let bodies = CASES.iter().flat_map(|file| file.split("=== ").skip(1)).map(|case| section(case, "body"));
    let numbers = [
        r#"{"big": [12345678901234567890123, -9223372036854775809, 0.1234567890123456789, 1e400, 9.3e307, -0, 1E+2]}"#,
        "{\"a\": \"\\ud83d\\ude00 \\u00e9 \\\\ \\/ \t\", \"a\": [null, true, {}], \"\": []}",
        "[\"\\ud800\", 1.0, 1.50, 100000000.0]",
    ];
    bodies.filter(|body| !body.is_empty()).chain(numbers).map(|body| body.as_bytes().to_vec()).collect()
});

fn body_json(input: &[u8]) {
    let [text] = parts(input);
    let ours = Json::parse_strictly(&text);
    let document = Document::new(Bytes::from(text.clone()));
    let _ = document.parsed();
    // Whatever the strict reader of everybody takes, this one takes to mean the same, but for the digits of numbers.
    let Ok(theirs) = serde_json::from_str::<Value>(&text) else { return };
    let ours = ours.unwrap_or_else(|reason| panic!("{text}: {reason}"));
    let written = ours.json_text(&Found::One(Cow::Borrowed(ours.root())));
    let again: Value = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{text} is written as {written}: {error}"));
    assert!(are_alike(&again, &theirs), "{text} is written as {written}");
}

/// As deep as the JSON, which its parser bounds.
fn are_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one == other || (one - other).abs() <= f64::EPSILON * other.abs(),
            _ => false,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| are_alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|((name, one), (same, other))| name == same && are_alike(one, other))
        }
        (one, other) => one == other,
    }
}
