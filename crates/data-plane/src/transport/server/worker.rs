//! One worker: a thread, a current-thread runtime, its sockets, its connections.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::accept::accept_loop;
use super::connection::{Connections, Order};
use super::{ListenerSettings, Stop};
use crate::transport::{Handler, UpstreamSettings, Upstreams};

/// Connections are looked at for timeouts this many times within the shortest of them.
const SWEEPS_PER_TIMEOUT: u32 = 8;
/// Bounds of the time between two looks.
const SWEEP_MS_MIN: u64 = 5;
const SWEEP_MS_MAX: u64 = 1_000;

/// A worker before it runs.
pub(super) struct Worker<H> {
    listeners: Arc<ListenerSettings>,
    upstreams: UpstreamSettings,
    handler: Arc<H>,
    stop: watch::Receiver<Stop>,
}

/// What every connection of a worker uses.
pub(super) struct Shared<H> {
    pub(super) settings: Arc<ListenerSettings>,
    pub(super) handler: Arc<H>,
    pub(super) upstreams: Upstreams,
    pub(super) connections: Arc<Connections>,
}

impl<H: Handler> Worker<H> {
    pub(super) fn new(
        listeners: Arc<ListenerSettings>,
        upstreams: UpstreamSettings,
        handler: Arc<H>,
        stop: watch::Receiver<Stop>,
    ) -> Self {
        Self { listeners, upstreams, handler, stop }
    }

    /// Serves until told to stop. Called on the worker's own thread.
    pub(super) fn run(self, sockets: Vec<TcpListener>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.serve(sockets));
        // A name being looked up on a helper thread is not waited for.
        runtime.shutdown_background();
        result
    }

    async fn serve(self, sockets: Vec<TcpListener>) -> io::Result<()> {
        let Self { listeners, upstreams, handler, mut stop } = self;
        let sweep_every = sweep_interval(&listeners);
        let connections = Arc::new(Connections::new(&listeners));
        let shared = Arc::new(Shared {
            settings: listeners,
            handler,
            upstreams: Upstreams::new(upstreams),
            connections: Arc::clone(&connections),
        });
        let mut accepting = JoinSet::new();
        for socket in sockets {
            let socket = tokio::net::TcpListener::from_std(socket)?;
            accepting.spawn(accept_loop(socket, Arc::clone(&shared), stop.clone()));
        }
        let sweeping = tokio::spawn(sweep(Arc::clone(&connections), sweep_every));
        // An error means that the workers were dropped, which stops them too.
        let told = stop.wait_for(|stop| *stop != Stop::Not).await.map_or(Stop::Now, |stop| *stop);
        if told == Stop::Drain {
            while accepting.join_next().await.is_some() {}
            connections.order_all(Order::Drain);
            tokio::select! {
                () = connections.all_closed() => {}
                _ = stop.wait_for(|stop| *stop == Stop::Now) => {}
            }
        }
        sweeping.abort();
        Ok(())
    }
}

async fn sweep(connections: Arc<Connections>, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        connections.sweep();
    }
}

pub(super) fn sweep_interval(settings: &ListenerSettings) -> Duration {
    let shortest = settings.header_timeout.min(settings.body_timeout).min(settings.idle_timeout);
    (shortest / SWEEPS_PER_TIMEOUT).clamp(Duration::from_millis(SWEEP_MS_MIN), Duration::from_millis(SWEEP_MS_MAX))
}
