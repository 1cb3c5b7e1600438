//! The canonical request: one text for all the ways in which the same request can be written.

use http::HeaderMap;
use http::header::{AsHeaderName, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use crate::request::{PathStyle, SigningRequest};

/// Everything but RFC 3986's unreserved characters: the only encoding AWS's canonical form knows.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The query parameter that carries the signature and is therefore the one thing a presigned URL does not sign.
pub(crate) const SIGNATURE_PARAMETER: &str = "X-Amz-Signature";

/// Builds the canonical request. `signed_headers` is sorted and lower case; `payload_hash` is its last line.
///
/// Bytes, not text: header values may hold bytes that are not UTF-8.
pub(crate) fn canonical_request(
    request: &SigningRequest<'_>,
    path_style: PathStyle,
    signed_headers: &[HeaderName],
    payload_hash: &str,
) -> Vec<u8> {
    let mut text = Vec::with_capacity(512 + request.raw_path.len() + request.raw_query.len());
    for part in [request.method, &canonical_uri(request.raw_path, path_style), &canonical_query(request.raw_query)] {
        text.extend_from_slice(part.as_bytes());
        text.push(b'\n');
    }
    for name in signed_headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b':');
        push_header_values(&mut text, request.headers, name);
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(joined(signed_headers).as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload_hash.as_bytes());
    text
}

/// `SignedHeaders` as it is written: names joined by `;`.
pub(crate) fn joined(signed_headers: &[HeaderName]) -> String {
    let names: Vec<&str> = signed_headers.iter().map(HeaderName::as_str).collect();
    names.join(";")
}

/// Percent-encodes one name, value or path segment.
pub(crate) fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, STRICT).to_string()
}

/// The parts of a query, decoded, in the order sent: `a=b`, or `a` alone with an empty value.
///
/// `+` is a plus sign: reading it as a space belongs to HTML forms, and AWS's canonical form has `%2B` for it. Empty parts
/// (`a&&b`) are no parameters.
pub(crate) fn query_pairs(raw_query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let decode = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    raw_query.split('&').filter(|part| !part.is_empty()).map(move |part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(name), decode(value))
    })
}

fn canonical_query(raw_query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query_pairs(raw_query)
        .filter(|(name, _)| name != SIGNATURE_PARAMETER.as_bytes())
        .map(|(name, value)| (encode(&name), encode(&value)))
        .collect();
    // By the encoded name, then the encoded value; sorting `name=value` as one text would put `a-b` before `a`.
    pairs.sort_unstable();
    let parts: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    parts.join("&")
}

fn canonical_uri(raw_path: &str, style: PathStyle) -> String {
    let encode_segments = |path: &str| {
        let segments: Vec<String> = path.split('/').map(|segment| encode(segment.as_bytes())).collect();
        segments.join("/")
    };
    let path = if raw_path.is_empty() { "/" } else { raw_path };
    match style {
        PathStyle::Normalized => encode_segments(&resolved(path)),
        PathStyle::AsSent => encode_segments(path),
        // Decoding first makes clients agree that encode different characters; by segment, so that `%2F` stays itself.
        PathStyle::S3 => {
            let segments: Vec<String> =
                path.split('/').map(|segment| encode(&percent_decode_str(segment).collect::<Vec<u8>>())).collect();
            segments.join("/")
        }
    }
}

/// RFC 3986's removal of dot segments, and of empty ones, as AWS's test suite has it.
fn resolved(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// All values of a header, each trimmed and with runs of blanks made one space, joined by commas in the order sent.
fn push_header_values(text: &mut Vec<u8>, headers: &HeaderMap, name: impl AsHeaderName) {
    for (index, value) in headers.get_all(name).iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        let words = value.as_bytes().split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            if index > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_encoded_and_sorted() {
        for (raw, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1", "a=1&a=2"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("flag", "flag="),
            ("&a=1&&", "a=1"),
            ("a=b=c", "a=b%3Dc"),
            ("a=x+y&b=x%2by", "a=x%2By&b=x%2By"),
            ("a=%7e%41", "a=~A"),
            ("a=%zz%", "a=%25zz%25"),
            ("ሴ=bar", "%E1%88%B4=bar"),
            ("a=1&X-Amz-Signature=ff", "a=1"),
            ("arn=arn:aws:x/y", "arn=arn%3Aaws%3Ax%2Fy"),
        ] {
            assert_eq!(canonical_query(raw), canonical, "{raw}");
        }
    }

    #[test]
    fn paths_in_each_style() {
        for (raw, normalized, as_sent, s3) in [
            ("", "/", "/", "/"),
            ("/a/./b/../c/", "/a/c/", "/a/./b/../c/", "/a/./b/../c/"),
            ("//a//b", "/a/b", "//a//b", "//a//b"),
            ("/..", "/", "/..", "/.."),
            ("/a%20b", "/a%2520b", "/a%2520b", "/a%20b"),
            ("/a b", "/a%20b", "/a%20b", "/a%20b"),
            ("/tags/arn%3Aaws%2Fx", "/tags/arn%253Aaws%252Fx", "/tags/arn%253Aaws%252Fx", "/tags/arn%3Aaws%2Fx"),
        ] {
            assert_eq!(canonical_uri(raw, PathStyle::Normalized), normalized, "{raw}");
            assert_eq!(canonical_uri(raw, PathStyle::AsSent), as_sent, "{raw}");
            assert_eq!(canonical_uri(raw, PathStyle::S3), s3, "{raw}");
        }
    }
}
