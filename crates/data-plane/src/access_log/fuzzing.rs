//! A target of the fuzzer: what of a request gets into a line of the access log.

use std::net::IpAddr;

use serde_json::Value;

use super::escape::{self, Place, Shown};
use super::format::Format;
use super::{Ending, Entry};
use crate::clock::EpochMillis;
use crate::fuzzing::{Target, parts, seeds};

/// A method, a path, an API, a stage, numbers and an address.
pub(crate) const ACCESS_LOG: Target = ("access-log", access_log, || {
    seeds(&[
        "GET|/pets/7|abc123|prod|1775738096007|127.0.0.1",
        "GET|/a\"}\n{\"\\\u{1b}[2Jé|x\"|\\|0|::1",
        "|||||::ffff:1.2.3.4",
        "M|/|a|s|18446744073709551615|fe80::1",
    ])
});

fn access_log(input: &[u8]) {
    let [method, path, api, stage, number, peer] = parts(input);
    let number: u64 = number.parse().unwrap_or(0);
    let entry = Entry {
        time: EpochMillis(number),
        request_id: b"c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        api: &api,
        stage: &stage,
        method: &method,
        path: &path,
        status: 200,
        latency_ms: number,
        integration_latency_ms: number.is_multiple_of(2).then_some(number),
        bytes: number,
        ending: if number.is_multiple_of(3) { Ending::BrokenOff } else { Ending::Whole },
        peer: peer.parse().unwrap_or(IpAddr::from([127, 0, 0, 1])),
        caller: number.is_multiple_of(5).then_some(&*api),
    };
    let mut line = Vec::new();
    entry.push_line(&mut line);
    let (end, visible) = line.split_last().expect("a line has an end");
    assert!(*end == b'\n' && visible.iter().all(|byte| (0x20..0x7f).contains(byte)), "a line can be shown");
    let json: Value = serde_json::from_slice(&line).expect("a line is JSON");
    assert_eq!(json["latencyMs"].as_u64(), Some(number));
    // Plain text stands there as it is.
    if api.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        assert_eq!(json["api"].as_str(), Some(&*api));
    }
}

/// A value, wherever a format puts one.
pub(crate) const ACCESS_LOG_FORMAT: Target = ("access-log-format", access_log_format, || {
    seeds(&[
        "{\"a\":\"$context.identity.userAgent\",\"b\":$context.status}|x\",\"b\":1}\n{\"",
        "<r a=\"$context.requestId\">$context.path</r>|<&\u{2028}",
        "$context.requestId,\"$context.path\"|a,\"b\"",
        "$context.requestId.$context.|\\",
    ])
});

fn access_log_format(input: &[u8]) {
    let [format, value] = parts(input);
    let (format, _) = Format::compile(&format);
    let line = format.line_of(&value);
    let inside = line.strip_suffix(b"\n").expect("a line has an end");
    assert!(!inside.contains(&b'\n') && !inside.contains(&b'\r'), "a value or a format makes a second line");
    for place in [Place::JsonString, Place::JsonBare] {
        let mut out = Vec::new();
        escape::push(&mut out, Some(Shown::Text(&value)), place);
        let text = String::from_utf8(out).expect("text stays text");
        let text = if place == Place::JsonString { format!("\"{text}\"") } else { text };
        let parsed: Value = serde_json::from_str(&text).expect("a value is one value of JSON");
        assert!(!parsed.is_object() && !parsed.is_array());
    }
}
