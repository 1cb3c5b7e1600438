//! What a path's author is told.
#![allow(clippy::unwrap_used)]

use postern_jsonpath::{EvalError, Limits, NESTING_MAX, PATH_CHARS_MAX, Path, STEPS_IN_PATH_MAX};
use serde_json::json;

fn refusal(path: &str) -> (usize, String) {
    let error = Path::compile(path).expect_err(path);
    (error.position, error.message)
}

#[test]
fn a_refusal_says_where_and_what_to_change() {
    for (path, position, message) in [
        ("", 0, "the path is empty"),
        ("   ", 0, "the path is empty"),
        ("$x", 1, "expected . or ["),
        ("$.", 2, "may not end with a dot"),
        ("$.a..", 5, "may not end with .."),
        ("$.a b", 3, "['my name']"),
        ("$.a[", 3, "expected an index"),
        ("$.a[b]", 3, "expected an index"),
        ("a[b]", 1, "expected an index"),
        ("  a[b]", 3, "expected an index"),
        ("  $.a[b]", 5, "expected an index"),
        ("$['a", 2, "not closed with '"),
        ("$['a' 'b']", 6, "expected , or ]"),
        ("$['\\u12']", 5, "four hexadecimal digits"),
        ("$[1,x]", 1, "[1,x] is neither"),
        ("$[?]", 3, "placeholder"),
        ("$[?@.a]", 3, "stands in parentheses"),
        ("$[?(@.a = 1)]", 8, "= is not an operator"),
        ("$[?(@.a == x)]", 11, "expected a path, a number"),
        ("$[?(@.a == 1]", 12, "expected &&, || or )"),
        ("$[?(1)]", 4, "a literal on its own"),
        ("$[?(@.a =~ /(?=a)/)]", 11, "look-around"),
        ("$[?(@.a =~ /a)]", 11, "not closed with /"),
        ("$[(@.size)]", 1, "the only script"),
        ("$.a.median()", 10, "there is no function median; there are append, avg"),
        ("$.sum('a')", 6, "an argument is a path"),
        ("$.sum(1", 5, "not closed with )"),
        ("$..sum()", 8, "expected a name between"),
    ] {
        let (at, text) = refusal(path);
        assert!(text.contains(message), "{path}: {text}");
        assert_eq!(at, position, "{path}: {text}");
    }
}

#[test]
fn what_is_too_much_is_refused_when_it_is_compiled() {
    let cases = [
        "$.".to_owned() + &"a".repeat(PATH_CHARS_MAX),
        "$".to_owned() + &".a".repeat(STEPS_IN_PATH_MAX + 1),
        "$".to_owned() + &"..*".repeat(STEPS_IN_PATH_MAX),
        format!("$[?{}@.a{}]", "(".repeat(NESTING_MAX + 1), ")".repeat(NESTING_MAX + 1)),
        format!("$[?({}(@.a))]", "!".repeat(NESTING_MAX + 1)),
        format!("$[?(@.a == {}1{})]", "[".repeat(NESTING_MAX), "]".repeat(NESTING_MAX)),
        format!("{}@.a{}", "$[?(".repeat(100), ")]".repeat(100)),
        format!("$.sum({}$.a{})", "$.sum(".repeat(NESTING_MAX), ")".repeat(NESTING_MAX)),
        "$[?(@.a =~ /((a{100}){100}){100}/)]".to_owned(),
        format!("$[?(@.a =~ /{}a{}/)]", "(".repeat(40), ")".repeat(40)),
    ];
    for path in cases {
        assert!(Path::compile(&path).is_err(), "{path}");
    }
}

#[test]
fn an_error_names_the_path() {
    let document = json!({"a": {"b": "text"}, "n": []});
    let error = |path: &str| Path::compile(path).unwrap().evaluate(&document, &Limits::default()).unwrap_err();
    assert_eq!(error("$.a.c"), EvalError::PathNotFound { path: "$.a.c".to_owned() });
    assert_eq!(error("a.b[?(@.x)]"), EvalError::FilterOnScalar { path: "a.b[?(@.x)]".to_owned() });
    assert_eq!(error("$.n.avg()").to_string(), "an aggregate needs at least one number (path $.n.avg())");
    assert_eq!(error("$.a.c").to_string(), "no value at path $.a.c");
}
