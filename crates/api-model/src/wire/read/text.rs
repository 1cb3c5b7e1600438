//! Values that travel as text: labels and query parameters.

use std::str::FromStr;

use super::Problems;
use crate::error::ApiError;

/// A type that text stands for.
pub(crate) trait FromText: Sized {
    /// Reads the decoded `text` of `member`; `None` after recording a problem.
    fn from_text(text: &str, member: &str, problems: &mut Problems) -> Option<Self>;
}

impl FromText for String {
    fn from_text(text: &str, _member: &str, _problems: &mut Problems) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl FromText for i32 {
    fn from_text(text: &str, member: &str, problems: &mut Problems) -> Option<Self> {
        parsed(text, member, "an integer", problems)
    }
}

impl FromText for bool {
    fn from_text(text: &str, member: &str, problems: &mut Problems) -> Option<Self> {
        parsed(text, member, "true or false", problems)
    }
}

fn parsed<T: FromStr>(text: &str, member: &str, expected: &str, problems: &mut Problems) -> Option<T> {
    let value = text.parse().ok();
    if value.is_none() {
        problems.fault(ApiError::serialization(format!("Parameter '{member}' must be {expected}, not '{text}'")));
    }
    value
}
