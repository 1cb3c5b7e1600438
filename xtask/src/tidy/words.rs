//! Words that must not be committed: paths of one machine, and marks of unfinished work.

use super::{Finding, SourceFile};

// The words are put together here so that this file does not hold them itself.
const EVERYWHERE: &[(&str, &str)] = &[
    (concat!("/wo", "rk/"), "a path of one machine; use a relative one"),
    (concat!("/tmp/", "bash"), "a path of one machine; use a relative one"),
    (concat!("../", "shared"), "a path outside the repository; restate what is needed here"),
];

const IN_CODE: &[(&str, &str)] = &[
    (concat!("todo", "!"), "finish it, or refuse the case with an error that names it"),
    (concat!("unimplemented", "!"), "finish it, or refuse the case with an error that names it"),
    (concat!("dbg", "!"), "left over from debugging; remove it"),
    (concat!("TO", "DO"), "do it, or open an issue and say in a comment what holds today"),
    (concat!("FIX", "ME"), "do it, or open an issue and say in a comment what holds today"),
];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let in_code: &[_] = if file.is_rust() || file.is_python() { IN_CODE } else { &[] };
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for (word, advice) in EVERYWHERE.iter().chain(in_code) {
            if holds(line, word) {
                findings.push(Finding::new(format!("{}:{}", file.path, index + 1), format!("`{word}`: {advice}")));
            }
        }
    }
    findings
}

/// Whether `line` has `word`, and not as a part of a longer one.
fn holds(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let rest = &line[at + word.len()..];
        let continues = word.ends_with(is_word) && rest.starts_with(is_word);
        !continues && !line[..at].ends_with(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn every_word_is_found_with_its_line() {
        for (word, _) in EVERYWHERE {
            let found = check(&file("docs/a.md", &format!("fine\nsee {word} x\n")));
            assert_eq!(found.len(), 1, "{word}");
            assert_eq!(found[0].place, "docs/a.md:2");
        }
        for (word, _) in IN_CODE {
            assert_eq!(check(&file("crates/store/src/a.rs", &format!("// {word} x"))).len(), 1, "{word}");
            assert_eq!(check(&file("docs/a.md", &format!("{word} x"))), [], "{word}");
        }
    }

    #[test]
    fn parts_of_longer_words_are_fine() {
        for line in ["my_todo!()", "the autodbg!", "TODOS", "a/work"] {
            assert_eq!(check(&file("crates/store/src/a.rs", line)), [], "{line}");
        }
    }
}
