//! HTTP/1.1 or HTTP/2 with prior knowledge: the first bytes tell.

use std::io;
use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;

use super::connection::{Order, Ticket};

/// RFC 9113, 3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// First read of a connection: most requests are whole in it.
const FIRST_READ_BYTES: usize = 4 * 1024;

/// What a client speaks.
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Reads until it is clear what the client speaks. The bytes read are given on; nothing when the connection ends, or is to
/// end, before a byte has come.
pub(super) async fn sniff(stream: &TcpStream, ticket: &Ticket) -> io::Result<Option<(Protocol, Bytes)>> {
    let mut read = BytesMut::with_capacity(FIRST_READ_BYTES);
    let mut draining = false;
    loop {
        match ticket.unless_ordered(stream.readable(), draining).await {
            Ok(ready) => ready?,
            Err(Order::Drain) if !read.is_empty() || has_bytes(stream) => {
                draining = true;
                continue;
            }
            Err(_) => return Ok(None),
        }
        match stream.try_read_buf(&mut read) {
            Ok(0) if read.is_empty() => return Ok(None),
            Ok(0) => return Ok(Some((Protocol::Http1, read.freeze()))),
            Ok(_) if read.starts_with(PREFACE) => {
                return Ok(Some((Protocol::Http2, read.freeze())));
            }
            Ok(_) if !PREFACE.starts_with(&read) => {
                return Ok(Some((Protocol::Http1, read.freeze())));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether the kernel has bytes of a client that is about to be turned away: then it sent a request before the drain.
fn has_bytes(stream: &TcpStream) -> bool {
    socket2::SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]).is_ok_and(|read| read > 0)
}
