//! Signed requests: who sends them, proven by Signature Version 4 or 4A in the header or in the query.
//!
//! A signature covers the body, so the body is read whole before anything is decided, and then passed on: requests to methods with
//! `AWS_IAM` do not stream. What needs no body is refused before it is read. A request can be sent again as long as its date is
//! within five minutes, and a presigned URL for as long as it says; nothing remembers what was seen, as on AWS.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, Method};
use postern_api_model::hidden::Hidden;
use postern_api_model::ports::Proof;
use postern_api_model::scope::Scope;
use postern_sigv4::{
    Algorithms, AuthError, PathStyle, Payload, Presented, RegionRule, SecretKey, Session, SigningRequest, VerifyOptions,
};

use super::callers::{Callers, Key};
use crate::context::{Arrival, Message};
use crate::error::GatewayError;
use crate::headers::Field;

/// What requests to APIs are signed for.
const SERVICES: &[&str] = &["execute-api"];

/// Who signed a request.
pub(super) struct Proven {
    pub(super) key: Arc<Key>,
    /// Of a key that was lent for a while.
    pub(super) session_token: Option<Hidden>,
}

/// The one whose key's holder sends a request to an API in `scope`. The body is whole afterwards.
///
/// # Errors
/// Why it is nobody's.
pub(super) async fn signer(
    arrival: &Arrival,
    message: &mut Message,
    scope: &Scope,
    callers: &Callers,
    max_body_bytes: u64,
) -> Result<Proven, GatewayError> {
    let headers = signed_view(arrival, &message.headers);
    let head = signing_request(arrival, &headers, Payload::Unsigned);
    let presented = postern_sigv4::parse_with(&head, Algorithms::All).map_err(refused)?;
    let now_s = i64::try_from(arrival.epoch.seconds()).unwrap_or(i64::MAX);
    let options = options(scope);
    let checked = check(&presented, &head, arrival, now_s, &options);
    let key = callers.key(&presented.access_key_id).await.map_err(GatewayError::Store)?;
    let secret = match key.as_deref().map(|key| &key.proof) {
        // Nothing to be proven.
        Some(Proof::Waived) => {
            let key = key.ok_or_else(|| refused(AuthError::UnknownKey))?;
            return Ok(Proven { key, session_token: None });
        }
        Some(Proof::Secret(secret)) => Some(SecretKey::new(secret.expose())),
        None => None,
    };
    // AWS looks at scope and time before it looks at the key.
    checked.map_err(refused)?;
    let (Some(key), Some(secret)) = (key, secret) else { return Err(refused(AuthError::UnknownKey)) };
    let max_bytes = usize::try_from(max_body_bytes).unwrap_or(usize::MAX);
    let body = std::mem::take(&mut message.body).collect(max_bytes).await.map_err(GatewayError::from_request_body)?;
    let whole = signing_request(arrival, &headers, Payload::Bytes(&body));
    let session = key.session.map(|session| Session { token_sha256: session.token_sha256, expires_s: session.expires_s });
    let options = VerifyOptions { session, ..options };
    postern_sigv4::verify(&presented, &whole, &secret, now_s, &options).map_err(refused)?;
    message.body = body.into();
    Ok(Proven { key, session_token: presented.session_token.map(Hidden::new) })
}

fn check(
    presented: &Presented,
    head: &SigningRequest<'_>,
    arrival: &Arrival,
    now_s: i64,
    options: &VerifyOptions<'_>,
) -> Result<(), AuthError> {
    postern_sigv4::check(presented, head, now_s, options)?;
    // A signature takes these for their encoded forms, and whoever reads the query splits at the one and makes a space of the other:
    // clients encode both.
    if head.raw_query.contains([';', '+']) {
        return Err(AuthError::SignatureMismatch);
    }
    // A signature covers the verb that was sent; who sees it must not be able to make another one of it.
    let name = Field::MethodOverride.name();
    if arrival.overridden.is_some() && !presented.covers(&name) {
        return Err(AuthError::UnsignedHeader { name: format!("'{name}'") });
    }
    Ok(())
}

/// The path as it was sent: with its dots and slashes resolved, the signature of one path would open another, since routing does not
/// resolve them.
fn options(scope: &Scope) -> VerifyOptions<'_> {
    VerifyOptions {
        region: RegionRule::Exactly(&scope.region),
        path_style: PathStyle::AsSent,
        ..VerifyOptions::for_services(SERVICES)
    }
}

fn signing_request<'a>(arrival: &'a Arrival, headers: &'a HeaderMap, body: Payload<'a>) -> SigningRequest<'a> {
    let method: &Method = arrival.overridden.as_deref().unwrap_or(&arrival.method);
    SigningRequest {
        method: method.as_str(),
        raw_path: arrival.uri.path(),
        raw_query: arrival.uri.query().unwrap_or_default(),
        headers,
        body,
    }
}

/// The fields as they were sent: what asks for an execution log was taken out, and may have been signed.
fn signed_view<'a>(arrival: &Arrival, headers: &'a HeaderMap) -> Cow<'a, HeaderMap> {
    match arrival.log_token.as_deref() {
        None => Cow::Borrowed(headers),
        Some(token) => {
            let mut headers = headers.clone();
            headers.insert(Field::LogToken.name(), token.clone());
            Cow::Owned(headers)
        }
    }
}

fn refused(error: AuthError) -> GatewayError {
    GatewayError::Unauthenticated(Box::new(error))
}
