//! References: `$a`, `${a}`, `$!a`, with properties, methods and indices.

use super::{Parse, Parser};
use crate::ast::{Expr, Literal, Notation, Part, Reference};
use crate::lexer::Kind;

/// What the first token of a reference says.
struct Head<'s> {
    notation: Notation,
    backslashes: &'s str,
    prefix: &'s str,
    /// The token's text without backslashes and prefix.
    rest: &'s str,
}

impl Head<'_> {
    fn is_quiet(&self) -> bool {
        self.rest.starts_with("$!")
    }
}

/// An odd number of backslashes escapes the reference; every two of them become one. Of several dollars only the last begins
/// the reference.
fn head(image: &str) -> Head<'_> {
    if image.contains("\\!") {
        return Head { notation: Notation::Text, backslashes: "", prefix: "", rest: image };
    }
    let slashes = image.len() - image.trim_start_matches('\\').len();
    let rest = &image[slashes..];
    let dollar = rest.rfind('$').unwrap_or(0);
    let notation = match (rest.contains('$'), slashes % 2) {
        (false, _) => Notation::Bare,
        (true, 0) => Notation::Plain,
        (true, _) => Notation::Escaped,
    };
    Head { notation, backslashes: &image[..slashes / 2], prefix: &rest[..dollar], rest: &rest[dollar..] }
}

/// `$\!a` is text, with one backslash less.
fn slash_bang(image: &str) -> String {
    let dollar = image.find('$').unwrap_or(0);
    let start = image[dollar..].find('\\').map_or(image.len(), |at| dollar + at);
    let count = image[start..].bytes().take_while(|byte| *byte == b'\\').count();
    format!("{}{}", &image[..start + count.saturating_sub(1)], &image[start + count..])
}

impl Parser<'_, '_> {
    pub(super) fn reference(&mut self) -> Parse<Reference> {
        let begin = self.mark();
        let first = match self.kind()? {
            Kind::Identifier | Kind::Lcurly => self.take()?,
            _ => return Err(self.unexpected(&[Kind::Identifier])),
        };
        let after_first = self.mark();
        let image = first.image(self.source);
        let (name, lead) = if first.kind == Kind::Lcurly {
            let name = self.expect(Kind::Identifier)?;
            (name.image(self.source), image)
        } else {
            let at = image.rfind(['$', '!', '\\']).map_or(0, |at| at + 1);
            (&image[at..], &image[..at])
        };
        let parts = self.nested(Self::parts)?;
        if first.kind == Kind::Lcurly {
            self.expect(Kind::Rcurly)?;
        }
        let head = head(image);
        self.respell(&first, after_first, head.rest);
        let literal = match head.notation {
            Notation::Text => slash_bang(image),
            Notation::Bare => head.rest.to_owned(),
            Notation::Plain if head.is_quiet() => String::new(),
            _ => self.spelled.whole[begin.whole..].to_owned(),
        };
        Ok(Reference {
            pos: self.pos(first.start),
            lead: lead.into(),
            prefix: head.prefix.into(),
            backslashes: head.backslashes.into(),
            notation: head.notation,
            root: self.shared.names.intern(name),
            parts,
            literal: Literal(literal.into()),
        })
    }

    fn parts(&mut self) -> Parse<Vec<Part>> {
        let mut parts = Vec::new();
        self.indices(&mut parts)?;
        while self.kind()? == Kind::Dot && self.kind_at(1)? == Kind::Identifier {
            self.take()?;
            let name = self.take()?;
            let (pos, text) = (self.pos(name.start), name.image(self.source).into());
            let part = if self.kind()? == Kind::Lparen && self.can_follow_lparen()? {
                let arguments = self.arguments()?;
                if let Some(Expr::Text { value, .. }) = arguments.first() {
                    self.shared.patterns.add(name.image(self.source), value);
                }
                Part::Method { pos, name: text, arguments }
            } else {
                Part::Property { pos, name: text }
            };
            parts.push(part);
            self.indices(&mut parts)?;
        }
        Ok(parts)
    }

    fn can_follow_lparen(&mut self) -> Parse<bool> {
        Ok(matches!(
            self.kind_at(1)?,
            Kind::Whitespace
                | Kind::StringLiteral
                | Kind::Integer
                | Kind::Float
                | Kind::Lbracket
                | Kind::LeftCurly
                | Kind::True
                | Kind::False
                | Kind::Identifier
                | Kind::Lcurly
                | Kind::MethodRparen
        ))
    }

    fn arguments(&mut self) -> Parse<Vec<Expr>> {
        self.expect(Kind::Lparen)?;
        let mut arguments = Vec::new();
        if self.kind()? != Kind::MethodRparen {
            arguments.push(self.parameter()?);
            while self.kind()? == Kind::Comma {
                self.take()?;
                arguments.push(self.parameter()?);
            }
        }
        self.expect(Kind::MethodRparen)?;
        Ok(arguments)
    }

    fn indices(&mut self, parts: &mut Vec<Part>) -> Parse<()> {
        while self.kind()? == Kind::IndexLbracket {
            let bracket = self.take()?;
            self.skip_whitespace()?;
            let index = self.index()?;
            self.skip_whitespace()?;
            self.expect(Kind::IndexRbracket)?;
            parts.push(Part::Index { pos: self.pos(bracket.start), index });
        }
        Ok(())
    }

    /// An index is a simple value: no list, map, range or float.
    fn index(&mut self) -> Parse<Expr> {
        match self.kind()? {
            Kind::StringLiteral | Kind::Integer | Kind::True | Kind::False | Kind::Identifier | Kind::Lcurly => self.value(),
            _ => Err(self.unexpected(&[Kind::StringLiteral])),
        }
    }
}
