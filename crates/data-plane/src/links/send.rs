//! One request through a VPC link: to the first address that takes it.

use tokio::time::Instant;

use super::Way;
use crate::transport::{Response, UpstreamError, UpstreamRequest, Upstreams};

/// Addresses that one request tries: more would only use up its time.
const ATTEMPTS_MAX: usize = 4;

/// Sends `request` to one of the addresses. Another one is tried only while nothing of the request was sent.
///
/// # Errors
/// As [`Upstreams::send_to_any`].
pub(crate) async fn send(
    upstreams: &Upstreams,
    way: &Way,
    request: UpstreamRequest,
    deadline: Instant,
) -> Result<Response, UpstreamError> {
    let balancer = &way.balancer;
    let mut order = balancer.order().take(ATTEMPTS_MAX);
    let mut tried = None;
    let mut next = |failure: Option<&UpstreamError>| {
        if let (Some(at), Some(failure)) = (tried, failure) {
            balancer.failed(at, failure);
        }
        let at = order.next();
        // When there is no other one, the last one's failure has been told.
        tried = at;
        Some(way.origins[at?].clone())
    };
    let answer = upstreams.send_to_any(request, &mut next, deadline).await;
    match (&answer, tried) {
        (Ok(_), Some(at)) => balancer.served(at),
        (Err(error), Some(at)) if is_the_address(error) => balancer.failed(at, error),
        _ => {}
    }
    answer
}

/// Whether an error speaks against the address, and not against this request or its time.
fn is_the_address(error: &UpstreamError) -> bool {
    match error {
        UpstreamError::InvalidAddress { .. }
        | UpstreamError::Refused { .. }
        | UpstreamError::Connect(_)
        | UpstreamError::Tls(_)
        | UpstreamError::Network { .. } => true,
        UpstreamError::Timeout { .. } | UpstreamError::Protocol { .. } | UpstreamError::RequestBody(_) => false,
    }
}
