//! Runs Lambda handlers on this machine: any program that speaks the Lambda Runtime API, as processes that are kept warm.
//!
//! * [`settings`] is how a function is declared, [`functions`] the handle through which all of them are called.
//! * [`invoke_api`] is the HTTP side of it: Lambda's Invoke API for any AWS SDK.
//! * `pool` has the processes of one function, `environment` runs one of them, `runtime_api` is what it asks, `process` what is started and
//!   ended.
//!
//! A call crosses into the runtime that the functions were started on by channels alone: its callers are on other runtimes.

mod clients;
mod declaration;
mod environment;
mod errors;
mod events;
mod failure;
pub mod functions;
pub mod invoke_api;
mod janitor;
mod job;
mod launch;
mod limits;
mod logs;
mod names;
mod pool;
mod process;
mod reload;
mod runtime_api;
pub mod settings;
mod spec;
mod stats;

pub use functions::{Functions, FunctionsOptions, Reload, StartError};
pub use invoke_api::{InvokeApi, InvokeBody};
pub use settings::{FunctionSettings, Launch};
pub use stats::FunctionStats;
