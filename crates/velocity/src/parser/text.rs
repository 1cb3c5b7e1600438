//! Text, comments, escapes and literal blocks: all are text when they are rendered.

use super::{Parse, Parser};
use crate::ast::{Node, Text};
use crate::lexer::{Kind, Token};

/// Directives that are recognised by name, besides those that the lexer knows.
pub(super) const DIRECTIVES: &[&str] = &["foreach", "macro", "literal", "break", "define", "stop"];

/// Adds one text to the one before it.
pub(super) fn append(last: &mut Text, text: &Text) {
    last.rendered.push_str(&text.rendered);
    last.source.push_str(&text.source);
}

/// How an error message calls a kind of token.
pub(super) fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Eof => "the end of the template",
        Kind::End => "#end",
        Kind::Lparen => "`(`",
        Kind::Rparen | Kind::MethodRparen => "`)`",
        Kind::Rcurly | Kind::RightCurly => "`}`",
        Kind::Rbracket | Kind::IndexRbracket => "`]`",
        Kind::Assign => "`=`",
        Kind::Colon => "`:`",
        Kind::Identifier => "a name",
        Kind::StringLiteral => "a value",
        _ => "something else",
    }
}

impl Parser<'_, '_> {
    /// A text node for what has been taken since `from`.
    fn text_since(&self, from: usize, rendered: String) -> Node {
        Node::Text(Text { rendered, source: self.source[from..self.taken_to].into() })
    }

    pub(super) fn text(&mut self) -> Parse<Node> {
        let from = self.taken_to;
        let token = self.take()?;
        let rendered = self.with_special(&token);
        Ok(self.text_since(from, rendered))
    }

    fn with_special(&self, token: &Token) -> String {
        format!("{}{}", token.special.as_deref().unwrap_or_default(), token.image(self.source))
    }

    /// Nothing but what stood before the comment in the same token.
    pub(super) fn comment(&mut self) -> Parse<Node> {
        let from = self.taken_to;
        let token = self.take()?;
        let image = token.image(self.source);
        let begin = image.find("##").or_else(|| image.find("#*")).unwrap_or(0);
        if token.kind == Kind::LineCommentStart && self.kind()? == Kind::LineComment {
            self.take()?;
        }
        Ok(self.text_since(from, image[..begin].to_owned()))
    }

    /// `#[[` and `]]#` are taken off by length: a `##` inside ends a token in between.
    pub(super) fn text_block(&mut self) -> Parse<Node> {
        let from = self.taken_to;
        let token = self.take()?;
        let image = token.image(self.source);
        let inner = image.char_indices().nth(3).map_or(image.len(), |(at, _)| at);
        let rendered = image.get(inner..image.len() - 3).unwrap_or_default().to_owned();
        Ok(self.text_since(from, rendered))
    }

    /// Two backslashes become one before a directive.
    pub(super) fn escape(&mut self) -> Parse<Node> {
        let from = self.taken_to;
        let mut count = 0;
        while self.kind()? == Kind::DoubleEscape {
            self.take()?;
            count += 1;
        }
        let next = &self.ahead[0];
        let is_directive = matches!(next.kind, Kind::If | Kind::Else | Kind::ElseIf | Kind::End)
            || next.image(self.source).get(1..).is_some_and(|name| DIRECTIVES.contains(&name));
        Ok(self.text_since(from, if is_directive { "\\" } else { "\\\\" }.repeat(count)))
    }

    /// Half of the backslashes go if the word is a directive.
    pub(super) fn escaped_directive(&mut self) -> Parse<Node> {
        const KNOWN: &[&str] = &["if", "end", "set", "else", "elseif"];
        let from = self.taken_to;
        let token = self.take()?;
        let image = token.image(self.source);
        let last = image.rfind('\\').unwrap_or(0);
        let directive = &image[last + 1..];
        let name = directive[1..].trim_start_matches('{').trim_end_matches('}');
        let rendered = if KNOWN.contains(&name) || DIRECTIVES.contains(&name) {
            format!("{}{directive}", &image[..last / 2])
        } else {
            image.to_owned()
        };
        let mark = self.mark();
        self.respell(&token, mark, &rendered);
        Ok(self.text_since(from, rendered))
    }
}
