//! What the log says of a method's authorizer, in the order and the words of published logs. Who calls, and what they show, is masked.

use http::HeaderMap;

use super::secrets::{self, Secrets};
use super::{ExecutionLog, Query, Sink, peek, text, uri};
use crate::context::RequestIds;
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
    /// The authorizer with this id is turned to.
    pub(crate) fn authorizer_started(&self, ids: &RequestIds, id: &str, headers: &HeaderMap, identity: &IdentityShown<'_>) {
        // Before anything that might hold one.
        self.keep_secrets_of(headers, "");
        let _ = self.identity.set(Secrets::of_identity(&identity.secrets()));
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
    /// What a client sent as a secret; the other sources are no secrets.
    fn secrets(&self) -> Vec<&'a str> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Token(token) => vec![token],
            Self::Sources(sources) => sources
                .iter()
                .filter(|(expression, _)| expression.starts_with("method.request."))
                .map(|(_, value)| *value)
                .collect(),
        }
    }
}
