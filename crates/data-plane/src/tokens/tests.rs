//! Tokens against keys: each kind of signature, and everything that somebody might get past a reader.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::presented::Presented;
use super::test_keys::{SigningKey, encoded, key_set};
use super::*;

/// Made once, since RSA keys take long.
static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("rsa"));
static OTHER_RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::rsa("rsa"));
static P256: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::ec("p256", "P-256"));

fn keys(keys: &[&SigningKey]) -> KeySet {
    KeySet::parse(key_set(keys).as_bytes()).unwrap()
}

fn is_good(token: &str, keys: &KeySet) -> bool {
    Presented::parse(token).is_ok_and(|token| token.verified_by(keys).is_some())
}

#[test]
fn every_algorithm_with_its_own_kind_of_key() {
    let (p384, p521) = (SigningKey::ec("p384", "P-384"), SigningKey::ec("p521", "P-521"));
    let all = [&*RSA, &*P256, &p384, &p521];
    let set = keys(&all);
    for algorithm in ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"] {
        for key in all {
            let token = key.token_with(&json!({"alg": algorithm, "kid": key.id}), &json!({"sub": "u"}));
            let suits = key.algorithm() == algorithm || key.id == "rsa" && algorithm.starts_with("RS");
            assert_eq!(is_good(&token, &set), suits, "{algorithm} with {}", key.id);
        }
    }
}

