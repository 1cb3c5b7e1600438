//! Whose answers were not for keeping lately.
//!
//! Where one asks for all, the others wait for it. When its answer turns out to be for itself alone they ask after it, and have waited in
//! vain. What was such an answer a moment ago most likely is one again: for it everybody asks at once.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::{Codings, Key};

/// What was not kept, and until when that is remembered.
#[derive(Debug, Default)]
pub(super) struct Unkept {
    until: HashMap<(Key, Codings), Instant>,
    /// In the order in which they are forgotten. What was noted again is in it several times; its last time counts.
    order: VecDeque<(Instant, (Key, Codings))>,
}

impl Unkept {
    /// Notes an answer that was not kept.
    pub(super) fn note(&mut self, place: (Key, Codings), now: Instant) {
        while self.order.front().is_some_and(|(until, _)| *until <= now) || self.order.len() >= UNKEPT_MAX {
            self.forget_first();
        }
        let until = now + UNKEPT_TIME;
        self.until.insert(place, until);
        self.order.push_back((until, place));
    }

    /// Whether the last answer for a place was noted a moment ago.
    pub(super) fn has(&self, place: &(Key, Codings), now: Instant) -> bool {
        self.until.get(place).is_some_and(|until| now < *until)
    }

    /// One was kept.
    pub(super) fn forget(&mut self, place: &(Key, Codings)) {
        self.until.remove(place);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn forget_first(&mut self) {
        let Some((until, place)) = self.order.pop_front() else { return };
        if self.until.get(&place) == Some(&until) {
            self.until.remove(&place);
        }
    }
}

/// Long enough for a burst, short enough that an endpoint that begins to give answers to keep is soon asked once for all again.
const UNKEPT_TIME: Duration = Duration::from_secs(5);
/// Places that are remembered: some 100 bytes each, which are in no budget. Requests for others wait as they would without.
const UNKEPT_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u16) -> (Key, Codings) {
        let mut key = Key::default();
        key[..2].copy_from_slice(&number.to_be_bytes());
        (key, Codings::default())
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_remembered_for_a_while() {
        let (mut unkept, start) = (Unkept::default(), Instant::now());
        unkept.note(place(1), start);
        assert!(unkept.has(&place(1), start) && !unkept.has(&place(2), start));
        assert!(!unkept.has(&place(1), start + UNKEPT_TIME));
        let later = start + UNKEPT_TIME / 2;
        unkept.note(place(1), later);
        unkept.note(place(2), start + UNKEPT_TIME);
        assert!(unkept.has(&place(1), start + UNKEPT_TIME), "its last time counts");
        unkept.forget(&place(1));
        assert!(!unkept.has(&place(1), later));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_bounded() {
        let (mut unkept, now) = (Unkept::default(), Instant::now());
        for number in 0..1_000 {
            unkept.note(place(number), now);
            unkept.note(place(0), now);
            assert!(unkept.order.len() <= UNKEPT_MAX && unkept.until.len() <= UNKEPT_MAX);
        }
        assert!(unkept.has(&place(0), now) && unkept.has(&place(999), now) && !unkept.has(&place(1), now));
    }
}
