//! What the fuzzer does with its inputs.
//!
//! A target is a function that takes any bytes and panics when something that must hold does not. The targets of the engines that
//! stand alone are here; those of the planes' inner parsers are in the `fuzzing` modules of their crates, which exist in unit tests
//! and under `cfg(fuzzing)`. Tests run every target over its seeds, so that none rots between two runs of the fuzzer.

mod jsonpath;
mod policy;
mod sigv4;
mod velocity;

use std::borrow::Cow;

/// A parser, and what must hold of it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As it is called on the command line.
    pub name: &'static str,
    /// Takes one input. A panic is a finding.
    pub run: fn(&[u8]),
    /// Inputs to begin with: the repository's own test data.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Targets that need no crate's inside.
const OPEN: [Target; 4] = [velocity::TARGET, jsonpath::TARGET, sigv4::TARGET, policy::TARGET];

/// Every target of this build; those inside of the planes only under `cfg(fuzzing)`.
pub fn targets() -> Vec<Target> {
    let targets = OPEN.to_vec();
    #[cfg(fuzzing)]
    let targets = {
        let planes =
            [postern_api_model::fuzzing::TARGETS, postern_data_plane::fuzzing::TARGETS, postern_control_plane::fuzzing::TARGETS];
        let inner = planes.concat().into_iter().map(|(name, run, seeds)| Target { name, run, seeds });
        [targets, inner.collect()].concat()
    };
    targets
}

/// What separates the parts of an input that has several: a byte that no text needs.
const SEPARATOR: char = '\0';

/// The first two parts of an input; the second is empty when there is none.
fn two_parts(input: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(input);
    let (first, second) = text
        .split_once(SEPARATOR)
        .map_or((text.clone(), Cow::Borrowed("")), |(first, second)| (Cow::Borrowed(first), Cow::Borrowed(second)));
    (first.into_owned(), second.into_owned())
}

/// An input of two parts.
fn joined(first: &str, second: &str) -> Vec<u8> {
    format!("{first}{SEPARATOR}{second}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole seeds, and seeds that end early: most of what a fuzzer finds is at the edges.
    #[test]
    fn every_target_takes_its_seeds() {
        for target in targets() {
            let seeds = (target.seeds)();
            assert!(seeds.len() >= 10, "{} begins with {} seeds", target.name, seeds.len());
            for seed in seeds {
                (target.run)(&seed);
                (target.run)(&seed[..seed.len() / 2]);
            }
        }
    }

    #[test]
    fn parts() {
        assert_eq!(two_parts(b"a\0b\0c"), ("a".to_owned(), "b\0c".to_owned()));
        assert_eq!(two_parts(b"a"), ("a".to_owned(), String::new()));
        assert_eq!(two_parts(&joined("x", "y")), ("x".to_owned(), "y".to_owned()));
    }
}
