//! The public keys of an issuer: a JWK Set (RFC 7517, 5).
//!
//! A key verifies what its type is for and nothing else, whatever a token's header says: an RSA key RS*, a key on P-256 ES256. So a
//! public key is never taken for a secret, nor one kind of key for another.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_api_model::apigateway::JwtSigningAlgorithm;
use serde_json::{Map, Value};

use super::strict_json;

/// Bytes of a key set: HTTP APIs' number.
pub(super) const KEY_SET_BYTES_MAX: usize = 150_000;
/// Keys of a set, of which issuers have two to ten.
const KEYS_MAX: usize = 100;
/// Bits of an RSA key: shorter ones are broken (RFC 7518, 3.3), longer ones cost what a client should not be able to ask for.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// Bytes of an RSA exponent: 65537 has three.
const RSA_EXPONENT_BYTES_MAX: usize = 4;
/// How an uncompressed point begins (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;
/// What a private key has and a public one has not.
const PRIVATE_MEMBERS: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

/// The keys that an issuer signs with.
#[derive(Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Debug, PartialEq, Eq)]
struct Key {
    id: Box<str>,
    /// The only one it is for, where its issuer says so.
    algorithm: Option<JwtSigningAlgorithm>,
    material: Material,
}

/// Numbers are big-endian and without leading zeros.
#[derive(Debug, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Box<[u8]>, exponent: Box<[u8]> },
    Ec { curve: Curve, point: Box<[u8]> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl KeySet {
    /// Reads a set. Keys that are not for signatures, or of a kind that no authorizer takes, are passed over (RFC 7517, 5).
    ///
    /// # Errors
    /// When it is no key set, in words.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > KEY_SET_BYTES_MAX {
            return Err(format!("a key set may have {KEY_SET_BYTES_MAX} bytes, and it is longer"));
        }
        let mut set = strict_json::object(bytes)?;
        let Some(Value::Array(keys)) = set.remove("keys") else {
            return Err("it has no list `keys`".to_owned());
        };
        if keys.len() > KEYS_MAX {
            return Err(format!("a key set may have {KEYS_MAX} keys, and it has {}", keys.len()));
        }
        Ok(Self { keys: keys.iter().filter_map(Value::as_object).filter_map(Key::read).collect() })
    }

    /// Whether there is no key in it that could verify a token.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether one of its keys is called so.
    pub(super) fn has(&self, key_id: &str) -> bool {
        self.keys.iter().any(|key| *key.id == *key_id)
    }

    /// Whether a key with this id made the signature. Ids may repeat: then each key of that id is tried.
    pub(super) fn verifies(&self, key_id: &str, algorithm: JwtSigningAlgorithm, signed: &[u8], signature: &[u8]) -> bool {
        let mut keys = self.keys.iter().filter(|key| *key.id == *key_id && key.is_for(algorithm));
        keys.any(|key| key.material.verifies(algorithm, signed, signature))
    }
}

impl Key {
    fn read(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).map(|value| value.as_str().unwrap_or_default());
        if PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name)) {
            tracing::warn!("a key set holds a private key, which everybody can read by now; it is not used");
            return None;
        }
        let operations = members.get("key_ops").map(|list| list.as_array().cloned().unwrap_or_default());
        let may_verify = operations.is_none_or(|list| list.iter().any(|operation| operation == "verify"));
        if text("use").is_some_and(|purpose| purpose != "sig") || !may_verify {
            return None;
        }
        let algorithm = match text("alg") {
            None => None,
            // One for another algorithm is for none of ours.
            Some(name) => Some(JwtSigningAlgorithm::from_wire(name)?),
        };
        let id = text("kid").filter(|id| !id.is_empty())?;
        let material = match text("kty")? {
            "RSA" => Material::rsa(text("n")?, text("e")?)?,
            "EC" => Material::ec(text("crv")?, text("x")?, text("y")?)?,
            _ => return None,
        };
        Some(Self { id: id.into(), algorithm, material })
    }

    fn is_for(&self, algorithm: JwtSigningAlgorithm) -> bool {
        self.algorithm.is_none_or(|only| only == algorithm)
    }
}

impl Material {
    fn rsa(modulus: &str, exponent: &str) -> Option<Self> {
        let (modulus, exponent) = (number(modulus)?, number(exponent)?);
        let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize;
        let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        let is_exponent = exponent.len() <= RSA_EXPONENT_BYTES_MAX && is_odd(&exponent) && *exponent != [1];
        (RSA_BITS.contains(&bits) && is_odd(&modulus) && is_exponent).then_some(Self::Rsa { modulus, exponent })
    }

    fn ec(curve: &str, x: &str, y: &str) -> Option<Self> {
        let curve = Curve::named(curve)?;
        let (x, y) = (URL_SAFE_NO_PAD.decode(x).ok()?, URL_SAFE_NO_PAD.decode(y).ok()?);
        // Of full length (RFC 7518, 6.2.1.2). Whether the point is on the curve the library sees.
        let is_point = x.len() == curve.bytes() && y.len() == curve.bytes();
        is_point.then(|| Self::Ec { curve, point: [&[UNCOMPRESSED][..], &x, &y].concat().into() })
    }

    fn verifies(&self, algorithm: JwtSigningAlgorithm, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { modulus, exponent } => rsa_parameters(algorithm).is_some_and(|parameters| {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(parameters, signed, signature).is_ok()
            }),
            Self::Ec { curve, point } => curve.parameters(algorithm).is_some_and(|parameters| {
                let key = UnparsedPublicKey::new(parameters, point);
                key.verify(signed, signature).is_ok()
            }),
        }
    }
}

impl Curve {
    fn named(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    /// Of a coordinate.
    fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Each curve has its one algorithm (RFC 7518, 3.4).
    fn parameters(self, algorithm: JwtSigningAlgorithm) -> Option<&'static EcdsaVerificationAlgorithm> {
        match (self, algorithm) {
            (Self::P256, JwtSigningAlgorithm::Es256) => Some(&ECDSA_P256_SHA256_FIXED),
            (Self::P384, JwtSigningAlgorithm::Es384) => Some(&ECDSA_P384_SHA384_FIXED),
            (Self::P521, JwtSigningAlgorithm::Es512) => Some(&ECDSA_P521_SHA512_FIXED),
            _ => None,
        }
    }
}

fn rsa_parameters(algorithm: JwtSigningAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        JwtSigningAlgorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        JwtSigningAlgorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        JwtSigningAlgorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        JwtSigningAlgorithm::Es256 | JwtSigningAlgorithm::Es384 | JwtSigningAlgorithm::Es512 => None,
    }
}

/// Some writers put zeros in front, which RFC 7518, 6.3.1.1, warns of.
fn number(text: &str) -> Option<Box<[u8]>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let start = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[start..].into())
}
