//! TLS towards backends. The certificate is for `localhost`, issued by itself, good for a hundred years.

use std::sync::Arc;

use postern_data_plane::transport::{Origin, Scheme, TlsVerify, UpstreamError, UpstreamRequest, UpstreamSettings, Upstreams};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::harness::{Backend, backend, get, soon};

const CERTIFICATE: &[u8] = include_bytes!("tls/localhost.crt.der");
const KEY: &[u8] = include_bytes!("tls/localhost.key.der");

/// A backend that answers `hi` over TLS; the end of its body is the end of the connection when `answer` has no length.
async fn tls_backend(answer: &'static [u8]) -> Backend {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY)))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
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

fn request(backend: &Backend, host: &str, verify: TlsVerify) -> UpstreamRequest {
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
