//! What the fuzzer does with tokens and key sets: whatever they say, reading is bounded, and nothing that no key of ours signed is let in.

use std::sync::LazyLock;

use super::KeySet;
use super::presented::Presented;
use crate::fuzzing::{Target, parts, seeds};

/// A token on its own.
pub(crate) const TOKEN: Target = ("token", token, token_seeds);
/// A key set, and the token that it is to verify.
pub(crate) const KEY_SET: Target = ("key-set", key_set, key_set_seeds);

/// The example of RFC 7515, A.3: an ES256 key whose private half the RFC prints; nobody is let in by it here.
const RFC_KEY: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

fn token(input: &[u8]) {
    static KEYS: LazyLock<KeySet> = LazyLock::new(|| KeySet::parse(RFC_KEY.as_bytes()).unwrap_or_else(|error| panic!("{error}")));
    let text = String::from_utf8_lossy(input);
    let Ok(presented) = Presented::parse(&text) else { return };
    assert_eq!(text.split('.').count(), 3, "three parts");
    assert!(!presented.key_id().is_empty());
    assert!(!text.contains(['=', '+', '/', ' ']), "one spelling of base64url");
    assert!(presented.verified_by(&KEYS).is_none(), "nobody signed it");
}

fn key_set(input: &[u8]) {
    let [set, token] = parts(input);
    let Ok(keys) = KeySet::parse(set.as_bytes()) else { return };
    if let Ok(presented) = Presented::parse(&token) {
        let is_known = keys.has(presented.key_id());
        assert!(presented.verified_by(&keys).is_none() || is_known, "only a key of that id verifies");
    }
}

fn token_seeds() -> Vec<Vec<u8>> {
    seeds(&[
        "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2EiLCJleHAiOjF9.AAAA",
        "eyJhbGciOiJub25lIiwia2lkIjoiayJ9.e30.",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsiLCJjcml0IjpbXX0.e30.AA",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AA==",
        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsifQ.eyJhIjoxLCJhIjoyfQ.AA",
        "eyJhbGciOiJFUzUxMiIsImtpZCI6ImsifQ.W10.AA",
        "e30.e30.e30.e30.e30",
        "...",
        "a.b",
        "",
    ])
}

fn key_set_seeds() -> Vec<Vec<u8>> {
    let token = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2EiLCJleHAiOjF9.AAAA";
    let with_token = |set: &str| format!("{set}|{token}");
    let sets = [
        RFC_KEY,
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}]}"#,
        r#"{"keys":[{"kty":"RSA","use":"enc","alg":"RSA-OAEP","kid":"k","n":"AA","e":""}]}"#,
        r#"{"keys":[{"kty":"oct","kid":"k","k":"AAAA"}]}"#,
        r#"{"keys":[{"kty":"EC","crv":"P-384","kid":"k","x":"AA","y":"AA","key_ops":["verify"]}]}"#,
        r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","d":"AA"}]}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[1,null,"x"]}"#,
        r#"{"keys":[{"kid":1}],"keys":[]}"#,
    ];
    seeds(&sets.map(with_token).each_ref().map(String::as_str))
}
