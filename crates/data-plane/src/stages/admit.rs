//! Admission: the limits a request must keep to before any work is done for it. Throttles and quotas belong here.

use super::authorize::Authorized;
use super::route::Routed;
use crate::error::GatewayError;

/// A request within its limits.
pub(crate) struct Admitted<'a>(Routed<'a>);

/// A body that says it is too long is refused before the backend is called; one that turns out so is broken off later.
pub(crate) fn admit(authorized: Authorized<'_>, max_body_bytes: u64) -> Result<Admitted<'_>, GatewayError> {
    let routed = authorized.into_routed();
    match routed.received.message.body.exact_len() {
        Some(len) if len > max_body_bytes => Err(GatewayError::RequestTooLarge),
        _ => Ok(Admitted(routed)),
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
