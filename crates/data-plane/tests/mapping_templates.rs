//! Every case of `mapping_templates/*.txt`: a template, what it reads, and what comes out.
//!
//! A file holds cases, each a line `=== name` and sections that begin with a line `--- kind`:
//! `template`; `body` and `input` (as for `postern template`, without the body); then `output` or `error`, and `overrides`, one
//! `name = value` a line. A section's last line end does not belong to it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use postern_data_plane::render::{TemplateInput, render_template};

#[test]
fn every_case_renders_as_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mapping_templates");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut cases, mut failures) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for case in text.split("=== ").skip(1) {
            cases += 1;
            if let Err(difference) = check(case) {
                failures.push(format!("{}: {difference}", file.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(cases > 60, "{cases} cases were found");
}

fn check(case: &str) -> Result<(), String> {
    let (name, rest) = case.split_once('\n').unwrap();
    let mut sections: BTreeMap<&str, &str> = BTreeMap::new();
    for section in rest.trim_end_matches('\n').split("--- ").skip(1) {
        let (kind, text) = section.split_once('\n').unwrap_or((section, ""));
        let known = ["template", "body", "input", "output", "error", "overrides"].contains(&kind);
        assert!(known && sections.insert(kind, text.strip_suffix('\n').unwrap_or(text)).is_none(), "{name}: section {kind}");
    }
    let mut input =
        TemplateInput::parse(sections.get("input").unwrap_or(&"{}")).map_err(|problems| format!("{name}: {problems:?}"))?;
    input.body = sections.get("body").copied().unwrap_or_default().to_owned();
    let (kind, found, overrides) = match render_template(sections["template"], input) {
        Ok(output) => {
            let lines: Vec<_> = output.overrides.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            ("output", output.text, lines.join("\n"))
        }
        Err(failure) => ("error", format!("{}:{}: {}", failure.line, failure.column, failure.message), String::new()),
    };
    let expected = sections.get(kind).ok_or_else(|| format!("{name}: unexpected {kind}\n{found}"))?;
    if found != *expected {
        return Err(format!("{name}: expected\n{expected}\nfound\n{found}"));
    }
    let expected = sections.get("overrides").copied().unwrap_or_default();
    if overrides != expected { Err(format!("{name}: expected overrides\n{expected}\nfound\n{overrides}")) } else { Ok(()) }
}
