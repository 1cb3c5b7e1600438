//! The format of a stage's access log: `AccessLogSettings.format`, compiled when the stage is published.
//!
//! A format is text with `$context.name` in it (AWS docs, "Set up CloudWatch logging for REST APIs"); nothing else in it has a meaning. That
//! it is JSON, XML, CSV or the Common Log Format is seen from its text, and only decides how values are escaped.

use super::escape::{self, Place};
use super::variable::{LogVariable, Values};

/// How a variable begins.
const PREFIX: &str = "$context.";
/// Names with a part of somebody's own, which may hold more than letters, digits and dots.
const OPEN_NAMES: [&str; 2] = ["authorizer.", "responseOverride.header."];

/// A format, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    Variable(LogVariable, Place),
}

/// What kind of text a format is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Json,
    Xml,
    Csv,
    Text,
}

impl Format {
    /// Compiles a format. Also gives the names that no variable of AWS's has, which are always unset.
    pub(crate) fn compile(format: &str) -> (Self, Vec<String>) {
        let parts = split(format.trim_end_matches(['\r', '\n']));
        let style = Style::of(&parts);
        let mut unknown = Vec::new();
        let mut is_quoted = false;
        let pieces = parts.into_iter().map(|part| match part {
            Part::Literal(text) => {
                is_quoted = style.is_quoted_behind(text, is_quoted);
                // AWS takes formats of one line only; one that was stored otherwise must not make two of a request.
                let mut shown = Vec::new();
                escape::push_literal(&mut shown, &text.replace(['\r', '\n'], " "));
                Piece::Literal(String::from_utf8_lossy(&shown).into())
            }
            Part::Variable(name) => {
                let variable = LogVariable::parse(name);
                if variable == LogVariable::Unknown {
                    unknown.push(name.to_owned());
                }
                Piece::Variable(variable, style.place(is_quoted))
            }
        });
        let pieces = pieces.collect();
        (Self(pieces), unknown)
    }

    /// Appends the line of one request.
    pub(crate) fn push_line(&self, values: &Values<'_>, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Variable(variable, place) => values.show(variable, |value| escape::push(out, value, *place)),
            }
        }
        out.push(b'\n');
    }
}

#[cfg(any(test, fuzzing))]
impl Format {
    /// A line whose variables all have this value.
    pub(super) fn line_of(&self, value: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Variable(_, place) => escape::push(&mut out, Some(escape::Shown::Text(value)), *place),
            }
        }
        out.push(b'\n');
        out
    }
}

/// A piece before it is known what it means.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Literal(&'a str),
    Variable(&'a str),
}

