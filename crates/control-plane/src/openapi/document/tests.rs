//! Bounds, places, and what YAML makes of bare words.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parse(text: &str) -> Result<Document, DocumentError> {
    Document::parse(text.as_bytes(), DOCUMENT_BYTES_MAX)
}

fn reason(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn the_text_decides_how_it_is_read() {
    assert_eq!(parse(" {\"a\": 1}").unwrap().root(), &json!({"a": 1}));
    assert_eq!(parse("\u{feff}a: 1").unwrap().root(), &json!({"a": 1}));
    let bare = parse("200: x\nno: no\nversion: '1.10'\nempty:\nlist: [1, 2.5, ~]\nblock: |\n  a\n  b\n").unwrap();
    let expected = json!({"200": "x", "no": false, "version": "1.10", "empty": null, "list": [1, 2.5, null], "block": "a\nb\n"});
    assert_eq!(bare.root(), &expected);
    for text in ["[]", "\"a\"", "a", "- a", ""] {
        assert_eq!(parse(text).unwrap_err(), DocumentError::NotAnObject, "{text}");
    }
    assert_eq!(Document::parse(b"\xff", 9).unwrap_err(), DocumentError::NotUtf8);
    assert_eq!(Document::parse(b"{}", 1).unwrap_err(), DocumentError::TooLarge { bytes: 2, max: 1 });
}

#[test]
fn the_last_of_two_equal_names_counts() {
    assert_eq!(parse("{\"a\": 1, \"a\": 2}").unwrap().root(), &json!({"a": 2}));
    assert_eq!(parse("a: 1\na: 2").unwrap().root(), &json!({"a": 2}));
}

#[test]
fn syntax_errors_have_a_place() {
    for (text, line, column) in [("{\n  \"a\": }", 2, 8), ("a: 1\nb: [1", 2, 4)] {
        let DocumentError::Malformed { position: Some(position), reason } = parse(text).unwrap_err() else { panic!("{text}") };
        assert_eq!(position.line, line, "{text}: {reason}");
        assert!(position.column.abs_diff(column) <= 1, "{text}: {position}");
        assert!(!reason.contains(" at line "), "{reason}");
    }
}

#[test]
fn values_are_found_in_the_text() {
    let json = "{\n  \"a\": [1, {\"b/c\": \"}\\\"\"},\n    {\"d~\": [ ]}],\n  \"e\": true\n}";
    let yaml = "a:\n  - 1\n  - b/c: '}'\n  - d~: []\ne: true\n";
    for (text, pointer, line, column) in [
        (json, "", 1, 1),
        (json, "/a", 2, 8),
        (json, "/a/0", 2, 9),
        (json, "/a/1/b~1c", 2, 20),
        (json, "/a/2/d~0", 3, 12),
        (json, "/a/2/d~0/0", 3, 12),
        (json, "/a/9", 2, 8),
        (json, "/e", 4, 8),
        (yaml, "/a/1/b~1c", 3, 10),
        (yaml, "/a/2/d~0/7", 4, 9),
        (yaml, "/e", 5, 4),
        (yaml, "/e/gone", 5, 4),
    ] {
        assert_eq!(parse(text).unwrap().locate(pointer), Some(Position { line, column }), "{pointer}");
    }
}

#[test]
fn a_billion_laughs_are_refused_at_once() {
    let mut text = "l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*l{}", level - 1); 10].join(", ");
        text.push_str(&format!("l{level}: &l{level} [{before}]\n"));
    }
    assert!(matches!(parse(&text), Err(DocumentError::Malformed { .. })));
}

#[test]
fn an_anchor_may_be_used_in_every_method() {
    let mut text = "shared: &shared {a: {b: [c, d]}}\npaths:\n".to_owned();
    for number in 0..3_000 {
        text.push_str(&format!("  /{number}: *shared\n"));
    }
    assert_eq!(parse(&text).unwrap().root()["paths"].as_object().unwrap().len(), 3_000);
}

#[test]
fn nesting_and_values_are_bounded() {
    for depth in [10, 60] {
        let flow = format!("a: {}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&flow).unwrap().locate(&format!("/a{}", "/0".repeat(depth))).is_some());
        let block: String = (0..depth).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        assert!(parse(&block).unwrap().locate(&"/a".repeat(depth)).is_some());
    }
    assert!(parse(&format!("{{\"a\":{}{}}}", "[".repeat(120), "]".repeat(120))).is_ok());
    for depth in [200, 100_000] {
        assert!(matches!(parse(&format!("{{\"a\":{}", "[".repeat(depth))), Err(DocumentError::Malformed { .. })));
        assert!(matches!(parse(&format!("a: {}", "[".repeat(depth))), Err(DocumentError::Malformed { .. })));
        let indented: String = (0..depth.min(1_000)).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        assert!(matches!(parse(&indented), Err(DocumentError::Malformed { .. })));
    }
    let many = format!("{{\"a\": [{}0]}}", "0,".repeat(VALUES_MAX));
    assert!(reason(&many).contains("more than 1000000 values"), "{}", reason(&many));
    let yaml = format!("a: [{}0]", "0,".repeat(VALUES_MAX));
    assert!(matches!(parse(&yaml), Err(DocumentError::Malformed { .. })));
}

#[test]
fn variables_are_replaced_in_values() {
    let mut document =
        parse("a: ${AWS::Region}/${AWS::Region}/${stageVariables.x}\n'${AWS::Region}': [1, '${AWS::Other}']").unwrap();
    document.substitute(&[("AWS::Region", "eu-west-1")]);
    let expected = json!({"a": "eu-west-1/eu-west-1/${stageVariables.x}", "${AWS::Region}": [1, "${AWS::Other}"]});
    assert_eq!(document.root(), &expected);
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in "[-{}\\[\\]:,&*!|>'\"%@`#?~ \n\ta-c0-9.$]{0,80}", pointer in "(/[a-c0-9~]{0,3}){0,4}") {
        if let Ok(document) = parse(&text) {
            document.locate(&pointer);
        }
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(document) = Document::parse(&bytes, 150) {
            document.locate("/a/0");
        }
    }
}
