//! The access log: one JSON line per request, written behind the requests' backs.
//!
//! Each thread appends to a buffer of its own; a writer thread empties the buffers once a second, or sooner when one is
//! filling up. A request waits for neither: past a bound its line is dropped, and counted. Lines hold the path and never the
//! query or a field, so that no secret ends up in them.

mod destinations;
mod escape;
mod format;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod variable;

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::clock::EpochMillis;
pub use destinations::LogDestinations;
pub(crate) use destinations::StageLog;
pub(crate) use variable::Values;

/// Bytes in one thread's buffer at which the writer is woken.
const FLUSH_BYTES: usize = 32 * 1024;
/// Bytes in one thread's buffer past which lines are dropped: the disk is slower than the traffic.
const BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a line waits at most before it is written.
const FLUSH_INTERVAL_MS: u64 = 1_000;
/// Bytes that are written at once: a lock of what is written to, such as that of stderr, is held for no longer than that takes.
const PIECE_BYTES_MAX: usize = 64 * 1024;
/// For what is left at the end. A pipe that nobody reads, or a disk that hangs, must not keep the process from ending.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of a path that a line shows; the rest is cut, so that one line cannot fill the buffer.
const PATH_BYTES_MAX: usize = 2_048;
/// The same of a method, which may be any token.
const METHOD_BYTES_MAX: usize = 32;

/// Where access log lines go. Cheap to clone; all clones share the writer.
#[derive(Clone)]
pub struct AccessLog(Option<Arc<Shared>>);

struct Shared {
    id: u64,
    buffers: Mutex<Vec<Arc<Buffer>>>,
    dropped: AtomicU64,
    closing: AtomicBool,
    /// Hears, by the other end going away, that the writer ended.
    writer: Mutex<Option<Receiver<()>>>,
    writer_thread: std::sync::OnceLock<Thread>,
}

/// One thread's lines. The lock is that thread's alone but for the moment once a second when the writer takes the lines.
#[derive(Default)]
struct Buffer(Mutex<Vec<u8>>);

/// One request, when it is over.
pub(crate) struct Entry<'a> {
    pub(crate) time: EpochMillis,
    pub(crate) request_id: &'a [u8],
    pub(crate) api: &'a str,
    pub(crate) stage: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) latency_ms: u64,
    /// `None` when no integration was called.
    pub(crate) integration_latency_ms: Option<u64>,
    /// Of the response's body.
    pub(crate) bytes: u64,
    pub(crate) ending: Ending,
    pub(crate) peer: IpAddr,
    /// ARN of who signed the request, where that was asked for and proven.
    pub(crate) caller: Option<&'a str>,
}

/// How the response's body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Whole,
    /// The backend or the client went away in the middle.
    BrokenOff,
}

impl AccessLog {
    /// No log.
    pub fn off() -> Self {
        Self(None)
    }

