//! Sharing requests out over the addresses of a load balancer: each in its turn, those that fail left out.
//!
//! How an address is doing is one atomic number, and whose turn it is another, so that workers choose without a lock. When no address
//! is well all are used, as a Network Load Balancer does ("fail open"; AWS docs, "Health checks for Network Load Balancer target
//! groups"): a check may be wrong, and an answer is worth a try.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::backends::{LinkAddress, LinkTarget};
use crate::transport::{Origin, Scheme, TlsVerify};

/// Addresses of one target: a bit for each stands in a word.
pub(crate) const ADDRESSES_MAX: usize = 64;
/// Failures in a row after which an address is left out: a Network Load Balancer's own default.
pub(super) const UNHEALTHY_AFTER: u32 = 2;
/// Successes in a row after which it is used again: a Network Load Balancer's own default.
pub(super) const HEALTHY_AFTER: u32 = 5;
/// Set in [`Health`] of an address that is left out; below it stands how often in a row the opposite was seen.
const LEFT_OUT: u32 = 1 << 31;

/// The addresses of one target, and how they are doing.
#[derive(Debug)]
pub(crate) struct Balancer {
    arn: Box<str>,
    addresses: Box<[LinkAddress]>,
    health: Box<[Health]>,
    turn: AtomicUsize,
    probe: Probe,
}

/// See [`LEFT_OUT`].
#[derive(Debug, Default)]
struct Health(AtomicU32);

/// How the addresses are asked whether they are well: one origin each.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(super) origins: Box<[Origin]>,
    /// Without one a connection is the answer.
    pub(super) path: Option<Box<str>>,
}

/// The way of one method's requests: its origin, at each of the addresses.
#[derive(Debug)]
pub(crate) struct Way {
    pub(super) balancer: Arc<Balancer>,
    pub(super) origins: Box<[Origin]>,
}

impl Balancer {
    pub(super) fn new(arn: &str, addresses: &[LinkAddress], probe: Probe) -> Self {
        Self {
            arn: arn.into(),
            addresses: addresses.into(),
            health: addresses.iter().map(|_| Health::default()).collect(),
            turn: AtomicUsize::new(0),
            probe,
        }
    }

    /// The addresses in the order in which one request tries them: those that are well from whose turn it is onwards, then the others.
    pub(super) fn order(&self) -> Order {
        let mut well = 0;
        for (at, health) in self.health.iter().enumerate() {
            well |= u64::from(health.is_well()) << at;
        }
        let all = u64::MAX >> (ADDRESSES_MAX - self.health.len());
        Order { well, others: all & !well, turn: self.turn.fetch_add(1, Ordering::Relaxed) }
    }

    pub(super) fn succeeded(&self, at: usize) {
        if self.health[at].succeeded() {
            tracing::info!(target_arn = &*self.arn, address = %self.addresses[at], "an address behind a VPC link is well again");
        }
    }

    /// A request that succeeds says that an address does not fail in a row. It does not bring one back: requests reach one that is left
    /// out only when all are.
    pub(super) fn served(&self, at: usize) {
        self.health[at].served();
    }

    pub(super) fn failed(&self, at: usize, reason: &dyn std::fmt::Display) {
        if self.health[at].failed() {
            tracing::warn!(target_arn = &*self.arn, address = %self.addresses[at], %reason, "an address behind a VPC link is left out");
        }
    }

    pub(super) fn probe(&self) -> &Probe {
        &self.probe
    }

    #[cfg(test)]
    pub(super) fn is_well(&self, at: usize) -> bool {
        self.health[at].is_well()
    }
}

impl Health {
    fn is_well(&self) -> bool {
        self.0.load(Ordering::Relaxed) < LEFT_OUT
    }

    /// Whether this changed how the address is doing.
    fn succeeded(&self) -> bool {
        self.update(|state| match state {
            0..LEFT_OUT => 0,
            state if state + 1 >= LEFT_OUT + HEALTHY_AFTER => 0,
            state => state + 1,
        })
    }

    /// Whether this changed how the address is doing.
    fn failed(&self) -> bool {
        self.update(|state| match state {
            0..LEFT_OUT if state + 1 >= UNHEALTHY_AFTER => LEFT_OUT,
            0..LEFT_OUT => state + 1,
            LEFT_OUT.. => LEFT_OUT,
        })
    }

    /// Read first: a request of an address that is well writes nothing that other workers read.
    fn served(&self) {
        if (1..LEFT_OUT).contains(&self.0.load(Ordering::Relaxed)) {
            self.update(|state| if state < LEFT_OUT { 0 } else { state });
        }
    }

    fn update(&self, next: impl Fn(u32) -> u32) -> bool {
        let (mut before, mut after) = (0, 0);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| {
            (before, after) = (state, next(state));
            Some(after)
        });
        (before < LEFT_OUT) != (after < LEFT_OUT)
    }
}

/// See [`Balancer::order`].
pub(super) struct Order {
    well: u64,
    others: u64,
    turn: usize,
}

