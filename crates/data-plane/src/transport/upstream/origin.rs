//! What a pooled connection leads to.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use super::ClientIdentity;

/// Where a backend is and how it is spoken to: connections are shared between requests with equal origins only. Cheap to
/// clone, hash and compare.
#[derive(Debug, Clone)]
pub struct Origin(Arc<Keyed>);

#[derive(Debug, PartialEq, Eq)]
struct Keyed {
    /// Of the parts, computed once since a request looks its origin up.
    hash: u64,
    parts: Parts,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Parts {
    scheme: Scheme,
    host: String,
    port: u16,
    verify: TlsVerify,
    dialled: Option<Dialled>,
    chosen_by: ChosenBy,
    identity: Option<ClientIdentity>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Dialled {
    host: String,
    port: u16,
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

/// Whose word it is that a backend is there: the guard asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChosenBy {
    /// Whoever may write an integration.
    Api,
    /// Whoever wrote Postern's configuration, and may know a backend at a link-local or metadata address.
    Operator,
}

static HASHER: LazyLock<std::hash::RandomState> = LazyLock::new(std::hash::RandomState::new);

impl Origin {
    /// `host` is a name or an address, an IPv6 one with or without brackets, in any case. The connection is opened to it.
    pub fn new(scheme: Scheme, host: &str, port: u16, verify: TlsVerify) -> Self {
        let host = bare_host(host);
        Self::keyed(Parts { scheme, host, port, verify, dialled: None, chosen_by: ChosenBy::Api, identity: None })
    }

    fn keyed(parts: Parts) -> Self {
        Self(Arc::new(Keyed { hash: HASHER.hash_one(&parts), parts }))
    }

    /// The same backend, connected to at another name or address, such as that of the load balancer in front of it. The host
    /// stays what TLS asks for and verifies.
    #[must_use]
    pub fn connecting_to(&self, host: &str, port: u16) -> Self {
        let dialled = Some(Dialled { host: bare_host(host), port });
        Self::keyed(Parts { dialled, ..self.0.parts.clone() })
    }

    /// The same backend, by Postern's own configuration: link-local and metadata addresses may be connected to, Postern's own
    /// listeners still not.
    #[must_use]
    pub fn chosen_by_operator(&self) -> Self {
        Self::keyed(Parts { chosen_by: ChosenBy::Operator, ..self.0.parts.clone() })
    }

    /// The same backend, which is shown `identity` when it asks for a client certificate.
    #[must_use]
    pub fn presenting(&self, identity: ClientIdentity) -> Self {
        Self::keyed(Parts { identity: Some(identity), ..self.0.parts.clone() })
    }

    /// How it is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.0.parts.scheme
    }

    /// Its name or address, in lower case, without brackets.
    pub fn host(&self) -> &str {
        &self.0.parts.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.0.parts.port
    }

    /// How its certificate is checked.
    pub fn verify(&self) -> TlsVerify {
        self.0.parts.verify
    }

    /// Name or address, and port, that are connected to: its own unless [`Self::connecting_to`] says otherwise.
    pub fn dialled(&self) -> (&str, u16) {
        let Parts { host, port, dialled, .. } = &self.0.parts;
        dialled.as_ref().map_or((host, *port), |dialled| (&dialled.host, dialled.port))
    }

    /// Whose word its address is.
    pub fn chosen_by(&self) -> ChosenBy {
        self.0.parts.chosen_by
    }

    pub(super) fn identity(&self) -> Option<&ClientIdentity> {
        self.0.parts.identity.as_ref()
    }
}

fn bare_host(host: &str) -> String {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_ascii_lowercase()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_shared_only_between_requests_that_mean_the_same() {
        let origin = Origin::new(Scheme::Https, "[FD00::1]", 443, TlsVerify::Full);
        assert_eq!((origin.host(), origin.dialled()), ("fd00::1", ("fd00::1", 443)));
        let dialled = origin.connecting_to("LB.internal", 8443);
        assert_eq!((dialled.host(), dialled.port(), dialled.dialled()), ("fd00::1", 443, ("lb.internal", 8443)));
        let others = [
            Origin::new(Scheme::Http, "fd00::1", 443, TlsVerify::Full),
            Origin::new(Scheme::Https, "fd00::1", 444, TlsVerify::Full),
            Origin::new(Scheme::Https, "fd00::1", 443, TlsVerify::AnyIssuer),
            origin.chosen_by_operator(),
            dialled.chosen_by_operator(),
            origin.connecting_to("lb.internal", 443),
            dialled.clone(),
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(*other, origin, "{other:?}");
            assert!(others[..at].iter().all(|earlier| earlier != other), "{other:?}");
        }
        assert_eq!(dialled, origin.connecting_to("lb.internal", 8443));
    }
}
