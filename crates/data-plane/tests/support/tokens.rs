//! Issuers of tokens: keys of every kind, key sets made of them, and tokens that are signed as well or as badly as a test wants.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test binary uses a part of it")]

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A private key with an id.
pub struct SigningKey {
    pub id: String,
    material: Material,
}

enum Material {
    Rsa(Box<RsaKeyPair>),
    Ec(&'static str, Box<EcdsaKeyPair>),
}

impl SigningKey {
    pub fn rsa(id: &str) -> Self {
        Self { id: id.to_owned(), material: Material::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())) }
    }

    pub fn ec(id: &str, curve: &'static str) -> Self {
        let algorithm: &'static EcdsaSigningAlgorithm = match curve {
            "P-256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
            "P-384" => &ECDSA_P384_SHA384_FIXED_SIGNING,
            _ => &ECDSA_P521_SHA512_FIXED_SIGNING,
        };
        Self { id: id.to_owned(), material: Material::Ec(curve, Box::new(EcdsaKeyPair::generate(algorithm).unwrap())) }
    }

    /// Its public half, as issuers publish it.
    pub fn jwk(&self) -> Value {
        match &self.material {
            Material::Rsa(key) => {
                let (modulus, exponent) = rsa_numbers(key.public_key().as_ref());
                json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": encoded(modulus), "e": encoded(exponent)})
            }
            Material::Ec(curve, key) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "use": "sig", "kid": self.id, "crv": curve, "x": encoded(x), "y": encoded(y)})
            }
        }
    }

    /// The bytes of its public half, as somebody would take them for a secret.
    pub fn public_bytes(&self) -> Vec<u8> {
        match &self.material {
            Material::Rsa(key) => key.public_key().as_ref().to_vec(),
            Material::Ec(_, key) => key.public_key().as_ref().to_vec(),
        }
    }

    /// A token under the algorithm that the key is for, RS256 or that of its curve.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({"alg": self.algorithm(), "kid": self.id, "typ": "JWT"}), claims)
    }

    pub fn algorithm(&self) -> &'static str {
        match &self.material {
            Material::Rsa(_) => "RS256",
            Material::Ec("P-256", _) => "ES256",
            Material::Ec("P-384", _) => "ES384",
            Material::Ec(..) => "ES512",
        }
    }

    /// A token with any header; signed as its `alg` says where the key can, else in the key's own way.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.token_of_texts(&header.to_string(), &claims.to_string(), header["alg"].as_str().unwrap_or_default())
    }

    /// The same of texts that need not be good JSON.
    pub fn token_of_texts(&self, header: &str, claims: &str, algorithm: &str) -> String {
        let signed = format!("{}.{}", encoded(header.as_bytes()), encoded(claims.as_bytes()));
        let signature = self.signature(signed.as_bytes(), algorithm);
        format!("{signed}.{}", encoded(&signature))
    }

    fn signature(&self, signed: &[u8], algorithm: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match (&self.material, algorithm) {
            (_, "HS256") => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.public_bytes()), signed).as_ref().to_vec(),
            (_, "none") => Vec::new(),
            (Material::Ec(_, key), _) => key.sign(&random, signed).unwrap().as_ref().to_vec(),
            (Material::Rsa(key), algorithm) => {
                let mut signature = vec![0; key.public_modulus_len()];
                match algorithm {
                    "RS384" => key.sign(&RSA_PKCS1_SHA384, &random, signed, &mut signature).unwrap(),
                    "RS512" => key.sign(&RSA_PKCS1_SHA512, &random, signed, &mut signature).unwrap(),
                    "PS256" => key.sign(&RSA_PSS_SHA256, &random, signed, &mut signature).unwrap(),
                    _ => key.sign(&RSA_PKCS1_SHA256, &random, signed, &mut signature).unwrap(),
                }
                signature
            }
        }
    }
}

/// A key set with these keys in it.
pub fn key_set(keys: &[&SigningKey]) -> String {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}).to_string()
}

pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Modulus and exponent of a DER `RSAPublicKey`: a sequence of two integers.
fn rsa_numbers(der: &[u8]) -> (&[u8], &[u8]) {
    let (sequence, _) = element(der);
    let (modulus, rest) = element(sequence);
    let (exponent, _) = element(rest);
    (without_sign(modulus), without_sign(exponent))
}

fn without_sign(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}

/// What the first element holds, and what comes behind it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (len, start) = match der[1] {
        short @ 0..=0x7f => (usize::from(short), 2),
        0x81 => (usize::from(der[2]), 3),
        _ => (usize::from(der[2]) << 8 | usize::from(der[3]), 4),
    };
    (&der[start..start + len], &der[start + len..])
}
