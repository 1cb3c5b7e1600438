//! AWS's event-stream encoding, in which Lambda's InvokeWithResponseStream answers: frames with fields, a payload and two checksums.
//!
//! What comes over the wire is somebody else's: a frame is bounded before room is made for it, and nothing of one is used before its
//! checksums are right.

use bytes::{Buf, Bytes, BytesMut};
use flate2::Crc;
use postern_api_model::ports::FunctionEnd;
use serde_json::Value;

/// Bytes of a frame: Lambda's largest piece is a whole result of 6 MB.
const FRAME_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes before a frame's fields: two lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// Bytes of each checksum.
const CRC_BYTES: usize = 4;

/// Frames as they come.
#[derive(Default)]
pub(crate) struct Frames(BytesMut);

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Of the payload.
    Chunk(Bytes),
    /// The last one.
    Complete(FunctionEnd),
    /// Of a kind that nobody needs here.
    Other,
}

/// The stream is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event stream is malformed: {0}")]
pub(crate) struct Malformed(&'static str);

impl Frames {
    /// Takes what arrived.
    pub(crate) fn push(&mut self, part: &[u8]) {
        self.0.extend_from_slice(part);
    }

    /// The next whole frame, if it is there.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Malformed> {
        if self.0.len() < PRELUDE_BYTES {
            return Ok(None);
        }
        let total = number(&self.0[..4]);
        let fields = number(&self.0[4..8]);
        if crc(&self.0[..8]) != number_u32(&self.0[8..12]) {
            return Err(Malformed("the checksum of a prelude is wrong"));
        }
        let rest = total.checked_sub(PRELUDE_BYTES + CRC_BYTES).ok_or(Malformed("a frame is shorter than its frame"))?;
        if total > FRAME_BYTES_MAX || fields > rest {
            return Err(Malformed("a frame is longer than 8 MiB, or shorter than its fields"));
        }
        if self.0.len() < total {
            return Ok(None);
        }
        let mut frame = self.0.split_to(total).freeze();
        if crc(&frame[..total - CRC_BYTES]) != number_u32(&frame[total - CRC_BYTES..]) {
            return Err(Malformed("the checksum of a frame is wrong"));
        }
        frame.truncate(total - CRC_BYTES);
        frame.advance(PRELUDE_BYTES);
        let payload = frame.split_off(fields);
        event(frame, payload).map(Some)
    }
}

