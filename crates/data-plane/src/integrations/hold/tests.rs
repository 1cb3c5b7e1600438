//! What ends, fails or goes on past the buffer.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;

const LIMITS: Limits = Limits { buffer_bytes: 8, max_body_bytes: 20 };

/// A body that gives one part per poll, and then ends, fails or hangs.
struct Script {
    parts: VecDeque<&'static str>,
    end: End,
    len: Option<u64>,
}

#[derive(Clone, Copy)]
enum End {
    Clean,
    Fails,
    Hangs,
}

impl http_body::Body for Script {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match (this.parts.pop_front(), this.end) {
            (Some(part), _) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(part.as_bytes()))))),
            (None, End::Clean) => Poll::Ready(None),
            (None, End::Fails) => Poll::Ready(Some(Err(BodyError::Incomplete))),
            (None, End::Hangs) => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

async fn held(parts: &[&'static str], end: End, len: Option<u64>) -> Result<(Body, Delivery), GatewayError> {
    let script = Script { parts: parts.iter().copied().collect(), end, len };
    hold(Body::stream(script), Instant::now() + Duration::from_secs(1), LIMITS).await
}

/// Everything the client sees, and how it ends.
async fn drain(mut body: Body) -> (String, Result<(), BodyError>) {
    let mut text = String::new();
    loop {
        match body.frame().await {
            Some(Ok(part)) => text.push_str(std::str::from_utf8(&part).unwrap()),
            Some(Err(error)) => return (text, Err(error)),
            None => return (text, Ok(())),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_fits_is_whole() {
    for (parts, len) in [(vec!["abc"], Some(3)), (vec!["abc"], None), (vec!["ab", "c"], Some(3)), (vec!["ab", "c"], None)] {
        let (body, delivery) = held(&parts, End::Clean, len).await.unwrap();
        assert_eq!((body.exact_len(), delivery), (Some(3), Delivery::Whole));
        assert_eq!(drain(body).await, ("abc".to_owned(), Ok(())));
    }
    let (body, _) = held(&[], End::Clean, None).await.unwrap();
    assert_eq!(body.exact_len(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn what_fails_early_is_a_gateway_response() {
    assert!(matches!(held(&["abc"], End::Fails, Some(5)).await, Err(GatewayError::Network(_))));
    assert!(matches!(held(&[], End::Fails, None).await, Err(GatewayError::Network(_))));
    assert!(matches!(held(&["abc"], End::Hangs, None).await, Err(GatewayError::Timeout)));
    assert!(matches!(held(&["abc"], End::Clean, Some(21)).await, Err(GatewayError::Malformed(_))));
}

#[tokio::test(start_paused = true)]
async fn what_is_longer_streams() {
    let parts = ["12345678", "9abc", "def"];
    let (body, delivery) = held(&parts, End::Clean, Some(15)).await.unwrap();
    assert_eq!((body.exact_len(), delivery), (Some(15), Delivery::Streaming));
    assert_eq!(drain(body).await, ("123456789abcdef".to_owned(), Ok(())));
    let (body, _) = held(&parts, End::Fails, None).await.unwrap();
    assert_eq!(drain(body).await, ("123456789abcdef".to_owned(), Err(BodyError::Incomplete)));
    let (body, _) = held(&parts, End::Hangs, None).await.unwrap();
    assert_eq!(drain(body).await, ("123456789abcdef".to_owned(), Err(BodyError::Timeout)));
    let (body, _) = held(&["1234567890", "1234567890", "!"], End::Clean, None).await.unwrap();
    assert_eq!(drain(body).await, ("12345678901234567890".to_owned(), Err(BodyError::TooLarge { limit_bytes: 20 })));
}
