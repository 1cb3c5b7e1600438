//! Texts with wildcards: `*` for any run of characters, `?` for one.
//!
//! In an ARN the wildcards keep to their segment, of which a `:` is the end, but for a `*` that ends the whole pattern. IAM lets any `*`
//! that ends a segment go on into those that follow; a path may hold colons, so that `arn:aws:execute-api:*:*:abc/*` would match
//! `/x:abc/` of another API. The sixth segment, the resource itself, goes to the end of the text.

use std::borrow::Cow;

use crate::evaluate::Keys;
use crate::variables::{self, Piece, Variables};

/// Colons before the resource of an ARN.
const ARN_COLONS: usize = 5;

/// A text with wildcards and variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Itself, compared with case.
    Character(char),
    /// `?`
    One(Reach),
    /// `*`
    Run(Reach),
    /// A condition key's value. Boxed because it is rare: there is a token for each character.
    Key(Box<KeyValue>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyValue {
    key: String,
    default: Option<String>,
}

/// What a wildcard stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Any character.
    Anything,
    /// Any but a colon.
    Segment,
}

/// Where a pattern is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Arn,
}

impl Pattern {
    /// Reads the wildcards of a text.
    pub(crate) fn new(text: &Variables, form: Form) -> Self {
        let mut tokens = Vec::new();
        let mut colons = 0;
        for piece in text.pieces() {
            match piece {
                Piece::Text(text) => tokens.extend(text.chars().map(|character| {
                    colons += usize::from(character == ':');
                    let reach = if form == Form::Arn && colons < ARN_COLONS { Reach::Segment } else { Reach::Anything };
                    match character {
                        '*' => Token::Run(reach),
                        '?' => Token::One(reach),
                        other => Token::Character(other),
                    }
                })),
                Piece::Character(character) => tokens.push(Token::Character(*character)),
                Piece::Key { key, default } => {
                    tokens.push(Token::Key(Box::new(KeyValue { key: key.clone(), default: default.clone() })))
                }
            }
        }
        tokens.dedup_by(|next, before| matches!((next, before), (Token::Run(next), Token::Run(before)) if next == before));
        if let Some(Token::Run(reach)) = tokens.last_mut() {
            *reach = Reach::Anything;
        }
        Self { tokens }
    }

    /// Whether it matches the whole of `text`. A variable without a value matches nothing.
    pub(crate) fn matches(&self, text: &str, keys: &dyn Keys) -> bool {
        self.resolved(keys).is_some_and(|tokens| whole(&tokens, text))
    }

    fn resolved(&self, keys: &dyn Keys) -> Option<Cow<'_, [Token]>> {
        if !self.tokens.iter().any(|token| matches!(token, Token::Key(_))) {
            return Some(Cow::Borrowed(&self.tokens));
        }
        let mut resolved = Vec::new();
        for token in &self.tokens {
            match token {
                Token::Key(value) => {
                    let KeyValue { key, default } = &**value;
                    resolved.extend(variables::value(key, default.as_deref(), keys)?.chars().map(Token::Character));
                }
                token => resolved.push(token.clone()),
            }
        }
        Some(Cow::Owned(resolved))
    }
}

/// All ways to match at once, one character after the other: the work is the product of the lengths at most, whatever the pattern.
fn whole(tokens: &[Token], text: &str) -> bool {
    // Most patterns are a plain text, perhaps with a run at the end.
    let plain = tokens.iter().take_while(|token| matches!(token, Token::Character(_))).count();
    let mut rest = text.chars();
    for token in &tokens[..plain] {
        if !matches!(token, Token::Character(expected) if rest.next() == Some(*expected)) {
            return false;
        }
    }
    match &tokens[plain..] {
        [] => rest.next().is_none(),
        [Token::Run(Reach::Anything)] => true,
        tokens => some_way(tokens, rest.as_str()),
    }
}

fn some_way(tokens: &[Token], text: &str) -> bool {
    // `at[i]`: the first i tokens match what was read.
    let mut at = vec![false; tokens.len() + 1];
    at[0] = true;
    skip_runs(tokens, &mut at);
    for character in text.chars() {
        let mut next = vec![false; tokens.len() + 1];
        for (index, token) in tokens.iter().enumerate().filter(|(index, _)| at[*index]) {
            match token {
                Token::Character(expected) => next[index + 1] |= *expected == character,
                Token::One(reach) => next[index + 1] |= reach.holds(character),
                Token::Run(reach) => next[index] |= reach.holds(character),
                Token::Key(_) => {}
            }
        }
        skip_runs(tokens, &mut next);
        at = next;
        if !at.contains(&true) {
            return false;
        }
    }
    at[tokens.len()]
}

/// A run may be of no characters.
fn skip_runs(tokens: &[Token], at: &mut [bool]) {
    for (index, token) in tokens.iter().enumerate() {
        at[index + 1] |= at[index] && matches!(token, Token::Run(_));
    }
}

impl Reach {
    fn holds(self, character: char) -> bool {
        match self {
            Self::Anything => true,
            Self::Segment => character != ':',
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::NoKeys;

    fn matches(form: Form, pattern: &str, text: &str) -> bool {
        Pattern::new(&Variables::parse(pattern).unwrap(), form).matches(text, &NoKeys)
    }

    #[test]
    fn plain_wildcards() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("abc", "abc", true),
            ("abc", "abC", false),
            ("abc", "abcd", false),
            ("*", "", true),
            ("*", "a:b", true),
            ("a*", "a", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*b*", "abc", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("**a**", "a", true),
            ("a${*}c", "a*c", true),
            ("a${*}c", "abc", false),
            ("${$}{x}", "${x}", true),
        ] {
            assert_eq!(matches(Form::Plain, pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn wildcards_of_arns_keep_to_their_segment() {
        let arn = "arn:aws:execute-api:eu-west-1:111111111111:abc/prod/GET/pets";
        for (pattern, expected) in [
            ("*", true),
            (arn, true),
            ("arn:aws:execute-api:*:*:abc/*", true),
            ("arn:aws:execute-api:eu-*-1:111111111111:abc/prod/GET/pets", true),
            ("arn:aws:execute-api:*", true),
            ("arn:aws:execute-api:eu-west-1:111111111111:*/prod/GET/pets", true),
            ("arn:aws:execute-api:eu-west-1:111111111111:ab?/*/pets", true),
            ("arn:aws:execute-api:eu-west-1:111111111111:ab/*", false),
            // Inside a segment: `eu-w*1` cannot reach over the account.
            ("arn:aws:execute-api:eu-w*1:abc/prod/GET/pets", false),
            ("arn:aws:execute-api:eu-west-1?111111111111:abc/prod/GET/pets", false),
            ("arn:aws:execute-api:*:abc/prod/GET/pets", false),
        ] {
            assert_eq!(matches(Form::Arn, pattern, arn), expected, "{pattern}");
        }
        assert!(matches(Form::Arn, "arn:aws:execute-api:r:a:id/s/GET/a*c", "arn:aws:execute-api:r:a:id/s/GET/a:b:c"));
    }

    #[test]
    fn a_hostile_pattern_costs_the_product_of_the_lengths() {
        let pattern = "*a".repeat(500);
        let started = std::time::Instant::now();
        assert!(!matches(Form::Plain, &pattern, &"a".repeat(499)));
        assert!(!matches(Form::Plain, &format!("{pattern}b"), &"a".repeat(2000)));
        assert!(started.elapsed().as_secs() < 20);
    }
}
