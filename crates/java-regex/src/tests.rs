//! What each matcher gets, and what it cannot get. What Java answers is held where the matchers are.

use super::*;

/// Only one of the matchers goes back.
const BACKTRACKING_ONLY: &[&str] =
    &["a++", "a?+", "a{1,2}+", "(?>a)", "a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>", "\\Ga"];

#[test]
fn what_goes_back_is_for_one_dialect() {
    for pattern in BACKTRACKING_ONLY {
        assert!(translate(pattern, Dialect::Backtracking).is_ok(), "{pattern}");
        assert!(matches!(translate(pattern, Dialect::Linear), Err(PatternError::Unsupported(_))), "{pattern}");
    }
}

#[test]
fn no_pattern_in_either_dialect() {
    for pattern in ["(a", "a)", "[a", "*", "a**", "a{,2}", "a{", "(?P<n>a)", "(?R)a", "[b-a]", "\\y", "\\", "(?<1>a)"] {
        for dialect in [Dialect::Backtracking, Dialect::Linear] {
            assert!(matches!(translate(pattern, dialect), Err(PatternError::Invalid(_))), "{pattern} {dialect:?}");
        }
    }
}

#[test]
fn meanings_are_spelled_out() {
    let table = [
        ("\\d", "[0-9]"),
        ("\\p{Digit}", "[0-9]"),
        ("[^\\p{Alpha}]", "[^[a-zA-Z]]"),
        (".", "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]"),
        ("(?s).", "(?s:.)"),
        ("a$", "a\\z"),
        ("a\\Z", "a\\z"),
        ("(?m)^a$", "(?mR:^)a(?mR:$)"),
        ("\\Qa.b\\E.*", "a\\.b[^\\n\\r\\x{85}\\x{2028}\\x{2029}]*"),
        ("(?x) a b # c", "ab"),
        ("\\u0041\\x{42}", "AB"),
    ];
    for (java, linear) in table {
        assert_eq!(translate(java, Dialect::Linear).as_deref(), Ok(linear), "{java}");
    }
    assert_eq!(
        translate("(a$)", Dialect::Backtracking).as_deref(),
        Ok("(a(?=(?:\\r\\n|[\\n\\r\\x{85}\\x{2028}\\x{2029}])?\\z))")
    );
}
