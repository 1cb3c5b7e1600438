//! An uploaded certificate: read, and held against its key and the name that it is for.
//!
//! No message repeats what was uploaded: a key pasted into the wrong member must not come back in an answer or reach a log.

use std::sync::Arc;

use postern_api_model::apigateway::CreateDomainNameInput;
use postern_api_model::domain_name::UploadedCertificate;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::hidden::Hidden;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

/// Bytes of each of body, chain and key. A chain of four RSA-4096 certificates takes 8 KiB.
const PEM_BYTES_MAX: usize = 64 * 1024;
/// Certificates of a chain: AWS allows a depth of four, and the root may come along.
const CHAIN_CERTIFICATES_MAX: usize = 5;
/// What stands for the star when a certificate is held against a wildcard name: any one label will do.
const ANY_LABEL: &str = "any";

/// The certificate that the input uploads, if it uploads one.
pub(super) fn uploaded(input: &CreateDomainNameInput) -> ApiResult<Option<UploadedCertificate>> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let parts = (given(&input.certificate_body), given(&input.certificate_private_key), given(&input.certificate_chain));
    let (body, key, chain) = match parts {
        (None, None, None) => return Ok(None),
        (Some(body), Some(key), chain) => (body, key, chain),
        (None, ..) => return Err(refused("certificateBody is missing")),
        (_, None, _) => return Err(refused("certificatePrivateKey is missing")),
    };
    check(&body, chain.as_deref(), &key, &input.domain_name)?;
    Ok(Some(UploadedCertificate { body, chain, private_key: Hidden::new(key) }))
}

fn refused(reason: &str) -> ApiError {
    ApiError::bad_request(format!("Invalid certificate: {reason}."))
}

fn check(body: &str, chain: Option<&str>, key: &str, name: &str) -> ApiResult<()> {
    let Ok([leaf]) = <[CertificateDer<'static>; 1]>::try_from(certificates(body, "certificateBody")?) else {
        return Err(refused("certificateBody must hold exactly one certificate in PEM"));
    };
    let intermediates = chain.map(|chain| certificates(chain, "certificateChain")).transpose()?.unwrap_or_default();
    if intermediates.len() > CHAIN_CERTIFICATES_MAX {
        return Err(refused(&format!("certificateChain can hold at most {CHAIN_CERTIFICATES_MAX} certificates")));
    }
    if key.len() > PEM_BYTES_MAX {
        return Err(refused("certificatePrivateKey is too long"));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).ok();
    let key = key.and_then(|key| rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).ok());
    let key = key.ok_or_else(|| refused("certificatePrivateKey is no RSA, ECDSA or Ed25519 key in PEM"))?;
    let parsed = ParsedCertificate::try_from(&leaf).map_err(|_| refused("certificateBody is no X.509 certificate"))?;
    for intermediate in &intermediates {
        ParsedCertificate::try_from(intermediate)
            .map_err(|_| refused("certificateChain holds something that is no X.509 certificate"))?;
    }
    if !covers(&parsed, name) {
        return Err(refused("its subject alternative names do not cover the domain name"));
    }
    let pair = CertifiedKey::new(vec![leaf], Arc::clone(&key));
    pair.keys_match().map_err(|_| refused("certificatePrivateKey does not belong to certificateBody"))
}

fn certificates(pem: &str, member: &str) -> ApiResult<Vec<CertificateDer<'static>>> {
    if pem.len() > PEM_BYTES_MAX {
        return Err(refused(&format!("{member} is too long")));
    }
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    read.ok().filter(|read| !read.is_empty()).ok_or_else(|| refused(&format!("{member} holds no certificate in PEM")))
}

fn covers(certificate: &ParsedCertificate<'_>, name: &str) -> bool {
    let name = match name.strip_prefix("*.") {
        Some(rest) => format!("{ANY_LABEL}.{rest}"),
        None => name.to_owned(),
    };
    ServerName::try_from(name).is_ok_and(|name| rustls::client::verify_server_name(certificate, &name).is_ok())
}
