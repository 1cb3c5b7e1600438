//! Where in an input a value stood, as AWS's messages spell it.

use std::fmt;

/// A place in a request body: a chain on the stack, rendered only when something is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    /// The input itself, such as `createRestApiInput`.
    Input(&'static str),
    /// A member of a structure.
    Member(&'a Path<'a>, &'a str),
    /// The value under a key of a map.
    Entry(&'a Path<'a>, &'a str),
    /// An element of a list, counted from zero here and from one in messages.
    Element(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Entry(parent, key) => write!(f, "{parent}.{key}.member"),
            Self::Element(parent, index) => write!(f, "{parent}.{}.member", index + 1),
        }
    }
}
