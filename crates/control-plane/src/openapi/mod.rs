//! OpenAPI documents in and out.
//!
//! [`Document`] is a parsed text, Swagger 2.0 or OpenAPI 3.x, JSON or YAML: bounded, in the order of its author, and able to say
//! where in the text something stands. [`import`] reads one into the parts of a REST API without touching any API;
//! [`export`] writes a frozen definition as one. Both are pure.

pub mod document;
pub mod export;
pub mod import;

mod node;
mod schema;

pub use document::Document;
