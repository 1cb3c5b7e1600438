//! The project's own chores; `cargo xtask --help` lists them.
#![allow(clippy::print_stdout, reason = "a command line tool speaks on stdout")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod ci;
mod codegen;
mod deny;
mod fuzz;
mod lambda_ric;
mod process;
mod python;
mod tally;
mod test;
mod tidy;
mod workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Postern's own chores")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Measures Postern beside nginx and haproxy, and as something to operate
    Bench(bench::Args),
    /// Everything that a change must pass, with the seconds of each step
    Ci,
    /// Checks dependencies against deny.toml: bans, licences, sources, advisories
    Deny,
    /// Feeds the parsers with what strangers could send, and looks for what breaks
    Fuzz(fuzz::Args),
    /// Checks the architecture and the house rules that a machine can check
    Tidy,
    /// Runs the Rust tests, then real AWS clients against the real server
    Test(test::Args),
    /// Writes the AWS surface from the operation tables
    Codegen(codegen::Args),
}

fn main() -> ExitCode {
    match Cli::parse().chore {
        Chore::Bench(args) => finish(bench::run(&args).map_err(|failure| failure.to_string())),
        Chore::Ci => ci::run(),
        Chore::Deny => finish(deny::run()),
        Chore::Fuzz(args) => finish(fuzz::run(&args)),
        Chore::Tidy => finish(tidy::run()),
        Chore::Test(args) => test::run(&args),
        Chore::Codegen(args) => finish(codegen::run(args)),
    }
}

/// The exit code of a chore that failed with words.
fn finish(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
