//! Authorization: may this caller call this method? What needs an authorization, or anything else, that is not built yet is refused
//! by name: never open, never half.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use postern_api_model::rest_api::OrderedMap;
use tokio::time::Instant;

use super::lambda_request::{Bodiless, authorizer_call, authorizer_event};
use super::route::Routed;
use crate::access::{Asked, Callers, MethodArn, ResourcePolicy};
use crate::authorizers::{self, Answer, Asking, Attempt, AuthorizerFacts, Called, Identified, Presented};
use crate::compile::{Authorization, AuthorizerIndex, AuthorizerKind, CompiledAuthorizer, LambdaAuthorizer};
use crate::error::GatewayError;
use crate::gateway::Gateway;
use crate::integrations::{AuthorizerAnswer, ask_authorizer};
use crate::tokens::{Claims, Refused, TokenCheck};
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
                AuthorizerKind::Lambda(lambda) => {
                    let call = LambdaCaller { id: &authorizer.id, index, lambda, gateway, upstreams };
                    Ok(Authorizing::Waiting(Box::pin(identified(routed, call))))
                }
                AuthorizerKind::UserPools(_) | AuthorizerKind::Jwt(_) => {
                    let by = token_check(&routed, gateway, upstreams);
                    Ok(Authorizing::Waiting(Box::pin(with_token(routed, index, by))))
                }
                AuthorizerKind::Broken(reason) => Err(unusable(authorizer, reason)),
            }
        }
        // It blocks its method, which ended above.
        Authorization::Unbuilt => Err(GatewayError::Configuration("the method's authorization type is not built")),
    }
}

/// What an authorizer said to a test.
#[derive(Default)]
pub(crate) struct Tested {
    pub(crate) principal_id: Option<String>,
    /// A policy document, as JSON.
    pub(crate) policy: Option<String>,
    /// Those of a verified token.
    pub(crate) claims: Option<OrderedMap<String>>,
}

/// Asks the authorizer of a method, and obeys it in nothing.
pub(crate) async fn test_authorizer(
    routed: Routed<'_>,
    additional: &BTreeMap<String, String>,
    gateway: &Gateway,
    upstreams: &Upstreams,
) -> Result<Tested, GatewayError> {
    if let Some(blocked) = routed.received.stage.blocked(routed.found.method) {
        return Err(GatewayError::NotImplemented(blocked.clone()));
    }
    let Authorization::Authorizer(found) = routed.method.authorization else {
        return Err(GatewayError::Configuration("the method's authorization type is not built"));
    };
    let index = found.map_err(|reason| GatewayError::AuthorizerConfiguration(reason.to_owned()))?;
    let authorizer = routed.received.stage.api.authorizer(index);
    match &authorizer.kind {
        AuthorizerKind::Lambda(lambda) => {
            let arn = routed.asked()?.arn;
            let caller = LambdaCaller { id: &authorizer.id, index, lambda, gateway, upstreams };
            let output = caller.ask(Bodiless::of(&routed), arn.as_sent(), Some(additional)).await.answered?;
            let (principal_id, policy) = (output.principal_id.to_string(), output.document.to_string());
            Ok(Tested { principal_id: Some(principal_id), policy: Some(policy), claims: None })
        }
        AuthorizerKind::UserPools(_) | AuthorizerKind::Jwt(_) => {
            let by = token_check(&routed, gateway, upstreams);
            let claims = claims_of(&routed, index, by).await?;
            Ok(Tested { claims: Some(claims.as_text().into_iter().collect()), ..Tested::default() })
        }
        AuthorizerKind::Broken(reason) => Err(unusable(authorizer, reason)),
    }
}

fn unusable(authorizer: &CompiledAuthorizer, reason: &str) -> GatewayError {
    GatewayError::AuthorizerConfiguration(format!("authorizer {}: {reason}", authorizer.id))
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
    authorizer: AuthorizerIndex,
    by: TokenCheck<'_>,
) -> Result<Authorized<'a>, GatewayError> {
    let begun = Instant::now();
    let claims = claims_of(&routed, authorizer, by).await;
    let decided = claims.map_err(GatewayError::from).and_then(|claims| facts_of(&claims, &routed));
    let arrival = routed.received.arrival;
    let _ = arrival.authorizing.set(Box::new(attempt(begun, &decided, None)));
    let _ = arrival.authorizer.set(Box::new(Identified { facts: Arc::new(decided?), integration_latency_ms: 0 }));
    Ok(Authorized(routed))
}

