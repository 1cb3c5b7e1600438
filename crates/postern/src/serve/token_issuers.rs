//! From what is configured of issuers to what checks tokens: files are read here.

use std::fs;
use std::path::Path;

use postern_data_plane::tokens::{IssuerSettings, KeySet, KeySource, TokenSettings, certificates_of_pem};

use crate::config::{DeclaredIssuer, DeclaredKeys, DeclaredTokens};
use crate::failure::Failure;

/// How tokens are checked.
///
/// # Errors
/// When a file cannot be read, or is not what it should be: nobody could be let in.
pub fn token_settings(declared: &DeclaredTokens) -> Result<TokenSettings, Failure> {
    let issuers = declared.issuers.iter().map(|issuer| Ok((issuer.name.clone(), issuer_settings(issuer)?)));
    Ok(TokenSettings {
        clock_skew: declared.clock_skew,
        refetch_interval: declared.refetch_interval,
        client_ids: declared.client_ids,
        issuers: issuers.collect::<Result<_, Failure>>()?,
    })
}

fn issuer_settings(declared: &DeclaredIssuer) -> Result<IssuerSettings, Failure> {
    let keys = match &declared.keys {
        DeclaredKeys::Own => KeySource::Own,
        DeclaredKeys::DiscoveredAt(url) => KeySource::DiscoveredAt(url.clone()),
        DeclaredKeys::At(url) => KeySource::At(url.clone()),
        DeclaredKeys::File(path) => KeySource::Given(key_set(path)?.into()),
    };
    let extra_roots = declared.ca_file.as_deref().map(certificates).transpose()?.unwrap_or_default();
    Ok(IssuerSettings { issuer: declared.issuer.clone(), keys, reach: declared.reach, extra_roots })
}

fn key_set(path: &Path) -> Result<KeySet, Failure> {
    let failed = |reason: String| Failure::File { what: "the keys of an issuer", path: path.to_owned(), reason };
    let keys = KeySet::parse(&fs::read(path).map_err(|error| failed(error.to_string()))?).map_err(failed)?;
    if keys.is_empty() {
        return Err(failed("none of its keys can verify a token: each needs a kid, and is RSA or EC".to_owned()));
    }
    Ok(keys)
}

/// DER, of a file of PEM.
fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let failed = |reason: String| Failure::File { what: "the certificates for an issuer", path: path.to_owned(), reason };
    let text = fs::read(path).map_err(|error| failed(error.to_string()))?;
    certificates_of_pem(&text).map_err(failed)
}
