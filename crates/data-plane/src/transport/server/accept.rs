//! Taking connections from one socket, no more than the worker can bear.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Stop;
use super::connection::{Order, serve};
use super::worker::Shared;
use crate::transport::Handler;

/// Pause after an error that is about the whole process, mostly that it has no file descriptors left.
const ACCEPT_BACKOFF_MS: u64 = 50;

/// Accepts until told to stop; what the kernel has accepted by then is served and closed after one request.
pub(super) async fn accept_loop<H: Handler>(socket: TcpListener, shared: Arc<Shared<H>>, mut stop: watch::Receiver<Stop>) {
    let Ok(local) = socket.local_addr() else {
        return;
    };
    loop {
        tokio::select! {
            biased;
            () = told(&mut stop) => break,
            accepted = accept_one(&socket, &shared) => match accepted {
                Ok((stream, peer)) => start(stream, peer, local, &shared, Order::Serve),
                Err(error) => back_off(&error).await,
            },
        }
    }
    if stop.has_changed().is_err() || *stop.borrow() == Stop::Now {
        return;
    }
    while let Some(Ok((stream, peer))) = now(socket.accept()).await {
        start(stream, peer, local, &shared, Order::Drain);
    }
}

async fn told(stop: &mut watch::Receiver<Stop>) {
    // An error means that the workers were dropped, which stops them too.
    let _ = stop.wait_for(|stop| *stop != Stop::Not).await;
}

/// A connection, once there is room for one: the connection that has been idle longest makes it.
async fn accept_one<H: Handler>(socket: &TcpListener, shared: &Shared<H>) -> io::Result<(TcpStream, SocketAddr)> {
    shared.connections.room().await;
    socket.accept().await
}

fn start<H: Handler>(stream: TcpStream, peer: SocketAddr, local: SocketAddr, shared: &Arc<Shared<H>>, order: Order) {
    if let Err(error) = stream.set_nodelay(true) {
        // The client is gone already.
        tracing::debug!(%error, %peer, "connection lost before it was served");
        return;
    }
    // A wildcard listener's address says nothing; the connection's own does.
    let local = stream.local_addr().unwrap_or(local);
    let ticket = shared.connections.admit(order);
    tokio::spawn(serve(stream, peer, local, ticket, Arc::clone(shared)));
}

async fn back_off(error: &io::Error) {
    // One client's bad luck, not ours.
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted) {
        return;
    }
    tracing::warn!(%error, "cannot accept connections");
    tokio::time::sleep(Duration::from_millis(ACCEPT_BACKOFF_MS)).await;
}

/// What `future` has ready, without waiting for it.
async fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        std::task::Poll::Ready(value) => std::task::Poll::Ready(Some(value)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}
