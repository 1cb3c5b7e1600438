//! Why a backend gave no answer.

use std::net::SocketAddr;

use crate::transport::BodyError;

/// Why a backend gave no answer that can be passed on.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The host has no address, or is no host name.
    #[error("`{host}` cannot be resolved: {reason}")]
    InvalidAddress {
        /// As configured.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// The address is one that backends must not have.
    #[error("{address} is refused as a backend address: {reason}")]
    Refused {
        /// The resolved address.
        address: SocketAddr,
        /// Which rule refused it.
        reason: &'static str,
    },
    /// No address accepted a connection.
    #[error("no connection: {0}")]
    Connect(#[source] std::io::Error),
    /// TLS failed: the certificate above all.
    #[error("no TLS connection: {0}")]
    Tls(#[source] std::io::Error),
    /// The deadline passed.
    #[error("no answer in time")]
    Timeout {
        /// Whether the backend may have seen the request.
        sent: bool,
    },
    /// The connection was closed or reset before the answer's head.
    #[error("the connection broke off before an answer: {reason}")]
    Network {
        /// What happened.
        reason: String,
        /// Whether the backend may have seen the request.
        sent: bool,
    },
    /// What came back is not HTTP, or could be read in two ways.
    #[error("the answer is malformed: {reason}")]
    Protocol {
        /// What is wrong with it.
        reason: String,
    },
    /// The request's own body failed; the backend saw a part of the request at most.
    #[error("the request's body failed: {0}")]
    RequestBody(BodyError),
}

impl UpstreamError {
    /// Whether the backend may have seen the request, so that sending it again could do its work twice.
    pub fn sent(&self) -> bool {
        match self {
            Self::InvalidAddress { .. } | Self::Refused { .. } | Self::Connect(_) | Self::Tls(_) => false,
            Self::Timeout { sent } | Self::Network { sent, .. } => *sent,
            Self::Protocol { .. } | Self::RequestBody(_) => true,
        }
    }

    pub(super) fn protocol(reason: impl Into<String>) -> Self {
        Self::Protocol { reason: reason.into() }
    }

    pub(super) fn from_exchange(error: &hyper::Error, sent: bool) -> Self {
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            if let Some(body) = inner.downcast_ref::<BodyError>() {
                return Self::RequestBody(*body);
            }
            if let Some(io) = inner.downcast_ref::<std::io::Error>()
                && io.kind() == std::io::ErrorKind::InvalidData
            {
                return Self::protocol(io.to_string());
            }
            if inner.downcast_ref::<h2::Error>().is_some_and(is_malformed) {
                return Self::protocol(inner.to_string());
            }
            cause = inner.source();
        }
        if error.is_parse() {
            return Self::protocol(error.to_string());
        }
        Self::Network { reason: error.to_string(), sent }
    }
}

/// What the HTTP/2 library itself found wrong.
fn is_malformed(error: &h2::Error) -> bool {
    error.is_library() && matches!(error.reason(), Some(h2::Reason::PROTOCOL_ERROR | h2::Reason::COMPRESSION_ERROR))
}
