//! Which content codings a client takes, as far as endpoints' answers may differ by them.
//!
//! A client's `Accept-Encoding` reaches the endpoint, and is hardly ever part of a cache key. An answer in a coding is therefore given again
//! only to clients that take the same codings as the one it was made for. One without a coding is for all.

use http::{HeaderMap, header};

/// A set of codings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Codings(u8);

/// Codings that are told apart. An answer in another one is not kept.
const KNOWN: [&[u8]; 4] = [b"gzip", b"deflate", b"br", b"zstd"];
/// A client that takes whatever there is.
const ANY: u8 = 1 << KNOWN.len();

impl Codings {
    /// Those of a request's `Accept-Encoding`.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let values =
            headers.get_all(header::ACCEPT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        Self(values.filter_map(accepted_bit).fold(0, |set, bit| set | bit))
    }

    /// Whether an answer's body is in codings that are all told apart; an answer without any is.
    pub(crate) fn tells_apart(headers: &HeaderMap) -> bool {
        let values =
            headers.get_all(header::CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        let names = values.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"));
        names.map(bit).all(|bit| bit.is_some())
    }
}

/// An item of `Accept-Encoding`, unless its weight is 0.
fn accepted_bit(item: &[u8]) -> Option<u8> {
    let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next()?;
    let is_refused = |part: &[u8]| {
        let weight = part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q="));
        weight.is_some_and(|weight| !weight.is_empty() && weight.iter().all(|byte| matches!(byte, b'0' | b'.')))
    };
    if parts.any(is_refused) {
        return None;
    }
    if name == b"*" { Some(ANY) } else { bit(name) }
}

fn bit(name: &[u8]) -> Option<u8> {
    let name = if name.eq_ignore_ascii_case(b"x-gzip") { b"gzip" } else { name };
    KNOWN.iter().position(|known| known.eq_ignore_ascii_case(name)).map(|at| 1 << at)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accepted(value: &'static str) -> Codings {
        Codings::accepted(&[(header::ACCEPT_ENCODING, HeaderValue::from_static(value))].into_iter().collect())
    }

    #[test]
    fn order_case_and_weights_do_not_matter() {
        assert_eq!(accepted("gzip, deflate"), accepted("Deflate;q=0.5,X-GZIP"));
        assert_eq!(accepted("gzip"), accepted("gzip, unheard-of, br;q=0, zstd; q=0.000"));
        assert_eq!(accepted(""), accepted("identity"));
    }

    #[test]
    fn what_makes_a_difference_does() {
        let all = ["", "gzip", "deflate", "br", "zstd", "*", "gzip, br"].map(accepted);
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
    }

    #[test]
    fn an_unknown_coding_is_not_told_apart() {
        let coded = |value: &'static str| [(header::CONTENT_ENCODING, HeaderValue::from_static(value))].into_iter().collect();
        for (value, expected) in [("gzip", true), ("br, identity", true), ("", true), ("unheard-of", false), ("gzip, x", false)] {
            assert_eq!(Codings::tells_apart(&coded(value)), expected, "{value}");
        }
    }
}
