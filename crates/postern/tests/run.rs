//! `postern run` as a process: what it refuses, where it points, and what it leaves.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const MOCKED: &str = "\
openapi: 3.0.0
info: {title: a, version: '1'}
paths:
  /a/{id}:
    get:
      responses:
        '200':
          description: ''
          content:
            application/json:
              schema: {$ref: 'parts/schemas.yaml#/Node'}
";

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    let temporary = directory.join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    command.current_dir(directory).env_clear().env("TMPDIR", temporary);
    command.env("POSTERN_LOG_LEVEL", "error").env("POSTERN_LOG_ACCESS", "off").env("POSTERN_HTTP_WORKERS", "1");
    command.args(["run", "--management", "127.0.0.1:0", "--http", "127.0.0.1:0"]).args(arguments);
    command
}

fn refused(directory: &Path, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(directory, arguments).output().unwrap();
    assert_eq!((status.code(), stdout.is_empty()), (Some(1), true));
    assert_eq!(std::fs::read_dir(directory.join("tmp")).unwrap().count(), 0, "a directory is left");
    String::from_utf8(stderr).unwrap()
}

fn with_parts(directory: &Path) {
    std::fs::create_dir(directory.join("parts")).unwrap();
    std::fs::write(directory.join("a.yaml"), MOCKED).unwrap();
    let schemas =
        "Node:\n  properties:\n    name: {example: '$x #y'}\n    next: {$ref: '#/Node'}\n    leaf: {$ref: './leaf.json'}\n";
    std::fs::write(directory.join("parts/schemas.yaml"), schemas).unwrap();
    std::fs::write(directory.join("parts/leaf.json"), "{\"type\": \"integer\"}").unwrap();
}

#[test]
fn a_file_is_served_until_a_signal_and_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    with_parts(dir.path());
    let mut child = command(dir.path(), &["a.yaml"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("postern ready management=http://127.0.0.1:"));
    let route = lines.find(|line| line.contains("/dev/a/{id}")).unwrap();
    let url = route.split_whitespace().nth(1).unwrap().strip_prefix("http://").unwrap();
    let (address, path) = url.split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let path = path.replace("{id}", "7");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r##"{"name":"$x #y","leaf":0}"##), "{answer}");
    assert_eq!(std::fs::read_dir(dir.path().join("tmp")).unwrap().count(), 1);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
}

#[test]
fn every_problem_of_every_file_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    with_parts(dir.path());
    let nowhere = "Node: {properties: {next: {$ref: '#/Gone'}}}\n";
    std::fs::write(dir.path().join("parts/schemas.yaml"), nowhere).unwrap();
    std::fs::write(dir.path().join("b.json"), "{\"openapi\": \"3.0.0\", \"info\": {}, \"paths\": {}}").unwrap();
    let text = refused(dir.path(), &["a.yaml", "b.json", "c.yaml"]);
    for part in [
        "parts/schemas.yaml:1:34: $ref '#/Gone': leads nowhere",
        "b.json:1:30: API name cannot be empty",
        "b.json:1:43: The REST API doesn't contain any methods",
        "c.yaml: cannot be read: ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_reference_does_not_leave_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(dir.path().join("secret.yaml"), "Node: {}\n").unwrap();
    std::os::unix::fs::symlink(dir.path().join("secret.yaml"), inner.join("link.yaml")).unwrap();
    let absolute = dir.path().join("secret.yaml");
    for target in ["../secret.yaml", "link.yaml", "%2e%2e/secret.yaml", absolute.to_str().unwrap()] {
        std::fs::write(inner.join("a.yaml"), MOCKED.replace("parts/schemas.yaml", target)).unwrap();
        let text = refused(&inner, &["a.yaml"]);
        assert!(text.contains("a.yaml:11:30: $ref ") && text.contains(" is not below "), "{target}: {text}");
    }
}

#[test]
fn what_multiplies_itself_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut bomb = String::from("l0: {a: 1, b: 2}\n");
    for level in 1..=30 {
        let below = level - 1;
        bomb.push_str(&format!("l{level}: {{a: {{$ref: '#/l{below}'}}, b: {{$ref: '#/l{below}'}}}}\n"));
    }
    std::fs::write(dir.path().join("bomb.yaml"), bomb).unwrap();
    let document = "openapi: 3.0.0\ninfo: {title: a}\npaths:\n  /a: {get: {responses: {$ref: 'bomb.yaml#/l30'}}}\n";
    std::fs::write(dir.path().join("a.yaml"), document).unwrap();
    let text = refused(dir.path(), &["a.yaml"]);
    assert!(text.contains("with what references lead to"), "{text}");
}

#[test]
fn another_stage_name_than_aws_takes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    with_parts(dir.path());
    let text = refused(dir.path(), &["a.yaml", "--stage", "no/slash"]);
    assert!(text.contains("a.yaml: ") && text.to_lowercase().contains("stage"), "{text}");
}

#[test]
fn it_runs_on_loopback_only() {
    let dir = tempfile::tempdir().unwrap();
    with_parts(dir.path());
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    let output = command.current_dir(dir.path()).env_clear().args(["run", "a.yaml", "--http", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("http.address (--http)"));
}
