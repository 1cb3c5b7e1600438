//! Files that a document is made of: read under bounds, and only below the directory of the document itself.

use std::path::{Path, PathBuf};

use postern_control_plane::openapi::Document;
use postern_control_plane::openapi::document::DocumentError;

use super::problem::Problem;
use super::watch::Watched;

/// Files that references may lead to, for one document: far more than people split one into.
const FILES_MAX: usize = 1_000;

/// One file that was read.
pub struct SourceFile {
    /// As it shows in messages: beside the path that the user gave.
    pub shown: PathBuf,
    /// Its one name, without links.
    path: PathBuf,
    /// What it says.
    pub document: Document,
}

/// The files of one document; the first is the document itself.
pub struct Files {
    /// In the order in which they were met.
    pub read: Vec<SourceFile>,
    /// Everything that was tried, as it looked before it was read: what changes while it is read counts as a change.
    pub tried: Watched,
    /// No reference leads out of here.
    directory: PathBuf,
    bytes_left: usize,
}

impl Files {
    /// Reads the document itself. All its files together have at most `bytes_max` bytes.
    pub fn open(document: &Path, bytes_max: usize) -> Result<Self, Problem> {
        let unreadable = |error: std::io::Error| Problem::of_file(document, format!("cannot be read: {error}"));
        let tried = Watched::new(document);
        let path = document.canonicalize().map_err(unreadable)?;
        let directory = path.parent().unwrap_or(Path::new("/")).to_owned();
        let mut files = Self { read: Vec::new(), tried, directory, bytes_left: bytes_max };
        files.add(path, document.to_owned())?;
        Ok(files)
    }

    /// The file that a reference in file `from` names, read when it has not been yet.
    pub fn referenced(&mut self, from: usize, name: &str) -> Result<usize, String> {
        let holder = self.read.get(from).ok_or("the file of the reference is not there")?;
        let relative = Path::new(name);
        let shown = holder.shown.parent().unwrap_or(Path::new("")).join(relative);
        let wanted = holder.path.parent().unwrap_or(Path::new("/")).join(relative);
        // Also what cannot be read may be there later.
        if self.tried.len() <= FILES_MAX {
            self.tried.add(&shown);
        }
        let path = wanted.canonicalize().map_err(|error| format!("{} cannot be read: {error}", shown.display()))?;
        if relative.is_absolute() || !path.starts_with(&self.directory) {
            return Err(format!("{} is not below {}; move it there", shown.display(), self.directory.display()));
        }
        if let Some(known) = self.read.iter().position(|file| file.path == path) {
            return Ok(known);
        }
        if self.read.len() > FILES_MAX {
            return Err(format!("more than {FILES_MAX} files; put some together"));
        }
        self.add(path, shown).map_err(|problem| problem.to_string())
    }

    fn add(&mut self, path: PathBuf, shown: PathBuf) -> Result<usize, Problem> {
        let unreadable = |error: std::io::Error| Problem::of_file(&shown, format!("cannot be read: {error}"));
        let metadata = std::fs::metadata(&path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Problem::of_file(&shown, "is not a file".to_owned()));
        }
        if metadata.len() > self.bytes_left as u64 {
            let text = "the document's files are too long together; limits.import_bytes_max can be raised".to_owned();
            return Err(Problem::of_file(&shown, text));
        }
        let bytes = std::fs::read(&path).map_err(unreadable)?;
        let document = Document::parse(&bytes, self.bytes_left).map_err(|error| unparseable(&shown, &error))?;
        self.bytes_left = self.bytes_left.saturating_sub(bytes.len());
        self.read.push(SourceFile { shown, path, document });
        Ok(self.read.len() - 1)
    }
}

fn unparseable(shown: &Path, error: &DocumentError) -> Problem {
    let position = match error {
        DocumentError::Malformed { position, .. } => *position,
        _ => None,
    };
    Problem { file: shown.to_owned(), position, text: error.to_string() }
}
