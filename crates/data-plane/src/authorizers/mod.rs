//! Authorizers: who decides whether a request may be made, when it is neither everybody nor IAM.
//!
//! A Lambda authorizer is a function that is asked ([`lambda`]) by what a caller shows ([`identity`]) and answers with a policy
//! ([`output`]), which is kept for a while ([`results`]) and evaluated for each request anew. Whatever goes wrong lets nobody in
//! ([`fault`]). What was found out is there for mappings, functions and logs ([`facts`], [`attempt`]).

mod attempt;
mod facts;
mod fault;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod identity;
mod lambda;
mod output;
mod results;

pub(crate) use attempt::{Attempt, Called};
pub(crate) use facts::{AuthorizerFacts, Identified};
pub(crate) use fault::AuthorizerFault;
pub(crate) use identity::Presented;
pub(crate) use lambda::{Answer, Asking, ask};
pub(crate) use output::{OUTPUT_BYTES_MAX, Output};
pub(crate) use results::{ResultScope, Results};
