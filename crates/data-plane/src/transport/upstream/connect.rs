//! Opening a connection: resolve, guard, TCP, TLS, and the task that owns it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use super::guard::Guard;
use super::io::{HeadBudget, UpstreamIo};
use super::pool::{Lease, Slot};
use super::race::{interleaved, race};
use super::resolve::CachedResolver;
use super::tls::TlsClients;
use super::{Origin, Scheme, UpstreamError, UpstreamSettings};

/// Read buffer of one backend connection at most; also how much of a body is passed on at a time.
const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Addresses of one name that are tried.
const ADDRESSES_TRIED_MAX: usize = 8;

/// Opens connections.
pub(super) struct Connector {
    resolver: CachedResolver,
    guard: Guard,
    tls: TlsClients,
    attempt_timeout: Duration,
}

impl Connector {
    pub(super) fn new(settings: UpstreamSettings) -> Self {
        Self {
            guard: Guard::new(&settings),
            resolver: CachedResolver::new(Arc::clone(&settings.resolver), settings.dns_cache_ttl),
            tls: TlsClients::new(settings.extra_roots),
            attempt_timeout: settings.connect_attempt_timeout,
        }
    }

    /// A fresh connection to `origin`. Its task holds `slot` until it has ended.
    pub(super) async fn connect(&self, origin: &Origin, slot: Slot) -> Result<Lease, UpstreamError> {
        let tcp = self.connect_tcp(origin).await?;
        let budget = HeadBudget::default();
        let io = match origin.scheme() {
            Scheme::Http => UpstreamIo::plain(tcp, budget.clone()),
            Scheme::Https => {
                let name = ServerName::try_from(origin.host().to_owned())
                    .map_err(|error| UpstreamError::Tls(io::Error::other(error)))?;
                let connector = self.tls.connector(origin.verify(), origin.identity()).map_err(UpstreamError::Tls)?;
                let stream = connector.connect(name, tcp).await.map_err(UpstreamError::Tls)?;
                UpstreamIo::tls(stream, budget.clone())
            }
        };
        let (sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(READ_BUFFER_BYTES_MAX)
            .writev(false)
            .handshake(io)
            .await
            .map_err(|error| UpstreamError::Network { reason: error.to_string(), sent: false })?;
        let lease = slot.lease(sender, budget);
        tokio::spawn(async move {
            let _slot = slot;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "backend connection ended");
            }
        });
        Ok(lease)
    }

    /// Tries the name's addresses as [`race`] does, those that the guard refuses left out. A refusal is reported if there is no other
    /// address.
    async fn connect_tcp(&self, origin: &Origin) -> Result<TcpStream, UpstreamError> {
        let (host, port) = origin.dialled();
        let addresses = self.resolver.resolve(host).await?;
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
        let stream = race(allowed, |address| self.attempt(address)).await.map_err(UpstreamError::Connect)?;
        // Heads and bodies are written in one go; waiting for more to send only delays them.
        stream.set_nodelay(true).map_err(UpstreamError::Connect)?;
        Ok(stream)
    }

    async fn attempt(&self, address: SocketAddr) -> io::Result<TcpStream> {
        tokio::time::timeout(self.attempt_timeout, TcpStream::connect(address)).await.map_err(io::Error::from)?
    }
}
