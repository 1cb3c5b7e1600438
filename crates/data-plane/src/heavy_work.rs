//! Work that would hold up the other requests of its worker: validating or transforming a large body, rendering a template that takes
//! long. It is done on threads of its own, a bounded number at once.
//!
//! A tenant decides how much of it there is, so that turns are given fairly: an API does one piece at a time, and only those pieces
//! stand in the line for all. However much of it one API asks for, another's is next but one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::GatewayError;

/// Pieces that are worked on at once: one for a body of 10 MB may take half a gigabyte while it is.
const AT_ONCE_MAX: usize = 2;
/// Pieces of one API that are worked on at once.
const AT_ONCE_PER_API_MAX: usize = 1;
/// Pieces of one API that wait or are worked on; each holds a body. At a second each, more would wait longer than clients do.
const PLACES_PER_API_MAX: usize = 32;
/// How long a piece may wait: as long as AWS waits for a backend.
const WAIT_MS_MAX: u64 = 29_000;

const CROWDED: GatewayError = GatewayError::Configuration("too many requests of this API wait for work that takes long");
const WAITED: GatewayError =
    GatewayError::Configuration("the work for this request takes long, and waited too long for its turn");

/// The turns.
#[derive(Clone)]
pub(crate) struct HeavyWork(Arc<Turns>);

struct Turns {
    all: Arc<Semaphore>,
    /// By API, those that have a place.
    lines: Mutex<HashMap<Box<str>, Line>>,
}

struct Line {
    turns: Arc<Semaphore>,
    places: usize,
}

/// A place in an API's line, which is given up with the value.
struct Place {
    turns: Arc<Turns>,
    api_id: Box<str>,
}

impl HeavyWork {
    /// Does a piece of work when its turn comes. It goes on when its request is given up, and keeps its turn until it ends.
    ///
    /// # Errors
    /// When there is too much work already, or it broke off.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        api_id: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, GatewayError> {
        let (place, own) = self.place(api_id).ok_or(CROWDED)?;
        let turn = async {
            let own = own.acquire_owned().await;
            (own, Arc::clone(&self.0.all).acquire_owned().await)
        };
        let turn = timeout(Duration::from_millis(WAIT_MS_MAX), turn).await.map_err(|_| WAITED)?;
        let task = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        task.await.map_err(|_| GatewayError::Configuration("the work for this request broke off"))
    }

    fn place(&self, api_id: &str) -> Option<(Place, Arc<Semaphore>)> {
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines
            .entry(api_id.into())
            .or_insert_with(|| Line { turns: Arc::new(Semaphore::new(AT_ONCE_PER_API_MAX)), places: 0 });
        if line.places == PLACES_PER_API_MAX {
            return None;
        }
        line.places += 1;
        Some((Place { turns: Arc::clone(&self.0), api_id: api_id.into() }, Arc::clone(&line.turns)))
    }
}

impl Default for HeavyWork {
    fn default() -> Self {
        Self(Arc::new(Turns { all: Arc::new(Semaphore::new(AT_ONCE_MAX)), lines: Mutex::default() }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.turns.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(&self.api_id) {
            line.places -= 1;
            if line.places == 0 {
                lines.remove(&self.api_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::mpsc;

    use super::*;

    /// Starts work that ends when the returned sender is dropped, and waits until it is being done.
    async fn busy(work: &HeavyWork, api_id: &'static str) -> (mpsc::SyncSender<()>, tokio::task::JoinHandle<()>) {
        let (release, held) = mpsc::sync_channel::<()>(0);
        let (started, starting) = tokio::sync::oneshot::channel();
        let work = work.clone();
        let task = tokio::spawn(async move {
            let piece = move || {
                started.send(()).unwrap();
                let _ = held.recv();
            };
            work.run(api_id, piece).await.unwrap();
        });
        starting.await.unwrap();
        (release, task)
    }

    #[tokio::test]
    async fn one_api_leaves_a_turn_to_others() {
        let work = HeavyWork::default();
        let (release, first) = busy(&work, "a").await;
        let waiting: Vec<_> = (1..PLACES_PER_API_MAX)
            .map(|_| {
                let work = work.clone();
                tokio::spawn(async move { work.run("a", || ()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(matches!(work.run("a", || ()).await, Err(GatewayError::Configuration(_))), "the line of `a` is full");
        assert_eq!(work.run("b", || 5).await.unwrap(), 5);
        drop(release);
        first.await.unwrap();
        for piece in waiting {
            piece.await.unwrap().unwrap();
        }
        assert!(work.0.lines.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_for_ever() {
        let work = HeavyWork::default();
        let all = u32::try_from(AT_ONCE_MAX).unwrap();
        let held = Arc::clone(&work.0.all).acquire_many_owned(all).await.unwrap();
        assert!(matches!(work.run("a", || ()).await, Err(GatewayError::Configuration(_))));
        assert!(work.0.lines.lock().unwrap().is_empty());
        drop(held);
        assert_eq!(work.run("a", || 5).await.unwrap(), 5);
    }
}
