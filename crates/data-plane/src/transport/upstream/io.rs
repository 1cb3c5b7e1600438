//! A backend's socket, which bounds how much may arrive before a head is complete.
//!
//! hyper bounds one head by its read buffer but skips interim answers (1xx) without number. While a head is expected all
//! bytes are counted; past the budget the read fails and the answer is malformed.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use hyper::rt::{ReadBuf, ReadBufCursor};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Bytes that may arrive until a head is complete: interim answers, the head, and what of the body came along with it.
const HEAD_PHASE_BYTES_MAX: usize = 64 * 1024;
/// Read at a time while a head is expected: most answers are whole in one.
const HEAD_READ_BYTES: usize = 8 * 1024;
/// Not counting.
const UNBOUNDED: usize = usize::MAX;

/// How many bytes may still arrive. Shared by a connection and whoever sends on it.
#[derive(Clone)]
pub(super) struct HeadBudget(Arc<AtomicUsize>);

impl Default for HeadBudget {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(UNBOUNDED)))
    }
}

impl HeadBudget {
    pub(super) fn start(&self) {
        self.0.store(HEAD_PHASE_BYTES_MAX, Ordering::Relaxed);
    }

    pub(super) fn stop(&self) {
        self.0.store(UNBOUNDED, Ordering::Relaxed);
    }
}

/// A plain or TLS socket.
pub(super) struct UpstreamIo {
    stream: Stream,
    budget: HeadBudget,
}

enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(TokioIo<Box<TlsStream<TcpStream>>>),
}

impl UpstreamIo {
    pub(super) fn plain(stream: TcpStream, budget: HeadBudget) -> Self {
        Self { stream: Stream::Plain(TokioIo::new(stream)), budget }
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>, budget: HeadBudget) -> Self {
        Self { stream: Stream::Tls(TokioIo::new(Box::new(stream))), budget }
    }

    fn poll_read_counted(&mut self, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>, budget: usize) -> Poll<io::Result<()>> {
        let mut scratch = [const { MaybeUninit::uninit() }; HEAD_READ_BYTES];
        let size = buf.remaining().min(HEAD_READ_BYTES);
        let mut read = ReadBuf::uninit(&mut scratch[..size]);
        ready!(self.stream.poll_read(cx, read.unfilled()))?;
        let bytes = read.filled();
        let Some(left) = budget.checked_sub(bytes.len()) else {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "too many bytes before the end of the head")));
        };
        // Unless the head has been taken in the meantime.
        let _ = self.budget.0.compare_exchange(budget, left, Ordering::Relaxed, Ordering::Relaxed);
        buf.put_slice(bytes);
        Poll::Ready(Ok(()))
    }
}

impl Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(io) => hyper::rt::Read::poll_read(Pin::new(io), cx, buf),
            Self::Tls(io) => hyper::rt::Read::poll_read(Pin::new(io), cx, buf),
        }
    }
}

impl hyper::rt::Read for UpstreamIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.budget.0.load(Ordering::Relaxed) {
            UNBOUNDED => this.stream.poll_read(cx, buf),
            budget => this.poll_read_counted(cx, buf, budget),
        }
    }
}

impl hyper::rt::Write for UpstreamIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => hyper::rt::Write::poll_write(Pin::new(io), cx, buf),
            Stream::Tls(io) => hyper::rt::Write::poll_write(Pin::new(io), cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => hyper::rt::Write::poll_flush(Pin::new(io), cx),
            Stream::Tls(io) => hyper::rt::Write::poll_flush(Pin::new(io), cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(io) => hyper::rt::Write::poll_shutdown(Pin::new(io), cx),
            Stream::Tls(io) => hyper::rt::Write::poll_shutdown(Pin::new(io), cx),
        }
    }
}
