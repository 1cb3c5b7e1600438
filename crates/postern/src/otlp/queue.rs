//! What waits to be sent.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use postern_data_plane::{Span, SpanSink};

/// Lines that wait at most: at some hundred bytes each, a few tens of megabytes.
const LINES_MAX: usize = 50_000;
/// Spans that wait at most: about a kilobyte each.
const SPANS_MAX: usize = 20_000;

/// Spans and lines of logs on their way. Metrics do not wait here: they are read when they are sent.
#[derive(Debug, Default)]
pub struct Queue {
    spans: Waiting<Span>,
    lines: Waiting<Line>,
}

/// A line of an access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The destination that it was written to, as the configuration names it.
    pub(super) destination: Arc<str>,
    pub(super) text: Box<str>,
    /// When it got here, up to a second after its request.
    pub(super) time_ns: u64,
}

/// A queue with a bound that its users know.
#[derive(Debug)]
struct Waiting<T> {
    items: Mutex<VecDeque<T>>,
    dropped: AtomicU64,
}

/// What was dropped, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Spans.
    pub spans: u64,
    /// Lines of logs.
    pub lines: u64,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { items: Mutex::default(), dropped: AtomicU64::new(0) }
    }
}

impl<T> Waiting<T> {
    fn add(&self, item: T, max: usize) {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        if items.len() >= max {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        items.push_back(item);
    }

    /// The oldest, up to `max` of them.
    fn take(&self, max: usize) -> Vec<T> {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let count = items.len().min(max);
        items.drain(..count).collect()
    }
}

impl Queue {
    pub(super) fn take_spans(&self, max: usize) -> Vec<Span> {
        self.spans.take(max)
    }

    pub(super) fn take_lines(&self, max: usize) -> Vec<Line> {
        self.lines.take(max)
    }

    pub(super) fn lost_spans(&self, count: usize) {
        self.spans.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn lost_lines(&self, count: usize) {
        self.lines.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// What was dropped for want of room, or because nobody took it.
    pub fn dropped(&self) -> Dropped {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Dropped { spans: read(&self.spans.dropped), lines: read(&self.lines.dropped) }
    }
}

impl SpanSink for Queue {
    fn take(&self, span: Span) {
        self.spans.add(span, SPANS_MAX);
    }
}

/// The target `otlp` of a log: each line becomes a log record.
#[derive(Debug)]
pub struct OtlpLines {
    queue: Arc<Queue>,
    destination: Arc<str>,
}

impl OtlpLines {
    /// Lines of a destination with this name.
    pub fn new(queue: Arc<Queue>, destination: &str) -> Self {
        Self { queue, destination: destination.into() }
    }
}

impl Write for OtlpLines {
    /// Gets whole lines, as the logs' writers give them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let time_ns = super::encode::now_ns();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let text = String::from_utf8_lossy(line).into();
            self.queue.lines.add(Line { destination: Arc::clone(&self.destination), text, time_ns }, LINES_MAX);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
