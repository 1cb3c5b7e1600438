//! Texts with wildcards: `*` for any run of characters, `?` for one.
//!
//! In an ARN the wildcards keep to their segment, of which a `:` is the end, but for a `*` that ends the whole pattern. IAM lets any `*`
//! that ends a segment go on into those that follow; a path may hold colons, so that `arn:aws:execute-api:*:*:abc/*` would match
//! `/x:abc/` of another API. The sixth segment, the resource itself, goes to the end of the text.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::evaluate::Keys;
use crate::variables::{self, Piece, Variables};

/// Colons before the resource of an ARN.
const ARN_COLONS: usize = 5;
/// What a variable counts for: it may stand for the whole of a header field.
pub(crate) const VARIABLE_WORK: usize = 256;

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
        join_runs(&mut tokens);
        if let Some(Token::Run(reach)) = tokens.last_mut() {
            *reach = Reach::Anything;
        }
        Self { tokens }
    }

    /// Whether it matches the whole of `text`. A variable without a value matches nothing.
    pub(crate) fn matches(&self, text: &str, keys: &dyn Keys) -> bool {
        self.resolved(keys).is_some_and(|tokens| whole(&tokens, text))
    }

    /// About how much work it is to match, in tokens that are looked at for each character of a text.
    pub(crate) fn work(&self) -> usize {
        let variables = self.tokens.iter().filter(|token| matches!(token, Token::Key(_))).count();
        if variables > 0 {
            return self.tokens.len() + variables * VARIABLE_WORK;
        }
        match behind_plain(&self.tokens) {
            [] | [Token::Run(Reach::Anything)] => 0,
            tokens => tokens.len(),
        }
    }

    /// Characters that it was written with, about: rows of `*` count as one, a variable by its name.
    pub(crate) fn written_chars(&self) -> usize {
        let chars = |token: &Token| match token {
            Token::Key(value) => value.key.chars().count(),
            Token::Character(_) | Token::One(_) | Token::Run(_) => 1,
        };
        self.tokens.iter().map(chars).sum()
    }

    /// Whether it stands for this text alone, and says so without wildcards or variables.
    pub(crate) fn is_literally(&self, text: &str) -> bool {
        let mut rest = text.chars();
        self.tokens.iter().all(|token| matches!(token, Token::Character(own) if rest.next() == Some(*own)))
            && rest.next().is_none()
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
        join_runs(&mut resolved);
        Some(Cow::Owned(resolved))
    }
}

/// What follows the plain text that it begins with.
fn behind_plain(tokens: &[Token]) -> &[Token] {
    &tokens[tokens.iter().take_while(|token| matches!(token, Token::Character(_))).count()..]
}

/// One run for those that follow each other, as around a variable without text: the furthest reaching.
fn join_runs(tokens: &mut Vec<Token>) {
    tokens.dedup_by(|next, before| match (next, before) {
        (Token::Run(next), Token::Run(before)) => {
            if *next == Reach::Anything {
                *before = Reach::Anything;
            }
            true
        }
        _ => false,
    });
}

/// All ways to match at once, one character after the other: the work is the product of the lengths at most, whatever the pattern.
fn whole(tokens: &[Token], text: &str) -> bool {
    // Most patterns are a plain text, perhaps with a run at the end.
    let behind = behind_plain(tokens);
    let mut rest = text.chars();
    for token in &tokens[..tokens.len() - behind.len()] {
        if !matches!(token, Token::Character(expected) if rest.next() == Some(*expected)) {
            return false;
        }
    }
    match behind {
        [] => rest.next().is_none(),
        [Token::Run(Reach::Anything)] => true,
        tokens => some_way(tokens, rest.as_str()),
    }
}

fn some_way(tokens: &[Token], text: &str) -> bool {
    // Each token but a run takes a character.
    let taking = tokens.iter().filter(|token| !matches!(token, Token::Run(_))).count();
    if taking > text.chars().count() {
        return false;
    }
    let ways = Ways::of(tokens);
    // Bit i: the first i tokens match what was read.
    let mut at = vec![0u64; tokens.len() / u64::BITS as usize + 1];
    at[0] = 1 | (ways.runs[0] & 1) << 1;
    for character in text.chars() {
        if !ways.read(character, &mut at) {
            return false;
        }
    }
    bit_of(&at, tokens.len())
}

