//! What no log shows: credentials, API keys and cookies, in the fields and query parameters that carry them and wherever a mapping copies
//! them to.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, header};

use super::result_fields;
use crate::encode::form_decode;

/// Characters that AWS leaves of a secret, so that two can be told apart.
const TAIL_CHARS: usize = 6;
/// A secret up to this long is masked whole: its tail would be most of it.
const SHORT_CHARS: usize = 16;
/// Text that is shorter is not looked for elsewhere: it would be found by chance.
const SOUGHT_BYTES_MIN: usize = 6;

/// Parts of names of fields that hold secrets.
const OWN_SECRETS: [&str; 4] = ["secret", "password", "api-key", "apikey"];
/// Query parameters that hold secrets, in lower case: those of presigned requests, and bearer tokens (RFC 6750).
const SECRET_PARAMETERS: [&str; 3] = ["x-amz-signature", "x-amz-security-token", "access_token"];

/// What the value of a field may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    All,
    /// As AWS shows it: asterisks and the last characters.
    Tail,
    /// Asterisks. AWS shows these; a log is no place for them.
    Nothing,
}

impl Shown {
    fn of(name: &HeaderName) -> Self {
        match name.as_str() {
            "authorization" | "proxy-authorization" | "x-api-key" => Self::Tail,
            "cookie" | "set-cookie" | "x-amz-security-token" => Self::Nothing,
            // Fields of somebody's own that say what they hold, such as the token of an authorizer.
            name if name.ends_with("token") || OWN_SECRETS.iter().any(|part| name.contains(part)) => Self::Tail,
            _ => Self::All,
        }
    }
}

/// A field's value as a log shows it.
pub(super) fn shown<'a>(name: &HeaderName, value: Cow<'a, str>) -> Cow<'a, str> {
    match Shown::of(name) {
        Shown::All => value,
        Shown::Tail => mask(&value, TAIL_CHARS).into(),
        Shown::Nothing => mask(&value, 0).into(),
    }
}

/// An API key as a log shows it.
pub(super) fn api_key(value: &str) -> String {
    tail(value)
}

/// What a caller is known by, as a log shows it.
pub(super) fn tail(value: &str) -> String {
    mask(value, TAIL_CHARS)
}

fn mask(secret: &str, tail: usize) -> String {
    let chars = secret.chars().count();
    let hidden = if chars > SHORT_CHARS { chars - tail } else { chars };
    std::iter::repeat_n('*', hidden).chain(secret.chars().skip(hidden)).collect()
}

/// The secrets of one request.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<Box<str>>);

impl Secrets {
    /// Of a request with this raw query.
    pub(super) fn of(headers: &HeaderMap, query: &str) -> Self {
        let mut found: Vec<Box<str>> = Vec::new();
        for (name, value) in query.split(['&', ';']).filter_map(|pair| pair.split_once('=')) {
            if SECRET_PARAMETERS.contains(&form_decode(name).to_ascii_lowercase().as_str()) {
                found.extend([value.into(), form_decode(value).into()]);
            }
        }
        for (name, value) in headers {
            push_secrets(name, &String::from_utf8_lossy(value.as_bytes()), &mut found);
        }
        Self::sought(found)
    }

    /// Of an answer with these fields, and with those that its body holds if that is what a function returned.
    pub(super) fn of_answer(headers: &HeaderMap, body: &str) -> Self {
        let mut found = Vec::new();
        for (name, value) in headers {
            push_secrets(name, &String::from_utf8_lossy(value.as_bytes()), &mut found);
        }
        for (name, value) in result_fields::of(body) {
            push_secrets(&name, &value, &mut found);
        }
        Self::sought(found)
    }

    /// What a caller is known by besides, wherever an authorizer finds it.
    pub(super) fn of_identity(values: &[&str]) -> Self {
        Self::sought(values.iter().map(|value| Box::from(*value)).collect())
    }

    fn sought(mut found: Vec<Box<str>>) -> Self {
        // Whoever copies a secret may take its quotes off, or put it between those of JSON.
        let bare: Vec<Box<str>> = found.iter().map(|secret| secret.trim_matches('"').into()).collect();
        found.extend(bare);
        let escaped: Vec<Box<str>> = found.iter().filter_map(|secret| in_json(secret)).collect();
        found.extend(escaped);
        found.retain(|secret| secret.len() >= SOUGHT_BYTES_MIN);
        // The longer first: one may be a part of another.
        found.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        found.dedup();
        Self(found)
    }

