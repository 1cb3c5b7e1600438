//! A client's socket as hyper sees it: the bytes that were read to tell the protocol come first, and what happens is noted.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::connection::State;

/// Read at a time while a head is expected: most requests are whole in it.
const HEAD_READ_BYTES: usize = 8 * 1024;
/// Thrown away at a time when a connection is closed.
const LINGER_READ_BYTES: usize = 4 * 1024;
/// Reads that are thrown away at most: a client that goes on sending is cut off.
const LINGER_READS_MAX: u16 = 256;

/// See the module.
pub(super) struct ClientIo {
    stream: TokioIo<TcpStream>,
    state: Arc<State>,
    first: Bytes,
    ended: bool,
    linger_reads: u16,
}

impl ClientIo {
    pub(super) fn new(stream: TcpStream, first: Bytes, state: Arc<State>) -> Self {
        Self { stream: TokioIo::new(stream), state, first, ended: false, linger_reads: 0 }
    }

    /// Makes closing reset the connection, for an answer that must not look whole: an HTTP/1.0 client takes an orderly close
    /// for its end.
    pub(super) fn close_with_reset(&self) {
        // Where that cannot be set, the answer's framing still shows the break to an HTTP/1.1 client.
        let _ = socket2::SockRef::from(self.stream.inner()).set_linger(Some(Duration::ZERO));
    }
}

impl ClientIo {
    /// Reads what is kept for its names as well.
    fn poll_read_head(&mut self, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [const { MaybeUninit::uninit() }; HEAD_READ_BYTES];
        let size = buf.remaining().min(HEAD_READ_BYTES);
        let mut read = ReadBuf::uninit(&mut scratch[..size]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, read.unfilled()))?;
        self.state.head_read(read.filled());
        buf.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Read for ClientIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.first.is_empty() {
            let size = this.first.len().min(buf.remaining());
            buf.put_slice(&this.first[..size]);
            if this.state.expects_head() {
                this.state.head_read(&this.first[..size]);
            }
            this.first.advance(size);
            if this.first.is_empty() {
                // Lets go of the buffer.
                this.first = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        if this.state.expects_head() {
            ready!(this.poll_read_head(cx, buf))?;
        } else {
            ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        }
        this.state.bytes_read();
        Poll::Ready(Ok(()))
    }
}

impl Write for ClientIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write(cx, buf) {
            Poll::Ready(result) => {
                this.state.bytes_written();
                Poll::Ready(result)
            }
            Poll::Pending => {
                this.state.write_blocked();
                Poll::Pending
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    /// Closes the sending side, then reads until the client closes too, bounded in bytes here and in time by the sweep:
    /// closing a socket with unread bytes resets it, and the client could lose the answer that tells it why.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ended {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.ended = true;
        }
        this.state.lingers();
        let mut scratch = [const { MaybeUninit::uninit() }; LINGER_READ_BYTES];
        while this.linger_reads < LINGER_READS_MAX {
            let mut read = ReadBuf::uninit(&mut scratch);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, read.unfilled())) {
                Ok(()) if !read.filled().is_empty() => this.linger_reads += 1,
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
