//! The shape of a source file: its length, the words it begins with, and what it may call.

use super::{Finding, SourceFile};

/// A file is one idea. Most are half as long.
const LINES_MAX: usize = 600;

/// Crates that do no IO and ask no clock, so that every test of them is exact (invariant 7 in ARCHITECTURE.md).
const PURE_CRATES: &[&str] =
    &["crates/api-model/", "crates/java-regex/", "crates/jsonpath/", "crates/policy/", "crates/sigv4/", "crates/velocity/"];

/// What such a crate would need for IO or for the clock.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "TcpStream",
    "UdpSocket",
    "SystemTime::now",
    "Instant::now",
    "tokio::",
];

/// The part of the data plane that may name hyper; the pipeline sees requests, responses and bodies.
const TRANSPORT: &str = "crates/data-plane/src/transport/";

/// Names of the HTTP stack that must not leave [`TRANSPORT`].
const HTTP_STACK: &[&str] = &["hyper::", "hyper_util::"];

/// Macros that write to the console.
const CONSOLE: &[&str] = &["println!", "print!(", "eprintln!", "eprint!("];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !(file.is_rust() || file.is_python()) || file.is_generated() {
        return findings;
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX {
        findings.push(Finding::new(&file.path, format!("has {lines} lines; split it by ideas, {LINES_MAX} is the limit")));
    }
    if file.is_rust() {
        if !begins_with_docs(&file.text) {
            findings.push(Finding::new(&file.path, "begin it with `//!` and say in a few words what it is for"));
        }
        findings.extend(forbidden_calls(file));
    }
    findings
}

/// Inner attributes may stand before the docs.
fn begins_with_docs(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("#!["));
    lines.next().is_some_and(|line| line.starts_with("//!"))
}

fn forbidden_calls(file: &SourceFile) -> Vec<Finding> {
    let is_build_script = file.path.ends_with("/build.rs");
    let is_library = file.path.starts_with("crates/") && !file.path.starts_with("crates/postern/") && !is_build_script;
    let is_pure = PURE_CRATES.iter().any(|pure| file.path.starts_with(pure));
    let is_pipeline = file.path.starts_with("crates/data-plane/src/") && !file.path.starts_with(TRANSPORT);
    let rules: [(bool, &[&str], &str); 3] = [
        (is_library, CONSOLE, "a library writes nothing to the console; use tracing, or return it"),
        (is_pure, IMPURE, "this crate does no IO and has no clock; let the caller pass it in"),
        (is_pipeline, HTTP_STACK, "the HTTP stack stays behind data-plane/src/transport; use its types"),
    ];
    let mut findings = Vec::new();
    for (number, line) in product_lines(file) {
        for (applies, names, advice) in &rules {
            if let Some(name) = names.iter().find(|name| *applies && calls(line, name)) {
                findings.push(Finding::new(format!("{}:{number}", file.path), format!("`{name}`: {advice}")));
            }
        }
    }
    findings
}

/// Lines of the product with their numbers: no comments, and no tests, which stand last in a file.
fn product_lines(file: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    let is_test = file.path.contains("/tests/") || file.path.ends_with("/tests.rs") || file.path.contains("/benches/");
    let numbered = file.text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered
        .take_while(move |(_, line)| !is_test && !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.starts_with("//"))
}

/// Whether `line` has `name` not merely as the end of a longer one: `eprintln!` is not `println!`.
fn calls(line: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| !line[..at].ends_with(is_word))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn found(path: &str, code: &str) -> usize {
        check(&file(path, &format!("//! Docs.\n{code}\n"))).len()
    }

    #[test]
    fn long_files_are_found_but_for_generated_ones() {
        let long = format!("//! Docs.\n{}", "\n".repeat(LINES_MAX));
        assert_eq!(check(&file("crates/store/src/a.rs", &long)).len(), 1);
        assert_eq!(check(&file("conformance/test_a.py", &long)).len(), 1);
        assert_eq!(check(&file("crates/api-model/src/generated/a.rs", &long)), []);
        assert_eq!(check(&file("docs/long.md", &long)), []);
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        let check_text = |text| check(&file("crates/store/src/a.rs", text)).len();
        assert_eq!(check_text("//! Docs.\n"), 0);
        assert_eq!(check_text("#![allow(dead_code)]\n\n//! Docs.\n"), 0);
        assert_eq!(check_text("// Not docs.\nuse std::fmt;\n"), 1);
        assert_eq!(check_text(""), 1);
    }

    #[test]
    fn libraries_are_silent() {
        for code in ["println!(\"x\");", "eprintln!(\"x\");", "print!(\"x\");"] {
            assert_eq!(found("crates/store/src/a.rs", code), 1, "{code}");
            assert_eq!(found("crates/postern/src/a.rs", code), 0, "{code}");
            assert_eq!(found("xtask/src/a.rs", code), 0, "{code}");
            assert_eq!(found("crates/store/tests/a.rs", code), 0, "{code}");
            assert_eq!(found("crates/store/build.rs", code), 0, "{code}");
        }
        assert_eq!(found("crates/store/src/a.rs", "// println!(\"x\");\n#[cfg(test)]\nmod tests { println!(); }"), 0);
    }

    #[test]
    fn pure_crates_have_no_clock_and_no_io() {
        for code in ["let now = SystemTime::now();", "use std::fs;", "tokio::spawn(x);"] {
            assert_eq!(found("crates/sigv4/src/a.rs", code), 1, "{code}");
            assert_eq!(found("crates/postern/src/a.rs", code), 0, "{code}");
        }
    }

    #[test]
    fn hyper_stays_in_the_transport() {
        assert_eq!(found("crates/data-plane/src/pipeline/rest.rs", "use hyper::body::Incoming;"), 1);
        assert_eq!(found("crates/data-plane/src/transport/server.rs", "use hyper::body::Incoming;"), 0);
    }
}
