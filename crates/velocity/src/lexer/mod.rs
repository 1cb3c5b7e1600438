//! The lexer: a machine of states with a stack, as Velocity's own.
//!
//! What `$` or `#` begins shows only later, so their text is kept and becomes part of the next token; if they began nothing it
//! is handed to the next token as "special" text. The parser pulls tokens one by one, because in two places it moves the
//! machine itself: after a directive's name, and when that name is followed by no parenthesis.

mod rules;
mod token;

use self::rules::{Rule, State};
pub(crate) use self::token::{Kind, Token};

/// A state to come back to, with the parentheses that were open in it.
struct Saved {
    lparen: u32,
    rparen: u32,
    state: State,
}

/// Where in the source nothing can be made of the text.
#[derive(Debug)]
pub(crate) struct LexicalError {
    pub(crate) offset: usize,
}

pub(crate) struct Lexer<'s> {
    source: &'s str,
    pos: usize,
    state: State,
    stack: Vec<Saved>,
    lparen: u32,
    rparen: u32,
    in_verbatim: bool,
    in_set: bool,
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        Self { source, pos: 0, state: State::Default, stack: Vec::new(), lparen: 0, rparen: 0, in_verbatim: false, in_set: false }
    }

    /// The next token, or [`Kind::Eof`] again and again.
    pub(crate) fn next(&mut self) -> Result<Token, LexicalError> {
        let bytes = self.source.as_bytes();
        let mut start = self.pos;
        let mut special = String::new();
        while self.pos < bytes.len() {
            let Some((rule, length)) = rules::longest(self.state, bytes, self.pos) else {
                return Err(LexicalError { offset: self.pos });
            };
            let end = self.pos + length;
            match rule {
                Rule::Token(kind) => {
                    let end = self.token_end(kind, end);
                    self.pos = end;
                    self.after_token(kind);
                    // A dot is only a dot, whatever began before it.
                    let start = if kind == Kind::Dot { end - 1 } else { start };
                    return Ok(Token { kind, start, end, special: boxed(special) });
                }
                Rule::ReferenceEnd | Rule::DirectiveEnd => {
                    special_text(&self.source.as_bytes()[start..end], &mut special);
                    start = self.pos;
                    self.pop();
                }
                Rule::Skip => {
                    self.pos = end;
                    start = end;
                }
                Rule::More => self.pos = end,
                Rule::Dollar | Rule::Hash | Rule::TextBlockStart | Rule::BlockCommentStart | Rule::FormalCommentStart => {
                    self.pos = end;
                    self.begin(rule);
                }
            }
        }
        if start < self.pos {
            return Err(LexicalError { offset: self.pos });
        }
        Ok(Token { kind: Kind::Eof, start, end: start, special: boxed(special) })
    }

    /// Tokens that were matched with more than they have: a letter after the dot, dots after the integer.
    fn token_end(&self, kind: Kind, end: usize) -> usize {
        match kind {
            Kind::Dot => end - 1,
            Kind::Integer if self.source[..end].ends_with("..") => end - 2,
            _ => end,
        }
    }

    /// Says that what follows are a directive's arguments, if it has any.
    pub(crate) fn enter_directive(&mut self) {
        self.state = State::Directive;
    }

    /// Says that the directive had no arguments.
    pub(crate) fn leave_directive(&mut self) {
        self.pop();
    }

    /// Says that a `#set` is complete.
    pub(crate) fn leave_set(&mut self) {
        self.in_set = false;
    }

    /// Whether a parenthesis is the next thing but for whitespace.
    pub(crate) fn is_lparen_next(&self) -> bool {
        self.source[self.pos..].trim_start_matches([' ', '\t', '\n', '\r']).starts_with('(')
    }

    fn push(&mut self) {
        self.stack.push(Saved { lparen: self.lparen, rparen: self.rparen, state: self.state });
        self.lparen = 0;
    }

    /// Whether there was a state to go back to.
    fn pop(&mut self) -> bool {
        match self.stack.pop() {
            Some(saved) => {
                (self.lparen, self.rparen, self.state) = (saved.lparen, saved.rparen, saved.state);
                true
            }
            None => {
                self.lparen = 0;
                self.state = State::Default;
                false
            }
        }
    }

    fn begin(&mut self, rule: Rule) {
        if self.in_verbatim {
            return;
        }
        let next = match rule {
            Rule::Dollar => {
                if self.state == State::Reference {
                    self.pop();
                }
                State::Reference
            }
            Rule::Hash => {
                if matches!(self.state, State::Reference | State::RefModifier) {
                    self.pop();
                }
                State::PreDirective
            }
            Rule::TextBlockStart => State::TextBlock,
            Rule::BlockCommentStart => State::BlockComment,
            _ => {
                self.pos -= 1;
                while !self.source.is_char_boundary(self.pos) {
                    self.pos -= 1;
                }
                State::FormalComment
            }
        };
        self.in_verbatim = !matches!(next, State::Reference | State::PreDirective);
        self.push();
        self.state = next;
    }

    fn after_token(&mut self, kind: Kind) {
        match kind {
            Kind::IndexLbracket => {
                self.push();
                self.state = State::RefIndex;
            }
            Kind::IndexRbracket | Kind::End | Kind::Else | Kind::Rcurly => {
                self.pop();
            }
            Kind::Lparen => {
                self.lparen += 1;
                if self.state == State::RefModifier {
                    self.state = State::RefArguments;
                }
            }
            Kind::Rparen => self.close_paren(),
            Kind::MethodRparen => self.state = State::Reference,
            Kind::SetDirective => {
                self.push();
                self.in_set = true;
                self.state = State::Directive;
                self.lparen += 1;
            }
            Kind::LineCommentStart if !self.in_verbatim => {
                if self.state == State::Reference {
                    self.pop();
                }
                self.in_verbatim = true;
                self.push();
                self.state = State::LineComment;
            }
            Kind::LineComment | Kind::FormalComment | Kind::BlockComment | Kind::TextBlock => {
                self.in_verbatim = false;
                self.pop();
            }
            Kind::StringLiteral if self.state == State::Directive && !self.in_set && self.lparen == 0 => {
                self.pop();
            }
            Kind::Integer if self.lparen == 0 && !self.in_set && !self.is_in_reference() => {
                self.pop();
            }
            // An index does not keep its state for a float, unlike for an integer.
            Kind::Float if self.lparen == 0 && !self.in_set && self.state != State::RefArguments => {
                self.pop();
            }
            Kind::If | Kind::ElseIf => self.state = State::Directive,
            Kind::Dot => self.state = State::RefModifier,
            _ => {}
        }
    }

    fn is_in_reference(&self) -> bool {
        matches!(self.state, State::RefArguments | State::RefIndex)
    }

    /// A closing parenthesis closes the innermost state that has one open.
    fn close_paren(&mut self) {
        loop {
            if self.lparen > 0 {
                if self.lparen == self.rparen.wrapping_add(1) {
                    self.pop();
                } else {
                    self.rparen = self.rparen.wrapping_add(1);
                }
                return;
            }
            if !self.pop() {
                return;
            }
        }
    }
}

fn boxed(special: String) -> Option<Box<str>> {
    if special.is_empty() { None } else { Some(special.into_boxed_str()) }
}

/// What remains of text that began nothing: dollars, hashes, and backslashes before a dollar. `image` holds the character
/// after it too. A character after backslashes and dollar is passed over, as Velocity does.
fn special_text(image: &[u8], text: &mut String) {
    let mut at = 0;
    while at < image.len() {
        match image[at] {
            byte @ (b'#' | b'$') => text.push(char::from(byte)),
            b'\\' => {
                let slashes = image[at..].iter().take_while(|byte| **byte == b'\\').count();
                if image.get(at + slashes) == Some(&b'$') {
                    text.extend(std::iter::repeat_n('\\', slashes));
                    text.push('$');
                    at += slashes + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
}