/// Tokens as sets of their places, 64 to a word: a character is read against 64 tokens at once.
struct Ways {
    characters: HashMap<char, Vec<u64>>,
    /// `?`, and those of any character.
    ones: Vec<u64>,
    ones_of_anything: Vec<u64>,
    /// `*`, and those of any character.
    runs: Vec<u64>,
    runs_of_anything: Vec<u64>,
}

impl Ways {
    /// No two runs follow each other in `tokens`.
    fn of(tokens: &[Token]) -> Self {
        let none = vec![0u64; tokens.len() / u64::BITS as usize + 1];
        let mut ways = Self {
            characters: HashMap::new(),
            ones: none.clone(),
            ones_of_anything: none.clone(),
            runs: none.clone(),
            runs_of_anything: none.clone(),
        };
        for (place, token) in tokens.iter().enumerate() {
            match token {
                Token::Character(own) => set_bit(ways.characters.entry(*own).or_insert_with(|| none.clone()), place),
                Token::One(reach) => {
                    set_bit(&mut ways.ones, place);
                    if *reach == Reach::Anything {
                        set_bit(&mut ways.ones_of_anything, place);
                    }
                }
                Token::Run(reach) => {
                    set_bit(&mut ways.runs, place);
                    if *reach == Reach::Anything {
                        set_bit(&mut ways.runs_of_anything, place);
                    }
                }
                Token::Key(_) => {}
            }
        }
        ways
    }

    /// Goes on by a character; whether there is still a way.
    fn read(&self, character: char, at: &mut [u64]) -> bool {
        let same = self.characters.get(&character);
        let (ones, stays) = if Reach::Segment.holds(character) {
            (&self.ones, &self.runs)
        } else {
            (&self.ones_of_anything, &self.runs_of_anything)
        };
        let (mut taken_before, mut skipped_before, mut some) = (0, 0, 0);
        for (index, word) in at.iter_mut().enumerate() {
            let takes = *word & (ones[index] | same.map_or(0, |same| same[index]));
            let here = takes << 1 | taken_before | *word & stays[index];
            // A run may be of no characters.
            let skips = here & self.runs[index];
            *word = here | skips << 1 | skipped_before;
            (taken_before, skipped_before) = (takes >> (u64::BITS - 1), skips >> (u64::BITS - 1));
            some |= *word;
        }
        some != 0
    }
}

fn set_bit(words: &mut [u64], place: usize) {
    words[place / u64::BITS as usize] |= 1 << (place % u64::BITS as usize);
}

fn bit_of(words: &[u64], place: usize) -> bool {
    words[place / u64::BITS as usize] >> (place % u64::BITS as usize) & 1 == 1
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
    fn long_patterns_are_matched_as_short_ones_are() {
        // The same ways around every end of a word of places.
        for fill in 0..140 {
            let (pattern, text) = ("b".repeat(fill), "b".repeat(fill));
            assert!(matches(Form::Plain, &format!("*a{pattern}*?"), &format!("aba{text}x")), "{fill}");
            assert!(matches(Form::Plain, &format!("?{pattern}*"), &format!("x{text}")), "{fill}");
            assert!(!matches(Form::Plain, &format!("*a{pattern}?"), &format!("ba{text}")), "{fill}");
            assert!(!matches(Form::Plain, &format!("?{pattern}*c?"), &format!("x{text}ccdd")), "{fill}");
            assert!(!matches(Form::Arn, &format!("?{pattern}*c"), &format!("x{text}:c")), "{fill}");
        }
    }

    #[test]
    fn work() {
        let work = |pattern: &str| Pattern::new(&Variables::parse(pattern).unwrap(), Form::Arn).work();
        for (pattern, expected) in [("abc", 0), ("abc*", 0), ("*", 0), ("a*c", 2), ("a?", 1), ("a${k}", 2 + VARIABLE_WORK)] {
            assert_eq!(work(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn variables_without_text_join_the_runs_around_them() {
        struct Empty;
        impl Keys for Empty {
            fn values(&self, _key: &str) -> Option<Vec<Cow<'_, str>>> {
                Some(vec!["".into()])
            }
        }
        let pattern = Pattern::new(&Variables::parse("*${k}*${k}*b").unwrap(), Form::Plain);
        assert!(pattern.matches("b", &Empty) && pattern.matches("ab", &Empty) && !pattern.matches("a", &Empty));
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
