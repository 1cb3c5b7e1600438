//! Who may call: what a request asks for as policies name it, what they may read of it, and what comes of them.
//!
//! The rules are those of API Gateway's guide, "How API Gateway resource policies affect authorization workflow". Whatever cannot be
//! decided is refused: a policy that does not parse denies everything, and a path that can be read in several ways must be allowed
//! in each of them and denied in none.

mod condition_keys;
mod decision;
mod method_arn;
mod readings;
mod resource_policy;

pub(crate) use condition_keys::ConditionKeys;
pub(crate) use decision::anonymous;
pub(crate) use method_arn::MethodArn;
pub(crate) use resource_policy::ResourcePolicy;
