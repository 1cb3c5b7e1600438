//! Tests of documents.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn written(text: &str) -> Result<String, NotJson> {
    let json = Json::parse_strictly(text)?;
    Ok(json.json_text(&postern_jsonpath::Found::One(std::borrow::Cow::Borrowed(json.root()))))
}

#[test]
fn numbers_are_exact_and_print_as_in_java() {
    let table = [
        ("0", "0"),
        ("-1", "-1"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "18446744073709551616"),
        ("-123456789012345678901234567890", "-123456789012345678901234567890"),
        ("1.5", "1.5"),
        ("1.50", "1.5"),
        ("1e10", "1.0E10"),
        ("3.14159265358979323846264338", "3.14159265358979323846264338"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("9e307", "9.0E307"),
        ("1e400", "1e400"),
        // Two that are one double, and one that is written shorter.
        ("[100000000000000000001,100000000000000000002,1e20]", "[100000000000000000001,100000000000000000002,1.0E20]"),
    ];
    for (text, expected) in table {
        assert_eq!(written(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_number_that_is_kept_still_compares() {
    let json = Json::parse_strictly(r#"{"a": [3.14159265358979323846, 300000000000000000000000]}"#).unwrap();
    let path = postern_jsonpath::Path::compile("$.a[?(@ < 4)]").unwrap();
    let found = path.evaluate(json.root(), &postern_jsonpath::Limits::default()).unwrap();
    assert_eq!(json.json_text(&found), "[3.14159265358979323846]");
}

#[test]
fn strings_and_order() {
    let table = [
        (r#" {"b" : 1 , "a":[ ], "b":2} "#, r#"{"b":2,"a":[]}"#),
        (r#""a\"\\\/\b\f\n\r\t\u00e9é""#, r#""a\"\\/\b\f\n\r\téé""#),
        (r#""\ud83d\ude00 \ud83d \ud83dA \ude00""#, "\"😀 \u{fffd} \u{fffd}A \u{fffd}\""),
        ("\"a\nb\"", r#""a\nb""#),
        ("\"\u{1}\u{2028}\u{7f}\"", r#""\u0001\u2028\u007F""#),
        ("[true,false,null]", "[true,false,null]"),
    ];
    for (text, expected) in table {
        assert_eq!(written(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_json() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "01",
        "1.",
        "-",
        "1e",
        ".5",
        "+1",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "tru",
        "[1] 2",
        "'a'",
        "NaN",
        "é",
    ] {
        assert_eq!(written(text), Err(NotJson::Malformed), "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(written(&nested(NESTING_MAX)).unwrap(), nested(NESTING_MAX));
    assert_eq!(written(&nested(NESTING_MAX + 1)), Err(NotJson::TooDeep));
    assert_eq!(written(&"{\"a\":".repeat(100_000)), Err(NotJson::TooDeep));
}

/// What takes many times its text in memory is refused, and what people send is not.
#[test]
fn trees_are_bounded() {
    let list = |unit: &str, text_bytes: usize| format!("[{}]", vec![unit; text_bytes / (unit.len() + 1)].join(","));
    let record = r#"{"id":123456,"name":"some name","active":true,"price":12.50}"#;
    for (unit, is_read) in [("100", true), (record, true), (r#"{"":0}"#, false), ("0", false), ("[0]", false)] {
        let json = Json::parse_strictly(&list(unit, ARGUMENT_TREE_BYTES_MAX / 26));
        assert_eq!(json.is_ok(), is_read, "{unit}");
        assert!(is_read || json.is_err_and(|reason| reason == NotJson::TooLarge), "{unit}");
    }
}

#[test]
fn bodies_that_are_no_json() {
    let document = |text: &'static str| Document::new(Bytes::from_static(text.as_bytes()));
    assert_eq!(document("").parsed().map(Json::root).unwrap(), &serde_json::json!({}));
    assert_eq!(document(" a=b&c ").parsed().map(Json::root).unwrap(), &serde_json::json!("a=b&c"));
    assert!(document("a=b").is_bare_text() && !document("\"a\"").is_bare_text() && !document("12").is_bare_text());
    assert_eq!(document("{broken").parsed().map(Json::root), Err(NotJson::Malformed));
    assert_eq!(Document::new(Bytes::from_static(b"\xff")).text(), "\u{fffd}");
}

proptest! {
    #[test]
    fn any_text_is_read_as_serde_json_reads_it(text in r#"[{}\[\]:,"\\ 0-9.eE+\-a-fnrtul]{0,30}"#) {
        let ours = Json::parse_strictly(&text);
        let theirs = serde_json::from_str::<Value>(&text);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok() || overflows(&text), "{:?} {:?}", ours, theirs);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!(close(ours.root()), close(&theirs));
        }
    }
}

/// `serde_json` refuses numbers that no double can hold, and lone halves of surrogate pairs.
fn overflows(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_err_and(|error| {
        let message = error.to_string();
        message.contains("out of range") || message.contains("surrogate") || message.contains("hex escape")
    })
}

/// Without the last bits of doubles, which the two parsers round differently.
fn close(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{:.10e}", number.as_f64().unwrap()),
        Value::Array(items) => items.iter().map(close).collect::<Vec<_>>().join(","),
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name}:{}", close(value))).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}
