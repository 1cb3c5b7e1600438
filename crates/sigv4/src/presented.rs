//! What a request presents as proof of who sends it.

use std::fmt;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use crate::error::AuthError;
use crate::request::SigningRequest;
use crate::time::RequestTime;
use crate::{
    CREDENTIAL_BYTES_MAX, PATH_BYTES_MAX, QUERY_BYTES_MAX, REGION_SET_BYTES_MAX, SESSION_TOKEN_BYTES_MAX, SIGNED_HEADERS_MAX,
    asymmetric, header_form, query_form, signature,
};

/// Longest access key id (IAM API reference, `AccessKey`).
const ACCESS_KEY_ID_BYTES_MAX: usize = 128;

/// Credentials as read from one request; nothing about them is proven until [`verify`](crate::verify) says so.
///
/// `Debug` shows neither the signature nor the session token: with them the request could be sent again.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// The key that is to be looked up; 1 to 128 ASCII letters, digits and `_`.
    pub access_key_id: String,
    /// Where the signature says that it is good for.
    pub scope: CredentialScope,
    /// Sent with keys that are lent for a while only.
    pub session_token: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) form: Form,
    pub(crate) time: RequestTime,
    /// Lower case, sorted, each once.
    pub(crate) signed_headers: Vec<HeaderName>,
    pub(crate) signature: String,
    pub(crate) content_sha256: Option<String>,
}

/// The credential scope: `date/region/service/aws4_request`.
///
/// As sent: [`verify`](crate::verify) and [`check`](crate::check) see to it that it is well formed and fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialScope {
    /// `YYYYMMDD`.
    pub date: String,
    /// Such as `eu-west-1`; the set of regions, such as `eu-*,us-east-1`, with Signature Version 4A.
    pub region: String,
    /// The signing name, such as `apigateway`.
    pub service: String,
    pub(crate) terminator: String,
}

/// Which algorithms are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithms {
    /// Signature Version 4.
    Symmetric,
    /// Signature Version 4A as well.
    All,
}

/// What a signature was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// `AWS4-HMAC-SHA256`: a key for one day, region and service.
    Hmac,
    /// `AWS4-ECDSA-P256-SHA256`: the region of the scope is a set.
    Ecdsa,
}

impl Algorithm {
    /// The algorithm of this name, if it is taken.
    pub(crate) fn named(name: &str, taken: Algorithms) -> Result<Self, AuthError> {
        match (name, taken) {
            (signature::ALGORITHM, _) => Ok(Self::Hmac),
            (asymmetric::ALGORITHM, Algorithms::All) => Ok(Self::Ecdsa),
            _ => Err(AuthError::UnsupportedAlgorithm { algorithm: name.to_owned() }),
        }
    }
}

/// Where the signature was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query of a presigned URL that lives this long.
    Query { expires_s: u32 },
}

impl Presented {
    /// Whether the signature covers a header.
    pub fn covers(&self, name: &HeaderName) -> bool {
        self.signed_headers.contains(name)
    }
}

/// Finds the credentials of a request, in the header or in the query.
///
/// # Errors
/// [`AuthError::Missing`] when there are none; otherwise what makes them unreadable.
pub fn parse(request: &SigningRequest<'_>) -> Result<Presented, AuthError> {
    parse_with(request, Algorithms::Symmetric)
}

/// The same, by any of these algorithms.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(request: &SigningRequest<'_>, algorithms: Algorithms) -> Result<Presented, AuthError> {
    limit("The path", request.raw_path.len(), PATH_BYTES_MAX)?;
    limit("The query string", request.raw_query.len(), QUERY_BYTES_MAX)?;
    once(request.headers, "host", "Host")?;
    let authorization = once(request.headers, "authorization", "Authorization")?.filter(|value| !value.is_empty());
    match (authorization, query_form::Parameters::find(request.raw_query)?) {
        (None, None) => Err(AuthError::Missing),
        (Some(_), Some(_)) => Err(AuthError::TwoForms),
        (Some(authorization), None) => header_form::parse(authorization, request.headers, algorithms),
        (None, Some(parameters)) => query_form::parse(parameters, request.headers, algorithms),
    }
}

/// Splits `keyid/date/region/service/aws4_request`; with a set of regions, which stands elsewhere, `keyid/date/service/aws4_request`.
pub(crate) fn parse_credential(text: &str, region_set: Option<&str>) -> Result<(String, CredentialScope), AuthError> {
    limit("Credential", text.len(), CREDENTIAL_BYTES_MAX)?;
    let parts: Vec<&str> = text.split('/').collect();
    let (access_key_id, date, region, service, terminator) = match (&parts[..], region_set) {
        (&[access_key_id, date, region, service, terminator], None) => (access_key_id, date, region, service, terminator),
        (&[access_key_id, date, service, terminator], Some(set)) => (access_key_id, date, set, service, terminator),
        (_, None) => return Err(AuthError::MalformedCredential { credential: text.to_owned() }),
        (_, Some(_)) => return Err(AuthError::MalformedRegionlessCredential { credential: text.to_owned() }),
    };
    limit("The region set", region.len(), REGION_SET_BYTES_MAX)?;
    let is_key_id = (1..=ACCESS_KEY_ID_BYTES_MAX).contains(&access_key_id.len())
        && access_key_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_key_id {
        return Err(AuthError::UnknownKey);
    }
    let scope = CredentialScope {
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        terminator: terminator.to_owned(),
    };
    Ok((access_key_id.to_owned(), scope))
}

/// Reads `a;b;c`. AWS asks for sorted lower-case names and canonicalises what is not, so order and case do not matter here.
pub(crate) fn parse_signed_headers(text: &str) -> Result<Vec<HeaderName>, AuthError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let count = text.split(';').take(SIGNED_HEADERS_MAX + 1).count();
    limit("The number of SignedHeaders", count, SIGNED_HEADERS_MAX)?;
    let names: Result<Vec<HeaderName>, _> = text.split(';').map(|name| HeaderName::from_bytes(name.as_bytes())).collect();
    let mut names = names.map_err(|_| AuthError::MalformedSignedHeaders)?;
    names.sort_unstable_by(|left, right| left.as_str().cmp(right.as_str()));
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(AuthError::MalformedSignedHeaders);
    }
    Ok(names)
}

/// A header of which there may be only one, because two readers could pick different ones of several.
pub(crate) fn once<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
    shown: &'static str,
) -> Result<Option<&'a HeaderValue>, AuthError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(AuthError::Duplicate { name: shown }),
        (value, None) => Ok(value),
    }
}

/// The text of `x-amz-content-sha256`; what is not ASCII is no hash, and is kept so that it fails as one.
pub(crate) fn header_text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).trim().to_owned()
}

/// Bounds a session token.
pub(crate) fn session_token(text: String) -> Result<String, AuthError> {
    limit("The session token", text.len(), SESSION_TOKEN_BYTES_MAX)?;
    Ok(text)
}

pub(crate) fn limit(what: &'static str, actual: usize, limit: usize) -> Result<(), AuthError> {
    if actual > limit { Err(AuthError::TooLarge { what, limit }) } else { Ok(()) }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .field("algorithm", &self.algorithm)
            .field("form", &self.form)
            .field("time", &self.time.basic)
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}
