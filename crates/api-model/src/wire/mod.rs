//! restJson1: how the generated types come off the wire and go onto it.
//!
//! A request's life here: [`find`] names the operation and the labels in its path; the service's `dispatch` has the generated
//! reader take the input out of a [`WireRequest`], every broken constraint collected on the way; the operation runs on a
//! type that needs no second check; the generated writer turns its output into a [`WireResponse`]. [`error_response`] does the
//! same for everything that fails.

#[macro_use]
mod enums;
mod checks;
mod operation;
mod path;
mod query;
mod read;
mod response;
mod route;
mod timestamp;
mod unbuilt;
mod write;

#[cfg(test)]
mod tests;

pub use operation::{Matched, OperationTable};
pub use read::WireRequest;
pub use response::{WireResponse, error_response};
pub use route::{AnyOperation, Route, find};
pub use timestamp::Timestamp;

// What generated code is made of.
pub(crate) use checks::{Pattern, Rule};
pub(crate) use enums::{read_enum, wire_enum};
pub(crate) use operation::{operation_types, wire_operations};
pub(crate) use path::Path;
pub(crate) use read::{FromJson, FromText, InputReader, Members, Problems, ReadInput, in_set, object, read_text, string};
pub(crate) use timestamp::{EpochJson, Iso8601Json};
pub(crate) use write::{Answer, IntoJson, MembersOut, WriteOutput, answer};
