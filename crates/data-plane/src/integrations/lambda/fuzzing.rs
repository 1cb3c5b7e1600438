//! Targets of the fuzzer: what functions return, and what Lambda streams.

use http::header;

use super::event_stream::{Event, Frames, frame};
use super::proxy_response::{Metadata, ProxyResponse};
use super::stream::split;
use crate::fuzzing::Target;

/// A result of a proxy integration.
pub(crate) const LAMBDA_RESPONSE: Target = ("lambda-response", response, || {
    [
        r#"{"statusCode": 200}"#,
        r#"{"statusCode": "201", "body": "aGk=", "isBase64Encoded": true, "headers": {"a": true, "Content-Length": "5"}}"#,
        r#"{"multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "c": [null, 1]}, "headers": {"transfer-encoding": "chunked"}}"#,
        r#"{"statusCode": 200, "headers": {"a": "b\r\nc: d"}}"#,
        r#"{"cookies": ["a=b"], "statusCode": 200}"#,
        r#"{"errorMessage": "boom", "errorType": "E"}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
});

fn response(input: &[u8]) {
    let parsed = ProxyResponse::parse(input).map(|response| (response.status, response.headers));
    let streamed = Metadata::parse(input).map(|metadata| (metadata.status, metadata.headers));
    for (status, headers) in [parsed, streamed].into_iter().flatten() {
        assert!((200..600).contains(&status.as_u16()));
        assert!(!headers.contains_key(header::CONTENT_LENGTH) && !headers.contains_key(header::TRANSFER_ENCODING));
        assert!(headers.values().all(|value| !value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))));
    }
}

/// A streamed answer, in frames.
pub(crate) const LAMBDA_STREAM: Target = ("lambda-stream", stream, || {
    let event = |kind, payload: &[u8]| frame(&[(":message-type", "event"), (":event-type", kind)], payload);
    vec![
        event("PayloadChunk", b"{\"statusCode\": 200}\0\0\0\0\0\0\0\0payload"),
        [event("PayloadChunk", b"{}"), event("InvokeComplete", br#"{"ErrorCode": "Unhandled", "ErrorDetails": "x"}"#)].concat(),
        frame(&[(":message-type", "exception"), (":exception-type", "ServiceException")], b"{}"),
        frame(&[], b""),
    ]
});

/// What is read does not depend on the parts in which it arrives.
fn stream(input: &[u8]) {
    let read = |size: usize| {
        let (mut frames, mut events) = (Frames::default(), Vec::new());
        for part in input.chunks(size) {
            frames.push(part);
            loop {
                match frames.next() {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => break,
                    Err(error) => return (events, Some(error)),
                }
            }
        }
        (events, None)
    };
    let (events, error) = read(input.len().max(1));
    assert_eq!((&events, error), (&read(3).0, read(3).1));
    for event in &events {
        let Event::Chunk(bytes) = event else { continue };
        if let Some((head, rest)) = split(bytes) {
            assert_eq!(head.len() + 8 + rest.len(), bytes.len());
            let _ = Metadata::parse(head);
        }
    }
}
