//! Percent-encoding of values that enter a URI, so that no value breaks out of its place.

use std::fmt::Write;

/// Where in a URI a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Part of a path; `/` stays, which a greedy parameter needs.
    Path,
    /// One segment of a path; `/` is encoded.
    Segment,
    /// A key or value of the query.
    Query,
}

/// How a value reads before it is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As a client sent it in its own URI: `%41` is an encoded `A` and stays as it is.
    Encoded,
    /// Plain text: `%` is a per cent sign.
    Plain,
}

/// Appends `value` to `out`, with everything encoded that would mean something else in `place`.
pub(crate) fn push(out: &mut String, value: &str, place: Place, spelling: Spelling) {
    let mut plain_from = 0;
    let bytes = value.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let kept = match byte {
            b'%' => spelling == Spelling::Encoded && is_escape(&bytes[at..]),
            _ => may_stand(byte, place),
        };
        if !kept {
            // What is kept is ASCII, so a run of it starts and ends between characters; an empty one need not.
            if plain_from < at {
                out.push_str(&value[plain_from..at]);
            }
            push_escape(out, byte);
            plain_from = at + 1;
        }
    }
    out.push_str(&value[plain_from..]);
}

/// Whether some reader of `path` would take a part of it for a step up: `..` as it is, percent-encoded, behind an encoded slash
/// or a backslash, or before a `;`. No encoding keeps a value with such a part in its place.
pub(crate) fn steps_up(path: &str) -> bool {
    // Most paths have neither a dot nor anything that stands for one.
    if memchr::memchr2(b'.', b'%', path.as_bytes()).is_none() {
        return false;
    }
    let decoded: std::borrow::Cow<'_, [u8]> = percent_encoding::percent_decode_str(path).into();
    let mut segments = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    segments.any(|segment| segment.split(|byte| *byte == b';').next() == Some(b".."))
}

/// Appends `%XX`.
fn push_escape(out: &mut String, byte: u8) {
    // Writing to a String cannot fail.
    let _ = write!(out, "%{byte:02X}");
}

fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// RFC 3986's `pchar` (and `/`), less what has a meaning in `place`.
fn may_stand(byte: u8, place: Place) -> bool {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => true,
        b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b',' | b':' | b'@' => true,
        b'/' => place != Place::Segment,
        b'?' => false,
        b'&' | b'+' | b'=' | b';' => place != Place::Query,
        _ => false,
    }
}

/// Decodes one key or value of a query as forms do: `+` is a space, `%XX` a byte; what is no UTF-8 becomes U+FFFD.
pub(crate) fn form_decode(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return text.into();
    }
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned().into()
}

/// The decoded values that a raw query gives `key`, in order; `;` separates as `&` does.
pub(crate) fn query_values<'a>(query: &'a str, key: &'a str) -> impl Iterator<Item = std::borrow::Cow<'a, str>> {
    query.split(['&', ';']).filter_map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (!pair.is_empty() && form_decode(name) == key).then(|| form_decode(value))
    })
}

/// What stands behind the name in each of the same pairs, as it was sent: `=` and the value, or nothing.
pub(crate) fn raw_query_values<'a>(query: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    query.split(['&', ';']).filter_map(move |pair| {
        let (name, behind) = pair.split_at(pair.find('=').unwrap_or(pair.len()));
        (!pair.is_empty() && form_decode(name) == key).then_some(behind)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn pushed(value: &str, place: Place, spelling: Spelling) -> String {
        let mut out = String::new();
        push(&mut out, value, place, spelling);
        out
    }

    #[test]
    fn table() {
        use Place::{Path, Query, Segment};
        use Spelling::{Encoded, Plain};
        let table = [
            ("a/b", Path, Encoded, "a/b"),
            ("a/b", Segment, Plain, "a%2Fb"),
            ("a%2Fb", Path, Encoded, "a%2Fb"),
            ("a%2Fb", Path, Plain, "a%252Fb"),
            ("50%", Path, Encoded, "50%25"),
            ("%zz", Path, Encoded, "%25zz"),
            ("a?b#c", Path, Encoded, "a%3Fb%23c"),
            ("a b\r\nc", Path, Plain, "a%20b%0D%0Ac"),
            ("a&b=c+d;e", Query, Plain, "a%26b%3Dc%2Bd%3Be"),
            ("a&b=c+d;e", Path, Plain, "a&b=c+d;e"),
            ("grüß", Query, Plain, "gr%C3%BC%C3%9F"),
            ("{x}|\"<>\\^`", Path, Plain, "%7Bx%7D%7C%22%3C%3E%5C%5E%60"),
            ("alias@x.com", Query, Plain, "alias@x.com"),
        ];
        for (value, place, spelling, expected) in table {
            assert_eq!(pushed(value, place, spelling), expected, "{value}");
        }
    }

    #[test]
    fn steps_up_are_seen_in_every_spelling() {
        for path in
            ["..", "/a/..", "/../a", "/a/%2e%2E/b", "/.%2e", "/a%2f..", "/a/..%2Fb", "/a\\..\\b", "/%5c..", "/..;x/a", "/..%3bx"]
        {
            assert!(steps_up(path), "{path}");
        }
        for path in ["/", "/a/b", "/.", "/...", "/a..b", "/..a", "/a..", "/%252e%252e", "/a;..", "/a;/b"] {
            assert!(!steps_up(path), "{path}");
        }
    }

    #[test]
    fn values_of_a_query() {
        let query = "a=1&b=x%2By+z&a=2;c&=5&d=%ff&a%5B%5D=q";
        let of = |key| query_values(query, key).map(std::borrow::Cow::into_owned).collect::<Vec<_>>();
        assert_eq!(of("a"), ["1", "2"]);
        assert_eq!(of("b"), ["x+y z"]);
        assert_eq!(of("c"), [""]);
        assert_eq!(of("d"), ["\u{fffd}"]);
        assert_eq!(of("a[]"), ["q"]);
        assert_eq!(of("none"), [] as [&str; 0]);
    }

    proptest! {
        #[test]
        fn plain_values_come_back(value in "\\PC*") {
            for (place, meaningful) in [(Place::Segment, "/?# \r\n"), (Place::Query, "&;=?# \r\n")] {
                let out = pushed(&value, place, Spelling::Plain);
                prop_assert!(out.is_ascii() && !out.contains(|c| meaningful.contains(c)));
                let query = out.replace('+', "%2B");
                prop_assert_eq!(form_decode(&query), value.as_str());
            }
        }
    }
}
