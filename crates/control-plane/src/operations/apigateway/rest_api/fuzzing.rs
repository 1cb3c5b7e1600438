//! Targets of the fuzzer: resource policies, OpenAPI documents; and the API's PATCH for the target of all nouns.

use postern_api_model::error::ApiResult;
use postern_api_model::rest_api::RestApi;
use postern_api_model::scope::Scope;
use serde_json::Value;

pub(in super::super) use super::import::fuzzing::OPENAPI;
use super::policy::{moved, shown, stored};
use super::{patch, show_updated};
use crate::fuzzing::{Target, parts, seeds};
use crate::patch::Patch;

/// UpdateRestApi without its store.
pub(in super::super) fn update_in(api: &mut RestApi, patches: &[Patch]) -> ApiResult<()> {
    patch::apply_all(api, patches)?;
    drop(show_updated(api));
    Ok(())
}

/// A policy document.
pub(in super::super) const POLICY: Target = ("policy", policy, || {
    seeds(&[
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}"#,
        r#"{"Statement":{"Sid":"1","Effect":"Deny","NotPrincipal":{"AWS":["123456789012","arn:aws:iam::123456789012:root"]},"NotAction":["a:b"],"NotResource":["execute-api:/x","arn:x"],"Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8",1,true]}}}}"#,
        r#"{"Id":"a\"b","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"*","Resource":"*"}]}"#,
        r#"{"Statement": []}"#,
        " ",
    ])
});

fn policy(input: &[u8]) {
    let [text] = parts(input);
    let scope = Scope { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
    let plain = match stored(&text, &scope, "abcde12345") {
        Ok(Some(plain)) => plain,
        Ok(None) => return assert!(text.trim().is_empty()),
        Err(error) => return assert_eq!(error.status, 400),
    };
    let document: Value = serde_json::from_str(&plain).expect("what is stored is JSON");
    assert_eq!(document.to_string(), plain, "what is stored is compact");
    // A client that sends back what it was shown changes nothing, but for what has grown past the limit.
    let unescaped: Value = serde_json::from_str(&format!("\"{}\"", shown(&plain))).expect("shown is the inside of a string");
    assert_eq!(unescaped.as_str(), Some(&*plain));
    if let Ok(again) = stored(&plain, &scope, "abcde12345") {
        assert_eq!(again, Some(plain.clone()));
    }
    let there = moved(&plain, &scope, "abcde12345", "fghij67890");
    assert!(serde_json::from_str::<Value>(&there).is_ok(), "a copy is JSON");
}
