//! Signature Version 4A, the asymmetric one: ECDSA over P-256 with a key that is derived from the secret alone, so that a signature is
//! good in as many regions as it names.
//!
//! The key is made by a counter-mode key derivation (NIST SP 800-108) with HMAC-SHA-256 from the secret and the access key id, until a
//! candidate is less than the curve's order. AWS publishes no text on it; this is what its signing libraries do, and the vectors in the
//! tests are signed by one of them (aws-c-auth).

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use crate::request::SecretKey;

/// The name of the algorithm.
pub(crate) const ALGORITHM: &str = "AWS4-ECDSA-P256-SHA256";
/// Bytes of a signature in DER: two integers of up to 33 bytes with their tags and lengths.
const SIGNATURE_BYTES_MAX: usize = 72;
/// Candidates that are tried, as the counter's byte allows; each fails once in four billion times.
const COUNTER_MAX: u8 = 254;
/// The order of P-256 less two: a candidate may be this at most, and the key is one more.
const ORDER_LESS_TWO: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f,
];

/// Whether `signature`, DER in lower-case hexadecimal, is that of the key's holder for this string to sign.
pub(crate) fn is_signed_by(access_key_id: &str, secret: &SecretKey, string_to_sign: &str, signature: &str) -> bool {
    let (Some(signature), Some(key)) = (from_hex(signature), private_key(access_key_id, secret)) else { return false };
    let Ok(key) = PrivateKey::from_private_key(&ECDH_P256, &key) else { return false };
    let Ok(public) = key.compute_public_key() else { return false };
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public.as_ref());
    public.verify(string_to_sign.as_bytes(), &signature).is_ok()
}

/// Whether a region set, such as `eu-west-1,us-*`, has a region.
pub(crate) fn covers(region_set: &str, region: &str) -> bool {
    region_set.split(',').map(str::trim).any(|pattern| fits(pattern, region))
}

/// `*` stands for any letters.
fn fits(pattern: &str, region: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == region };
    let Some(mut left) = region.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(end)
}

/// The private key, a big-endian number.
fn private_key(access_key_id: &str, secret: &SecretKey) -> Option<[u8; 32]> {
    let key = Key::new(HMAC_SHA256, format!("AWS4A{}", secret.expose()).as_bytes());
    (1..=COUNTER_MAX).find_map(|counter| {
        let mut input = hmac::Context::with_key(&key);
        // The derivation's own counter, its label, the context with AWS's counter, and the bits that are wanted.
        input.update(&1_u32.to_be_bytes());
        input.update(ALGORITHM.as_bytes());
        input.update(&[0]);
        input.update(access_key_id.as_bytes());
        input.update(&[counter]);
        input.update(&256_u32.to_be_bytes());
        let candidate: [u8; 32] = input.sign().as_ref().try_into().ok()?;
        (candidate <= ORDER_LESS_TWO).then(|| one_more(candidate))
    })
}

fn one_more(mut number: [u8; 32]) -> [u8; 32] {
    for byte in number.iter_mut().rev() {
        let (sum, carried) = byte.overflowing_add(1);
        *byte = sum;
        if !carried {
            break;
        }
    }
    number
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() > 2 * SIGNATURE_BYTES_MAX || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::signature::hex;

    /// Published with AWS's SDK for Go.
    #[test]
    fn the_key_of_a_secret() {
        let key = private_key("AKISORANDOMAASORANDOM", &SecretKey::new("q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom")).unwrap();
        assert_eq!(hex(&key), "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd");
        let public = PrivateKey::from_private_key(&ECDH_P256, &key).unwrap().compute_public_key().unwrap();
        let expected = "0415d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb\
                        0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0";
        assert_eq!(hex(public.as_ref()), expected);
    }

    #[test]
    fn sets_of_regions() {
        for (set, region, expected) in [
            ("*", "eu-west-1", true),
            ("eu-west-1", "eu-west-1", true),
            ("us-east-1, eu-west-1", "eu-west-1", true),
            ("eu-*", "eu-west-1", true),
            ("eu-*-1", "eu-west-1", true),
            ("*-west-*", "eu-west-1", true),
            ("eu-*-1", "eu-west-2", false),
            ("us-*", "eu-west-1", false),
            ("eu-west", "eu-west-1", false),
            ("eu-west-1*1", "eu-west-1", false),
            ("", "eu-west-1", false),
            (",", "eu-west-1", false),
        ] {
            assert_eq!(covers(set, region), expected, "{set}");
        }
    }

    #[test]
    fn carrying() {
        assert_eq!(one_more([0xff; 32]), [0; 32]);
        let mut number = [0; 32];
        number[31] = 0xff;
        number = one_more(number);
        assert_eq!(number[30..], [1, 0]);
    }

    #[test]
    fn what_is_no_signature() {
        for text in ["0", "0G", "AB", &"00".repeat(73)] {
            assert_eq!(from_hex(text), None, "{text}");
        }
        assert_eq!(from_hex("00ff"), Some(vec![0, 255]));
    }
}