fn split(mut rest: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut searched_to = 0;
    while let Some(at) = rest[searched_to..].find(PREFIX).map(|at| at + searched_to) {
        let name = name_of(&rest[at + PREFIX.len()..]);
        if name.is_empty() {
            searched_to = at + PREFIX.len();
            continue;
        }
        if at > 0 {
            parts.push(Part::Literal(&rest[..at]));
        }
        parts.push(Part::Variable(name));
        rest = &rest[at + PREFIX.len() + name.len()..];
        searched_to = 0;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

/// The name at the start of `text`. What could also be the text behind it, a full stop say, is.
fn name_of(text: &str) -> &str {
    let is_open = OPEN_NAMES.iter().any(|open| text.starts_with(open));
    let belongs = |character: char| {
        character.is_ascii_alphanumeric() || character == '.' || (is_open && matches!(character, '_' | '-' | ':'))
    };
    let end = text.find(|character| !belongs(character)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '-', ':', '_'])
}

impl Style {
    fn of(parts: &[Part<'_>]) -> Self {
        let start = match parts.first() {
            Some(Part::Literal(text)) => text.trim_start(),
            Some(Part::Variable(_)) | None => "",
        };
        if start.starts_with('{') || start.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['{', '"', '['])) {
            return Self::Json;
        }
        if start.starts_with('<') {
            return Self::Xml;
        }
        let is_variable = |part: &Part<'_>| matches!(part, Part::Variable(_));
        let first = parts.iter().position(is_variable).unwrap_or(0);
        let last = parts.iter().rposition(is_variable).unwrap_or(0);
        let mut between = parts.iter().take(last).skip(first).filter_map(|part| match part {
            Part::Literal(text) => Some(text.contains(',')),
            Part::Variable(_) => None,
        });
        let has_fields = last > first;
        if has_fields && between.all(|has_comma| has_comma) { Self::Csv } else { Self::Text }
    }

    /// Whether what follows `text` stands between quotes.
    fn is_quoted_behind(self, text: &str, was_quoted: bool) -> bool {
        let mut is_quoted = was_quoted;
        let mut is_escaped = false;
        for character in text.chars() {
            match character {
                '\\' if self == Self::Json && is_quoted && !is_escaped => {
                    is_escaped = true;
                    continue;
                }
                '"' if !is_escaped => is_quoted = !is_quoted,
                _ => {}
            }
            is_escaped = false;
        }
        is_quoted
    }

    fn place(self, is_quoted: bool) -> Place {
        match (self, is_quoted) {
            (Self::Json, true) => Place::JsonString,
            (Self::Json, false) => Place::JsonBare,
            (Self::Xml, _) => Place::Xml,
            (Self::Csv, true) => Place::CsvQuoted,
            (Self::Csv, false) => Place::CsvBare,
            (Self::Text, _) => Place::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn styled(format: &str) -> Style {
        Style::of(&split(format))
    }

    /// The formats that AWS's console offers.
    #[test]
    fn styles() {
        let clf = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] \
                   \"$context.httpMethod $context.resourcePath $context.protocol\" $context.status $context.responseLength \
                   $context.requestId $context.extendedRequestId";
        assert_eq!(styled(clf), Style::Text);
        assert_eq!(styled("{ \"requestId\":\"$context.requestId\", \"status\":$context.status }"), Style::Json);
        assert_eq!(styled("<request id=\"$context.requestId\"> <ip>$context.identity.sourceIp</ip> </request>"), Style::Xml);
        assert_eq!(styled("$context.identity.sourceIp,$context.requestTime,\"$context.requestId\""), Style::Csv);
        assert_eq!(styled("[$context.requestTime] $context.requestId"), Style::Text);
        assert_eq!(styled("$context.requestId"), Style::Text);
        assert_eq!(styled(""), Style::Text);
    }

    #[test]
    fn names_end_where_they_can() {
        assert_eq!(
            split("$context.requestId-$context.status.\n$context."),
            [Part::Variable("requestId"), Part::Literal("-"), Part::Variable("status"), Part::Literal(".\n$context."),]
        );
        assert_eq!(
            split("$context.authorizer.claims.custom:a_b,x"),
            [Part::Variable("authorizer.claims.custom:a_b"), Part::Literal(",x"),]
        );
        assert_eq!(
            split("$context.responseOverride.header.X-A:"),
            [Part::Variable("responseOverride.header.X-A"), Part::Literal(":"),]
        );
    }

    #[test]
    fn places_of_json() {
        let (Format(pieces), unknown) =
            Format::compile("{\"a\":\"x\\\"$context.requestId\",\"b\":$context.status,\"c\":\"$context.nope\"}");
        let places = pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(_, place) => Some(*place),
            Piece::Literal(_) => None,
        });
        assert_eq!(places.collect::<Vec<_>>(), [Place::JsonString, Place::JsonBare, Place::JsonString]);
        assert_eq!(unknown, ["nope"]);
    }

    #[test]
    fn a_format_of_several_lines_makes_one() {
        let (Format(pieces), _) = Format::compile("{\n\"a\":1\n}\n");
        assert_eq!(pieces, [Piece::Literal("{ \"a\":1 }".into())]);
    }

    #[test]
    fn a_format_does_not_act_on_a_terminal() {
        let (Format(pieces), _) = Format::compile("a\tb\u{1b}[2J\u{202e}");
        assert_eq!(pieces, [Piece::Literal("a\tb\\u001b[2J\\u202e".into())]);
    }
}
