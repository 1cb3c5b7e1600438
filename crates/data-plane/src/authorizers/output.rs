//! What a Lambda authorizer answers: who calls, a policy, and what the backend is to be told (AWS docs, "Output from an API Gateway
//! Lambda authorizer").
//!
//! It is read strictly: what two readers could understand differently, or what nobody here knows, is no answer, and the request fails.
//! AWS reads it into a type as well, so that an error object of the function's fails by its first member.

use std::sync::Arc;

use http::HeaderValue;
use postern_policy::{Json, Kind, Policy};

use super::facts::AuthorizerFacts;

/// Bytes of an answer. AWS documents 8 KB for WebSocket APIs and takes more for REST APIs (reported); this is room for the largest policy and
/// as much besides, and takes about a millisecond to read.
pub(crate) const OUTPUT_BYTES_MAX: usize = 128 * 1024;
/// Characters of a resource in its policy (AWS docs, "Amazon API Gateway important notes").
const RESOURCE_CHARS_MAX: usize = 512;
/// Members that `$context.authorizer` has of its own: an entry of that name gives way.
const OWN: [&str; 2] = ["principalId", "integrationLatency"];

/// A good answer.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) principal_id: Box<str>,
    pub(crate) policy: Policy,
    /// The policy as it came, as JSON.
    pub(crate) document: Box<str>,
    pub(crate) facts: Arc<AuthorizerFacts>,
}

