//! Callers who sign, and the keys that they sign with.

#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue};
use postern_api_model::hidden::Hidden;
use postern_api_model::identity::{Identity, IdentityKind, Session};
use postern_api_model::ports::{CallerKey, CallerKeys, PortFuture, Proof};
use postern_api_model::rest_api::Method;
use postern_sigv4::{ContentSha256, Credentials, PathStyle, Payload, SecretKey, SigningRequest, SigningTarget, presign, sign};

use super::{Answer, TestGateway};

pub const HOST: &str = "abcde12345.execute-api.local";
pub const ROOT: &str = "AKIAROOT";

#[derive(Default)]
pub struct Keys(pub Mutex<BTreeMap<String, CallerKey>>);

impl Keys {
    pub fn with(keys: &[(&str, &str, Option<&str>)]) -> Arc<Self> {
        let of = |(id, account, policy): &(&str, &str, Option<&str>)| {
            let kind = if policy.is_some() { IdentityKind::User } else { IdentityKind::Root };
            let identity = Identity { account: (*account).to_owned(), access_key_id: (*id).to_owned(), kind };
            let proof = Proof::Secret(Hidden::new(secret(id)));
            ((*id).to_owned(), CallerKey { identity, proof, policy: policy.map(str::to_owned), session: None })
        };
        Arc::new(Self(Mutex::new(keys.iter().map(of).collect())))
    }
}

impl CallerKeys for Keys {
    fn caller_key<'a>(&'a self, id: &'a str) -> PortFuture<'a, Result<Option<CallerKey>, String>> {
        let found = self.0.lock().unwrap().get(id).cloned();
        Box::pin(async move { if id == "AKIADOWN" { Err("the store is away".to_owned()) } else { Ok(found) } })
    }
}

pub fn secret(id: &str) -> String {
    format!("secret of {id}")
}

pub fn now() -> i64 {
    i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// A request as its client signs it.
pub struct Call<'a> {
    pub key: &'a str,
    pub secret: Option<&'a str>,
    pub verb: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub body: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub host: &'a str,
    pub at: i64,
    pub content: ContentSha256,
    /// Of a key that is lent.
    pub token: Option<&'a str>,
    /// Signed along.
    pub fields: &'a [(&'static str, &'a str)],
}

pub fn call<'a>(verb: &'a str, path: &'a str) -> Call<'a> {
    Call {
        key: ROOT,
        secret: None,
        verb,
        path,
        query: "",
        body: "",
        service: "execute-api",
        region: "eu-west-1",
        host: HOST,
        at: now(),
        content: ContentSha256::Omit,
        token: None,
        fields: &[],
    }
}

impl Call<'_> {
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(self.host).unwrap());
        for (name, value) in self.fields {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    pub fn signed(&self) -> Vec<String> {
        let mut headers = self.headers();
        let secret = SecretKey::new(self.secret.map_or_else(|| secret(self.key), str::to_owned));
        let credentials = Credentials { access_key_id: self.key, secret: &secret, session_token: self.token };
        let added = sign(&self.request(&headers), &credentials, &self.target(), self.at).unwrap();
        headers.extend(added);
        lines(&headers)
    }

    pub fn presigned(&self, expires_s: u32) -> String {
        let headers = self.headers();
        let secret = SecretKey::new(secret(self.key));
        let credentials = Credentials { access_key_id: self.key, secret: &secret, session_token: self.token };
        presign(&self.request(&headers), &credentials, &self.target(), self.at, expires_s).unwrap()
    }

    pub fn request<'b>(&'b self, headers: &'b HeaderMap) -> SigningRequest<'b> {
        let (raw_path, raw_query) = (self.path, self.query);
        SigningRequest { method: self.verb, raw_path, raw_query, headers, body: Payload::Bytes(self.body.as_bytes()) }
    }

    pub fn target(&self) -> SigningTarget<'_> {
        SigningTarget { region: self.region, service: self.service, path_style: PathStyle::AsSent, content_sha256: self.content }
    }

    pub fn uri(&self) -> String {
        if self.query.is_empty() { self.path.to_owned() } else { format!("{}?{}", self.path, self.query) }
    }

    pub async fn send(&self, test: &TestGateway) -> Answer {
        send(test, self.verb, &self.uri(), &self.signed(), self.body).await
    }
}

pub fn lines(headers: &HeaderMap) -> Vec<String> {
    headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

pub async fn send(test: &TestGateway, verb: &str, uri: &str, fields: &[String], body: &str) -> Answer {
    test.call_with(verb, uri, &fields.iter().map(String::as_str).collect::<Vec<_>>(), body).await
}

pub fn iam(mut method: Method) -> Method {
    method.authorization_type = "AWS_IAM".to_owned();
    method
}

/// What a lent key's token is.
pub const TOKEN: &str = "a token";

impl Keys {
    /// The same, lent until then.
    pub fn lent(self: Arc<Self>, expires_s: i64) -> Arc<Self> {
        let session = Session { token_sha256: postern_sigv4::Session::hash_of(TOKEN), issued_s: 1_577_836_800, expires_s };
        self.0.lock().unwrap().values_mut().for_each(|key| key.session = Some(session));
        self
    }
}
