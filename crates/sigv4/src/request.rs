//! The request as both sides of a signature see it, and the secret.

use std::fmt;

use http::HeaderMap;

/// What a signature covers, as it is on the wire. Nothing here is decoded or normalised yet.
#[derive(Clone, Copy, Debug)]
pub struct SigningRequest<'a> {
    /// The method, in the case in which it was sent.
    pub method: &'a str,
    /// The path as sent, still percent-encoded, without the query.
    pub raw_path: &'a str,
    /// The query as sent, without the `?`; empty when there is none.
    pub raw_query: &'a str,
    /// All headers. `Host` must be among them: over HTTP/2 the caller adds it from `:authority`.
    pub headers: &'a HeaderMap,
    /// The body, or what is known of it.
    pub body: Payload<'a>,
}

/// The body as far as the signature is concerned.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// The whole body.
    Bytes(&'a [u8]),
    /// SHA-256 of a body that was hashed while it went by.
    Sha256([u8; 32]),
    /// Not covered: `UNSIGNED-PAYLOAD`. Verifies only what declares itself so, where the options allow it.
    Unsigned,
}

/// How the path enters the canonical request. Services differ, so it is the caller's to say.
///
/// Under [`Normalized`](Self::Normalized), `/a/x/../b` and `/a//b` have the signature of `/a/b`. A server has to route them
/// alike or refuse them, or else whoever sees a signed request can send it to another operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathStyle {
    /// `.`, `..` and doubled slashes are resolved and the path as sent is encoded once more: every service but S3.
    #[default]
    Normalized,
    /// Encoded once more but not resolved, for clients that leave resolving out.
    AsSent,
    /// S3: encoded once only, and not resolved, because `a//b` and `a/../b` are object keys of their own.
    S3,
}

/// A secret access key. Its `Debug` shows nothing.
///
/// Not wiped on drop: the store and the pages it was read from hold the same bytes, so wiping this copy protects nothing.
#[derive(Clone)]
pub struct SecretKey(String);

impl SecretKey {
    /// Takes the secret as it is in a credentials file, without the `AWS4` prefix.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}
