//! One management call from its bytes to its answer.

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};

use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::ports::{CacheFlusher, Publisher, TestInvoker, UsageMeter};
use postern_api_model::scope::Caller;
use postern_api_model::wire::{self, AnyOperation, WireRequest, WireResponse};
use postern_api_model::{apigateway, apigatewaymanagementapi, apigatewayv2};
use postern_store::Store;

use crate::clock::Clock;
use crate::front_door::{AuthMode, FrontDoor, SigningService};
use crate::openapi::document::DOCUMENT_BYTES_MAX;
use crate::{UNBUILT_MANAGEMENT, UNBUILT_V2, ids, sts};

/// Bytes a management call may carry: AWS's 6 MB bound on imported definitions, with room for the JSON envelope around one.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Where traffic is served unless [`ControlPlane::with_traffic_at`] says otherwise: the port that Postern has by itself.
const TRAFFIC_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// What AWS shows of an account whose limits nobody raised. It is shown as well where accounts are not limited: clients plan with it.
const ACCOUNT_LIMIT_DEFAULT: (f64, i32) = (10_000.0, 5_000);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The management API over one store.
pub struct ControlPlane {
    store: Arc<dyn Store>,
    publisher: Arc<dyn Publisher>,
    flusher: Arc<dyn CacheFlusher>,
    test_invoker: Arc<dyn TestInvoker>,
    clock: Arc<dyn Clock>,
    front_door: FrontDoor,
    traffic: SocketAddr,
    import_bytes_max: usize,
    account_limit: (f64, i32),
    /// `None` where nothing is counted.
    usage_meter: Option<Arc<dyn UsageMeter>>,
}

impl ControlPlane {
    /// Operations write to `store`, tell `publisher` what to serve and `flusher` what to forget, have methods tested by `test_invoker`,
    /// and take dates from `clock`; `auth` says who may call.
    pub fn new(
        store: Arc<dyn Store>,
        publisher: Arc<dyn Publisher>,
        flusher: Arc<dyn CacheFlusher>,
        test_invoker: Arc<dyn TestInvoker>,
        clock: Arc<dyn Clock>,
        auth: AuthMode,
    ) -> Self {
        let front_door = FrontDoor::new(Arc::clone(&store), Arc::clone(&clock), auth);
        Self {
            store,
            publisher,
            flusher,
            test_invoker,
            clock,
            front_door,
            traffic: TRAFFIC_DEFAULT,
            import_bytes_max: DOCUMENT_BYTES_MAX,
            account_limit: ACCOUNT_LIMIT_DEFAULT,
            usage_meter: None,
        }
    }

