//! A tiny HTTP/1.1 client over one blocking connection: enough for management calls, for probes, and for the counted requests
//! under callgrind. It is not a benchmark client (wrk is), so it favours being checkable over being fast.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::failure::{Doing, Failure, Outcome};

/// Longest wait for any byte: a proxy under callgrind is some fifty times slower than itself.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest status or header line believed.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Longest body believed.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One keep-alive connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Fields as sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, dechunked.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first field of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, for messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Renders a request head and body; `headers` are whole lines without their line ends.
pub fn request_bytes(method: &str, target: &str, headers: &[String], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    for line in headers {
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    if !body.is_empty() {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).doing(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true).doing(|| "setting TCP_NODELAY".into())?;
        stream.set_read_timeout(Some(READ_TIMEOUT)).doing(|| "setting a read timeout".into())?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request and reads its answer.
    pub fn exchange(&mut self, request: &[u8]) -> Outcome<Answer> {
        self.send(request)?;
        self.receive()
    }

    /// Sends a request only; [`Connection::receive`] must follow.
    pub fn send(&mut self, request: &[u8]) -> Outcome<()> {
        self.stream.get_mut().write_all(request).doing(|| "sending a request".into())
    }

    /// Reads one answer (to anything but HEAD).
    pub fn receive(&mut self) -> Outcome<Answer> {
        let status_line = self.line()?;
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| Failure::new(format!("not an HTTP status line: {status_line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
                None if line.is_empty() => break,
                None => return Err(Failure::new(format!("not an HTTP header line: {line:?}"))),
            }
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        if answer.header("transfer-encoding") == Some("chunked") {
            self.read_chunks(&mut answer.body)?;
        } else if let Some(length) = answer.header("content-length") {
            let length = length.parse().doing(|| format!("reading content-length {length:?}"))?;
            self.read_exactly(length, &mut answer.body)?;
        }
        Ok(answer)
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> Outcome<()> {
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size.trim(), 16).doing(|| format!("reading chunk size {line:?}"))?;
            self.read_exactly(size, body)?;
            let end = self.line()?;
            if size == 0 && end.is_empty() {
                return Ok(());
            }
        }
    }

    fn read_exactly(&mut self, count: usize, body: &mut Vec<u8>) -> Outcome<()> {
        let start = body.len();
        if start.saturating_add(count) > BODY_BYTES_MAX {
            return Err(Failure::new(format!("a body of more than {BODY_BYTES_MAX} bytes")));
        }
        body.resize(start + count, 0);
        self.stream.read_exact(&mut body[start..]).doing(|| "reading a body".into())
    }

    fn line(&mut self) -> Outcome<String> {
        let mut line = Vec::new();
        let read = (&mut self.stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).doing(|| "reading a line".into())?;
        if read == 0 {
            return Err(Failure::new("the connection was closed where an answer was due"));
        }
        let text = String::from_utf8_lossy(&line);
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}
