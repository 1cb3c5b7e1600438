//! What is wrong with a configuration: all of it at once, each with its place and what would be right.

use std::fmt;

use super::sources::Place;

/// One thing that stands in the way of starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, or the unknown name.
    pub key: String,
    /// Where the value stands.
    pub place: Place,
    /// Whose fault it is.
    pub fault: Fault,
    /// What is wrong with it.
    pub wrong: String,
    /// What would be right.
    pub allowed: String,
}

/// Whose fault a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The value is wrong.
    Mistake,
    /// The value is right, and what it asks for does not exist yet.
    NotImplemented,
}

/// Every problem of a configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Whether one of them asks for what does not exist yet.
    pub fn ask_for_the_unimplemented(&self) -> bool {
        self.0.iter().any(|problem| problem.fault == Fault::NotImplemented)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}; allowed: {}", self.key, self.place, self.wrong, self.allowed)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration cannot be used:")?,
            count => write!(f, "the configuration cannot be used, for {count} reasons:")?,
        }
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}
