//! Strings by Java's characters, which are UTF-16 units.
//!
//! A string cut in the middle of a pair of surrogates gets U+FFFD there: Rust's strings cannot hold half a pair, and Java would
//! print a question mark in the end.

use std::borrow::Cow;

/// The number of units.
pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The units from one index up to another; both are within the length and in order.
pub(super) fn slice(text: &str, from: usize, to: usize) -> Cow<'_, str> {
    match (byte_of(text, from), byte_of(text, to)) {
        (Some(from), Some(to)) => Cow::Borrowed(&text[from..to]),
        _ => {
            let units: Vec<u16> = text.encode_utf16().skip(from).take(to - from).collect();
            Cow::Owned(String::from_utf16_lossy(&units))
        }
    }
}

/// The byte at which a unit begins; `None` in the middle of a pair and past the end.
pub(super) fn byte_of(text: &str, unit: usize) -> Option<usize> {
    if text.is_ascii() {
        return (unit <= text.len()).then_some(unit);
    }
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        if units >= unit {
            return (units == unit).then_some(byte);
        }
        units += c.len_utf16();
    }
    (units == unit).then_some(text.len())
}

/// The unit at which a byte's character begins.
pub(super) fn unit_of(text: &str, byte: usize) -> usize {
    length(&text[..byte])
}
