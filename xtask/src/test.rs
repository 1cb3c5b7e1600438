//! `cargo xtask test`: the Rust tests, then real AWS clients against the real binary.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use crate::lambda_ric;
use crate::process;
use crate::python;
use crate::tally::Tally;
use crate::workspace;

/// What to run; everything when nothing is said.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the Rust tests and doc tests
    #[arg(long, conflicts_with = "conformance_only")]
    rust_only: bool,
    /// Only the Python tests under conformance/
    #[arg(long)]
    conformance_only: bool,
    /// Only Node.js handlers on the real `aws-lambda-ric`, which is built once: minutes, and not part of the other suites
    #[arg(long, conflicts_with_all = ["rust_only", "conformance_only", "pytest"])]
    lambda_ric: bool,
    /// Passed on to pytest, such as `-k signatures` or `conformance/test_tour.py`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pytest: Vec<String>,
}

/// Runs what `args` says. The last line counts the tests; anything else that goes wrong counts as one failed test.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut tally = Tally::default();
    let outcome = selected(args, &mut tally);
    if outcome.is_err() {
        tally.failed = tally.failed.max(1);
    }
    let code = crate::finish(outcome);
    println!("{tally}");
    code
}

fn selected(args: &Args, tally: &mut Tally) -> Result<(), String> {
    if args.lambda_ric {
        return lambda_ric(tally);
    }
    if args.rust_only && !args.pytest.is_empty() {
        return Err("arguments for pytest make no sense with --rust-only".to_owned());
    }
    if !args.conformance_only {
        rust(tally)?;
    }
    if !args.rust_only {
        conformance(&args.pytest, tally)?;
    }
    Ok(())
}

/// Unit, integration and doc tests of every crate.
///
/// # Errors
/// When one fails or does not compile.
pub(crate) fn rust(tally: &mut Tally) -> Result<(), String> {
    let mut tests = workspace::cargo();
    if process::output(workspace::cargo().args(["nextest", "--version"])).is_ok() {
        tests.args(["nextest", "run", "--workspace", "--locked", "--no-tests", "warn"]);
    } else {
        println!(
            "cargo-nextest is not installed: running `cargo test`, which is slower. `cargo install cargo-nextest --locked` gets it."
        );
        tests.args(["test", "--workspace", "--locked", "--lib", "--bins", "--tests"]);
    }
    process::run_counting(&mut tests, tally)?;
    process::run_counting(workspace::cargo().args(["test", "--workspace", "--locked", "--doc", "--quiet"]), tally)
}

/// boto3, botocore and the AWS CLI against a server that the tests start themselves.
///
/// # Errors
/// When a test fails, the binary does not compile, or the Python environment cannot be made.
pub(crate) fn conformance(pytest: &[String], tally: &mut Tally) -> Result<(), String> {
    let names_tests = pytest.iter().any(|arg| arg.starts_with("conformance"));
    let mut command = pytest_command()?;
    command.args(pytest);
    if !names_tests {
        command.arg("conformance");
    }
    process::run_counting(&mut command, tally)
}

fn lambda_ric(tally: &mut Tally) -> Result<(), String> {
    let built = lambda_ric::prepare()?;
    let mut command = pytest_command()?;
    command.arg("conformance/test_lambda_ric.py").env("POSTERN_LAMBDA_RIC", built);
    process::run_counting(&mut command, tally)
}

fn pytest_command() -> Result<Command, String> {
    let environment = python::Environment::prepare()?;
    let binary = postern_binary()?;
    let mut command = environment.python();
    command.args(["-m", "pytest"]).env("POSTERN_BIN", binary).env("PYTHONUNBUFFERED", "1");
    Ok(command)
}

/// Builds the server in the profile of the tests and says where it is.
///
/// Its tests are selected too, though not run: they turn on the same features of shared dependencies as the Rust tests did, so
/// that nothing is compiled a second time.
fn postern_binary() -> Result<PathBuf, String> {
    let mut build = workspace::cargo();
    build.args(["build", "--package", "postern", "--bins", "--tests", "--locked", "--message-format", "json-render-diagnostics"]);
    println!("$ {}", process::shown(&build));
    let messages = process_messages(&mut build)?;
    executable(&messages).ok_or_else(|| "cargo built no binary called postern".to_owned())
}

fn process_messages(build: &mut Command) -> Result<String, String> {
    let output = build.stderr(Stdio::inherit()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("`{}` ended with {}", process::shown(build), output.status))
    }
}

/// The path of the binary in cargo's messages, one JSON document per line. The test harness of the same target has the same name
/// and kind; its profile says `test`.
fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).find_map(|message| {
        let is_server = message["reason"] == "compiler-artifact"
            && message["target"]["name"] == "postern"
            && message["target"]["kind"][0] == "bin"
            && message["profile"]["test"] == false;
        if is_server { message["executable"].as_str().map(PathBuf::from) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_told_from_its_test_harness() {
        let messages = [
            r#"{"reason":"compiler-artifact","target":{"name":"postern","kind":["bin"]},"profile":{"test":true},"executable":"/t/postern-12ab"}"#,
            "not json",
            r#"{"reason":"compiler-artifact","target":{"name":"postern_store","kind":["lib"]},"profile":{"test":false},"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"postern","kind":["bin"]},"profile":{"test":false},"executable":"/t/postern"}"#,
        ];
        assert_eq!(executable(&messages.join("\n")), Some(PathBuf::from("/t/postern")));
        assert_eq!(executable(messages[0]), None);
    }
}
