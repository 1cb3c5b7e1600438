//! The resource policy of a deployment, parsed when it is compiled.

use postern_policy::{Keys, Kind, Policy, PolicyError, Principal, Request, Verdict};

use super::method_arn::MethodArn;

/// What having an answer fetched anew is called.
pub(super) const INVALIDATE_CACHE: &str = "execute-api:InvalidateCache";
/// What calling a method is called.
pub(super) const INVOKE: &str = "execute-api:Invoke";

/// A deployment's resource policy.
#[derive(Debug, Default)]
pub(crate) enum ResourcePolicy {
    /// None is set.
    #[default]
    Absent,
    Present(Policy),
    /// One is set that says nothing: it denies everything.
    Broken(PolicyError),
}

impl ResourcePolicy {
    /// Reads the policy of a definition.
    pub(crate) fn compile(text: Option<&str>) -> Self {
        match text.map(|text| Policy::parse(text, Kind::Resource)) {
            None => Self::Absent,
            Some(Ok(policy)) => Self::Present(policy),
            Some(Err(error)) => Self::Broken(error),
        }
    }

    /// What it says of a request; `None` when there is none.
    pub(super) fn verdict(&self, principal: Principal<'_>, arn: &MethodArn, keys: &dyn Keys) -> Option<Verdict> {
        self.verdict_on(INVOKE, principal, arn, keys)
    }

    /// The same of another action than calling.
    pub(super) fn verdict_on(&self, action: &str, principal: Principal<'_>, arn: &MethodArn, keys: &dyn Keys) -> Option<Verdict> {
        match self {
            Self::Absent => None,
            Self::Present(policy) => Some(strictest_on(action, policy, principal, arn, keys)),
            Self::Broken(_) => Some(Verdict::Deny),
        }
    }
}

/// What an authorizer's policy says of a call: as with [`strictest_on`], but allowing the very ARN that it was asked about is enough, as most
/// authorizers do (AWS's blueprint answers with the `methodArn` of its event). Of the other readings none may be denied then.
pub(super) fn said_by_authorizer(policy: &Policy, arn: &MethodArn, keys: &dyn Keys) -> Verdict {
    let principal = Principal::Anonymous;
    match strictest_on(INVOKE, policy, principal, arn, keys) {
        Verdict::Silent if policy.allows_by_name(&Request { principal, action: INVOKE, resource: arn.as_sent(), keys }) => {
            Verdict::Allow
        }
        said => said,
    }
}

/// What a policy says of an action on every reading of a path: it denies when it denies one, and allows when it allows each.
pub(super) fn strictest_on(action: &str, policy: &Policy, principal: Principal<'_>, arn: &MethodArn, keys: &dyn Keys) -> Verdict {
    let Some(readings) = arn.readings() else { return Verdict::Deny };
    let verdicts = readings.map(|resource| policy.verdict(&Request { principal, action, resource, keys }));
    let mut strictest = Verdict::Allow;
    for verdict in verdicts {
        match verdict {
            Verdict::Deny => return Verdict::Deny,
            Verdict::Silent | Verdict::Delegated | Verdict::Allow => strictest = strictest.min(verdict),
        }
    }
    strictest
}
