//! What comes of policies, and how a refusal says it.

use std::sync::Arc;

use http::HeaderMap;
use postern_policy::combine::{self, Outcome};
use postern_policy::{Policy, Principal, Verdict};

use super::caller::Caller;
use super::callers::Callers;
use super::condition_keys::ConditionKeys;
use super::method_arn::MethodArn;
use super::resource_policy::{INVALIDATE_CACHE, INVOKE, ResourcePolicy, said_by_authorizer};
use super::signature;
use crate::compile::PublishedStage;
use crate::context::{Arrival, Message};
use crate::error::GatewayError;

/// What is asked for: a method of a stage.
pub(crate) struct Asked<'a> {
    pub(crate) arrival: &'a Arrival,
    pub(crate) stage: &'a PublishedStage,
    pub(crate) arn: MethodArn,
}

impl Asked<'_> {
    /// Whether anyone may call a method without authorization: where there is a resource policy, it alone decides.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) fn by_anyone(&self, headers: &HeaderMap) -> Result<(), GatewayError> {
        let keys = ConditionKeys::of(self.arrival, headers, None);
        match self.policy().verdict(Principal::Anonymous, &self.arn, &keys) {
            None => Ok(()),
            Some(verdict) => self.permitted(combine::alone(verdict), INVOKE, "anonymous"),
        }
    }

    /// The caller of a method with `AWS_IAM`: who signed the request, when its own policy and that of the API let it. The body is
    /// whole afterwards.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) async fn by_signer(
        &self,
        message: &mut Message,
        callers: &Callers,
        max_body_bytes: u64,
    ) -> Result<Arc<Caller>, GatewayError> {
        let scope = self.stage.scope();
        let proven = signature::signer(self.arrival, message, scope, callers, max_body_bytes).await?;
        let caller = Arc::new(Caller::of(proven, scope.partition()));
        self.permitted(self.outcome(INVOKE, &caller, &message.headers), INVOKE, caller.arn())?;
        Ok(caller)
    }

    /// Whether the request may have an answer in the stage's cache fetched anew. Only a caller who signed can be permitted (AWS docs, "Cache
    /// settings for REST APIs": by a policy of IAM).
    ///
    /// # Errors
    /// The refusal.
    pub(crate) fn may_invalidate_cache(&self, headers: &HeaderMap) -> Result<(), GatewayError> {
        match self.arrival.caller() {
            Some(caller) => self.permitted(self.outcome(INVALIDATE_CACHE, caller, headers), INVALIDATE_CACHE, caller.arn()),
            None => self.permitted(Outcome::ImplicitlyDenied, INVALIDATE_CACHE, "anonymous"),
        }
    }

    /// What the caller's own policy and that of the API make of an action.
    fn outcome(&self, action: &str, caller: &Caller, headers: &HeaderMap) -> Outcome {
        let keys = ConditionKeys::of(self.arrival, headers, Some(caller));
        let own = caller.verdict(action, &self.arn, &keys);
        let resource = self.policy().verdict_on(action, caller.principal(), &self.arn, &keys).unwrap_or(Verdict::Silent);
        if caller.account() == self.stage.scope().account {
            combine::same_account(own, resource)
        } else {
            combine::cross_account(own, resource)
        }
    }

    /// What the resource policy says before an authorizer is asked: what it denies, or what has no clear meaning, is not asked about
    /// (AWS's guide, "Lambda authorizer and resource policy").
    ///
    /// # Errors
    /// The refusal.
    pub(crate) fn before_authorizer(&self, headers: &HeaderMap) -> Result<Verdict, GatewayError> {
        if !self.arn.is_clear() {
            return Err(refused_by_authorizer(Outcome::ExplicitlyDenied));
        }
        let keys = ConditionKeys::of(self.arrival, headers, None);
        match self.policy().verdict(Principal::Anonymous, &self.arn, &keys) {
            Some(Verdict::Deny) => self.permitted(Outcome::ExplicitlyDenied, INVOKE, "anonymous").map(|()| Verdict::Deny),
            said => Ok(said.unwrap_or(Verdict::Silent)),
        }
    }

    /// Whether the policy of an authorizer lets the caller in, together with what the resource policy said before.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) fn by_authorizer(&self, policy: &Policy, before: Verdict, headers: &HeaderMap) -> Result<(), GatewayError> {
        let keys = ConditionKeys::of(self.arrival, headers, None);
        match combine::same_account(said_by_authorizer(policy, &self.arn, &keys), before) {
            Outcome::Allowed => Ok(()),
            outcome => Err(refused_by_authorizer(outcome)),
        }
    }

    fn policy(&self) -> &ResourcePolicy {
        &self.stage.api.policy
    }

    /// The texts of the service, seen in its answers.
    fn permitted(&self, outcome: Outcome, action: &str, user: &str) -> Result<(), GatewayError> {
        let end = match outcome {
            Outcome::Allowed => return Ok(()),
            Outcome::ImplicitlyDenied => "",
            Outcome::ExplicitlyDenied => " with an explicit deny",
        };
        let resource = self.arn.masked();
        let text = format!("User: {user} is not authorized to perform: {action} on resource: {resource}{end}");
        Err(GatewayError::AccessDenied(text))
    }
}

/// The texts of the service for methods with an authorizer, seen in its answers.
fn refused_by_authorizer(outcome: Outcome) -> GatewayError {
    const TEXT: &str = "User is not authorized to access this resource";
    GatewayError::AccessDenied(match outcome {
        Outcome::Allowed | Outcome::ImplicitlyDenied => TEXT.to_owned(),
        Outcome::ExplicitlyDenied => format!("{TEXT} with an explicit deny"),
    })
}
