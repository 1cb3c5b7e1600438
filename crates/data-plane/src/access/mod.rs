//! Who may call: what a request asks for as policies name it, who asks, what conditions may read of it, and what comes of the policies.
//!
//! The rules are those of API Gateway's guide, "How API Gateway resource policies affect authorization workflow". Whatever cannot be
//! decided is refused: a policy that does not parse denies everything, and a path that can be read in several ways must be allowed
//! in each of them and denied in none.

mod caller;
mod callers;
mod condition_keys;
mod decision;
mod method_arn;
mod readings;
mod resource_policy;
mod signature;
mod signer;

pub(crate) use caller::{Caller, CallerFact};
pub(crate) use callers::{Callers, NoKeys};
pub(crate) use decision::Asked;
pub(crate) use method_arn::MethodArn;
pub(crate) use resource_policy::ResourcePolicy;
pub(crate) use signer::Signer;
