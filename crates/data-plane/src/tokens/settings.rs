//! What the operator says of issuers. An issuer that nothing is said of is asked where its own URL leads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use super::KeySet;

/// By how much an issuer's clock may differ: AWS documents nothing of it.
pub const CLOCK_SKEW_MS: u64 = 0;
/// How often a key that is not known makes an issuer's keys be fetched, so that clients cannot have an issuer flooded: once a minute.
pub const REFETCH_INTERVAL_MS: u64 = 60_000;

/// How tokens are checked.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// See [`CLOCK_SKEW_MS`].
    pub clock_skew: Duration,
    /// See [`REFETCH_INTERVAL_MS`].
    pub refetch_interval: Duration,
    /// What stands for the audience of a JWT authorizer's token.
    pub client_ids: ClientIds,
    /// By the URL of an issuer, as it stands in authorizers, or by the ARN of a user pool.
    pub issuers: BTreeMap<String, IssuerSettings>,
}

/// Whether a token without `aud` is for its `client_id`, as access tokens of user pools are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientIds {
    /// It is for nobody: nothing else is documented for REST APIs.
    #[default]
    AreNoAudiences,
    /// It is, as with HTTP APIs.
    AreAudiences,
}

/// One issuer.
#[derive(Clone, Debug, Default)]
pub struct IssuerSettings {
    /// What tokens of a user pool have as `iss`; `None`: Cognito's own URL.
    pub issuer: Option<String>,
    /// Where its keys are.
    pub keys: KeySource,
    /// How it is spoken to.
    pub reach: Reach,
    /// Certificates (DER) that are trusted besides the system's when it is asked.
    pub extra_roots: Vec<Vec<u8>>,
}

/// Where the keys of an issuer are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeySource {
    /// Where its discovery document says; for user pools, where Cognito has them.
    #[default]
    Own,
    /// Where the discovery document at this URL says.
    DiscoveredAt(String),
    /// At this URL.
    At(String),
    /// Here; it is never asked.
    Given(Arc<KeySet>),
}

/// How an issuer is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Over TLS alone: whoever stands between could put keys of their own in place.
    #[default]
    Https,
    /// Over plain HTTP as well, where its addresses say so.
    Plain,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            clock_skew: Duration::from_millis(CLOCK_SKEW_MS),
            refetch_interval: Duration::from_millis(REFETCH_INTERVAL_MS),
            client_ids: ClientIds::default(),
            issuers: BTreeMap::new(),
        }
    }
}

/// The certificates of a text in PEM, as [`IssuerSettings::extra_roots`] has them.
///
/// # Errors
/// When there is none, or one that cannot be read; in words.
pub fn certificates_of_pem(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let read = CertificateDer::pem_slice_iter(text).map(|certificate| certificate.map(|der| der.to_vec()));
    let certificates: Vec<Vec<u8>> = read.collect::<Result<_, pem::Error>>().map_err(|error| format!("{error:?}"))?;
    if certificates.is_empty() { Err("it has no certificate in PEM".to_owned()) } else { Ok(certificates) }
}
