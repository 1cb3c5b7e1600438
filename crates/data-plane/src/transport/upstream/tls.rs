//! TLS towards backends.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use super::{ClientIdentity, TlsVerify, UpstreamSettings, http2};

/// The name in the TLS handshake (RFC 7301, 6).
const HTTP1_ALPN: &[u8] = b"http/1.1";
/// Clients with a certificate of their own that are kept: past it all are forgotten, which costs each a full handshake.
const IDENTITIES_MAX: usize = 256;

/// Clients by how they verify and what they show; each keeps its own sessions, so that none is resumed for another identity. Made
/// at the first use, since reading the system's roots takes tens of milliseconds.
pub(super) struct TlsClients {
    extra_roots: Vec<Vec<u8>>,
    alpn: Vec<Vec<u8>>,
    provider: Arc<CryptoProvider>,
    full_verifier: OnceLock<Arc<dyn ServerCertVerifier>>,
    clients: Mutex<Clients>,
}

type Clients = HashMap<(TlsVerify, Option<ClientIdentity>), TlsConnector>;

impl TlsClients {
    pub(super) fn new(settings: &UpstreamSettings) -> Self {
        let alpn: &[&[u8]] = if settings.http2 { &[http2::ALPN, HTTP1_ALPN] } else { &[HTTP1_ALPN] };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Self {
            extra_roots: settings.extra_roots.clone(),
            alpn: alpn.iter().map(|name| name.to_vec()).collect(),
            provider,
            full_verifier: OnceLock::new(),
            clients: Mutex::default(),
        }
    }

    pub(super) fn connector(&self, verify: TlsVerify, identity: Option<&ClientIdentity>) -> io::Result<TlsConnector> {
        let key = (verify, identity.cloned());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = clients.get(&key) {
            return Ok(connector.clone());
        }
        let connector = self.build(verify, identity).map_err(io::Error::other)?;
        if clients.len() >= IDENTITIES_MAX {
            clients.clear();
        }
        clients.insert(key, connector.clone());
        Ok(connector)
    }

    fn build(&self, verify: TlsVerify, identity: Option<&ClientIdentity>) -> Result<TlsConnector, rustls::Error> {
        let verifier: Arc<dyn ServerCertVerifier> = match verify {
            TlsVerify::Full => self.full_verifier()?,
            TlsVerify::AnyIssuer => Arc::new(AnyIssuerVerifier { provider: Arc::clone(&self.provider) }),
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match identity {
            Some(identity) => builder.with_client_cert_resolver(identity.resolver()),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols.clone_from(&self.alpn);
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// Shared by all clients: the roots take more room than all the rest.
    fn full_verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        if let Some(verifier) = self.full_verifier.get() {
            return Ok(Arc::clone(verifier));
        }
        let verifier: Arc<dyn ServerCertVerifier> =
            WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), Arc::clone(&self.provider))
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Arc::clone(self.full_verifier.get_or_init(|| verifier)))
    }

    /// Read once per process: workers share the system's roots.
    fn roots(&self) -> Result<RootCertStore, rustls::Error> {
        static SYSTEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
        let system = SYSTEM.get_or_init(|| rustls_native_certs::load_native_certs().certs);
        let mut roots = RootCertStore::empty();
        // Some systems carry roots that do not parse; the others still count.
        roots.add_parsable_certificates(system.iter().cloned());
        for root in &self.extra_roots {
            roots.add(CertificateDer::from(root.clone()))?;
        }
        Ok(roots)
    }
}

/// Takes a certificate of any issuer, self-signed ones included, that is in date and names the host.
#[derive(Debug)]
struct AnyIssuerVerifier {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyIssuerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        // The chain's own last certificate stands in for the trusted root, so that dates and signatures are looked at;
        // what is then wrong with the issuer is what the setting overlooks.
        let mut roots = RootCertStore::empty();
        let last = intermediates.last().unwrap_or(end_entity);
        roots.add(last.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        match verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Ok(verified) => Ok(verified),
            Err(rustls::Error::InvalidCertificate(error)) if is_about_issuer(&error) => Ok(ServerCertVerified::assertion()),
            Err(error) => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// `Other` is how webpki's "a CA certificate is used as the server's own" arrives, which self-signed ones often are.
fn is_about_issuer(error: &CertificateError) -> bool {
    matches!(error, CertificateError::UnknownIssuer | CertificateError::Other(_))
}