impl Iterator for Order {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let left = if self.well != 0 { &mut self.well } else { &mut self.others };
        // Counted among those that are left, so that the neighbours of one that is left out get no more than the others.
        let skipped = self.turn.checked_rem(left.count_ones() as usize)?;
        let mut bits = *left;
        for _ in 0..skipped {
            bits &= bits - 1;
        }
        let at = bits.trailing_zeros() as usize;
        *left &= !(1 << at);
        Some(at)
    }
}

impl Probe {
    /// As the first method that goes this way would ask.
    pub(super) fn new(origin: &Origin, target: &LinkTarget) -> Self {
        Self { origins: origins(origin, &target.addresses), path: target.health_check_path.as_deref().map(Box::from) }
    }

    /// Where no name is known under which a TLS certificate could be good, a connection must do.
    pub(super) fn of_any_host(scheme: Scheme, target: &LinkTarget) -> Self {
        let origin = |address: &LinkAddress| {
            let port = address.port.unwrap_or_default();
            Origin::new(scheme, &address.host, port, TlsVerify::Full).chosen_by_operator()
        };
        let path = target.health_check_path.as_deref().filter(|_| scheme == Scheme::Http);
        Self { origins: target.addresses.iter().map(origin).collect(), path: path.map(Box::from) }
    }
}

impl Way {
    /// `origin` at each of the balancer's addresses.
    pub(crate) fn new(balancer: Arc<Balancer>, origin: &Origin) -> Self {
        let origins = origins(origin, &balancer.addresses);
        Self { balancer, origins }
    }
}

/// The operator's word, not the API's: an address in the configuration may lie where no API may lead.
fn origins(origin: &Origin, addresses: &[LinkAddress]) -> Box<[Origin]> {
    let at = |address: &LinkAddress| {
        let port = address.port.unwrap_or(origin.port());
        origin.connecting_to(&address.host, port).chosen_by_operator()
    };
    addresses.iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balancer(count: usize) -> Balancer {
        let address = |at: usize| LinkAddress { host: format!("10.0.0.{at}"), port: Some(80) };
        let addresses: Vec<LinkAddress> = (0..count).map(address).collect();
        let target = LinkTarget { addresses, health_check_path: None };
        Balancer::new("arn", &target.addresses, Probe::of_any_host(Scheme::Http, &target))
    }

    fn firsts(balancer: &Balancer, requests: usize) -> Vec<usize> {
        (0..requests).map(|_| balancer.order().next().unwrap_or(usize::MAX)).collect()
    }

    fn fail(balancer: &Balancer, at: usize, times: u32) {
        (0..times).for_each(|_| balancer.failed(at, &"told so"));
    }

    #[test]
    fn each_in_its_turn() {
        assert_eq!(firsts(&balancer(3), 7), [0, 1, 2, 0, 1, 2, 0]);
        let order: Vec<usize> = balancer(3).order().collect();
        assert_eq!(order, [0, 1, 2]);
        assert_eq!(firsts(&balancer(ADDRESSES_MAX), ADDRESSES_MAX + 1).last(), Some(&0));
    }

    #[test]
    fn one_that_fails_is_left_out_and_tried_last() {
        let balancer = balancer(3);
        fail(&balancer, 1, UNHEALTHY_AFTER - 1);
        assert_eq!(firsts(&balancer, 3), [0, 1, 2]);
        balancer.served(1);
        fail(&balancer, 1, UNHEALTHY_AFTER - 1);
        assert!(balancer.is_well(1), "not in a row");
        fail(&balancer, 1, 1);
        assert_eq!(firsts(&balancer, 4).iter().filter(|at| **at == 1).count(), 0);
        assert_eq!(balancer.order().last(), Some(1));
        // The turns of the others stay even.
        let turns = firsts(&balancer, 100);
        assert_eq!(turns.iter().filter(|at| **at == 0).count(), 50);
    }

    #[test]
    fn it_is_back_after_enough_checks_in_a_row() {
        let balancer = balancer(2);
        fail(&balancer, 0, UNHEALTHY_AFTER);
        (1..HEALTHY_AFTER).for_each(|_| balancer.succeeded(0));
        fail(&balancer, 0, 1);
        (1..HEALTHY_AFTER).for_each(|_| balancer.succeeded(0));
        balancer.served(0);
        assert!(!balancer.is_well(0));
        balancer.succeeded(0);
        assert!(balancer.is_well(0));
        fail(&balancer, 0, UNHEALTHY_AFTER - 1);
        assert!(balancer.is_well(0), "it starts afresh");
    }

    #[test]
    fn when_none_is_well_all_are_used() {
        let balancer = balancer(2);
        (0..2).for_each(|at| fail(&balancer, at, UNHEALTHY_AFTER + 3));
        assert_eq!(firsts(&balancer, 4), [0, 1, 0, 1]);
        assert_eq!(balancer.order().count(), 2);
    }
}
