//! The field that asks for one live request's log: `X-Postern-Log: {expiry}.{hex HMAC-SHA256 of "api/stage/expiry"}`.
//!
//! Whoever has the key (`postern keys log-key`) makes such tokens, each for one stage and for a few minutes. A request whose token is
//! no good is answered as if it had none, so that the field tells a stranger nothing; the server's log says what was wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use http::HeaderValue;

use crate::clock::EpochMillis;

/// How far ahead a token may expire: whoever reads one in a log or a proxy cannot use it for long.
const AHEAD_S_MAX: u64 = 15 * 60;
/// Digits of an expiry; seconds since the epoch have ten.
const EXPIRY_DIGITS_MAX: usize = 12;
/// Refusals are said this often, however many there are.
const SAID_EVERY_S: u64 = 10;
/// Bytes of an HMAC-SHA256.
const MAC_LEN: usize = 32;

/// The key that tokens are made with.
#[derive(Clone)]
pub struct LogKey(hmac::Key);

impl LogKey {
    /// The key with this text, as `postern keys log-key` prints it.
    pub fn new(text: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()))
    }
}

impl std::fmt::Debug for LogKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogKey(..)")
    }
}

/// Decides over tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    key: Option<LogKey>,
    /// When a refusal may be said again.
    quiet_until_s: AtomicU64,
    unsaid: AtomicU64,
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Malformed,
    Wrong,
    Expired,
    TooFarAhead,
    NoKey,
}

impl Refusal {
    fn text(self) -> &'static str {
        match self {
            Self::Malformed => "it is not of the form {expiry}.{64 hexadecimal digits}",
            Self::Wrong => "it was not made with this server's key for this API and stage",
            Self::Expired => "it has expired",
            Self::TooFarAhead => "it expires more than fifteen minutes ahead",
            Self::NoKey => "the server has no key",
        }
    }
}

impl Tokens {
    pub(crate) fn new(key: Option<LogKey>) -> Self {
        Self { key, ..Self::default() }
    }

    /// Whether the token asks rightfully for the log of a request to this stage now.
    pub(crate) fn accept(&self, token: &HeaderValue, api: &str, stage: &str, now: EpochMillis) -> bool {
        match check(self.key.as_ref(), token.as_bytes(), api, stage, now.seconds()) {
            Ok(()) => true,
            Err(refusal) => {
                self.say(refusal, api, stage, now.seconds());
                false
            }
        }
    }

    fn say(&self, refusal: Refusal, api: &str, stage: &str, now_s: u64) {
        let quiet_until = self.quiet_until_s.load(Ordering::Relaxed);
        let is_due = now_s >= quiet_until
            && self
                .quiet_until_s
                .compare_exchange(quiet_until, now_s + SAID_EVERY_S, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if !is_due {
            self.unsaid.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let unsaid = self.unsaid.swap(0, Ordering::Relaxed);
        tracing::warn!(api, stage, reason = refusal.text(), unsaid, "an X-Postern-Log field was ignored");
    }
}

fn check(key: Option<&LogKey>, token: &[u8], api: &str, stage: &str, now_s: u64) -> Result<(), Refusal> {
    let (expiry, mac) = parts(token).ok_or(Refusal::Malformed)?;
    let key = key.ok_or(Refusal::NoKey)?;
    // Compares in constant time; before the expiry, so that only makers of tokens learn what is wrong with theirs.
    hmac::verify(&key.0, format!("{api}/{stage}/{expiry}").as_bytes(), &mac).map_err(|_| Refusal::Wrong)?;
    let expiry_s: u64 = expiry.parse().map_err(|_| Refusal::Malformed)?;
    match expiry_s.checked_sub(now_s) {
        None | Some(0) => Err(Refusal::Expired),
        Some(ahead) if ahead > AHEAD_S_MAX => Err(Refusal::TooFarAhead),
        Some(_) => Ok(()),
    }
}

fn parts(token: &[u8]) -> Option<(&str, [u8; MAC_LEN])> {
    let (expiry, digits) = std::str::from_utf8(token).ok()?.split_once('.')?;
    let is_number = (1..=EXPIRY_DIGITS_MAX).contains(&expiry.len()) && expiry.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || digits.len() != MAC_LEN * 2 {
        return None;
    }
    let mut mac = [0; MAC_LEN];
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    for (byte, pair) in mac.iter_mut().zip(pairs) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some((expiry, mac))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW_S: u64 = 1_775_738_096;

    fn token(key: &str, text: &str, expiry: &str) -> String {
        let tag = hmac::sign(&LogKey::new(key).0, text.as_bytes());
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{expiry}.{digits}")
    }

    #[test]
    fn tokens() {
        let at = |ahead: i64| (NOW_S as i64 + ahead).to_string();
        let good = |expiry: &str| token("key", &format!("abc/dev/{expiry}"), expiry);
        let table = [
            (good(&at(60)), Ok(())),
            (good(&at(60)).to_uppercase(), Ok(())),
            (good(&at(900)), Ok(())),
            (good(&at(901)), Err(Refusal::TooFarAhead)),
            (good(&at(0)), Err(Refusal::Expired)),
            (good(&at(-1)), Err(Refusal::Expired)),
            (token("other", &format!("abc/dev/{}", at(60)), &at(60)), Err(Refusal::Wrong)),
            (token("key", &format!("abd/dev/{}", at(60)), &at(60)), Err(Refusal::Wrong)),
            (token("key", &format!("abc/prod/{}", at(60)), &at(60)), Err(Refusal::Wrong)),
            (token("key", &format!("abc/dev/{}", at(60)), &at(61)), Err(Refusal::Wrong)),
            (String::new(), Err(Refusal::Malformed)),
            (at(60), Err(Refusal::Malformed)),
            (format!("{}.abc", at(60)), Err(Refusal::Malformed)),
            (format!("{}.{}", at(60), "é".repeat(32)), Err(Refusal::Malformed)),
            (format!("+{}", good(&at(60))), Err(Refusal::Malformed)),
            (format!("{:013}.{}", 1, "0".repeat(64)), Err(Refusal::Malformed)),
        ];
        let key = LogKey::new("key");
        for (token, expected) in table {
            assert_eq!(check(Some(&key), token.as_bytes(), "abc", "dev", NOW_S), expected, "{token}");
        }
        assert_eq!(check(None, good(&at(60)).as_bytes(), "abc", "dev", NOW_S), Err(Refusal::NoKey));
    }

    #[test]
    fn refusals_are_said_now_and_then() {
        let tokens = Tokens::new(None);
        let now = |seconds: u64| EpochMillis((NOW_S + seconds) * 1000);
        let token = HeaderValue::from_static("x");
        for (seconds, unsaid) in [(0, 0), (1, 1), (2, 2), (SAID_EVERY_S, 0), (SAID_EVERY_S + 1, 1)] {
            assert!(!tokens.accept(&token, "abc", "dev", now(seconds)));
            assert_eq!(tokens.unsaid.load(Ordering::Relaxed), unsaid, "{seconds}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", LogKey::new("secret")), "LogKey(..)");
    }
}
