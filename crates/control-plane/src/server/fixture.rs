//! What tests of the control plane share: a plane over a real store in a temporary directory, a publisher that only notes
//! what it was told, a clock that stands still, and small APIs.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use postern_api_model::apigateway::{IntegrationType, Op, PatchOperation};
use postern_api_model::error::ApiError;
use postern_api_model::ports::{
    CacheFlusher, PortFuture, PublishError, Publisher, TestAnswer, TestAuthorizerAnswer, TestAuthorizerCall, TestCall,
    TestInvokeError, TestInvoker,
};
use postern_api_model::rest_api::{AUTHORIZATION_NONE, Definition, Integration, Method, Model, Resource, RestApi};
use postern_api_model::scope::Scope;
use postern_store::{AccessKey, AccessKeyStatus, OpenMode, Secret, SqliteStore, Store};
use serde_json::Value;

use crate::clock::Clock;
use crate::patch::Patch;
use crate::{AuthMode, ControlPlane};

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const API: &str = "abcde12345";
pub(crate) const ROOT: &str = "root123456";
pub(crate) const KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 20150830T123600Z.
pub(crate) const NOW_S: i64 = 1_440_938_160;

/// A clock that stands still.
pub(crate) struct Standing;

impl Clock for Standing {
    fn now(&self) -> i64 {
        NOW_S
    }
}

/// Notes the ids of the APIs it was told of, what it was to flush, and the tests it was asked for, which it answers with two fields and
/// the path. It can be told to serve nothing.
#[derive(Default)]
pub(crate) struct Notebook {
    pub(crate) published: Mutex<Vec<String>>,
    pub(crate) serves_nothing: AtomicBool,
    pub(crate) flushed: Mutex<Vec<String>>,
    pub(crate) tested: Mutex<Vec<TestCall>>,
    pub(crate) tested_authorizers: Mutex<Vec<TestAuthorizerCall>>,
}

impl Notebook {
    fn flush<'a>(&self, what: &str, api_id: &str, stage_name: &str) -> PortFuture<'a, Result<(), String>> {
        self.flushed.lock().unwrap().push(format!("{what} of {api_id}/{stage_name}"));
        Box::pin(async { Ok(()) })
    }
}

impl CacheFlusher for Notebook {
    fn flush_responses<'a>(&'a self, api_id: &'a str, stage_name: &'a str) -> PortFuture<'a, Result<(), String>> {
        self.flush("responses", api_id, stage_name)
    }

    fn flush_authorizations<'a>(&'a self, api_id: &'a str, stage_name: &'a str) -> PortFuture<'a, Result<(), String>> {
        self.flush("authorizations", api_id, stage_name)
    }
}

impl Publisher for Notebook {
    fn publish<'a>(&'a self, api_id: &'a str) -> PortFuture<'a, Result<(), PublishError>> {
        self.published.lock().unwrap().push(api_id.to_owned());
        let refused = PublishError { api_id: api_id.to_owned(), reason: "told so".to_owned() };
        let published = if self.serves_nothing.load(Ordering::SeqCst) { Err(refused) } else { Ok(()) };
        Box::pin(async { published })
    }
}

impl TestInvoker for Notebook {
    fn test_invoke(&self, call: TestCall) -> PortFuture<'_, Result<TestAnswer, TestInvokeError>> {
        let answer = match call.path_with_query_string.as_deref() {
            Some("/busy") => Err(TestInvokeError::Busy),
            Some("/invalid") => Err(TestInvokeError::Invalid("not this".to_owned())),
            Some("/failed") => Err(TestInvokeError::Failed("at once".to_owned())),
            path => Ok(TestAnswer {
                status: 200,
                headers: [("A".to_owned(), vec!["1".to_owned()]), ("B".to_owned(), vec!["1".to_owned(), "2".to_owned()])].into(),
                body: path.unwrap_or_default().to_owned(),
                log: "log\n".to_owned(),
                latency_ms: 7,
            }),
        };
        self.tested.lock().unwrap().push(call);
        Box::pin(async move { answer })
    }

    fn test_invoke_authorizer(&self, call: TestAuthorizerCall) -> PortFuture<'_, Result<TestAuthorizerAnswer, TestInvokeError>> {
        let answer = match call.path_with_query_string.as_deref() {
            Some("/busy") => Err(TestInvokeError::Busy),
            _ => Ok(TestAuthorizerAnswer {
                client_status: 0,
                log: "log\n".to_owned(),
                latency_ms: 7,
                principal_id: Some("me".to_owned()),
                policy: Some("{}".to_owned()),
                claims: Some([("sub".to_owned(), "1".to_owned())].into()),
            }),
        };
        self.tested_authorizers.lock().unwrap().push(call);
        Box::pin(async move { answer })
    }
}

