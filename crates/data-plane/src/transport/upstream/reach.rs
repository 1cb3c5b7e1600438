//! Backends that are at several addresses, of which the sender chooses.

use tokio::time::Instant;

use super::exchange::Failure;
use super::host::Host;
use super::{Origin, UNSENT_TRIES_MAX, UpstreamError, Upstreams, Wanted, accept, into_message};
use crate::transport::{Response, UpstreamRequest};

impl Upstreams {
    /// As [`Self::send`], to the first origin that takes the request; the request's own is not asked. `next` gives an origin, or none
    /// when there is no other one; it is told why the one before took nothing.
    ///
    /// # Errors
    /// See [`UpstreamError`]. Once anything of the request was sent, no other origin is tried.
    pub async fn send_to_any(
        &self,
        request: UpstreamRequest,
        next: &mut (dyn FnMut(Option<&UpstreamError>) -> Option<Origin> + Send),
        deadline: Instant,
    ) -> Result<Response, UpstreamError> {
        let (_, mut message) = into_message(request);
        let mut failure = None;
        while let Some(origin) = next(failure.as_ref()) {
            let (mut wanted, mut tries_left) = (Wanted::Any, UNSENT_TRIES_MAX);
            loop {
                tries_left -= 1;
                let leased = tokio::time::timeout_at(deadline, self.lease(&origin, wanted)).await;
                let mut lease = match leased.map_err(|_elapsed| UpstreamError::Timeout { sent: false })? {
                    Ok(lease) => lease,
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                };
                match lease.exchange(message, deadline).await {
                    Ok(answer) => return accept(answer, lease),
                    Err(Failure::Lost(error)) => return Err(error),
                    Err(Failure::Unsent(unsent)) => {
                        message = unsent.message;
                        if wanted == Wanted::Fresh && !(unsent.is_shared && tries_left > 0) {
                            failure = Some(unsent.error);
                            break;
                        }
                        wanted = Wanted::Fresh;
                    }
                }
            }
        }
        Err(failure.unwrap_or_else(|| UpstreamError::Connect(std::io::ErrorKind::AddrNotAvailable.into())))
    }

    /// Opens a connection to `origin`, without TLS whatever its scheme, and closes it.
    ///
    /// # Errors
    /// When that fails, or the deadline passes.
    pub async fn reach(&self, origin: &Origin, deadline: Instant) -> Result<(), UpstreamError> {
        let (name, port) = origin.dialled();
        let host = Host::new(name, port);
        let connected = tokio::time::timeout_at(deadline, self.connector.connect_tcp(origin, &host)).await;
        connected.map_err(|_elapsed| UpstreamError::Timeout { sent: false })?.map(drop)
    }
}
