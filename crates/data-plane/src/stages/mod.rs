//! The stages of a REST request, one file each. Each consumes what the one before made; what a stage makes has private fields,
//! so that holding it proves that the stage ran.

mod address;
mod admit;
mod authorize;
mod cache_lookup;
mod integration_request;
mod lambda_request;
mod log;
mod mapped_request;
mod mapping;
mod method_response;
mod read_body;
mod receive;
mod route;
mod service_target;
mod target;
mod transform;
mod validate;

#[cfg(any(test, fuzzing))]
pub(crate) use address::fuzzing;
pub(crate) use address::path_from_stage;
pub(crate) use admit::{Admitting, admit};
pub(crate) use authorize::{Authorizing, Tested, authorize, test_authorizer};
pub(crate) use cache_lookup::{CacheCall, Demand, cache_call};
pub(crate) use integration_request::{Asked, Building, Call, HttpCall, IntegrationRequest, ServiceProxy, integration_request};
pub(crate) use lambda_request::{LambdaCall, LambdaProxy};
pub(crate) use log::{begin_log, log_endpoint_request, log_method_request};
pub(crate) use mapping::Context;
pub(crate) use method_response::{MethodResponse, method_response, unselected, untransformed};
pub(crate) use read_body::{Reading, read_body};
pub(crate) use receive::{Located, locate};
pub(crate) use route::route;
pub(crate) use transform::{Transformed, Untransformable};
pub(crate) use validate::{Validating, check_parameters, validate};
