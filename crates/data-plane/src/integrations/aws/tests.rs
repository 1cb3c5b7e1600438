//! What goes over the wire, held against our own verifier.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::time::Duration;

use http::HeaderValue;
use postern_api_model::hidden::Hidden;
use postern_sigv4::{PathStyle, Session, VerifyOptions, parse, verify};

use super::*;

/// 2026-01-31T12:34:56Z.
const NOW_S: i64 = 1_769_862_896;
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn credentials(token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Hidden::new(SECRET.to_owned()),
        session_token: token.map(|token| Hidden::new(token.to_owned())),
    }
}

fn request<'a>(service: Service<'a>, method: Method, uri: &'static str, body: &'static str) -> SignedRequest<'a> {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("accept", "application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", "AmazonAPIGateway_abc123"),
        ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
        // Not a client's to say.
        ("host", "elsewhere"),
        ("x-amz-security-token", "stolen"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    SignedRequest {
        service,
        region: "eu-west-1",
        account: "111122223333",
        place: Place::Aws,
        method,
        uri: Uri::from_static(uri),
        headers,
        body: Bytes::from_static(body.as_bytes()),
        signer: Signer::Default,
        deadline: Instant::now() + Duration::from_secs(1),
    }
}

fn sent(request: SignedRequest<'_>, token: Option<&str>) -> UpstreamRequest {
    let located = request.place.locate(&request.service, request.region, &Backends::default().services).unwrap();
    signed(request, located, &credentials(token), NOW_S).unwrap()
}

fn shown(request: &UpstreamRequest) -> String {
    let mut text = format!("{} {}\n", request.method, request.uri);
    let mut fields: Vec<_> = request.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    fields.sort_unstable();
    fields.iter().for_each(|(name, value)| writeln!(text, "{name}: {value}").unwrap());
    write!(text, "\n{}", String::from_utf8(request.body.whole().unwrap().to_vec()).unwrap()).unwrap();
    text
}

/// As the service would.
fn check(request: &UpstreamRequest, service: &str, token: Option<&str>) {
    let body = request.body.whole().unwrap();
    let signing = SigningRequest {
        method: request.method.as_str(),
        raw_path: request.uri.path(),
        raw_query: request.uri.query().unwrap_or(""),
        headers: &request.headers,
        body: Payload::Bytes(&body),
    };
    let presented = parse(&signing).unwrap();
    assert_eq!(presented.scope.service, service);
    let path_style = if service == "s3" { PathStyle::S3 } else { PathStyle::Normalized };
    let services = [service];
    let session = token.map(|token| Session { token_sha256: Session::hash_of(token), expires_s: i64::MAX });
    let options = VerifyOptions { path_style, session, ..VerifyOptions::for_services(&services) };
    verify(&presented, &signing, &SecretKey::new(SECRET), NOW_S, &options).unwrap();
}

#[test]
fn the_request_is_the_services_alone() {
    let request =
        sent(request(Service::new("sqs"), Method::POST, "/111122223333/orders?a=%20b", "Action=SendMessage"), Some("token"));
    check(&request, "sqs", Some("token"));
    let signature = request.headers[header::AUTHORIZATION].to_str().unwrap().rsplit_once('=').unwrap().1.to_owned();
    let expected = "POST /111122223333/orders?a=%20b
accept: application/json
authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-west-1/sqs/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token, Signature=SIGNATURE
content-type: application/x-www-form-urlencoded
host: sqs.eu-west-1.amazonaws.com
user-agent: AmazonAPIGateway_abc123
x-amz-date: 20260131T123456Z
x-amz-security-token: token
x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793

Action=SendMessage";
    assert_eq!(shown(&request).replace(&signature, "SIGNATURE"), expected);
}

#[test]
fn without_a_session_no_token_is_sent_whatever_was_mapped() {
    let request = sent(request(Service::new("states"), Method::POST, "/", "{}"), None);
    check(&request, "states", None);
    assert!(!request.headers.contains_key("x-amz-security-token") && !request.headers.contains_key("x-amz-content-sha256"));
}

#[test]
fn s3_is_told_the_hash_and_its_path_is_encoded_once() {
    let bucket = Service { subdomain: Some("pictures"), name: "s3" };
    let request = sent(request(bucket, Method::PUT, "/a%20b//c%2Bd/../e:f", "bytes"), None);
    check(&request, "s3", None);
    assert_eq!(request.headers[header::HOST], "pictures.s3.eu-west-1.amazonaws.com");
    assert_eq!(request.uri, "/a%20b//c%2Bd/../e:f");
    assert_eq!(request.headers["x-amz-content-sha256"], "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9");
}

#[test]
fn signing_names_that_are_not_the_hosts() {
    for (subdomain, name, signing_name) in
        [(None, "email", "ses"), (Some("runtime"), "sagemaker", "sagemaker"), (Some("a-ats"), "iotdata", "iotdata")]
    {
        check(&sent(request(Service { subdomain, name }, Method::POST, "/x", "{}"), None), signing_name, None);
    }
}

#[test]
fn a_region_that_cannot_be_signed_for_is_said() {
    let mut request = request(Service::new("sqs"), Method::GET, "/", "");
    request.region = "eu/west";
    request.place = Place::Aws;
    let located = Place::Aws.locate(&request.service, "eu-west-1", &Backends::default().services).unwrap();
    let error = signed(request, located, &credentials(None), NOW_S).err().unwrap();
    assert!(matches!(&error, GatewayError::Unconfigured(text) if text.contains("sqs")), "{error:?}");
}