    /// Lines go to `out`, from a thread of its own.
    ///
    /// # Panics
    /// When the system gives no thread.
    pub fn to_writer(out: Box<dyn Write + Send>) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let shared = Arc::new(Shared {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            buffers: Mutex::default(),
            dropped: AtomicU64::new(0),
            closing: AtomicBool::new(false),
            writer: Mutex::default(),
            writer_thread: std::sync::OnceLock::new(),
        });
        let (ended, end) = sync_channel(0);
        let for_writer = Arc::clone(&shared);
        let writer = std::thread::Builder::new().name("access-log".to_owned()).spawn(move || {
            let _ended = ended;
            for_writer.write_until_closed(out);
        });
        let writer = writer.expect("the system has a thread left at start-up");
        let _ = shared.writer_thread.set(writer.thread().clone());
        *lock(&shared.writer) = Some(end);
        Self(Some(shared))
    }

    /// Writes what is buffered and stops the writer; lines of later requests are lost. To be called once, when traffic is over. What is not
    /// written within five seconds is given up.
    pub fn close(&self) {
        Self::close_all(std::iter::once(self), CLOSE_TIMEOUT);
    }

    /// The same of several, which share the time.
    fn close_all<'a>(logs: impl Iterator<Item = &'a Self> + Clone, timeout: Duration) {
        let shared = || logs.clone().filter_map(|log| log.0.as_ref());
        for shared in shared() {
            shared.closing.store(true, Ordering::Release);
            shared.wake();
        }
        let deadline = Instant::now() + timeout;
        for shared in shared() {
            let Some(writer) = lock(&shared.writer).take() else { continue };
            // A writer that panicked has said so on stderr already.
            let left = deadline.saturating_duration_since(Instant::now());
            if writer.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                tracing::warn!(?timeout, "an access log takes nothing: what was not written is lost");
            }
        }
    }

    /// Whether both write to the same.
    fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => one.id == other.id,
            _ => false,
        }
    }

    /// Lines that were dropped because the writer was too slow.
    pub fn dropped(&self) -> u64 {
        self.0.as_ref().map_or(0, |shared| shared.dropped.load(Ordering::Relaxed))
    }

    /// Whether there is a log at all.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Appends one line of the gateway's own.
    pub(crate) fn write(&self, entry: &Entry<'_>) {
        self.append(|out| entry.push_line(out));
    }

    /// Appends what `push_line` does, which must be one line.
    pub(crate) fn append(&self, push_line: impl FnOnce(&mut Vec<u8>)) {
        thread_local! {
            static BUFFERS: RefCell<Vec<(u64, Arc<Buffer>)>> = const { RefCell::new(Vec::new()) };
        }
        let Some(shared) = &self.0 else { return };
        BUFFERS.with_borrow_mut(|own| {
            // There are as many as logs are configured, and one as a rule.
            let at = own.iter().position(|(id, _)| *id == shared.id).unwrap_or_else(|| {
                own.push((shared.id, shared.new_buffer()));
                own.len() - 1
            });
            let buffer = &own[at].1;
            let mut lines = lock(&buffer.0);
            if lines.len() > BUFFER_BYTES_MAX {
                shared.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            let before = lines.len();
            push_line(&mut lines);
            if before < FLUSH_BYTES && lines.len() >= FLUSH_BYTES {
                shared.wake();
            }
        });
    }
}

impl std::fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLog").field("is_on", &self.is_on()).finish()
    }
}

impl Shared {
    fn new_buffer(&self) -> Arc<Buffer> {
        let buffer = Arc::new(Buffer::default());
        lock(&self.buffers).push(Arc::clone(&buffer));
        buffer
    }

    fn wake(&self) {
        if let Some(thread) = self.writer_thread.get() {
            thread.unpark();
        }
    }

    fn write_until_closed(&self, mut out: Box<dyn Write + Send>) {
        let mut lines = Vec::with_capacity(FLUSH_BYTES * 2);
        let mut is_torn = false;
        loop {
            let closing = self.closing.load(Ordering::Acquire);
            self.write_all(&mut *out, &mut lines, &mut is_torn);
            if closing {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(FLUSH_INTERVAL_MS));
        }
    }

    fn write_all(&self, out: &mut dyn Write, lines: &mut Vec<u8>, is_torn: &mut bool) {
        let mut buffers = lock(&self.buffers).clone();
        for buffer in &buffers {
            lines.clear();
            // Swapped, not copied: the requests' thread waits for nothing but this.
            std::mem::swap(&mut *lock(&buffer.0), lines);
            if lines.is_empty() {
                continue;
            }
            if let Err(Torn { written, error }) = write_pieces(out, lines, is_torn) {
                let lost = memchr::memchr_iter(b'\n', &lines[written..]).count() as u64;
                self.dropped.fetch_add(lost, Ordering::Relaxed);
                tracing::error!(%error, lost, "the access log cannot be written");
            }
        }
        // Threads that are gone leave their buffer to this list alone.
        buffers.clear();
        lock(&self.buffers).retain(|buffer| Arc::strong_count(buffer) > 1 || !lock(&buffer.0).is_empty());
    }
}

/// How far lines were written, and why no further.
struct Torn {
    written: usize,
    error: io::Error,
}

