//! Connections of the management address: HTTP/1.1, bounded in number, in time and in the size of a head.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use postern_data_plane::transport::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

/// Connections at one time. AWS clients pool about ten each; past the bound a new one waits for an old one to close.
const CONNECTIONS_MAX: usize = 1_024;
/// For a request's head, and between two requests: long enough for a client's pool to find its connection alive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// Of a request's head; signed requests with a session token stay below a tenth of it.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// For a client to take more of its answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// After accept fails, which it does while the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers requests.
pub trait Service: Send + Sync + 'static {
    /// Answers one.
    fn answer(&self, request: Request<Incoming>, connection: Connection) -> impl Future<Output = Response<Body>> + Send;
}

/// What a request came in on.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// The client.
    pub peer: SocketAddr,
    /// Our side.
    pub local: SocketAddr,
}

/// Serves until `stop` turns true, then until the requests under way are answered.
pub async fn serve<S: Service>(listener: TcpListener, service: Arc<S>, mut stop: watch::Receiver<bool>) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = stopped(&mut stop) => break,
        };
        if let Some((stream, connection, permit)) = accepted {
            let (service, stop) = (Arc::clone(&service), stop.clone());
            connections.spawn(async move {
                serve_connection(stream, connection, service, stop).await;
                drop(permit);
            });
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

type Accepted = (TcpStream, Connection, tokio::sync::OwnedSemaphorePermit);

/// The next connection; `None` when there was none to be had, after a pause.
async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> Option<Accepted> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    let accepted = match listener.accept().await {
        Ok((stream, peer)) => stream.local_addr().map(|local| (stream, Connection { peer, local }, permit)),
        Err(error) => Err(error),
    };
    match accepted {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            tracing::warn!(%error, "a management connection was not accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn serve_connection<S: Service>(
    stream: TcpStream,
    connection: Connection,
    service: Arc<S>,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are written whole; waiting to merge them with later ones only delays them.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(request, connection).await) }
    });
    // A client that does not take its answer must not keep its place for ever.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Box::pin(stream)), answer);
    let mut served = pin!(served);
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = stopped(&mut stop) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, peer = %connection.peer, "a management connection broke off");
    }
}

/// Returns when it is time to stop, or when nobody is left to say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Says that a request has come, and answers once it is let to.
    struct Gate {
        come: Semaphore,
        open: Semaphore,
    }

    impl Service for Gate {
        async fn answer(&self, _: Request<Incoming>, _: Connection) -> Response<Body> {
            self.come.add_permits(1);
            self.open.acquire().await.unwrap().forget();
            Response::new(Body::full("answer"))
        }
    }

    async fn start() -> (SocketAddr, Arc<Gate>, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gate = Arc::new(Gate { come: Semaphore::new(0), open: Semaphore::new(0) });
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(serve(listener, Arc::clone(&gate), stopped));
        (address, gate, stop, serving)
    }

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    #[tokio::test]
    async fn stopping_answers_what_is_under_way_and_closes_what_is_idle() {
        let (address, gate, stop, serving) = start().await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut busy = TcpStream::connect(address).await.unwrap();
        busy.write_all(REQUEST).await.unwrap();
        // Connections are accepted in their order, so by then the idle one is being served too.
        gate.come.acquire().await.unwrap().forget();
        stop.send(true).unwrap();
        assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
        gate.open.add_permits(1);
        let mut answer = String::new();
        busy.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("answer"), "{answer}");
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_refused() {
        let (address, _gate, _stop, _serving) = start().await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(2 * HEAD_BYTES_MAX));
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}