fn number_u32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn number(bytes: &[u8]) -> usize {
    // 32 bits at most.
    number_u32(bytes) as usize
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn event(fields: Bytes, payload: Bytes) -> Result<Event, Malformed> {
    let mut kind = Kind::default();
    read_fields(fields, &mut kind)?;
    Ok(match (kind.message.as_deref(), kind.event.as_deref()) {
        (Some(b"event"), Some(b"PayloadChunk")) => Event::Chunk(payload),
        (Some(b"event"), Some(b"InvokeComplete")) => Event::Complete(end(&payload)),
        (Some(b"exception" | b"error"), _) => {
            let code = kind.exception.map(|code| String::from_utf8_lossy(&code).into_owned());
            let details = String::from_utf8_lossy(&payload).into_owned();
            Event::Complete(FunctionEnd {
                error_code: Some(code.unwrap_or_else(|| "ServiceException".to_owned())),
                error_details: Some(details),
                log_tail: None,
            })
        }
        _ => Event::Other,
    })
}

fn end(payload: &[u8]) -> FunctionEnd {
    let object: Value = serde_json::from_slice(payload).unwrap_or_default();
    let text = |name: &str| object.get(name)?.as_str().map(str::to_owned).filter(|text| !text.is_empty());
    FunctionEnd { error_code: text("ErrorCode"), error_details: text("ErrorDetails"), log_tail: None }
}

/// The fields that say what a frame is.
#[derive(Default)]
struct Kind {
    message: Option<Bytes>,
    event: Option<Bytes>,
    exception: Option<Bytes>,
}

fn read_fields(mut rest: Bytes, kind: &mut Kind) -> Result<(), Malformed> {
    const CUT: Malformed = Malformed("a field is cut off");
    const STRING: u8 = 7;
    let take = |rest: &mut Bytes, len: usize| (rest.len() >= len).then(|| rest.split_to(len)).ok_or(CUT);
    while !rest.is_empty() {
        let len = usize::from(rest.get_u8());
        let name = take(&mut rest, len)?;
        let of_type = take(&mut rest, 1)?[0];
        let len = match of_type {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            9 => 16,
            6 | STRING => number(&take(&mut rest, 2)?),
            _ => return Err(Malformed("a field has an unknown type")),
        };
        let value = take(&mut rest, len)?;
        if of_type == STRING {
            match &*name {
                b":message-type" => kind.message = Some(value),
                b":event-type" => kind.event = Some(value),
                b":exception-type" | b":error-code" => kind.exception = Some(value),
                _ => {}
            }
        }
    }
    Ok(())
}

/// A frame, for tests.
#[cfg(any(test, fuzzing))]
pub(crate) fn frame(fields: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in fields {
        head.push(name.len() as u8);
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&(value.len() as u16).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let total = PRELUDE_BYTES + head.len() + payload.len() + CRC_BYTES;
    let mut out = Vec::new();
    out.extend_from_slice(&(total as u32).to_be_bytes());
    out.extend_from_slice(&(head.len() as u32).to_be_bytes());
    out.extend_from_slice(&crc(&out).to_be_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc(&out).to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(kind: &str, payload: &[u8]) -> Vec<u8> {
        frame(&[(":message-type", "event"), (":event-type", kind), (":content-type", "x/y")], payload)
    }

    fn events(bytes: &[u8], size: usize) -> Result<Vec<Event>, Malformed> {
        let (mut frames, mut events) = (Frames::default(), Vec::new());
        for part in bytes.chunks(size) {
            frames.push(part);
            while let Some(event) = frames.next()? {
                events.push(event);
            }
        }
        Ok(events)
    }

    #[test]
    fn frames_in_any_parts() {
        let complete = br#"{"ErrorCode": "Unhandled", "ErrorDetails": "{}", "LogResult": ""}"#;
        let bytes =
            [of("PayloadChunk", b"one"), of("Later", b"x"), of("PayloadChunk", b""), of("InvokeComplete", complete)].concat();
        let end = FunctionEnd { error_code: Some("Unhandled".to_owned()), error_details: Some("{}".to_owned()), log_tail: None };
        for size in [1, 3, 1_000] {
            let expected = [
                Event::Chunk(Bytes::from_static(b"one")),
                Event::Other,
                Event::Chunk(Bytes::new()),
                Event::Complete(end.clone()),
            ];
            assert_eq!(events(&bytes, size).unwrap(), expected);
        }
    }

    /// From the description of the encoding in the SDKs: an empty frame.
    #[test]
    fn a_published_frame() {
        let bytes = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        assert_eq!(frame(&[], b""), bytes);
        assert_eq!(events(&bytes, 16).unwrap(), [Event::Other]);
    }

    #[test]
    fn an_exception_is_an_end() {
        let bytes = frame(&[(":message-type", "exception"), (":exception-type", "TooManyRequestsException")], b"{}");
        let [Event::Complete(end)] = &events(&bytes, 100).unwrap()[..] else { panic!("one end") };
        assert_eq!(end.error_code.as_deref(), Some("TooManyRequestsException"));
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let good = of("PayloadChunk", b"payload");
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            assert!(events(&bad, 64).is_err(), "byte {at}");
        }
        let mut prelude = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0].to_vec();
        prelude.extend_from_slice(&crc(&prelude.clone()).to_be_bytes());
        assert!(events(&prelude, 12).is_err(), "a length that no memory has");
        let cut = frame(&[], b"");
        assert_eq!(events(&cut[..10], 10).unwrap(), []);
    }
}
