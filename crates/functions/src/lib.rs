//! Runs Lambda handlers on this machine: any program that speaks the Lambda Runtime API, as processes that are kept warm.
//!
//! * [`settings`] is how a function is declared.

pub mod settings;

pub use settings::{FunctionSettings, Launch};
