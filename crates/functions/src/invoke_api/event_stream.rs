//! AWS's event-stream framing (`application/vnd.amazon.eventstream`; Smithy, "Event stream specification"): messages with typed headers, a
//! payload, and a checksum of each part.
//!
//! ```text
//! total length u32 | length of headers u32 | CRC32 of these | headers | payload | CRC32 of all before
//! ```

use bytes::{BufMut as _, Bytes, BytesMut};
use postern_api_model::ports::FunctionEnd;
use serde_json::{Map, Value};

/// The two lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// The checksum at the end.
const CHECKSUM_BYTES: usize = 4;
/// The type of a header's value: a string with its length in two bytes.
const STRING: u8 = 7;
/// The longest payload of one message: readers hold a message whole, and take up to 24 MB.
const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of the payload, as one or more `PayloadChunk`s.
pub fn payload_chunks(payload: &Bytes) -> Bytes {
    let mut out = BytesMut::new();
    for chunk in payload.chunks(PAYLOAD_BYTES_MAX) {
        event("PayloadChunk", "application/octet-stream", chunk, &mut out);
    }
    out.freeze()
}

/// The `InvokeComplete` that is always the last message; its members are there only if they say something.
pub fn invoke_complete(end: &FunctionEnd) -> Bytes {
    use base64::Engine as _;
    let FunctionEnd { error_code, error_details, log_tail } = end;
    let log_result = log_tail.as_ref().map(|tail| base64::engine::general_purpose::STANDARD.encode(tail));
    let members = [("ErrorCode", error_code), ("ErrorDetails", error_details), ("LogResult", &log_result)];
    let said = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value.clone()?))));
    let mut out = BytesMut::new();
    event("InvokeComplete", "application/json", Value::Object(said.collect::<Map<_, _>>()).to_string().as_bytes(), &mut out);
    out.freeze()
}

fn event(event_type: &str, content_type: &str, payload: &[u8], out: &mut BytesMut) {
    message(&[(":event-type", event_type), (":content-type", content_type), (":message-type", "event")], payload, out);
}

/// Headers are our own names and short values; a payload is no longer than [`PAYLOAD_BYTES_MAX`] or an error object.
fn message(headers: &[(&str, &str)], payload: &[u8], out: &mut BytesMut) {
    let headers_length: usize = headers.iter().map(|(name, value)| 1 + name.len() + 1 + 2 + value.len()).sum();
    let total = PRELUDE_BYTES + headers_length + payload.len() + CHECKSUM_BYTES;
    let length = |bytes: usize| u32::try_from(bytes).expect("a message is far shorter than 4 GiB");
    let start = out.len();
    out.reserve(total);
    out.put_u32(length(total));
    out.put_u32(length(headers_length));
    out.put_u32(crc32fast::hash(&out[start..]));
    for (name, value) in headers {
        out.put_u8(u8::try_from(name.len()).expect("names are our own and short"));
        out.put_slice(name.as_bytes());
        out.put_u8(STRING);
        out.put_u16(u16::try_from(value.len()).expect("values are our own and short"));
        out.put_slice(value.as_bytes());
    }
    out.put_slice(payload);
    out.put_u32(crc32fast::hash(&out[start..]));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// Reads messages by the specification, apart from the code above: headers and payload of each.
    fn decode(mut bytes: &[u8]) -> Vec<Message> {
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        let mut messages = Vec::new();
        while !bytes.is_empty() {
            let (total, headers_length) = (number(bytes), number(&bytes[4..]));
            assert_eq!(number(&bytes[8..]), crc32fast::hash(&bytes[..8]) as usize);
            assert_eq!(number(&bytes[total - 4..]), crc32fast::hash(&bytes[..total - 4]) as usize);
            let mut rest = &bytes[12..12 + headers_length];
            let mut headers = Vec::new();
            while !rest.is_empty() {
                let name_length = usize::from(rest[0]);
                let name = String::from_utf8(rest[1..=name_length].to_vec()).unwrap();
                rest = &rest[1 + name_length..];
                assert_eq!(rest[0], STRING);
                let value_length = usize::from(u16::from_be_bytes([rest[1], rest[2]]));
                headers.push((name, String::from_utf8(rest[3..3 + value_length].to_vec()).unwrap()));
                rest = &rest[3 + value_length..];
            }
            messages.push((headers, bytes[12 + headers_length..total - 4].to_vec()));
            bytes = &bytes[total..];
        }
        messages
    }

    #[test]
    fn an_end_says_only_what_there_is() {
        let quiet = decode(&invoke_complete(&FunctionEnd::default()));
        assert_eq!(quiet[0].1, b"{}");
        assert!(quiet[0].0.contains(&(":event-type".to_owned(), "InvokeComplete".to_owned())));
        let loud = FunctionEnd {
            error_code: Some("Unhandled".to_owned()),
            error_details: Some("{}".to_owned()),
            log_tail: Some(Bytes::from_static(b"log")),
        };
        assert_eq!(decode(&invoke_complete(&loud))[0].1, br#"{"ErrorCode":"Unhandled","ErrorDetails":"{}","LogResult":"bG9n"}"#);
    }

    #[test]
    fn a_long_payload_is_several_messages() {
        let payload = Bytes::from(vec![7; 2 * PAYLOAD_BYTES_MAX + 1]);
        let messages = decode(&payload_chunks(&payload));
        assert_eq!(messages.len(), 3);
        assert_eq!(messages.concat_payloads(), payload);
    }

    /// Headers and payload.
    type Message = (Vec<(String, String)>, Vec<u8>);

    trait Concat {
        fn concat_payloads(&self) -> Vec<u8>;
    }

    impl Concat for Vec<Message> {
        fn concat_payloads(&self) -> Vec<u8> {
            self.iter().flat_map(|(_, payload)| payload.clone()).collect()
        }
    }

    proptest! {
        #[test]
        fn what_is_framed_can_be_read(payload in proptest::collection::vec(any::<u8>(), 1..2000)) {
            let payload = Bytes::from(payload);
            prop_assert_eq!(decode(&payload_chunks(&payload)).concat_payloads(), payload);
        }
    }
}
