//! Text is UTF-8: what is not becomes U+FFFD, one for each invalid sequence, as recorded.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::transport::{Body, BodyError};

/// A whole body as text. Valid text is not copied.
pub(crate) fn to_text(body: Bytes) -> Bytes {
    match std::str::from_utf8(&body) {
        Ok(_) => body,
        Err(_) => Bytes::from(String::from_utf8_lossy(&body).into_owned()),
    }
}

/// A streaming body as text. Its length is no longer known, because replacing changes it.
pub(crate) struct TextBody {
    body: Body,
    /// The start of a sequence that may go on in the next part: three bytes at most.
    open: Vec<u8>,
    /// Whether the end has been given.
    ended: bool,
}

impl TextBody {
    pub(crate) fn new(body: Body) -> Self {
        Self { body, open: Vec::new(), ended: false }
    }

    /// `part` as text, but for a sequence at its end that may go on.
    fn convert(&mut self, part: Bytes) -> Bytes {
        if self.open.is_empty() && std::str::from_utf8(&part).is_ok() {
            return part;
        }
        let mut bytes = std::mem::take(&mut self.open);
        bytes.extend_from_slice(&part);
        let mut text = String::with_capacity(bytes.len());
        let mut rest = &*bytes;
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    break;
                }
                Err(error) => error,
            };
            let (valid, invalid) = rest.split_at(error.valid_up_to());
            text.push_str(&String::from_utf8_lossy(valid));
            let Some(len) = error.error_len() else {
                self.open = invalid.to_vec();
                break;
            };
            text.push(char::REPLACEMENT_CHARACTER);
            rest = &invalid[len..];
        }
        Bytes::from(text)
    }
}

impl http_body::Body for TextBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        while !this.ended {
            match ready!(http_body::Body::poll_frame(Pin::new(&mut this.body), cx)) {
                Some(Ok(frame)) => {
                    let text = this.convert(frame.into_data().unwrap_or_default());
                    if !text.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(text))));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    this.ended = true;
                    if !std::mem::take(&mut this.open).is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static("\u{fffd}".as_bytes())))));
                    }
                }
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || (self.open.is_empty() && self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // At most three bytes become the three of U+FFFD, so that text is never shorter than what it was made of.
        let mut hint = SizeHint::default();
        hint.set_lower(http_body::Body::size_hint(&self.body).lower());
        hint
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// A gzip file of 67 bytes that was recorded to become 99.
    const RECORDED: &str = "1f8b0800146cee6302ff4bcecf2d284a2d2e4e4d5148492c49d45128cec82fcd4951484a55c8cc2b4bccc94c51080d71d3b550282e29cacc4b07\
        00b83910572f000000";

    fn recorded() -> Bytes {
        (0..RECORDED.len()).step_by(2).map(|at| u8::from_str_radix(&RECORDED[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn sixty_seven_bytes_become_ninety_nine() {
        assert_eq!((recorded().len(), to_text(recorded()).len()), (67, 99));
    }

    /// Gives `bytes` in parts of `size`.
    fn in_parts(bytes: &[u8], size: usize) -> Bytes {
        let mut text = TextBody::new(Body::empty());
        let mut whole: Vec<u8> = bytes.chunks(size).flat_map(|part| text.convert(Bytes::copy_from_slice(part))).collect();
        if !text.open.is_empty() {
            whole.extend_from_slice("\u{fffd}".as_bytes());
        }
        whole.into()
    }

    #[tokio::test]
    async fn a_stream_that_ends_within_a_character() {
        let body = Body::stream(TextBody::new(Body::full(&b"a\xe2\x82"[..])));
        assert_eq!(body.collect(10).await.unwrap(), "a\u{fffd}");
    }

    proptest! {
        #[test]
        fn parts_make_no_difference(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0xc0_u8..=0xff, 0x80_u8..0xc0], 0..40), size in 1_usize..5) {
            let whole = to_text(Bytes::from(bytes.clone()));
            prop_assert_eq!(in_parts(&bytes, size), whole);
        }
    }
}
