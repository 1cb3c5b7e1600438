//! Expressions: values and operators with their precedence.

use super::{Parse, Parser};
use crate::Number;
use crate::ast::{Block, Chain, Cut, Expr, Link, Literal, Node, Operator};
use crate::error::ErrorKind;
use crate::lexer::Kind;

/// The lowest precedence, that of `||`.
const LOOSEST: u8 = 1;

fn operator(kind: Kind) -> Option<(Operator, u8)> {
    Some(match kind {
        Kind::Or => (Operator::Or, 1),
        Kind::And => (Operator::And, 2),
        Kind::Equals => (Operator::Equal, 3),
        Kind::NotEquals => (Operator::NotEqual, 3),
        Kind::Lt => (Operator::Less, 4),
        Kind::Gt => (Operator::Greater, 4),
        Kind::Le => (Operator::LessOrEqual, 4),
        Kind::Ge => (Operator::GreaterOrEqual, 4),
        Kind::Plus => (Operator::Add, 5),
        Kind::Minus => (Operator::Subtract, 5),
        Kind::Multiply => (Operator::Multiply, 6),
        Kind::Divide => (Operator::Divide, 6),
        Kind::Modulus => (Operator::Modulo, 6),
        _ => return None,
    })
}

/// An operand, and the part of what has been spelled that Velocity takes for its source.
struct Operand {
    expr: Expr,
    spelled: std::ops::Range<usize>,
}

impl Parser<'_, '_> {
    pub(super) fn expression(&mut self) -> Parse<Expr> {
        self.nested(|parser| parser.chain(LOOSEST)).map(|operand| operand.expr)
    }

    fn chain(&mut self, loosest: u8) -> Parse<Operand> {
        let first = self.unary()?;
        let mut spelled = first.spelled;
        let mut links: Vec<Link> = Vec::new();
        while let Some((operator, precedence)) = operator(self.kind()?) {
            if precedence < loosest {
                break;
            }
            let sign = self.take()?;
            let begin = self.mark().whole;
            let right = self.nested(|parser| parser.chain(precedence + 1))?;
            let literals = match operator {
                Operator::Add => (self.literal(&spelled), self.literal(&right.spelled)),
                _ => Default::default(),
            };
            links.push(Link { pos: self.pos(sign.start), operator, operand: right.expr, literals });
            spelled = begin..self.mark().whole;
        }
        let expr = if links.is_empty() { first.expr } else { Expr::Chain(Box::new(Chain::new(first.expr, links))) };
        Ok(Operand { expr, spelled })
    }

    fn literal(&self, spelled: &std::ops::Range<usize>) -> Literal {
        Literal(self.spelled.whole[spelled.clone()].into())
    }

    fn unary(&mut self) -> Parse<Operand> {
        self.skip_whitespace()?;
        let begin = self.mark().whole;
        let kind = self.kind()?;
        let operand = match kind {
            Kind::Not => {
                self.take()?;
                let operand = self.nested(Self::unary)?;
                Operand { expr: Expr::Not(Box::new(operand.expr)), spelled: begin..begin }
            }
            Kind::Lparen => {
                self.take()?;
                let begin = self.mark().whole;
                let operand = self.nested(|parser| parser.chain(LOOSEST))?;
                let spelled = begin..self.mark().whole;
                self.expect(Kind::Rparen)?;
                Operand { expr: operand.expr, spelled }
            }
            _ => {
                let expr = self.value()?;
                Operand { expr, spelled: begin..self.mark().whole }
            }
        };
        if kind != Kind::Not {
            self.skip_whitespace()?;
        }
        Ok(operand)
    }

    /// A value with spaces around it.
    pub(super) fn parameter(&mut self) -> Parse<Expr> {
        self.skip_whitespace()?;
        let value = self.value()?;
        self.skip_whitespace()?;
        Ok(value)
    }

    /// A value without operators.
    pub(super) fn value(&mut self) -> Parse<Expr> {
        match self.kind()? {
            Kind::StringLiteral => self.nested(Self::string),
            Kind::Identifier | Kind::Lcurly => self.reference().map(Expr::Reference),
            Kind::Integer => self.integer(),
            Kind::Float => self.float(),
            Kind::Lbracket => self.nested(Self::list_or_range),
            Kind::LeftCurly => self.nested(Self::map),
            Kind::True => self.take().map(|_| Expr::Bool(true)),
            Kind::False => self.take().map(|_| Expr::Bool(false)),
            _ => Err(self.unexpected(&[Kind::StringLiteral])),
        }
    }

