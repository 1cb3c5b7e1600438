//! Requests that wait for a connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;

use tokio::sync::futures::OwnedNotified;

use super::Origin;
use super::pool::{Lack, Pool};
use super::table::Table;

/// Counts a request for as long as it waits, also when it is given up. It is told when a connection of its origin can be used, and
/// when there is again what it lacked.
pub(super) struct Waiting<'a> {
    pool: &'a Pool,
    origin: &'a Origin,
    lack: Lack,
    told: Vec<Pin<Box<OwnedNotified>>>,
}

impl<'a> Waiting<'a> {
    /// Begun under the pool's lock: what happens from now on is not missed.
    pub(super) fn begin(pool: &'a Pool, table: &mut Table, origin: &'a Origin, lack: Lack) -> Self {
        let mut told = Vec::with_capacity(2);
        if let Some(connections) = table.origins.get_mut(origin) {
            connections.waiting += 1;
            told.push(Arc::clone(&connections.freed).notified_owned());
            match lack {
                Lack::Opening => {}
                Lack::OfHost => {
                    connections.host.waiting.fetch_add(1, Relaxed);
                    told.push(Arc::clone(&connections.host.freed).notified_owned());
                }
                Lack::OfRoom => {
                    table.waiting_total += 1;
                    told.push(Arc::clone(&pool.room).notified_owned());
                }
            }
        }
        let mut told: Vec<_> = told.into_iter().map(Box::pin).collect();
        for notified in &mut told {
            notified.as_mut().enable();
        }
        Self { pool, origin, lack, told }
    }

    pub(super) async fn over(mut self) {
        poll_fn(|cx| {
            let is_told = self.told.iter_mut().any(|notified| notified.as_mut().poll(cx).is_ready());
            if is_told { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut table = self.pool.table();
        let Some(connections) = table.origins.get_mut(self.origin) else { return };
        connections.waiting -= 1;
        match self.lack {
            Lack::Opening => {}
            Lack::OfHost => {
                connections.host.waiting.fetch_sub(1, Relaxed);
            }
            Lack::OfRoom => table.waiting_total -= 1,
        }
        table.forget_if_unused(self.origin);
    }
}
