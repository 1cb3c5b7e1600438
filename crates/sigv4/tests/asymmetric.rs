//! Signature Version 4A: requests that AWS's own library signed (`asymmetric.py`), and what becomes of them when they are changed.
#![allow(clippy::unwrap_used)]

mod support;

use http::{HeaderMap, HeaderName, HeaderValue};
use postern_sigv4::{
    Algorithms, AuthError, PathStyle, Payload, RegionRule, SecretKey, Session, SigningRequest, VerifyOptions, parse, parse_with,
    verify,
};
use serde_json::Value;
use support::{NOW_S, secret};

#[derive(Clone)]
struct Signed {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
    token: Option<String>,
    regions: String,
}

fn all() -> Vec<Signed> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("asymmetric.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |case: &Value| {
        let headers = case["headers"].as_array().unwrap().iter().map(|pair| {
            let name = HeaderName::from_bytes(pair[0].as_str().unwrap().as_bytes()).unwrap();
            (name, HeaderValue::from_str(pair[1].as_str().unwrap()).unwrap())
        });
        Signed {
            method: text(&case["method"]),
            path: text(&case["path"]),
            query: text(&case["query"]),
            headers: headers.collect(),
            body: text(&case["body"]),
            token: case["token"].as_str().map(str::to_owned),
            regions: text(&case["regions"]),
        }
    };
    cases.iter().map(read).collect()
}

impl Signed {
    fn verified(&self, region: &str, secret: &SecretKey) -> Result<(), AuthError> {
        let request = SigningRequest {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &self.headers,
            body: Payload::Bytes(self.body.as_bytes()),
        };
        let session = self.token.as_deref().map(|token| Session { token_sha256: Session::hash_of(token), expires_s: NOW_S + 1 });
        let options = VerifyOptions {
            region: RegionRule::Exactly(region),
            path_style: PathStyle::AsSent,
            session,
            ..VerifyOptions::for_services(&["execute-api"])
        };
        verify(&parse_with(&request, Algorithms::All)?, &request, secret, NOW_S, &options)
    }

    fn is_presigned(&self) -> bool {
        !self.headers.contains_key("authorization")
    }

    /// With the text of the signature changed, wherever it stands.
    fn changed(&self, change: impl Fn(&str) -> String) -> Self {
        let mut changed = self.clone();
        if self.is_presigned() {
            changed.query = change(&self.query);
        } else {
            let text = change(self.headers["authorization"].to_str().unwrap());
            changed.headers.insert("authorization", HeaderValue::from_str(&text).unwrap());
        }
        changed
    }
}

#[test]
fn what_awss_library_signed_is_good() {
    for signed in all() {
        assert_eq!(signed.verified("us-east-1", &secret()), Ok(()), "{}", signed.regions);
    }
}

#[test]
fn it_is_good_in_the_regions_of_its_set_alone() {
    for (index, elsewhere, expected) in
        [(0, "eu-west-1", false), (1, "eu-west-1", true), (2, "eu-west-1", true), (3, "eu-west-1", false), (5, "eu-west-1", true)]
    {
        let found = all()[index].verified(elsewhere, &secret());
        assert_eq!(found.is_ok(), expected, "{index}");
        assert!(expected || matches!(found, Err(AuthError::WrongScope { .. })), "{found:?}");
    }
}

#[test]
fn nothing_that_is_signed_can_be_changed() {
    for signed in all() {
        let refused = |other: Signed| assert!(other.verified("us-east-1", &secret()).is_err(), "{}", other.query);
        refused(Signed { method: "PUT".to_owned(), ..signed.clone() });
        refused(Signed { path: "/dev/other".to_owned(), ..signed.clone() });
        refused(Signed { query: format!("{}&x=1", signed.query), ..signed.clone() });
        refused(Signed { body: "x".to_owned(), ..signed.clone() });
        let mut elsewhere = signed.clone();
        elsewhere.headers.insert("host", HeaderValue::from_static("other.example"));
        refused(elsewhere);
        let mut everywhere = signed.clone();
        everywhere.headers.insert("x-amz-region-set", HeaderValue::from_static("us-east-1,*"));
        refused(everywhere);
        // Another time, key, service; a signature cut, empty, or none.
        refused(signed.changed(|text| text.replace("20150830", "20150829")));
        refused(signed.changed(|text| text.replace("AKIDEXAMPLE", "AKIDEXAMPLF")));
        refused(signed.changed(|text| text.replace("execute-api", "apigateway")));
        refused(signed.changed(|text| text[..text.len() - 2].to_owned()));
        refused(signed.changed(|text| text.split("Signature=").next().unwrap().to_owned() + "Signature="));
        refused(signed.changed(|text| text.split("Signature=").next().unwrap().to_owned() + "Signature=3006020100020100"));
        refused(signed.changed(|text| text.to_ascii_uppercase()));
        assert_eq!(signed.verified("us-east-1", &SecretKey::new("other")), Err(AuthError::SignatureMismatch));
        let stranger = Signed { token: Some("other".to_owned()), ..signed };
        assert_eq!(stranger.verified("us-east-1", &secret()), Err(AuthError::UnknownKey));
    }
}

#[test]
fn one_algorithm_is_not_taken_for_the_other() {
    for signed in all() {
        let symmetric = signed.changed(|text| text.replace("AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA256"));
        assert!(matches!(symmetric.verified("us-east-1", &secret()), Err(AuthError::MalformedCredential { .. })));
    }
    let hmac = support::Message::new("GET", "/restapis", "").signed();
    let relabelled = hmac.authorization(|text| text.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"));
    let relabelled = relabelled.header("x-amz-region-set", "*");
    let found = parse_with(&relabelled.request(), Algorithms::All);
    assert!(matches!(found, Err(AuthError::MalformedRegionlessCredential { .. })), "{found:?}");
}

#[test]
fn the_set_of_regions_must_be_there_and_signed() {
    for signed in all() {
        let mut without = signed.clone();
        without.headers.remove("x-amz-region-set");
        without.query =
            without.query.split('&').filter(|pair| !pair.starts_with("X-Amz-Region-Set")).collect::<Vec<_>>().join("&");
        let found = without.verified("us-east-1", &secret());
        let is_named = |text: &str| text.contains("X-Amz-Region-Set");
        match found.unwrap_err() {
            AuthError::IncompleteHeader { missing, .. } | AuthError::IncompleteQuery { missing } => {
                assert!(missing.iter().any(|text| is_named(text)));
            }
            other => panic!("{other:?}"),
        }
    }
    let unsigned = all()[0].changed(|text| text.replace(";x-amz-region-set", ""));
    assert_eq!(
        unsigned.verified("us-east-1", &secret()),
        Err(AuthError::UnsignedHeader { name: "'x-amz-region-set'".to_owned() })
    );
}

#[test]
fn who_takes_the_symmetric_one_alone_says_so() {
    for signed in all() {
        let request = SigningRequest {
            method: &signed.method,
            raw_path: &signed.path,
            raw_query: &signed.query,
            headers: &signed.headers,
            body: Payload::Bytes(signed.body.as_bytes()),
        };
        let expected = AuthError::UnsupportedAlgorithm { algorithm: "AWS4-ECDSA-P256-SHA256".to_owned() };
        assert_eq!(parse(&request), Err(expected));
    }
}
