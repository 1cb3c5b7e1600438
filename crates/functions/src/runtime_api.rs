//! The Lambda Runtime API: what a function's process asks. A small HTTP server on a loopback port, one for each process, because clients
//! know nothing else than an address.
//!
//! * [`requests`] answers one request.
//!
//! Nothing is decided here: a request becomes an [`Asked`], and the environment that owns the process answers it.

mod requests;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_api_model::ports::{FunctionPiece, RUNTIME_API_ADDRESS};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::failure::Failure;
use crate::job::{Event, Outcome};
use crate::limits::CONNECTIONS_MAX;

/// Requests that wait for the environment: one for each connection.
const ASKED_MAX: usize = CONNECTIONS_MAX;

/// What a process asks.
#[derive(Debug)]
pub enum Asked {
    /// For the next event.
    Next(oneshot::Sender<Result<Delivery, Refusal>>),
    /// To say what an invocation came to.
    Begin {
        /// Of the invocation.
        request_id: String,
        /// How it will be said.
        answer: Answer,
        /// Where it goes, or why it is not taken.
        reply: oneshot::Sender<Result<Sink, Refusal>>,
    },
    /// That was it.
    Done {
        /// Of the invocation.
        request_id: String,
        /// What it came to.
        outcome: Outcome,
    },
    /// To say that the process will never be ready.
    InitError {
        /// Why.
        failure: Failure,
        /// Whether it is taken.
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
}

/// An event for the process.
#[derive(Debug)]
pub struct Delivery {
    /// The event.
    pub event: Event,
    /// Milliseconds since 1970.
    pub deadline_ms: u64,
}

/// How an answer comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As a result.
    Result {
        /// As the function says.
        content_type: Option<String>,
        /// Whether it is sent as it is made.
        mode: Mode,
    },
    /// As an error object.
    Error,
}

/// `Lambda-Runtime-Function-Response-Mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Whole.
    Buffered,
    /// In pieces.
    Streaming,
}

/// Where an answer goes.
#[derive(Debug)]
pub enum Sink {
    /// Nowhere before it is whole.
    Collect,
    /// To the caller, piece by piece.
    Pieces(mpsc::Sender<FunctionPiece>),
}

/// Why a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such invocation, or one that is over.
    InvalidRequestId,
    /// Not now.
    InvalidStateTransition {
        /// The state, in the words of AWS's emulator.
        from: &'static str,
        /// The one asked for.
        to: &'static str,
    },
}

/// The server of one process.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    asked: mpsc::Receiver<Asked>,
    /// Taken when the process has ended: what it sent last is still read.
    stop: Option<oneshot::Sender<()>>,
}

impl RuntimeApi {
    /// Listens.
    ///
    /// # Errors
    /// When the machine has no port or descriptor left.
    pub async fn listen() -> std::io::Result<Self> {
        let listener = match TcpListener::bind((RUNTIME_API_ADDRESS, 0)).await {
            // Not every system has the whole of 127.0.0.0/8; macOS has the one address.
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
            bound => bound?,
        };
        let address = listener.local_addr()?;
        let (sender, asked) = mpsc::channel(ASKED_MAX);
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(accept(listener, sender, stopped));
        Ok(Self { address, asked, stop: Some(stop) })
    }

    /// `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is asked next; `None` once nothing is open after [`Self::stop`].
    pub async fn asked(&mut self) -> Option<Asked> {
        self.asked.recv().await
    }

    /// Takes no new connections, but for those that are there already.
    pub fn stop(&mut self) {
        self.stop = None;
    }
}

async fn accept(listener: TcpListener, asked: mpsc::Sender<Asked>, mut stopped: oneshot::Receiver<()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            biased;
            accepted = listener.accept() => accepted,
            _ = &mut stopped => return,
        };
        match accepted {
            Ok((stream, _)) => match room.clone().try_acquire_owned() {
                Ok(permit) => {
                    let asked = asked.clone();
                    tokio::spawn(async move {
                        serve(stream, asked).await;
                        drop(permit);
                    });
                }
                // Closing it tells the client at once; one that is left waiting would look like a function that hangs.
                Err(_) => {
                    tracing::warn!("a function has more than {CONNECTIONS_MAX} connections to its runtime API: one is refused")
                }
            },
            Err(error) => {
                // Out of descriptors: the loop must not spin on it.
                tracing::warn!(%error, "a function's connection cannot be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, asked: mpsc::Sender<Asked>) {
    // Without it, a small answer waits for the client's delayed acknowledgement.
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| {
        let asked = asked.clone();
        async move { Ok::<_, std::convert::Infallible>(requests::answer(request, &asked).await) }
    });
    // How a function's connection ends is its own affair; what matters of it shows in the request that it cuts off.
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

/// A whole answer.
pub type Reply = http::Response<http_body_util::Full<Bytes>>;
