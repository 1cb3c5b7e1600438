//! Nothing panics, what was signed verifies, and what was changed after signing does not.
#![allow(clippy::unwrap_used)]

mod support;

use http::{HeaderMap, HeaderName, HeaderValue};
use postern_sigv4::{PathStyle, Payload, SigningRequest, UnsignedPayload, VerifyOptions, parse, verify};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Message, NOW_S, SERVICES, secret};

/// Header values in general: any byte that HTTP allows.
fn header_value() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8], 0..60)
}

/// Text that looks more or less like one of the things that are parsed.
fn nearly(valid: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        Just(valid.to_owned()),
        (any::<prop::sample::Index>(), "\\PC{0,4}").prop_map(move |(index, inserted)| {
            let at = index.index(valid.len() + 1);
            format!("{}{inserted}{}", &valid[..at], &valid[at..])
        }),
        any::<prop::sample::Index>().prop_map(move |index| valid[..index.index(valid.len() + 1)].to_owned()),
        "\\PC{0,40}",
    ]
}

const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/apigateway/aws4_request, \
                             SignedHeaders=host;x-amz-date, Signature=00";
const PRESIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20150830%2Fus-east-1%2Fapigateway%2F\
                         aws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&\
                         X-Amz-Signature=00";

fn insert(headers: &mut HeaderMap, name: &'static str, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.append(HeaderName::from_static(name), value);
    }
}

fn signable() -> impl Strategy<Value = Message> {
    let query = "([a-z%+=&;:/ ]|%[0-9a-fA-F]{2}|ሴ){0,30}";
    ("[A-Z]{1,8}", "/([a-z./ ~:@]|%[0-9a-fA-F]{2}|ሴ){0,30}", query, header_value(), vec(any::<u8>(), 0..50)).prop_map(
        |(method, path, query, value, body)| {
            let mut message = Message::new(&method, &path, &query).body(&body);
            insert(&mut message.headers, "x-note", &value);
            insert(&mut message.headers, "x-note", b"second");
            message
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_header_input_panics(
        method in "\\PC{0,10}",
        path in "\\PC{0,40}",
        query in prop_oneof!["\\PC{0,40}".boxed(), nearly(PRESIGNED).boxed()],
        authorization in nearly(AUTHORIZATION),
        date in nearly("20150830T123600Z"),
        http_date in nearly("Sun, 30 Aug 2015 12:36:00 GMT"),
        other in header_value(),
        now_s in prop_oneof![any::<i64>(), NOW_S - 400..NOW_S + 400],
        clock_skew_s in any::<u32>(),
        style in prop_oneof![Just(PathStyle::Normalized), Just(PathStyle::AsSent), Just(PathStyle::S3)],
    ) {
        let mut headers = HeaderMap::new();
        insert(&mut headers, "host", b"h");
        insert(&mut headers, "authorization", authorization.as_bytes());
        insert(&mut headers, "x-amz-date", date.as_bytes());
        insert(&mut headers, "date", http_date.as_bytes());
        insert(&mut headers, "x-amz-content-sha256", &other);
        let request = SigningRequest { method: &method, raw_path: &path, raw_query: &query, headers: &headers, body: Payload::Bytes(&other) };
        let options = VerifyOptions { clock_skew_s, path_style: style, unsigned_payload: UnsignedPayload::Allowed, ..VerifyOptions::for_services(SERVICES) };
        let outcome = parse(&request).and_then(|presented| verify(&presented, &request, &secret(), now_s, &options));
        prop_assert!(!outcome.unwrap_err().message().is_empty());
    }

    #[test]
    fn no_query_input_panics(query in nearly(PRESIGNED), now_s in NOW_S - 400..NOW_S + 400, token in header_value()) {
        let mut message = Message::new("GET", "/", &query);
        insert(&mut message.headers, "x-amz-security-token", &token);
        let error = message.verify_at(now_s, VerifyOptions::for_services(SERVICES)).unwrap_err();
        prop_assert!(!error.message().is_empty());
    }

    #[test]
    fn no_raw_header_value_panics(value in header_value(), date in header_value()) {
        let mut message = Message::new("GET", "/", "");
        insert(&mut message.headers, "authorization", &value);
        insert(&mut message.headers, "date", &date);
        prop_assert!(message.verify().is_err());
    }

    #[test]
    fn what_was_signed_verifies(message in signable(), expires_s in 1..=604_800_u32) {
        prop_assert_eq!(message.clone().signed().verify(), Ok(()));
        prop_assert_eq!(message.presigned(None, expires_s).verify(), Ok(()));
    }

    #[test]
    fn what_was_changed_does_not(message in signable(), character in "[a-z]", byte in any::<u8>(), presigned in any::<bool>()) {
        let signed = if presigned { message.presigned(None, 60) } else { message.signed() };
        let mut method = signed.clone();
        method.method.push('X');
        let mut path = signed.clone();
        path.path.push_str(&format!("/{character}"));
        let mut query = signed.clone();
        query.query.push_str(&format!("&{character}"));
        let mut body = signed.clone();
        body.body.push(byte);
        let header = signed.clone().header("x-note", &character);
        let mut host = signed.clone();
        host.headers.insert("host", HeaderValue::from_static("elsewhere"));
        for changed in [method, path, query, body, header, host, signed.without("x-note")] {
            prop_assert!(changed.verify().is_err(), "{:?}", changed);
        }
    }

    #[test]
    fn no_other_signature_verifies(message in signable(), index in 0..64_usize, digit in "[0-9a-fA-F]") {
        let signed = message.signed();
        let header = signed.headers["authorization"].to_str().unwrap().to_owned();
        let at = header.len() - 64 + index;
        prop_assume!(header[at..=at] != digit);
        let changed = signed.authorization(|header| format!("{}{digit}{}", &header[..at], &header[at + 1..]));
        prop_assert!(changed.verify().is_err());
    }
}
