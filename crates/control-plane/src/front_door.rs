//! Who is calling: the signature is verified in full before anything else is looked at. What the caller may do is asked next:
//! only [`Authenticated::permitted`] makes a [`Caller`] of it.
//!
//! The account is the access key's, the region is the signature's scope. Under [`AuthMode::Dev`] any key and signature will
//! do, and the account is the access key id where that is twelve digits.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;

use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::{Caller, Scope};
use postern_api_model::wire::AnyOperation;
use postern_sigv4::{AuthError, Payload, Presented, Session, SigningRequest, UnsignedPayload, VerifyOptions};
use postern_store::{AccessKey, AccessKeyStatus, Store};

use crate::authorization::Authenticated;
use crate::changes::store_failure;
use crate::clock::Clock;
use crate::sts;

/// Region of a dev call that carries no readable signature at all.
const REGION_DEFAULT: &str = "us-east-1";

/// The service that a call has to be signed for. A signature for the other one is refused: whoever sees a call to an API with
/// IAM authorization must not be able to pass it off as a management call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SigningService {
    /// Both versions of API Gateway.
    ApiGateway,
    /// Calls to connections.
    ExecuteApi,
    /// Questions for who one is.
    Sts,
    /// Calls of functions.
    Lambda,
}

impl SigningService {
    /// The service of an operation.
    pub(crate) fn of(operation: AnyOperation) -> Self {
        match operation {
            AnyOperation::V1(_) | AnyOperation::V2(_) => Self::ApiGateway,
            AnyOperation::Management(_) => Self::ExecuteApi,
        }
    }

    fn names(service: Option<Self>) -> &'static [&'static str] {
        match service {
            Some(Self::ApiGateway) => &["apigateway"],
            Some(Self::ExecuteApi) => &["execute-api"],
            Some(Self::Sts) => &[sts::SERVICE],
            Some(Self::Lambda) => &["lambda"],
            // Nothing is served there; the signature only decides between 403 and 404.
            None => &["apigateway", "execute-api", "lambda"],
        }
    }
}

/// Whether signatures are verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// Every call must be signed with a stored, active key.
    Verify,
    /// Any key and signature will do. Only ever on loopback.
    Dev {
        /// The account of callers whose key id is not twelve digits.
        account: String,
    },
}

/// Turns a request into its caller.
pub(crate) struct FrontDoor {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    mode: AuthMode,
}

impl FrontDoor {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, mode: AuthMode) -> Self {
        Self { store, clock, mode }
    }

    /// Whether a request is one of STS: no operation has its path, and the signature names the service.
    pub(crate) fn is_for_sts<B>(request: &Request<B>) -> bool {
        request.uri().path() == sts::PATH
            && postern_sigv4::parse(&signing_request(request, Payload::Unsigned))
                .is_ok_and(|presented| presented.scope.service == sts::SERVICE)
    }

    /// The caller of an operation of `service` (`None` for a path that none has), or AWS's refusal.
    pub(crate) async fn authenticated(
        &self,
        request: &Request<Bytes>,
        service: Option<SigningService>,
    ) -> ApiResult<Authenticated> {
        let signing = signing_request(request, Payload::Bytes(request.body()));
        match (&self.mode, postern_sigv4::parse(&signing)) {
            (AuthMode::Dev { account }, presented) => Ok(Authenticated::of_anyone(dev_caller(account, presented.ok().as_ref()))),
            (AuthMode::Verify, Ok(presented)) => self.verified(&presented, &signing, &options(service)).await,
            (AuthMode::Verify, Err(error)) => Err(refusal(&error)),
        }
    }

    /// What can be refused before a long body is read: a signature that is malformed, of another time or service, or of a key
    /// that is not there. Passing proves nothing yet; [`Self::authenticated`] does.
    pub(crate) async fn admit(&self, head: &Request<()>, service: Option<SigningService>) -> ApiResult<()> {
        if self.mode != AuthMode::Verify {
            return Ok(());
        }
        let signing = signing_request(head, Payload::Unsigned);
        let presented = postern_sigv4::parse(&signing).map_err(|error| refusal(&error))?;
        self.key(&presented, &signing, &options(service)).await.map(drop)
    }

    async fn verified(
        &self,
        presented: &Presented,
        request: &SigningRequest<'_>,
        options: &VerifyOptions<'_>,
    ) -> ApiResult<Authenticated> {
        let key = self.key(presented, request, options).await?;
        let secret = postern_sigv4::SecretKey::new(key.secret.expose());
        let session = key.session.map(|session| Session { token_sha256: session.token_sha256, expires_s: session.expires_s });
        let options = VerifyOptions { session, ..*options };
        postern_sigv4::verify(presented, request, &secret, self.clock.now(), &options).map_err(|error| refusal(&error))?;
        Ok(Authenticated::of_key(key, presented.scope.region.clone(), self.clock.now()))
    }

    /// The key that a request names, once all is in order that needs no secret. Scope and time come before the key: AWS says
    /// so of an expired request even when it does not know the key.
    async fn key(
        &self,
        presented: &Presented,
        request: &SigningRequest<'_>,
        options: &VerifyOptions<'_>,
    ) -> ApiResult<AccessKey> {
        postern_sigv4::check(presented, request, self.clock.now(), options).map_err(|error| refusal(&error))?;
        let key = self.store.access_key(&presented.access_key_id).await.map_err(store_failure)?;
        key.filter(|key| key.status == AccessKeyStatus::Active).ok_or_else(|| refusal(&AuthError::UnknownKey))
    }
}

