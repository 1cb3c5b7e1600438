//! COMPATIBILITY.md shows the field ledger as the compiler of deployments has it.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use postern_data_plane::{Effect, field_ledger};

const START: &str = "<!-- field-ledger:start -->\n";
const END: &str = "<!-- field-ledger:end -->";

#[test]
fn the_table_is_the_ledger() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../COMPATIBILITY.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    let expected = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{START}{expected}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(shown, expected, "run this test with UPDATE_DOCS=1 to rewrite the table in COMPATIBILITY.md");
}

/// Blocking fields first: they are what a reader looks for.
fn table() -> String {
    let mut text = "| field | effect | which values, or why |\n| --- | --- | --- |\n".to_owned();
    for (effect, word) in [(Effect::Blocking, "blocking"), (Effect::Inert, "inert")] {
        for entry in field_ledger().iter().filter(|entry| entry.effect == effect) {
            text.push_str(&format!("| `{}` | {word} | {} |\n", entry.field, entry.reason));
        }
    }
    text
}
