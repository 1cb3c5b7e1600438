//! What the fuzzer does with this crate's parsers of foreign text. In unit tests and under `cfg(fuzzing)` only.
//!
//! A target panics when something that must hold does not. The unit test below runs each over its seeds.
#![allow(clippy::missing_panics_doc, reason = "a panic is what a target reports with")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::{access_log, authorizers, compile, content, context, integrations, mapping_template, stages, tokens};

/// A target's name, what it does with an input, and inputs to begin with.
pub type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    compile::fuzzing::URI_TEMPLATE,
    compile::fuzzing::AWS_URI,
    compile::fuzzing::PARAMETER_MAPPING,
    compile::fuzzing::SELECTION_PATTERN,
    compile::fuzzing::MOCK_STATUS,
    compile::fuzzing::ROUTING,
    compile::fuzzing::SCHEMA,
    compile::fuzzing::DEFINITION,
    content::fuzzing::CODING,
    content::fuzzing::CONVERSION,
    content::fuzzing::NEGOTIATION,
    mapping_template::fuzzing::MAPPING_TEMPLATE,
    mapping_template::fuzzing::BODY_JSON,
    authorizers::fuzzing::AUTHORIZER_OUTPUT,
    integrations::fuzzing::LAMBDA_RESPONSE,
    integrations::fuzzing::LAMBDA_STREAM,
    stages::fuzzing::ADDRESS,
    context::fuzzing::REQUEST_IDS,
    access_log::fuzzing::ACCESS_LOG,
    access_log::fuzzing::ACCESS_LOG_FORMAT,
    tokens::fuzzing::TOKEN,
    tokens::fuzzing::KEY_SET,
];

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

/// The value of a future that waits for nothing but its turn.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
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