fn signing_request<'a, B>(request: &'a Request<B>, body: Payload<'a>) -> SigningRequest<'a> {
    SigningRequest {
        method: request.method().as_str(),
        raw_path: request.uri().path(),
        raw_query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
        body,
    }
}

fn options(service: Option<SigningService>) -> VerifyOptions<'static> {
    let services = SigningService::names(service);
    VerifyOptions { unsigned_payload: UnsignedPayload::Allowed, ..VerifyOptions::for_services(services) }
}

fn dev_caller(account: &str, presented: Option<&Presented>) -> Caller {
    let key = presented.map(|presented| presented.access_key_id.clone()).unwrap_or_default();
    let is_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
    let region = presented.map_or_else(|| REGION_DEFAULT.to_owned(), |presented| presented.scope.region.clone());
    Caller { scope: Scope { account: if is_account { key.clone() } else { account.to_owned() }, region }, access_key_id: key }
}

fn refusal(error: &AuthError) -> ApiError {
    ApiError::forbidden(error.code(), error.message())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server::fixture::{ACCOUNT, Bench, KEY_ID, NOW_S, SECRET, header};
    use http::{HeaderMap, HeaderValue, Response};
    use postern_sigv4::{ContentSha256, Credentials, PathStyle, SecretKey, SigningTarget};

    const PATH: &str = "/restapis/abcde12345/models";

    #[derive(Clone, Copy)]
    struct Call {
        path: &'static str,
        sent_path: &'static str,
        secret: &'static str,
        key_id: &'static str,
        service: &'static str,
        region: &'static str,
        signed_s: i64,
        sent_body: &'static str,
    }

    const GOOD: Call = Call {
        path: PATH,
        sent_path: PATH,
        secret: SECRET,
        key_id: KEY_ID,
        service: "apigateway",
        region: "us-east-1",
        signed_s: NOW_S,
        sent_body: "",
    };

    impl Call {
        fn request(&self) -> Request<Bytes> {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("127.0.0.1:4566"));
            let signing = SigningRequest {
                method: "GET",
                raw_path: self.path,
                raw_query: "",
                headers: &headers,
                body: Payload::Bytes(b""),
            };
            let secret = SecretKey::new(self.secret);
            let credentials = Credentials { access_key_id: self.key_id, secret: &secret, session_token: None };
            let target = SigningTarget {
                region: self.region,
                service: self.service,
                path_style: PathStyle::Normalized,
                content_sha256: ContentSha256::Omit,
            };
            let added = postern_sigv4::sign(&signing, &credentials, &target, self.signed_s).unwrap();
            headers.extend(added);
            let mut request = Request::builder().uri(self.sent_path).body(Bytes::from(self.sent_body)).unwrap();
            *request.headers_mut() = headers;
            request
        }

        async fn answer(&self, bench: &Bench) -> Response<Bytes> {
            bench.plane.serve(self.request()).await
        }
    }

    #[tokio::test]
    async fn a_signed_call_belongs_to_the_account_of_its_key() {
        let bench = Bench::new(AuthMode::Verify).await;
        assert_eq!(GOOD.answer(&bench).await.status(), 200);
        // Another region has its own resources, so the API is not found there.
        let elsewhere = Call { region: "eu-west-1", ..GOOD }.answer(&bench).await;
        assert_eq!(elsewhere.status(), 404);
        let text = String::from_utf8(elsewhere.body().to_vec()).unwrap();
        assert!(text.contains(&format!("Invalid API identifier specified {ACCOUNT}:abcde12345")), "{text}");
    }

    #[tokio::test]
    async fn what_is_not_signed_right_does_not_get_in() {
        let bench = Bench::new(AuthMode::Verify).await;
        let cases = [
            (Call { secret: "wrong", ..GOOD }, "InvalidSignatureException"),
            (Call { key_id: "AKIDUNKNOWN", ..GOOD }, "UnrecognizedClientException"),
            (Call { service: "execute-api", ..GOOD }, "InvalidSignatureException"),
            (Call { service: "lambda", ..GOOD }, "InvalidSignatureException"),
            (Call { signed_s: NOW_S - 3600, ..GOOD }, "InvalidSignatureException"),
            (Call { sent_body: "{}", ..GOOD }, "InvalidSignatureException"),
            (Call { sent_path: "/restapis/abcde12345/stages", ..GOOD }, "InvalidSignatureException"),
            (Call { path: "/@connections/a", sent_path: "/@connections/a", ..GOOD }, "InvalidSignatureException"),
        ];
        for (call, code) in cases {
            let answer = call.answer(&bench).await;
            assert_eq!((answer.status().as_u16(), header(&answer, "x-amzn-errortype")), (403, code), "{}", call.service);
        }
    }

    #[tokio::test]
    async fn a_revoked_key_is_as_good_as_none() {
        let bench = Bench::new(AuthMode::Verify).await;
        bench.store.revoke_access_key(KEY_ID).await.unwrap();
        let answer = GOOD.answer(&bench).await;
        assert_eq!(header(&answer, "x-amzn-errortype"), "UnrecognizedClientException");
    }

    #[tokio::test]
    async fn connections_are_signed_for_execute_api() {
        let bench = Bench::new(AuthMode::Verify).await;
        let path = "/prod/@connections/a";
        let answer = Call { path, sent_path: path, service: "execute-api", ..GOOD }.answer(&bench).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "x-amzn-errortype")), (501, "NotImplementedException"));
    }

    #[tokio::test]
    async fn calls_of_functions_are_signed_for_lambda() {
        let bench = Bench::new(AuthMode::Verify).await;
        let path = "/2015-03-31/functions/hello/invocations";
        let good = Call { path, sent_path: path, service: "lambda", region: "eu-west-1", ..GOOD };
        let caller = bench.plane.lambda_caller(&good.request()).await.unwrap();
        assert_eq!((caller.scope.account.as_str(), caller.scope.region.as_str()), (ACCOUNT, "eu-west-1"));
        bench.plane.admit_lambda(&good.request().map(drop)).await.unwrap();
        for call in
            [Call { service: "apigateway", ..good }, Call { key_id: "AKIDUNKNOWN", ..good }, Call { secret: "wrong", ..good }]
        {
            let refusal = bench.plane.lambda_caller(&call.request()).await.unwrap_err();
            assert_eq!(refusal.status(), 403, "{}", call.key_id);
        }
        // What is not served of Lambda is not refused for its signature.
        let path = "/2015-03-31/functions/hello";
        let answer = Call { path, sent_path: path, service: "lambda", ..GOOD }.answer(&bench).await;
        assert_eq!(header(&answer, "x-amzn-errortype"), "UnknownOperationException");
    }

    /// A signature covers a path without its empty and dot segments, so those must lead nowhere.
    #[tokio::test]
    async fn a_signed_path_leads_to_one_operation_only() {
        let bench = Bench::new(AuthMode::Verify).await;
        for sent_path in [
            "//restapis/abcde12345/models",
            "/restapis//abcde12345/models",
            "/restapis/./abcde12345/models",
            "/restapis/x/../abcde12345/models",
            "/restapis/abcde12345/models/",
            "/restapis/abcde12345/models/.",
            "/restapis/abcde12345/models/A/..",
        ] {
            let answer = Call { sent_path, ..GOOD }.answer(&bench).await;
            assert!([403, 404].contains(&answer.status().as_u16()), "{sent_path}");
            assert_ne!(header(&answer, "x-amzn-errortype"), "NotFoundException", "{sent_path} reached an operation");
        }
    }

    #[tokio::test]
    async fn dev_takes_the_account_from_the_key_or_the_default() {
        let bench = Bench::dev().await;
        let unsigned = Request::builder().uri(PATH).body(Bytes::new()).unwrap();
        assert_eq!(bench.plane.serve(unsigned).await.status(), 200);
        assert_eq!(Call { secret: "wrong", key_id: "anything", ..GOOD }.answer(&bench).await.status(), 200);
        let other = Call { secret: "wrong", key_id: "222222222222", ..GOOD }.answer(&bench).await;
        let text = String::from_utf8(other.body().to_vec()).unwrap();
        assert!(text.contains("222222222222:abcde12345"), "{text}");
    }
}