    /// The line without them.
    pub(super) fn masked_in(&self, mut line: String) -> String {
        for secret in &self.0 {
            if line.contains(&**secret) {
                line = line.replace(&**secret, &mask(secret, 0));
            }
        }
        line
    }
}

/// The secrets in the value of a field, if it holds any.
fn push_secrets(name: &HeaderName, value: &str, found: &mut Vec<Box<str>>) {
    if Shown::of(name) == Shown::All {
        return;
    }
    found.push(value.into());
    let value_of = |pair: &str| Some(Box::from(pair.split_once('=')?.1.trim()));
    if *name == header::COOKIE {
        found.extend(value.split(';').filter_map(value_of));
    } else if *name == header::SET_COOKIE {
        // Attributes follow, which are no secrets.
        found.extend(value.split(';').next().and_then(value_of));
    } else if let Some((_scheme, credentials)) = value.split_once(' ') {
        found.push(credentials.trim().into());
        // What proves it in Digest (RFC 7616).
        let proof = credentials.split(',').find(|pair| pair.trim_start().starts_with("response="));
        found.extend(proof.and_then(value_of));
    }
}

/// As it stands in a string of JSON, where that is another text.
fn in_json(secret: &str) -> Option<Box<str>> {
    let quoted = serde_json::to_string(secret).ok()?;
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (inside != secret).then(|| inside.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn shown_value(name: &'static str, value: &str) -> String {
        shown(&HeaderName::from_static(name), value.into()).into_owned()
    }

    #[test]
    fn fields() {
        assert_eq!(shown_value("x-api-key", "aBcDeFgHiJkLmNoPqRsTuV"), "****************qRsTuV");
        assert_eq!(shown_value("authorization", "Bearer abcdefghijkl"), "*************ghijkl");
        assert_eq!(shown_value("authorization", "Basic YTpi"), "**********");
        assert_eq!(shown_value("cookie", "session=0123456789abcdef"), "************************");
        assert_eq!(shown_value("x-mine", "seen"), "seen");
        assert_eq!(shown_value("x-auth-token", "abcdefghijkl"), "************");
        assert_eq!(shown_value("x-client-secret", "abcdefghijkl"), "************");
    }

    #[test]
    fn copies_without_quotes_and_in_json() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_static("a=1; s=\"quoted-0123456789\""));
        headers.insert("authorization", HeaderValue::from_static("Digest username=\"u\", response=\"digest-0123456789\""));
        let secrets = Secrets::of(&headers, "");
        for line in [
            "quoted-0123456789",
            "{\"c\":\"a=1; s=\\\"quoted-0123456789\\\"\"}",
            "{\"a\":\"Digest username=\\\"u\\\", response=\\\"digest-0123456789\\\"\"}",
            "digest-0123456789",
        ] {
            let masked = secrets.masked_in(line.to_owned());
            assert!(!masked.contains("0123456789"), "{masked}");
        }
    }

    #[test]
    fn answers() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", HeaderValue::from_static("s=planted-0123456789; Path=/shown; HttpOnly"));
        let body = "{\"headers\":{\"Set-Cookie\":\"t=within-0123456789; Path=/shown\",\"X-Plain\":\"shown-as-it-is\"}}";
        let secrets = Secrets::of_answer(&headers, body);
        let masked = secrets.masked_in(format!("{body} planted-0123456789 within-0123456789 Path=/shown"));
        assert!(!masked.contains("0123456789"), "{masked}");
        assert!(masked.contains("shown-as-it-is") && masked.contains(" Path=/shown"), "{masked}");
    }

    #[test]
    fn copies() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer token-token-token-1"));
        headers.insert("cookie", HeaderValue::from_static("a=1; session=0123456789abcdefgh"));
        headers.insert("x-other", HeaderValue::from_static("something else"));
        let secrets = Secrets::of(&headers, "X-Amz-Signature=0a1b2c3d4e5f&access%5Ftoken=a%2Fb%2Fc%2Fd&q=shown-value");
        let line = "{X-Copy=Bearer token-token-token-1} {\"t\":\"token-token-token-1\",\"s\":\"0123456789abcdefgh\",\"a\":1} something else";
        let masked = secrets.masked_in(line.to_owned());
        assert!(!masked.contains("token-token") && !masked.contains("0123456789"), "{masked}");
        assert!(masked.contains("\"a\":1} something else"), "{masked}");
        let masked = secrets.masked_in("0a1b2c3d4e5f a%2Fb%2Fc%2Fd a/b/c/d shown-value".to_owned());
        assert_eq!(masked, format!("{} {} {} shown-value", "*".repeat(12), "*".repeat(13), "*".repeat(7)));
    }
}
