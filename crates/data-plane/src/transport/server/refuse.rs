//! What a request must not be.
//!
//! hyper refuses what is no HTTP: bare CR, line folding, space before a colon, control bytes, signed or differing lengths,
//! `Transfer-Encoding` in HTTP/1.0 or not ending in `chunked`, bad chunks, other versions. It normalises what it takes
//! leniently: a bare LF ends a line, equal lengths become one, a length next to `Transfer-Encoding` is dropped and the
//! connection closed afterwards, a fragment is cut off the target. Since every field is written anew for the backend, that
//! reads one way only. This module refuses the rest: everything that two readers of the head that hyper gives could still
//! understand differently.

use std::cell::RefCell;
use std::net::Ipv6Addr;

use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};

use super::ListenerSettings;
use crate::transport::{Body, Response};

/// Longest name in DNS.
const HOST_BYTES_MAX: usize = 253;
/// What a field takes on the wire besides name and value: colon, space, line end.
const FIELD_OVERHEAD_BYTES: usize = 4;

/// Why a request is refused. Its connection is closed, since its end is in doubt or its sender is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Malformed or ambiguous.
    BadRequest,
    /// The target is too long.
    UriTooLong,
    /// The fields together are too long.
    HeadersTooLong,
    /// It expects what is not done here.
    ExpectationFailed,
}

impl Refusal {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
        }
    }

    pub(super) fn response(self, version: Version) -> Response {
        let body: &'static [u8] = match self {
            Self::BadRequest => br#"{"message":"Bad Request"}"#,
            Self::UriTooLong => br#"{"message":"URI Too Long"}"#,
            Self::HeadersTooLong => br#"{"message":"Request Header Fields Too Large"}"#,
            Self::ExpectationFailed => br#"{"message":"Expectation Failed"}"#,
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if version < Version::HTTP_2 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Response { status: self.status(), headers, body: Body::full(Bytes::from_static(body)) }
    }
}

/// What the fields of a head say of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    /// Nothing: it goes on as its version has it.
    Unsaid,
    /// It ends with the answer.
    Closes,
}

/// What one pass over the fields found.
struct Looked {
    hosts: usize,
    is_host_valid: bool,
    connection: Connection,
}

/// Refuses a head or leaves it with a target in origin form, one valid `host`, one `cookie` and nothing that the transport has
/// taken care of.
pub(super) fn check(head: &mut Parts, settings: &ListenerSettings) -> Result<Connection, Refusal> {
    let Looked { hosts, is_host_valid, connection } = check_fields(head, settings)?;
    if head.method == Method::CONNECT {
        return Err(Refusal::BadRequest);
    }
    let target = head.uri.path_and_query().ok_or(Refusal::BadRequest)?;
    if target.as_str().len() > settings.max_target_bytes {
        return Err(Refusal::UriTooLong);
    }
    // `OPTIONS *` asks about the server, which has nothing to say; bytes outside ASCII have to be percent-encoded.
    if !target.as_str().starts_with('/') || !target.as_str().is_ascii() {
        return Err(Refusal::BadRequest);
    }
    let is_host_valid = if head.uri.authority().is_some() { take_authority(head)? } else { hosts == 1 && is_host_valid };
    if is_host_valid { Ok(connection) } else { Err(Refusal::BadRequest) }
}

