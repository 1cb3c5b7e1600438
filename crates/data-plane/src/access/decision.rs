//! What comes of policies, and how a refusal says it.

use postern_policy::combine::{self, Outcome};
use postern_policy::{Keys, Principal};

use super::method_arn::MethodArn;
use super::resource_policy::{INVOKE, ResourcePolicy};
use crate::error::GatewayError;

/// Whether anyone may call a method without authorization: where there is a resource policy, it alone decides.
///
/// # Errors
/// The refusal.
pub(crate) fn anonymous(policy: &ResourcePolicy, arn: &MethodArn, keys: &dyn Keys) -> Result<(), GatewayError> {
    match policy.verdict(Principal::Anonymous, arn, keys) {
        None => Ok(()),
        Some(verdict) => permitted(combine::alone(verdict), "anonymous", arn),
    }
}

/// The texts of the service, seen in its answers.
fn permitted(outcome: Outcome, user: &str, arn: &MethodArn) -> Result<(), GatewayError> {
    let end = match outcome {
        Outcome::Allowed => return Ok(()),
        Outcome::ImplicitlyDenied => "",
        Outcome::ExplicitlyDenied => " with an explicit deny",
    };
    let resource = arn.masked();
    Err(GatewayError::AccessDenied(format!("User: {user} is not authorized to perform: {INVOKE} on resource: {resource}{end}")))
}
