//! `cargo xtask ci`: every check in the order in which it is cheapest to fail, with the seconds of each.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::deny;
use crate::process;
use crate::tally::Tally;
use crate::test;
use crate::tidy;
use crate::workspace;

/// One check.
struct Step {
    name: &'static str,
    /// What to type to run this step alone.
    rerun: &'static str,
    run: fn(&mut Tally) -> Result<(), String>,
}

/// `cargo xtask test` is the last two.
const STEPS: [Step; 8] = [
    Step { name: "format", rerun: "cargo fmt --all --check", run: |_| cargo(&["fmt", "--all", "--check"]) },
    Step { name: "tidy", rerun: "cargo xtask tidy", run: |_| tidy::run() },
    Step { name: "codegen", rerun: "cargo xtask codegen --check", run: |_| cargo(&["xtask", "codegen", "--check"]) },
    Step { name: "deny", rerun: "cargo xtask deny", run: |_| deny::run() },
    Step {
        name: "clippy",
        rerun: "cargo clippy --workspace --all-targets --locked -- -D warnings",
        run: |_| cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]),
    },
    Step { name: "docs", rerun: "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked", run: |_| docs() },
    Step { name: "tests", rerun: "cargo xtask test --rust-only", run: test::rust },
    Step { name: "conformance", rerun: "cargo xtask test --conformance-only", run: |tally| test::conformance(&[], tally) },
];

/// Runs the steps and stops at the first that fails. The last line counts the tests; a failed step of another kind counts as one.
pub(crate) fn run() -> ExitCode {
    let mut tally = Tally::default();
    let mut times = Vec::new();
    let mut failure = None;
    for step in &STEPS {
        println!("\n== {}", step.name);
        let start = Instant::now();
        let outcome = (step.run)(&mut tally);
        times.push((step.name, start.elapsed()));
        if let Err(message) = outcome {
            failure = Some((step, message));
            break;
        }
    }

    println!("\n{}", table(&times));
    if let Some((step, message)) = &failure {
        tally.failed = tally.failed.max(1);
        println!("{} failed: {message}\nTo run it again: {}", step.name, step.rerun);
    }
    println!("{tally}");
    if failure.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cargo(args: &[&str]) -> Result<(), String> {
    process::run(workspace::cargo().args(args))
}

fn docs() -> Result<(), String> {
    process::run(
        workspace::cargo().args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn table(times: &[(&str, Duration)]) -> String {
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    let rows = times.iter().copied().chain([("total", total)]);
    rows.map(|(name, time)| format!("{name:<12} {:>7.1} s", time.as_secs_f64())).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ends_with_the_total() {
        let times = [("format", Duration::from_millis(500)), ("tests", Duration::from_secs(61))];
        assert_eq!(table(&times), "format           0.5 s\ntests           61.0 s\ntotal           61.5 s");
    }
}