#[test]
fn what_is_signed_is_what_counts() {
    let set = keys(&[&RSA]);
    let token = RSA.token(&json!({"sub": "u"}));
    assert!(is_good(&token, &set));
    let parts: Vec<&str> = token.split('.').collect();
    let admin = encoded(br#"{"sub":"admin"}"#);
    assert!(!is_good(&format!("{}.{admin}.{}", parts[0], parts[2]), &set));
    assert!(!is_good(&OTHER_RSA.token(&json!({"sub": "u"})), &set), "another key of the same id");
    assert!(!is_good(&token, &keys(&[&OTHER_RSA])));
    // Of two keys with one id each is tried.
    assert!(is_good(&token, &keys(&[&OTHER_RSA, &RSA])));
    assert!(!is_good(&token, &keys(&[&P256])), "no key of this id");
}

#[test]
fn no_header_chooses_how_or_with_what_a_token_is_verified() {
    let set = keys(&[&RSA, &P256]);
    let claims = json!({"sub": "u"});
    let header = |alg: &str, more: Value| {
        let mut header = json!({"alg": alg, "kid": "rsa"});
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        header
    };
    for (header, why) in [
        (header("none", json!({})), "unsecured"),
        (header("None", json!({})), "unsecured"),
        (header("HS256", json!({})), "the public key as a secret"),
        (header("PS256", json!({})), "not among the algorithms"),
        (header("rs256", json!({})), "names have a case"),
        (header("RS256", json!({"crit": ["exp"]})), "critical"),
        (header("RS256", json!({"crit": []})), "critical"),
        (header("ES256", json!({})), "an RSA key for ES256"),
        (json!({"alg": "RS256"}), "no kid"),
        (json!({"alg": "RS256", "kid": ""}), "no kid"),
        (json!({"alg": "RS256", "kid": 1}), "no kid"),
        (json!({"alg": "RS256", "kid": ["rsa"]}), "no kid"),
        (json!({"alg": "RS256", "kid": "RSA"}), "ids have a case"),
        (json!({"alg": ["RS256"], "kid": "rsa"}), "a list of algorithms"),
        (json!({"kid": "rsa"}), "no alg"),
    ] {
        assert!(!is_good(&RSA.token_with(&header, &claims), &set), "{why}: {header}");
    }
    // Not even with the key in it, or with where to get it.
    let own = json!({"jwk": OTHER_RSA.jwk(), "jku": "https://evil.example/keys", "x5u": "https://evil.example/cert"});
    assert!(!is_good(&OTHER_RSA.token_with(&header("RS256", own.clone()), &claims), &set));
    assert!(is_good(&RSA.token_with(&header("RS256", own), &claims), &set), "they are not looked at");
    // An ES256 key under the name of RS256, and the other way round.
    assert!(!is_good(&P256.token_with(&json!({"alg": "RS256", "kid": "p256"}), &claims), &set));
}

#[test]
fn a_token_has_one_spelling() {
    let set = keys(&[&P256]);
    let good = P256.token(&json!({"sub": "u"}));
    assert!(is_good(&good, &set));
    let parts: Vec<&str> = good.split('.').collect();
    let with = |at: usize, part: &str| {
        let mut parts: Vec<&str> = parts.clone();
        parts[at] = part;
        parts.join(".")
    };
    for (token, why) in [
        (format!("{good}="), "padding"),
        (format!("{good} "), "space"),
        (format!(" {good}"), "space"),
        (format!("{good}."), "a fourth part"),
        (format!("{good}.{}.{}", parts[1], parts[2]), "five parts, as encrypted ones have"),
        (with(2, ""), "no signature"),
        (with(1, ""), "no payload"),
        (with(0, ""), "no header"),
        (format!("{}.{}", parts[0], parts[1]), "two parts"),
        (with(2, &parts[2][..parts[2].len() - 2]), "a short signature"),
        (with(2, &format!("{}AAAA", parts[2])), "a long signature"),
        (with(2, &encoded(&[0; 64])), "zeros (CVE-2022-21449)"),
        (String::new(), "nothing"),
    ] {
        assert!(!is_good(&token, &set), "{why}");
    }
    let twice = |header: &str, claims: &str| P256.token_of_texts(header, claims, "ES256");
    let header = r#"{"alg":"ES256","kid":"p256"}"#;
    assert!(is_good(&twice(header, "{}"), &set));
    for (header, claims) in [
        (header, r#"{"aud":"a","aud":"b"}"#),
        (header, r#"{"sub":"a","s\u0075b":"b"}"#),
        (header, "[]"),
        (header, "{} "),
        (header, "{},"),
        (header, "null"),
        (r#"{"alg":"none","alg":"ES256","kid":"p256"}"#, "{}"),
        (r#"{"alg":"ES256","kid":"p256","kid":"p256"}"#, "{}"),
        (r#"["ES256"]"#, "{}"),
    ] {
        let is_same = claims == "{} ";
        assert_eq!(is_good(&twice(header, claims), &set), is_same, "{header} {claims}");
    }
}

#[test]
fn tokens_are_bounded() {
    let set = keys(&[&P256]);
    let token = |len: usize| P256.token(&json!({"x": "a".repeat(len)}));
    assert!(is_good(&token(8_000), &set));
    let error = Presented::parse(&token(20_000)).err().unwrap();
    assert_eq!(error, "it is longer than 16384 bytes");
}

#[test]
fn keys_that_verify_nothing_are_passed_over() {
    let changed = |key: &SigningKey, name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        jwk
    };
    let (rsa, ec) = (RSA.jwk(), P256.jwk());
    let modulus = rsa["n"].as_str().unwrap();
    for (jwk, why) in [
        (changed(&RSA, "use", json!("enc")), "not for signatures"),
        (changed(&RSA, "use", json!(1)), "not for signatures"),
        (changed(&RSA, "key_ops", json!(["sign"])), "not for verifying"),
        (changed(&RSA, "key_ops", json!("verify")), "no list"),
        (changed(&RSA, "alg", json!("PS256")), "for another algorithm"),
        (changed(&RSA, "alg", json!("HS256")), "for another algorithm"),
        (changed(&RSA, "kid", json!("")), "no id"),
        (changed(&RSA, "kid", json!(7)), "no id"),
        (changed(&RSA, "kty", json!("oct")), "a secret"),
        (changed(&RSA, "kty", json!("OKP")), "another kind"),
        (changed(&RSA, "n", json!(modulus[..300].to_owned())), "too short"),
        (changed(&RSA, "n", json!(modulus.repeat(5))), "too long"),
        (changed(&RSA, "n", json!(format!("{modulus}="))), "padding"),
        (changed(&RSA, "e", json!("AQ")), "an exponent of one"),
        (changed(&RSA, "e", json!("AQAA")), "an even exponent"),
        (changed(&RSA, "e", json!("")), "no exponent"),
        (changed(&RSA, "e", json!(modulus)), "a long exponent"),
        (changed(&RSA, "d", json!("AQAB")), "a private key"),
        (changed(&P256, "crv", json!("P-384")), "another curve"),
        (changed(&P256, "crv", json!("secp256k1")), "another curve"),
        (changed(&P256, "x", json!("AAAA")), "a short number"),
    ] {
        let set = KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
        assert!(set.is_empty(), "{why}");
    }
    // A point that is not on its curve verifies nothing.
    let set = KeySet::parse(json!({"keys": [changed(&P256, "y", ec["x"].clone())]}).to_string().as_bytes()).unwrap();
    assert!(!is_good(&P256.token(&json!({})), &set));
    // Zeros in front, which some writers put there, are none of the number.
    let padded = encoded(&[&[0], &*base64_decoded(modulus)].concat());
    let set = KeySet::parse(json!({"keys": [changed(&RSA, "n", json!(padded)), 1, null]}).to_string().as_bytes()).unwrap();
    assert!(is_good(&RSA.token(&json!({})), &set));
    // A key that is for one algorithm is for no other.
    let set = KeySet::parse(json!({"keys": [changed(&RSA, "alg", json!("RS512"))]}).to_string().as_bytes()).unwrap();
    assert!(is_good(&RSA.token_with(&json!({"alg": "RS512", "kid": "rsa"}), &json!({})), &set));
    assert!(!is_good(&RSA.token(&json!({})), &set));
}

fn base64_decoded(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn what_is_no_key_set() {
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[{"kid":"a","kid":"b"}]}"#] {
        assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(KeySet::parse(br#"{"keys":[]}"#).unwrap().is_empty());
    let many = json!({"keys": vec![P256.jwk(); 101]}).to_string();
    assert!(KeySet::parse(many.as_bytes()).unwrap_err().contains("may have 100 keys"));
    assert!(KeySet::parse(&vec![b' '; 150_001]).unwrap_err().contains("150000 bytes"));
}
