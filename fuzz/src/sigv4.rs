//! SigV4: whatever a request presents, reading and verifying it ends in an answer, and what is signed here verifies.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use postern_sigv4::{
    Algorithms, AuthError, ContentSha256, Credentials, PathStyle, Payload, Presented, SecretKey, Session, SigningRequest,
    SigningTarget, UnsignedPayload, VerifyOptions, parse, parse_with, presign, sign, verify,
};
use serde_json::Value;

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "sigv4", run, seeds };

const VECTORS: &str = include_str!("../../crates/sigv4/tests/vectors.json");
/// The vectors' key and time, so that their signatures hold and what changes of them goes as deep as can be.
const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW_S: i64 = 1_440_938_160;
const SERVICES: &[&str] = &["apigateway", "execute-api", "service"];
/// Seconds that a presigned URL lives.
const EXPIRES_S: u32 = 60;

/// An HTTP request: `METHOD path?query`, its fields, an empty line, the body.
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: HeaderMap,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    fn read(input: &'a [u8]) -> Option<Self> {
        let head_len = input.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = head_len.map_or((input, &b""[..]), |at| (&input[..at], &input[at + 2..]));
        let mut lines = head.split(|byte| *byte == b'\n');
        let (method, target) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        for line in lines {
            let at = line.iter().position(|byte| *byte == b':')?;
            let value = HeaderValue::from_bytes(line[at + 1..].trim_ascii_start()).ok()?;
            headers.try_append(HeaderName::from_bytes(&line[..at]).ok()?, value).ok()?;
        }
        Some(Self { method, path, query, headers, body })
    }

    fn signing(&self) -> SigningRequest<'_> {
        let body = Payload::Bytes(self.body);
        SigningRequest { method: self.method, raw_path: self.path, raw_query: self.query, headers: &self.headers, body }
    }
}

fn run(input: &[u8]) {
    let Some(request) = Request::read(input) else { return };
    check_presented(&request);
    check_signed_here(&request);
}

fn check_presented(request: &Request<'_>) {
    let signing = request.signing();
    let presented = match parse_with(&signing, Algorithms::All) {
        Ok(presented) => presented,
        Err(error) => return check_error(&error),
    };
    let key_id = &presented.access_key_id;
    assert!(!key_id.is_empty() && key_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    assert_eq!(parse_with(&signing, Algorithms::All).ok().as_ref(), Some(&presented), "the same again");
    for path_style in [PathStyle::Normalized, PathStyle::AsSent, PathStyle::S3] {
        let session = session(&presented);
        let options = VerifyOptions {
            path_style,
            unsigned_payload: UnsignedPayload::Allowed,
            session,
            ..VerifyOptions::for_services(SERVICES)
        };
        if let Err(error) = verify(&presented, &signing, &SecretKey::new(SECRET), NOW_S, &options) {
            check_error(&error);
        }
        let forged = verify(&presented, &signing, &SecretKey::new("another"), NOW_S, &options);
        assert!(forged.is_err(), "verified without the secret");
    }
}

/// The session that the request's token would be that of.
fn session(presented: &Presented) -> Option<Session> {
    let token = presented.session_token.as_deref()?;
    Some(Session { token_sha256: Session::hash_of(token), expires_s: i64::MAX })
}

fn check_error(error: &AuthError) {
    assert!((400..600).contains(&error.status()));
    assert!(!error.code().is_empty() && !error.message().is_empty());
}

/// Signs the request anew, in both forms.
fn check_signed_here(request: &Request<'_>) {
    let mut fresh = Request { headers: request.headers.clone(), ..*request };
    fresh.headers.remove("authorization");
    // A request that brings a signature in its query has two forms then, which is refused.
    if request.query.to_ascii_lowercase().contains("x-amz-") || request.query.contains('%') {
        fresh.query = "";
    }
    let secret = SecretKey::new(SECRET);
    let credentials = Credentials { access_key_id: KEY_ID, secret: &secret, session_token: None };
    let target = SigningTarget {
        region: "us-east-1",
        service: "apigateway",
        path_style: PathStyle::Normalized,
        content_sha256: ContentSha256::Omit,
    };
    fresh.headers.remove("x-amz-security-token");
    fresh.headers.remove("x-amz-content-sha256");
    let options = VerifyOptions::for_services(SERVICES);
    let holds = |request: &Request<'_>| {
        let verified =
            parse(&request.signing()).and_then(|presented| verify(&presented, &request.signing(), &secret, NOW_S, &options));
        // Signing has no bounds on lengths, reading has.
        assert!(matches!(verified, Ok(()) | Err(AuthError::TooLarge { .. } | AuthError::Duplicate { .. })), "{verified:?}");
    };
    if let Ok(added) = sign(&fresh.signing(), &credentials, &target, NOW_S) {
        let mut headers = fresh.headers.clone();
        for (name, value) in &added {
            headers.insert(name, value.clone());
        }
        holds(&Request { headers, ..fresh });
    }
    if let Ok(query) = presign(&fresh.signing(), &credentials, &target, NOW_S, EXPIRES_S) {
        let headers = fresh.headers.clone();
        holds(&Request { headers, query: &query, ..fresh });
    }
}

/// The vectors as clients sent them.
fn seeds() -> Vec<Vec<u8>> {
    let groups: Value = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    let vectors = groups.as_object().into_iter().flat_map(|groups| groups.values()).filter_map(Value::as_array).flatten();
    vectors.map(seed).collect()
}

fn seed(vector: &Value) -> Vec<u8> {
    let text = |name: &str| vector[name].as_str().unwrap_or_default();
    let mut seed = format!("{} {}", text("method"), text("path"));
    if !text("signed_query").is_empty() {
        seed.push('?');
        seed.push_str(text("signed_query"));
    }
    for field in vector["signed_headers"].as_array().into_iter().flatten() {
        seed.push_str(&format!("\n{}:{}", field[0].as_str().unwrap_or_default(), field[1].as_str().unwrap_or_default()));
    }
    seed.push_str("\n\n");
    seed.push_str(text("body"));
    seed.into_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Mutations start from requests that pass every check.
    #[test]
    fn a_seed_verifies() {
        let seeds = seeds();
        let verifying = seeds.iter().filter(|seed| {
            let request = Request::read(seed).unwrap();
            let presented = parse(&request.signing()).unwrap();
            let unsigned_payload = UnsignedPayload::Allowed;
            let options =
                VerifyOptions { unsigned_payload, session: session(&presented), ..VerifyOptions::for_services(SERVICES) };
            verify(&presented, &request.signing(), &SecretKey::new(SECRET), NOW_S, &options).is_ok()
        });
        assert_eq!(verifying.count(), seeds.len());
    }
}
