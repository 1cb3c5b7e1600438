//! New access keys, in the form that AWS's own have: clients and their credential scanners know it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_api_model::identity::Session;
use postern_store::{AccessKey, AccessKeyStatus, Secret};

use crate::failure::Failure;

/// How the ids of long-term keys begin on AWS.
const ID_PREFIX: &str = "AKIA";
/// And those of temporary ones.
const LENT_ID_PREFIX: &str = "ASIA";
/// 512 bits: nobody can guess one, though its hash is found in the store.
const TOKEN_BYTES: usize = 64;
/// Characters after the prefix, each of five bits.
const ID_CHARACTERS: usize = 16;
const ID_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// 240 bits, which are 40 characters of base64.
const SECRET_BYTES: usize = 30;

/// A new key for an account.
///
/// # Errors
/// When the system has no random numbers.
pub fn generate(account: &str) -> Result<AccessKey, Failure> {
    let id: String = random::<ID_CHARACTERS>()?.iter().map(|byte| char::from(ID_ALPHABET[usize::from(byte % 32)])).collect();
    Ok(AccessKey {
        id: format!("{ID_PREFIX}{id}"),
        secret: Secret::new(STANDARD.encode(random::<SECRET_BYTES>()?)),
        account: account.to_owned(),
        created: jiff::Timestamp::now().as_second(),
        status: AccessKeyStatus::Active,
        policy: None,
        session: None,
    })
}

/// A key as it is handed out.
#[derive(Debug)]
pub struct NewKey {
    /// As it is stored.
    pub key: AccessKey,
    /// What must come with its signatures, when it is lent for a while; only its hash is stored.
    pub session_token: Option<Secret>,
}

/// A new key that signs for `seconds`.
///
/// # Errors
/// When the system has no random numbers.
pub fn lend(account: &str, seconds: i64) -> Result<NewKey, Failure> {
    let key = generate(account)?;
    let token = STANDARD.encode(random::<TOKEN_BYTES>()?);
    let (token_sha256, issued_s) = (postern_sigv4::Session::hash_of(&token), key.created);
    let session = Session { token_sha256, issued_s, expires_s: issued_s.saturating_add(seconds) };
    let id = key.id.replacen(ID_PREFIX, LENT_ID_PREFIX, 1);
    Ok(NewKey { key: AccessKey { id, session: Some(session), ..key }, session_token: Some(Secret::new(token)) })
}

/// Bytes that nobody can guess.
///
/// # Errors
/// When the system has no random numbers.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Failure::System { doing: "make a key", reason: error.to_string() })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_look_like_those_of_aws() {
        let key = generate("123456789012").unwrap();
        assert_eq!((key.id.len(), key.secret.expose().len()), (20, 40));
        assert!(key.id.starts_with("AKIA"));
        assert!(key.id.bytes().all(|byte| ID_ALPHABET.contains(&byte)));
        assert_eq!(key.account, "123456789012");
        assert_ne!(generate("123456789012").unwrap().id, key.id);
        let NewKey { key, session_token } = lend("123456789012", 900).unwrap();
        let (session, token) = (key.session.unwrap(), session_token.unwrap());
        assert!(key.id.starts_with("ASIA") && key.id.len() == 20, "{}", key.id);
        assert_eq!(session.expires_s - session.issued_s, 900);
        assert_eq!(session.token_sha256, postern_sigv4::Session::hash_of(token.expose()));
    }
}
