//! The server as a process: started on free ports, asked, and stopped.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A running server; killed when a test fails.
struct Server {
    child: Child,
    management: String,
    http: String,
}

impl Server {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut child = command(directory, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let rest = line.strip_prefix("postern ready management=http://").unwrap_or_else(|| panic!("not ready: {line}"));
        let (management, http) = rest.trim_end().split_once(" http=http://").unwrap();
        Self { child, management: management.to_owned(), http: http.to_owned() }
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    fn exit_code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    fn stop(self) -> Option<i32> {
        self.terminate();
        self.exit_code()
    }

    /// Reads its log up to a line with this word.
    fn wait_for_log(&mut self, word: &str) {
        let log = BufReader::new(self.child.stderr.take().unwrap());
        assert!(log.lines().any(|line| line.unwrap().contains(word)));
    }

    /// A management call whose body the server waits for.
    fn call_under_way(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.management).unwrap();
        stream.write_all(b"POST /restapis HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n").unwrap();
        let mut reading = [0; 12];
        stream.read_exact(&mut reading).unwrap();
        assert_eq!(&reading, b"HTTP/1.1 100");
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    command.current_dir(directory).env_clear().env("POSTERN_LOG_ACCESS", "off").env("POSTERN_HTTP_WORKERS", "1");
    command.args(["serve", "--management", "127.0.0.1:0", "--http", "127.0.0.1:0"]).args(arguments);
    command
}

fn fails(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    let Output { status, stderr, stdout } =
        command.current_dir(directory).env_clear().arg("serve").args(arguments).output().unwrap();
    assert_eq!((status.code(), stdout.is_empty()), (Some(1), true));
    String::from_utf8(stderr).unwrap()
}

fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn fetch(address: &str, method: &str, path: &str, more: &str) -> String {
    exchange(address, &format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{more}\r\n"))
}

#[test]
fn it_says_that_it_is_ready_answers_and_ends_with_0() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let health = fetch(&server.management, "GET", "/_postern/health", "");
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("{\"status\":\"ok\"}"), "{health}");
    let metrics = fetch(&server.management, "GET", "/_postern/metrics", "");
    assert!(metrics.contains("postern_management_requests_total{class=\"2xx\"} 1"), "{metrics}");
    assert!(fetch(&server.management, "GET", "/_postern/other", "").starts_with("HTTP/1.1 404"));
    assert!(fetch(&server.management, "POST", "/_postern/health", "").starts_with("HTTP/1.1 405"));
    assert!(fetch(&server.management, "GET", "/restapis", "").starts_with("HTTP/1.1 403"), "unsigned");
    let unknown = fetch(&server.http, "GET", "/_aws/execute-api/abcdefghij/prod/", "");
    assert!(unknown.starts_with("HTTP/1.1 403"), "{unknown}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_first_start_alone_writes_credentials() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    assert_eq!(Server::start(dir.path(), &["--data-dir", "data", "--account", "123456789012"]).stop(), Some(0));
    let credentials = std::fs::read_to_string(data.join("credentials")).unwrap();
    assert!(credentials.starts_with("[default]\naws_access_key_id = AKIA"), "{credentials}");
    assert_eq!(Server::start(dir.path(), &["--data-dir", "data"]).stop(), Some(0));
    assert_eq!(std::fs::read_to_string(data.join("credentials")).unwrap(), credentials);
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let answer = fetch(&server.management, "POST", "/restapis", "Content-Length: 99999999\r\n");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("x-amzn-errortype: requestentitytoolargeexception"), "{answer}");
}

#[test]
fn dev_mode_takes_unsigned_calls_and_traffic_on_the_management_address() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &["--dev"]);
    let unsigned = fetch(&server.management, "GET", "/restapis", "");
    assert!(!unsigned.starts_with("HTTP/1.1 403"), "{unsigned}");
    let unknown = fetch(&server.management, "GET", "/restapis/abcdefghij/prod/_user_request_/x", "");
    assert!(unknown.starts_with("HTTP/1.1 403") && unknown.to_ascii_lowercase().contains("forbidden"), "{unknown}");
}

#[test]
fn what_cannot_be_used_is_said_and_exits_1() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &[]);
    let free = ["--management", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data-dir"];
    let other = |key: &'static str, address: &str| {
        let mut arguments = vec!["--management", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data-dir", "other"];
        arguments[if key == "management.address" { 1 } else { 3 }] = address;
        fails(dir.path(), &arguments)
    };
    for (key, address) in [("management.address", &server.management), ("http.address", &server.http)] {
        let text = other(key, address);
        assert!(text.contains(&format!("cannot listen on {address} ({key})")), "{text}");
    }
    let held = fails(dir.path(), &[&free[..], &["postern-data"]].concat());
    assert!(held.contains("in use by another `postern serve`"), "{held}");
    std::fs::write(dir.path().join("file"), "").unwrap();
    let unusable = fails(dir.path(), &[&free[..], &["file/data"]].concat());
    assert!(unusable.contains("--data-dir"), "{unusable}");
}

#[test]
fn keys_beside_a_running_server() {
    let dir = tempfile::tempdir().unwrap();
    let _server = Server::start(dir.path(), &[]);
    let keys = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.current_dir(dir.path()).env_clear().arg("keys").args(arguments).output().unwrap()
    };
    assert!(keys(&["create"]).status.success());
    let listed = String::from_utf8(keys(&["list"]).stdout).unwrap();
    assert_eq!(listed.matches("active").count(), 2, "{listed}");
}

#[test]
fn a_signal_lets_calls_finish() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path(), &[]);
    let mut call = server.call_under_way();
    server.terminate();
    server.wait_for_log("draining");
    call.write_all(b"{}").unwrap();
    let mut answer = String::new();
    call.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("HTTP/1.1 403"), "{answer}");
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn a_second_signal_exits_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path(), &[]);
    let _call = server.call_under_way();
    server.terminate();
    server.wait_for_log("draining");
    server.terminate();
    assert_eq!(server.exit_code(), Some(130));
}
