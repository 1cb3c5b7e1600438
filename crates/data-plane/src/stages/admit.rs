//! Admission: the limits a request must keep to before any work is done for it.

use super::authorize::Authorized;
use super::route::Routed;
use crate::error::GatewayError;
use crate::execution_log::UsageCheck;
use crate::metering::{Limit, Metering};

/// A request within its limits.
pub(crate) struct Admitted<'a>(Routed<'a>);

/// A body that says it is too long is refused before the backend is called; one that turns out so is broken off later. Then the
/// method's own limit, which holds whoever calls.
pub(crate) fn admit<'a>(
    authorized: Authorized<'a>,
    metering: &Metering,
    max_body_bytes: u64,
) -> Result<Admitted<'a>, GatewayError> {
    let routed = authorized.into_routed();
    if routed.received.message.body.exact_len().is_some_and(|len| len > max_body_bytes) {
        return Err(GatewayError::RequestTooLarge);
    }
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    if let Some(log) = arrival.log() {
        log.verifying_usage_plan(&arrival.ids.extended);
    }
    if let Some(bucket) = stage.throttle(routed.found.method, &arrival.method)
        && !bucket.take(metering.moment_ns(arrival.started))
    {
        return Err(throttled(&routed, bucket.limit));
    }
    if let Some(log) = arrival.log() {
        let resource = &stage.api.resource(routed.method.resource).path;
        log.admitted(&format!("{} {resource}", routed.method.verb));
    }
    Ok(Admitted(routed))
}

/// Says which limit it was, where somebody reads it.
fn throttled(routed: &Routed<'_>, limit: Limit) -> GatewayError {
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    if let Some(log) = arrival.log() {
        let resource_id = &stage.api.resource(routed.method.resource).id;
        log.usage_refused(&UsageCheck::Throttled { resource_id, verb: arrival.method.as_str(), limit });
    }
    GatewayError::Throttled
}

impl<'a> Admitted<'a> {
    pub(super) fn routed_mut(&mut self) -> &mut Routed<'a> {
        &mut self.0
    }

    pub(super) fn into_routed(self) -> Routed<'a> {
        self.0
    }
}
