//! Admission: the limits a request must keep to before any work is done for it.
//!
//! A body that says it is too long is refused before the backend is called; one that turns out so is broken off later. Then come API
//! keys, throttles and quotas (AWS docs, "Throttle requests to your REST APIs").

use std::pin::Pin;

use http::{HeaderName, HeaderValue};
use postern_api_model::apigateway::ApiKeySourceType;
use tokio::time::Instant;

use super::authorize::Authorized;
use super::route::Routed;
use crate::compile::PublishedStage;
use crate::context::Arrival;
use crate::error::GatewayError;
use crate::execution_log::UsageCheck;
use crate::gateway::Gateway;
use crate::metering::{AcceptedKey, KeyId, KeyedCall, Known, Metering, SharedBuckets, Verdict};

/// Where a client presents its API key (AWS docs, "Choose an API key source").
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A request within its limits.
pub(crate) struct Admitted<'a>(Routed<'a>);

/// Whether there is something to wait for.
#[allow(clippy::large_enum_variant, reason = "the large one is the common one")]
pub(crate) enum Admitting<'a> {
    Done(Admitted<'a>),
    /// The store is asked for the API key. Boxed because it is rare: what a future may have to hold is copied for every request.
    Waiting(Pin<Box<dyn Future<Output = Result<Admitted<'a>, GatewayError>> + Send + 'a>>),
}

/// Takes the request's share of every limit at `moment`, or refuses it and takes nothing. A moment long past would read a bucket that others
/// have taken from since as an empty one.
pub(crate) fn admit<'a>(
    authorized: Authorized<'a>,
    gateway: &'a Gateway,
    moment: Instant,
) -> Result<Admitting<'a>, GatewayError> {
    let routed = authorized.into_routed();
    if routed.received.message.body.exact_len().is_some_and(|len| len > gateway.settings().max_body_bytes) {
        return Err(GatewayError::RequestTooLarge);
    }
    if routed.method.requires_api_key {
        return with_key(routed, gateway.metering(), moment);
    }
    let check = Check::of(&routed);
    check.begin(None);
    let metering = gateway.metering();
    let shared = check.shared(&routed, metering);
    if let Err(limit) = shared.take(metering.moment_ns(moment)) {
        return Err(check.refused(Verdict::Throttled(limit), None));
    }
    check.passed(None);
    Ok(Admitting::Done(Admitted(routed)))
}

fn with_key<'a>(routed: Routed<'a>, metering: &'a Metering, moment: Instant) -> Result<Admitting<'a>, GatewayError> {
    let check = Check::of(&routed);
    let key = presented(&routed);
    check.begin(key.as_ref());
    let Some((value, text)) = key.as_ref().and_then(|value| Some((value, value.to_str().ok()?))) else {
        return Err(check.unknown(key.as_ref()));
    };
    match metering.admit(&check.call(&routed, text, metering, moment)) {
        Known::Key(id, verdict) => check.judged(value, id, verdict).map(|()| Admitting::Done(Admitted(routed))),
        Known::Impossible => Err(check.unknown(Some(value))),
        Known::Unknown => Ok(Admitting::Waiting(Box::pin(load(routed, metering, value.clone())))),
    }
}

async fn load<'a>(routed: Routed<'a>, metering: &'a Metering, value: HeaderValue) -> Result<Admitted<'a>, GatewayError> {
    let check = Check::of(&routed);
    let call = check.call(&routed, value.to_str().unwrap_or_default(), metering, Instant::now());
    match metering.load_and_admit(&call).await.map_err(GatewayError::Store)? {
        Some((id, verdict)) => check.judged(&value, id, verdict).map(|()| Admitted(routed)),
        None => Err(check.unknown(Some(&value))),
    }
}

/// The key of the request: the one that its authorizer gave, where the API says so, whatever the client sends; else the client's. A request
/// with several is refused: two readers could take different ones for it.
fn presented(routed: &Routed<'_>) -> Option<HeaderValue> {
    match routed.received.stage.api.api_key_source {
        ApiKeySourceType::Authorizer => return routed.received.arrival.authorizer.get()?.facts.usage_identifier_key.clone(),
        ApiKeySourceType::Header => {}
    }
    let mut values = routed.received.message.headers.get_all(API_KEY).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.clone())
}

