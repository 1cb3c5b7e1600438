//! Management calls run to their end, whether or not their client waits for it: a commit that is queued is done though nobody
//! listens any more, and then what it changed must be served too.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use postern_api_model::error::ApiError;
use postern_control_plane::ControlPlane;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Calls at one time, those whose clients have left included: as many as there may be connections.
const CALLS_MAX: u32 = 1_024;
/// What bodies under way may take together: 32 of the longest, 256 MiB.
const BODIES_KIB_MAX: usize = 256 * 1024;
/// Bodies up to this do not count; nearly all calls carry less.
const SHORT_BODY_BYTES: usize = 64 * 1024;

/// The control plane, and the calls that it is answering.
pub struct Calls {
    control_plane: Arc<ControlPlane>,
    free: Arc<Semaphore>,
    body_space: Semaphore,
}

impl Calls {
    /// None yet.
    pub fn new(control_plane: Arc<ControlPlane>) -> Self {
        Self { control_plane, free: Arc::new(Semaphore::new(CALLS_MAX as usize)), body_space: Semaphore::new(BODIES_KIB_MAX) }
    }

    /// Waits for room for a body of this many bytes at most, unless the call can be refused without it. Short bodies need no
    /// room: as many of them as there may be connections are no burden.
    ///
    /// # Errors
    /// The answer to send instead.
    pub async fn admit(&self, head: &Request<()>, body_bytes: usize) -> Result<Option<SemaphorePermit<'_>>, Response<Bytes>> {
        if body_bytes <= SHORT_BODY_BYTES {
            return Ok(None);
        }
        self.control_plane.admit(head).await?;
        let kib = u32::try_from(body_bytes.div_ceil(1024).min(BODIES_KIB_MAX)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        Ok(self.body_space.acquire_many(kib).await.ok())
    }

    /// Answers a call; one that was begun goes on when this future is dropped.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        // The semaphore is never closed; without a permit the call would still be answered.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        let control_plane = Arc::clone(&self.control_plane);
        let call = tokio::spawn(async move {
            let answer = control_plane.serve(request).await;
            drop(permit);
            answer
        });
        call.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a management call panicked");
            ControlPlane::refuse(&ApiError::internal())
        })
    }

    /// Returns once no call is under way.
    pub async fn finished(&self) {
        let _ = self.free.acquire_many(CALLS_MAX).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use postern_api_model::ports::{
        CacheFlusher, PortFuture, PublishError, Publisher, TestAnswer, TestAuthorizerAnswer, TestAuthorizerCall, TestCall,
        TestInvokeError, TestInvoker,
    };
    use postern_control_plane::AuthMode;
    use postern_control_plane::clock::SystemClock;
    use postern_store::{OpenMode, SqliteStore};
    use serde_json::{Value, json};

    use super::*;

    /// There is no cache.
    struct NothingKept;

    impl CacheFlusher for NothingKept {
        fn flush_responses<'a>(&'a self, _api_id: &'a str, _stage_name: &'a str) -> PortFuture<'a, Result<(), String>> {
            Box::pin(async { Ok(()) })
        }

        fn flush_authorizations<'a>(&'a self, _api_id: &'a str, _stage_name: &'a str) -> PortFuture<'a, Result<(), String>> {
            Box::pin(async { Ok(()) })
        }
    }

    /// Says that a publication has begun, and does it once it is let to.
    struct Gate {
        begun: Semaphore,
        open: Semaphore,
        published: Mutex<Vec<String>>,
    }

    impl Publisher for Gate {
        fn publish<'a>(&'a self, api_id: &'a str) -> PortFuture<'a, Result<(), PublishError>> {
            Box::pin(async move {
                self.begun.add_permits(1);
                self.open.acquire().await.unwrap().forget();
                self.published.lock().unwrap().push(api_id.to_owned());
                Ok(())
            })
        }
    }

    impl TestInvoker for Gate {
        fn test_invoke(&self, _call: TestCall) -> PortFuture<'_, Result<TestAnswer, TestInvokeError>> {
            Box::pin(async { Err(TestInvokeError::Busy) })
        }

        fn test_invoke_authorizer(
            &self,
            _call: TestAuthorizerCall,
        ) -> PortFuture<'_, Result<TestAuthorizerAnswer, TestInvokeError>> {
            Box::pin(async { Err(TestInvokeError::Busy) })
        }
    }

    async fn call(calls: &Calls, method: &str, target: &str, body: Value) -> Value {
        let answer = calls.answer(request(method, target, &body)).await;
        assert_eq!(answer.status(), 201, "{target}: {:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap()
    }

    fn request(method: &str, target: &str, body: &Value) -> Request<Bytes> {
        Request::builder().method(method).uri(target).body(Bytes::from(body.to_string())).unwrap()
    }

    #[tokio::test]
    async fn a_deployment_is_published_though_its_client_left() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(dir.path(), OpenMode::Serve).await.unwrap());
        let gate = Arc::new(Gate { begun: Semaphore::new(0), open: Semaphore::new(0), published: Mutex::default() });
        let auth = AuthMode::Dev { account: "000000000000".to_owned() };
        let calls = Arc::new(Calls::new(Arc::new(ControlPlane::new(
            store,
            Arc::clone(&gate) as _,
            Arc::new(NothingKept),
            Arc::clone(&gate) as _,
            Arc::new(SystemClock),
            auth,
        ))));

        let api = call(&calls, "POST", "/restapis", json!({"name": "left"})).await;
        let api_id = api["id"].as_str().unwrap();
        let root = format!("/restapis/{api_id}/resources/{}/methods/GET", api["rootResourceId"].as_str().unwrap());
        call(&calls, "PUT", &root, json!({"authorizationType": "NONE"})).await;
        call(&calls, "PUT", &format!("{root}/integration"), json!({"type": "MOCK"})).await;

        let deploy = request("POST", &format!("/restapis/{api_id}/deployments"), &json!({"stageName": "dev"}));
        let client = tokio::spawn({
            let calls = Arc::clone(&calls);
            async move { calls.answer(deploy).await }
        });
        gate.begun.acquire().await.unwrap().forget();
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());
        gate.open.add_permits(1);
        calls.finished().await;
        assert_eq!(*gate.published.lock().unwrap(), [api_id]);
    }
}
