//! HTTP/2 answers that their client does not take.
//!
//! A client that stops reading HTTP/1.1 blocks its socket, which the connection's state notes. An HTTP/2 client can leave the
//! socket open and grant one stream no window: then nothing polls that answer any more, and the backend's connection behind it
//! would be held for as long as the client likes, its deadline unseen. So each answer notes since when it waits for its client,
//! and the sweep cancels those that wait too long, which resets the stream and no other.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::connection::State;

tokio::task_local! {
    static CURRENT: Arc<Stream>;
}

/// Runs the streams of a connection, each as a task that can be cancelled.
#[derive(Clone, Copy)]
pub(super) struct StreamExecutor;

/// One stream.
#[derive(Default)]
struct Stream {
    /// The tick after the one in which it began to wait for the client's window; 0 while it waits for something else.
    waits_since: AtomicU64,
    cancelled: Notify,
}

/// A connection's answers under way: at most as many as it may have streams.
#[derive(Default)]
pub(super) struct Answers(Mutex<Vec<Arc<Stream>>>);

/// An answer's place among them, given up when it is dropped.
pub(super) struct Watched {
    stream: Arc<Stream>,
    state: Arc<State>,
}

impl<F> hyper::rt::Executor<F> for StreamExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        let stream = Arc::new(Stream::default());
        let served = CURRENT.scope(Arc::clone(&stream), future);
        tokio::spawn(async move {
            tokio::select! {
                _ = served => {}
                () = stream.cancelled.notified() => {}
            }
        });
    }
}

impl Watched {
    /// `None` outside of an HTTP/2 stream.
    pub(super) fn begin(state: &Arc<State>) -> Option<Self> {
        let stream = CURRENT.try_with(Arc::clone).ok()?;
        state.answers().list().push(Arc::clone(&stream));
        let watched = Self { stream, state: Arc::clone(state) };
        watched.waits_for_client();
        Some(watched)
    }

    /// A part was given on, and the next one is asked for when the client has room for it.
    pub(super) fn waits_for_client(&self) {
        self.stream.waits_since.store(self.state.tick() + 1, Relaxed);
    }

    /// The client has room: what is missing is the next part.
    pub(super) fn waits_for_body(&self) {
        self.stream.waits_since.store(0, Relaxed);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.state.answers().list().retain(|stream| !Arc::ptr_eq(stream, &self.stream));
    }
}

impl Answers {
    /// Cancels those that have waited for their client for more than `ticks_max`.
    pub(super) fn cancel_stalled(&self, now: u64, ticks_max: u64) {
        for stream in self.list().iter() {
            let since = stream.waits_since.load(Relaxed);
            if since != 0 && now.saturating_sub(since) > ticks_max {
                stream.cancelled.notify_one();
            }
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Arc<Stream>>> {
        // Every change is one call: there is no half-made state to be poisoned by.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
