//! Requests that botocore signed, among them AWS's published cases: verified here, and signed again to the same signature.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use postern_sigv4::{
    ContentSha256, Credentials, PathStyle, Payload, Session, SigningRequest, SigningTarget, UnsignedPayload, VerifyOptions,
    parse, presign, sign, verify,
};
use serde_json::Value;
use support::{KEY_ID, NOW_S, SERVICES, secret};

/// Signatures that AWS published with its test suite, written down here and not computed.
const PUBLISHED: [(&str, &str); 23] = [
    ("get-vanilla", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-vanilla-empty-query-key", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
    ("get-vanilla-query-order-key", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"),
    ("get-vanilla-query-order-key-case", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ("get-vanilla-query-order-value", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
    ("get-vanilla-query-unreserved", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
    ("get-vanilla-utf8-query", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
    ("get-utf8", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ("get-unreserved", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    ("get-space", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    ("get-relative", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("get-slash-pointless-dot", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
    ("get-slashes", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    ("get-header-key-duplicate", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    ("get-header-value-order", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
    ("get-header-value-trim", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ("post-vanilla", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("post-vanilla-query", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
    ("post-header-key-sort", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
    ("post-header-value-case", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
    ("post-sts-header-before", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
    ("post-x-www-form-urlencoded", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ("post-x-www-form-urlencoded-parameters", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"),
];

/// One vector; the JSON has exactly what `vectors.py` writes.
struct Vector(Value);

impl Vector {
    fn all() -> Vec<Self> {
        let groups: BTreeMap<String, Vec<Value>> = serde_json::from_str(include_str!("vectors.json")).unwrap();
        groups.into_values().flatten().map(Self).collect()
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    fn is(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap()
    }

    fn headers(&self, name: &str) -> HeaderMap {
        let pairs = self.0[name].as_array().unwrap().iter();
        pairs
            .map(|pair| {
                let name = HeaderName::from_bytes(pair[0].as_str().unwrap().as_bytes()).unwrap();
                (name, HeaderValue::from_bytes(pair[1].as_str().unwrap().as_bytes()).unwrap())
            })
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            })
    }

    fn options(&self) -> VerifyOptions<'_> {
        let unsigned_payload = if self.is("unsigned_payload") { UnsignedPayload::Allowed } else { UnsignedPayload::Refused };
        let session =
            self.0["token"].as_str().map(|token| Session { token_sha256: Session::hash_of(token), expires_s: i64::MAX });
        VerifyOptions { unsigned_payload, session, ..VerifyOptions::for_services(SERVICES) }
    }

    fn request<'a>(&'a self, raw_query: &'a str, headers: &'a HeaderMap, body: Payload<'a>) -> SigningRequest<'a> {
        SigningRequest { method: self.text("method"), raw_path: self.text("path"), raw_query, headers, body }
    }

    fn signature_made_here(&self) -> String {
        let headers = self.headers("headers");
        let payload = if self.is("unsigned_payload") { Payload::Unsigned } else { Payload::Bytes(self.text("body").as_bytes()) };
        let request = self.request(self.text("query"), &headers, payload);
        let credentials = Credentials { access_key_id: KEY_ID, secret: &secret(), session_token: self.0["token"].as_str() };
        let target = SigningTarget {
            region: self.text("region"),
            service: self.text("service"),
            path_style: PathStyle::Normalized,
            content_sha256: ContentSha256::Omit,
        };
        let signed = match self.0["expires"].as_u64() {
            Some(expires_s) => presign(&request, &credentials, &target, NOW_S, u32::try_from(expires_s).unwrap()).unwrap(),
            None => {
                let added = sign(&request, &credentials, &target, NOW_S).unwrap();
                added["authorization"].to_str().unwrap().to_owned()
            }
        };
        signed.rsplit_once("Signature=").unwrap().1.to_owned()
    }
}

#[test]
fn every_vector_verifies() {
    let vectors = Vector::all();
    assert!(vectors.len() >= 75, "vectors went missing: {}", vectors.len());
    for vector in vectors {
        let headers = vector.headers("signed_headers");
        let request = vector.request(vector.text("signed_query"), &headers, Payload::Bytes(vector.text("body").as_bytes()));
        let presented = parse(&request).unwrap_or_else(|error| panic!("{}: {error}", vector.text("name")));
        assert_eq!(presented.access_key_id, KEY_ID);
        assert_eq!(presented.scope.region, vector.text("region"));
        assert_eq!(presented.session_token.as_deref(), vector.0["token"].as_str());
        let verified = verify(&presented, &request, &secret(), NOW_S, &vector.options());
        assert_eq!(verified, Ok(()), "{}", vector.text("name"));
    }
}

#[test]
fn no_vector_verifies_with_another_secret() {
    for vector in Vector::all() {
        let headers = vector.headers("signed_headers");
        let request = vector.request(vector.text("signed_query"), &headers, Payload::Bytes(vector.text("body").as_bytes()));
        let other = postern_sigv4::SecretKey::new("another");
        let verified = verify(&parse(&request).unwrap(), &request, &other, NOW_S, &vector.options());
        assert_eq!(verified, Err(postern_sigv4::AuthError::SignatureMismatch), "{}", vector.text("name"));
    }
}

#[test]
fn every_vector_is_signed_the_same() {
    // botocore signs with a Date header when the caller set one; signing here always sets X-Amz-Date.
    for vector in Vector::all().into_iter().filter(|vector| !vector.is("date_header")) {
        assert_eq!(vector.signature_made_here(), vector.text("signature"), "{}", vector.text("name"));
    }
}

#[test]
fn published_signatures_come_out() {
    let vectors = Vector::all();
    for (name, signature) in PUBLISHED {
        let vector = vectors.iter().find(|vector| vector.text("name") == name).unwrap();
        assert_eq!(vector.signature_made_here(), signature, "{name}");
        assert_eq!(vector.text("signature"), signature, "{name}");
    }
}

/// From the documentation of S3, "Examples: Signature Calculations", GET Object.
#[test]
fn s3_documentation_example() {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("examplebucket.s3.amazonaws.com"));
    headers.insert("range", HeaderValue::from_static("bytes=0-9"));
    let request =
        SigningRequest { method: "GET", raw_path: "/test.txt", raw_query: "", headers: &headers, body: Payload::Bytes(b"") };
    let secret = postern_sigv4::SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let credentials = Credentials { access_key_id: "AKIAIOSFODNN7EXAMPLE", secret: &secret, session_token: None };
    let target =
        SigningTarget { region: "us-east-1", service: "s3", path_style: PathStyle::S3, content_sha256: ContentSha256::Send };
    // 20130524T000000Z.
    let added = sign(&request, &credentials, &target, 1_369_353_600).unwrap();
    assert_eq!(
        added["authorization"],
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
         SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
         Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    );
}
