//! What the figures were measured on, and what has to be installed first.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

use super::failure::{Failure, Outcome};

/// Programs needed and the Debian package that has each.
const TOOLS: &[(&str, &str)] = &[
    ("nginx", "nginx"),
    ("haproxy", "haproxy"),
    ("wrk", "wrk"),
    ("valgrind", "valgrind"),
    ("taskset", "util-linux"),
    ("setpriv", "util-linux"),
    ("getconf", "libc-bin"),
];

/// Fails with the command that installs what is missing.
pub fn check_tools() -> Outcome<()> {
    let missing: Vec<&str> = TOOLS.iter().filter(|(program, _)| !find(program).is_file()).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    Err(Failure::new(format!("programs are missing; on Debian or Ubuntu: apt-get install --no-install-recommends {packages}")))
}

/// Where a program stands; its bare name when it is nowhere.
pub fn find(program: &str) -> PathBuf {
    // Debian keeps servers in /usr/sbin, which is not on every user's path.
    let path = env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let mut candidates = path.split(':').map(|directory| Path::new(directory).join(program));
    candidates.find(|candidate| candidate.is_file()).unwrap_or_else(|| program.into())
}

/// A Markdown list: processors, memory, kernel, versions.
pub fn description(postern: Option<&Path>) -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = field(&cpuinfo, "model name").unwrap_or("unknown processor");
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory_kib: u64 = field(&meminfo, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let virtual_machine = if cpuinfo.contains(" hypervisor") { " (virtual machine)" } else { "" };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let built = postern.map(|binary| {
        format!(
            "* {}, release profile (fat LTO), built with {}",
            first_line(binary, &["--version"]),
            first_line("rustc", &["-V"])
        )
    });
    let lines = [
        format!("* {cores} cores of {model}{virtual_machine}, {} MiB of memory, Linux {}", memory_kib / 1024, kernel.trim()),
        format!("* {}", first_line(find("nginx"), &["-v"])),
        format!("* {}", first_line(find("haproxy"), &["-v"])),
        format!("* {}; {}", first_line("wrk", &["-v"]), first_line("valgrind", &["--version"])),
    ];
    lines.into_iter().chain(built).collect::<Vec<_>>().join("\n")
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

fn first_line(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let program = program.as_ref();
    let Ok(output) = Command::new(program).args(arguments).output() else {
        return format!("{} (version unknown)", program.display());
    };
    // nginx reports its version on stderr.
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("nginx version: ")
        .split(" - http")
        .next()
        .unwrap_or_default()
        .replace(" Copyright (C) 2012 Will Glozer", "")
}
