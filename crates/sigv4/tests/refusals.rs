//! What is refused, with which code and in which words.
#![allow(clippy::unwrap_used)]

mod support;

use http::HeaderValue;
use postern_sigv4::{
    AUTHORIZATION_BYTES_MAX, AuthError, Credentials, Payload, QUERY_BYTES_MAX, RegionRule, SecretKey, Session, SignError,
    UnsignedPayload, VerifyOptions, parse, presign, sign, verify,
};
use support::{KEY_ID, Message, NOW_S, SERVICES, secret, target};

const INCOMPLETE: &str = "IncompleteSignatureException";
const INVALID: &str = "InvalidSignatureException";
const UNKNOWN: (&str, &str) = ("UnrecognizedClientException", "The security token included in the request is invalid.");
const MISMATCH: (&str, &str) = (
    INVALID,
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
     signing method. Consult the service documentation for details.",
);

fn get() -> Message {
    Message::new("GET", "/restapis", "limit=5")
}

fn options() -> VerifyOptions<'static> {
    VerifyOptions::for_services(SERVICES)
}

fn assert_refused(message: &Message, (code, text): (&str, &str)) {
    let (actual_code, actual_text) = message.refusal();
    assert_eq!((actual_code, actual_text.as_str()), (code, text), "{message:?}");
}

#[test]
fn nothing_presented() {
    let missing = ("MissingAuthenticationTokenException", "Missing Authentication Token");
    assert_refused(&get(), missing);
    assert_refused(&get().header("authorization", ""), missing);
    assert_refused(&get().header("x-amz-date", "20150830T123600Z"), missing);
    assert_refused(&Message::new("GET", "/", "X-Amz-Date=x&X-Amz-Expires=1"), missing);
}

#[test]
fn other_schemes_and_missing_parameters() {
    // The hash is that of the whole header: printf 'Basic eDp5PQ==' | openssl dgst -sha256 -binary | base64
    assert_refused(
        &get().header("authorization", "Basic eDp5PQ=="),
        (
            INCOMPLETE,
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
             Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a \
             'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) \
             Authorization=u0EhZQkpL+aTvZ3QlV/JyRdn9pvLO2FHtvEiZklCaEI=",
        ),
    );
    assert_refused(
        &get().header("authorization", "Bearer secret-token"),
        (
            INCOMPLETE,
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with \
             Base64): 'hud0v/kLD+X47AD/2eV5xlNwXKFihdCdmSriv7WLwwg='.",
        ),
    );
    assert_refused(
        &get().header("authorization", "x-api-key=1"),
        (INCOMPLETE, "Authorization header must begin with the algorithm name, which cannot include an equal-sign"),
    );
    let (code, text) = get().signed().without("x-amz-date").refusal();
    assert_eq!(code, INCOMPLETE);
    assert!(text.starts_with("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (H"));
    let (_, text) = get().signed().authorization(|header| header.replace("Signature=", "Signatur=")).refusal();
    assert!(text.starts_with("Authorization header requires 'Signature' parameter. (Hashed"), "{text}");
    let (_, text) = get().signed().authorization(|header| header.replace("Credential=A", "Credential= A")).refusal();
    assert!(text.starts_with("Invalid key=value pair (missing equal-sign)"), "{text}");
}

