//! The fuzzer: one program for all targets, made and run by `cargo xtask fuzz`. docs/fuzzing.md tells how.
//!
//! `POSTERN_FUZZ_TARGET` names the target. With `POSTERN_FUZZ_SEEDS` its first inputs are written into that directory. Without a
//! target the names of all are printed.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
mod fuzzer {
    use std::sync::OnceLock;
    use std::{env, fs, process};

    use postern_fuzz::{Target, targets};

    static TARGET: OnceLock<Target> = OnceLock::new();

    libfuzzer_sys::fuzz_target!(init: prepare(), |input: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.run)(input);
        }
    });

    /// Chooses the target, before libFuzzer reads its arguments.
    #[allow(clippy::print_stdout, reason = "its output is the list that xtask asks for")]
    fn prepare() {
        let Ok(name) = env::var("POSTERN_FUZZ_TARGET") else {
            targets().iter().for_each(|target| println!("{}", target.name));
            process::exit(0);
        };
        let Some(target) = targets().into_iter().find(|target| target.name == name) else {
            println!("there is no target {name}");
            process::exit(1);
        };
        if let Some(directory) = env::var_os("POSTERN_FUZZ_SEEDS") {
            for (number, seed) in (target.seeds)().iter().enumerate() {
                let path = std::path::Path::new(&directory).join(format!("seed-{number:04}"));
                fs::write(&path, seed).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
            }
        }
        TARGET.get_or_init(|| target);
    }
}

/// An ordinary build has no fuzzer in it.
#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}
