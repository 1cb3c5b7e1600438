//! What is wrong with a document, and where: `FILE:LINE:COLUMN: text`, as editors and terminals understand it.

use std::fmt;
use std::path::{Path, PathBuf};

use postern_control_plane::openapi::document::Position;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the user knows it.
    pub file: PathBuf,
    /// The place in it, when there is one.
    pub position: Option<Position>,
    /// What is wrong.
    pub text: String,
}

impl Problem {
    /// About a file as a whole.
    pub fn of_file(file: &Path, text: String) -> Self {
        Self { file: file.to_owned(), position: None, text }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(position) = self.position {
            write!(f, ":{}:{}", position.line, position.column)?;
        }
        write!(f, ": {}", self.text)
    }
}
