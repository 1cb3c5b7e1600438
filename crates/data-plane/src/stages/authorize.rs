//! Authorization: may this caller call this method? What needs an authorization, or anything else, that is not built yet is refused
//! by name: never open, never half.

use super::route::Routed;
use crate::access::{ConditionKeys, MethodArn, ResourcePolicy, anonymous};
use crate::error::GatewayError;

/// A request that may be made.
pub(crate) struct Authorized<'a>(Routed<'a>);

/// Decides by the method's authorization type and the deployment's resource policy.
pub(crate) fn authorize(routed: Routed<'_>) -> Result<Authorized<'_>, GatewayError> {
    if let Some(blocked) = routed.received.stage.blocked(routed.found.method) {
        return Err(GatewayError::NotImplemented(blocked.clone()));
    }
    let policy = &routed.received.stage.api.policy;
    if matches!(policy, ResourcePolicy::Absent) {
        return Ok(Authorized(routed));
    }
    let arn = routed.method_arn()?;
    anonymous(policy, &arn, &routed.condition_keys())?;
    Ok(Authorized(routed))
}

impl Routed<'_> {
    fn method_arn(&self) -> Result<MethodArn, GatewayError> {
        let received = &self.received;
        MethodArn::of(received.stage, &received.arrival.method, &self.found, received.path)
    }

    fn condition_keys(&self) -> ConditionKeys<'_> {
        ConditionKeys::of(self.received.arrival, &self.received.message.headers)
    }
}

impl<'a> Authorized<'a> {
    pub(super) fn into_routed(self) -> Routed<'a> {
        self.0
    }
}
