//! Work, size and depth end where the limits say, and the stack holds.
#![allow(clippy::unwrap_used)]

use postern_jsonpath::{EvalError, Found, Limit, Limits, NESTING_MAX, Path, STEPS_IN_PATH_MAX};
use serde_json::{Value, json};

fn limit_of(path: &str, document: &Value, limits: &Limits) -> Option<Limit> {
    match Path::compile(path).unwrap().evaluate(document, limits) {
        Err(EvalError::LimitExceeded { limit, .. }) => Some(limit),
        _ => None,
    }
}

/// Built and taken apart without recursion, as a careless parser's document would not be.
struct Deep(Value);

impl Deep {
    fn new(depth: usize, wrap: impl Fn(Value) -> Value) -> Deep {
        Deep((0..depth).fold(json!(1), |inner, _| wrap(inner)))
    }
}

impl Drop for Deep {
    fn drop(&mut self) {
        let mut value = self.0.take();
        loop {
            value = match value {
                Value::Array(mut items) if !items.is_empty() => items.swap_remove(0),
                Value::Object(mut members) => match members.values_mut().next() {
                    Some(inner) => inner.take(),
                    None => break,
                },
                _ => break,
            };
        }
    }
}

fn in_object(value: Value) -> Value {
    let mut members = serde_json::Map::new();
    members.insert("a".to_owned(), value);
    Value::Object(members)
}

#[test]
fn scans_within_scans_run_out_of_steps() {
    let document = (0..40).fold(json!({"leaf": [1, 2, 3]}), |inner, _| json!({"a": inner, "b": [1]}));
    let limits = Limits { steps_max: 200_000, ..Limits::default() };
    for path in ["$..*..*..*..*..*", "$..a..a..a..a..a", "$..[?(@..*..*..*..*)]", "$..[?(@..* != $..*)]..[?(@..* != 1)]..*"] {
        assert_eq!(limit_of(path, &document, &limits), Some(Limit::Steps), "{path}");
    }
}

#[test]
fn long_lists_and_texts_count_as_work() {
    let list: Vec<Value> = (0..2_000).map(|n| json!({ "v": n, "t": "x".repeat(200) })).collect();
    let document = json!({"list": list, "values": (0..2_000).collect::<Vec<_>>()});
    let limits = Limits { steps_max: 100_000, ..Limits::default() };
    for path in ["$.list[?(@.v in $.values)]", "$.list[?($.values == $.values)]", "$.list[?(@.t =~ /(x*)*y/)]"] {
        assert_eq!(limit_of(path, &document, &limits), Some(Limit::Steps), "{path}");
    }
    assert_eq!(limit_of("$.list[?(@.v in $.values)]", &document, &Limits::default()), None);
}

#[test]
fn results_larger_than_the_limit_are_refused() {
    let document = (0..60).fold(json!("x".repeat(10_000)), |inner, _| json!([inner]));
    let limits = Limits { result_bytes_max: 100_000, ..Limits::default() };
    assert_eq!(limit_of("$..*", &document, &limits), Some(Limit::ResultBytes));
    assert_eq!(limit_of("$[0,0,0,0,0,0,0,0,0,0,0]", &document, &limits), Some(Limit::ResultBytes));
    assert_eq!(limit_of("$", &document, &limits), None);
    let grows = json!({"a": ["x".repeat(60_000)]});
    assert_eq!(limit_of("$.a.append($.a)", &grows, &limits), Some(Limit::ResultBytes));
    assert_eq!(limit_of("$['a','a']", &grows, &limits), None);
}

#[test]
fn a_document_nested_ten_thousand_deep_is_refused_not_recursed_into() {
    for deep in [Deep::new(10_000, |inner| Value::Array(vec![inner])), Deep::new(10_000, in_object)] {
        for path in
            ["$", "$..*", "$..a", "$[0]", "$.a", "$.*", "$..[?(@.a == $)]", "$[?(@ == $)]", "$.append(1)", "$..a.length()"]
        {
            match Path::compile(path).unwrap().evaluate(&deep.0, &Limits::default()) {
                Err(_) => {}
                Ok(Found::One(value)) => assert!(value.is_number(), "{path}"),
                Ok(Found::List(values)) => assert!(values.is_empty(), "{path}"),
            }
        }
    }
    let shallow = Deep::new(300, in_object);
    assert_eq!(limit_of("$..a", &shallow.0, &Limits::default()), None);
}

/// On the stack of a worker thread.
#[test]
fn the_largest_paths_fit_the_stack() {
    let document = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let wildcards = "$".to_owned() + &"[*]".repeat(STEPS_IN_PATH_MAX);
    let nested = format!("{}@{}", "@[?(".repeat(NESTING_MAX / 2), ")]".repeat(NESTING_MAX / 2));
    let negated = format!("$[?({}(@))]", "!".repeat(NESTING_MAX - 4));
    let scans = "$".to_owned() + &"..[0]".repeat(STEPS_IN_PATH_MAX / 2);
    for path in [wildcards, nested, negated, scans] {
        let path = Path::compile(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let limits = Limits { steps_max: 100_000, ..Limits::default() };
        drop(path.evaluate(&document, &limits));
    }
}

/// A path is compiled with an API and read by every request.
#[test]
fn a_path_is_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Path>();
}
