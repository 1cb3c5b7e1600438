//! Turns for the writers of one aggregate within this process.
//!
//! The version check alone keeps updates from being lost; these locks only save the work of conflicts that could have been
//! foreseen. So the map may be bounded: past the bound a writer goes on without a turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::MutexGuard;

use crate::key::Key;

/// Most aggregates that can have writers waiting at one time, a few hundred bytes each; past it the version check alone decides.
pub const UPDATE_LOCKS_MAX: usize = 4_096;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// One fair lock per aggregate that is being updated; entries go when their last writer is done.
#[derive(Debug, Default)]
pub struct UpdateLocks {
    turns: Mutex<HashMap<Key, Turn>>,
}

/// A place in the queue of one aggregate's writers. Kept until the lock it waited for is released.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    locks: &'a UpdateLocks,
    key: &'a Key,
    turn: Turn,
}

impl UpdateLocks {
    /// Queues up; `None` when the map is full and the writer goes on without a turn.
    pub(crate) fn queue<'a>(&'a self, key: &'a Key) -> Option<Place<'a>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = match turns.get(key) {
            Some(turn) => Arc::clone(turn),
            None if turns.len() >= UPDATE_LOCKS_MAX => return None,
            None => Arc::clone(turns.entry(key.clone()).or_default()),
        };
        Some(Place { locks: self, key, turn })
    }
}

impl Place<'_> {
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut turns = self.locks.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's and this one: clones are only made under the map's lock, so nobody else can come by one now.
        if Arc::strong_count(&self.turn) == 2 {
            turns.remove(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use postern_api_model::scope::Scope;

    use super::*;
    use crate::key::Kind;

    fn key(id: &str) -> Key {
        let scope = Scope { account: "000000000000".into(), region: "us-east-1".into() };
        Key { kind: Kind::REST_API, scope, id: id.into() }
    }

    #[tokio::test]
    async fn a_second_writer_waits_and_entries_go_with_the_last() {
        let locks = UpdateLocks::default();
        let key = key("a");
        let first = locks.queue(&key).unwrap();
        let held = first.turn().await;
        let second = locks.queue(&key).unwrap();
        assert!(second.turn.try_lock().is_err());
        drop(held);
        drop(first);
        assert!(second.turn.try_lock().is_ok());
        assert_eq!(locks.turns.lock().unwrap().len(), 1);
        drop(second);
        assert!(locks.turns.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
        let locks = UpdateLocks::default();
        let key = key("a");
        let first = locks.queue(&key).unwrap();
        let held = first.turn().await;
        {
            let second = locks.queue(&key).unwrap();
            let mut waiting = std::pin::pin!(second.turn());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(waiting.as_mut().poll(&mut context).is_pending());
        }
        drop(held);
        drop(first);
        assert!(locks.turns.lock().unwrap().is_empty());
    }

    #[test]
    fn past_the_bound_there_are_no_turns() {
        let locks = UpdateLocks::default();
        let keys: Vec<Key> = (0..UPDATE_LOCKS_MAX).map(|n| key(&n.to_string())).collect();
        let places: Vec<_> = keys.iter().map(|key| locks.queue(key).unwrap()).collect();
        let late = key("late");
        assert!(locks.queue(&late).is_none());
        assert!(locks.queue(&keys[0]).is_some());
        drop(places);
        assert!(locks.queue(&late).is_some());
    }
}
