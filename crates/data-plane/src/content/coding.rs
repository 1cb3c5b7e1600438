//! Compression: which coding a message has or may have, and bodies that are compressed.
//!
//! The rules are AWS's ("Enabling payload compression for an API"): a request's coding is undone whatever the API's settings, an
//! answer is compressed when the API has a `minimumCompressionSize` and the client names a coding. Work on a body is done in steps
//! of [`STEP_BYTES`], between which other requests of the worker get their turn.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderValue, header};
use http_body::{Frame, SizeHint};

use super::decode::Undecodable;
use crate::transport::{Body, BodyError};

/// Bytes that are worked on in one go: about a millisecond.
const STEP_BYTES: usize = 64 * 1024;

/// A coding that is undone and made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    /// The zlib format (RFC 9110, 8.4.1.2).
    Deflate,
}

/// The compression of an answer: what the client asks for, on an API that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compression {
    coding: Coding,
    minimum_bytes: u64,
}

/// The coding of a request's body.
pub(crate) fn request_coding(headers: &HeaderMap) -> Result<Option<Coding>, Undecodable> {
    let mut codings = codings_of(headers);
    match (codings.next(), codings.next()) {
        (None, _) => Ok(None),
        (Some(coding), None) => Coding::parse(coding).map(Some).ok_or(Undecodable::Unsupported),
        (Some(_), Some(_)) => Err(Undecodable::Unsupported),
    }
}

/// Whether a message's body has any coding.
pub(crate) fn is_coded(headers: &HeaderMap) -> bool {
    codings_of(headers).next().is_some()
}

/// `Content-Encoding`, without `identity`, which says that there is none.
fn codings_of(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    codings.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

impl Coding {
    /// `x-gzip` is the same as `gzip` (RFC 9110, 8.4.1.3).
    fn parse(name: &[u8]) -> Option<Self> {
        match name {
            name if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") => Some(Self::Gzip),
            name if name.eq_ignore_ascii_case(b"deflate") => Some(Self::Deflate),
            _ => None,
        }
    }

    fn value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        })
    }
}

impl Compression {
    /// What a request's `Accept-Encoding` asks for: the coding of the highest weight, `gzip` before `deflate`. Only codings that are
    /// named count, `*` names none; `identity` asks for none when it weighs more.
    pub(crate) fn negotiate(headers: &HeaderMap, minimum_bytes: u64) -> Option<Self> {
        let (mut gzip, mut deflate, mut identity) = (0, 0, 0);
        let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for item in values.flat_map(|value| value.split(',')) {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let name = name.trim().as_bytes();
            let weight = match Coding::parse(name) {
                Some(Coding::Gzip) => &mut gzip,
                Some(Coding::Deflate) => &mut deflate,
                None if name.eq_ignore_ascii_case(b"identity") => &mut identity,
                None => continue,
            };
            *weight = per_mille(parameters);
        }
        let (coding, weight) = if deflate > gzip { (Coding::Deflate, deflate) } else { (Coding::Gzip, gzip) };
        (weight > 0 && weight >= identity).then_some(Self { coding, minimum_bytes })
    }
}

/// A weight in thousandths; 1000 without one, 0 when it is none.
fn per_mille(parameters: &str) -> u16 {
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let Some(value) = value else { return 1000 };
    let weight: f32 = value.parse().unwrap_or(0.0);
    // At most three digits behind the point, by its grammar (RFC 9110, 12.4.2).
    if (0.0..=1.0).contains(&weight) { (weight * 1000.0).round() as u16 } else { 0 }
}

/// Compresses an answer when it is long enough, and says so in its fields. An answer of unknown length counts as long as what is there
/// of it. One that is whole and short stays whole.
pub(crate) fn compress(headers: &mut HeaderMap, mut body: Body, compression: Compression) -> Body {
    let at_least = http_body::Body::size_hint(&body).lower();
    if at_least == 0 || at_least < compression.minimum_bytes {
        return body;
    }
    headers.insert(header::CONTENT_ENCODING, compression.coding.value());
    headers.remove(header::CONTENT_LENGTH);
    match body.take_whole() {
        Some(whole) if whole.len() <= STEP_BYTES => {
            let mut encoder = Encoder::new(compression.coding);
            encoder.write(&whole);
            Body::full(encoder.finish())
        }
        Some(whole) => Body::stream(CompressedBody::new(Body::full(whole), compression.coding)),
        None => Body::stream(CompressedBody::new(body, compression.coding)),
    }
}

enum Encoder {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Deflate(Box<ZlibEncoder<Vec<u8>>>),
}

impl Encoder {
    fn new(coding: Coding) -> Self {
        let level = flate2::Compression::default();
        match coding {
            Coding::Gzip => Self::Gzip(Box::new(GzEncoder::new(Vec::new(), level))),
            Coding::Deflate => Self::Deflate(Box::new(ZlibEncoder::new(Vec::new(), level))),
        }
    }

    fn write(&mut self, part: &[u8]) {
        const INTO_MEMORY: &str = "writing to a vector cannot fail";
        match self {
            Self::Gzip(encoder) => encoder.write_all(part).expect(INTO_MEMORY),
            Self::Deflate(encoder) => encoder.write_all(part).expect(INTO_MEMORY),
        }
    }

    /// What is ready to be sent.
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Deflate(encoder) => encoder.get_mut(),
        })
    }

    fn finish(self) -> Vec<u8> {
        const INTO_MEMORY: &str = "writing to a vector cannot fail";
        match self {
            Self::Gzip(encoder) => encoder.finish().expect(INTO_MEMORY),
            Self::Deflate(encoder) => encoder.finish().expect(INTO_MEMORY),
        }
    }
}

/// A body that is compressed as it is read.
struct CompressedBody {
    body: Body,
    /// A part of the body that is not compressed yet.
    part: Bytes,
    /// `None` when the end has been given.
    encoder: Option<Encoder>,
    turn: Turn,
}

/// Whose turn it is: after each step it is the others'.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Mine,
    Others,
}

impl CompressedBody {
    fn new(body: Body, coding: Coding) -> Self {
        Self { body, part: Bytes::new(), encoder: Some(Encoder::new(coding)), turn: Turn::Mine }
    }
}

impl http_body::Body for CompressedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        loop {
            let Some(encoder) = &mut this.encoder else { return Poll::Ready(None) };
            if this.turn == Turn::Others {
                this.turn = Turn::Mine;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if this.part.is_empty() {
                match ready!(http_body::Body::poll_frame(Pin::new(&mut this.body), cx)) {
                    Some(Ok(frame)) => this.part = frame.into_data().unwrap_or_default(),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => {
                        let last = this.encoder.take().map(Encoder::finish).unwrap_or_default();
                        return Poll::Ready(Some(Ok(Frame::data(Bytes::from(last)))));
                    }
                }
                continue;
            }
            let step = this.part.split_to(this.part.len().min(STEP_BYTES));
            encoder.write(&step);
            if step.len() == STEP_BYTES {
                this.turn = Turn::Others;
            }
            let ready = encoder.take();
            if !ready.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from(ready)))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests;
