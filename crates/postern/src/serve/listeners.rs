//! From the configuration to sockets and files.

use std::net::SocketAddr;
use std::sync::Arc;

use postern_data_plane::Gateway;
use postern_data_plane::transport::{ListenerSettings, UpstreamCounts, UpstreamSettings, Workers};
use tokio::net::TcpListener;

use crate::config::{Settings, table};
use crate::failure::Failure;

/// Takes the management address.
///
/// # Errors
/// When it is in use or not this machine's.
pub async fn bind_management(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| cannot_listen(&table::MANAGEMENT_ADDRESS, address, &error))
}

/// With the port that was taken for port 0.
///
/// # Errors
/// When the system does not know.
pub fn local_address(listener: &TcpListener, asked: SocketAddr) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(|error| cannot_listen(&table::MANAGEMENT_ADDRESS, asked, &error))
}

/// How backends are connected to; the workers add their own addresses to what is refused.
pub fn upstream_settings(settings: &Settings, management: SocketAddr, counts: Arc<UpstreamCounts>) -> UpstreamSettings {
    UpstreamSettings {
        allowed_addresses: settings.allowed_addresses.clone(),
        http2: settings.http2_backends,
        own_addresses: vec![management],
        counts,
        ..UpstreamSettings::default()
    }
}

/// Starts to serve traffic.
///
/// # Errors
/// When the address is in use or not this machine's, or there are no threads.
pub fn start_workers(settings: &Settings, upstreams: UpstreamSettings, gateway: Arc<Gateway>) -> Result<Workers, Failure> {
    let http = &settings.http;
    let failed = |error: std::io::Error| cannot_listen(&table::HTTP_ADDRESS, http.address, &error);
    // The workers share their port among themselves (SO_REUSEPORT), and would share it with another server just as silently.
    drop(std::net::TcpListener::bind(http.address).map_err(failed)?);
    let listeners = ListenerSettings {
        addresses: vec![http.address],
        workers: http.workers.get(),
        connections_per_worker_max: http.connections_per_worker_max,
        header_timeout: http.header_timeout,
        body_timeout: http.body_timeout,
        idle_timeout: http.idle_timeout,
        max_body_bytes: http.max_body_bytes as u64,
        max_header_bytes: http.max_header_bytes,
        max_target_bytes: http.max_target_bytes,
    };
    Workers::start(listeners, upstreams, gateway).map_err(failed)
}

fn cannot_listen(key: &table::Key, address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::Listen { key: key.path, address, reason: error.to_string() }
}
