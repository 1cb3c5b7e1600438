//! SIGTERM and SIGINT: the first one drains, the second one exits.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// What shells call an end by SIGINT.
const EXIT_INTERRUPTED: i32 = 130;

/// Both signals.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from here on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn new() -> Result<Self, Failure> {
        let take = |kind| signal(kind).map_err(|error| Failure::System { doing: "take over signals", reason: error.to_string() });
        Ok(Self { terminate: take(SignalKind::terminate())?, interrupt: take(SignalKind::interrupt())? })
    }

    /// Waits for either.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Ends the process at the next one, whatever is still under way.
    pub fn exit_at_the_next(mut self) {
        tokio::spawn(async move {
            self.next().await;
            crate::logging::flush();
            std::process::exit(EXIT_INTERRUPTED);
        });
    }
}
