//! What a function prints: read line by line into the server's log with the id of the invocation that was running, and kept for who asked
//! for the end of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, oneshot};

use crate::limits::{LOG_LINE_BYTES_MAX, LOG_TAIL_BYTES_MAX};

/// The target under which everything that functions print is logged.
pub const TARGET: &str = "postern::function";
/// What a pipe of Linux holds: more than this cannot have been printed before somebody asked for what is there.
const PIPE_BYTES: usize = 64 * 1024;
/// One read.
const READ_BYTES: usize = 16 * 1024;

/// The output of one process.
#[derive(Clone, Debug)]
pub struct Logs {
    shared: Arc<Shared>,
    readers: Vec<mpsc::Sender<oneshot::Sender<()>>>,
}

#[derive(Debug)]
struct Shared {
    function: String,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    request_id: String,
    /// The end of what was printed, when somebody wants it.
    tail: Option<VecDeque<u8>>,
}

/// Whether the end of an invocation's log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// For its caller.
    Tail,
    /// Only logged.
    Nothing,
}

impl Logs {
    /// Reads these pipes until they are closed.
    pub fn read(function: &str, pipes: Vec<Box<dyn AsyncRead + Send + Unpin>>) -> Self {
        let shared = Arc::new(Shared { function: function.to_owned(), now: Mutex::default() });
        let readers = pipes
            .into_iter()
            .map(|pipe| {
                let (sender, receiver) = mpsc::channel(1);
                tokio::spawn(read(pipe, shared.clone(), receiver));
                sender
            })
            .collect();
        Self { shared, readers }
    }

    /// What is printed from now on is this invocation's.
    pub fn begin(&self, request_id: &str, keep: Keep) {
        let mut now = self.shared.now();
        request_id.clone_into(&mut now.request_id);
        now.tail = (keep == Keep::Tail).then(VecDeque::new);
    }

    /// A line of the platform's own, such as `START`.
    pub fn platform(&self, line: impl FnOnce() -> String) {
        let enabled = tracing::enabled!(target: TARGET, tracing::Level::DEBUG);
        let mut now = self.shared.now();
        if !enabled && now.tail.is_none() {
            return;
        }
        let line = line();
        now.keep(line.as_bytes());
        if enabled {
            tracing::debug!(target: TARGET, function = self.shared.function, request_id = now.request_id, "{line}");
        }
    }

    /// Waits until what was printed before has been read.
    pub async fn flush(&self) {
        for reader in &self.readers {
            let (sender, receiver) = oneshot::channel();
            // A reader whose pipe is closed has read everything.
            if reader.send(sender).await.is_ok() {
                receiver.await.ok();
            }
        }
    }

    /// The end of the invocation's log, if it was kept.
    pub fn tail(&self) -> Option<Bytes> {
        self.shared.now().tail.take().map(|tail| Vec::from(tail).into())
    }
}

impl Shared {
    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        // A poisoned log is still a log.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, line: &[u8]) {
        let mut now = self.now();
        now.keep(line);
        let (function, request_id) = (&self.function, &now.request_id);
        tracing::info!(target: TARGET, function, request_id, "{}", printable(line));
    }
}

impl Now {
    fn keep(&mut self, line: &[u8]) {
        let Some(tail) = &mut self.tail else { return };
        tail.extend(line);
        tail.push_back(b'\n');
        let surplus = tail.len().saturating_sub(LOG_TAIL_BYTES_MAX);
        tail.drain(..surplus);
    }
}

/// Without control characters: a function must not be able to forge lines of the server's log, or to steer the terminal that shows it.
fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    if text.chars().any(|char| char.is_control() && char != '\t') {
        text.chars()
            .flat_map(|char| if char.is_control() && char != '\t' { char.escape_default().collect() } else { vec![char] })
            .collect()
    } else {
        text.into_owned()
    }
}

async fn read(mut pipe: Box<dyn AsyncRead + Send + Unpin>, shared: Arc<Shared>, mut asked: mpsc::Receiver<oneshot::Sender<()>>) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        tokio::select! {
            biased;
            Some(done) = asked.recv() => {
                let open = drain(&mut pipe, &mut buffer, &mut lines, &shared).await;
                done.send(()).ok();
                if !open { break }
            }
            read = pipe.read(&mut buffer) => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => lines.push(&buffer[..count], |line| shared.line(line)),
            }
        }
    }
    lines.end(|line| shared.line(line));
}

/// Reads what is there without waiting for more. Answers whether the pipe is still open.
async fn drain(pipe: &mut (dyn AsyncRead + Send + Unpin), buffer: &mut [u8], lines: &mut Lines, shared: &Shared) -> bool {
    // The system may have said that there is something to read, and the runtime not yet have heard.
    tokio::task::yield_now().await;
    let mut left = PIPE_BYTES;
    while left > 0 {
        let read = tokio::select! {
            biased;
            read = pipe.read(buffer) => read,
            () = std::future::ready(()) => {
                // What has no end of line is the end of this invocation's log all the same.
                lines.end(|line| shared.line(line));
                return true;
            }
        };
        match read {
            Ok(0) | Err(_) => return false,
            Ok(count) => {
                lines.push(&buffer[..count], |line| shared.line(line));
                left = left.saturating_sub(count);
            }
        }
    }
    true
}

/// Bytes on their way to lines.
#[derive(Debug, Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8])) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(part);
            if part.ends_with(b"\n") || self.begun.len() >= LOG_LINE_BYTES_MAX {
                self.end(&mut line);
            }
        }
    }

    fn end(&mut self, mut line: impl FnMut(&[u8])) {
        let text = self.begun.strip_suffix(b"\n").unwrap_or(&self.begun);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if !text.is_empty() {
            line(text);
        }
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn bytes_become_lines() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for bytes in [&b"one\ntw"[..], b"o\r\n\nthr", b"ee"] {
            lines.push(bytes, |line| seen.push(String::from_utf8(line.to_vec()).unwrap()));
        }
        lines.end(|line| seen.push(String::from_utf8(line.to_vec()).unwrap()));
        assert_eq!(seen, ["one", "two", "three"]);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let mut lines = Lines::default();
        let mut count = 0;
        for _ in 0..64 {
            lines.push(&[b'x'; READ_BYTES], |_| count += 1);
        }
        assert_eq!(count, 64 * READ_BYTES / LOG_LINE_BYTES_MAX);
    }

    #[test]
    fn only_the_end_is_kept() {
        let mut now = Now { request_id: String::new(), tail: Some(VecDeque::new()) };
        now.keep(&[b'x'; LOG_TAIL_BYTES_MAX]);
        now.keep(b"end");
        let tail = Vec::from(now.tail.unwrap());
        assert_eq!(tail.len(), LOG_TAIL_BYTES_MAX);
        assert!(tail.ends_with(b"x\nend\n"));
    }

    #[test]
    fn a_line_cannot_pretend_to_be_several() {
        assert_eq!(printable(b"a\x1b[31m\rb\tc"), "a\\u{1b}[31m\\rb\tc");
    }
}
