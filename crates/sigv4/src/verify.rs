//! Verifying: whether the one who signed a request holds the key's secret, and signed this request for this place and time.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderMap;
use subtle::ConstantTimeEq;

use crate::asymmetric;
use crate::canonical::canonical_request;
use crate::error::{AuthError, ScopeProblem};
use crate::presented::{Algorithm, Form, Presented};
use crate::request::{PathStyle, Payload, SecretKey, SigningRequest};
use crate::signature::{KeyScope, TERMINATOR, hex, same_secret, signature, string_to_sign};
use crate::time::RequestTime;

/// How far the client's clock may be off: AWS allows five minutes (recorded in "Signature expired: ... - 5 min.").
pub const CLOCK_SKEW_S_DEFAULT: u32 = 300;

/// What `x-amz-content-sha256` has for a body that the signature does not cover.
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// How the streaming forms of S3 begin.
const STREAMING_PREFIX: &str = "STREAMING-";
/// Longest region name; AWS's longest is under 20 characters.
const REGION_BYTES_MAX: usize = 64;

/// What is accepted. `Debug` does not show the session token.
#[derive(Clone, Copy)]
pub struct VerifyOptions<'a> {
    /// Signing names that are served here; the first stands in the error when none fits.
    pub services: &'a [&'a str],
    /// Which regions are served.
    pub region: RegionRule<'a>,
    /// How far the client's clock may be off, in seconds.
    pub clock_skew_s: u32,
    /// How the path enters the signature.
    pub path_style: PathStyle,
    /// Whether `UNSIGNED-PAYLOAD` is taken.
    pub unsigned_payload: UnsignedPayload,
    /// The session that the key was lent for. Its token must come with the signature, and none with a key that has no session.
    pub session: Option<Session>,
}

/// For how long a key was lent, and what shows it.
#[derive(Clone, Copy)]
pub struct Session {
    /// SHA-256 of its token.
    pub token_sha256: [u8; 32],
    /// When it ends, in seconds since the epoch.
    pub expires_s: i64,
}

impl Session {
    /// What is kept of a token: not the token, which is a secret.
    pub fn hash_of(token: &str) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        hash
    }
}

/// Which regions a credential scope may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionRule<'a> {
    /// Any that could be one: lower-case letters, digits and hyphens.
    AnyWellFormed,
    /// One only.
    Exactly(&'a str),
}

/// Whether a signature may leave out the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsignedPayload {
    /// A request that says `UNSIGNED-PAYLOAD` is refused.
    Refused,
    /// The client may choose.
    Allowed,
}

impl<'a> VerifyOptions<'a> {
    /// AWS's rules for these signing names: any region, five minutes, normalised paths, signed bodies, no session token.
    pub fn for_services(services: &'a [&'a str]) -> Self {
        Self {
            services,
            region: RegionRule::AnyWellFormed,
            clock_skew_s: CLOCK_SKEW_S_DEFAULT,
            path_style: PathStyle::Normalized,
            unsigned_payload: UnsignedPayload::Refused,
            session: None,
        }
    }
}

/// Decides. `presented` must come from [`parse`](crate::parse) of the same `request`; `now_s` is in seconds since the epoch.
///
/// # Errors
/// The first reason to refuse, in AWS's order: all that [`check`] finds, then the signature, then the session token.
pub fn verify(
    presented: &Presented,
    request: &SigningRequest<'_>,
    secret: &SecretKey,
    now_s: i64,
    options: &VerifyOptions<'_>,
) -> Result<(), AuthError> {
    check(presented, request, now_s, options)?;
    let payload_hash = payload_hash(presented, request, options)?;
    // A signed header that is gone was removed on the way; an absent one would otherwise read like an empty one.
    if presented.signed_headers.iter().any(|name| !request.headers.contains_key(name)) {
        return Err(AuthError::SignatureMismatch);
    }
    let canonical = canonical_request(request, options.path_style, &presented.signed_headers, &payload_hash);
    if !is_signed(presented, secret, &canonical) {
        return Err(AuthError::SignatureMismatch);
    }
    check_session(presented.session_token.as_deref(), options.session, now_s)
}

/// Whether the key's holder signed this canonical request.
fn is_signed(presented: &Presented, secret: &SecretKey, canonical: &[u8]) -> bool {
    let Presented { access_key_id, scope, algorithm, time, signature: presented, .. } = presented;
    match algorithm {
        Algorithm::Hmac => {
            let scope = KeyScope { region: &scope.region, service: &scope.service };
            same_secret(&signature(secret, scope, time, canonical), presented)
        }
        Algorithm::Ecdsa => {
            let scope = format!("{}/{}/{TERMINATOR}", time.date(), scope.service);
            let text = string_to_sign(asymmetric::ALGORITHM, &scope, time, canonical);
            asymmetric::is_signed_by(access_key_id, secret, &text, presented)
        }
    }
}

/// Everything that can be refused without the key: scope, signed headers, time.
///
/// AWS refuses these before it looks at the key id; a caller that wants AWS's order runs this before its look-up.
///
/// # Errors
/// The first reason to refuse.
pub fn check(
    presented: &Presented,
    request: &SigningRequest<'_>,
    now_s: i64,
    options: &VerifyOptions<'_>,
) -> Result<(), AuthError> {
    check_scope(presented, options)?;
    check_signed_headers(presented, request.headers)?;
    check_time(presented, now_s, options.clock_skew_s)
}

