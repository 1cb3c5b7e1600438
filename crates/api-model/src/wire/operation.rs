//! The operations of a service as a table: name, method, path template, status; and how a request finds its row.

use super::query;

/// A service's operations.
pub trait OperationTable: Copy + Eq + 'static {
    /// Every operation, in the order in which a request is tried against them: literal segments before labels, and a
    /// required query parameter before none.
    const ALL: &'static [Self];

    /// AWS's name, such as `CreateRestApi`.
    fn name(self) -> &'static str;

    /// The HTTP method.
    fn method(self) -> &'static str;

    /// The path template, with labels in braces and a query when one is required: `/restapis?mode=import`.
    fn uri(self) -> &'static str;

    /// The status of success.
    fn status(self) -> u16;
}

/// Declares a service's `Operation`.
macro_rules! wire_operations {
    ($(#[$meta:meta])* pub enum $name:ident { $($operation:ident = $method:literal $uri:literal $status:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = concat!("`", $method, " ", $uri, "`")] $operation,)+
        }

        impl $name {
            /// Every operation, in the order in which a request is tried against them.
            pub const ALL: &'static [Self] = &[$(Self::$operation),+];

            /// AWS's name, such as `CreateRestApi`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$operation => stringify!($operation),)+ }
            }

            /// The HTTP method.
            pub const fn method(self) -> &'static str {
                match self { $(Self::$operation => $method,)+ }
            }

            /// The path template, labels in braces, with the query that it requires.
            pub const fn uri(self) -> &'static str {
                match self { $(Self::$operation => $uri,)+ }
            }

            /// The status of success.
            pub const fn status(self) -> u16 {
                match self { $(Self::$operation => $status,)+ }
            }

            /// The operation that a request is for. `raw_path` and `raw_query` are as sent, still percent-encoded.
            pub fn route<'a>(method: &str, raw_path: &'a str, raw_query: &str) -> Option<$crate::wire::Matched<'a, Self>> {
                $crate::wire::Matched::find(method, raw_path, raw_query)
            }
        }

        impl $crate::wire::OperationTable for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn name(self) -> &'static str {
                self.name()
            }

            fn method(self) -> &'static str {
                self.method()
            }

            fn uri(self) -> &'static str {
                self.uri()
            }

            fn status(self) -> u16 {
                self.status()
            }
        }
    };
}

/// Declares a service's `OperationTypes`, and `op` with a type per operation that implements it.
macro_rules! operation_types {
    ($($operation:ident $input:ident $output:ty;)*) => {
        /// The types of one operation, for code that is written once for many.
        pub trait OperationTypes {
            /// What it takes.
            type Input;
            /// What it answers.
            type Output;
            /// Which it is.
            const OPERATION: Operation;
        }

        /// The operations as types.
        pub mod op {
            use super::{Operation, OperationTypes};

            $(
                #[doc = concat!("`", stringify!($operation), "`.")]
                #[derive(Clone, Copy, Debug)]
                pub struct $operation;

                impl OperationTypes for $operation {
                    type Input = super::$input;
                    type Output = $output;
                    const OPERATION: Operation = Operation::$operation;
                }
            )*
        }
    };
}

pub(crate) use operation_types;
pub(crate) use wire_operations;

/// A request's operation, and what stood in its path where the template has labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched<'a, O> {
    /// The operation.
    pub operation: O,
    /// Label and the segment in its place, still percent-encoded.
    pub labels: Vec<(&'static str, &'a str)>,
}

impl<'a, O: OperationTable> Matched<'a, O> {
    /// Tries the table's rows in order. HEAD is not served: no row has it.
    pub(crate) fn find(method: &str, raw_path: &'a str, raw_query: &str) -> Option<Self> {
        O::ALL.iter().filter(|operation| operation.method() == method).find_map(|operation| {
            let (path, required_query) = operation.uri().split_once('?').unwrap_or((operation.uri(), ""));
            let labels = match_path(path, raw_path)?;
            has_query(raw_query, required_query).then_some(Self { operation: *operation, labels })
        })
    }
}

/// The labels' segments when `raw_path` has the template's form. The path is split before anything is decoded, so that
/// a whole ARN with `%2F` in it is one segment. Empty and dot segments match nothing: a signature covers the path without
/// them, so a router that took them for labels would let one signed call pass for another.
fn match_path<'a>(template: &'static str, raw_path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut labels = Vec::new();
    let mut segments = raw_path.split('/');
    for part in template.split('/') {
        let segment = segments.next()?;
        match part.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
            Some(label) if !matches!(segment, "" | "." | "..") => labels.push((label, segment)),
            None if is_literal(segment, part) => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(labels)
}

/// Some clients encode `@` in `/@connections`.
fn is_literal(segment: &str, literal: &str) -> bool {
    segment == literal || segment.contains('%') && query::decode(segment).is_ok_and(|decoded| decoded == literal)
}

fn has_query(raw_query: &str, required: &str) -> bool {
    required.is_empty() || raw_query.split('&').any(|pair| pair == required)
}
