//! Signing: what a client adds to a request, in headers or in the query of a URL that others may use.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use http::header::{AUTHORIZATION, HOST, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::canonical::{SIGNATURE_PARAMETER, canonical_request, encode, joined, query_pairs};
use crate::error::SignError;
use crate::query_form::NAMES;
use crate::request::{PathStyle, Payload, SecretKey, SigningRequest};
use crate::signature::{ALGORITHM, KeyScope, TERMINATOR, hex, signature};
use crate::time::RequestTime;
use crate::verify::UNSIGNED_PAYLOAD;
use crate::{EXPIRES_S_MAX, SIGNED_HEADERS_MAX};

const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const X_AMZ_CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// Longest key id, region or service name that is signed with.
const SCOPE_PART_BYTES_MAX: usize = 128;

/// Headers that proxies and HTTP libraries change or drop on the way, so that a signature over them would break. The same
/// list as AWS's SDKs have, and `authorization` itself.
const NEVER_SIGNED: [&str; 15] = [
    "authorization",
    "baggage",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// Who signs. `Debug` shows the key id only.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a SecretKey,
    /// The token of credentials that are lent for a while.
    pub session_token: Option<&'a str>,
}

/// What is signed for.
#[derive(Clone, Copy, Debug)]
pub struct SigningTarget<'a> {
    /// Such as `eu-west-1`.
    pub region: &'a str,
    /// The signing name, such as `lambda`.
    pub service: &'a str,
    /// How that service reads paths.
    pub path_style: PathStyle,
    /// Whether to say the body's hash in a header.
    pub content_sha256: ContentSha256,
}

/// Whether `x-amz-content-sha256` is sent. [`Payload::Unsigned`] sends it in any case, since nothing else says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentSha256 {
    /// Most services need no such header.
    #[default]
    Omit,
    /// S3 does.
    Send,
}

/// Signs in the header form. Returns the headers to *insert*, replacing any of that name: `authorization`, `x-amz-date`, and
/// where they apply `x-amz-security-token` and `x-amz-content-sha256`. All headers of the request are signed but for those
/// that change on the way. `now_s` is in seconds since the epoch.
///
/// # Errors
/// When the request has no host, or something given cannot be written into a signature.
pub fn sign(
    request: &SigningRequest<'_>,
    credentials: &Credentials<'_>,
    target: &SigningTarget<'_>,
    now_s: i64,
) -> Result<HeaderMap, SignError> {
    check_scope(credentials, target)?;
    let time = RequestTime::from_epoch(now_s);
    let payload_hash = payload_hash(request.body);
    let mut added = HeaderMap::new();
    added.insert(X_AMZ_DATE, header_value(&time.basic)?);
    if let Some(token) = credentials.session_token {
        added.insert(X_AMZ_SECURITY_TOKEN, header_value(token)?);
    }
    if target.content_sha256 == ContentSha256::Send || matches!(request.body, Payload::Unsigned) {
        added.insert(X_AMZ_CONTENT_SHA256, header_value(&payload_hash)?);
    }
    let mut headers = request.headers.clone();
    // What an earlier attempt left would be signed along and then replaced or missed.
    for name in [X_AMZ_DATE, X_AMZ_SECURITY_TOKEN, X_AMZ_CONTENT_SHA256] {
        headers.remove(name);
    }
    headers.extend(added.clone());
    let signed_headers = signed_headers(&headers)?;
    let request = SigningRequest { headers: &headers, ..*request };
    let canonical = canonical_request(&request, target.path_style, &signed_headers, &payload_hash);
    let authorization = format!(
        "{ALGORITHM} Credential={}, SignedHeaders={}, Signature={}",
        credential(credentials, target, &time),
        joined(&signed_headers),
        signature(credentials.secret, target.key_scope(), &time, &canonical)
    );
    let mut authorization = header_value(&authorization)?;
    authorization.set_sensitive(true);
    added.insert(AUTHORIZATION, authorization);
    Ok(added)
}

