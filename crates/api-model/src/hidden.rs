//! Text that is stored and used, and never printed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A secret. Its debug form is a placeholder, so that no log line, panic or test failure shows it by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// Wraps a secret.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Hidden;

    #[test]
    fn it_is_stored_as_text_and_printed_as_nothing() {
        let hidden = Hidden::new("secret".into());
        assert_eq!(serde_json::to_string(&hidden).unwrap(), "\"secret\"");
        assert_eq!(format!("{hidden:?}"), "Hidden(..)");
    }
}
