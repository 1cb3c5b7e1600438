//! Asking the addresses behind VPC links whether they are well, again and again.
//!
//! Only those that a published stage uses are asked. A connection is the check, or, where the configuration has a path, an answer
//! with a status of 200 to 399, as a load balancer's targets give by default.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri, header};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::{Balancer, LinkTargets};
use crate::transport::{Body, Origin, Scheme, UpstreamRequest, Upstreams};

/// The time between two checks of an address: the shortest that a Network Load Balancer takes.
const CHECK_INTERVAL_MS: u64 = 5_000;
/// How long an address may take for its answer; no more, so that the next round is in time.
const CHECK_TIMEOUT_MS: u64 = 4_000;
/// Checks at one time, so that many targets do not take all of the management calls' connections.
const AT_ONCE_MAX: usize = 64;
/// Whom logs of backends shall name.
const USER_AGENT: HeaderValue = HeaderValue::from_static("Postern-HealthChecker/1.0");

/// Checks until it is dropped.
pub(crate) async fn check_for_ever(targets: &LinkTargets, upstreams: &Upstreams) {
    if targets.is_empty() {
        return std::future::pending().await;
    }
    let mut rounds = tokio::time::interval(Duration::from_millis(CHECK_INTERVAL_MS));
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        check_all(targets, upstreams).await;
    }
}

/// One round. It ends with its last check.
async fn check_all(targets: &LinkTargets, upstreams: &Upstreams) {
    let places = Arc::new(Semaphore::new(AT_ONCE_MAX));
    let mut checks = JoinSet::new();
    for balancer in targets.balancers() {
        for at in 0..balancer.probe().origins.len() {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (balancer, upstreams) = (Arc::clone(&balancer), upstreams.clone());
            checks.spawn(async move {
                check(&balancer, at, &upstreams).await;
                drop(place);
            });
        }
    }
    while checks.join_next().await.is_some() {}
}

async fn check(balancer: &Balancer, at: usize, upstreams: &Upstreams) {
    let probe = balancer.probe();
    let origin = &probe.origins[at];
    let deadline = Instant::now() + Duration::from_millis(CHECK_TIMEOUT_MS);
    let checked = match &probe.path {
        None => upstreams.reach(origin, deadline).await.map_err(|error| error.to_string()),
        Some(path) => ask(upstreams, origin, path, deadline).await,
    };
    match checked {
        Ok(()) => balancer.succeeded(at),
        Err(reason) => balancer.failed(at, &reason),
    }
}

async fn ask(upstreams: &Upstreams, origin: &Origin, path: &str, deadline: Instant) -> Result<(), String> {
    let uri: Uri = path.parse().map_err(|_| format!("health_check_path {path:?} is no path"))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, host(origin)?);
    headers.insert(header::USER_AGENT, USER_AGENT);
    let request = UpstreamRequest { origin: origin.clone(), method: Method::GET, uri, headers, body: Body::empty() };
    let answer = upstreams.send(request, deadline).await.map_err(|error| error.to_string())?;
    let is_good = answer.status.is_success() || answer.status.is_redirection();
    is_good.then_some(()).ok_or_else(|| format!("the health check was answered {}", answer.status.as_u16()))
}