/// One pass over the fields. How many `host`s there are, and whether it is one, is what is left to judge.
fn check_fields(head: &mut Parts, settings: &ListenerSettings) -> Result<Looked, Refusal> {
    let (mut bytes, mut encodings, mut cookies, mut expects) = (0, 0, 0, false);
    let mut looked = Looked { hosts: 0, is_host_valid: false, connection: Connection::Unsaid };
    for (name, value) in &head.headers {
        bytes += name.as_str().len() + value.len() + FIELD_OVERHEAD_BYTES;
        match *name {
            header::HOST => {
                looked.hosts += 1;
                looked.is_host_valid = is_known_host(value);
            }
            header::CONNECTION if asks_to_close(value) => looked.connection = Connection::Closes,
            header::COOKIE => cookies += 1,
            header::TRANSFER_ENCODING => {
                encodings += 1;
                if encodings > 1 || !value.as_bytes().eq_ignore_ascii_case(b"chunked") {
                    return Err(Refusal::BadRequest);
                }
            }
            header::EXPECT => {
                expects = true;
                if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") {
                    return Err(Refusal::ExpectationFailed);
                }
            }
            _ => {}
        }
    }
    if bytes > settings.max_header_bytes {
        return Err(Refusal::HeadersTooLong);
    }
    // More than one is an error even where the target's authority overrules it (RFC 9112, 3.2); none is one in HTTP/1.1.
    if looked.hosts > 1 || looked.hosts == 0 && head.version < Version::HTTP_2 {
        return Err(Refusal::BadRequest);
    }
    if expects {
        // hyper sends the 100 when the body is first read.
        head.headers.remove(header::EXPECT);
    }
    if cookies > 1 && head.version == Version::HTTP_2 {
        join_cookies(&mut head.headers)?;
    }
    Ok(looked)
}

fn asks_to_close(value: &HeaderValue) -> bool {
    value.as_bytes().split(|byte| *byte == b',').any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// [`is_valid_host`], of which one is remembered in each thread: many requests in a row have the same.
fn is_known_host(value: &HeaderValue) -> bool {
    thread_local! {
        static LAST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    LAST.with_borrow_mut(|last| {
        if value.as_bytes() == last.as_slice() && !last.is_empty() {
            return true;
        }
        let is_valid = is_valid_host(value.as_bytes());
        if is_valid {
            last.clear();
            last.extend_from_slice(value.as_bytes());
        }
        is_valid
    })
}

/// HTTP/2 lets a client split its cookies to compress them better; they are one field to everybody else (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) -> Result<(), Refusal> {
    let crumbs: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    let joined = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])).map_err(|_| Refusal::BadRequest)?;
    headers.insert(header::COOKIE, joined);
    Ok(())
}

/// The authority of an absolute target, or HTTP/2's `:authority`, is the host, whatever the field says (RFC 9112, 3.2.2). Says whether
/// it is a valid one.
fn take_authority(head: &mut Parts) -> Result<bool, Refusal> {
    let mut uri = std::mem::take(&mut head.uri).into_parts();
    if !uri.scheme.is_some_and(|scheme| matches!(scheme.as_str(), "http" | "https")) {
        return Err(Refusal::BadRequest);
    }
    let authority = uri.authority.as_ref().map(Authority::as_str).unwrap_or_default();
    let host = HeaderValue::from_str(authority).map_err(|_| Refusal::BadRequest)?;
    let is_valid = is_known_host(&host);
    head.headers.insert(header::HOST, host);
    uri.scheme = None;
    uri.authority = None;
    head.uri = Uri::from_parts(uri).map_err(|_| Refusal::BadRequest)?;
    Ok(is_valid)
}

/// A name or address and perhaps a port. Narrower than RFC 3986's `host`: user information, percent-encoding and
/// delimiters have no business in a host name and are how one header comes to name two hosts.
fn is_valid_host(host: &[u8]) -> bool {
    let (name, port) = match host {
        [b'[', ..] => match host.iter().position(|b| *b == b']') {
            Some(end) => (&host[..=end], &host[end + 1..]),
            None => return false,
        },
        _ => host.split_at(memchr::memchr(b':', host).unwrap_or(host.len())),
    };
    is_valid_name(name) && is_valid_port(port)
}

fn is_valid_name(name: &[u8]) -> bool {
    if let [b'[', address @ .., b']'] = name {
        return str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    !name.is_empty() && name.len() <= HOST_BYTES_MAX && name[0] != b'.' && name.iter().all(|b| STANDS_IN_NAME[usize::from(*b)])
}

/// Letters, digits and `-._`, by byte: every request's host is looked at.
const STANDS_IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'.' | b'_');
        byte += 1;
    }
    table
};

/// Nothing, or a colon and a number.
fn is_valid_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => {
            (1..=5).contains(&digits.len())
                && digits.iter().all(u8::is_ascii_digit)
                && str::from_utf8(digits).is_ok_and(|digits| digits.parse::<u16>().is_ok_and(|port| port > 0))
        }
        _ => false,
    }
}