/// Not async itself: a request's borrow is not to be held while a key is fetched.
fn claims_of<'r>(
    routed: &'r Routed<'_>,
    index: AuthorizerIndex,
    by: TokenCheck<'r>,
) -> impl Future<Output = Result<Claims, Refused>> + Send + 'r {
    let stage = routed.received.stage;
    let authorizer = stage.api.authorizer(index);
    let (headers, scopes) = (&routed.received.message.headers, &routed.method.scopes);
    let arrival = routed.received.arrival;
    let log = arrival.log();
    if let (Some(log), Some(field)) = (log, authorizer.token_field()) {
        log.token_sought(field, (headers, arrival.uri.query().unwrap_or_default()));
    }
    let claims = authorizer.claims(stage.authorizer_pools(index), headers, scopes, by);
    async move {
        let claims = claims.await;
        if let (Some(log), Err(Refused::Invalid(reason))) = (log, &claims) {
            log.token_refused(reason);
        }
        claims
    }
}

fn facts_of(claims: &Claims, routed: &Routed<'_>) -> Result<AuthorizerFacts, GatewayError> {
    if !matches!(routed.received.stage.api.policy, ResourcePolicy::Absent) {
        routed.asked()?.by_anyone(&routed.received.message.headers)?;
    }
    Ok(AuthorizerFacts::of_claims(claims.text("sub"), claims.as_text()))
}

fn token_check<'g>(routed: &Routed<'_>, gateway: &'g Gateway, upstreams: &'g Upstreams) -> TokenCheck<'g> {
    TokenCheck { keys: gateway.token_keys(), upstreams, now_seconds: routed.received.arrival.epoch.seconds() }
}

/// A Lambda authorizer, and how it is reached.
#[derive(Clone, Copy)]
struct LambdaCaller<'a> {
    id: &'a str,
    index: AuthorizerIndex,
    lambda: &'a LambdaAuthorizer,
    gateway: &'a Gateway,
    upstreams: &'a Upstreams,
}

/// Lets a caller in whom the method's Lambda authorizer knows and whom both policies let. How it went is noted, whatever came of it.
async fn identified<'a>(routed: Routed<'a>, caller: LambdaCaller<'a>) -> Result<Authorized<'a>, GatewayError> {
    let begun = Instant::now();
    let asked = routed.asked()?;
    let before = asked.before_authorizer(&routed.received.message.headers)?;
    let Answer { answered, called } = caller.ask(Bodiless::of(&routed), asked.arn.as_sent(), None).await;
    let decided = answered.and_then(|output| {
        asked.by_authorizer(&output.policy, before, &routed.received.message.headers)?;
        Ok(output)
    });
    let arrival = routed.received.arrival;
    let integration_latency_ms = called.as_ref().map_or(0, |called| called.latency_ms);
    let _ = arrival.authorizing.set(Box::new(attempt(begun, &decided, called)));
    let facts = Arc::clone(&decided?.facts);
    let _ = arrival.authorizer.set(Box::new(Identified { facts, integration_latency_ms }));
    Ok(Authorized(routed))
}

fn attempt<T>(begun: Instant, decided: &Result<T, GatewayError>, called: Option<Called>) -> Attempt {
    let (status, error) = match decided {
        Ok(_) => (200, None),
        Err(error) => {
            let text = error.log_detail().map_or_else(|| error.message().into_owned(), str::to_owned);
            (error.status().as_u16(), Some(text.into()))
        }
    };
    Attempt { latency_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX), status, error, called }
}

impl<'a> LambdaCaller<'a> {
    /// `additional` are context variables of a test, which uses no kept answers and leaves none.
    async fn ask(&self, request: Bodiless<'_, 'a>, arn: &str, additional: Option<&BTreeMap<String, String>>) -> Answer {
        let Self { id, index, lambda, gateway, upstreams } = *self;
        let Bodiless { arrival, stage, headers, .. } = request;
        let resource = stage.api.resource(request.resource);
        let presented = Presented { arrival, stage, headers, resource: (&resource.id, &resource.path), additional };
        let results = (!stage.is_test()).then(|| gateway.authorizer_results());
        let asking = Asking { authorizer: lambda, id, index, presented, heavy_work: gateway.heavy_work(), results };
        let call = |token: Option<&str>, deadline: Instant| -> Pin<Box<dyn Future<Output = AuthorizerAnswer> + Send + 'a>> {
            let function = match stage.authorizer_function(index) {
                Ok(function) => function,
                Err(reason) => return Box::pin(std::future::ready(AuthorizerAnswer::misconfigured(reason))),
            };
            let event = authorizer_event(request, arn, token);
            let Ok(call) = authorizer_call(request, function, id, event, deadline) else {
                let reason = "the authorizer's credentials are those of a caller whom nobody knows yet";
                return Box::pin(std::future::ready(AuthorizerAnswer::misconfigured(reason)));
            };
            Box::pin(ask_authorizer(upstreams, &gateway.settings().backends, call, arrival.log()))
        };
        authorizers::ask(asking, call).await
    }
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
