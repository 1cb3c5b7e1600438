//! Authorization: may this caller call this method? What needs an authorization, or anything else, that is not built yet is refused
//! by name: never open, never half.

use std::pin::Pin;

use super::route::Routed;
use std::sync::Arc;

use crate::access::{Asked, Callers, MethodArn, ResourcePolicy};
use crate::authorizers::{AuthorizerFacts, Identified};
use crate::compile::{Authorization, AuthorizerKind, CompiledAuthorizer};
use crate::error::GatewayError;
use crate::gateway::Gateway;
use crate::tokens::TokenCheck;
use crate::transport::Upstreams;

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
    gateway: &'a Gateway,
    upstreams: &'a Upstreams,
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
        Authorization::AwsIam => {
            let max_body_bytes = gateway.settings().max_body_bytes;
            Ok(Authorizing::Waiting(Box::pin(signed(routed, gateway.callers(), max_body_bytes))))
        }
        Authorization::Authorizer(Err(reason)) => Err(GatewayError::AuthorizerConfiguration(reason.to_owned())),
        Authorization::Authorizer(Ok(index)) => {
            let authorizer = routed.received.stage.api.authorizer(index);
            match &authorizer.kind {
                AuthorizerKind::UserPools(_) | AuthorizerKind::Jwt(_) => {
                    let now_seconds = routed.received.arrival.epoch.seconds();
                    let by = TokenCheck { keys: gateway.token_keys(), upstreams, now_seconds };
                    Ok(Authorizing::Waiting(Box::pin(with_token(routed, authorizer, by))))
                }
                AuthorizerKind::Broken(reason) => {
                    Err(GatewayError::AuthorizerConfiguration(format!("authorizer {}: {reason}", authorizer.id)))
                }
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

/// The token first, then the resource policy alone (AWS docs, "How API Gateway resource policies affect authorization workflow").
async fn with_token<'a>(
    routed: Routed<'a>,
    authorizer: &CompiledAuthorizer,
    by: TokenCheck<'_>,
) -> Result<Authorized<'a>, GatewayError> {
    let claims = authorizer.claims(&routed.received.message.headers, &routed.method.scopes, by).await?;
    let facts = AuthorizerFacts::of_claims(claims.text("sub"), claims.as_text());
    let identified = Identified { facts: Arc::new(facts), integration_latency_ms: 0 };
    if !matches!(routed.received.stage.api.policy, ResourcePolicy::Absent) {
        routed.asked()?.by_anyone(&routed.received.message.headers)?;
    }
    let _ = routed.received.arrival.authorizer.set(Box::new(identified));
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
