//! The `postern` binary: the one place that sees both planes, the store and the configuration, and wires them.

mod access_keys;
mod cli;
mod commands;
mod config;
mod credentials;
mod failure;
mod log_key;
mod logging;
mod otlp;
mod serve;
mod signing;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, DoctorArgs, KeysArgs, RunArgs, ServeArgs};
use config::{Invocation, Settings};
use failure::Failure;

fn main() -> ExitCode {
    let result = run(Cli::parse());
    logging::flush();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing can be done about a closed stderr; the exit code still tells.
            let _ = writeln!(std::io::stderr(), "postern: {failure}");
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(arguments) => serve_with(arguments),
        Command::Keys(arguments) => keys(arguments),
        Command::Run(arguments) => run_files(arguments),
        Command::Template(arguments) => {
            commands::template::run(&arguments, &mut std::io::stdout().lock(), &mut std::io::stderr().lock())
        }
        Command::Doctor(arguments) => doctor(&arguments),
    }
}

fn serve_with(arguments: ServeArgs) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.sources(invocation()?))?;
    settings.functions.check()?;
    logging::start(&settings.log)?;
    serve::run(settings)
}

fn run_files(arguments: RunArgs) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.sources(invocation()?))?;
    settings.functions.check()?;
    logging::start(&settings.log)?;
    commands::run::run(&arguments, settings)
}

fn doctor(arguments: &DoctorArgs) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.sources(invocation()?));
    single_threaded()?.block_on(commands::doctor::run(settings, arguments.output(), &mut std::io::stdout()))
}

fn single_threaded() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::System { doing: "start a runtime", reason: error.to_string() })
}

fn keys(arguments: KeysArgs) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.sources(invocation()?))?;
    let output = arguments.output();
    single_threaded()?.block_on(commands::keys::run(&settings, arguments.action, output, &mut std::io::stdout()))
}

fn invocation() -> Result<Invocation, Failure> {
    let working_directory: PathBuf = std::env::current_dir()
        .map_err(|error| Failure::System { doing: "read the working directory", reason: error.to_string() })?;
    Ok(Invocation { environment: std::env::vars_os().collect(), working_directory })
}
