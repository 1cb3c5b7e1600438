//! Opening a connection: resolve, guard, TCP, TLS, and the tasks that own it.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use super::connection::Lease;
use super::guard::Guard;
use super::host::{Host, Place};
use super::io::{HeadBudget, UpstreamIo};
use super::race::{interleaved, race};
use super::resolve::CachedResolver;
use super::tls::TlsClients;
use super::waking::{Alarm, Listener};
use super::{Origin, Scheme, Slot, UpstreamError, UpstreamSettings, http2};

/// Read buffer of one backend connection at most; also how much of a body is passed on at a time.
const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Addresses of one name that are tried.
const ADDRESSES_TRIED_MAX: usize = 8;

/// A socket, ready for its first request.
struct Opened {
    io: UpstreamIo,
    budget: HeadBudget,
    place: Place,
    is_http2: bool,
}

/// Opens connections.
pub(super) struct Connector {
    resolver: CachedResolver,
    guard: Guard,
    tls: TlsClients,
    attempt_timeout: Duration,
}

impl Connector {
    pub(super) fn new(settings: UpstreamSettings, resolver: CachedResolver) -> Self {
        Self {
            guard: Guard::new(&settings),
            resolver,
            tls: TlsClients::new(&settings),
            attempt_timeout: settings.connect_attempt_timeout,
        }
    }

    /// A fresh connection to the slot's origin. Its tasks hold `slot` until they have ended.
    pub(super) async fn connect(&self, slot: Slot) -> Result<Lease, UpstreamError> {
        let opened = self.open(slot.origin(), slot.host()).await;
        let Opened { io, budget, place, is_http2 } = opened.inspect_err(|_| slot.failed())?;
        if is_http2 { http2::begin(io, slot, place).await } else { begin_http1(io, budget, slot, place).await }
    }

    async fn open(&self, origin: &Origin, host: &Host) -> Result<Opened, UpstreamError> {
        let (tcp, place) = self.connect_tcp(origin, host).await?;
        let budget = HeadBudget::default();
        if origin.scheme() == Scheme::Http {
            return Ok(Opened { io: UpstreamIo::plain(tcp, budget.clone()), budget, place, is_http2: false });
        }
        let name = ServerName::try_from(origin.host().to_owned()).map_err(|error| UpstreamError::Tls(io::Error::other(error)))?;
        let connector = self.tls.connector(origin.verify(), origin.identity()).map_err(UpstreamError::Tls)?;
        let stream = connector.connect(name, tcp).await.map_err(UpstreamError::Tls)?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(http2::ALPN);
        Ok(Opened { io: UpstreamIo::tls(stream, budget.clone()), budget, place, is_http2 })
    }

    /// Tries the name's addresses as [`race`] does, those that the guard refuses left out. A refusal is reported if there is no other
    /// address.
    pub(super) async fn connect_tcp(&self, origin: &Origin, host: &Host) -> Result<(TcpStream, Place), UpstreamError> {
        let (name, port) = origin.dialled();
        let addresses = self.resolver.resolve(name).await?;
        let epoch = host.resolved(&addresses);
        let mut refusal = None;
        let mut allowed = Vec::with_capacity(addresses.len().min(ADDRESSES_TRIED_MAX));
        for ip in interleaved(&addresses) {
            let address = SocketAddr::new(ip, port);
            match self.guard.check(address, origin.chosen_by()) {
                Ok(()) => allowed.push(address),
                Err(refused) => refusal = Some(refused),
            }
        }
        if let (true, Some(refused)) = (allowed.is_empty(), refusal) {
            return Err(refused);
        }
        allowed.truncate(ADDRESSES_TRIED_MAX);
        let (stream, address) = race(allowed, |address| self.attempt(address)).await.map_err(UpstreamError::Connect)?;
        // Heads and bodies are written in one go; waiting for more to send only delays them.
        stream.set_nodelay(true).map_err(UpstreamError::Connect)?;
        Ok((stream, Place { address: address.ip(), epoch }))
    }

    async fn attempt(&self, address: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
        let connecting = tokio::time::timeout(self.attempt_timeout, TcpStream::connect(address));
        Ok((connecting.await.map_err(io::Error::from)??, address))
    }
}

async fn begin_http1(io: UpstreamIo, budget: HeadBudget, slot: Slot, place: Place) -> Result<Lease, UpstreamError> {
    let (sender, mut connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(READ_BUFFER_BYTES_MAX)
        .writev(false)
        .handshake(io)
        .await
        .map_err(|error| UpstreamError::Network { reason: error.to_string(), sent: false })?;
    slot.opened_http1();
    let alarm = Arc::<Alarm>::default();
    let lease = Lease::http1(&slot, sender, budget, Arc::clone(&alarm), place);
    tokio::spawn(async move {
        let _slot = slot;
        let listener = Listener::new(alarm);
        if let Err(error) = poll_fn(|cx| listener.poll(cx, |cx| Pin::new(&mut connection).poll(cx))).await {
            tracing::debug!(%error, "backend connection ended");
        }
    });
    Ok(lease)
}
