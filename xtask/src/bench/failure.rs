//! What can go wrong in a measurement: always something that the person at the keyboard has to read.

use std::fmt::{self, Display};

/// A reason to stop, in words.
#[derive(Debug)]
pub struct Failure(String);

/// What the steps of a measurement return.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure that says `words`.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Says what was being done when another library's error came.
pub trait Doing<T> {
    /// Turns the error into a [`Failure`] that begins with what was being done.
    fn doing(self, what: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{}: {error}", what())))
    }
}
