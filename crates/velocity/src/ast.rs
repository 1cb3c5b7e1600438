//! A parsed template: what is rendered, without looking at the source again.
//!
//! Equality ignores where things stand and how they are spaced, so that printing and parsing again can be compared.

use std::sync::Arc;

/// A byte offset in the template's source, for messages. All are equal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pos(pub(crate) u32);

impl PartialEq for Pos {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A number for a variable's name; see [`Names`].
pub(crate) type Slot = u32;

pub(crate) type Block = Vec<Node>;

/// A directive's name as it is written: backslashes before it look at its braces.
pub(crate) type Word = Box<str>;

/// A part of a template, in order.
#[derive(Debug, PartialEq)]
pub(crate) enum Node {
    Text(Text),
    Reference(Reference),
    Set(Box<Set>),
    If(If),
    Foreach(Box<Foreach>),
    /// A block that is rendered where its name is used. The number counts the template's blocks.
    Define {
        word: Word,
        name: Name,
        arguments: Vec<Expr>,
        block: u32,
    },
    /// Leaves the innermost loop or block, or, with one argument, the loop whose scope it is.
    Break {
        word: Word,
        arguments: Vec<Expr>,
    },
    /// Ends the template.
    Stop {
        word: Word,
        arguments: Vec<Expr>,
    },
    /// The definition of a macro: nothing, as macros are not defined from templates.
    Macro {
        word: Word,
        arguments: Vec<Expr>,
        body: Block,
    },
}

/// Text as it is written out, and the source that it stands for (comments and escapes are text too).
#[derive(Debug, PartialEq)]
pub(crate) struct Text {
    pub(crate) rendered: String,
    pub(crate) source: String,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Set {
    /// A dollar that begins nothing, which keeps the directive from swallowing the spaces before it.
    pub(crate) lead: Box<str>,
    pub(crate) target: Reference,
    pub(crate) value: Expr,
}

/// The first condition that holds says which block is rendered.
#[derive(Debug, PartialEq)]
pub(crate) struct If {
    pub(crate) branches: Vec<(Expr, Block)>,
    pub(crate) otherwise: Option<Block>,
}

/// `#foreach($x in $list)`: of its arguments the third is gone through; a fourth takes the place of the body.
#[derive(Debug, PartialEq)]
pub(crate) struct Foreach {
    pub(crate) pos: Pos,
    pub(crate) word: Word,
    pub(crate) variable: Name,
    pub(crate) arguments: Vec<Expr>,
    pub(crate) body: Block,
}

/// A variable's name where it is used.
#[derive(Debug, PartialEq, Clone)]
pub(crate) struct Name {
    pub(crate) slot: Slot,
    pub(crate) text: Arc<str>,
}

/// `$a.b.c(1)[2]` in one of its notations.
#[derive(Debug, PartialEq)]
pub(crate) struct Reference {
    pub(crate) pos: Pos,
    /// What stands before the name, brace included: backslashes, dollars, `!`.
    pub(crate) lead: Box<str>,
    /// What is always written before the value.
    pub(crate) prefix: Box<str>,
    /// What is written before the prefix: half of the leading backslashes, twice if there is no value.
    pub(crate) backslashes: Box<str>,
    pub(crate) notation: Notation,
    pub(crate) root: Name,
    pub(crate) parts: Vec<Part>,
    /// What is written if there is no value.
    pub(crate) literal: Literal,
}

/// Source text that is written out; equal whatever its spacing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Literal(pub(crate) Box<str>);

impl PartialEq for Literal {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// How a reference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// `$a`, `${a}`, `$!a`, `$!{a}`.
    Plain,
    /// An odd number of backslashes before it: prints as text.
    Escaped,
    /// A name without a dollar, as an argument: always null. `null` itself is one.
    Bare,
    /// `$\!a`: text.
    Text,
}

/// A step from one value to the next.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    Property { pos: Pos, name: Arc<str> },
    Method { pos: Pos, name: Arc<str>, arguments: Vec<Expr> },
    Index { pos: Pos, index: Expr },
}

#[derive(Debug, PartialEq)]
pub(crate) enum Expr {
    /// A number, as written.
    Number(crate::Number),
    Bool(bool),
    /// A string in which nothing happens.
    Text {
        value: Arc<str>,
        source: Box<str>,
    },
    /// A string that is a template itself.
    Template {
        block: Block,
        cut: Cut,
        source: Box<str>,
    },
    Reference(Reference),
    List(Vec<Expr>),
    Range {
        pos: Pos,
        from: Box<Expr>,
        to: Box<Expr>,
    },
    Map {
        pos: Pos,
        entries: Vec<(Expr, Expr)>,
    },
    Not(Box<Expr>),
    Chain(Box<Chain>),
    /// A word in the arguments of a directive.
    Word(Arc<str>),
}

/// Whether the last character of a rendered string is taken away: one is added before parsing, so that a reference at the
/// end is ended, but not after a line comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Last,
    Nothing,
}

/// Operands with operators between them, to be taken from left to right: what binds tighter is an operand of its own. Flat, so
/// that a sum of a hundred thousand terms is not nested that deep.
#[derive(Debug, PartialEq)]
pub(crate) struct Chain {
    pub(crate) first: Expr,
    pub(crate) links: Vec<Link>,
    /// How many links need not be looked at: arithmetic before a logical operator is false, and not even computed.
    pub(crate) skipped: usize,
}

impl Chain {
    pub(crate) fn new(first: Expr, links: Vec<Link>) -> Self {
        let is_cut = |pair: &[Link]| pair[0].operator.is_arithmetic() && pair[1].operator.is_logical();
        let skipped = links.windows(2).rposition(is_cut).map_or(0, |at| at + 1);
        Self { first, links, skipped }
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) pos: Pos,
    pub(crate) operator: Operator,
    pub(crate) operand: Expr,
    /// The source of what is left and right of a `+`, which takes the place of null beside a string.
    pub(crate) literals: (Literal, Literal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Operator {
    pub(crate) fn is_arithmetic(self) -> bool {
        matches!(self, Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Modulo)
    }

    pub(crate) fn is_logical(self) -> bool {
        matches!(self, Self::And | Self::Or)
    }
}

/// The names of a template's variables; each has a slot.
#[derive(Debug, Default)]
pub(crate) struct Names {
    slots: std::collections::HashMap<Arc<str>, Slot>,
    names: Vec<Arc<str>>,
}

impl Names {
    pub(crate) fn intern(&mut self, name: &str) -> Name {
        if let Some((text, slot)) = self.slots.get_key_value(name) {
            return Name { slot: *slot, text: Arc::clone(text) };
        }
        let text: Arc<str> = name.into();
        let slot = u32::try_from(self.names.len()).expect("a template is smaller than 4 GiB");
        self.slots.insert(Arc::clone(&text), slot);
        self.names.push(Arc::clone(&text));
        Name { slot, text }
    }

    pub(crate) fn slot(&self, name: &str) -> Option<Slot> {
        self.slots.get(name).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.names.iter()
    }
}
