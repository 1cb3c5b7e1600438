//! Files that lines are appended to, and that are opened again when they were moved away or deleted, as rotation of logs does.

use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postern_data_plane::{AccessLog, LogDestinations};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::config::{LineTarget, Settings};
use crate::failure::Failure;
use crate::otlp::{OtlpLines, Queue};

/// What the server's own access log is called in records of the collector.
const OWN_NAME: &str = "access";

/// The logs of requests.
pub struct AccessLogs {
    /// The gateway's own.
    pub own: AccessLog,
    /// Those of stages.
    pub destinations: LogDestinations,
    hangups: Option<JoinHandle<()>>,
}

/// A file that is appended to.
struct LogFile {
    path: PathBuf,
    file: File,
    opened: FileId,
    /// Whether what was written last ends within a line.
    is_within_line: bool,
    /// Whether the last attempt failed.
    has_failed: bool,
}

/// Which file a path leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl AccessLogs {
    /// Opens what the configuration names. Targets that are the same share a writer.
    ///
    /// # Errors
    /// When a file cannot be written, or the system gives no signals.
    pub fn open(settings: &Settings, otlp: Option<&Arc<Queue>>) -> Result<Self, Failure> {
        let mut open = BTreeMap::new();
        let own = opened(&settings.log.access, OWN_NAME, otlp, &mut open)?;
        let mut destinations = BTreeMap::new();
        for (name, target) in &settings.log_destinations {
            destinations.insert(name.clone(), opened(target, name, otlp, &mut open)?);
        }
        let has_files = open.keys().any(|target| matches!(target, LineTarget::File(_)));
        let hangups = if has_files { Some(hangups()?) } else { None };
        Ok(Self { own, destinations: LogDestinations::new(destinations), hangups })
    }

    /// Writes what is buffered.
    pub fn close(&self) {
        if let Some(hangups) = &self.hangups {
            hangups.abort();
        }
        self.destinations.close(&self.own);
    }
}

fn opened(
    target: &LineTarget,
    name: &str,
    otlp: Option<&Arc<Queue>>,
    open: &mut BTreeMap<LineTarget, AccessLog>,
) -> Result<AccessLog, Failure> {
    // Lines for the collector say which destination they are of.
    if *target == LineTarget::Otlp {
        return Ok(
            otlp.map_or_else(AccessLog::off, |queue| AccessLog::to_writer(Box::new(OtlpLines::new(Arc::clone(queue), name))))
        );
    }
    if let Some(log) = open.get(target) {
        return Ok(log.clone());
    }
    let log = match target {
        LineTarget::Off | LineTarget::Otlp => AccessLog::off(),
        LineTarget::Stderr => AccessLog::to_writer(Box::new(io::stderr())),
        LineTarget::Stdout => AccessLog::to_writer(Box::new(io::stdout())),
        LineTarget::File(path) => {
            let failed =
                |error: io::Error| Failure::File { what: "the access log", path: path.clone(), reason: error.to_string() };
            AccessLog::to_writer(Box::new(LogFile::open(path).map_err(failed)?))
        }
    };
    open.insert(target.clone(), log.clone());
    Ok(log)
}

/// Where there are log files, SIGHUP no longer ends the process: tools that rotate logs send it. Files are looked at before each batch of
/// lines anyway, so that there is nothing else to do.
fn hangups() -> Result<JoinHandle<()>, Failure> {
    let taken = signal(SignalKind::hangup());
    let mut hangups = taken.map_err(|error| Failure::System { doing: "take over SIGHUP", reason: error.to_string() })?;
    Ok(tokio::spawn(async move { while hangups.recv().await.is_some() {} }))
}

impl LogFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = append_to(path)?;
        Ok(Self { path: path.to_owned(), opened: FileId::of(&file.metadata()?), file, is_within_line: false, has_failed: false })
    }

    /// Goes on in a new file where the old one is no longer what the path leads to. One that cannot be opened is tried again with the
    /// next lines; until then the old one takes them.
    fn follow(&mut self) {
        let is_there = std::fs::metadata(&self.path).is_ok_and(|found| FileId::of(&found) == self.opened);
        if is_there {
            return;
        }
        match Self::open(&self.path) {
            Ok(new) => *self = new,
            Err(error) => {
                tracing::error!(path = %self.path.display(), %error, "a log file was moved away and cannot be made anew")
            }
        }
    }
}

impl FileId {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Only where a line begins, so that none is torn between two files; or where the last one was not ended anyway.
        if !self.is_within_line || self.has_failed {
            self.follow();
        }
        let written = self.file.write(bytes);
        self.has_failed = written.is_err();
        if let Ok(count @ 1..) = written {
            self.is_within_line = bytes[count - 1] != b'\n';
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that has no room; what was torn does not keep a rotated file from being followed.
    #[test]
    fn a_torn_line_does_not_bind_to_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("access.log");
        let mut log = LogFile::open(&path).unwrap();
        assert_eq!(log.write(b"torn").unwrap(), 4);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(log.write(b" end\n").unwrap(), 5);
        assert!(!path.exists(), "the end of a line follows its start");
        log.write_all(b"torn").unwrap();
        std::fs::remove_file(&path).unwrap();
        log.file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        assert!(log.write(b" end\n").is_err());
        log.write_all(b"\nnext\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "\nnext\n");
    }

    #[test]
    fn lines_follow_the_path_and_not_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let (path, moved) = (directory.path().join("access.log"), directory.path().join("access.log.1"));
        let mut log = LogFile::open(&path).unwrap();
        log.write_all(b"one\n").unwrap();
        std::fs::rename(&path, &moved).unwrap();
        log.write_all(b"two\n").unwrap();
        log.write_all(b"three\n").unwrap();
        assert_eq!(std::fs::read_to_string(&moved).unwrap(), "one\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\nthree\n");
        std::fs::remove_file(&path).unwrap();
        log.write_all(b"four\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "four\n");
    }
}
