//! Texts with policy variables: `${aws:username}`, `${aws:username, 'anonymous'}`, and `${*}`, `${?}`, `${$}` for the characters
//! themselves (IAM user guide, "IAM policy elements: Variables and tags").

use std::borrow::Cow;

use crate::evaluate::Keys;
use crate::pattern::VARIABLE_WORK;

/// A text that may hold variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variables {
    pieces: Vec<Piece>,
}

/// A part of such a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As written: its `*` and `?` are wildcards where there are wildcards.
    Text(String),
    /// Never a wildcard.
    Character(char),
    /// The value of a condition key, never a wildcard either.
    Key {
        /// In lower case.
        key: String,
        default: Option<String>,
    },
}

impl Variables {
    /// A text that has none.
    pub(crate) fn none(text: &str) -> Self {
        Self { pieces: vec![Piece::Text(text.to_owned())] }
    }

    /// Reads the variables of a text; `None` when one is malformed.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let (inside, behind) = after.split_once('}')?;
            pieces.push(Piece::variable(inside)?);
            rest = behind;
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Some(Self { pieces })
    }

    /// Its parts.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// About how much work it is to resolve, in tokens of patterns.
    pub(crate) fn work(&self) -> usize {
        self.pieces.iter().filter(|piece| matches!(piece, Piece::Key { .. })).count() * VARIABLE_WORK
    }

    /// The text for a request; `None` when a key has no value and no default: then nothing equals it.
    pub(crate) fn resolve(&self, keys: &dyn Keys) -> Option<Cow<'_, str>> {
        if let [Piece::Text(text)] = &self.pieces[..] {
            return Some(Cow::Borrowed(text));
        }
        let mut resolved = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => resolved.push_str(text),
                Piece::Character(character) => resolved.push(*character),
                Piece::Key { key, default } => resolved.push_str(&value(key, default.as_deref(), keys)?),
            }
        }
        Some(Cow::Owned(resolved))
    }
}

/// A variable stands for exactly one value: one of several would be a choice of ours.
pub(crate) fn value(key: &str, default: Option<&str>, keys: &dyn Keys) -> Option<String> {
    match keys.values(key).as_deref() {
        Some([one]) => Some(one.clone().into_owned()),
        Some([_, _, ..]) => None,
        Some([]) | None => default.map(str::to_owned),
    }
}

impl Piece {
    fn variable(inside: &str) -> Option<Self> {
        if let "*" | "?" | "$" = inside {
            return inside.chars().next().map(Self::Character);
        }
        let (key, default) = match inside.split_once(',') {
            Some((key, default)) => {
                let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                (key, Some(default.to_owned()))
            }
            None => (inside, None),
        };
        let key = key.trim();
        let is_key = !key.is_empty() && key.chars().all(|character| character.is_ascii_graphic() && character != '$');
        is_key.then(|| Self::Key { key: key.to_ascii_lowercase(), default })
    }
}
