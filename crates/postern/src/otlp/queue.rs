//! What waits to be sent.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use postern_data_plane::{Span, SpanSink, SpanValue};

/// Lines that wait at most.
const LINES_MAX: usize = 50_000;
/// Spans that wait at most.
const SPANS_MAX: usize = 20_000;
/// Bytes of either that wait at most: lines and spans hold what clients send, and may be long.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Spans or lines in one request.
const BATCH_MAX: usize = 512;
/// Bytes of text in one request, or one line that is longer. In JSON it is a few times that, which collectors take.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

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

/// What takes room.
trait Weighed {
    /// About as many as it has in memory.
    fn bytes(&self) -> usize;
}

impl Weighed for Span {
    fn bytes(&self) -> usize {
        let texts = self.attributes.iter().map(|(_, value)| match value {
            SpanValue::Text(text) => text.len(),
            SpanValue::Number(_) => 0,
        });
        size_of::<Self>() + self.name.len() + size_of_val(self.attributes.as_slice()) + texts.sum::<usize>()
    }
}

impl Weighed for Line {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}

/// A queue with bounds.
#[derive(Debug)]
struct Waiting<T> {
    held: Mutex<Held<T>>,
    dropped: AtomicU64,
}

#[derive(Debug)]
struct Held<T> {
    items: VecDeque<T>,
    bytes: usize,
}

/// Some that were taken to be sent: dropped, and counted so, unless they are [`Self::taken`].
#[derive(Debug)]
pub(super) struct Batch<'a, T> {
    items: Vec<T>,
    dropped: &'a AtomicU64,
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
        Self { held: Mutex::new(Held { items: VecDeque::new(), bytes: 0 }), dropped: AtomicU64::new(0) }
    }
}

impl<T: Weighed> Waiting<T> {
    fn add(&self, item: T, max: usize) {
        let mut held = self.held();
        let bytes = held.bytes + item.bytes();
        if held.items.len() >= max || bytes > WAITING_BYTES_MAX {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        held.bytes = bytes;
        held.items.push_back(item);
    }

    /// The oldest that one request holds.
    fn take(&self) -> Batch<'_, T> {
        let (mut items, mut bytes) = (Vec::new(), 0);
        let mut held = self.held();
        while let Some(next) = held.items.front().map(Weighed::bytes)
            && items.len() < BATCH_MAX
            && (items.is_empty() || bytes + next <= BATCH_BYTES_MAX)
        {
            bytes += next;
            items.extend(held.items.pop_front());
        }
        held.bytes -= bytes;
        Batch { items, dropped: &self.dropped }
    }

    /// Drops all that wait.
    fn give_up(&self) {
        let mut held = self.held();
        self.dropped.fetch_add(held.items.len() as u64, Ordering::Relaxed);
        *held = Held { items: VecDeque::new(), bytes: 0 };
    }

    fn held(&self) -> MutexGuard<'_, Held<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Batch<'_, T> {
    pub(super) fn items(&self) -> &[T] {
        &self.items
    }

    /// The collector has them, but for some.
    pub(super) fn taken(mut self, rejected: u64) {
        let rejected = rejected.min(self.items.len() as u64);
        self.items.clear();
        self.dropped.fetch_add(rejected, Ordering::Relaxed);
    }
}

impl<T> Drop for Batch<'_, T> {
    fn drop(&mut self) {
        self.dropped.fetch_add(self.items.len() as u64, Ordering::Relaxed);
    }
}

impl Queue {
    pub(super) fn take_spans(&self) -> Batch<'_, Span> {
        self.spans.take()
    }

    pub(super) fn take_lines(&self) -> Batch<'_, Line> {
        self.lines.take()
    }

    /// Drops all that wait.
    pub(super) fn give_up(&self) {
        self.spans.give_up();
        self.lines.give_up();
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