#[test]
fn no_message_repeats_the_header() {
    for header in ["Bearer hunter2", "Basic hunter2==", "hunter2", "hunter2=x", "AWS4-HMAC-SHA256 hunter2"] {
        let (_, text) = get().header("authorization", header).refusal();
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn parameters_in_any_order_and_spacing() {
    let signed = get().signed();
    let header = signed.headers["authorization"].to_str().unwrap().to_owned();
    let (algorithm, parameters) = header.split_once(' ').unwrap();
    let mut parts: Vec<&str> = parameters.split(", ").collect();
    parts.reverse();
    for separator in [", ", ",", ",   ", " , ", " ", ",\t"] {
        let header = format!("{algorithm} {}", parts.join(separator));
        assert_eq!(signed.clone().authorization(|_| header).verify(), Ok(()), "{separator:?}");
    }
}

#[test]
fn malformed_parts() {
    let with = |from: &str, to: &str| get().signed().authorization(|header| header.replace(from, to));
    assert_refused(
        &with("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        (INCOMPLETE, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). "),
    );
    assert_refused(
        &with("/apigateway/", "/"),
        (
            INCOMPLETE,
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
             'AKIDEXAMPLE/20150830/us-east-1/aws4_request'",
        ),
    );
    assert_refused(&with("AKIDEXAMPLE", "AKID-EXAMPLE"), UNKNOWN);
    assert_refused(&with("AKIDEXAMPLE", ""), UNKNOWN);
    assert_refused(&with("AKIDEXAMPLE", &"A".repeat(129)), UNKNOWN);
    for names in ["host;host;x-amz-date", "host;;x-amz-date", "host;x-amz-date;", "ho(st;x-amz-date"] {
        let message = with("host;x-amz-date", names);
        let expected = "SignedHeaders must be header names, each once, separated by semicolons.";
        assert_refused(&message, (INCOMPLETE, expected));
    }
    let mut message = get().signed();
    message.headers.insert("x-amz-date", HeaderValue::from_static("2015-08-30T12:36:00Z"));
    assert_refused(
        &message,
        (
            INCOMPLETE,
            "Date must be in ISO-8601 'basic format'. Got '2015-08-30T12:36:00Z'. See http://en.wikipedia.org/wiki/ISO_8601",
        ),
    );
}

#[test]
fn wrong_scopes_are_told_together() {
    let message = get()
        .signed()
        .authorization(|header| header.replace("20150830/us-east-1/apigateway/aws4_request", "20150831/US_EAST/s3/aws5_request"));
    assert_refused(
        &message,
        (
            INVALID,
            "Credential should be scoped to a valid region, not 'US_EAST'. Credential should be scoped to correct service: \
             'apigateway'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. Date in \
             Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != '20150830', \
             from '20150830T123600Z'.",
        ),
    );
    let only_sts = VerifyOptions::for_services(&["sts"]);
    let error = get().signed().verify_at(NOW_S, only_sts).unwrap_err();
    assert_eq!(error.message(), "Credential should be scoped to correct service: 'sts'. ");
    let region = VerifyOptions { region: RegionRule::Exactly("eu-west-1"), ..options() };
    let error = get().signed().verify_at(NOW_S, region).unwrap_err();
    assert_eq!(error.message(), "Credential should be scoped to a valid region, not 'us-east-1'. ");
    assert!(get().signed().verify_at(NOW_S, VerifyOptions::for_services(&[])).is_err());
}

#[test]
fn headers_that_must_be_signed() {
    let message = get().signed().authorization(|header| header.replace("host;", ""));
    assert_refused(&message, (INVALID, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    let message = get().signed().authorization(|header| header.replace("host;x-amz-date", ""));
    assert_refused(&message, (INVALID, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    let message = get().signed().header("x-amz-source", "added");
    assert_refused(&message, (INVALID, "'x-amz-source' must be a 'SignedHeader' in the AWS Authorization."));
    assert_eq!(get().signed().header("x-forwarded-for", "added").verify(), Ok(()));
}

#[test]
fn a_signed_header_that_is_gone() {
    assert_refused(&get().header("x-empty", "").signed().without("x-empty"), MISMATCH);
    assert_refused(&get().signed().without("host"), MISMATCH);
}

#[test]
fn clocks() {
    let signed = get().signed();
    for offset_s in [-300, 0, 300] {
        assert_eq!(signed.verify_at(NOW_S + offset_s, options()), Ok(()));
    }
    let late = signed.verify_at(NOW_S + 301, options()).unwrap_err();
    assert_eq!(late.code(), INVALID);
    assert_eq!(
        late.message(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    );
    let early = signed.verify_at(NOW_S - 301, options()).unwrap_err();
    assert_eq!(early.code(), INVALID);
    assert_eq!(
        early.message(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
    );
    for now_s in [i64::MIN, i64::MAX] {
        assert!(signed.verify_at(now_s, options()).is_err());
    }
}

#[test]
fn presigned_urls_live_as_long_as_they_say() {
    let url = get().presigned(None, 3600);
    for offset_s in [-300, 0, 3600] {
        assert_eq!(url.verify_at(NOW_S + offset_s, options()), Ok(()));
    }
    let late = url.verify_at(NOW_S + 3601, options()).unwrap_err();
    assert_eq!(
        late.message(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T133601Z - 60 min.)"
    );
    assert!(matches!(url.verify_at(NOW_S - 301, options()), Err(AuthError::NotYetCurrent { .. })));
}

#[test]
fn presigned_urls_with_faults() {
    let with = |from: &str, to: &str| {
        let mut message = get().presigned(None, 60);
        message.query = message.query.replace(from, to);
        message
    };
    for expires in ["0", "604801", "-1", "+60", "", "6e1", "99999999999999999999"] {
        let message = with("X-Amz-Expires=60", &format!("X-Amz-Expires={expires}"));
        assert_refused(&message, (INCOMPLETE, "X-Amz-Expires must be a number of seconds between 1 and 604800."));
    }
    assert_refused(
        &with("X-Amz-Expires=60&", ""),
        (INCOMPLETE, "AWS query-string parameters must include 'X-Amz-Expires'. Re-examine the query-string parameters."),
    );
    assert_refused(
        &Message::new("GET", "/", "X-Amz-Signature=00"),
        (
            INCOMPLETE,
            "AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include \
             'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Date'. AWS query-string parameters must \
             include 'X-Amz-Expires'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the \
             query-string parameters.",
        ),
    );
    assert_refused(&with("X-Amz-Expires=60", "X-Amz-Expires=61"), MISMATCH);
    assert_refused(&with("limit=5", "limit=6"), MISMATCH);
    assert_refused(&with("limit=5&", ""), MISMATCH);
    assert_refused(
        &with("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=60"),
        (INCOMPLETE, "'X-Amz-Expires' must be there only once."),
    );
    assert_refused(
        &with("X-Amz-Expires=60", "X-Amz-Expires=60&X%2DAmz-Signature=00"),
        (INCOMPLETE, "'X-Amz-Signature' must be there only once."),
    );
}

#[test]
fn one_form_and_each_header_once() {
    let both = get().presigned(None, 60).signed();
    let two_forms = "Sign either in the Authorization header or in the query string, not in both.";
    assert_refused(&both, (INCOMPLETE, two_forms));
    assert_refused(&get().presigned(None, 60).header("authorization", "Bearer x"), (INCOMPLETE, two_forms));
    for (name, shown) in [
        ("authorization", "Authorization"),
        ("host", "Host"),
        ("x-amz-date", "X-Amz-Date"),
        ("x-amz-security-token", "X-Amz-Security-Token"),
        ("x-amz-content-sha256", "x-amz-content-sha256"),
    ] {
        let message = get().signed().header(name, "a").header(name, "a");
        let twice = format!("'{shown}' must be there only once.");
        assert_refused(&message, (INCOMPLETE, &twice));
    }
    let message = get().signed().authorization(|header| header + ", Signature=00");
    assert_refused(&message, (INCOMPLETE, "'Signature' must be there only once."));
    let message = get().presigned(Some("t"), 60).header("x-amz-security-token", "t");
    assert_refused(&message, (INCOMPLETE, "'X-Amz-Security-Token' must be there only once."));
}

#[test]
fn payloads() {
    let post = || Message::new("POST", "/restapis", "").body(b"{}");
    assert_refused(&post().signed().body(b"{ }"), MISMATCH);
    // The declared hash is part of what is signed, and still has to be that of the body.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let target = postern_sigv4::SigningTarget { content_sha256: postern_sigv4::ContentSha256::Send, ..target() };
    let declared = Message::new("POST", "/restapis", "").signed_with(None, target);
    assert_eq!(declared.headers["x-amz-content-sha256"], empty);
    assert_eq!(declared.verify(), Ok(()));
    assert_eq!(declared.body(b"{}").verify(), Err(AuthError::PayloadMismatch));
    assert_eq!(AuthError::PayloadMismatch.message(), MISMATCH.1);

    let streaming = post().header("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    let mut signed = post().signed();
    signed.headers.extend(streaming.headers);
    let signed = signed.authorization(|header| header.replace("host;", "host;x-amz-content-sha256;"));
    assert_eq!(signed.verify(), Err(AuthError::StreamingPayload));
}

#[test]
fn unsigned_payload_only_where_allowed() {
    let mut message = Message::new("POST", "/restapis", "").body(b"{}");
    let unsigned = postern_sigv4::SigningRequest { body: Payload::Unsigned, ..message.request() };
    let credentials = Credentials { access_key_id: KEY_ID, secret: &secret(), session_token: None };
    let added = sign(&unsigned, &credentials, &target(), NOW_S).unwrap();
    message.headers.extend(added);
    assert_eq!(message.headers["x-amz-content-sha256"], "UNSIGNED-PAYLOAD");
    assert_eq!(message.verify(), Err(AuthError::UnsignedPayload));
    let allowed = VerifyOptions { unsigned_payload: UnsignedPayload::Allowed, ..options() };
    assert_eq!(message.verify_at(NOW_S, allowed), Ok(()));
    // A body that the caller did not hash passes only when the client said that it is not covered.
    let signed = Message::new("POST", "/restapis", "").signed();
    let unread = postern_sigv4::SigningRequest { body: Payload::Unsigned, ..signed.request() };
    let verified = verify(&parse(&unread).unwrap(), &unread, &secret(), NOW_S, &allowed);
    assert_eq!(verified, Err(AuthError::PayloadMismatch));
}

#[test]
fn a_hash_taken_while_streaming_serves_as_well() {
    let signed = Message::new("POST", "/restapis", "").signed();
    let hash = [
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4,
        0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ];
    let request = postern_sigv4::SigningRequest { body: Payload::Sha256(hash), ..signed.request() };
    assert_eq!(verify(&parse(&request).unwrap(), &request, &secret(), NOW_S, &options()), Ok(()));
}

#[test]
fn session_tokens() {
    for message in [get().signed_with(Some("token/+=="), target()), get().presigned(Some("token/+=="), 60)] {
        assert_eq!(parse(&message.request()).unwrap().session_token.as_deref(), Some("token/+=="));
        assert_refused(&message, UNKNOWN);
        for (expected, expires_s, result) in [
            (Some("token/+=="), NOW_S + 1, Ok(())),
            (Some("token/+=="), NOW_S, Err(AuthError::ExpiredToken)),
            (Some("other"), NOW_S + 1, Err(AuthError::UnknownKey)),
            // Whoever has no token is not told that it has expired.
            (Some("other"), NOW_S, Err(AuthError::UnknownKey)),
            (None, NOW_S + 1, Err(AuthError::UnknownKey)),
        ] {
            assert_eq!(message.verify_at(NOW_S, lent(expected, expires_s)), result);
        }
    }
    assert_eq!(get().signed().verify_at(NOW_S, lent(Some("token"), NOW_S + 1)), Err(AuthError::UnknownKey));
    let expired = AuthError::ExpiredToken;
    let text = "The security token included in the request is expired";
    assert_eq!((expired.code(), expired.message().as_str()), ("ExpiredTokenException", text));
}

/// Options for a key that was lent with this token.
fn lent(token: Option<&str>, expires_s: i64) -> VerifyOptions<'static> {
    let session = token.map(|token| Session { token_sha256: Session::hash_of(token), expires_s });
    VerifyOptions { session, ..options() }
}

#[test]
fn everything_is_bounded() {
    let too_large = |message: &Message| matches!(message.verify(), Err(AuthError::TooLarge { .. }));
    assert!(too_large(&get().header("authorization", &"a".repeat(AUTHORIZATION_BYTES_MAX + 1))));
    assert!(too_large(&Message::new("GET", "/", &"a".repeat(QUERY_BYTES_MAX + 1))));
    assert!(too_large(&Message::new("GET", &"a".repeat(16 * 1024 + 1), "")));
    let names: Vec<String> = (0..65).map(|number| format!("h{number}")).collect();
    let many = get().signed().authorization(|header| header.replace("host", &names.join(";")));
    assert!(too_large(&many));
    assert!(too_large(&get().signed().header("x-amz-security-token", &"a".repeat(8 * 1024 + 1))));
    let long = get().signed().authorization(|header| header.replace("us-east-1", &"a".repeat(600)));
    assert_eq!(long.refusal(), (INCOMPLETE, "Credential must not be longer than 512.".to_owned()));
}

#[test]
fn debug_shows_no_secret() {
    let message = get().presigned(Some("the-token"), 60);
    let presented = parse(&message.request()).unwrap();
    let signature = message.query.rsplit_once('=').unwrap().1;
    let options = lent(Some("the-token"), NOW_S + 1);
    let credentials = Credentials { access_key_id: KEY_ID, secret: &secret(), session_token: Some("the-token") };
    let shown = format!("{presented:?} {options:?} {credentials:?} {:?}", SecretKey::new("hunter2"));
    for hidden in [signature, "the-token", "hunter2", support::SECRET] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[test]
fn what_cannot_be_signed() {
    let secret = secret();
    let credentials = Credentials { access_key_id: KEY_ID, secret: &secret, session_token: None };
    let sign_get = |credentials, target| sign(&get().request(), &credentials, &target, NOW_S).unwrap_err();
    assert_eq!(sign(&get().without("host").request(), &credentials, &target(), NOW_S), Err(SignError::NoHost));
    let region = postern_sigv4::SigningTarget { region: "a/b", ..target() };
    assert_eq!(sign_get(credentials, region), SignError::InvalidScope { what: "the region" });
    let token = Credentials { session_token: Some("a\nb"), ..credentials };
    assert_eq!(sign_get(token, target()), SignError::InvalidToken);
    for expires_s in [0, 604_801] {
        let presigned = presign(&get().request(), &credentials, &target(), NOW_S, expires_s);
        assert_eq!(presigned, Err(SignError::InvalidExpires));
    }
    let twice = presign(&get().presigned(None, 60).request(), &credentials, &target(), NOW_S, 60);
    assert_eq!(twice, Err(SignError::AlreadyPresigned { name: "X-Amz-Algorithm" }));
}

#[test]
fn signing_again_replaces_the_first_signature() {
    let mut message = get().signed();
    let credentials = Credentials { access_key_id: KEY_ID, secret: &secret(), session_token: None };
    let added = sign(&message.request(), &credentials, &target(), NOW_S + 1000).unwrap();
    message.headers.extend(added);
    assert_eq!(message.verify_at(NOW_S + 1000, options()), Ok(()));
}