fn host(origin: &Origin) -> Result<HeaderValue, String> {
    let name = if origin.host().contains(':') { format!("[{}]", origin.host()) } else { origin.host().to_owned() };
    let is_own_port = matches!((origin.scheme(), origin.port()), (Scheme::Http, 80) | (Scheme::Https, 443));
    let host = if is_own_port { name } else { format!("{name}:{}", origin.port()) };
    HeaderValue::from_str(&host).map_err(|_| format!("{host:?} is no host"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::backends::{LinkAddress, LinkTarget};
    use crate::links::balancer::{HEALTHY_AFTER, UNHEALTHY_AFTER};
    use crate::links::{Linked, Way};
    use crate::transport::{TlsVerify, UpstreamSettings};

    const ARN: &str = "arn";

    fn targets(port: u16, path: Option<&str>) -> LinkTargets {
        let addresses = vec![LinkAddress { host: "127.0.0.1".to_owned(), port: Some(port) }];
        let target = LinkTarget { addresses, health_check_path: path.map(str::to_owned) };
        LinkTargets::new(BTreeMap::from([(ARN.to_owned(), target)]))
    }

    fn way(targets: &LinkTargets) -> Way {
        let (arn, target) = targets.configured_for(ARN).unwrap();
        Linked { targets, arn, target }.way(&Origin::new(Scheme::Http, "backend.example", 80, TlsVerify::Full))
    }

    async fn rounds(targets: &LinkTargets, count: u32) {
        let upstreams = Upstreams::new(UpstreamSettings::default());
        for _ in 0..count {
            check_all(targets, &upstreams).await;
        }
    }

    #[tokio::test]
    async fn an_address_that_takes_no_connection_is_left_out_until_it_does() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let targets = targets(address.port(), None);
        let way = way(&targets);
        rounds(&targets, 3).await;
        assert!(way.balancer.is_well(0));
        drop(listener);
        rounds(&targets, UNHEALTHY_AFTER - 1).await;
        assert!(way.balancer.is_well(0));
        rounds(&targets, 1).await;
        assert!(!way.balancer.is_well(0));
        let _listener = TcpListener::bind(address).await.unwrap();
        rounds(&targets, HEALTHY_AFTER - 1).await;
        assert!(!way.balancer.is_well(0));
        rounds(&targets, 1).await;
        assert!(way.balancer.is_well(0));
    }

    #[tokio::test]
    async fn a_path_is_asked_as_the_integration_would_ask_and_must_answer_well() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let targets = targets(listener.local_addr().unwrap().port(), Some("/health?deep=1"));
        let way = way(&targets);
        let (status, seen) = (Arc::new(Mutex::new("204 No Content")), Arc::new(Mutex::new(String::new())));
        let (answered, asked) = (Arc::clone(&status), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let len = socket.read(&mut request).await.unwrap();
                *asked.lock().unwrap() = String::from_utf8_lossy(&request[..len]).to_lowercase();
                let status = *answered.lock().unwrap();
                socket.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
            }
        });
        for (answer, is_well) in [("204 No Content", true), ("302 Found", true), ("500 Oh", false)] {
            *status.lock().unwrap() = answer;
            rounds(&targets, UNHEALTHY_AFTER).await;
            assert_eq!(way.balancer.is_well(0), is_well, "{answer}");
        }
        let request = seen.lock().unwrap().clone();
        assert!(request.starts_with("get /health?deep=1 http/1.1\r\n"), "{request}");
        assert!(request.contains("host: backend.example\r\n"), "{request}");
    }

    #[tokio::test]
    async fn what_no_stage_uses_is_not_asked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let targets = targets(listener.local_addr().unwrap().port(), None);
        drop(way(&targets));
        rounds(&targets, 1).await;
        let accepted = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(accepted.is_err(), "it was asked");
    }

    #[tokio::test(start_paused = true)]
    async fn checks_come_at_their_interval() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let targets = targets(listener.local_addr().unwrap().port(), None);
        let _way = way(&targets);
        let upstreams = Upstreams::new(UpstreamSettings::default());
        let started = Instant::now();
        let three = async {
            for _ in 0..3 {
                listener.accept().await.unwrap();
            }
        };
        tokio::select! {
            () = check_for_ever(&targets, &upstreams) => unreachable!("it ends with the server"),
            () = three => {}
        }
        let passed = started.elapsed();
        assert!(passed >= Duration::from_millis(2 * CHECK_INTERVAL_MS), "{passed:?}");
        assert!(passed < Duration::from_millis(3 * CHECK_INTERVAL_MS), "{passed:?}");
    }
}
