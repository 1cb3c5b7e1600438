//! The arithmetic: hashes, the derived key, the string to sign.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key, Tag};
use subtle::ConstantTimeEq;

use crate::request::SecretKey;
use crate::time::RequestTime;

/// The name of the algorithm.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What ends every credential scope.
pub(crate) const TERMINATOR: &str = "aws4_request";

/// Where a derived key is good for, with the date of the request.
#[derive(Clone, Copy)]
pub(crate) struct KeyScope<'a> {
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

impl KeyScope<'_> {
    /// `20150830/eu-west-1/apigateway/aws4_request`.
    fn text(&self, time: &RequestTime) -> String {
        format!("{}/{}/{}/{TERMINATOR}", time.date(), self.region, self.service)
    }
}

/// The signature, 64 lower-case hexadecimal digits.
pub(crate) fn signature(secret: &SecretKey, scope: KeyScope<'_>, time: &RequestTime, canonical_request: &[u8]) -> String {
    let string_to_sign = string_to_sign(ALGORITHM, &scope.text(time), time, canonical_request);
    let first = format!("AWS4{}", secret.expose());
    let date = hmac(first.as_bytes(), time.date());
    let region = hmac(date.as_ref(), scope.region);
    let service = hmac(region.as_ref(), scope.service);
    let signing = hmac(service.as_ref(), TERMINATOR);
    hex(hmac(signing.as_ref(), &string_to_sign).as_ref())
}

/// What is signed, whatever with.
pub(crate) fn string_to_sign(algorithm: &str, scope: &str, time: &RequestTime, canonical_request: &[u8]) -> String {
    let hash = sha256_hex(canonical_request);
    format!("{algorithm}\n{}\n{scope}\n{hash}", time.basic)
}

fn hmac(key: &[u8], message: &str) -> Tag {
    hmac::sign(&Key::new(HMAC_SHA256, key), message.as_bytes())
}

/// SHA-256 in lower-case hexadecimal, the form in which canonical requests have it.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// Whether two texts are equal, in a time that tells nothing but whether their lengths are.
pub(crate) fn same_secret(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}
