//! Calls of other programs: shown before they run, so that each can be repeated by hand.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;

use crate::tally::Tally;

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let mut words = vec![program];
    words.extend(command.get_args().map(|arg| quoted(&arg.to_string_lossy())));
    words.join(" ")
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) { arg.to_owned() } else { format!("'{}'", arg.replace('\'', r"'\''")) }
}

/// Runs to the end with our own input and output.
///
/// # Errors
/// When the program cannot be started or does not end with 0; names the command.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", shown(command))) }
}

/// Runs to the end and hands back what it wrote to standard output.
///
/// # Errors
/// When the program cannot be started or does not end with 0; carries what it wrote to standard error.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("`{}` ended with {}: {}", shown(command), output.status, said.trim()))
    }
}

/// Runs to the end, passes its output on line by line, and adds the tests it reports to `tally`.
///
/// # Errors
/// As [`run`]; `tally` has been added to all the same. A failure that reports no failed test counts as one.
pub(crate) fn run_counting(command: &mut Command, tally: &mut Tally) -> Result<(), String> {
    println!("$ {}", shown(command));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| cannot_start(command, &error))?;
    let stdout = child.stdout.take().expect("stdout is piped");
    let stderr = child.stderr.take().expect("stderr is piped");
    let errors = thread::spawn(move || pass_on(stderr));
    let mut counted = pass_on(stdout);
    counted += errors.join().map_err(|_| "the thread that reads standard error panicked".to_owned())?;
    let status = child.wait().map_err(|error| cannot_start(command, &error))?;
    if !status.success() && counted.failed == 0 {
        counted.failed = 1;
    }
    *tally += counted;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", shown(command))) }
}

fn pass_on(stream: impl Read) -> Tally {
    let mut tally = Tally::default();
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        tally += Tally::of_line(&text);
        line.clear();
    }
    tally
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot run `{}`: {error}", shown(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_typed() {
        let mut command = Command::new("/opt/bin/cargo");
        command.args(["test", "-k", "a b", "it's", ""]);
        assert_eq!(shown(&command), r"cargo test -k 'a b' 'it'\''s' ''");
    }

    #[test]
    fn a_failure_without_a_summary_counts_as_one() {
        let mut tally = Tally::default();
        let outcome = run_counting(Command::new("sh").args(["-c", "echo 2 passed in 1s; exit 3"]), &mut tally);
        assert!(outcome.is_err_and(|message| message.contains("exit status: 3")));
        assert_eq!(tally, Tally { passed: 2, failed: 1 });
    }

    #[test]
    fn output_carries_what_a_failing_program_said() {
        let error = output(Command::new("sh").args(["-c", "echo no room >&2; exit 1"])).unwrap_err();
        assert!(error.ends_with("no room"), "{error}");
    }
}
