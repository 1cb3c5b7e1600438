//! A target of the fuzzer: the ids that a client may bring.

use http::{HeaderMap, HeaderValue};

use super::{EXTENDED_ID_LEN, RequestIds, TRACE_LEN, UUID_LEN};
use crate::clock::EpochMillis;
use crate::fuzzing::{Target, parts, seeds};
use crate::headers::{Fields, names};

/// An `X-Amzn-Trace-Id`, an `x-amzn-RequestId`, and a time.
pub(crate) const REQUEST_IDS: Target = ("request-ids", request_ids, || {
    seeds(&[
        "Root=1-67891233-abcdef012345678912345678|c6af9ac6-7b61-11e6-9a41-93e8deadbeef|1775738096007",
        "Self=1-67891233-12456789abcdef012345678; Root=1-67891233-ABCDEF012345678912345678 ;Parent=x;Sampled=1|x|0",
        "Root=1-67891233-abcdef01234567891234567é|c6af9ac6-7b61-11e6-9a41-93e8deadbee|18446744073709551615",
        "Root=||",
    ])
});

fn request_ids(input: &[u8]) {
    let [trace, request, time] = parts(input);
    let mut headers = HeaderMap::new();
    for (name, text) in [(names::TRACE_ID, &trace), (names::REQUEST_ID, &request)] {
        HeaderValue::from_bytes(text.as_bytes()).into_iter().for_each(|value| drop(headers.insert(&name, value)));
    }
    let ids = RequestIds::new(&headers, Fields::of(&headers), EpochMillis(time.parse().unwrap_or(0)));
    let [request_id, extended, trace_id] =
        [&ids.request, &ids.extended, &ids.trace].map(|id| id.to_str().expect("an id is visible ASCII"));
    assert_eq!([request_id.len(), extended.len(), trace_id.len()], [UUID_LEN, EXTENDED_ID_LEN, TRACE_LEN]);
    assert!(request_id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{request_id}");
    assert!(trace_id.starts_with("Root=1-") && trace_id.ends_with(";Sampled=0"), "{trace_id}");
    assert_eq!(trace_id.matches(';').count(), 2, "{trace_id}");
    let root = ids.trace_root();
    assert!(trace_id.as_bytes().starts_with(root.as_bytes()));
}
