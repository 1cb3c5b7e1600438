//! Listeners: worker threads that accept connections, read requests strictly and hand them to the [`Handler`].

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

mod accept;
mod client_io;
mod connection;
mod http1;
mod http2;
mod refuse;
mod service;
mod sniff;
mod stalled;
mod worker;

use super::{Handler, UpstreamSettings};
use worker::Worker;

/// Time for a request's whole head, from its first byte.
pub const HEADER_TIMEOUT_MS: u64 = 10_000;
/// Time between two parts of a request's body, and for a client to take a part of an answer.
pub const BODY_TIMEOUT_MS: u64 = 30_000;
/// How long a connection without a request is kept: longer than the 60 s of common clients' pools and balancers in front.
pub const IDLE_TIMEOUT_MS: u64 = 75_000;
/// AWS's limit on a payload (quotas of API Gateway).
pub const BODY_BYTES_MAX: u64 = 10_485_760;
/// AWS's limit on the total of names, values and line ends of a request's header fields (quotas of API Gateway).
pub const HEADERS_BYTES_MAX: usize = 10_240;
/// Length of a request's target: AWS documents none of its own, its fields' limit serves.
pub const TARGET_BYTES_MAX: usize = 10_240;
/// Connections of one worker: a file descriptor and some 21 KiB each, once they have been used.
pub const CONNECTIONS_PER_WORKER_MAX: usize = 16_384;
/// Connections that the kernel completes ahead of being accepted; it caps this at `net.core.somaxconn`.
const BACKLOG: i32 = 4_096;

/// What is listened on and what is borne from clients.
#[derive(Debug, Clone)]
pub struct ListenerSettings {
    /// Addresses to listen on; port 0 takes a free one.
    pub addresses: Vec<SocketAddr>,
    /// Threads, each with its own sockets, runtime and backend connections.
    pub workers: usize,
    /// See [`CONNECTIONS_PER_WORKER_MAX`].
    pub connections_per_worker_max: usize,
    /// See [`HEADER_TIMEOUT_MS`].
    pub header_timeout: Duration,
    /// See [`BODY_TIMEOUT_MS`].
    pub body_timeout: Duration,
    /// See [`IDLE_TIMEOUT_MS`].
    pub idle_timeout: Duration,
    /// See [`BODY_BYTES_MAX`].
    pub max_body_bytes: u64,
    /// See [`HEADERS_BYTES_MAX`].
    pub max_header_bytes: usize,
    /// See [`TARGET_BYTES_MAX`].
    pub max_target_bytes: usize,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            workers: std::thread::available_parallelism().map_or(1, Into::into),
            connections_per_worker_max: CONNECTIONS_PER_WORKER_MAX,
            header_timeout: Duration::from_millis(HEADER_TIMEOUT_MS),
            body_timeout: Duration::from_millis(BODY_TIMEOUT_MS),
            idle_timeout: Duration::from_millis(IDLE_TIMEOUT_MS),
            max_body_bytes: BODY_BYTES_MAX,
            max_header_bytes: HEADERS_BYTES_MAX,
            max_target_bytes: TARGET_BYTES_MAX,
        }
    }
}

/// The running workers. Dropping them stops everything at once; [`Workers::drain`] lets requests finish.
pub struct Workers {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<Stop>,
    threads: Vec<(JoinHandle<()>, oneshot::Receiver<()>)>,
}

/// What workers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Not,
    /// Accept nothing, finish what has been received.
    Drain,
    /// Close everything.
    Now,
}

impl Workers {
    /// Binds every address and starts to serve it. The listeners' own addresses are refused as backends.
    ///
    /// # Errors
    ///
    /// When an address cannot be bound, or a thread not started: then nothing runs.
    pub fn start(listeners: ListenerSettings, upstreams: UpstreamSettings, handler: impl Handler) -> io::Result<Self> {
        let workers = listeners.workers.max(1);
        let (sockets, addresses) = bind(&listeners.addresses, workers)?;
        let mut upstreams = upstreams;
        upstreams.own_addresses.extend(&addresses);
        let listeners = Arc::new(listeners);
        let handler = Arc::new(handler);
        let (stop, stopped) = watch::channel(Stop::Not);
        let mut threads = Vec::with_capacity(workers);
        for (number, sockets) in sockets.into_iter().enumerate() {
            let worker = Worker::new(Arc::clone(&listeners), upstreams.clone(), Arc::clone(&handler), stopped.clone());
            let (done, ended) = oneshot::channel();
            let thread = std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
                if let Err(error) = worker.run(sockets) {
                    tracing::error!(%error, "worker ended");
                }
                // Nobody waits when the workers have been dropped.
                let _ = done.send(());
            })?;
            threads.push((thread, ended));
        }
        Ok(Self { addresses, stop, threads })
    }

    /// What is listened on, in the order of the settings, with the ports that were taken for port 0.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops accepting, lets requests that have begun finish for up to `timeout`, then closes what is left.
    pub async fn drain(mut self, timeout: Duration) {
        self.stop.send_replace(Stop::Drain);
        let deadline = tokio::time::Instant::now() + timeout;
        for (thread, mut ended) in std::mem::take(&mut self.threads) {
            if tokio::time::timeout_at(deadline, &mut ended).await.is_err() {
                self.stop.send_replace(Stop::Now);
                // The worker's loop hears it at once; an error means that it has ended.
                let _ = ended.await;
            }
            // It has sent its last word: joining does not wait.
            let _ = thread.join();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.send_replace(Stop::Now);
    }
}

type WorkerSockets = Vec<TcpListener>;

/// For each worker a socket for each address, and the addresses.
fn bind(addresses: &[SocketAddr], workers: usize) -> io::Result<(Vec<WorkerSockets>, Vec<SocketAddr>)> {
    let mut sockets: Vec<WorkerSockets> = (0..workers).map(|_| Vec::with_capacity(addresses.len())).collect();
    let mut bound = Vec::with_capacity(addresses.len());
    for address in addresses {
        let mut address = *address;
        for worker in &mut sockets {
            let socket = listen(address).map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
            address = socket.local_addr()?;
            worker.push(socket);
        }
        bound.push(address);
    }
    Ok((sockets, bound))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    // Each worker has its own queue of the port, so that they share no lock and the kernel spreads connections.
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
