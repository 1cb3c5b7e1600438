//! The AWS surface and the definitions behind it.
//!
//! * [`apigateway`], [`apigatewayv2`] and [`apigatewaymanagementapi`] are generated from the operation tables: the input and
//!   output types of all 230 operations, their routes, constraints and one trait per service.
//! * [`wire`] is how such types are read from and written to restJson1.
//! * [`rest_api`] is what Postern stores: a REST API as one aggregate, and the part of it that a deployment freezes; [`api_key`],
//!   [`usage_plan`], [`client_certificate`], [`domain_name`], [`domain_name_access_association`] and [`vpc_link`] are aggregates
//!   beside it.
//! * [`day`] is how quotas count time.
//! * [`java_pattern`] is regular expressions as Java writes them.
//! * [`ports`] is the closed list of traits through which the two planes meet.
//!
//! Nothing in this crate does IO.

pub mod account;
pub mod api_key;
pub mod base_path_mapping;
pub mod client_certificate;
pub mod day;
pub mod domain_name;
pub mod domain_name_access_association;
pub mod error;
pub mod function_arn;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod hidden;
pub mod identity;
pub mod java_pattern;
pub mod ports;
pub mod rest_api;
pub mod scope;
pub mod usage_plan;
pub mod vpc_link;
pub mod wire;

mod generated;

pub use generated::{apigateway, apigatewaymanagementapi, apigatewayv2};
