//! The management API: restJson1 in, restJson1 out, every operation a pure change to one aggregate.
//!
//! A call passes [`ControlPlane::serve`] once: the front door verifies its signature and says who calls, the route names
//! the operation, generated code reads the input (collecting every broken constraint), the operation in
//! `operations/<service>/<noun>.rs` does its work, generated code writes the answer.

pub mod clock;

mod arn;
mod authorization;
mod changes;
mod front_door;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod ids;
pub mod openapi;
mod operations;
mod page;
mod patch;
mod sdk;
mod server;
mod sts;
mod unbuilt;

pub use front_door::AuthMode;
pub use operations::apigateway::{CheckedImport, api_key_value_id, check_import};
pub use server::{BODY_BYTES_MAX, ControlPlane};
pub use unbuilt::{UNBUILT_MANAGEMENT, UNBUILT_V2};
