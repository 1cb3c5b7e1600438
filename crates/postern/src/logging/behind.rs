//! Lines of the server's log on their way to stderr. A thread of its own writes them: where stderr is a pipe that nobody reads, requests
//! go on, and lines are dropped and counted.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that wait at most.
const WAITING_BYTES_MAX: usize = 1024 * 1024;

/// What lines are written to. Cheap to clone; all clones share the thread.
#[derive(Clone)]
pub struct Behind(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to write.
    more: Condvar,
    /// Nothing is left to write.
    done: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Since the last time that they were spoken of.
    dropped: u64,
    is_writing: bool,
}

impl Behind {
    /// Lines go to `out`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let for_writer = Arc::clone(&shared);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || for_writer.write(out))?;
        Ok(Self(shared))
    }

    /// Waits until all is written, for at most so long.
    pub fn flush_within(&self, timeout: Duration) {
        let waiting = self.0.waiting();
        drop(self.0.done.wait_timeout_while(waiting, timeout, |waiting| waiting.is_writing || !waiting.lines.is_empty()));
    }
}

impl Write for Behind {
    /// Gets one line each time, and never waits for it to be written.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.waiting();
        if waiting.lines.len() + line.len() > WAITING_BYTES_MAX {
            waiting.dropped += 1;
        } else {
            waiting.lines.extend_from_slice(line);
            self.0.more.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut out: impl Write) {
        let mut lines = Vec::new();
        loop {
            let mut waiting = self.waiting();
            while waiting.lines.is_empty() {
                self.done.notify_all();
                waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            std::mem::swap(&mut waiting.lines, &mut lines);
            waiting.is_writing = true;
            drop(waiting);
            // There is nowhere to say that it failed.
            let _ = out.write_all(&lines).and_then(|()| out.flush());
            lines.clear();
            let mut waiting = self.waiting();
            waiting.is_writing = false;
            let dropped = std::mem::take(&mut waiting.dropped);
            drop(waiting);
            if dropped > 0 {
                tracing::warn!(dropped, "lines of this log were dropped: stderr took nothing for a while");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    /// Takes nothing until the test lets go.
    struct Stalled(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stalled_stderr_holds_nobody_up() {
        let (let_go, stalled) = sync_channel::<()>(0);
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let mut log = Behind::start(Stalled(stalled, Arc::clone(&written))).unwrap();
        let line = format!("{}\n", "x".repeat(1_023));
        (0..4_096).for_each(|_| log.write_all(line.as_bytes()).unwrap());
        // What the thread took first waits besides.
        let dropped = log.0.waiting().dropped;
        assert!((4_096 - 2 * 1_024..=4_096 - 1_024).contains(&dropped), "{dropped}");
        log.flush_within(Duration::from_millis(1));
        assert!(written.lock().unwrap().is_empty());
        drop(let_go);
        log.flush_within(Duration::from_secs(60));
        let written = written.lock().unwrap();
        assert_eq!(written.len() as u64, (4_096 - dropped) * 1_024);
    }
}
