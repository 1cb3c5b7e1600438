//! The ways in which those behind this gateway may read one path.
//!
//! A policy names paths as text, and a path has many spellings: `%73ecret`, `x/../secret`, `x/..;/secret`, `secret;v=1` and
//! `%2573ecret` may all lead to what a policy calls `secret`. So a path has readings: as it was sent, decoded once, and decoded to
//! the end. Most paths have one. Steps (`..`) have none: whether they are taken before or after decoding, and with or without path
//! parameters, gives more readings than anybody can name, so that a path with a step in any of them is not read.

use percent_encoding::percent_decode_str;

/// How often a path may be encoded over and over. Nobody means more than two; every round is one more pass over the path.
const DECODINGS_MAX: usize = 4;

/// A path that nobody can say the meaning of: no UTF-8, control characters, steps, or encoded too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The readings of a path besides the one as sent; none for a plain path. `path` starts with no slash.
pub(super) fn others(path: &str) -> Result<Vec<String>, Unreadable> {
    if is_plain(path) {
        return Ok(Vec::new());
    }
    refuse_steps(path)?;
    let once = decoded(path)?;
    let mut whole = once.clone();
    let mut rounds = 1;
    loop {
        let next = decoded(&whole)?;
        if next == whole {
            break;
        }
        rounds += 1;
        if rounds > DECODINGS_MAX {
            return Err(Unreadable);
        }
        whole = next;
    }
    let mut others = vec![once, simplified(&whole)];
    others.dedup();
    others.retain(|reading| reading != path);
    Ok(others)
}

fn is_plain(path: &str) -> bool {
    let is_dots = |segment: &str| matches!(segment, "." | "..");
    let is_odd = |byte: u8| matches!(byte, b'%' | b';' | b'\\') || byte.is_ascii_control();
    !path.bytes().any(is_odd) && !path.contains("//") && !path.ends_with('/') && !path.split('/').any(is_dots)
}

fn decoded(path: &str) -> Result<String, Unreadable> {
    let text = percent_decode_str(path).decode_utf8().map_err(|_| Unreadable)?;
    if text.chars().any(char::is_control) {
        return Err(Unreadable);
    }
    refuse_steps(&text)?;
    Ok(text.into_owned())
}

fn refuse_steps(path: &str) -> Result<(), Unreadable> {
    if names(path).any(|name| matches!(name, "." | "..")) { Err(Unreadable) } else { Ok(()) }
}

/// Without empty segments and path parameters.
fn simplified(path: &str) -> String {
    names(path).filter(|name| !name.is_empty()).collect::<Vec<_>>().join("/")
}

/// The segments without path parameters (`;v=1`), which servers take off before they look at dots.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\']).map(|segment| segment.split(';').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_plain_path_has_one_reading() {
        for path in ["", "pets", "pets/7", "a.b/c..d/...", "user@example.com:x", "é"] {
            assert_eq!(others(path), Ok(vec![]), "{path}");
        }
    }

    #[test]
    fn what_stands_behind_a_spelling() {
        for (path, expected) in [
            ("%73ecret", &["secret"][..]),
            ("%2573ecret", &["%73ecret", "secret"]),
            ("public%2Fsecret", &["public/secret"]),
            ("public\\secret", &["public/secret"]),
            ("a//b", &["a/b"]),
            ("secret/", &["secret"]),
            ("secret;v=1/x", &["secret/x"]),
            ("a%20b", &["a b"]),
            ("100%", &[]),
            ("100%25", &["100%"]),
        ] {
            assert_eq!(others(path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn what_has_no_meaning() {
        for path in [
            "..",
            "a/./b",
            "a/../b",
            "public/..%2Fsecret",
            "public/%2e%2e/secret",
            "public/..;/secret",
            "public/..;x=1/secret",
            "public/%252e%252e%252fsecret",
            "public\\..\\secret",
            "a/%5c..%5csecret",
            "public/a%2fb/../../secret",
            "x/../admin/users/..;/..",
            "%ff",
            "%c0%ae",
            "a%00",
            "a%0a",
            "%252525252541",
        ] {
            assert_eq!(others(path), Err(Unreadable), "{path}");
        }
    }
}
