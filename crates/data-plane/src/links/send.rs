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
        if let (Some(at), Some(failure)) = (tried, failure)
            && is_the_address(failure)
        {
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

/// Whether an error speaks against the address, and not against this request or its time. All APIs that use a load balancer share what
/// is known of its addresses: TLS fails for one method's host name or client certificate as well, and must not cost the others theirs.
fn is_the_address(error: &UpstreamError) -> bool {
    match error {
        UpstreamError::InvalidAddress { .. }
        | UpstreamError::Refused { .. }
        | UpstreamError::Connect(_)
        | UpstreamError::Network { .. } => true,
        UpstreamError::Tls(_)
        | UpstreamError::Timeout { .. }
        | UpstreamError::Protocol { .. }
        | UpstreamError::RequestBody(_) => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use http::{HeaderMap, Method, Uri};
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::backends::{LinkAddress, LinkTarget};
    use crate::links::balancer::{Balancer, Probe, UNHEALTHY_AFTER};
    use crate::transport::{Body, Origin, Scheme, TlsVerify, UpstreamSettings};

    fn way(ports: &[u16]) -> Way {
        let address = |port: &u16| LinkAddress { host: "127.0.0.1".to_owned(), port: Some(*port) };
        let target = LinkTarget { addresses: ports.iter().map(address).collect(), health_check_path: None };
        let origin = Origin::new(Scheme::Https, "mistyped.example", 443, TlsVerify::Full);
        Way::new(Arc::new(Balancer::new("arn", &target.addresses, Probe::new(&origin, &target))), &origin)
    }

    async fn ask(way: &Way) -> UpstreamError {
        let request = UpstreamRequest {
            origin: way.origins[0].clone(),
            method: Method::GET,
            uri: Uri::from_static("/"),
            headers: HeaderMap::new(),
            body: Body::empty(),
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        send(&Upstreams::new(UpstreamSettings::default()), way, request, deadline).await.err().unwrap()
    }

    /// Answers the handshake with what is no TLS, and counts.
    async fn without_tls() -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                stream.write_all(b"this is no TLS\r\n").await.unwrap();
                held.push(stream);
            }
        });
        (port, asked)
    }

    #[tokio::test]
    async fn tls_that_fails_for_one_method_leaves_the_address_to_the_others() {
        let ((one, one_asked), (other, other_asked)) = (without_tls().await, without_tls().await);
        let way = way(&[one, other]);
        let requests = 2 * UNHEALTHY_AFTER as usize;
        for _ in 0..requests {
            let error = ask(&way).await;
            assert!(matches!(error, UpstreamError::Tls(_)), "{error:?}");
        }
        assert!(way.balancer.is_well(0) && way.balancer.is_well(1));
        // Each request tries the other address too.
        assert_eq!([one_asked, other_asked].map(|asked| asked.load(Ordering::Relaxed)), [requests; 2]);
    }

    #[tokio::test]
    async fn an_address_that_takes_no_connection_is_left_out() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let way = way(&[port]);
        for _ in 0..UNHEALTHY_AFTER {
            assert!(way.balancer.is_well(0));
            let error = ask(&way).await;
            assert!(matches!(error, UpstreamError::Connect(_)), "{error:?}");
        }
        assert!(!way.balancer.is_well(0));
    }
}
