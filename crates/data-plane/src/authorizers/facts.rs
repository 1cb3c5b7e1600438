//! What an authorizer says of a caller, as mappings, functions, logs and admission see it.

use std::borrow::Cow;
use std::sync::Arc;

use http::HeaderValue;
use serde_json::{Map, Value};

/// The member that holds a token's claims.
const CLAIMS: &str = "claims";
/// The caller, in the authorizer's own words.
const PRINCIPAL_ID: &str = "principalId";
/// How long this request waited for its authorizer.
const INTEGRATION_LATENCY: &str = "integrationLatency";

/// What an authorizer said. Shared by the requests that a kept answer lets in.
#[derive(Clone, Default)]
pub(crate) struct AuthorizerFacts {
    /// `$context.authorizer`: text each, but for `claims`, whose members are text.
    object: Map<String, Value>,
    /// `usageIdentifierKey`: an API key's value, which is shown to nobody.
    pub(crate) usage_identifier_key: Option<HeaderValue>,
}

/// The authorizer's word on one request.
#[derive(Clone, Debug)]
pub(crate) struct Identified {
    pub(crate) facts: Arc<AuthorizerFacts>,
    /// 0 where the answer was kept from an earlier request.
    pub(crate) integration_latency_ms: u64,
}

impl AuthorizerFacts {
    /// A Lambda authorizer's `principalId` and the entries of its `context`, as text.
    pub(crate) fn of_context(principal_id: &str, entries: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut object: Map<String, Value> = entries.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
        object.insert(PRINCIPAL_ID.to_owned(), principal_id.into());
        Self { object, usage_identifier_key: None }
    }

    /// A token's verified claims, as text.
    pub(crate) fn of_claims(principal_id: Option<&str>, claims: impl IntoIterator<Item = (String, String)>) -> Self {
        let claims: Map<String, Value> = claims.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
        let mut object = Map::from_iter([(CLAIMS.to_owned(), Value::Object(claims))]);
        if let Some(principal_id) = principal_id {
            object.insert(PRINCIPAL_ID.to_owned(), principal_id.into());
        }
        Self { object, usage_identifier_key: None }
    }
}

impl AuthorizerFacts {
    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        const BYTES_PER_MEMBER: usize = 128;
        self.object.iter().map(|(name, value)| name.len() + value.as_str().map_or(0, str::len) + BYTES_PER_MEMBER).sum()
    }
}

impl std::fmt::Debug for AuthorizerFacts {
    /// Names alone: values may be secrets of the authorizer's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.object.keys()).finish()
    }
}

impl Identified {
    /// `$context.authorizer` as an object, but for the latency.
    pub(crate) fn object(&self) -> &Map<String, Value> {
        &self.facts.object
    }

    /// `$context.authorizer.{path}`. All behind `claims.` is one name: claims have names such as `custom:a.b`.
    pub(crate) fn variable(&self, path: &str) -> Option<Cow<'_, str>> {
        if path == INTEGRATION_LATENCY {
            return Some(self.integration_latency_ms.to_string().into());
        }
        let value = match path.split_once('.') {
            Some((CLAIMS, name)) => self.object().get(CLAIMS)?.get(name)?,
            _ => self.object().get(path)?,
        };
        value.as_str().map(Cow::Borrowed)
    }

    /// `requestContext.authorizer` of an event.
    pub(crate) fn event(&self) -> Value {
        let mut object = self.object().clone();
        // No function was asked for the claims of a token, and events have nothing beside them (seen in events of the service).
        if let Some(Value::Object(claims)) = object.get(CLAIMS) {
            return serde_json::json!({ CLAIMS: claims });
        }
        object.insert(INTEGRATION_LATENCY.to_owned(), self.integration_latency_ms.into());
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn identified(facts: AuthorizerFacts) -> Identified {
        Identified { facts: Arc::new(facts), integration_latency_ms: 7 }
    }

    #[test]
    fn what_a_function_said() {
        let entry = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let entries = [entry("tenant", "acme"), entry("principalId", "forged"), entry("claims", "{}")];
        let said = identified(AuthorizerFacts::of_context("ann", entries));
        assert_eq!(said.variable("principalId").unwrap(), "ann");
        assert_eq!(said.variable("tenant").unwrap(), "acme");
        assert_eq!(said.variable("integrationLatency").unwrap(), "7");
        assert_eq!(said.variable("other"), None);
        let event = serde_json::json!({"principalId": "ann", "tenant": "acme", "claims": "{}", "integrationLatency": 7});
        assert_eq!(said.event(), event);
    }

    #[test]
    fn what_a_token_said() {
        let claims = [("sub".to_owned(), "1".to_owned()), ("custom:a.b".to_owned(), "x".to_owned())];
        let said = identified(AuthorizerFacts::of_claims(Some("1"), claims));
        assert_eq!(said.variable("claims.sub").unwrap(), "1");
        assert_eq!(said.variable("claims.custom:a.b").unwrap(), "x");
        assert_eq!(said.variable("claims"), None, "claims as a whole are null (AWS docs)");
        assert_eq!(said.variable("principalId").unwrap(), "1");
        assert_eq!(said.event(), serde_json::json!({"claims": {"sub": "1", "custom:a.b": "x"}}));
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let mut facts = AuthorizerFacts::of_context("ann", [("token".to_owned(), "s3cret".to_owned())]);
        facts.usage_identifier_key = Some(HeaderValue::from_static("k3y"));
        let shown = format!("{facts:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("k3y") && shown.contains("token"), "{shown}");
    }
}
