//! Identifiers as AWS makes them: lower-case letters and digits, six or ten of them.

/// Characters of an API id and of a root resource id.
pub(crate) const LONG: usize = 10;
/// Characters of nearly every other id.
pub(crate) const SHORT: usize = 6;

/// Characters of an API key's value that is made here, as AWS makes them.
const KEY_VALUE: usize = 40;
/// As [`UNBIASED_BYTES`], for 62 characters.
const KEY_VALUE_UNBIASED_BYTES: u8 = 248;
const KEY_VALUE_ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// The largest multiple of the alphabet's size that fits a byte: bytes from here on are drawn again, so that no character is likelier.
const UNBIASED_BYTES: u8 = 252;

/// An id of `length` characters that `taken` does not hold.
pub(crate) fn fresh(length: usize, taken: impl Fn(&str) -> bool) -> String {
    loop {
        let id = random(length);
        if !taken(&id) {
            return id;
        }
    }
}

/// A random id of `length` characters; API ids are unique in the installation because the store refuses a second one.
pub(crate) fn random(length: usize) -> String {
    let mut id = String::with_capacity(length);
    let mut bytes = [0_u8; 16];
    while id.len() < length {
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        let drawn = bytes.iter().filter(|byte| **byte < UNBIASED_BYTES).map(|byte| char::from(ALPHABET[usize::from(*byte) % 36]));
        id.extend(drawn.take(length - id.len()));
    }
    id
}

/// A new value for an API key: 238 bits of chance.
pub(crate) fn key_value() -> String {
    let mut value = String::with_capacity(KEY_VALUE);
    let mut bytes = [0_u8; KEY_VALUE];
    while value.len() < KEY_VALUE {
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        let unbiased = bytes.iter().filter(|byte| **byte < KEY_VALUE_UNBIASED_BYTES);
        let drawn = unbiased.map(|byte| char::from(KEY_VALUE_ALPHABET[usize::from(*byte) % 62]));
        value.extend(drawn.take(KEY_VALUE - value.len()));
    }
    value
}

/// A version 4 UUID, for `x-amzn-RequestId`.
pub(crate) fn request_id() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut id = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        for nibble in [byte >> 4, byte & 0x0f] {
            id.push(char::from_digit(u32::from(nibble), 16).expect("a nibble is a hexadecimal digit"));
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_length_and_alphabet() {
        for length in [SHORT, LONG] {
            let id = random(length);
            assert_eq!(id.len(), length);
            assert!(id.bytes().all(|byte| ALPHABET.contains(&byte)), "{id}");
        }
    }

    #[test]
    fn key_values_have_their_length_and_alphabet() {
        let value = key_value();
        assert_eq!(value.len(), KEY_VALUE);
        assert!(value.bytes().all(|byte| KEY_VALUE_ALPHABET.contains(&byte)), "{value}");
        assert_ne!(value, key_value());
    }

    #[test]
    fn a_taken_id_is_drawn_again() {
        let first = std::cell::Cell::new(true);
        fresh(SHORT, |_| first.replace(false));
        assert!(!first.get());
    }

    #[test]
    fn request_ids_are_version_4_uuids() {
        let id = request_id();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
