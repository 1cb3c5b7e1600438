//! The pieces that the lexer cuts a template into.

/// What a token is. The names follow the grammar of Velocity 1.7, whose lexer is a machine of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Eof,
    IndexLbracket,
    IndexRbracket,
    Lbracket,
    Rbracket,
    Comma,
    DoubleDot,
    Colon,
    LeftCurly,
    RightCurly,
    Lparen,
    Rparen,
    MethodRparen,
    EscapeDirective,
    SetDirective,
    LineCommentStart,
    LineComment,
    DoubleEscape,
    Escape,
    Text,
    FormalComment,
    BlockComment,
    TextBlock,
    Whitespace,
    StringLiteral,
    True,
    False,
    Minus,
    Plus,
    Multiply,
    Divide,
    Modulus,
    And,
    Or,
    Lt,
    Le,
    Gt,
    Ge,
    Equals,
    NotEquals,
    Not,
    Assign,
    End,
    If,
    ElseIf,
    Else,
    Integer,
    Float,
    Word,
    BracketedWord,
    Identifier,
    Dot,
    Lcurly,
    Rcurly,
    EmptyIndex,
}

/// A token: where its text stands, and what text that belongs to no token goes before it.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Dollars and hashes that turned out to begin nothing: text, if the token itself is text.
    pub(crate) special: Option<Box<str>>,
}

impl Token {
    /// The token's text.
    pub(crate) fn image<'s>(&self, source: &'s str) -> &'s str {
        &source[self.start..self.end]
    }
}
