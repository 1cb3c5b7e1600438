//! What holds for every text and every document.
#![allow(clippy::unwrap_used)]

use postern_jsonpath::{EvalError, Found, Limits, Path};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-5i64..5).prop_map(Value::from),
        (-2.0f64..2.0).prop_map(Value::from),
        "[ab1]{0,3}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(("[abc]", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_operand() -> impl Strategy<Value = String> {
    prop_oneof![
        any_path_from("@", 2),
        any_path_from("$", 2),
        (-3i32..3).prop_map(|number| number.to_string()),
        "'[ab1]{0,2}'",
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("[1,'a',null]".to_owned()),
        Just("{'a':1}".to_owned()),
        Just("/[ab]+/i".to_owned()),
    ]
}

fn any_filter() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec![
        "==", "!=", "<", "<=", ">", ">=", "=~", "in", "nin", "contains", "size", "empty", "subsetof", "anyof", "noneof", "===",
    ]);
    let compare =
        (any_operand(), operator, any_operand()).prop_map(|(left, operator, right)| format!("{left} {operator} {right}"));
    let operand = prop_oneof![compare, any_path_from("@", 2), any_path_from("@", 1).prop_map(|path| format!("!{path}"))];
    operand.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} && {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} || {right})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

fn any_path_from(root: &'static str, steps_max: usize) -> impl Strategy<Value = String> {
    let step = prop::sample::select(vec![
        ".a",
        ".b",
        "['c']",
        "['a','b']",
        ".*",
        "[*]",
        "..a",
        "..*",
        "[0]",
        "[-1]",
        "[0,1]",
        "[1:]",
        "[:-1]",
        "[-2:1]",
        ".length()",
        ".keys()",
        ".sum()",
        ".first()",
        ".append(1)",
    ]);
    prop::collection::vec(step, 0..=steps_max).prop_map(move |steps| format!("{root}{}", steps.concat()))
}

fn any_path() -> impl Strategy<Value = String> {
    (any_path_from("$", 3), prop::option::of(any_filter()), any_path_from("", 2)).prop_map(|(head, filter, tail)| match filter {
        Some(filter) => format!("{head}[?({filter})]{tail}"),
        None => format!("{head}{tail}"),
    })
}

fn limits() -> Limits {
    Limits { steps_max: 100_000, ..Limits::default() }
}

proptest! {
    #[test]
    fn no_text_makes_compiling_panic(text in "\\PC*") {
        let _ = Path::compile(&text);
    }

    #[test]
    fn no_text_of_the_alphabet_makes_compiling_or_evaluating_panic(
        text in "[$@.*\\[\\]()?'\",:ab01 /\\\\=<>!&|~{}-]{0,40}",
        document in any_json(),
    ) {
        match Path::compile(&text) {
            Ok(path) => drop(path.evaluate(&document, &limits())),
            Err(error) => prop_assert!(error.position <= text.chars().count(), "{error}"),
        }
    }

    /// A definite path finds one value or fails, an indefinite one finds a list or reaches a limit.
    #[test]
    fn the_shape_of_a_result_is_known_beforehand(text in any_path(), document in any_json()) {
        let Ok(path) = Path::compile(&text) else {
            // The generated paths are all well-formed.
            return Err(TestCaseError::fail(format!("{text}: {:?}", Path::compile(&text).err())));
        };
        match path.evaluate(&document, &limits()) {
            Ok(Found::One(_)) => prop_assert!(path.is_definite(), "{text}"),
            Ok(Found::List(_)) => prop_assert!(!path.is_definite(), "{text}"),
            Err(EvalError::PathNotFound { .. } | EvalError::FilterOnScalar { .. } | EvalError::Function { .. }) => {}
            Err(EvalError::LimitExceeded { .. }) => {}
        }
    }

    #[test]
    fn the_same_path_finds_the_same_again_and_without_its_root(text in any_path(), document in any_json()) {
        let path = Path::compile(&text).unwrap();
        let first = path.evaluate(&document, &limits());
        prop_assert_eq!(&first, &path.evaluate(&document, &limits()));
        prop_assert_eq!(&first, &path.clone().evaluate(&document, &limits()));
        if let Some(rootless) = text.strip_prefix("$.").filter(|rest| !rest.starts_with('.')) {
            let rootless = Path::compile(rootless).unwrap();
            let found = rootless.evaluate(&document, &limits());
            prop_assert_eq!(first.ok(), found.ok());
        }
    }

    /// `$..*` finds each value below the root once.
    #[test]
    fn a_deep_wildcard_finds_everything(document in any_json()) {
        fn below(value: &Value) -> usize {
            match value {
                Value::Array(items) => items.iter().map(|item| 1 + below(item)).sum(),
                Value::Object(members) => members.values().map(|member| 1 + below(member)).sum(),
                _ => 0,
            }
        }
        let found = Path::compile("$..*").unwrap().evaluate(&document, &limits()).unwrap().into_value();
        prop_assert_eq!(found.as_array().map(Vec::len), Some(below(&document)));
    }

    /// `==` and `!=` part the elements between them.
    #[test]
    fn every_element_is_equal_or_different(items in prop::collection::vec(any_json(), 0..6), operand in any_operand()) {
        let document = Value::Array(items.clone());
        let count = |operator: &str| {
            let path = Path::compile(&format!("$[?(@ {operator} {operand})]")).unwrap();
            path.evaluate(&document, &limits()).ok().and_then(|found| found.into_value().as_array().map(Vec::len))
        };
        if let (Some(equal), Some(different)) = (count("=="), count("!=")) {
            // An operand that cannot be evaluated for an element keeps it out of both.
            prop_assert!(equal + different <= items.len());
        }
    }
}
