//! A timer for what seldom has to be waited for.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

/// A timer that costs nothing until something has to be waited for, and little when it is used again: it stays with the
/// runtime's wheel, where a later deadline is a single store. One that fires unused wakes the task that used it last, in vain.
#[derive(Default)]
pub(super) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    running: bool,
}

impl Timer {
    /// Ready once the instant has passed that `deadline` gave when waiting began.
    pub(super) fn poll_expired(&mut self, cx: &mut Context<'_>, deadline: impl FnOnce() -> Instant) -> Poll<()> {
        if !self.running {
            self.running = true;
            let deadline = deadline();
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(deadline),
                None => self.sleep = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
        }
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    /// Waiting is over; the next one has a deadline of its own.
    pub(super) fn stop(&mut self) {
        self.running = false;
    }
}
