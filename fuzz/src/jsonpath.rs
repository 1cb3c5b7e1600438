//! JSONPath: whatever the path and the document, compiling and evaluating are bounded, and the shape of a result is known beforehand.

use postern_jsonpath::{Found, Limits, Path};
use serde_json::Value;

use crate::{Target, joined, two_parts};

pub(crate) const TARGET: Target = Target { name: "jsonpath", run, seeds };

/// Case files: `= name document`, then its paths, each behind a bar.
const CASES: [&str; 2] = [
    include_str!("../../crates/jsonpath/tests/oracle/cases.txt"),
    include_str!("../../crates/jsonpath/tests/oracle/without_oracle.txt"),
];

/// Stops a hostile path within milliseconds.
const STEPS_MAX: u64 = 100_000;
/// Bytes of a result.
const RESULT_BYTES_MAX: usize = 1 << 16;

/// An input is a path and, behind the separator, a document.
fn run(input: &[u8]) {
    let (text, document) = two_parts(input);
    let document: Value = serde_json::from_str(&document).unwrap_or(Value::Null);
    let path = match Path::compile(&text) {
        Ok(path) => path,
        Err(error) => {
            assert!(error.position <= text.chars().count() && !error.to_string().is_empty());
            return;
        }
    };
    assert_eq!(path.as_str(), text);
    let limits = Limits { steps_max: STEPS_MAX, result_bytes_max: RESULT_BYTES_MAX, ..Limits::default() };
    let found = path.evaluate(&document, &limits);
    assert_eq!(found, path.evaluate(&document, &limits), "the same again");
    match found {
        Ok(found) => {
            assert_eq!(matches!(found, Found::One(_)), path.is_definite(), "{text}");
            // What is found is JSON.
            let json = found.into_value().to_string();
            assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for line in CASES.iter().flat_map(|cases| cases.lines()).scan("", with_document) {
        seeds.extend(line.map(|(path, document)| joined(path, document)));
    }
    seeds
}

/// A path of the case files beside the document that was named last.
fn with_document<'a>(document: &mut &'a str, line: &'a str) -> Option<Option<(&'a str, &'a str)>> {
    if let Some(heading) = line.strip_prefix("= ") {
        *document = heading.split_once(' ').map_or("", |(_, json)| json);
        return Some(None);
    }
    // Ahead of the first bar is the document's name in one of the files; behind the second may be an outcome.
    let path = line.split_once('|').and_then(|(_, rest)| rest.rsplit_once('|')).map(|(path, _)| path);
    Some(path.filter(|_| !line.starts_with('#')).map(|path| (path, *document)))
}
