//! TLS towards backends. The certificate is for `localhost`, issued by itself, good for a hundred years.

use std::sync::Arc;

use postern_data_plane::transport::{
    ClientIdentity, Origin, Scheme, TlsVerify, UpstreamError, UpstreamRequest, UpstreamSettings, Upstreams,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::harness::{Backend, backend, eventually, get, soon};

const CERTIFICATE: &[u8] = include_bytes!("tls/localhost.crt.der");
const KEY: &[u8] = include_bytes!("tls/localhost.key.der");

/// Takes TLS connections and offers `alpn`.
pub fn acceptor(alpn: &[&[u8]]) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY)))
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A backend that answers `hi` over TLS; the end of its body is the end of the connection when `answer` has no length.
async fn tls_backend(answer: &'static [u8]) -> Backend {
    let acceptor = acceptor(&[b"http/1.1"]);
    backend(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut read = [0; 1024];
            while stream.read(&mut read).await.is_ok_and(|read| read > 0) {
                stream.write_all(answer).await.unwrap();
                stream.flush().await.unwrap();
                if !answer.starts_with(b"HTTP/1.1 200 OK\r\nContent-Length") {
                    // Without TLS's own goodbye, as an attacker on the way would cut it.
                    return;
                }
            }
        }
    })
    .await
}

pub fn request(backend: &Backend, host: &str, verify: TlsVerify) -> UpstreamRequest {
    let origin = Origin::new(Scheme::Https, host, backend.address.port(), verify);
    UpstreamRequest { origin, ..get(backend.address) }
}

#[tokio::test]
async fn certificates_are_verified_as_the_setting_says() {
    let backend = tls_backend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let plain = UpstreamSettings::default();
    let trusting = UpstreamSettings { extra_roots: vec![CERTIFICATE.to_vec()], ..UpstreamSettings::default() };
    for (settings, host, verify, works) in [
        (&plain, "localhost", TlsVerify::Full, false),
        (&plain, "localhost", TlsVerify::AnyIssuer, true),
        (&plain, "127.0.0.1", TlsVerify::AnyIssuer, false),
        (&trusting, "localhost", TlsVerify::Full, true),
        (&trusting, "127.0.0.1", TlsVerify::Full, false),
    ] {
        let upstreams = Upstreams::new(settings.clone());
        for _ in 0..2 {
            match upstreams.send(request(&backend, host, verify), soon()).await {
                Ok(response) => {
                    assert_eq!(response.body.collect(16).await.unwrap(), "hi");
                    assert!(works, "{host} {verify:?}");
                }
                Err(UpstreamError::Tls(error)) => assert!(!works, "{host} {verify:?}: {error}"),
                Err(error) => panic!("{host} {verify:?}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_body_cut_off_before_tls_says_goodbye_is_not_whole() {
    let backend = tls_backend(b"HTTP/1.1 200 OK\r\n\r\nhi").await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let request = request(&backend, "localhost", TlsVerify::AnyIssuer);
    let response = upstreams.send(request, soon()).await.unwrap();
    assert!(response.body.collect(16).await.is_err());
}

/// Asks for a certificate and takes any, or none.
#[derive(Debug)]
struct AnyClient;

impl ClientCertVerifier for AnyClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A backend that answers with the length of the certificate that its client showed, 0 for none.
async fn asking_backend() -> Backend {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(Arc::new(AnyClient))
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY)))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    backend(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let shown = stream.get_ref().1.peer_certificates().map_or(0, |chain| chain[0].len());
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{shown:04}");
            let mut read = [0; 1024];
            while stream.read(&mut read).await.is_ok_and(|read| read > 0) {
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    })
    .await
}

/// A self-signed certificate for `name`, and its length.
fn identity(name: &str) -> (ClientIdentity, usize) {
    let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let identity = ClientIdentity::from_pem(&certified.cert.pem(), &certified.signing_key.serialize_pem()).unwrap();
    (identity, certified.cert.der().len())
}

#[tokio::test]
async fn each_identity_has_connections_of_its_own() {
    let backend = asking_backend().await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let plain = request(&backend, "localhost", TlsVerify::AnyIssuer).origin;
    let (first, second) = (identity("first.example"), identity("the-second.example"));
    assert_ne!(first.1, second.1, "the test cannot tell them apart");
    let origins = [
        (plain.clone(), 0),
        (plain.presenting(first.0.clone()), first.1),
        (plain.presenting(second.0), second.1),
        (plain.presenting(first.0), first.1),
    ];
    for _ in 0..2 {
        for (origin, shown) in &origins {
            let request = UpstreamRequest { origin: origin.clone(), ..get(backend.address) };
            let response = upstreams.send(request, soon()).await.unwrap();
            assert_eq!(response.body.collect(16).await.unwrap(), format!("{shown:04}"));
        }
    }
    assert_eq!(backend.connections(), 3);
}

#[test]
fn an_identity_whose_parts_do_not_belong_together_is_none() {
    let [one, other] = ["one", "other"].map(|name| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap());
    let key = other.signing_key.serialize_pem();
    for (certificate, key) in [(one.cert.pem(), &*key), (String::new(), &*key), (other.cert.pem(), "no key")] {
        let error = ClientIdentity::from_pem(&certificate, key).unwrap_err().to_string();
        assert!(error.starts_with("the client certificate cannot be used") && !error.contains("no key"), "{error}");
    }
}

#[tokio::test]
async fn a_backend_is_verified_by_its_name_wherever_it_is_dialled() {
    let backend = tls_backend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let settings = UpstreamSettings { extra_roots: vec![CERTIFICATE.to_vec()], ..UpstreamSettings::default() };
    let upstreams = Upstreams::new(settings);
    for (host, works) in [("localhost", true), ("backend.example", false)] {
        let origin = Origin::new(Scheme::Https, host, 443, TlsVerify::Full).connecting_to("127.0.0.1", backend.address.port());
        let request = UpstreamRequest { origin, ..get(backend.address) };
        match upstreams.send(request, soon()).await {
            Ok(response) => assert!(works && response.body.collect(16).await.unwrap() == "hi", "{host}"),
            Err(UpstreamError::Tls(error)) => assert!(!works, "{host}: {error}"),
            Err(error) => panic!("{host}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn many_requests_at_once_to_a_backend_of_http1_over_tls_are_all_answered() {
    let backend = tls_backend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let (upstreams, request) = (upstreams.clone(), request(&backend, "localhost", TlsVerify::AnyIssuer));
            tokio::spawn(async move { upstreams.send(request, soon()).await.unwrap().body.collect(16).await.unwrap() })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), "hi");
    }
}

#[tokio::test]
async fn requests_that_wait_for_a_first_connection_fail_as_soon_as_it_cannot_be_had() {
    // Nothing verifies this certificate, so that each handshake fails.
    let backend = tls_backend(b"").await;
    let upstreams = Upstreams::new(UpstreamSettings::default());
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let (upstreams, request) = (upstreams.clone(), request(&backend, "localhost", TlsVerify::Full));
            tokio::spawn(async move { upstreams.send(request, soon()).await.err().unwrap() })
        })
        .collect();
    for asked in asking {
        assert!(matches!(asked.await.unwrap(), UpstreamError::Tls(_)));
    }
    eventually(|| upstreams.open_connections() == 0).await;
}
