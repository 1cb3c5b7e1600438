//! Directives that are recognised by name, and words after `#` that are none.

use super::{Mark, Parse, Parser};
use crate::ast::{Block, Expr, Foreach, Name, Node, Reference, Text};
use crate::lexer::{Kind, Token};

/// An argument with its own text, which is what some directives look at.
struct Argument {
    expr: Expr,
    image: String,
}

impl Parser<'_, '_> {
    pub(super) fn directive(&mut self) -> Parse<Node> {
        let from = self.taken_to;
        let mark = self.mark();
        let word = self.take()?;
        let image = word.image(self.source);
        // A `$` that began nothing may stand before the `#`.
        let name = match word.kind {
            Kind::BracketedWord => image.get(2..image.len() - 1).unwrap_or_default(),
            _ => image.get(1..).unwrap_or_default(),
        }
        .to_owned();
        self.lexer.enter_directive();
        if !self.lexer.is_lparen_next() {
            self.lexer.leave_directive();
            return self.bare_directive(&name, &word, from, mark);
        }
        let arguments = self.directive_arguments(&name, &word)?;
        match name.as_str() {
            "foreach" => self.foreach(&word, arguments),
            "define" => self.define(&word, arguments),
            "macro" => self.macro_definition(&word, arguments),
            "literal" => self.literal_block(from),
            "break" => Ok(Node::Break { word: self.word(&word), arguments: exprs(arguments) }),
            "stop" => Ok(Node::Stop { word: self.word(&word), arguments: exprs(arguments) }),
            _ => {
                if name.starts_with('@') {
                    self.block()?;
                    self.expect(Kind::End)?;
                }
                Ok(self.verbatim(from, mark))
            }
        }
    }

    /// A directive without parentheses.
    fn bare_directive(&mut self, name: &str, word: &Token, from: usize, mark: Mark) -> Parse<Node> {
        match name {
            "break" => Ok(Node::Break { word: self.word(word), arguments: Vec::new() }),
            "stop" => Ok(Node::Stop { word: self.word(word), arguments: Vec::new() }),
            "foreach" | "define" | "macro" | "literal" => Err(self.syntax(format!("#{name} needs its parentheses"), word.start)),
            _ => Ok(self.verbatim(from, mark)),
        }
    }

    fn word(&self, word: &Token) -> Box<str> {
        word.image(self.source).into()
    }

    /// A word that is no directive is text, with its arguments and its block.
    fn verbatim(&self, from: usize, mark: Mark) -> Node {
        let rendered = self.spelled.images[mark.images..].to_owned();
        Node::Text(Text { rendered, source: self.source[from..self.taken_to].into() })
    }

    fn directive_arguments(&mut self, name: &str, word: &Token) -> Parse<Vec<Argument>> {
        let mut arguments = Vec::new();
        self.skip_whitespace()?;
        self.expect(Kind::Lparen)?;
        while self.is_argument_next()? {
            self.skip_whitespace()?;
            if self.kind()? == Kind::Comma {
                self.take()?;
                self.skip_whitespace()?;
            }
            let argument = self.argument()?;
            self.check_argument(name, word, arguments.len(), &argument)?;
            arguments.push(argument);
        }
        self.skip_whitespace()?;
        self.expect(Kind::Rparen)?;
        Ok(arguments)
    }

    fn is_argument_next(&mut self) -> Parse<bool> {
        Ok(match self.kind()? {
            Kind::Whitespace => {
                let next = self.kind_at(1)?;
                next == Kind::Comma || is_argument(next)
            }
            Kind::Comma => {
                let next = self.kind_at(1)?;
                next == Kind::Whitespace || is_argument(next)
            }
            kind => is_argument(kind),
        })
    }

    fn argument(&mut self) -> Parse<Argument> {
        self.kind()?;
        let start = self.ahead[0].start;
        let expr = match self.kind()? {
            Kind::Word => {
                let token = self.take()?;
                Expr::Word(token.image(self.source).into())
            }
            _ => self.value()?,
        };
        Ok(Argument { expr, image: self.source[start..self.taken_to].to_owned() })
    }

    fn check_argument(&self, name: &str, word: &Token, index: usize, argument: &Argument) -> Parse<()> {
        let is_word = matches!(argument.expr, Expr::Word(_));
        let is_known = super::text::DIRECTIVES.contains(&name);
        let is_allowed = match (name, index) {
            ("macro", 0) => is_word,
            ("foreach", 1) => true,
            _ => !(is_word && is_known),
        };
        if is_allowed {
            Ok(())
        } else {
            Err(self.syntax(format!("argument {} of #{name} is not allowed", index + 1), word.start))
        }
    }

    fn end_of_block(&mut self) -> Parse<Block> {
        let body = self.block()?;
        self.expect(Kind::End)?;
        Ok(body)
    }

    /// Wrong arguments show when it is rendered, as in Velocity.
    fn foreach(&mut self, word: &Token, arguments: Vec<Argument>) -> Parse<Node> {
        let body = self.end_of_block()?;
        let variable = match arguments.first() {
            None => self.unspeakable(""),
            Some(Argument { expr: Expr::Reference(Reference { root, .. }), .. }) => root.clone(),
            Some(Argument { image, .. }) => self.unspeakable(image.get(1..).unwrap_or_default()),
        };
        let pos = self.pos(word.start);
        Ok(Node::Foreach(Box::new(Foreach { pos, word: self.word(word), variable, arguments: exprs(arguments), body })))
    }

    fn define(&mut self, word: &Token, arguments: Vec<Argument>) -> Parse<Node> {
        let body = self.end_of_block()?;
        let name = match arguments.first() {
            Some(Argument { expr: Expr::Reference(reference), .. }) => reference.root.clone(),
            Some(Argument { image, .. }) => self.unspeakable(image),
            None => return Err(self.syntax("write it as #define($name)", word.start)),
        };
        let block = u32::try_from(self.shared.defines.len()).unwrap_or(u32::MAX);
        self.shared.defines.push(body);
        Ok(Node::Define { word: self.word(word), name, arguments: exprs(arguments), block })
    }

    /// A name that no reference can have.
    fn unspeakable(&mut self, image: &str) -> Name {
        self.shared.names.intern(image)
    }

    fn macro_definition(&mut self, word: &Token, arguments: Vec<Argument>) -> Parse<Node> {
        if arguments.is_empty() {
            return Err(self.syntax("the first argument of #macro is its name", word.start));
        }
        let body = self.end_of_block()?;
        Ok(Node::Macro { word: self.word(word), arguments: exprs(arguments), body })
    }

    /// The block's own text.
    fn literal_block(&mut self, from: usize) -> Parse<Node> {
        let mark = self.mark();
        self.block()?;
        let rendered = self.spelled.whole[mark.whole..].to_owned();
        self.expect(Kind::End)?;
        Ok(Node::Text(Text { rendered, source: self.source[from..self.taken_to].into() }))
    }
}

fn is_argument(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Identifier
            | Kind::Lcurly
            | Kind::Word
            | Kind::StringLiteral
            | Kind::Integer
            | Kind::Float
            | Kind::Lbracket
            | Kind::LeftCurly
            | Kind::True
            | Kind::False
    )
}

fn exprs(arguments: Vec<Argument>) -> Vec<Expr> {
    arguments.into_iter().map(|argument| argument.expr).collect()
}
