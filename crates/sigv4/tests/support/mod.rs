//! A request that can be signed, changed and verified.
#![allow(dead_code)] // Each test file uses a part of it.
#![allow(clippy::unwrap_used)]

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use postern_sigv4::{
    AuthError, ContentSha256, Credentials, PathStyle, Payload, SecretKey, SigningRequest, SigningTarget, VerifyOptions, parse,
    presign, sign, verify,
};

pub const KEY_ID: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 20150830T123600Z.
pub const NOW_S: i64 = 1_440_938_160;
pub const SERVICES: &[&str] = &["apigateway", "execute-api", "service"];

#[derive(Clone, Debug)]
pub struct Message {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

pub fn secret() -> SecretKey {
    SecretKey::new(SECRET)
}

pub fn target() -> SigningTarget<'static> {
    SigningTarget {
        region: "us-east-1",
        service: "apigateway",
        path_style: PathStyle::Normalized,
        content_sha256: ContentSha256::Omit,
    }
}

impl Message {
    pub fn new(method: &str, path: &str, query: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("127.0.0.1:4566"));
        Self { method: method.into(), path: path.into(), query: query.into(), headers, body: Vec::new() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub fn request(&self) -> SigningRequest<'_> {
        SigningRequest {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &self.headers,
            body: Payload::Bytes(&self.body),
        }
    }

    pub fn signed(self) -> Self {
        self.signed_with(None, target())
    }

    pub fn signed_with(mut self, session_token: Option<&str>, target: SigningTarget<'_>) -> Self {
        let credentials = Credentials { access_key_id: KEY_ID, secret: &secret(), session_token };
        let added = sign(&self.request(), &credentials, &target, NOW_S).unwrap();
        self.headers.extend(added);
        self
    }

    pub fn presigned(mut self, session_token: Option<&str>, expires_s: u32) -> Self {
        let credentials = Credentials { access_key_id: KEY_ID, secret: &secret(), session_token };
        self.query = presign(&self.request(), &credentials, &target(), NOW_S, expires_s).unwrap();
        self
    }

    /// The authorization header, changed.
    pub fn authorization(mut self, change: impl FnOnce(String) -> String) -> Self {
        let before = self.headers.get("authorization").map_or("", |value| value.to_str().unwrap());
        let after = change(before.to_owned());
        self.headers.insert("authorization", HeaderValue::from_bytes(after.as_bytes()).unwrap());
        self
    }

    pub fn verify(&self) -> Result<(), AuthError> {
        self.verify_at(NOW_S, VerifyOptions::for_services(SERVICES))
    }

    pub fn verify_at(&self, now_s: i64, options: VerifyOptions<'_>) -> Result<(), AuthError> {
        let presented = parse(&self.request())?;
        verify(&presented, &self.request(), &secret(), now_s, &options)
    }

    pub fn refusal(&self) -> (&'static str, String) {
        let error = self.verify().unwrap_err();
        assert_eq!(error.status(), 403);
        (error.code(), error.message())
    }
}
