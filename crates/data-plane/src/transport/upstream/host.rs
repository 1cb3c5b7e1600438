//! What all origins at one name and port have in common, whatever certificate they are shown: how many connections may be open to it,
//! and which addresses it has.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Counts are changed under the pool's lock only; they are atomic so that it can be shared.
pub(super) struct Host {
    pub(super) name: Box<str>,
    pub(super) port: u16,
    /// Connections, those being opened included.
    pub(super) open: AtomicUsize,
    /// Requests that wait for a connection to be closed.
    pub(super) waiting: AtomicUsize,
    /// Tells one of them.
    pub(super) freed: Arc<Notify>,
    /// Set while its addresses are looked up again.
    pub(super) refreshing: AtomicBool,
    addresses: Mutex<Option<Arc<[IpAddr]>>>,
    epoch: AtomicU64,
}

/// The address that a connection leads to, and when the name last had it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) address: IpAddr,
    /// The host's epoch at that time.
    pub(super) epoch: u64,
}

impl Host {
    pub(super) fn new(name: &str, port: u16) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            port,
            open: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            freed: Arc::default(),
            refreshing: AtomicBool::new(false),
            addresses: Mutex::default(),
            epoch: AtomicU64::new(0),
        })
    }

    /// Whether it is a name, whose addresses can change.
    pub(super) fn is_name(&self) -> bool {
        self.name.parse::<IpAddr>().is_err()
    }

    /// Notes what its name resolved to, and gives the epoch: a new one begins when it lost an address.
    pub(super) fn resolved(&self, found: &Arc<[IpAddr]>) -> u64 {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let before = addresses.replace(Arc::clone(found));
        if before.is_some_and(|before| before.iter().any(|address| !found.contains(address))) {
            self.epoch.fetch_add(1, Relaxed);
        }
        self.epoch.load(Relaxed)
    }

    /// Whether connections to `place` are still connections to this host.
    pub(super) fn still_has(&self, place: &mut Place) -> bool {
        let epoch = self.epoch.load(Relaxed);
        if place.epoch == epoch {
            return true;
        }
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let has = addresses.as_ref().is_none_or(|addresses| addresses.contains(&place.address));
        if has {
            place.epoch = epoch;
        }
        has
    }
}