fn check_scope(presented: &Presented, options: &VerifyOptions<'_>) -> Result<(), AuthError> {
    let Presented { scope, time, algorithm, .. } = presented;
    let mut problems = Vec::new();
    let region_fits = match (options.region, algorithm) {
        (RegionRule::AnyWellFormed, Algorithm::Hmac) => is_region(&scope.region),
        (RegionRule::Exactly(region), Algorithm::Hmac) => scope.region == region,
        (RegionRule::Exactly(region), Algorithm::Ecdsa) => asymmetric::covers(&scope.region, region),
        // A set is no region to read and write in.
        (RegionRule::AnyWellFormed, Algorithm::Ecdsa) => false,
    };
    if !region_fits {
        problems.push(ScopeProblem::Region { region: scope.region.clone() });
    }
    if !options.services.contains(&scope.service.as_str()) {
        let expected = options.services.first().copied().unwrap_or_default().to_owned();
        problems.push(ScopeProblem::Service { expected });
    }
    if scope.terminator != TERMINATOR {
        problems.push(ScopeProblem::Terminator { terminator: scope.terminator.clone() });
    }
    if scope.date != time.date() {
        let (request, time) = (time.date().to_owned(), time.basic.clone());
        problems.push(ScopeProblem::Date { scope: scope.date.clone(), request, time });
    }
    if problems.is_empty() { Ok(()) } else { Err(AuthError::WrongScope { problems }) }
}

fn is_region(text: &str) -> bool {
    (1..=REGION_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The host, without which a request could be replayed elsewhere, and every `x-amz-*` header that the request has (IAM
/// user guide, "Create a signed AWS API request": CanonicalHeaders must include both).
fn check_signed_headers(presented: &Presented, headers: &HeaderMap) -> Result<(), AuthError> {
    if !presented.signed_headers.contains(&http::header::HOST) {
        return Err(AuthError::UnsignedHeader { name: "'Host' or ':authority'".to_owned() });
    }
    let unsigned = headers.keys().find(|name| name.as_str().starts_with("x-amz-") && !presented.signed_headers.contains(name));
    match unsigned {
        Some(name) => Err(AuthError::UnsignedHeader { name: format!("'{name}'") }),
        None => Ok(()),
    }
}

/// A header signature holds for the skew in both directions. A presigned URL holds from its date, less the skew, for as long
/// as it says; its end gets no skew on top, since the one who made it chose it.
fn check_time(presented: &Presented, now_s: i64, clock_skew_s: u32) -> Result<(), AuthError> {
    let valid_s = match presented.form {
        Form::Header => clock_skew_s,
        Form::Query { expires_s } => expires_s,
    };
    let basic = |epoch_s: i64| RequestTime::from_epoch(epoch_s).basic;
    let signed_s = presented.time.epoch_s;
    let earliest_s = now_s.saturating_sub(i64::from(valid_s));
    let latest_s = now_s.saturating_add(i64::from(clock_skew_s));
    let (signed, server) = (presented.time.basic.clone(), basic(now_s));
    if signed_s < earliest_s {
        return Err(AuthError::Expired { signed, earliest: basic(earliest_s), server, valid_s });
    }
    if signed_s > latest_s {
        return Err(AuthError::NotYetCurrent { signed, latest: basic(latest_s), server, skew_s: clock_skew_s });
    }
    Ok(())
}

/// The last line of the canonical request. A hash that the client sent must be that of the body that came.
fn payload_hash(presented: &Presented, request: &SigningRequest<'_>, options: &VerifyOptions<'_>) -> Result<String, AuthError> {
    let declared = presented.content_sha256.as_deref();
    if declared == Some(UNSIGNED_PAYLOAD) {
        return match options.unsigned_payload {
            UnsignedPayload::Allowed => Ok(UNSIGNED_PAYLOAD.to_owned()),
            UnsignedPayload::Refused => Err(AuthError::UnsignedPayload),
        };
    }
    if declared.is_some_and(|declared| declared.starts_with(STREAMING_PREFIX)) {
        return Err(AuthError::StreamingPayload);
    }
    let actual = match request.body {
        Payload::Bytes(bytes) => hex(digest(&SHA256, bytes).as_ref()),
        Payload::Sha256(hash) => hex(&hash),
        Payload::Unsigned => return Err(AuthError::PayloadMismatch),
    };
    match declared {
        Some(declared) if declared != actual => Err(AuthError::PayloadMismatch),
        _ => Ok(actual),
    }
}

/// Last of all, so that only who holds the secret learns of the session.
fn check_session(presented: Option<&str>, session: Option<Session>, now_s: i64) -> Result<(), AuthError> {
    match (presented, session) {
        (None, None) => Ok(()),
        (Some(token), Some(session)) if bool::from(Session::hash_of(token).ct_eq(&session.token_sha256)) => {
            if now_s < session.expires_s { Ok(()) } else { Err(AuthError::ExpiredToken) }
        }
        _ => Err(AuthError::UnknownKey),
    }
}

impl fmt::Debug for VerifyOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyOptions")
            .field("services", &self.services)
            .field("region", &self.region)
            .field("clock_skew_s", &self.clock_skew_s)
            .field("path_style", &self.path_style)
            .field("unsigned_payload", &self.unsigned_payload)
            .field("session", &self.session.map(|session| session.expires_s))
            .finish()
    }
}