    fn integer(&mut self) -> Parse<Expr> {
        let token = self.take()?;
        match Number::parse_integer(token.image(self.source)) {
            Some(number) => Ok(Expr::Number(number)),
            None => Err(self.failure(ErrorKind::TooComplex("this is no number, or has too many digits".to_owned()), token.start)),
        }
    }

    fn float(&mut self) -> Parse<Expr> {
        let token = self.take()?;
        match token.image(self.source).parse() {
            Ok(value) => Ok(Expr::Number(Number::Double(value))),
            Err(_) => Err(self.syntax("this is no number", token.start)),
        }
    }

    /// `[a, b]`, or `[a..b]` between references and integers.
    fn list_or_range(&mut self) -> Parse<Expr> {
        let bracket = self.take()?;
        if self.kind()? == Kind::Rbracket {
            self.take()?;
            return Ok(Expr::List(Vec::new()));
        }
        let first = self.parameter()?;
        if self.kind()? == Kind::DoubleDot && matches!(first, Expr::Reference(_) | Expr::Number(Number::Int(_) | Number::Long(_)))
        {
            self.take()?;
            self.skip_whitespace()?;
            let to = match self.kind()? {
                Kind::Integer | Kind::Identifier | Kind::Lcurly => self.value()?,
                _ => return Err(self.unexpected(&[Kind::Identifier])),
            };
            self.skip_whitespace()?;
            self.expect(Kind::Rbracket)?;
            return Ok(Expr::Range { pos: self.pos(bracket.start), from: Box::new(first), to: Box::new(to) });
        }
        let mut items = vec![first];
        while self.kind()? == Kind::Comma {
            self.take()?;
            items.push(self.parameter()?);
        }
        self.expect(Kind::Rbracket)?;
        Ok(Expr::List(items))
    }

    fn map(&mut self) -> Parse<Expr> {
        let brace = self.take()?;
        let mut entries = Vec::new();
        let is_empty = match self.kind()? {
            Kind::RightCurly | Kind::Rcurly => true,
            Kind::Whitespace => matches!(self.kind_at(1)?, Kind::RightCurly | Kind::Rcurly),
            _ => false,
        };
        if is_empty {
            self.skip_whitespace()?;
        } else {
            entries.push(self.entry()?);
            while self.kind()? == Kind::Comma {
                self.take()?;
                entries.push(self.entry()?);
            }
        }
        if self.kind()? != Kind::Rcurly {
            self.expect(Kind::RightCurly)?;
        } else {
            self.take()?;
        }
        Ok(Expr::Map { pos: self.pos(brace.start), entries })
    }

    fn entry(&mut self) -> Parse<(Expr, Expr)> {
        let key = self.parameter()?;
        self.expect(Kind::Colon)?;
        Ok((key, self.parameter()?))
    }

    /// A string in double quotes with a `$` or `#` in it is a template.
    fn string(&mut self) -> Parse<Expr> {
        let token = self.take()?;
        let image = token.image(self.source);
        // Something may stand before the quote: a dollar that began nothing.
        let open = image.find(['"', '\'']).unwrap_or(0);
        let (quote, inner) = (&image[open..=open], &image[open + 1..image.len() - 1]);
        let is_double = quote == "\"";
        let mut text = inner.replace(&quote.repeat(2), quote);
        if is_double {
            match unescape(&text) {
                Some(unescaped) => text = unescaped,
                None => return Err(self.syntax("\\u needs four hexadecimal digits", token.start)),
            }
        }
        let source = image[open..].into();
        if !is_double || !text.contains(['$', '#']) {
            return Ok(Expr::Text { value: text.into(), source });
        }
        let cut = if text.contains("##") { Cut::Nothing } else { Cut::Last };
        if cut == Cut::Last {
            text.push(' ');
        }
        let base = self.base + token.start + open + 1;
        let mut block = Parser::new(&text, base, self.shared).template()?;
        let cut = if cut == Cut::Last { cut_space(&mut block) } else { cut };
        Ok(Expr::Template { block, cut, source })
    }
}

/// Takes the added space off the last text, if that is where it is.
fn cut_space(block: &mut Block) -> Cut {
    if let Some(Node::Text(text)) = block.last_mut()
        && text.rendered.ends_with(' ')
    {
        text.rendered.pop();
        return Cut::Nothing;
    }
    Cut::Last
}

/// `\u0041` is a character; no other escape means anything.
fn unescape(text: &str) -> Option<String> {
    let mut pieces = text.split("\\u");
    let mut units: Vec<u16> = pieces.next()?.encode_utf16().collect();
    for piece in pieces {
        units.push(u16::from_str_radix(piece.get(..4).filter(|hex| !hex.starts_with('+'))?, 16).ok()?);
        units.extend(piece[4..].encode_utf16());
    }
    Some(String::from_utf16_lossy(&units))
}
