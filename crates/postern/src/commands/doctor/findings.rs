//! What was looked at and how it stands.

use std::io::{self, Write};

use serde_json::json;

use crate::cli::Output;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing to do.
    Ok,
    /// It works, and somebody should know.
    Warning,
    /// Something fails, or will.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    standing: Standing,
    /// Such as `data directory`.
    about: String,
    /// What there is, and what to change.
    text: String,
}

/// All that was looked at, in that order.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Standing {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Findings {
    /// Notes one.
    pub fn add(&mut self, standing: Standing, about: impl Into<String>, text: impl Into<String>) {
        self.0.push(Finding { standing, about: about.into(), text: text.into() });
    }

    /// How the worst of them stands.
    pub fn worst(&self) -> Standing {
        self.0.iter().map(|finding| finding.standing).max().unwrap_or(Standing::Ok)
    }

    /// Prints them: a line each, or one list.
    ///
    /// # Errors
    /// When `out` is gone.
    pub fn print(&self, output: Output, out: &mut dyn Write) -> io::Result<()> {
        if output == Output::Json {
            let all = self
                .0
                .iter()
                .map(|Finding { standing, about, text }| json!({ "standing": standing.as_str(), "about": about, "text": text }));
            return writeln!(out, "{}", serde_json::Value::Array(all.collect()));
        }
        for Finding { standing, about, text } in &self.0 {
            let (about, text) = (visible(about), visible(text));
            writeln!(out, "{:<8} {about}: {text}", standing.as_str())?;
        }
        let count = |wanted| self.0.iter().filter(|finding| finding.standing == wanted).count();
        writeln!(out, "{} errors, {} warnings", count(Standing::Error), count(Standing::Warning))
    }
}

/// What was looked at is named by its owners: it must neither act on a terminal nor look like a line of its own.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_line_and_does_not_act() {
        let mut findings = Findings::default();
        findings.add(Standing::Error, "API a\u{1b}[2J", "stage b\nok       all: fine é");
        let mut out = Vec::new();
        findings.print(Output::Table, &mut out).unwrap();
        let shown = "error    API a\\u{1b}[2J: stage b\\nok       all: fine é\n1 errors, 0 warnings\n";
        assert_eq!(String::from_utf8(out).unwrap(), shown);
    }
}
