//! Whatever the template: no panic, bounded work, and printing that parses back.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::LazyLock;

use postern_velocity::{Limits, Options, Template};
use proptest::prelude::*;

/// Pieces that mean something to the lexer, so that most inputs get past it.
const PIECES: &[&str] = &[
    "#if(",
    "#elseif(",
    "#else",
    "#end",
    "#foreach(",
    "#set(",
    "#define(",
    "#macro(",
    "#literal()",
    "#break",
    "#stop",
    "#{if}(",
    "#{else}",
    "#{end}",
    "#@x(",
    "#[[",
    "]]#",
    "#*",
    "*#",
    "##",
    "$",
    "$!",
    "${",
    "}",
    "$a",
    "$!{l}",
    "$l[",
    "]",
    ".size()",
    ".k",
    ".put(",
    ".add(",
    ".toString()",
    ".substring(",
    ".replaceAll(",
    "'(.*)*x'",
    "(",
    ")",
    " in ",
    "$i",
    "[1..3]",
    "[$n..",
    "\"",
    "'",
    "{",
    ":",
    ",",
    " ",
    "\n",
    "\\",
    "\\\\",
    "-",
    "+",
    "*",
    "/",
    "%",
    "==",
    "&&",
    "||",
    "!",
    "<",
    "=",
    "1",
    "2.5",
    "1e9",
    "99999999999999999999",
    "true",
    "null",
    "é",
    "😀",
    "$foreach.index",
    "$velocityCount",
    "..",
    "\r\n",
    "\t",
    "\\u",
    "\\u0041",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

/// The corpus's templates.
static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lines =
        [include_str!("corpus/handwritten.jsonl"), include_str!("corpus/generated.jsonl")].into_iter().flat_map(str::lines);
    let cases = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    cases.map(|case| case["template"].as_str().unwrap().to_owned()).collect()
});

/// The start of one template of the corpus and the end of another: nearly right, which is where parsers go wrong.
fn splices() -> impl Strategy<Value = String> {
    let part = || (prop::sample::select(&CORPUS[..]), any::<prop::sample::Index>());
    (part(), part()).prop_map(|((one, from), (other, to))| {
        let cut = |text: &str, at: prop::sample::Index| {
            text.char_indices().nth(at.index(text.chars().count() + 1)).map_or(text.len(), |(at, _)| at)
        };
        format!("{}{}", &one[..cut(&one, from)], &other[cut(&other, to)..])
    })
}

fn limited() -> Options {
    let limits = Limits { work_max: 20_000, allocated_bytes_max: 1 << 20, output_bytes_max: 1 << 16, ..Limits::default() };
    Options { limits, ..Options::api_gateway() }
}

fn check(source: &str) {
    let options = limited();
    if let Ok(template) = Template::parse(source, &options) {
        let printed = template.print();
        let again = Template::parse(&printed, &options).unwrap();
        assert!(again.is_same(&template), "{printed:?}");
        assert_eq!(again.print(), printed);
    }
    match support::render(source, &options, &support::corpus_context()) {
        Ok(output) => assert!(output.len() <= options.limits.output_bytes_max),
        Err(error) => assert!(error.line() >= 1 && error.column() >= 1 && !error.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_harmless(source in "\\PC{0,80}") {
        check(&source);
    }

    #[test]
    fn any_splice_of_the_corpus_is_harmless(source in splices()) {
        check(&source);
    }

    #[test]
    fn any_mixture_of_pieces_is_harmless(source in pieces()) {
        check(&source);
    }
}

/// Inputs that would take quadratic time, or a stack frame each, if nothing prevented it.
#[test]
fn long_monotony_is_harmless() {
    let long = 40_000;
    let sources = [
        "\\".repeat(long),
        "$".repeat(long),
        "#".repeat(long),
        "(".repeat(long),
        "$a".repeat(long),
        "\\$".repeat(long),
        "$a.k".repeat(long),
        "#*".repeat(long),
        format!("#* {} *#", "\\".repeat(long)),
        format!("#[[ {} ]]#", "\\".repeat(long)),
        format!("#set($x = 1{})", "+1".repeat(long)),
        format!("#set($x = {}1)", "!".repeat(long)),
        format!("#set($x = '{}')", "''".repeat(long)),
        format!("#set($x = [1{}])", ",1".repeat(long)),
        format!("$a{}", ".k".repeat(long)),
        format!("$a{}", "[0]".repeat(long)),
        format!("#if(false){}#end", "#elseif(false)".repeat(long)),
        format!("#set($x = \"{}\")", "$a".repeat(long)),
        "#foo(".repeat(long),
        "#{".repeat(long),
        " ".repeat(long) + "#set",
    ];
    for source in sources {
        check(&source);
    }
}
