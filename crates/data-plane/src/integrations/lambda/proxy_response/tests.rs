//! Results of functions, and what they make.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// Status, fields and body; `-` for what is malformed.
fn shown(result: &str) -> String {
    match ProxyResponse::parse(result.as_bytes()) {
        Ok(response) => {
            let fields = response.headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap()));
            let fields: Vec<_> = fields.collect();
            let base64 = if response.is_base64 { " base64" } else { "" };
            format!("{} [{}] {:?}{base64}", response.status.as_u16(), fields.join(", "), response.body)
        }
        Err(failure) => {
            assert_eq!(failure.lines(), ["Execution failed due to configuration error: Malformed Lambda proxy response"]);
            "-".to_owned()
        }
    }
}

#[test]
fn recorded() {
    for (result, expected) in [
        (r#"{"statusCode": 200}"#, r#"200 [] """#),
        (
            r#"{"statusCode": 200, "headers": {"test-header": "value", "header-bool": true}}"#,
            r#"200 [test-header=value, header-bool=true] """#,
        ),
        (r#"{"statusCode": 200, "headers": null}"#, r#"200 [] """#),
        (r#"{"statusCode": 200, "wrongValue": "value"}"#, "-"),
        ("{}", "-"),
        (r#"{"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": true}"#, r#"200 [] "dGVzdC1kYXRh" base64"#),
        (r#"{"statusCode": 200, "body": "dGVzdC1kYXRh"}"#, r#"200 [] "dGVzdC1kYXRh""#),
        (
            r#"{"statusCode": 200, "multiValueHeaders": {"test-multi": ["value1", "value2"]}}"#,
            r#"200 [test-multi=value1, test-multi=value2] """#,
        ),
        (
            r#"{"statusCode": 200, "headers": {"test-multi": "value-solo"}, "multiValueHeaders": {"test-multi": ["value-multi"]}}"#,
            r#"200 [test-multi=value-multi, test-multi=value-solo] """#,
        ),
        (
            r#"{"statusCode": 200, "headers": {"test-multi": "value-solo"}, "multiValueHeaders": {"tesT-Multi": ["value-multi"]}}"#,
            r#"200 [test-multi=value-multi, test-multi=value-solo] """#,
        ),
        (r#"{"statusCode": 200, "multiValueHeaders": {"test-multi": "value-multi"}}"#, "-"),
        (r#"{"statusCode": "test"}"#, "-"),
        (r#"{"statusCode": "201"}"#, r#"201 [] """#),
        (r#""just a string""#, "-"),
        (r#"{"headers": {"test-header": "value"}}"#, r#"200 [test-header=value] """#),
    ] {
        assert_eq!(shown(result), expected, "{result}");
    }
}

#[test]
fn malformed_results() {
    for result in [
        "",
        "null",
        "[]",
        "7",
        "not json",
        "{\"statusCode\": 200",
        r#"{"statusCode": 99}"#,
        r#"{"statusCode": 100}"#,
        r#"{"statusCode": 600}"#,
        r#"{"statusCode": -200}"#,
        r#"{"statusCode": 200.5}"#,
        r#"{"statusCode": {}}"#,
        r#"{"statusCode": 99999999999999999999}"#,
        r#"{"headers": []}"#,
        r#"{"headers": {"a": {}}}"#,
        r#"{"headers": {"a": ["b"]}}"#,
        r#"{"headers": {"a b": "c"}}"#,
        r#"{"headers": {"": "c"}}"#,
        r#"{"headers": {"a": "b\r\nc: d"}}"#,
        r#"{"headers": {"a": "b\u0000"}}"#,
        r#"{"multiValueHeaders": {"a": [["b"]]}}"#,
        r#"{"multiValueHeaders": "x"}"#,
        r#"{"body": {}}"#,
        r#"{"body": ["x"]}"#,
        r#"{"isBase64Encoded": "yes"}"#,
        r#"{"isBase64Encoded": 1}"#,
        r#"{"statusCode": 200, "cookies": ["a=b"]}"#,
        r#"{"errorMessage": "x"}"#,
    ] {
        assert_eq!(shown(result), "-", "{result}");
    }
}

#[test]
fn what_frames_a_message_is_not_the_functions_to_say() {
    let result = r#"{"headers": {"Content-Length": "5", "Transfer-Encoding": "chunked"},
        "multiValueHeaders": {"content-length": ["6", 7], "transfer-encoding": ["gzip", "chunked"]}}"#;
    let length = "x-amzn-remapped-content-length";
    assert_eq!(shown(result), format!("200 [{length}=6, {length}=7, {length}=5] \"\""));
}

#[test]
fn scalars_and_nulls() {
    let result = r#"{"statusCode": null, "body": 1.5, "isBase64Encoded": "true", "headers": {"a": null, "n": 7},
        "multiValueHeaders": {"m": null, "o": [null, false]}}"#;
    assert_eq!(shown(result), r#"200 [o=false, n=7] "1.5" base64"#);
    assert_eq!(shown(r#"{"body": null}"#), r#"200 [] """#);
}

#[test]
fn fields_are_bounded() {
    let many: Vec<String> = (0..=FIELDS_MAX).map(|at| format!("\"h{at}\": \"v\"")).collect();
    assert_eq!(shown(&format!("{{\"headers\": {{{}}}}}", many.join(","))), "-");
    let long = "x".repeat(FIELD_BYTES_MAX);
    assert_eq!(shown(&format!("{{\"headers\": {{\"a\": \"{long}\"}}}}")), "-");
    let deep = format!("{{\"body\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(shown(&deep), "-");
}

#[test]
fn metadata_of_a_stream() {
    let parsed = Metadata::parse(br#"{"statusCode": 201, "headers": {"a": "b"}, "cookies": ["c=1", "d=2"]}"#).unwrap();
    assert_eq!(parsed.status, StatusCode::CREATED);
    let cookies: Vec<_> = parsed.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["c=1", "d=2"]);
    assert_eq!(parsed.headers["a"], "b");
    assert_eq!(Metadata::parse(b"{}").unwrap().status, StatusCode::OK);
    for wrong in [&br#"{"cookies": "a=b"}"#[..], br#"{"body": "x"}"#, b"[]", b"", br#"{"cookies": ["a\r\nb"]}"#] {
        assert!(Metadata::parse(wrong).is_err(), "{}", String::from_utf8_lossy(wrong));
    }
}

proptest! {
    /// Whatever a function returns, nothing of it frames the message or ends a field.
    #[test]
    fn no_result_smuggles(name in "[A-Za-z-]{1,20}|Content-Length|Transfer-Encoding", value in "\\PC*|[ -~\r\n]*") {
        let result = serde_json::json!({"headers": {name.as_str(): value.as_str()}, "multiValueHeaders": {name: [value]}});
        if let Ok(response) = ProxyResponse::parse(result.to_string().as_bytes()) {
            prop_assert!(!response.headers.contains_key(header::CONTENT_LENGTH));
            prop_assert!(!response.headers.contains_key(header::TRANSFER_ENCODING));
            for value in response.headers.values() {
                prop_assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            }
        }
    }

    #[test]
    fn nothing_panics(result in "\\PC*|\\{\"(statusCode|headers|multiValueHeaders|body)\": *[\\[\\]{}\"a-z0-9.,:-]*\\}") {
        let _ = ProxyResponse::parse(result.as_bytes());
        let _ = Metadata::parse(result.as_bytes());
    }
}
