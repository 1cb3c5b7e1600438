//! Lambda's Invoke API on the management address: who calls is settled here, what happens by the functions.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use postern_api_model::error::ApiError;
use postern_api_model::scope::Scope;
use postern_control_plane::ControlPlane;
use postern_data_plane::transport::Body;
use postern_functions::{Functions, InvokeApi};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::Mode;

/// What payloads under way may take together: 40 of the longest.
const PAYLOADS_KIB_MAX: usize = 256 * 1024;
/// Payloads up to this do not count; nearly all calls carry less.
const SHORT_PAYLOAD_BYTES: usize = 64 * 1024;

/// The Invoke API, and who may use it.
pub struct Invocations {
    control_plane: Arc<ControlPlane>,
    /// `None` when no function runs here.
    api: Option<InvokeApi>,
    mode: Mode,
    room: Semaphore,
}

impl Invocations {
    /// Of these functions.
    pub fn new(control_plane: Arc<ControlPlane>, functions: Option<Functions>, mode: Mode) -> Self {
        Self { control_plane, api: functions.map(InvokeApi::new), mode, room: Semaphore::new(PAYLOADS_KIB_MAX) }
    }

    /// Whether this is a call of the Invoke API.
    pub fn is_call<B>(request: &Request<B>) -> bool {
        InvokeApi::is_call(request.method(), request.uri().path())
    }

    /// Waits for room for a payload of this many bytes at most, unless the call can be refused without it.
    ///
    /// # Errors
    /// The answer to send instead.
    pub async fn admit(&self, head: &Request<()>, bytes: usize) -> Result<Option<SemaphorePermit<'_>>, Response<Bytes>> {
        if bytes <= SHORT_PAYLOAD_BYTES {
            return Ok(None);
        }
        self.control_plane.admit_lambda(head).await?;
        let kib = u32::try_from(bytes.div_ceil(1024).min(PAYLOADS_KIB_MAX)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        Ok(self.room.acquire_many(kib).await.ok())
    }

    /// Answers a call. What comes in pieces goes out in pieces.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        let caller = match self.control_plane.lambda_caller(&request).await {
            Ok(caller) => caller.scope,
            Err(refusal) => return refusal.map(Body::full),
        };
        let named = NamedFunction::of(request.uri().path());
        let Some(api) = &self.api else {
            return ControlPlane::refuse(&not_found(&named.arn(&caller))).map(Body::full);
        };
        // Where nobody proves who they are, everybody is whoever the function belongs to.
        let caller = match self.mode {
            Mode::Signed => caller,
            Mode::Dev => Scope {
                account: named.account().unwrap_or(&caller.account).to_owned(),
                region: named.region().unwrap_or(&caller.region).to_owned(),
            },
        };
        let answer = api.serve_as(&caller, request).await;
        match answer.body().size_hint().exact() {
            Some(0) => answer.map(|_| Body::empty()),
            _ => answer.map(|body| Body::stream(body.map_err(|never| match never {}))),
        }
    }
}

/// The function of a call, as its path has it.
struct NamedFunction(String);

impl NamedFunction {
    fn of(path: &str) -> Self {
        Self(percent_decode_str(path.split('/').nth(3).unwrap_or_default()).decode_utf8_lossy().into_owned())
    }

    /// The account that the name says: that of `123456789012:function:name` and of a whole ARN.
    fn account(&self) -> Option<&str> {
        let account = self.0.split_once(":function:")?.0.rsplit(':').next()?;
        (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
    }

    /// The region of a whole ARN.
    fn region(&self) -> Option<&str> {
        self.0.strip_prefix("arn:")?.split(':').nth(2)
    }

    fn arn(&self, caller: &Scope) -> String {
        let name = self.0.split_once("function:").map_or(self.0.as_str(), |(_, name)| name);
        let account = self.account().unwrap_or(&caller.account);
        format!("arn:{}:lambda:{}:{account}:function:{name}", caller.partition(), caller.region)
    }
}

fn not_found(arn: &str) -> ApiError {
    ApiError { code: "ResourceNotFoundException", status: 404, message: format!("Function not found: {arn}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_say_whose_it_is() {
        let caller = Scope { account: "111111111111".to_owned(), region: "eu-west-1".to_owned() };
        for (name, account, arn) in [
            ("hello", None, "arn:aws:lambda:eu-west-1:111111111111:function:hello"),
            ("222222222222%3Afunction%3Ahello", Some("222222222222"), "arn:aws:lambda:eu-west-1:222222222222:function:hello"),
            (
                "arn%3Aaws%3Alambda%3Aeu-west-1%3A222222222222%3Afunction%3Ahello%3A7",
                Some("222222222222"),
                "arn:aws:lambda:eu-west-1:222222222222:function:hello:7",
            ),
        ] {
            let named = NamedFunction::of(&format!("/2015-03-31/functions/{name}/invocations"));
            assert_eq!((named.account(), named.arn(&caller).as_str()), (account, arn));
        }
    }
}
