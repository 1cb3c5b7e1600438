//! What Java answers, pattern by pattern.

#![allow(clippy::unwrap_used)]

use super::*;

/// What `java.util.regex.Pattern.matches` answers.
#[test]
fn as_java_matches() {
    let table: &[(&str, &str, bool)] = &[
        ("200", "200", true),
        ("20", "200", false),
        ("2|200", "200", true),
        ("2\\d{2}", "204", true),
        ("^2..$", "204", true),
        ("^2$|^4\\d\\d$", "404", true),
        ("(4\\d{2}|5\\d{2})", "503", true),
        ("(?!200)\\d{3}", "200", false),
        ("(?!200)\\d{3}", "404", true),
        ("4(?=0)..", "404", true),
        (".*(?<!0)4", "404", false),
        (".*(?<=0)4", "404", true),
        ("(\\d)0\\1", "404", true),
        ("(\\d)0\\1", "405", false),
        ("(?<d>\\d)0\\k<d>", "404", true),
        ("\\d++4", "404", false),
        ("\\d*+", "404", true),
        ("\\d{1,2}+4", "404", true),
        ("\\d{1,3}+4", "404", false),
        ("(?>4|40)4", "404", false),
        ("a\\2(b)", "ab", false),
        ("(a)\\11", "aa1", true),
        ("\\Q4.4\\E", "4.4", true),
        ("\\Q4.4\\E", "404", false),
        ("\\Qa", "a", true),
        ("[\\Q^-]\\E]+", "^-]", true),
        ("\\h+", " \t\u{a0}", true),
        ("\\h", "a", false),
        ("\\v", "\u{2028}", true),
        ("\\R", "\r\n", true),
        ("[\\h]", "\u{3000}", true),
        ("\\w+", "é", false),
        ("\\d", "\u{664}", false),
        ("\\s", "\u{a0}", false),
        ("\\W", "é", true),
        ("\\p{Alpha}+", "aZ", true),
        ("\\p{Alpha}", "é", false),
        ("\\P{Alpha}", "é", true),
        ("\\p{Punct}+", "!/:@[`{~", true),
        ("\\p{L}\\pL\\p{IsLatin}\\p{IsAlphabetic}\\p{gc=Lu}", "éaaaA", true),
        ("[^\\p{Lower}]", "a", false),
        ("[a-z&&[^bc]]+", "ad", true),
        ("[a-z&&[^bc]]+", "abd", false),
        ("[a-c[x-z]]+", "abxz", true),
        ("[]a]+", "]a", true),
        ("[^]a]+", "]", false),
        ("[a-]+", "a-", true),
        ("[a~~b]+", "~ab", true),
        ("[+--]+", "+,-", true),
        ("[[:alpha:]]", ":", true),
        (".", "\u{85}", false),
        ("(?s).", "\n", true),
        ("(?s:.).", "\n\n", false),
        ("(?d).", "\r", true),
        ("(\\n|.)+", "a\nb", true),
        (".*bad.*", "very bad", true),
        (".*bad.*", "very\nbad", false),
        ("(?i)BAD", "bad", true),
        ("(?i:B)AD", "bAD", true),
        ("(?i)b(?-i)ad", "BAD", false),
        ("(?x) 4 0 \\ 4 # four", "40 4", true),
        ("(?x)[4 0]+", "404", true),
        ("a$\\n", "a\n", true),
        ("(a$)\\r\\n", "a\r\n", true),
        ("a\\Z\\n", "a\n", true),
        ("(?m)a$\\n^b", "a\nb", true),
        ("(?m)^", "", false),
        ("\\x41\\u0042\\x{43}\\0104\\cA", "ABCD\u{1}", true),
        ("\\uD83D\\uDE00", "😀", true),
        ("\\#\\&\\~\\<\\é", "#&~<é", true),
        ("a}]", "a}]", true),
        ("a|", "", true),
        ("", "", true),
        ("\\G4", "4", true),
    ];
    for (pattern, text, expected) in table {
        let compiled = JavaPattern::compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        assert_eq!(compiled.matches(text).unwrap(), *expected, "{pattern} {text:?}");
    }
}

#[test]
fn what_is_no_pattern() {
    for pattern in [
        "[",
        "[]",
        "(",
        ")",
        "a)(b",
        "*",
        "+a",
        "a**",
        "a{",
        "a{,2}",
        "{2}",
        "a{x}",
        "\\",
        "\\y",
        "\\E",
        "(?P<a>b)",
        "(?#c)",
        "(?",
        "(?<1>a)",
        "(?q)",
        "[z-a]",
        "[a-\\d]",
        "\\k",
        "\\k<a>",
        "\\p{InGreek}",
        "\\p{Nothing}",
        "\\p{",
        "\\x4",
        "\\u12",
        "\\X",
        "(?U)a",
        "(?<=a*)b\\K",
        "a{1000000}{",
        "\\uD83D",
    ] {
        assert!(JavaPattern::compile(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn everything_is_bounded() {
    let deep = format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000));
    let classes = format!("{}a{}", "[".repeat(5_000), "]".repeat(5_000));
    let long = "a".repeat(PATTERN_BYTES_MAX + 1);
    for pattern in [deep.as_str(), &classes, &long, "(?:a{1000}){1000}", "\\p{L}{10000}"] {
        assert!(JavaPattern::compile(pattern).is_err());
    }
    let row = "a".repeat(10_000);
    assert_eq!(JavaPattern::compile("(a+)+b").unwrap().matches(&row), Ok(false), "without memory the matcher is linear");
    assert_eq!(JavaPattern::compile("(?:(?=a)a|(?=.)a)+[bc]").unwrap().matches(&row), Err(TooManySteps));
}