/// A control plane and what it stands on.
pub(crate) struct Bench {
    pub(crate) plane: ControlPlane,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) notebook: Arc<Notebook>,
    _dir: tempfile::TempDir,
}

impl Bench {
    /// One that takes any signature, and holds [`api`] deployed by nobody.
    pub(crate) async fn dev() -> Self {
        Self::new(AuthMode::Dev { account: ACCOUNT.to_owned() }).await
    }

    /// One that holds [`api`] and an access key.
    pub(crate) async fn new(auth: AuthMode) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(dir.path(), OpenMode::Serve).await.unwrap());
        let key = AccessKey {
            id: KEY_ID.into(),
            secret: Secret::new(SECRET.into()),
            account: ACCOUNT.into(),
            created: 0,
            status: AccessKeyStatus::Active,
            policy: None,
            session: None,
        };
        store.create_access_key(key).await.unwrap();
        store.commit(vec![postern_store::create(&scope(), API, &api()).unwrap()]).await.unwrap();
        let notebook = Arc::new(Notebook::default());
        let plane =
            ControlPlane::new(store.clone(), notebook.clone(), notebook.clone(), notebook.clone(), Arc::new(Standing), auth);
        Self { plane, store, notebook, _dir: dir }
    }

    /// Sends a request and gives status, error code and body (null when empty).
    pub(crate) async fn call(&self, method: &str, target: &str, body: &str) -> (u16, String, Value) {
        let request = Request::builder().method(method).uri(target).body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        let response = self.plane.serve(request).await;
        let code = header(&response, "x-amzn-errortype").to_owned();
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        (response.status().as_u16(), code, body)
    }

    /// The API as it is stored now.
    pub(crate) async fn stored(&self) -> RestApi {
        postern_store::load(self.store.as_ref(), &scope(), API).await.unwrap().unwrap().value
    }
}

pub(crate) fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

pub(crate) fn scope() -> Scope {
    Scope { account: ACCOUNT.into(), region: REGION.into() }
}

/// An API whose root has a GET with a MOCK integration.
pub(crate) fn api() -> RestApi {
    let mut root = Resource { id: ROOT.into(), parent_id: None, path_part: String::new(), methods: BTreeMap::new() };
    root.methods.insert("GET".into(), method("GET"));
    let definition = Definition { resources: BTreeMap::from([(ROOT.into(), root)]), ..Definition::empty("fixture", ROOT) };
    RestApi::new(API, scope(), 0, definition)
}

/// A method with a MOCK integration that anyone may call.
pub(crate) fn method(verb: &str) -> Method {
    let integration = serde_json::json!({
        "kind": IntegrationType::Mock, "passthrough_behavior": "WHEN_NO_MATCH", "timeout_in_millis": 29_000, "cache_namespace": ROOT,
    });
    Method {
        http_method: verb.into(),
        authorization_type: AUTHORIZATION_NONE.into(),
        authorizer_id: None,
        authorization_scopes: Vec::new(),
        api_key_required: false,
        operation_name: None,
        request_validator_id: None,
        request_parameters: Default::default(),
        request_models: Default::default(),
        responses: BTreeMap::new(),
        integration: Some(serde_json::from_value::<Integration>(integration).unwrap()),
    }
}

/// A definition with these models.
pub(crate) fn with_models(models: &[(&str, Value)]) -> Definition {
    let mut definition = api().definition;
    for (name, schema) in models {
        let model = Model {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
            content_type: "application/json".into(),
            description: None,
            schema: schema.to_string(),
        };
        definition.models.insert(model.name.clone(), model);
    }
    definition
}

/// One operation of a PATCH; an empty `value` is none.
pub(crate) fn patch(op: Op, path: &str, value: &str) -> Patch {
    let value = (!value.is_empty()).then(|| value.to_owned());
    let operation = PatchOperation { op: Some(op), path: Some(path.to_owned()), value, from: None };
    Patch::list(Some(vec![operation])).unwrap().remove(0)
}

/// A copy.
pub(crate) fn copy(path: &str, from: &str) -> Patch {
    let operation = PatchOperation { op: Some(Op::Copy), path: Some(path.to_owned()), value: None, from: Some(from.to_owned()) };
    Patch::list(Some(vec![operation])).unwrap().remove(0)
}

/// Status and text of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (u16, String) {
    let error = result.unwrap_err();
    (error.status, error.message)
}
