//! What this crate finds beside what an executable Jayway found: `oracle/record.py` recorded it, `oracle/differences.txt`
//! holds every case in which the two differ, under its reason.
#![allow(clippy::unwrap_used)]

use postern_jsonpath::{EvalError, Found, Limits, Path};
use serde_json::Value;
use std::collections::BTreeMap;

const CASES: &str = include_str!("oracle/cases.txt");
const RECORDED: &str = include_str!("oracle/recorded.jsonl");
const DIFFERENCES: &str = include_str!("oracle/differences.txt");
const WITHOUT_ORACLE: &str = include_str!("oracle/without_oracle.txt");

/// The documents of a case file: `= name document`.
fn documents(cases: &str) -> BTreeMap<&str, Value> {
    let headings = cases.lines().filter_map(|line| line.strip_prefix("= "));
    headings.map(|line| line.split_once(' ').unwrap()).map(|(name, json)| (name, serde_json::from_str(json).unwrap())).collect()
}

/// An outcome as the files write it.
fn ours(document: &Value, path: &str) -> String {
    let path = match Path::compile(path) {
        Ok(path) => path,
        Err(_) => return "refused".to_owned(),
    };
    match path.evaluate(document, &Limits::default()) {
        Ok(found @ Found::One(_)) => format!("one {}", found.into_value()),
        Ok(found @ Found::List(_)) => format!("list {}", found.into_value()),
        Err(EvalError::PathNotFound { .. }) => "not found".to_owned(),
        Err(_) => "failed".to_owned(),
    }
}

/// `document |path| outcome` lines; those that start with `#` are reasons.
fn outcomes(file: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '='])).map(|line| {
        let (document, rest) = line.split_once(" |").unwrap_or_else(|| panic!("no document: {line}"));
        let (path, outcome) = rest.rsplit_once("| ").unwrap_or_else(|| panic!("no outcome: {line}"));
        (document, path, outcome)
    })
}

#[test]
fn each_case_is_jayway_s_or_a_known_difference() {
    let documents = documents(CASES);
    let mut differences: BTreeMap<(String, String), &str> =
        outcomes(DIFFERENCES).map(|(document, path, outcome)| ((document.to_owned(), path.to_owned()), outcome)).collect();
    let mut wrong = Vec::new();
    for line in RECORDED.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let (name, path) = (record["document"].as_str().unwrap(), record["path"].as_str().unwrap());
        let theirs = match record.get("value") {
            Some(value) => format!("{} {value}", record["outcome"].as_str().unwrap()),
            None => record["outcome"].as_str().unwrap().to_owned(),
        };
        let ours = ours(&documents[name], path);
        match differences.remove(&(name.to_owned(), path.to_owned())) {
            Some(_) if ours == theirs => wrong.push(format!("no difference any more: {name} |{path}| {ours}")),
            Some(known) if known != ours => wrong.push(format!("{name} |{path}| {ours}\n    known to be {known}")),
            None if ours != theirs => wrong.push(format!("{name} |{path}| {ours}\n    Jayway: {theirs}")),
            _ => {}
        }
    }
    wrong.extend(differences.keys().map(|(name, path)| format!("a difference without a case: {name} |{path}|")));
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_case_is_recorded() {
    let cases = CASES.lines().filter(|line| line.starts_with('|')).count();
    assert_eq!(RECORDED.lines().count(), cases, "run oracle/record.py");
    assert!(cases >= 250);
}

/// What the executable Jayway lacks: derived by hand from the rules of later versions.
#[test]
fn cases_without_an_oracle_hold() {
    let documents = documents(WITHOUT_ORACLE);
    let mut wrong = Vec::new();
    for (name, path, expected) in outcomes(WITHOUT_ORACLE) {
        let ours = ours(&documents[name], path);
        if ours != expected {
            wrong.push(format!("{name} |{path}| {ours}\n    expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