    /// Says where traffic is served, for the clients that are generated here. An address that stands for all of the machine's own
    /// is written as the loopback one, which a client can connect to.
    #[must_use]
    pub fn with_traffic_at(mut self, address: SocketAddr) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        self.traffic = SocketAddr::new(ip, address.port());
        self
    }

    /// Takes OpenAPI documents of at most `bytes`; bodies of calls are bounded before, by [`BODY_BYTES_MAX`].
    #[must_use]
    pub fn with_import_bytes_max(self, bytes: usize) -> Self {
        Self { import_bytes_max: bytes, ..self }
    }

    /// Shows this as the throttle of every account: requests a second, and the size of the bucket.
    #[must_use]
    pub fn with_account_limit(self, rate: f64, burst: i32) -> Self {
        Self { account_limit: (rate, burst), ..self }
    }

    /// Asks `meter` for what it has counted before usage is read or changed.
    #[must_use]
    pub fn with_usage_meter(self, meter: Arc<dyn UsageMeter>) -> Self {
        Self { usage_meter: Some(meter), ..self }
    }

    /// Waits until the store has every request that was admitted before.
    pub(crate) async fn settle_usage(&self) -> ApiResult<()> {
        let Some(meter) = &self.usage_meter else { return Ok(()) };
        meter.settle().await.map_err(|reason| {
            tracing::error!(reason, "what usage plans counted cannot be stored");
            ApiError::internal()
        })
    }

    /// The throttle of an account as it is shown.
    pub(crate) fn account_limit(&self) -> (f64, i32) {
        self.account_limit
    }

    /// Bytes of an OpenAPI document that is imported.
    pub(crate) fn import_bytes_max(&self) -> usize {
        self.import_bytes_max
    }

    /// Answers one call. Never fails: what goes wrong is an answer too. The body must already be bounded by [`BODY_BYTES_MAX`].
    pub async fn serve(&self, request: Request<Bytes>) -> Response<Bytes> {
        let request_id = ids::request_id();
        if FrontDoor::is_for_sts(&request) {
            // Whoever signs may ask who it is, whatever its policy says (AWS docs, GetCallerIdentity).
            let caller = self.front_door.authenticated(&request, Some(SigningService::Sts)).await;
            let answer = caller.map(|caller| sts::answer(&request, &caller, &request_id));
            return render(answer.unwrap_or_else(|error| sts::refusal(&error, &request_id)), &request_id);
        }
        let answer = self.answer(&request).await.unwrap_or_else(|error| {
            tracing::debug!(%request_id, code = error.code, status = error.status, "management call refused");
            wire::error_response(&error)
        });
        render(answer, &request_id)
    }

    /// Refuses what needs no body to be refused, so that a long one of a caller whom nobody knows is never read. Passing proves
    /// nothing yet: [`Self::serve`] verifies the signature.
    ///
    /// # Errors
    /// The answer to send instead.
    pub async fn admit(&self, head: &Request<()>) -> Result<(), Response<Bytes>> {
        if FrontDoor::is_for_sts(head) {
            let admitted = self.front_door.admit(head, Some(SigningService::Sts)).await;
            return admitted.map_err(|error| {
                let request_id = ids::request_id();
                render(sts::refusal(&error, &request_id), &request_id)
            });
        }
        let query = head.uri().query().unwrap_or_default();
        let route = wire::find(head.method().as_str(), head.uri().path(), query);
        let service = route.map(|route| SigningService::of(route.operation));
        self.front_door.admit(head, service).await.map_err(|error| Self::refuse(&error))
    }

    /// Who makes a call of Lambda's Invoke API, which is served elsewhere: its signature is verified here, for the service `lambda`, and
    /// what the caller's key may do.
    ///
    /// # Errors
    /// The answer to send instead.
    pub async fn lambda_caller(&self, request: &Request<Bytes>) -> Result<Caller, Response<Bytes>> {
        let authenticated = self.front_door.authenticated(request, Some(SigningService::Lambda)).await;
        let permitted = authenticated.and_then(|authenticated| authenticated.permitted_to_invoke(request));
        permitted.map_err(|error| Self::refuse(&error))
    }

    /// As [`Self::admit`], for a call of Lambda's Invoke API: [`Self::lambda_caller`] verifies the signature.
    ///
    /// # Errors
    /// The answer to send instead.
    pub async fn admit_lambda(&self, head: &Request<()>) -> Result<(), Response<Bytes>> {
        self.front_door.admit(head, Some(SigningService::Lambda)).await.map_err(|error| Self::refuse(&error))
    }

    /// The answer to a call that was refused before it came here, such as one whose body was too large.
    pub fn refuse(error: &ApiError) -> Response<Bytes> {
        render(wire::error_response(error), &ids::request_id())
    }

    async fn answer(&self, request: &Request<Bytes>) -> ApiResult<WireResponse> {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let route = wire::find(request.method().as_str(), path, query);
        let service = route.as_ref().map(|route| SigningService::of(route.operation));
        let caller = self.front_door.authenticated(request, service).await?.permitted(request, route.as_ref())?;
        let route = route.ok_or_else(ApiError::unknown_operation)?;
        let input = WireRequest { labels: &route.labels, raw_query: query, headers: request.headers(), body: request.body() };
        match route.operation {
            AnyOperation::V2(operation) if UNBUILT_V2.contains(&operation) => Err(ApiError::not_implemented(operation.name())),
            AnyOperation::Management(operation) if UNBUILT_MANAGEMENT.contains(&operation) => {
                Err(ApiError::not_implemented(operation.name()))
            }
            AnyOperation::V1(operation) => apigateway::dispatch(self, &caller, operation, &input).await,
            AnyOperation::V2(operation) => apigatewayv2::dispatch(self, &caller, operation, &input).await,
            AnyOperation::Management(operation) => apigatewaymanagementapi::dispatch(self, &caller, operation, &input).await,
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    pub(crate) fn publisher(&self) -> &dyn Publisher {
        self.publisher.as_ref()
    }

    pub(crate) fn flusher(&self) -> &dyn CacheFlusher {
        self.flusher.as_ref()
    }

    pub(crate) fn test_invoker(&self) -> &dyn TestInvoker {
        self.test_invoker.as_ref()
    }

    /// Where traffic is served.
    pub(crate) fn traffic(&self) -> SocketAddr {
        self.traffic
    }

    /// Now, for the dates on resources.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }
}

/// Puts a wire answer into HTTP, with the request id that support asks for.
fn render(answer: WireResponse, request_id: &str) -> Response<Bytes> {
    let mut response = Response::new(answer.body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    if let Ok(content_type) = HeaderValue::try_from(answer.content_type.as_ref()) {
        headers.insert(CONTENT_TYPE, content_type);
    }
    if let Ok(id) = HeaderValue::try_from(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    let length = response.body().len();
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}
