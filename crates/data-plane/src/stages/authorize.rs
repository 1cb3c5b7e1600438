//! Authorization: may this caller call this method? What needs an authorization, or anything else, that is not built yet is refused
//! by name: never open, never half.

use std::pin::Pin;

use super::route::Routed;
use crate::access::{Asked, Callers, MethodArn, ResourcePolicy};
use crate::compile::{Authorization, AuthorizerKind};
use crate::error::GatewayError;

/// A request that may be made.
pub(crate) struct Authorized<'a>(Routed<'a>);

/// What is decided, or what has to be waited for.
#[allow(clippy::large_enum_variant, reason = "the large one is the common one")]
pub(crate) enum Authorizing<'a> {
    Done(Authorized<'a>),
    /// Boxed because not all methods need it: what a future may have to hold is copied for every request.
    Waiting(Pin<Box<dyn Future<Output = Result<Authorized<'a>, GatewayError>> + Send + 'a>>),
}

/// Decides by the method's authorization type, the caller's rights and the deployment's resource policy.
pub(crate) fn authorize<'a>(
    routed: Routed<'a>,
    callers: &'a Callers,
    max_body_bytes: u64,
) -> Result<Authorizing<'a>, GatewayError> {
    if let Some(blocked) = routed.received.stage.blocked(routed.found.method) {
        return Err(GatewayError::NotImplemented(blocked.clone()));
    }
    match routed.method.authorization {
        Authorization::None if matches!(routed.received.stage.api.policy, ResourcePolicy::Absent) => {
            Ok(Authorizing::Done(Authorized(routed)))
        }
        Authorization::None => {
            routed.asked()?.by_anyone(&routed.received.message.headers)?;
            Ok(Authorizing::Done(Authorized(routed)))
        }
        Authorization::AwsIam => Ok(Authorizing::Waiting(Box::pin(signed(routed, callers, max_body_bytes)))),
        Authorization::Authorizer(Err(reason)) => Err(GatewayError::AuthorizerConfiguration(reason.to_owned())),
        Authorization::Authorizer(Ok(index)) => {
            let authorizer = routed.received.stage.api.authorizer(index);
            match authorizer.kind {
                // It blocks the methods that ask it, which ended above.
                AuthorizerKind::Unbuilt => {
                    Err(GatewayError::AuthorizerConfiguration(format!("authorizer {} is not built", authorizer.id)))
                }
            }
        }
        // It blocks its method, which ended above.
        Authorization::Unbuilt => Err(GatewayError::Configuration("the method's authorization type is not built")),
    }
}

async fn signed<'a>(routed: Routed<'a>, callers: &Callers, max_body_bytes: u64) -> Result<Authorized<'a>, GatewayError> {
    let asked = routed.asked()?;
    let caller = asked.by_signer(&mut *routed.received.message, callers, max_body_bytes).await?;
    let _ = routed.received.arrival.caller.set(caller);
    Ok(Authorized(routed))
}

impl<'a> Routed<'a> {
    fn asked(&self) -> Result<Asked<'a>, GatewayError> {
        let (arrival, stage) = (self.received.arrival, self.received.stage);
        Ok(Asked { arrival, stage, arn: MethodArn::of(stage, &arrival.method, &self.found, self.received.path)? })
    }
}

impl<'a> Authorized<'a> {
    pub(super) fn into_routed(self) -> Routed<'a> {
        self.0
    }
}
