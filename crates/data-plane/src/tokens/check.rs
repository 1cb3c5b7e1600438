//! One token of one request, from the header to its claims.

use std::sync::Arc;

use http::{HeaderMap, HeaderName};

use super::claims::{Claims, Now};
use super::key_sets::{Issuer, KeySets};
use super::presented::Presented;
use crate::error::GatewayError;
use crate::transport::Upstreams;

/// How the header of an identity source begins.
const HEADER_SOURCE: &str = "method.request.header.";
/// The scheme that may stand before a token (RFC 6750, 2.1); its case does not count (RFC 9110, 11.1).
const BEARER: &str = "bearer ";

/// Why a token lets nobody in. Texts are for the log and hold nothing of the token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is none, or it is not good.
    Invalid(String),
    /// It was good until it expired.
    Expired,
    /// The keys of its issuer cannot be had.
    Keys(String),
    /// The authorizer cannot decide about any token.
    Misconfigured(String),
}

impl Refused {
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

impl From<Refused> for GatewayError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid(reason) => {
                tracing::debug!(%reason, "a token lets nobody in");
                Self::Unauthorized
            }
            Refused::Expired => Self::TokenExpired,
            Refused::Keys(reason) => Self::AuthorizerFailure(reason),
            Refused::Misconfigured(reason) => Self::AuthorizerConfiguration(reason),
        }
    }
}

/// What a check needs besides the rules.
#[derive(Clone, Copy)]
pub(crate) struct TokenCheck<'a> {
    /// The issuers' keys.
    pub(crate) keys: &'a Arc<KeySets>,
    /// The way to issuers.
    pub(crate) upstreams: &'a Upstreams,
    /// Seconds since the epoch.
    pub(crate) now_seconds: u64,
}

impl TokenCheck<'_> {
    pub(super) fn now(&self) -> Now {
        Now { seconds: self.now_seconds, skew_seconds: self.keys.settings().clock_skew.as_secs_f64() }
    }

    /// The claims of a token, if its issuer signed it.
    pub(super) async fn verified(&self, token: Presented<'_>, issuer: Issuer<'_>) -> Result<Claims, Refused> {
        let keys = self.keys.of(issuer, token.key_id(), self.upstreams).await.map_err(Refused::Keys)?;
        token.verified_by(&keys).ok_or_else(|| Refused::invalid("none of its issuer's keys made its signature"))
    }
}

/// Where clients put their tokens: one header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TokenSource(HeaderName);

impl TokenSource {
    /// `method.request.header.NAME`.
    pub(super) fn parse(identity_source: Option<&str>) -> Result<Self, String> {
        let name = identity_source.and_then(|source| source.strip_prefix(HEADER_SOURCE));
        let name = name.and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        name.map(Self).ok_or_else(|| "its identitySource names no header".to_owned())
    }

    /// The name of the field.
    pub(super) fn field(&self) -> &HeaderName {
        &self.0
    }

    /// The token, without its scheme. Of several fields it is not certain which one a reader behind us takes, so they are none.
    pub(super) fn read<'h>(&self, headers: &'h HeaderMap) -> Result<&'h str, Refused> {
        let mut fields = headers.get_all(&self.0).iter();
        let (field, others) = (fields.next(), fields.next());
        if others.is_some() {
            return Err(Refused::invalid("its header is there more than once"));
        }
        let value = field.ok_or_else(|| Refused::invalid("its header is missing"))?;
        let value = value.to_str().map_err(|_| Refused::invalid("its header is no text"))?;
        let scheme = value.get(..BEARER.len()).filter(|scheme| scheme.eq_ignore_ascii_case(BEARER));
        let token = scheme.map_or(value, |scheme| &value[scheme.len()..]);
        if token.is_empty() { Err(Refused::invalid("its header is empty")) } else { Ok(token) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    #[test]
    fn where_tokens_are() {
        let source = TokenSource::parse(Some("method.request.header.X-Token")).unwrap();
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_static("other"));
            for value in values {
                headers.append("x-token", HeaderValue::from_static(value));
            }
            source.read(&headers).map(str::to_owned)
        };
        assert_eq!(read(&["a.b.c"]).unwrap(), "a.b.c");
        assert_eq!(read(&["Bearer a.b.c"]).unwrap(), "a.b.c");
        assert_eq!(read(&["bearer a.b.c"]).unwrap(), "a.b.c");
        // What is not exactly that stays in the token, which then is none.
        assert_eq!(read(&["Bearer  a.b.c"]).unwrap(), " a.b.c");
        assert_eq!(read(&["Basic a.b.c"]).unwrap(), "Basic a.b.c");
        assert_eq!(read(&["Bearer\ta.b.c"]).unwrap(), "Bearer\ta.b.c");
        for none in [&[][..], &[""], &["Bearer "], &["a.b.c", "a.b.c"], &["a.b.c", ""]] {
            assert!(matches!(read(none), Err(Refused::Invalid(_))), "{none:?}");
        }
        for source in [None, Some(""), Some("method.request.querystring.t"), Some("method.request.header."), Some("x")] {
            assert!(TokenSource::parse(source).is_err(), "{source:?}");
        }
    }
}
