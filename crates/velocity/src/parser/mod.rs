//! The parser: recursive descent over tokens that are pulled as they are needed.
//!
//! The grammar is Velocity 1.7's, including where it looks ahead and what it takes for text.

mod directive;
mod expression;
mod reference;
mod text;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::ast::{Block, Expr, If, Names, Node, Pos, Set};
use crate::error::{Error, ErrorKind};
use crate::lexer::{Kind, Lexer, Token};
use crate::methods::Precompiled;
use crate::options::Limits;

/// A parsed template with the tables that its parts refer to.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) body: Block,
    pub(crate) names: Names,
    pub(crate) defines: Vec<Block>,
    pub(crate) patterns: Arc<Precompiled>,
}

/// Parses a whole template.
pub(crate) fn parse(source: &str, limits: &Limits) -> Result<Parsed, Error> {
    if source.len() > limits.source_bytes_max {
        let text = format!("a template may have {} bytes at most, this one has {}", limits.source_bytes_max, source.len());
        return Err(Error::at(ErrorKind::TooComplex(text), source, 0));
    }
    let patterns = Precompiled::default();
    let mut shared =
        Shared { names: Names::default(), defines: Vec::new(), patterns, depth: 0, depth_max: limits.parse_depth_max };
    let result = Parser::new(source, 0, &mut shared).template();
    let body = result.map_err(|failure| Error::at(failure.kind, source, failure.offset))?;
    Ok(Parsed { body, names: shared.names, defines: shared.defines, patterns: Arc::new(shared.patterns) })
}

/// What a template has in common with the templates in its strings.
struct Shared {
    names: Names,
    defines: Vec<Block>,
    patterns: Precompiled,
    depth: u32,
    depth_max: u32,
}

/// An error and the offset in the outermost source.
struct Failure {
    kind: ErrorKind,
    offset: usize,
}

type Parse<T> = Result<T, Failure>;

/// The text of tokens as Velocity puts it together again, where it prints source. Escapes are gone from references by then.
#[derive(Default)]
struct Spelled {
    /// With the dollars and hashes that began nothing.
    whole: String,
    /// Without them, which is how words that are no directives are printed.
    images: String,
}

/// A place in [`Spelled`].
#[derive(Clone, Copy)]
struct Mark {
    whole: usize,
    images: usize,
}

struct Parser<'s, 'a> {
    source: &'s str,
    /// Where `source` begins in the outermost source.
    base: usize,
    lexer: Lexer<'s>,
    ahead: VecDeque<Token>,
    /// The end of the last token that was taken.
    taken_to: usize,
    /// What has been taken since the beginning of the outermost statement.
    spelled: Spelled,
    shared: &'a mut Shared,
}

impl<'s, 'a> Parser<'s, 'a> {
    fn new(source: &'s str, base: usize, shared: &'a mut Shared) -> Self {
        Self { source, base, lexer: Lexer::new(source), ahead: VecDeque::new(), taken_to: 0, spelled: Spelled::default(), shared }
    }

    fn template(&mut self) -> Parse<Block> {
        let body = self.block()?;
        self.expect(Kind::Eof)?;
        Ok(body)
    }

    /// Statements up to something that cannot begin one.
    fn block(&mut self) -> Parse<Block> {
        let mut block = Block::new();
        let is_outermost = self.shared.depth == 0;
        while let Some(node) = self.statement()? {
            if is_outermost {
                self.spelled = Spelled::default();
            }
            match (block.last_mut(), node) {
                (Some(Node::Text(last)), Node::Text(text)) => text::append(last, &text),
                (_, node) => block.push(node),
            }
        }
        Ok(block)
    }

    fn statement(&mut self) -> Parse<Option<Node>> {
        let node = match self.kind()? {
            Kind::If => self.nested(Self::if_statement)?,
            Kind::Identifier => Node::Reference(self.reference()?),
            Kind::Lcurly if self.kind_at(1)? == Kind::Identifier => Node::Reference(self.reference()?),
            Kind::LineCommentStart | Kind::BlockComment | Kind::FormalComment => self.comment()?,
            Kind::TextBlock => self.text_block()?,
            Kind::SetDirective => self.set()?,
            Kind::EscapeDirective => self.escaped_directive()?,
            Kind::DoubleEscape => self.escape()?,
            Kind::Word | Kind::BracketedWord => self.nested(Self::directive)?,
            Kind::Text
            | Kind::Dot
            | Kind::Rparen
            | Kind::Lparen
            | Kind::Integer
            | Kind::Float
            | Kind::StringLiteral
            | Kind::Escape
            | Kind::Lcurly
            | Kind::Rcurly
            | Kind::EmptyIndex => self.text()?,
            _ => return Ok(None),
        };
        Ok(Some(node))
    }

