//! `docs/configuration.md`, from the table: the part of it that lists keys is compared with this by a test, and written by
//! `UPDATE_DOCS=1 cargo nextest run -p postern documentation`.
#![cfg(test)]
#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use super::table::{KEYS, Key};
use super::tables::{TABLES, Table};

const BEGIN: &str = "<!-- keys: written from crates/postern/src/config/table.rs -->\n";
const END: &str = "<!-- end of keys -->\n";

fn markdown() -> String {
    let mut text = String::from("\n| key | flag, environment | takes | default | |\n| --- | --- | --- | --- | --- |\n");
    for key in KEYS {
        let names: Vec<_> =
            key.flag.map(str::to_owned).into_iter().chain(key.env_names()).map(|name| format!("`{name}`")).collect();
        writeln!(text, "| `{}` | {} | {} | {} | {} |", key.path, names.join(", "), key.takes, default(key), key.about).unwrap();
    }
    text.push('\n');
    TABLES.into_iter().for_each(|table| describe(table, &mut text));
    text
}

fn describe(table: &Table, text: &mut String) {
    writeln!(text, "### `[{table}]`\n\n{}\n\n| key | takes | default | |\n| --- | --- | --- | --- |", table.about).unwrap();
    for field in table.fields {
        let default = field.default.map_or_else(|| "not set".to_owned(), |default| format!("`{default}`"));
        writeln!(text, "| `{}` | {} | {default} | {} |", field.name, field.takes, field.about).unwrap();
    }
    text.push('\n');
}

fn default(key: &Key) -> String {
    match key.default {
        None => "not set".to_owned(),
        Some("") => "empty".to_owned(),
        Some(text) => format!("`{text}`"),
    }
}

#[test]
fn documentation_lists_every_key() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (keys, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{head}{BEGIN}{}{END}{tail}", markdown())).unwrap();
    } else {
        assert_eq!(keys, markdown(), "docs/configuration.md is out of date: run the test with UPDATE_DOCS=1");
    }
}
