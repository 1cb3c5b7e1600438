//! What a pooled connection leads to.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

/// Where a backend is and how it is spoken to: connections are shared between requests with equal origins only. Cheap to
/// clone, hash and compare.
#[derive(Debug, Clone)]
pub struct Origin(Arc<Parts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Parts {
    scheme: Scheme,
    host: String,
    port: u16,
    verify: TlsVerify,
    /// Of the other fields, computed once since a request looks its origin up.
    hash: u64,
}

/// How an origin is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain TCP.
    Http,
    /// TLS.
    Https,
}

/// How a backend's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsVerify {
    /// Issued by a trusted authority for the host.
    Full,
    /// `tlsConfig.insecureSkipVerification`: any issuer; name and dates are still checked (AWS API reference, `TlsConfig`).
    AnyIssuer,
}

static HASHER: LazyLock<std::hash::RandomState> = LazyLock::new(std::hash::RandomState::new);

impl Origin {
    /// `host` is a name or an address, an IPv6 one with or without brackets, in any case.
    pub fn new(scheme: Scheme, host: &str, port: u16, verify: TlsVerify) -> Self {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_ascii_lowercase();
        let hash = HASHER.hash_one((scheme, &host, port, verify));
        Self(Arc::new(Parts { scheme, host, port, verify, hash }))
    }

    /// How it is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    /// Its name or address, in lower case, without brackets.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// How its certificate is checked.
    pub fn verify(&self) -> TlsVerify {
        self.0.verify
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

/// Takes an [`Origin`]'s own hash, which is keyed already, as it is.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct OriginHasher(u64);

impl Hasher for OriginHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
