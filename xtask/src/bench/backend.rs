//! The backend that every proxy talks to: 200, eight headers, 128 bytes, at a constant and small cost.
//!
//! One thread, one read and one write per request. Answers that begin with [`ECHO`] give the request head back instead, which
//! is how the bench proves that all proxies do the same work.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::failure::{Doing, Outcome};

/// Bytes of the answer's body.
pub const BODY_BYTES: usize = 128;
/// Requests whose path ends so get their own head as the answer's body.
pub const ECHO: &str = "/echo";
/// Longest request head; proxies add about 500 bytes to what the bench sends.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Serves until the process is stopped.
pub fn serve(address: SocketAddr) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().doing(|| "starting the backend".into())?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.doing(|| format!("listening on {address}"))?;
        let answer: &'static [u8] = answer(&[b'x'; BODY_BYTES]).leak();
        loop {
            // An accept that fails (a client gone already) concerns that client only.
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, answer));
            }
        }
    })
}

fn answer(body: &[u8]) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: backend\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: keep-alive\r\nCache-Control: no-store\r\nETag: \"5e1f\"\r\nVary: Accept\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// Answers each head that arrives until the client goes. Bodies are not expected: the bench sends GETs.
async fn converse(mut stream: TcpStream, constant: &'static [u8]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; HEAD_BYTES_MAX];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        if !buffer[..filled].ends_with(b"\r\n\r\n") {
            continue;
        }
        if asks_for_echo(&buffer[..filled]) {
            stream.write_all(&answer(&buffer[..filled])).await?;
        } else {
            stream.write_all(constant).await?;
        }
        filled = 0;
    }
}

fn asks_for_echo(head: &[u8]) -> bool {
    let target = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    target.ends_with(ECHO.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{answer, asks_for_echo};

    #[test]
    fn only_the_echo_path_echoes() {
        assert!(asks_for_echo(b"GET /a/echo HTTP/1.1\r\n\r\n"));
        assert!(!asks_for_echo(b"GET /echo/a HTTP/1.1\r\n\r\n"));
        assert!(!asks_for_echo(b"\r\n\r\n"));
    }

    #[test]
    fn the_answer_has_eight_headers() {
        let text = String::from_utf8_lossy(&answer(b"")).into_owned();
        assert_eq!(text.matches(": ").count(), 8);
    }
}
