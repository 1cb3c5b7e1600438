//! `X-Forwarded-*`: what a backend learns of the connection it does not see.

use std::cell::RefCell;
use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};

use crate::access_log::{push_ip, push_number};
use crate::context::Arrival;
use crate::headers::{Field, Fields, names};

/// Appends the client to `X-Forwarded-For`, and sets protocol and port to those it really used.
pub(crate) fn add(headers: &mut HeaderMap, present: Fields, arrival: &Arrival) {
    let peer = if present.has(Field::ForwardedFor) { appended(headers, arrival.peer) } else { peer_value(arrival.peer) };
    headers.insert(names::FORWARDED_FOR, peer);
    headers.insert(names::FORWARDED_PROTO, HeaderValue::from_static(arrival.scheme()));
    headers.insert(names::FORWARDED_PORT, port_value(arrival.local_port));
}

/// What earlier proxies said, in one line, and the client.
fn appended(headers: &HeaderMap, peer: IpAddr) -> HeaderValue {
    let mut line = Vec::with_capacity(64);
    for value in headers.get_all(names::FORWARDED_FOR) {
        line.extend_from_slice(value.as_bytes());
        line.extend_from_slice(b", ");
    }
    push_ip(&mut line, peer);
    HeaderValue::try_from(line).unwrap_or_else(|_| peer_value(peer))
}

/// One value is remembered in each thread: a client sends many requests in a row.
fn peer_value(peer: IpAddr) -> HeaderValue {
    thread_local! {
        static LAST: RefCell<Option<(IpAddr, HeaderValue)>> = const { RefCell::new(None) };
    }
    remembered(&LAST, peer, |line| push_ip(line, peer))
}

fn port_value(port: u16) -> HeaderValue {
    thread_local! {
        static LAST: RefCell<Option<(u16, HeaderValue)>> = const { RefCell::new(None) };
    }
    remembered(&LAST, port, |line| push_number(line, port.into()))
}

fn remembered<K: PartialEq>(
    last: &'static std::thread::LocalKey<RefCell<Option<(K, HeaderValue)>>>,
    key: K,
    render: impl FnOnce(&mut Vec<u8>),
) -> HeaderValue {
    last.with_borrow_mut(|last| match last {
        Some((known, value)) if *known == key => value.clone(),
        _ => {
            let mut line = Vec::new();
            render(&mut line);
            let value = HeaderValue::try_from(line).expect("digits, dots and colons are visible ASCII");
            last.insert((key, value)).1.clone()
        }
    })
}