impl Output {
    /// Reads an answer.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the execution log.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, String> {
        let invalid = |reason: &str| format!("Invalid JSON in response: {reason}");
        if payload.len() > OUTPUT_BYTES_MAX {
            return Err(invalid(&format!("it is longer than {OUTPUT_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(payload).map_err(|_| invalid("it is no UTF-8"))?;
        let Json::Object(members) = Json::parse(text).map_err(|reason| invalid(&reason))? else {
            return Err(invalid("it is no object"));
        };
        let (mut principal_id, mut document, mut context, mut key) = (Json::Null, Json::Null, Json::Null, Json::Null);
        for (name, value) in members {
            match name.as_str() {
                "principalId" => principal_id = value,
                "policyDocument" => document = value,
                "context" => context = value,
                "usageIdentifierKey" => key = value,
                // Seen in published logs, space and all.
                other => return Err(invalid(&format!("Unrecognized field {other:?} , not marked as ignorable"))),
            }
        }
        let Json::Text(principal_id) = principal_id else {
            return Err("Invalid response: principalId is no string".to_owned());
        };
        let policy = Policy::of_json(&document, Kind::Identity).map_err(|error| format!("Invalid policy document: {error}"))?;
        if policy.resource_chars_max() > RESOURCE_CHARS_MAX {
            return Err(format!("Invalid policy document: a resource has more than {RESOURCE_CHARS_MAX} characters"));
        }
        let mut facts = AuthorizerFacts::of_context(&principal_id, entries(context)?);
        facts.usage_identifier_key = usage_identifier_key(key)?;
        let document = document.to_string().into();
        Ok(Self { principal_id: principal_id.into(), policy, document, facts: Arc::new(facts) })
    }

    /// About how many bytes it takes: a policy is kept character by character.
    pub(super) fn weight(&self) -> usize {
        const BYTES_PER_CHARACTER: usize = 16;
        self.document.len() * BYTES_PER_CHARACTER + self.principal_id.len() + self.facts.weight()
    }
}

/// Objects and lists are refused (AWS docs); so is null, which is no value either.
fn entries(context: Json) -> Result<Vec<(String, String)>, String> {
    let members = match context {
        Json::Null => return Ok(Vec::new()),
        Json::Object(members) => members,
        _ => return Err("Invalid response: context is no map".to_owned()),
    };
    let members = members.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    let entry = |(name, value): (String, Json)| match value.scalar() {
        Some(text) => Ok((name, text)),
        None => Err(format!("Invalid response: context.{name} is no string, number or boolean")),
    };
    members.map(entry).collect()
}

fn usage_identifier_key(key: Json) -> Result<Option<HeaderValue>, String> {
    match key {
        Json::Null => Ok(None),
        Json::Text(key) => {
            let mut key =
                HeaderValue::try_from(key).map_err(|_| "Invalid response: usageIdentifierKey is no API key".to_owned())?;
            key.set_sensitive(true);
            Ok(Some(key))
        }
        _ => Err("Invalid response: usageIdentifierKey is no string".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::authorizers::Identified;

    const STATEMENT: &str = r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}"#;

    fn with(more: &str) -> Result<Output, String> {
        Output::parse(
            format!(r#"{{"principalId":"me","policyDocument":{{"Version":"2012-10-17","Statement":[{STATEMENT}]}}{more}}}"#)
                .as_bytes(),
        )
    }

    #[test]
    fn what_an_answer_says() {
        let output = with(
            r#","context":{"s":"x","n":1,"f":1.0,"b":true,"principalId":"other","integrationLatency":7},"usageIdentifierKey":"key""#,
        )
        .unwrap();
        assert_eq!(&*output.principal_id, "me");
        let said = Identified { facts: Arc::clone(&output.facts), integration_latency_ms: 3 };
        let event = serde_json::json!({
            "principalId": "me", "s": "x", "n": "1", "f": "1.0", "b": "true", "integrationLatency": 3,
        });
        assert_eq!(said.event(), event);
        assert_eq!(output.facts.usage_identifier_key.as_ref().unwrap(), "key");
        assert_eq!(*output.document, format!(r#"{{"Version":"2012-10-17","Statement":[{STATEMENT}]}}"#));
        assert!(with(r#","context":null,"usageIdentifierKey":null"#).is_ok());
    }

    #[test]
    fn what_is_none() {
        for more in [
            r#","context":{"o":{}}"#,
            r#","context":{"l":[1]}"#,
            r#","context":{"n":null}"#,
            r#","context":[]"#,
            r#","context":{"a":1,"a":2}"#,
            r#","usageIdentifierKey":7"#,
            r#","usageIdentifierKey":"a\r\nb""#,
            r#","principalId":"other""#,
            r#","isAuthorized":true"#,
        ] {
            assert!(with(more).is_err(), "{more}");
        }
        for text in [
            "",
            "null",
            "[]",
            "true",
            "\"Allow\"",
            "{}",
            r#"{"principalId":"me"}"#,
            r#"{"principalId":"me","policyDocument":null}"#,
            r#"{"principalId":"me","policyDocument":{}}"#,
            r#"{"principalId":"me","policyDocument":{"Version":"2012-10-17","Statement":[]}}"#,
            r#"{"principalId":"me","policyDocument":"{}"}"#,
            &format!(r#"{{"policyDocument":{{"Statement":{STATEMENT}}}}}"#),
            &format!(r#"{{"principalId":7,"policyDocument":{{"Statement":{STATEMENT}}}}}"#),
            &format!(r#"{{"principalId":"","policyDocument":{{"Statement":{STATEMENT},"Statement":{STATEMENT}}}}}"#),
            r#"{"principalId":"me","policyDocument":{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}}"#,
            r#"{"principalId":"me","policyDocument":{"Statement":{"Effect":"Allow","Action":"*"}}}"#,
        ] {
            assert!(Output::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Output::parse(&[b' '; OUTPUT_BYTES_MAX + 1]).unwrap_err().contains("longer"));
        assert!(Output::parse(b"\xff").is_err());
    }

    #[test]
    fn an_error_object_fails_by_its_first_member() {
        let reason = Output::parse(br#"{"errorType": "Error", "errorMessage": "boom"}"#).unwrap_err();
        assert_eq!(reason, "Invalid JSON in response: Unrecognized field \"errorType\" , not marked as ignorable");
    }
}
