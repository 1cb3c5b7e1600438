//! Authorization. Only methods that anyone may call are served yet; whatever else is asked for refuses the request by name.

use super::route::Routed;
use crate::error::GatewayError;

/// A request that may be made.
pub(crate) struct Authorized<'a>(Routed<'a>);

/// Refuses what needs an authorization, or anything else, that is not built yet: never open, never half.
pub(crate) fn authorize(routed: Routed<'_>) -> Result<Authorized<'_>, GatewayError> {
    match routed.received.stage.blocked(routed.found.method) {
        Some(blocked) => Err(GatewayError::NotImplemented(blocked.clone())),
        None => Ok(Authorized(routed)),
    }
}

impl<'a> Authorized<'a> {
    pub(super) fn into_routed(self) -> Routed<'a> {
        self.0
    }
}
