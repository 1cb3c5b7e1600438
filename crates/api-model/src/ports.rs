//! Where the two planes meet: small traits, declared here and wired in the `postern` binary.
//!
//! The control plane calls [`Publisher`], [`CacheFlusher`], [`UsageMeter`] and [`TestInvoker`]; the data plane calls [`ApiLoader`],
//! [`ApiKeyLoader`], [`UsageSink`], [`FunctionInvoker`], [`CredentialSource`] and [`CallerKeys`]. Neither knows the other.

mod caller_keys;
mod credentials;
mod function;
mod metering;
mod references;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::rest_api::{Definition, OrderedMap, Stage};
use crate::scope::Scope;
pub use caller_keys::{CallerKey, CallerKeys, Proof};
pub use credentials::{CredentialSource, Credentials, WantedCredentials};
pub use function::{
    FunctionAnswer, FunctionCall, FunctionEnd, FunctionError, FunctionInvoker, FunctionPiece, FunctionPieces, FunctionStream,
    Invocation, LogType, RUNTIME_API_ADDRESS,
};
pub use metering::{ApiKeyLoader, LoadedKey, LoadedMembership, StoredDay, UsageEntry, UsageMeter, UsageSink};
pub use references::{CertificateAndKey, LinkEnd, References};

/// A future that a port returns; boxed so that ports can be trait objects.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Called by operations after their write is committed, and awaited: when it returns, this node serves the change.
pub trait Publisher: Send + Sync {
    /// The API, one of its stages or one of its deployments changed, or it was deleted. Reads the committed state itself.
    ///
    /// # Errors
    /// When the new version cannot be served. The write stands; the version served before goes on being served.
    fn publish<'a>(&'a self, api_id: &'a str) -> PortFuture<'a, Result<(), PublishError>>;
}

/// Why a committed version is not served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("API {api_id} cannot be served: {reason}")]
pub struct PublishError {
    /// The API.
    pub api_id: String,
    /// In words.
    pub reason: String,
}

/// Called by the flush operations, and awaited: when it returns, nothing that was kept before is used again.
pub trait CacheFlusher: Send + Sync {
    /// Forgets the kept answers of a stage. A stage without a cache has none.
    ///
    /// # Errors
    /// When a cache cannot be reached; says so in words for the log.
    fn flush_responses<'a>(&'a self, api_id: &'a str, stage_name: &'a str) -> PortFuture<'a, Result<(), String>>;

    /// Forgets what authorizers decided for a stage.
    ///
    /// # Errors
    /// When a cache cannot be reached; says so in words for the log.
    fn flush_authorizations<'a>(&'a self, api_id: &'a str, stage_name: &'a str) -> PortFuture<'a, Result<(), String>>;
}

/// Called by the data plane for an API that it does not hold.
pub trait ApiLoader: Send + Sync {
    /// Everything needed to serve the API's stages, or `None` when there is no such API or it has no stage.
    ///
    /// # Errors
    /// When the store cannot be read; says so in words for the log.
    fn load<'a>(&'a self, api_id: &'a str) -> PortFuture<'a, Result<Option<ApiSource>, String>>;
}

/// What the data plane needs to serve one REST API.
#[derive(Clone, Debug)]
pub struct ApiSource {
    /// The API.
    pub api_id: String,
    /// The version of the aggregate this was read from; a lower one never replaces a higher one.
    pub version: u64,
    /// Whose API it is.
    pub scope: Scope,
    /// The switch that works without a deployment once the API is published again.
    pub disable_execute_api_endpoint: bool,
    /// Stages by name.
    pub stages: BTreeMap<String, Stage>,
    /// The frozen definitions that those stages (and their canaries) point to, by deployment id.
    pub deployments: BTreeMap<String, Arc<Definition>>,
    /// What those name of what belongs to the same account in the same region.
    pub references: References,
}

/// Called by TestInvokeMethod: runs one method of an API that need not be deployed, through the pipeline that serves traffic.
pub trait TestInvoker: Send + Sync {
    /// Makes the request up and answers it. What goes wrong in the pipeline is an answer, as for any request.
    ///
    /// # Errors
    /// When there is no such request, or no room for it now.
    fn test_invoke(&self, call: TestCall) -> PortFuture<'_, Result<TestAnswer, TestInvokeError>>;

    /// Asks one authorizer about a request that is made up: TestInvokeAuthorizer. What it refuses is an answer.
    ///
    /// # Errors
    /// When there is no such request, or no room for it now.
    fn test_invoke_authorizer(&self, call: TestAuthorizerCall) -> PortFuture<'_, Result<TestAuthorizerAnswer, TestInvokeError>>;
}

/// A request that an authorizer is asked about, made up.
#[derive(Clone, Debug)]
pub struct TestAuthorizerCall {
    /// The API.
    pub api_id: String,
    /// Whose API it is.
    pub scope: Scope,
    /// The API as it is stored now.
    pub definition: Definition,
    /// One of the definition's authorizers.
    pub authorizer_id: String,
    /// Path and query, as AWS's clients give them; `None` is the root.
    pub path_with_query_string: Option<String>,
    /// Fields of the request.
    pub headers: Vec<(String, String)>,
    /// Body of the request, which authorizers are not shown.
    pub body: String,
    /// As those of a stage.
    pub stage_variables: BTreeMap<String, String>,
    /// Values of context variables that identity sources name, by the name behind `context.`.
    pub additional_context: BTreeMap<String, String>,
}

/// What an authorizer answered, and how it came to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestAuthorizerAnswer {
    /// The status that a client would get; 0 when the authorizer succeeded.
    pub client_status: u16,
    /// The execution log, lines that each end.
    pub log: String,
    /// From beginning to end.
    pub latency_ms: u64,
    /// The caller, in the authorizer's words.
    pub principal_id: Option<String>,
    /// A Lambda authorizer's policy document, as JSON.
    pub policy: Option<String>,
    /// A token's verified claims.
    pub claims: Option<OrderedMap<String>>,
}

/// A request to a method, made up.
#[derive(Clone, Debug)]
pub struct TestCall {
    /// The API.
    pub api_id: String,
    /// Whose API it is.
    pub scope: Scope,
    /// The API as it is stored now.
    pub definition: Definition,
    /// The method's resource; it is one of the definition's.
    pub resource_id: String,
    /// The method's key in its resource: a verb, or `ANY`.
    pub method: String,
    /// The request's verb.
    pub verb: String,
    /// Path and query, as AWS's clients give them; `None` is the path of the resource.
    pub path_with_query_string: Option<String>,
    /// Fields of the request.
    pub headers: Vec<(String, String)>,
    /// Body of the request.
    pub body: String,
    /// As those of a stage.
    pub stage_variables: BTreeMap<String, String>,
    /// As that of a stage.
    pub client_certificate_id: Option<String>,
    /// What the method and the call name of what belongs to the same account in the same region.
    pub references: References,
}

/// What a method answered, and how it came to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestAnswer {
    /// The status.
    pub status: u16,
    /// Fields, each with its values, but for those that belong to a connection.
    pub headers: OrderedMap<Vec<String>>,
    /// The body; what is no UTF-8 in it is U+FFFD.
    pub body: String,
    /// The execution log, lines that each end.
    pub log: String,
    /// From beginning to end.
    pub latency_ms: u64,
}

/// Why a method was not tested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestInvokeError {
    /// As many run as may.
    #[error("too many tests are running")]
    Busy,
    /// The input makes no request; says what to change.
    #[error("{0}")]
    Invalid(String),
    /// A fault of ours, for the log.
    #[error("the test broke off: {0}")]
    Failed(String),
}
