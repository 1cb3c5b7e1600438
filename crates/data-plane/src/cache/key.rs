//! What an entry is found by: a digest over everything that tells requests apart.
//!
//! Each part is written with its length before it, and each list with its count: no two requests that differ in a part can be written the
//! same, whatever separators a client puts into its values. What is kept of them in memory is the digest alone.

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// A digest.
pub(crate) type Key = [u8; SHA256_OUTPUT_LEN];

/// A key that is being written.
pub(crate) struct KeyWriter(Context);

impl KeyWriter {
    /// For the entries of one deployment, under one namespace and verb.
    pub(crate) fn new(deployment_id: &str, namespace: &str, verb: &str) -> Self {
        let mut writer = Self(Context::new(&SHA256));
        [deployment_id, namespace, verb].iter().for_each(|part| writer.part(part.as_bytes()));
        writer
    }

    /// A parameter with all of its values. One without values is not one with an empty value.
    pub(crate) fn parameter<'v>(&mut self, name: &str, values: impl Iterator<Item = std::borrow::Cow<'v, [u8]>>) {
        let values: Vec<_> = values.collect();
        self.part(name.as_bytes());
        self.number(values.len());
        values.iter().for_each(|value| self.part(value));
    }

    /// Something else that answers differ by.
    pub(crate) fn part(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    fn number(&mut self, number: usize) {
        self.0.update(&(number as u64).to_be_bytes());
    }

    pub(crate) fn finish(self) -> Key {
        let mut key = Key::default();
        key.copy_from_slice(self.0.finish().as_ref());
        key
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::HashSet;

    use super::*;

    fn key(names: [&str; 3], parameters: &[(&str, &[&str])]) -> Key {
        let mut writer = KeyWriter::new(names[0], names[1], names[2]);
        for (name, values) in parameters {
            writer.parameter(name, values.iter().map(|value| Cow::Borrowed(value.as_bytes())));
        }
        writer.finish()
    }

    #[test]
    fn nothing_can_be_moved_from_one_part_into_another() {
        let names = ["d", "n", "GET"];
        let keys = [
            key(names, &[]),
            key(["dn", "", "GET"], &[]),
            key(["d", "nG", "ET"], &[]),
            key(names, &[("a", &[])]),
            key(names, &[("a", &[""])]),
            key(names, &[("a", &["", ""])]),
            key(names, &[("a", &["b"])]),
            key(names, &[("ab", &[])]),
            key(names, &[("a", &["b", "c"])]),
            key(names, &[("a", &["b,c"])]),
            key(names, &[("a", &["b"]), ("c", &[])]),
            key(names, &[("a", &["b", "c", ""])]),
            key(names, &[("a", &["c", "b"])]),
            key(names, &[("a", &["b"]), ("b", &["a"])]),
            key(names, &[("a", &["B"])]),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        assert_eq!(key(names, &[("a", &["b"])]), key(names, &[("a", &["b"])]));
    }
}
