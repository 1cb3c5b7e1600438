//! Velocity: whatever the template and its variables, rendering is bounded and repeatable, and printing parses back.

use postern_velocity::{Error, Heap, Limits, ListStyle, Number, Options, Template, Value};
use serde_json::Value as Json;

use crate::{Target, joined, two_parts};

pub(crate) const TARGET: Target = Target { name: "velocity", run, seeds };

const CORPORA: [&str; 2] = [
    include_str!("../../crates/velocity/tests/corpus/handwritten.jsonl"),
    include_str!("../../crates/velocity/tests/corpus/generated.jsonl"),
];
const CONTEXT: &str = include_str!("../../crates/velocity/tests/corpus/context.json");

/// Enough for every template of the corpus; a hostile one is stopped within milliseconds.
const WORK_MAX: u64 = 20_000;
/// Bytes that one rendering may make,
const ALLOCATED_BYTES_MAX: u64 = 1 << 20;
/// and print.
const OUTPUT_BYTES_MAX: usize = 1 << 16;

/// An input is a template and, behind the separator, a JSON object of variables; without one it gets the corpus's.
fn run(input: &[u8]) {
    let (source, variables) = two_parts(input);
    let variables = serde_json::from_str(&variables).ok().filter(Json::is_object);
    let variables = variables.unwrap_or_else(|| serde_json::from_str(CONTEXT).expect("the corpus's context is JSON"));
    let limits = Limits {
        work_max: WORK_MAX,
        allocated_bytes_max: ALLOCATED_BYTES_MAX,
        output_bytes_max: OUTPUT_BYTES_MAX,
        ..Limits::default()
    };
    for options in [Options::api_gateway(), Options::stock()] {
        check(&source, &Options { limits: limits.clone(), ..options }, &variables);
    }
}

fn check(source: &str, options: &Options, variables: &Json) {
    let template = match Template::parse(source, options) {
        Ok(template) => template,
        Err(error) => return check_error(&error),
    };
    assert!(template.variables().all(|name| template.uses(name)));
    let first = render(&template, options, variables);
    match &first {
        Ok(output) => assert!(output.len() <= options.limits.output_bytes_max),
        Err(error) => check_error(error),
    }
    assert_eq!(first, render(&template, options, variables), "the same again");

    let printed = template.print();
    let again = Template::parse(&printed, options).expect("what is printed can be parsed");
    assert!(again.is_same(&template), "{printed:?}");
    assert_eq!(again.print(), printed);
}

fn check_error(error: &Error) {
    assert!(error.line() >= 1 && error.column() >= 1 && !error.to_string().is_empty());
}

fn render(template: &Template, options: &Options, variables: &Json) -> Result<String, Error> {
    let mut heap = Heap::new(&options.limits);
    let members = variables.as_object().into_iter().flatten();
    let variables: Vec<_> = members.map(|(name, json)| (name.as_str(), value(&mut heap, json))).collect();
    template.render(&mut heap, variables)
}

/// As deep as the JSON, which its parser bounds.
fn value(heap: &mut Heap, json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Number(Number::parse_json(&number.to_string()).expect("serde_json prints JSON numbers")),
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(items) => {
            let items = items.iter().map(|item| value(heap, item)).collect();
            heap.list(items, ListStyle::Json)
        }
        Json::Object(members) => {
            let members: Vec<_> = members.iter().map(|(name, member)| (name.clone(), value(heap, member))).collect();
            heap.map(members)
        }
    }
}

/// The corpus; some of it with variables, so that those get changed too.
fn seeds() -> Vec<Vec<u8>> {
    let lines = CORPORA.iter().flat_map(|corpus| corpus.lines());
    let cases = lines.filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let templates = cases.filter_map(|case| Some(case.get("template")?.as_str()?.to_owned()));
    let seed = |(at, template): (usize, String)| match at % 8 {
        0 => joined(&template, CONTEXT),
        _ => template.into_bytes(),
    };
    templates.enumerate().map(seed).collect()
}
