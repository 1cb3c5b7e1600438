//! A token as a client sent it: three parts in base64url with dots between (RFC 7515, 7.1).
//!
//! What it claims is unproven: all that may be done with it is to choose the issuer whose keys are tried. The other forms, JSON
//! serialization, encrypted and unsecured ones, are no tokens here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_api_model::apigateway::JwtSigningAlgorithm;
use serde_json::{Map, Value};

use super::claims::Claims;
use super::key_set::KeySet;
use super::strict_json;

/// Bytes of a token: more than the 10,240 of all of a request's fields on AWS, and little enough to be read at once.
pub(super) const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// A token whose signature nobody has looked at.
pub(super) struct Presented<'t> {
    signed: &'t [u8],
    algorithm: JwtSigningAlgorithm,
    key_id: String,
    claims: Map<String, Value>,
    signature: Vec<u8>,
}

impl<'t> Presented<'t> {
    /// Reads a token.
    ///
    /// # Errors
    /// When it is none; the text, which holds nothing of it, is for the log.
    pub(super) fn parse(token: &'t str) -> Result<Self, String> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(format!("it is longer than {TOKEN_BYTES_MAX} bytes"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("it does not have three parts".to_owned());
        };
        let read =
            |part: &str, what: &str| strict_json::object(&decoded(part)?).map_err(|reason| format!("its {what}: {reason}"));
        let (algorithm, key_id) = read_header(&read(header, "header")?)?;
        let claims = read(payload, "payload")?;
        let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
        Ok(Self { signed, algorithm, key_id, claims, signature: decoded(signature)? })
    }

    /// How it says that it is signed.
    pub(super) fn algorithm(&self) -> JwtSigningAlgorithm {
        self.algorithm
    }

    /// Which of its issuer's keys it says it is signed with.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Who it says made it.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// What it claims, if one of `keys` signed it.
    pub(super) fn verified_by(self, keys: &KeySet) -> Option<Claims> {
        let is_good = keys.verifies(&self.key_id, self.algorithm, self.signed, &self.signature);
        is_good.then(|| Claims::of_a_verified_token(self.claims))
    }
}

/// Base64url without padding, in its one spelling.
fn decoded(part: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| "it is not in base64url".to_owned())
}

fn read_header(header: &Map<String, Value>) -> Result<(JwtSigningAlgorithm, String), String> {
    // Whatever is critical has to be understood (RFC 7515, 4.1.11), and none is.
    if header.contains_key("crit") {
        return Err("its header has `crit`".to_owned());
    }
    let algorithm = header.get("alg").and_then(Value::as_str).and_then(JwtSigningAlgorithm::from_wire);
    let algorithm = algorithm.ok_or("its `alg` is none that a key of an issuer can have made")?;
    let key_id = header.get("kid").and_then(Value::as_str).filter(|id| !id.is_empty());
    Ok((algorithm, key_id.ok_or("its header has no `kid`")?.to_owned()))
}
