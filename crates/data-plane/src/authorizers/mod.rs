//! Authorizers: who decides whether a request may be made, when it is neither everybody nor IAM.

mod facts;

#[allow(unused_imports, reason = "made by the authorizers that are built next")]
pub(crate) use facts::AuthorizerFacts;
pub(crate) use facts::Identified;
