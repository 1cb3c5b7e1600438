//! What the fuzzer does with this crate's parsers of foreign text. In unit tests and under `cfg(fuzzing)` only.
//!
//! A target panics when something that must hold does not. The unit test below runs each over its seeds.
#![allow(clippy::missing_panics_doc, reason = "a panic is what a target reports with")]

pub use crate::operations::apigateway::fuzzing::TARGETS;

/// A target's name, what it does with an input, and inputs to begin with.
pub type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

/// What separates the parts of an input: a byte that no text needs.
const SEPARATOR: char = '\0';

/// The parts of an input, as text; those that are not there are empty.
pub(crate) fn parts<const N: usize>(input: &[u8]) -> [String; N] {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.splitn(N, SEPARATOR);
    std::array::from_fn(|_| parts.next().unwrap_or_default().to_owned())
}

/// Inputs from texts; `|` stands for the separator.
pub(crate) fn seeds(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.replace('|', &SEPARATOR.to_string()).into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole seeds, and seeds that end early.
    #[test]
    fn every_target_takes_its_seeds() {
        for (name, run, seeds) in TARGETS {
            let seeds = seeds();
            assert!(seeds.len() >= 3, "{name} begins with {} seeds", seeds.len());
            for seed in seeds {
                run(&seed);
                run(&seed[..seed.len() / 2]);
            }
        }
    }
}