/// What admission looks at, apart from the message, and what it says of it.
#[derive(Clone, Copy)]
struct Check<'a> {
    arrival: &'a Arrival,
    stage: &'a PublishedStage,
    resource_id: &'a str,
    path: &'a str,
    /// The method's verb as it is defined.
    defined: &'a str,
}

impl<'a> Check<'a> {
    fn of(routed: &Routed<'a>) -> Self {
        let (arrival, stage) = (routed.received.arrival, &**routed.received.stage);
        let resource = stage.api.resource(routed.method.resource);
        Self { arrival, stage, resource_id: &resource.id, path: &resource.path, defined: &routed.method.verb }
    }

    /// What the request takes from whoever sends it.
    fn shared(&self, routed: &Routed<'_>, metering: &Metering) -> SharedBuckets<'a> {
        let method = self.stage.throttle(routed.found.method, &self.arrival.method).map(|bucket| &**bucket);
        SharedBuckets { method, account: metering.account_bucket(self.stage.scope()) }
    }

    fn call<'c>(&self, routed: &Routed<'_>, value: &'c str, metering: &Metering, moment: Instant) -> KeyedCall<'c>
    where
        'a: 'c,
    {
        KeyedCall {
            scope: self.stage.scope(),
            api_id: self.stage.api_id(),
            stage: self.stage.name(),
            path: self.path,
            verb: self.arrival.method.as_str(),
            defined: self.defined,
            value,
            shared: self.shared(routed, metering),
            moment,
            epoch: self.arrival.epoch,
        }
    }

    fn begin(&self, key: Option<&HeaderValue>) {
        if let Some(log) = self.arrival.log() {
            log.verifying_usage_plan(&self.arrival.ids.extended, key);
        }
    }

    fn passed(&self, key: Option<&HeaderValue>) {
        if let Some(log) = self.arrival.log() {
            log.admitted(&format!("{} {}", self.defined, self.path), key);
        }
    }

    /// No key, or one that nobody has.
    fn unknown(&self, key: Option<&HeaderValue>) -> GatewayError {
        if let Some(log) = self.arrival.log() {
            let method = &format!("{} {}", self.defined, self.path);
            log.usage_refused(&UsageCheck::UnknownKey { method, key });
        }
        GatewayError::InvalidApiKey
    }

    fn judged(&self, value: &HeaderValue, id: KeyId, verdict: Verdict) -> Result<(), GatewayError> {
        if verdict != Verdict::Closed {
            // The first and only time.
            let _ = self.arrival.api_key.set(Box::new(AcceptedKey { value: value.clone(), id }));
        }
        match verdict {
            Verdict::Admitted => {
                self.passed(Some(value));
                Ok(())
            }
            refused => Err(self.refused(refused, Some(value))),
        }
    }

    /// Says which limit it was, where somebody reads it.
    fn refused(&self, verdict: Verdict, key: Option<&HeaderValue>) -> GatewayError {
        let method = || format!("{} {}", self.defined, self.path);
        let (error, check) = match verdict {
            Verdict::Throttled(limit) => {
                let (resource_id, verb) = (self.resource_id, self.arrival.method.as_str());
                (GatewayError::Throttled, UsageCheck::Throttled { resource_id, verb, limit })
            }
            Verdict::QuotaExceeded(quota) => (GatewayError::QuotaExceeded, UsageCheck::QuotaExceeded { key, quota }),
            Verdict::Admitted | Verdict::Closed => {
                if let Some(log) = self.arrival.log() {
                    log.usage_refused(&UsageCheck::NoPlan { method: &method(), key });
                }
                return GatewayError::InvalidApiKey;
            }
        };
        if let Some(log) = self.arrival.log() {
            log.usage_refused(&check);
        }
        error
    }
}

impl<'a> Admitted<'a> {
    pub(super) fn routed_mut(&mut self) -> &mut Routed<'a> {
        &mut self.0
    }

    pub(super) fn into_routed(self) -> Routed<'a> {
        self.0
    }
}
