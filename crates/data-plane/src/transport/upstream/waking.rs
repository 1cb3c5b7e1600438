//! Waking the task of a connection to a backend, but not for nothing.
//!
//! Whoever takes a part of a body out of hyper's hands wakes the connection's task, so that it reads on. With the last part there is
//! nothing left to read, and the task is polled in vain: three of a hundred instructions of a proxied request. So the task is woken
//! through an [`Alarm`], which is deaf on the thread that takes a part, and the taker wakes it if there is more to come.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

thread_local! {
    static HEARING: Cell<Hearing> = const { Cell::new(Hearing::All) };
}

/// Whether this thread's calls come through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hearing {
    All,
    Nothing,
    /// Nothing, and there was a call.
    Missed,
}

/// Wakes one connection's task.
#[derive(Default)]
pub(super) struct Alarm {
    task: OnceLock<Waker>,
}

/// The connection's end of it.
pub(super) struct Listener {
    alarm: Arc<Alarm>,
    waker: Waker,
}

/// Whether the task was called while nothing was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    Yes,
    No,
}

impl Alarm {
    /// Wakes the task.
    pub(super) fn call(&self) {
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        match HEARING.get() {
            Hearing::All => self.call(),
            Hearing::Nothing | Hearing::Missed => HEARING.set(Hearing::Missed),
        }
    }
}

impl Listener {
    pub(super) fn new(alarm: Arc<Alarm>) -> Self {
        Self { waker: Waker::from(Arc::clone(&alarm)), alarm }
    }

    /// Polls what the task consists of, which is woken through the alarm. The polling task must always be the same one.
    pub(super) fn poll<T>(&self, cx: &Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        self.alarm.task.get_or_init(|| cx.waker().clone());
        poll(&mut Context::from_waker(&self.waker))
    }
}

/// Runs `take`, which must do nothing but take a part of a body, and wakes no connection's task meanwhile.
pub(super) fn unheard<T>(take: impl FnOnce() -> T) -> (T, Called) {
    /// Hears again, even after a panic.
    struct Deaf;

    impl Drop for Deaf {
        fn drop(&mut self) {
            HEARING.set(Hearing::All);
        }
    }

    HEARING.set(Hearing::Nothing);
    let deaf = Deaf;
    let taken = take();
    let called = if HEARING.get() == Hearing::Missed { Called::Yes } else { Called::No };
    drop(deaf);
    (taken, called)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn a_task_is_called_unless_its_caller_is_taking_a_part() {
        let (count, alarm) = (Arc::new(Count::default()), Arc::new(Alarm::default()));
        let task = Waker::from(Arc::clone(&count));
        let mut woken = None;
        let polled = Listener::new(Arc::clone(&alarm)).poll(&Context::from_waker(&task), |cx| {
            woken = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        assert!(polled.is_pending());
        let waker = woken.unwrap();
        waker.wake_by_ref();
        assert_eq!(count.0.load(Relaxed), 1);
        assert_eq!(unheard(|| waker.wake_by_ref()).1, Called::Yes);
        assert_eq!(unheard(|| ()).1, Called::No);
        // Other threads are heard.
        assert_eq!(unheard(|| std::thread::scope(|scope| scope.spawn(|| waker.wake_by_ref()).join().unwrap())).1, Called::No);
        assert_eq!(count.0.load(Relaxed), 2);
        std::panic::catch_unwind(|| unheard(|| panic!("while taking"))).unwrap_err();
        waker.wake();
        assert_eq!(count.0.load(Relaxed), 3);
    }
}