    fn if_statement(&mut self) -> Parse<Node> {
        self.take()?;
        let mut branches = vec![self.branch()?];
        while self.kind()? == Kind::ElseIf {
            self.take()?;
            branches.push(self.branch()?);
        }
        let otherwise = if self.kind()? == Kind::Else {
            self.take()?;
            Some(self.block()?)
        } else {
            None
        };
        self.expect(Kind::End)?;
        Ok(Node::If(If { branches, otherwise }))
    }

    fn branch(&mut self) -> Parse<(Expr, Block)> {
        self.skip_whitespace()?;
        self.expect(Kind::Lparen)?;
        let condition = self.expression()?;
        self.expect(Kind::Rparen)?;
        Ok((condition, self.block()?))
    }

    fn set(&mut self) -> Parse<Node> {
        let from = self.taken_to;
        let token = self.take()?;
        let name = token.image(self.source).rfind('#').unwrap_or(0);
        let lead = &self.source[from..token.start + name];
        let lead = if lead.contains(['#', '$']) { lead } else { "" }.into();
        self.skip_whitespace()?;
        let target = self.reference()?;
        self.skip_whitespace()?;
        self.expect(Kind::Assign)?;
        let value = self.expression()?;
        self.expect(Kind::Rparen)?;
        self.lexer.leave_set();
        Ok(Node::Set(Box::new(Set { lead, target, value })))
    }

    /// Runs a production that may contain itself.
    fn nested<T>(&mut self, production: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.shared.depth >= self.shared.depth_max {
            let text = format!("nested more than {} deep; split it with #set", self.shared.depth_max);
            return Err(self.failure(ErrorKind::TooComplex(text), self.taken_to));
        }
        self.shared.depth += 1;
        let result = production(self);
        self.shared.depth -= 1;
        result
    }

    /// The kind of the next token.
    fn kind(&mut self) -> Parse<Kind> {
        self.kind_at(0)
    }

    fn kind_at(&mut self, index: usize) -> Parse<Kind> {
        while self.ahead.len() <= index {
            let token = self.lexer.next().map_err(|error| self.lexical(error.offset))?;
            self.ahead.push_back(token);
        }
        Ok(self.ahead[index].kind)
    }

    /// Takes the next token.
    fn take(&mut self) -> Parse<Token> {
        let token = match self.ahead.pop_front() {
            Some(token) => token,
            None => self.lexer.next().map_err(|error| self.lexical(error.offset))?,
        };
        self.taken_to = token.end;
        let image = token.image(self.source);
        self.spelled.whole.push_str(token.special.as_deref().unwrap_or_default());
        self.spelled.whole.push_str(image);
        self.spelled.images.push_str(image);
        Ok(token)
    }

    fn expect(&mut self, kind: Kind) -> Parse<Token> {
        if self.kind()? == kind { self.take() } else { Err(self.unexpected(&[kind])) }
    }

    fn mark(&self) -> Mark {
        Mark { whole: self.spelled.whole.len(), images: self.spelled.images.len() }
    }

    /// Puts other text in the place of the token that was taken last but for what was taken since `after`.
    fn respell(&mut self, token: &Token, after: Mark, text: &str) {
        let length = token.end - token.start;
        self.spelled.whole.replace_range(after.whole - length..after.whole, text);
        self.spelled.images.replace_range(after.images - length..after.images, text);
    }

    fn skip_whitespace(&mut self) -> Parse<()> {
        if self.kind()? == Kind::Whitespace {
            self.take()?;
        }
        Ok(())
    }

    fn pos(&self, offset: usize) -> Pos {
        Pos(u32::try_from(self.base + offset).unwrap_or(u32::MAX))
    }

    fn failure(&self, kind: ErrorKind, offset: usize) -> Failure {
        Failure { kind, offset: self.base + offset }
    }

    fn syntax(&self, text: impl Into<String>, offset: usize) -> Failure {
        self.failure(ErrorKind::Syntax(text.into()), offset)
    }

    fn lexical(&self, offset: usize) -> Failure {
        let text = match self.source[offset.min(self.source.len())..].chars().next() {
            Some(found) => format!("{found:?} cannot stand here"),
            None => "the template ends in the middle of something; a lone $ or # cannot be its last character".to_owned(),
        };
        self.failure(ErrorKind::Lexical(text), offset)
    }

    /// The next token is none that can stand here.
    fn unexpected(&mut self, wanted: &[Kind]) -> Failure {
        let Ok(_) = self.kind() else { return self.lexical(self.taken_to) };
        let token = &self.ahead[0];
        let found = match token.kind {
            Kind::Eof => "the template ends".to_owned(),
            _ => format!("found `{}`", token.image(self.source)),
        };
        let start = token.start;
        let wanted: Vec<&str> = wanted.iter().map(|kind| text::describe(*kind)).collect();
        let text = if wanted.is_empty() { found } else { format!("{found} where {} belongs", wanted.join(" or ")) };
        self.syntax(text, start)
    }
}
