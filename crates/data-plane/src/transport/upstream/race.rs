//! Happy Eyeballs (RFC 8305): several addresses of one name are tried, each a little after the one before, and the first that answers
//! wins. A name whose IPv6 addresses lead nowhere costs a quarter of a second, not a time limit.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

/// Between two attempts (RFC 8305, 5: the recommended delay).
const ATTEMPT_DELAY_MS: u64 = 250;

/// The addresses with their families in turn, beginning with the first one's (RFC 8305, 4): the resolver's order within a family
/// stays.
pub(super) fn interleaved(addresses: &[IpAddr]) -> impl Iterator<Item = IpAddr> {
    let first_is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (mut first, mut second) = (
        addresses.iter().copied().filter(move |address| address.is_ipv6() == first_is_v6),
        addresses.iter().copied().filter(move |address| address.is_ipv6() != first_is_v6),
    );
    let mut turn = false;
    std::iter::from_fn(move || {
        turn = !turn;
        if turn { first.next().or_else(|| second.next()) } else { second.next().or_else(|| first.next()) }
    })
}

/// What the first attempt that succeeds gives; the others are dropped. When all fail, the last failure. An attempt that fails lets the
/// next one begin at once.
pub(super) async fn race<T, F>(addresses: Vec<SocketAddr>, dial: impl Fn(SocketAddr) -> F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = addresses.into_iter();
    let mut running: Vec<Pin<Box<F>>> = Vec::with_capacity(waiting.len());
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut delay = pin!(tokio::time::sleep_until(Instant::now()));
    let mut is_due = true;
    poll_fn(|cx| {
        loop {
            if is_due && let Some(address) = waiting.next() {
                running.push(Box::pin(dial(address)));
                delay.as_mut().reset(Instant::now() + Duration::from_millis(ATTEMPT_DELAY_MS));
                is_due = false;
            }
            let mut at = 0;
            while at < running.len() {
                match running[at].as_mut().poll(cx) {
                    Poll::Ready(Ok(connected)) => return Poll::Ready(Ok(connected)),
                    Poll::Ready(Err(error)) => {
                        failure = error;
                        drop(running.remove(at));
                        is_due = true;
                    }
                    Poll::Pending => at += 1,
                }
            }
            if waiting.len() == 0 {
                if !running.is_empty() {
                    return Poll::Pending;
                }
                return Poll::Ready(Err(std::mem::replace(&mut failure, io::ErrorKind::AddrNotAvailable.into())));
            }
            if !is_due && delay.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            is_due = true;
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Mutex;

    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, last], 80))
    }

    /// Dials 10.0.0.x, which answers after `after` of the x-th entry, in milliseconds, or fails with the same delay when it is
    /// negative. Gives the winner, when it had won, and when each was begun.
    async fn raced(after: &[i64]) -> (Result<u8, String>, u128, Vec<(u8, u128)>) {
        let start = Instant::now();
        let begun = Mutex::new(Vec::new());
        let addresses = (0..after.len()).map(|at| address(u8::try_from(at).unwrap())).collect();
        let winner = race(addresses, |address| {
            let IpAddr::V4(ip) = address.ip() else { unreachable!() };
            let number = ip.octets()[3];
            begun.lock().unwrap().push((number, start.elapsed().as_millis()));
            let after = after[usize::from(number)];
            async move {
                tokio::time::sleep(Duration::from_millis(after.unsigned_abs())).await;
                if after < 0 { Err(io::Error::other(format!("{number} failed"))) } else { Ok(number) }
            }
        })
        .await;
        (winner.map_err(|error| error.to_string()), start.elapsed().as_millis(), begun.into_inner().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_to_connect_wins_and_attempts_are_spaced() {
        for (after, winner, at, begun) in [
            (&[10_i64][..], Ok(0), 10, vec![(0, 0)]),
            (&[100, 5], Ok(0), 100, vec![(0, 0)]),
            (&[9_000, 5], Ok(1), 255, vec![(0, 0), (1, 250)]),
            (&[400, 500], Ok(0), 400, vec![(0, 0), (1, 250)]),
            (&[-20, 5], Ok(1), 25, vec![(0, 0), (1, 20)]),
            (&[9_000, -10, 5], Ok(2), 265, vec![(0, 0), (1, 250), (2, 260)]),
            (&[-10, -10], Err("1 failed".to_owned()), 20, vec![(0, 0), (1, 10)]),
            (&[-300, -10], Err("0 failed".to_owned()), 300, vec![(0, 0), (1, 250)]),
        ] {
            assert_eq!(raced(after).await, (winner, at, begun), "{after:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_to_try_is_a_failure() {
        assert!(raced(&[]).await.0.is_err());
    }

    #[test]
    fn families_take_turns_in_the_resolvers_order() {
        let order = |addresses: &[&str]| {
            let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            interleaved(&addresses).map(|address| address.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(order(&["::1", "::2", "::3", "10.0.0.1", "10.0.0.2"]), ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]);
        assert_eq!(order(&["10.0.0.1", "10.0.0.2", "::1"]), ["10.0.0.1", "::1", "10.0.0.2"]);
        assert_eq!(order(&[]), [""; 0]);
    }
}