/// Signs in the query form. Returns the whole query string, without `?`, with which the URL works for `expires_s` seconds.
/// The headers of `request` are signed, so whoever uses the URL has to send them; normally that is `Host` alone.
///
/// # Errors
/// As for [`sign`], and when `expires_s` is not 1 to [`EXPIRES_S_MAX`], or the query is presigned already.
pub fn presign(
    request: &SigningRequest<'_>,
    credentials: &Credentials<'_>,
    target: &SigningTarget<'_>,
    now_s: i64,
    expires_s: u32,
) -> Result<String, SignError> {
    check_scope(credentials, target)?;
    if !(1..=EXPIRES_S_MAX).contains(&expires_s) {
        return Err(SignError::InvalidExpires);
    }
    let taken = |known: &&'static str| query_pairs(request.raw_query).any(|(name, _)| name == known.as_bytes());
    if let Some(name) = NAMES.into_iter().find(|name| taken(name)) {
        return Err(SignError::AlreadyPresigned { name });
    }
    let time = RequestTime::from_epoch(now_s);
    let signed_headers = signed_headers(request.headers)?;
    let payload_hash = payload_hash(request.body);
    let mut query = request.raw_query.to_owned();
    let mut push = |name: &str, value: &str| {
        let separator = if query.is_empty() { "" } else { "&" };
        query.push_str(&format!("{separator}{name}={}", encode(value.as_bytes())));
    };
    push("X-Amz-Algorithm", ALGORITHM);
    push("X-Amz-Credential", &credential(credentials, target, &time));
    push("X-Amz-Date", &time.basic);
    push("X-Amz-Expires", &expires_s.to_string());
    push("X-Amz-SignedHeaders", &joined(&signed_headers));
    if let Some(token) = credentials.session_token {
        push("X-Amz-Security-Token", token);
    }
    if matches!(request.body, Payload::Unsigned) {
        push("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD);
    }
    let unsigned = SigningRequest { raw_query: &query, ..*request };
    let canonical = canonical_request(&unsigned, target.path_style, &signed_headers, &payload_hash);
    let signature = signature(credentials.secret, target.key_scope(), &time, &canonical);
    Ok(format!("{query}&{SIGNATURE_PARAMETER}={signature}"))
}

/// Everything that is there and stays as it is on the way, sorted.
fn signed_headers(headers: &HeaderMap) -> Result<Vec<HeaderName>, SignError> {
    if !headers.contains_key(HOST) {
        return Err(SignError::NoHost);
    }
    let mut names: Vec<HeaderName> = headers.keys().filter(|name| !NEVER_SIGNED.contains(&name.as_str())).cloned().collect();
    if names.len() > SIGNED_HEADERS_MAX {
        return Err(SignError::TooManyHeaders);
    }
    names.sort_unstable_by(|left, right| left.as_str().cmp(right.as_str()));
    Ok(names)
}

fn credential(credentials: &Credentials<'_>, target: &SigningTarget<'_>, time: &RequestTime) -> String {
    let SigningTarget { region, service, .. } = target;
    format!("{}/{}/{region}/{service}/{TERMINATOR}", credentials.access_key_id, time.date())
}

fn check_scope(credentials: &Credentials<'_>, target: &SigningTarget<'_>) -> Result<(), SignError> {
    let parts =
        [("the access key id", credentials.access_key_id), ("the region", target.region), ("the service", target.service)];
    let fits = |text: &str| {
        (1..=SCOPE_PART_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b',' | b'='))
    };
    match parts.into_iter().find(|(_, text)| !fits(text)) {
        Some((what, _)) => Err(SignError::InvalidScope { what }),
        None => Ok(()),
    }
}

fn payload_hash(body: Payload<'_>) -> String {
    match body {
        Payload::Bytes(bytes) => hex(digest(&SHA256, bytes).as_ref()),
        Payload::Sha256(hash) => hex(&hash),
        Payload::Unsigned => UNSIGNED_PAYLOAD.to_owned(),
    }
}

/// Only a session token can fail here; the rest is made of checked parts.
fn header_value(text: &str) -> Result<HeaderValue, SignError> {
    HeaderValue::from_str(text).map_err(|_| SignError::InvalidToken)
}

impl<'a> SigningTarget<'a> {
    fn key_scope(&self) -> KeyScope<'a> {
        KeyScope { region: self.region, service: self.service }
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
