//! Counts of tests, read from the summaries that nextest, cargo test and pytest print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests came to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that held.
    pub(crate) passed: u64,
    /// Tests that did not, errors in their set-up included.
    pub(crate) failed: u64,
}

impl Tally {
    /// What a line of output adds: nothing, unless it is one of the three tools' summary lines.
    pub(crate) fn of_line(line: &str) -> Self {
        let line = line.trim();
        let is_nextest = line.starts_with("Summary [");
        let is_cargo_test = line.starts_with("test result:");
        // `==== 3 passed in 0.12s ====`, or the same without the rule under `pytest -q`.
        let is_pytest = line.trim_matches(['=', ' ']).starts_with(|first: char| first.is_ascii_digit()) && line.contains(" in ");
        if !(is_nextest || is_cargo_test || is_pytest) {
            return Self::default();
        }
        Self {
            passed: count_before(line, &["passed"]),
            failed: count_before(line, &["failed", "timed", "error", "errors", "exec"]),
        }
    }
}

/// The sum of the numbers that stand right before one of `labels`.
fn count_before(line: &str, labels: &[&str]) -> u64 {
    let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.windows(2).filter(|pair| labels.contains(&pair[1])).filter_map(|pair| pair[0].parse::<u64>().ok()).sum()
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_summaries_of_the_three_tools() {
        let cases = [
            ("     Summary [   0.034s] 12 tests run: 12 passed, 1 skipped", 12, 0),
            ("     Summary [   1.0s] 12/20 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 0 skipped", 9, 3),
            ("test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s", 7, 0),
            ("=================== 1 failed, 31 passed, 2 skipped in 12.40s ===================", 31, 1),
            ("3 passed, 1 error in 0.52s", 3, 1),
            ("== 2 errors in 0.52s ==", 0, 2),
        ];
        for (line, passed, failed) in cases {
            assert_eq!(Tally::of_line(line), Tally { passed, failed }, "{line}");
        }
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["", "        PASS [   0.005s] xtask tidy", "12 passed the post", "warning: 3 failed in spirit"] {
            assert_eq!(Tally::of_line(line), Tally::default(), "{line}");
        }
    }
}
