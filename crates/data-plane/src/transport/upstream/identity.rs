//! The certificate that a connection shows to its backend, as a stage's client certificate is.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aws_lc_rs::digest;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

/// Bytes of a [`ClientIdentity`]'s id: SHA-256.
const ID_BYTES: usize = 32;

/// A certificate chain and its private key. Cheap to clone. Two are equal only when chain and key are the same bytes, so that no
/// connection on which one was shown is used for requests that show another one, or none.
#[derive(Clone)]
pub struct ClientIdentity(Arc<Identity>);

struct Identity {
    id: [u8; ID_BYTES],
    resolver: Arc<dyn ResolvesClientCert>,
}

/// Why a certificate and a key are no [`ClientIdentity`]. Never holds a part of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the client certificate cannot be used: {0}")]
pub struct ClientIdentityError(String);

impl ClientIdentity {
    /// The certificate, those of its issuers behind it, and its key, in PEM.
    ///
    /// # Errors
    /// When there is no certificate or no key in the text, or the two do not belong together.
    pub fn from_pem(certificates: &str, key: &str) -> Result<Self, ClientIdentityError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates.as_bytes()).collect();
        let chain = chain.map_err(|error| ClientIdentityError(format!("its certificates are no PEM: {error}")))?;
        // The reader's own error could quote the text.
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| ClientIdentityError("its private key is no PEM".to_owned()))?;
        Self::new(chain, key)
    }

    /// The certificate, those of its issuers behind it, and its key.
    ///
    /// # Errors
    /// When there is no certificate, the key is of no known kind, or the two do not belong together.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, ClientIdentityError> {
        if chain.is_empty() {
            return Err(ClientIdentityError("there is no certificate".to_owned()));
        }
        let id = id_of(&chain, key.secret_der());
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|error| ClientIdentityError(error.to_string()))?;
        Ok(Self(Arc::new(Identity { id, resolver: Arc::new(SingleCertAndKey::from(certified)) })))
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::clone(&self.0.resolver)
    }
}

/// Each part with its length, so that no two lists of parts look the same.
fn id_of(chain: &[CertificateDer<'_>], key: &[u8]) -> [u8; ID_BYTES] {
    let mut digest = digest::Context::new(&digest::SHA256);
    for part in chain.iter().map(AsRef::as_ref).chain([key]) {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

impl PartialEq for ClientIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for ClientIdentity {}

impl Hash for ClientIdentity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

/// Says that there is one, and nothing of it: its id is made of the key, too.
impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity")
    }
}