/// Writes whole lines, piece by piece. What was torn before is ended first, so that one line is lost and not two.
fn write_pieces(out: &mut dyn Write, lines: &[u8], is_torn: &mut bool) -> Result<(), Torn> {
    if *is_torn {
        out.write_all(b"\n").map_err(|error| Torn { written: 0, error })?;
        *is_torn = false;
    }
    let mut written = 0;
    while written < lines.len() {
        let error = match out.write(piece_of(&lines[written..])) {
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(count) => {
                written += count;
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => error,
        };
        *is_torn = written > 0 && lines[written - 1] != b'\n';
        return Err(Torn { written, error });
    }
    // Nobody knows what of it was kept back.
    out.flush().map_err(|error| Torn { written: 0, error })
}

/// The start of these lines: whole ones, as many as a piece holds, or one that is longer.
fn piece_of(lines: &[u8]) -> &[u8] {
    let within = &lines[..lines.len().min(PIECE_BYTES_MAX)];
    let end = memchr::memrchr(b'\n', within).or_else(|| memchr::memchr(b'\n', lines));
    &lines[..end.map_or(lines.len(), |at| at + 1)]
}

/// A poisoned lock holds whole lines all the same.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Entry<'_> {
    fn push_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time\":\"");
        self.time.push_rfc3339(out);
        out.extend_from_slice(b"\",\"requestId\":\"");
        out.extend_from_slice(self.request_id);
        out.extend_from_slice(b"\",\"api\":\"");
        push_escaped(out, self.api.as_bytes());
        out.extend_from_slice(b"\",\"stage\":\"");
        push_escaped(out, self.stage.as_bytes());
        out.extend_from_slice(b"\",\"method\":\"");
        push_escaped(out, &self.method.as_bytes()[..self.method.len().min(METHOD_BYTES_MAX)]);
        out.extend_from_slice(b"\",\"path\":\"");
        push_escaped(out, &self.path.as_bytes()[..self.path.len().min(PATH_BYTES_MAX)]);
        out.extend_from_slice(b"\",\"status\":");
        push_number(out, self.status.into());
        out.extend_from_slice(b",\"latencyMs\":");
        push_number(out, self.latency_ms);
        if let Some(latency_ms) = self.integration_latency_ms {
            out.extend_from_slice(b",\"integrationLatencyMs\":");
            push_number(out, latency_ms);
        }
        out.extend_from_slice(b",\"bytes\":");
        push_number(out, self.bytes);
        if self.ending == Ending::BrokenOff {
            out.extend_from_slice(b",\"brokenOff\":true");
        }
        out.extend_from_slice(b",\"ip\":\"");
        push_ip(out, self.peer);
        if let Some(caller) = self.caller {
            out.extend_from_slice(b"\",\"caller\":\"");
            push_escaped(out, caller.as_bytes());
        }
        out.extend_from_slice(b"\"}\n");
    }
}

/// Appends an address as text.
pub(crate) fn push_ip(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for (at, octet) in address.octets().into_iter().enumerate() {
                if at > 0 {
                    out.push(b'.');
                }
                push_number(out, octet.into());
            }
        }
        // Writing to a Vec cannot fail.
        IpAddr::V6(address) => drop(write!(out, "{address}")),
    }
}

