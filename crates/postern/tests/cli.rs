//! The binary as a user meets it at the terminal, without serving.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

fn postern(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    command.current_dir(directory).env_clear().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn what_is_to_come_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let output = postern(dir.path(), &["serve", "--https", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`postern serve --https` is not implemented yet"), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn the_doctor_says_what_fails_and_exits_1() {
    let dir = tempfile::tempdir().unwrap();
    let addresses = "[management]\naddress = \"127.0.0.1:0\"\n[http]\naddress = \"127.0.0.1:0\"\n";
    std::fs::write(dir.path().join("postern.toml"), addresses).unwrap();
    assert!(stdout(&postern(dir.path(), &["doctor"])).contains("the first start makes it"));
    std::fs::write(dir.path().join("postern.toml"), "[http]\nwrokers = 2\n").unwrap();
    let output = postern(dir.path(), &["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("error    configuration: ") && said.contains("wrokers"), "{said}");
}

#[test]
fn a_bad_configuration_is_reported_whole_and_exits_1() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("postern.toml"), "[http]\nwrokers = 2\n").unwrap();
    let output = postern(dir.path(), &["serve", "--management", "nonsense", "--account", "7"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    for part in [
        "for 3 reasons",
        "http.wrokers (postern.toml:2)",
        "http.workers?",
        "management.address (--management)",
        "account (--account)",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn functions_whose_code_is_not_there_are_all_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("postern.toml"), "[functions.a]\ndirectory = 'absent'\n").unwrap();
    for command in [&["serve"][..], &["run", "api.yaml"][..]] {
        let output = postern(dir.path(), &[command, &["--function", "b=./b:app.handler"]].concat());
        assert_eq!(output.status.code(), Some(1));
        let text = stderr(&output);
        for part in ["functions.a (postern.toml:1)", "absent is no directory", "functions.b (--function)", "b is no directory"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}

#[test]
fn dev_is_refused_beyond_loopback() {
    let dir = tempfile::tempdir().unwrap();
    let output = postern(dir.path(), &["serve", "--dev", "--http", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("http.address (--http)"), "{}", stderr(&output));
}

#[test]
fn keys_are_made_listed_without_secrets_and_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let made = stdout(&postern(dir.path(), &["keys", "create", "--account", "123456789012", "--json"]));
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let members: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["accessKeyId", "secretAccessKey", "account"]);
    let (id, secret) = (made["accessKeyId"].as_str().unwrap(), made["secretAccessKey"].as_str().unwrap());

    assert_eq!(stdout(&postern(dir.path(), &["keys", "list", "--json"])).trim(), "[]", "keys of another account");
    let list = |more: &[&str]| stdout(&postern(dir.path(), &[&["keys", "list", "--account", "123456789012"], more].concat()));
    for text in [list(&[]), list(&["--json"])] {
        assert!(text.contains(id) && text.contains("active") && !text.contains(secret), "{text}");
    }

    assert!(stdout(&postern(dir.path(), &["keys", "revoke", id])).contains("revoked"));
    assert!(list(&[]).contains("revoked"));
    let output = postern(dir.path(), &["keys", "revoke", "AKIAUNKNOWN"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("AKIAUNKNOWN"));
}

#[test]
fn keys_are_not_looked_for_in_a_directory_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [&["keys", "list"][..], &["keys", "revoke", "AKIA"][..]] {
        let output = postern(dir.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("--data-dir"));
    }
    assert!(!dir.path().join("postern-data").exists());
}

#[test]
fn a_template_is_rendered() {
    let dir = tempfile::tempdir().unwrap();
    let template = "#set($context.responseOverride.status = 201)\n{\"$input.params('id')\": $input.json('$.n')}\n";
    std::fs::write(dir.path().join("a.vm"), template).unwrap();
    let input = r#"{"body": {"n": 12345678901234567890123}, "params": {"path": {"id": "x"}}}"#;
    std::fs::write(dir.path().join("in.json"), input).unwrap();
    let output = postern(dir.path(), &["template", "a.vm", "--input", "in.json"]);
    assert_eq!(stdout(&output), "{\"x\": 12345678901234567890123}\n");
    assert_eq!(stderr(&output), "responseOverride.status = 201\n");
    assert_eq!(stdout(&postern(dir.path(), &["template", "a.vm"])), "{\"\": \"\"}\n");
}

#[test]
fn a_template_that_fails_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.vm"), "{\n  $input.body.substring(99)\n}").unwrap();
    std::fs::write(dir.path().join("b.vm"), "#if(true)").unwrap();
    let failed = |arguments: &[&str]| {
        let output = postern(dir.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        stderr(&output)
    };
    let text = failed(&["template", "a.vm"]);
    assert!(text.starts_with("postern: a.vm:2:15: the method substring failed"), "{text}");
    assert!(text.ends_with("    $input.body.substring(99)\n                ^\n"), "{text}");
    assert!(failed(&["template", "b.vm"]).starts_with("postern: b.vm:1:10: "));
    assert!(failed(&["template", "none.vm"]).contains("cannot read none.vm"));
    std::fs::write(dir.path().join("in.json"), r#"{"boddy": 1, "params": {"headers": {}}}"#).unwrap();
    let text = failed(&["template", "a.vm", "--input", "in.json"]);
    assert!(text.contains("in.json") && text.contains("boddy") && text.contains("params.headers"), "{text}");
}
