//! What an import has to say: AWS's text, and where in the document it belongs.

/// Findings of one kind that are kept; the others are counted. A document of 6 MB can hold a million faults.
const FINDINGS_MAX: usize = 200;
/// Parts that a document may describe: parameters, headers, models of bodies, requirements, and every 100 bytes of a mapping. A
/// `$ref` lets a short document describe the same large part many thousand times; the largest public documents need a tenth.
const PARTS_MAX: usize = 400_000;
/// Bytes of text that count as a part.
const PART_BYTES: usize = 100;

/// One thing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// In AWS's words where they are known.
    pub text: String,
    /// A JSON pointer into the document.
    pub place: String,
}

/// Everything that there is to say of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    warnings: List,
    problems: List,
    parts: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct List {
    kept: Vec<Finding>,
    others: usize,
}

impl Findings {
    /// Something that was left out.
    pub fn warn(&mut self, text: impl Into<String>, place: &str) {
        self.warnings.push(text.into(), place);
    }

    /// Something that stops the import.
    pub fn problem(&mut self, text: impl Into<String>, place: &str) {
        self.problems.push(text.into(), place);
    }

    /// Counts a part with so many bytes of text. When there are too many it is a problem, and the part is not to be read.
    pub(super) fn afford(&mut self, bytes: usize, place: &str) -> bool {
        let before = self.parts;
        self.parts = before.saturating_add(1 + bytes / PART_BYTES);
        if before <= PARTS_MAX && self.parts > PARTS_MAX {
            let text = format!("The document describes too much, at {place}: split it, or use fewer references to large parts");
            self.problem(text, place);
        }
        self.parts <= PARTS_MAX
    }

    /// What was left out.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings.kept
    }

    /// What stops the import.
    pub fn problems(&self) -> &[Finding] {
        &self.problems.kept
    }

    /// The texts of the warnings, with a last one that counts those which were not kept.
    pub fn warning_texts(&self) -> Vec<String> {
        self.warnings.texts()
    }

    /// The same of the problems.
    pub fn problem_texts(&self) -> Vec<String> {
        self.problems.texts()
    }
}

impl List {
    fn push(&mut self, text: String, place: &str) {
        if self.kept.len() < FINDINGS_MAX {
            let finding = Finding { text, place: place.to_owned() };
            // A schema that many methods share would say the same many times.
            if !self.kept.contains(&finding) {
                self.kept.push(finding);
            }
        } else {
            self.others += 1;
        }
    }

    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.kept.iter().map(|finding| finding.text.clone()).collect();
        if self.others > 0 {
            texts.push(format!("... and {} more", self.others));
        }
        texts
    }
}
