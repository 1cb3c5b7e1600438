//! `cargo xtask fuzz`: runs libFuzzer on the targets of the package `postern-fuzz`.
//!
//! The compiler flags are cargo-fuzz's without a sanitizer, which needs no nightly toolchain: what is looked for is panics, endless
//! work and endless memory, and there is no unsafe code here that a sanitizer would have to watch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;
use crate::workspace;

/// What `cargo xtask fuzz` is asked to do.
#[derive(clap::Args)]
pub struct Args {
    /// The target [default: each in turn].
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Print the names of the targets.
    #[arg(long)]
    list: bool,
    /// Run the target on this input only: to repeat a finding.
    #[arg(long, requires = "target")]
    input: Option<PathBuf>,
    /// Make a shorter input with the same finding.
    #[arg(long, requires = "target", conflicts_with = "input")]
    minimise: Option<PathBuf>,
}

/// Coverage counters that libFuzzer reads, in every crate for the target; build scripts have none, because cargo is told the target.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// Seconds that one input may take; every bound of the product is reached in far less.
const INPUT_SECONDS_MAX: u32 = 10;
/// MiB that the whole fuzzer may use.
const MEMORY_MIB_MAX: u32 = 2048;
/// Bytes of an input: past a few KiB inputs get slow and find nothing new.
const INPUT_BYTES_MAX: u32 = 4096;

/// Builds and runs.
///
/// # Errors
/// When the build fails, there is no such target, or an input is found on which one fails; says where the input is.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    let fuzzer = build()?;
    let listed = process::output(&mut Command::new(&fuzzer))?;
    let known: Vec<&str> = listed.lines().collect();
    if args.list {
        print!("{listed}");
        return Ok(());
    }
    let targets = match &args.target {
        Some(name) if known.contains(&name.as_str()) => vec![name.as_str()],
        Some(name) => return Err(format!("there is no target {name}; the targets are {}", known.join(", "))),
        None => known,
    };
    targets.into_iter().try_for_each(|target| run_target(&fuzzer, target, args))
}

fn run_target(fuzzer: &Path, target: &str, args: &Args) -> Result<(), String> {
    let home = home();
    let directory = |kind: &str| {
        let directory = home.join(kind).join(target);
        fs::create_dir_all(&directory).map_err(|error| format!("cannot create {}: {error}", directory.display()))?;
        Ok::<_, String>(directory)
    };
    let (seeds, corpus, findings) = (directory("seeds")?, directory("corpus")?, directory("findings")?);
    let mut command = Command::new(fuzzer);
    command.env("POSTERN_FUZZ_TARGET", target).env("POSTERN_FUZZ_SEEDS", &seeds);
    command.arg(format!("-timeout={INPUT_SECONDS_MAX}")).arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
    command.arg(format!("-artifact_prefix={}/", findings.display()));
    match (&args.input, &args.minimise) {
        (Some(input), _) => command.arg(absolute(input)),
        (None, Some(input)) => {
            command.arg("-minimize_crash=1").arg(format!("-max_total_time={}", args.seconds)).arg(absolute(input))
        }
        (None, None) => {
            command.arg(format!("-max_total_time={}", args.seconds)).arg(format!("-max_len={INPUT_BYTES_MAX}"));
            command.args(["-use_value_profile=1", "-print_final_stats=1"]).arg(&corpus).arg(&seeds)
        }
    };
    println!("== {target}");
    process::run(&mut command).map_err(|error| {
        format!(
            "{error}\nThe input is in {}; docs/fuzzing.md says how to make it short and turn it into a test",
            findings.display()
        )
    })
}

/// The fuzzer, built with the toolchain that built this.
fn build() -> Result<PathBuf, String> {
    let triple = host()?;
    let target_dir = home().join("build");
    let mut command = workspace::cargo();
    command.args(["build", "--package", "postern-fuzz", "--bin", "fuzz", "--profile", "fuzz", "--locked", "--target", &triple]);
    command.arg("--target-dir").arg(&target_dir).env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    process::run(&mut command)?;
    Ok(target_dir.join(&triple).join("fuzz/fuzz"))
}

/// The triple of this machine.
fn host() -> Result<String, String> {
    let version = process::output(Command::new("rustc").arg("-vV"))?;
    let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
    triple.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}

/// Where the fuzzer is built, and its inputs are kept from run to run.
fn home() -> PathBuf {
    workspace::target_dir().join("fuzz")
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
