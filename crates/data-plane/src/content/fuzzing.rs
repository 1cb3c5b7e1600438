//! Targets of the fuzzer: bodies that are decompressed or converted, and the fields that say how.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderValue, header};
use http_body::Frame;

use super::coding::Coding;
use super::{BinaryMediaTypes, Compression, Conversion, TextBody, decode, is_coded, request_coding, to_text};
use crate::fuzzing::{Target, parts, ready, seeds};
use crate::transport::{Body, BodyError};

/// Bytes that may come out of a body.
const DECODED_BYTES_MAX: usize = 64 * 1024;

/// A first byte that chooses the coding, and a body in it.
pub(crate) const CODING: Target = ("content-coding", coding, || {
    let plain: [&[u8]; 3] = [b"", b"{\"a\": [1, 2, 3]}", &[0; 3 * DECODED_BYTES_MAX]];
    let gzip = |bytes: &&[u8]| [&[0], &*gzip(bytes)].concat();
    let deflate = |bytes: &&[u8]| [&[1], &*deflate(bytes)].concat();
    // Several members, and each optional part of a gzip header.
    let members = [&[0], &*super::fuzzing::gzip(b"one"), &*super::fuzzing::gzip(b"two")].concat();
    let named =
        b"\x00\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\x03\x02\x00ab\x6e\x00\x63\x00\x12\x34\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    let all = plain.iter().map(gzip).chain(plain.iter().map(deflate));
    all.chain([members, named.to_vec()]).collect()
});

fn coding(input: &[u8]) {
    let Some((choice, body)) = input.split_first() else { return };
    let coding = if choice % 2 == 0 { Coding::Gzip } else { Coding::Deflate };
    if let Ok(decoded) = ready(decode(Bytes::copy_from_slice(body), coding, DECODED_BYTES_MAX)) {
        assert!(decoded.len() <= DECODED_BYTES_MAX);
    }
    // What was coded comes back.
    let coded = if coding == Coding::Gzip { gzip(body) } else { deflate(body) };
    assert_eq!(ready(decode(Bytes::from(coded), coding, DECODED_BYTES_MAX)).as_deref(), Ok(body));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a Vec takes everything")
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a Vec takes everything")
}

/// A first byte that says where a body is cut in parts, and the body.
pub(crate) const CONVERSION: Target = ("content-conversion", conversion, || {
    seeds(&["\u{1}plain", "\u{2}é😀 text", "\u{3}aGVsbG8=", "\u{1}\"aGVsbG8\"", "\u{1} aGVs\nbG8 ", "\u{5}aGVsbG8==="])
});

fn conversion(input: &[u8]) {
    let Some((size, body)) = input.split_first() else { return };
    let body = Bytes::copy_from_slice(body);
    let text = to_text(body.clone());
    assert_eq!(String::from_utf8_lossy(&body).as_bytes(), &*text);
    assert_eq!(Conversion::Text.apply(body.clone()).as_ref(), Ok(&text));
    assert_eq!(Conversion::Bytes.apply(body.clone()).as_ref(), Ok(&body));
    let there = Conversion::ToBase64.apply(body.clone()).expect("anything becomes base64");
    assert_eq!(Conversion::FromBase64.apply(there).as_ref(), Ok(&body), "base64 comes back");
    if let Ok(decoded) = Conversion::FromBase64.apply(body.clone()) {
        assert!(decoded.len() <= body.len());
    }

    let stream = TextBody::new(Body::stream(Parts { rest: body, size: usize::from(*size).max(1) }));
    let streamed = ready(Body::stream(stream).collect(usize::MAX)).ok();
    assert_eq!(streamed, Some(text), "parts make no difference");
}

/// A body that comes in parts of one size.
struct Parts {
    rest: Bytes,
    size: usize,
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let part = this.rest.split_to(this.size.min(this.rest.len()));
        Poll::Ready((!part.is_empty()).then_some(Ok(Frame::data(part))))
    }
}

/// A binary media type, a `Content-Type`, an `Accept`, a `Content-Encoding` and an `Accept-Encoding`.
pub(crate) const NEGOTIATION: Target = ("content-negotiation", negotiation, || {
    seeds(&[
        "image/*|image/png;a=b|text/html;q=0.1, image/png|gzip|gzip;q=0.5, deflate;q=1.0",
        "*/*||*/*|identity, x-gzip|identity;q=0, gzip",
        "Image/PNG;a=b|image/png||deflate, gzip|*",
        "|||br|gzip;q=2, deflate;q=nan",
    ])
});

fn negotiation(input: &[u8]) {
    let [binary, content_type, accept, content_encoding, accept_encoding] = parts(input);
    let types = BinaryMediaTypes::compile(&[binary]);
    let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).ok();
    let _ = (types.kind(value(&content_type).as_ref()), types.accepted(Some(&accept)));
    let mut headers = HeaderMap::new();
    let fields = [(header::CONTENT_ENCODING, content_encoding), (header::ACCEPT_ENCODING, accept_encoding)];
    for (name, text) in fields {
        value(&text).into_iter().for_each(|value| drop(headers.insert(&name, value)));
    }
    // Either there is no coding, or it is undone, or it is refused.
    assert_eq!(is_coded(&headers), !matches!(request_coding(&headers), Ok(None)));
    let _ = Compression::negotiate(&headers, 0);
}