/// Appends a decimal number without the formatting machinery.
pub(crate) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    if number < 10 {
        out.push(b'0' + number as u8);
        return;
    }
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends the inside of a JSON string. Everything but visible ASCII is escaped byte by byte: a client cannot forge a line,
/// and a terminal that shows the log cannot be made to act.
fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| !STANDS_IN_STRING[usize::from(*byte)]) {
        let byte = rest[at];
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(b"\\u00");
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Visible ASCII but for what ends or escapes a string, by byte.
const STANDS_IN_STRING: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x20;
    while byte < 0x7f {
        table[byte] = byte as u8 != b'"' && byte as u8 != b'\\';
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn entry(path: &str) -> Entry<'_> {
        Entry {
            time: EpochMillis(1_775_738_096_007),
            request_id: b"c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            api: "abc123",
            stage: "prod",
            method: "GET",
            path,
            status: 200,
            latency_ms: 12,
            integration_latency_ms: Some(10),
            bytes: 345,
            ending: Ending::Whole,
            peer: Ipv4Addr::new(127, 0, 0, 1).into(),
            caller: None,
        }
    }

    #[test]
    fn a_line_per_request_from_every_thread() {
        let sink = Sink::default();
        let log = AccessLog::to_writer(Box::new(sink.clone()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| log.write(&entry("/pets"))));
            }
        });
        log.close();
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 4_000);
        assert_eq!(log.dropped(), 0);
        assert_eq!(
            text.lines().next().unwrap(),
            "{\"time\":\"2026-04-09T12:34:56.007Z\",\"requestId\":\"c6af9ac6-7b61-11e6-9a41-93e8deadbeef\",\
             \"api\":\"abc123\",\"stage\":\"prod\",\"method\":\"GET\",\"path\":\"/pets\",\"status\":200,\"latencyMs\":12,\
             \"integrationLatencyMs\":10,\"bytes\":345,\"ip\":\"127.0.0.1\"}"
        );
    }

    #[test]
    fn a_client_cannot_forge_a_line() {
        let mut line = Vec::new();
        entry("/a\"}\n{\"\\\u{1b}[2Jé").push_line(&mut line);
        let text = String::from_utf8(line).unwrap();
        assert_eq!(text.lines().count(), 1);
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(parsed["path"].as_str().unwrap().starts_with("/a\"}\n{\"\\"));
    }

    #[test]
    fn long_paths_and_methods_are_cut() {
        let mut line = Vec::new();
        Entry { method: &"M".repeat(60_000), ..entry(&"/é".repeat(5_000)) }.push_line(&mut line);
        assert!(line.len() < 16 * 1024);
        serde_json::from_slice::<serde_json::Value>(&line).unwrap();
    }

    #[test]
    fn a_stalled_writer_drops_and_counts() {
        let log = AccessLog::to_writer(Box::new(Sink::default()));
        // The writer cannot take anything while the list of buffers is held.
        let shared = log.0.as_ref().unwrap();
        log.write(&entry("/"));
        let held = lock(&shared.buffers);
        while log.dropped() == 0 {
            log.write(&entry("/a-path-of-some-length"));
        }
        drop(held);
        log.close();
    }

    /// Takes some bytes, fails once, and takes all after that.
    struct Tearing(Sink, Option<usize>);

    impl Write for Tearing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.1 {
                Some(0) => {
                    self.1 = None;
                    Err(io::ErrorKind::StorageFull.into())
                }
                Some(left) => {
                    self.1 = Some(0);
                    self.0.write(&bytes[..left])
                }
                None => self.0.write(bytes),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_torn_line_is_ended_and_counted() {
        let sink = Sink::default();
        let (mut out, mut is_torn) = (Tearing(sink.clone(), Some(6)), false);
        let torn = write_pieces(&mut out, b"one\ntwo\nthree\n", &mut is_torn).unwrap_err();
        assert_eq!((torn.written, is_torn), (6, true));
        assert!(write_pieces(&mut out, b"four\n", &mut is_torn).is_ok() && !is_torn);
        assert_eq!(*sink.0.lock().unwrap(), b"one\ntw\nfour\n");
    }

    #[test]
    fn pieces_are_bounded_and_end_with_a_line() {
        let lines = "0123456789abcde\n".repeat(PIECE_BYTES_MAX / 8);
        let piece = piece_of(lines.as_bytes());
        assert!(piece.len() == PIECE_BYTES_MAX && piece.ends_with(b"\n"));
        let long = format!("{}\nx\n", "y".repeat(PIECE_BYTES_MAX));
        assert_eq!(piece_of(long.as_bytes()).len(), PIECE_BYTES_MAX + 1);
    }

    /// Takes nothing until the test lets go.
    struct Stalled(Receiver<()>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_log_does_not_keep_the_process_from_ending() {
        let (let_go, stalled) = sync_channel(0);
        let log = AccessLog::to_writer(Box::new(Stalled(stalled)));
        log.write(&entry("/"));
        AccessLog::close_all([&log, &log].into_iter(), Duration::from_millis(10));
        drop(let_go);
    }

    #[test]
    fn small_parts() {
        let mut out = Vec::new();
        push_number(&mut out, 0);
        push_number(&mut out, u64::MAX);
        out.push(b' ');
        push_ip(&mut out, Ipv6Addr::LOCALHOST.into());
        assert_eq!(out, b"018446744073709551615 ::1");
    }
}
