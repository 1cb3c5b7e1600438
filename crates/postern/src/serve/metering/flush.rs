//! When counts are stored: at an interval, before usage is read or changed, and at the end.

use std::sync::Arc;
use std::time::Duration;

use postern_api_model::ports::{PortFuture, UsageMeter, UsageSink};
use postern_data_plane::Gateway;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

/// What a crash forgets at most: requests that were admitted since.
const QUOTA_FLUSH_MS: u64 = 1_000;
/// How often the end tries to store what is left.
const LAST_TRIES: u32 = 3;
const LAST_WAIT: Duration = Duration::from_millis(500);

/// Stores what a gateway counts.
pub struct Flushing {
    gateway: Arc<Gateway>,
    sink: Arc<dyn UsageSink>,
    stopped: Notify,
}

impl Flushing {
    /// From `gateway` into `sink`.
    pub fn new(gateway: Arc<Gateway>, sink: Arc<dyn UsageSink>) -> Self {
        Self { gateway, sink, stopped: Notify::new() }
    }

    /// Ends [`Self::run`] once what it writes is written: broken off, it would not know whether that is counted.
    pub fn stop(&self) {
        self.stopped.notify_one();
    }

    /// Until it is stopped.
    pub async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(Duration::from_millis(QUOTA_FLUSH_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.stopped.notified() => return,
            }
            if let Err(reason) = self.gateway.flush_usage(self.sink.as_ref()).await {
                tracing::warn!(reason, "what usage plans counted cannot be stored now; it is kept and tried again");
            }
        }
    }

    /// Stores what is left, once nothing is admitted any more.
    pub async fn finish(&self) {
        for attempt in 1..=LAST_TRIES {
            match self.gateway.flush_usage(self.sink.as_ref()).await {
                Ok(()) => return,
                Err(reason) => tracing::error!(reason, attempt, "what usage plans counted cannot be stored"),
            }
            tokio::time::sleep(LAST_WAIT).await;
        }
    }
}

impl UsageMeter for Flushing {
    fn settle(&self) -> PortFuture<'_, Result<(), String>> {
        Box::pin(self.gateway.flush_usage(self.sink.as_ref()))
    }
}
