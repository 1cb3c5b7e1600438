//! What the log says of a method's authorizer, in the order and the words of published logs. Who calls, and what they show, is masked.

use http::{HeaderMap, HeaderName};

use super::secrets::{self, Secrets};
use super::{ExecutionLog, Query, Sink, peek, text, uri};
use crate::authorizers::OUTPUT_BYTES_MAX;
use crate::context::RequestIds;
use crate::encode::form_decode;
use crate::error::GatewayError;
use crate::transport::UpstreamRequest;

/// What a caller shows, as far as a line is about it.
pub(crate) enum IdentityShown<'a> {
    /// What is needed is not there.
    Nothing,
    Token(&'a str),
    /// Expressions and values.
    Sources(Vec<(&'a str, &'a str)>),
}

impl ExecutionLog {
    /// The authorizer with this id is turned to, in a request with this raw query.
    pub(crate) fn authorizer_started(
        &self,
        ids: &RequestIds,
        id: &str,
        (headers, query): (&HeaderMap, &str),
        identity: &IdentityShown<'_>,
    ) {
        // Before anything that might hold one.
        self.keep_secrets_of(headers, query);
        let _ = self.identity.set(Secrets::of_identity(&identity.secrets(query)));
        self.extended_id(&ids.extended);
        self.step(|| format!("Starting authorizer: {id} for request: {}", self.request_id));
        match identity {
            IdentityShown::Nothing => {}
            IdentityShown::Token(token) => self.step(|| format!("Incoming identity: {}", secrets::tail(token))),
            IdentityShown::Sources(sources) => self.step(|| {
                let masked = sources.iter().map(|(expression, value)| (*expression, secrets::tail(value)));
                format!("Incoming identity: {}", text::map(masked))
            }),
        }
    }

    /// An authorizer of tokens is turned to, which are in this field.
    pub(crate) fn token_sought(&self, field: &HeaderName, (headers, query): (&HeaderMap, &str)) {
        self.keep_secrets_of(headers, query);
        let values: Vec<_> = headers.get_all(field).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let tokens = values.iter().flat_map(|value| [Some(&**value), value.split_once(' ').map(|(_scheme, token)| token.trim())]);
        let _ = self.identity.set(Secrets::of_identity(&tokens.flatten().collect::<Vec<_>>()));
    }

    /// A token lets nobody in; the reason holds nothing of it.
    pub(crate) fn token_refused(&self, reason: &str) {
        self.authorizer_unasked();
        self.failure(|| format!("The token is not accepted: {reason}"));
    }

    /// What its function is about to be sent.
    pub(crate) async fn authorizer_request(&self, request: &mut UpstreamRequest) {
        self.data(|| format!("Endpoint request URI: {}", uri(request, Query::Shown)));
        self.data(|| format!("Endpoint request headers: {}", text::headers(&request.headers, &self.spellings)));
        if self.detail >= super::Detail::Everything {
            let start = peek::wait(&mut request.body).await;
            self.data(|| format!("Endpoint request body after transformations: {}", peek::shown(&start)));
        }
    }

    /// What its function answered.
    pub(crate) fn authorizer_answered(&self, payload: &[u8]) {
        self.data(|| {
            if payload.len() > OUTPUT_BYTES_MAX {
                // Whether it holds a key is not known without reading it.
                return format!("Authorizer result body before parsing: {} bytes, which are not shown", payload.len());
            }
            let shown = match serde_json::from_slice::<serde_json::Value>(payload) {
                Ok(serde_json::Value::Object(mut answer)) => {
                    if let Some(key) = answer.get_mut("usageIdentifierKey") {
                        *key = secrets::tail(key.as_str().unwrap_or_default()).into();
                    }
                    serde_json::Value::Object(answer).to_string()
                }
                _ => peek::shown(payload).into_owned(),
            };
            format!("Authorizer result body before parsing: {shown}")
        });
    }

    /// There is a policy, new or kept.
    pub(crate) fn authorizer_accepted(&self, principal: &str) {
        self.step(|| format!("Using valid authorizer policy for principal: {}", secrets::tail(principal)));
        self.step(|| "Successfully completed authorizer execution".to_owned());
    }

    /// What the caller shows is not worth asking about.
    pub(crate) fn authorizer_unasked(&self) {
        self.failure(|| format!("Unauthorized request: {}", self.request_id));
    }

    /// A test of the authorizer ended without an answer.
    pub(crate) fn authorizer_failed(&self, error: &GatewayError) {
        self.why(error);
    }

    /// Why a request failed. AWS names the exception where an authorizer's function did not answer as it should (published logs).
    pub(super) fn why(&self, error: &GatewayError) {
        match error {
            // Said before anything was asked, or by the authorizer's function.
            GatewayError::Unauthorized => {}
            error => self.failure(|| text::failure(error, self.content_type.get())),
        }
        if matches!(error, GatewayError::AuthorizerConfiguration(_)) {
            self.failure(|| error.error_type().to_owned());
        }
    }

    /// AWS logs it first for a deployed stage, once.
    pub(super) fn extended_id(&self, extended_id: &http::HeaderValue) {
        if matches!(self.sink, Sink::Server { .. }) && self.extended_id_said.set(()).is_ok() {
            self.step(|| format!("Extended Request Id: {}", String::from_utf8_lossy(extended_id.as_bytes())));
        }
    }
}

impl<'a> IdentityShown<'a> {
    /// What a client sent as a secret; the other sources are no secrets. What a query holds may be copied as it was sent, too.
    fn secrets(&self, query: &'a str) -> Vec<&'a str> {
        let sources = match self {
            Self::Nothing => return Vec::new(),
            Self::Token(token) => return vec![token],
            Self::Sources(sources) => sources,
        };
        let decoded = sources.iter().filter(|(expression, _)| expression.starts_with("method.request.")).map(|(_, value)| *value);
        let is_source = |name: &str| {
            let name = form_decode(name);
            sources.iter().any(|(expression, _)| expression.strip_prefix("method.request.querystring.") == Some(&*name))
        };
        let pairs = query.split(['&', ';']).filter_map(|pair| pair.split_once('='));
        decoded.chain(pairs.filter(|(name, _)| is_source(name)).map(|(_, value)| value)).collect()
    }
}
