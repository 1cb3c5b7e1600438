//! From the configuration to sockets and files.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::sync::Arc;

use postern_data_plane::transport::{ListenerSettings, UpstreamCounts, UpstreamSettings, Workers};
use postern_data_plane::{AccessLog, Gateway};
use tokio::net::TcpListener;

use crate::config::{LineTarget, Settings, table};
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

/// Opens the access log.
///
/// # Errors
/// When its file cannot be written.
pub fn access_log(target: &LineTarget) -> Result<AccessLog, Failure> {
    match target {
        LineTarget::Off => Ok(AccessLog::off()),
        LineTarget::Stderr => Ok(AccessLog::to_writer(Box::new(std::io::stderr()))),
        LineTarget::File(path) => {
            let file = OpenOptions::new().append(true).create(true).open(path).map_err(|error| Failure::File {
                what: "the access log",
                path: path.clone(),
                reason: error.to_string(),
            })?;
            Ok(AccessLog::to_writer(Box::new(file)))
        }
    }
}

fn cannot_listen(key: &table::Key, address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::Listen { key: key.path, address, reason: error.to_string() }
}
