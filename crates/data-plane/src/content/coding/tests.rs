//! Codings asked for, made and undone.

#![allow(clippy::unwrap_used)]

use super::super::decode;
use super::*;

const MAX: usize = 1 << 20;

fn accept(text: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap())])
}

#[test]
fn what_a_client_asks_for() {
    let table = [
        ("gzip", Some(Coding::Gzip)),
        ("GZIP", Some(Coding::Gzip)),
        ("deflate", Some(Coding::Deflate)),
        ("deflate, gzip, br", Some(Coding::Gzip)),
        ("gzip;q=0.5, deflate;q=0.8", Some(Coding::Deflate)),
        ("gzip; q=0", None),
        ("gzip;q=none", None),
        ("gzip;q=2", None),
        ("gzip;q=0.5, identity", None),
        ("gzip, identity", Some(Coding::Gzip)),
        ("identity", None),
        ("*", None),
        ("br, *;q=0.1", None),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(Compression::negotiate(&accept(text), 0).map(|found| found.coding), expected, "{text}");
    }
    assert_eq!(Compression::negotiate(&HeaderMap::new(), 0), None);
}

#[test]
fn what_a_body_is() {
    type Row = (&'static [&'static str], Result<Option<Coding>, Undecodable>);
    let table: [Row; 9] = [
        (&[], Ok(None)),
        (&["identity"], Ok(None)),
        (&[""], Ok(None)),
        (&["gzip"], Ok(Some(Coding::Gzip))),
        (&["X-Gzip"], Ok(Some(Coding::Gzip))),
        (&["identity, deflate"], Ok(Some(Coding::Deflate))),
        (&["br"], Err(Undecodable::Unsupported)),
        (&["gzip, gzip"], Err(Undecodable::Unsupported)),
        (&["gzip", "deflate"], Err(Undecodable::Unsupported)),
    ];
    for (values, expected) in table {
        let mut headers = HeaderMap::new();
        values.iter().for_each(|value| {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(value));
        });
        assert_eq!(request_coding(&headers), expected, "{values:?}");
    }
}

/// The fields, the body and its length after [`compress`].
async fn compressed(body: Body, minimum_bytes: u64) -> (Option<HeaderValue>, Option<u64>, Bytes) {
    let mut headers = HeaderMap::new();
    let body = compress(&mut headers, body, Compression { coding: Coding::Gzip, minimum_bytes });
    let len = body.exact_len();
    (headers.remove(header::CONTENT_ENCODING), len, body.collect(64 << 20).await.unwrap())
}

#[tokio::test]
async fn from_the_minimum_on() {
    let (coding, len, body) = compressed(Body::full("1234"), 5).await;
    assert_eq!((coding, len, &body[..]), (None, Some(4), &b"1234"[..]));
    let (coding, len, body) = compressed(Body::full("12345"), 5).await;
    assert_eq!((coding.unwrap(), len), (HeaderValue::from_static("gzip"), Some(body.len() as u64)));
    assert_eq!(decode(body, Coding::Gzip, MAX).await.unwrap(), "12345");
    let (coding, len, _) = compressed(Body::empty(), 0).await;
    assert_eq!((coding, len), (None, Some(0)));
}

#[tokio::test]
async fn long_bodies_are_compressed_in_steps() {
    let long: Vec<u8> = (0..10 * STEP_BYTES).map(|at| (at % 251) as u8).collect();
    let (coding, len, body) = compressed(Body::full(long.clone()), 0).await;
    assert_eq!((coding.unwrap(), len), (HeaderValue::from_static("gzip"), None));
    assert_eq!(decode(body, Coding::Gzip, long.len()).await.unwrap(), long);
}
