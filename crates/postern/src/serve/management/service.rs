//! What answers on the management address: `/_postern/*`, the control plane, calls of functions, and in dev mode the APIs' traffic.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use postern_api_model::error::ApiError;
use postern_control_plane::{BODY_BYTES_MAX, ControlPlane};
use postern_data_plane::transport::{self, Body, BodyError, Handler, SentNames, Upstreams};
use tokio::time::Instant;

use super::calls::Calls;
use super::invocations::Invocations;
use super::listener::{Connection, Service};
use super::metrics::Metrics;

/// For a whole management call's body: 8 MB within this is 140 kB/s.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// Of a call of a function (AWS docs, "Lambda quotas": 6 MB).
const PAYLOAD_BYTES_MAX: usize = 6_291_456;
/// Under it is what Postern says about itself, unsigned and of no tenant.
const OWN_PREFIX: &str = "/_postern/";

/// Everything that answers here.
pub struct ManagementService<H> {
    /// The management API.
    pub calls: Calls,
    /// Lambda's Invoke API.
    pub invocations: Invocations,
    /// `/_postern/metrics`.
    pub metrics: Metrics,
    /// Dev mode's way for API traffic.
    pub traffic: Option<Traffic<H>>,
}

/// API traffic on the management address.
pub struct Traffic<H> {
    /// The data plane.
    pub handler: Arc<H>,
    /// Connections to backends of the management address's own runtime.
    pub upstreams: Upstreams,
    /// Largest request body.
    pub max_body_bytes: usize,
}

impl<H: Handler> Service for ManagementService<H> {
    async fn answer(&self, request: Request<Incoming>, connection: Connection) -> Response<Body> {
        if let Some(traffic) = &self.traffic
            && is_traffic(request.uri(), request.headers())
        {
            return traffic.answer(request, connection).await;
        }
        let response = match request.uri().path().strip_prefix(OWN_PREFIX) {
            Some(page) => self.own_page(request.method(), page).map(Body::full),
            None if Invocations::is_call(&request) => self.invoked(request).await,
            None => self.managed(request).await.map(Body::full),
        };
        self.metrics.counters.management.count(response.status());
        response
    }
}

impl<H> ManagementService<H> {
    fn own_page(&self, method: &Method, page: &str) -> Response<Bytes> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return own_error(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are possible here");
        }
        match page {
            "health" => with_type("application/json", Bytes::from_static(b"{\"status\":\"ok\"}")),
            "metrics" => with_type(Metrics::CONTENT_TYPE, Bytes::from(self.metrics.render())),
            _ => own_error(StatusCode::NOT_FOUND, "there are /_postern/health and /_postern/metrics"),
        }
    }

    async fn managed(&self, request: Request<Incoming>) -> Response<Bytes> {
        let Some(Call { head, incoming, bytes_max }) = Call::open(request) else { return refused(&too_large()) };
        let reading = async {
            // Held until the call is answered.
            let room = self.calls.admit(&head, bytes_max).await.map_err(closing)?;
            Ok((room, collect(incoming, &too_large()).await?))
        };
        match in_time(reading).await {
            Ok((_room, body)) => self.calls.answer(head.map(|()| body)).await,
            Err(refusal) => refusal,
        }
    }

    async fn invoked(&self, request: Request<Incoming>) -> Response<Body> {
        let Some(Call { head, incoming, bytes_max }) = Call::open(request) else {
            return refused(&payload_too_large()).map(Body::full);
        };
        let reading = async {
            let room = self.invocations.admit(&head, bytes_max).await.map_err(closing)?;
            Ok((room, collect(incoming, &payload_too_large()).await?))
        };
        match in_time(reading).await {
            Ok((_room, body)) => self.invocations.answer(head.map(|()| body)).await,
            Err(refusal) => refusal.map(Body::full),
        }
    }
}

/// A call whose body is still to be read.
struct Call {
    head: Request<()>,
    incoming: Incoming,
    /// What the body may come to, by what its sender says.
    bytes_max: usize,
}

impl Call {
    /// `None` for a body that says to be too large.
    fn open(request: Request<Incoming>) -> Option<Self> {
        let (head, incoming) = request.into_parts();
        if incoming.size_hint().lower() > BODY_BYTES_MAX as u64 {
            return None;
        }
        let bytes_max = incoming.size_hint().upper().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(BODY_BYTES_MAX);
        Some(Self { head: Request::from_parts(head, ()), incoming, bytes_max })
    }
}

async fn collect(incoming: Incoming, too_large: &ApiError) -> Result<Bytes, Response<Bytes>> {
    let body = Limited::new(incoming, BODY_BYTES_MAX).collect().await.map_err(|error| match error.is::<LengthLimitError>() {
        true => refused(too_large),
        false => refused(&ApiError::bad_request("The request body did not arrive whole")),
    })?;
    Ok(body.to_bytes())
}

async fn in_time<T>(reading: impl Future<Output = Result<T, Response<Bytes>>>) -> Result<T, Response<Bytes>> {
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(read) => read,
        Err(_) => Err(refused(&ApiError::bad_request("The request body did not arrive in time"))),
    }
}

impl<H: Handler> Traffic<H> {
    async fn answer(&self, request: Request<Incoming>, connection: Connection) -> Response<Body> {
        let (head, incoming) = request.into_parts();
        if head.headers.get_all(HOST).iter().count() != 1 {
            return own_error(StatusCode::BAD_REQUEST, "exactly one Host is needed").map(Body::full);
        }
        let limit_bytes = self.max_body_bytes as u64;
        let body = Limited::new(incoming, self.max_body_bytes).map_err(move |error| match error.is::<LengthLimitError>() {
            true => BodyError::TooLarge { limit_bytes },
            false => BodyError::Incomplete,
        });
        let request = transport::Request {
            method: head.method,
            uri: head.uri,
            version: head.version,
            headers: head.headers,
            // What carries management calls does not keep them.
            names: SentNames::default(),
            body: Body::stream(body).with_deadline(Instant::now() + BODY_TIMEOUT),
            peer: connection.peer,
            local: connection.local,
            tls: false,
        };
        let answer = self.handler.handle(&self.upstreams, request).await;
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }
}

/// Whether a request is for a deployed API, by its host or by one of the path forms.
fn is_traffic(uri: &Uri, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_host = host.split_once('.').is_some_and(|(_, rest)| rest.to_ascii_lowercase().starts_with("execute-api."));
    let path = uri.path();
    let is_user_request = path.starts_with("/restapis/") && path.split('/').nth(4) == Some("_user_request_");
    is_host || path.starts_with("/_aws/execute-api/") || is_user_request
}

fn too_large() -> ApiError {
    ApiError::too_large(format!("Request body must not exceed {BODY_BYTES_MAX} bytes"))
}

/// As Lambda says it of what is over its own limit, which is lower than what is read here.
fn payload_too_large() -> ApiError {
    let message = format!("Request must be smaller than {PAYLOAD_BYTES_MAX} bytes for the InvokeFunction operation");
    ApiError { code: "RequestEntityTooLargeException", status: 413, message }
}

/// A refusal before the control plane. What is left of the body is not read, so the connection cannot go on.
fn refused(error: &ApiError) -> Response<Bytes> {
    closing(ControlPlane::refuse(error))
}

fn closing(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn own_error(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = with_type("application/json", Bytes::from(serde_json::json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response
}

fn with_type(content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_told_by_host_and_by_path() {
        for (host, path, expected) in [
            ("abc.execute-api.localhost:4566", "/prod/", true),
            ("ABC.EXECUTE-API.us-east-1.amazonaws.com", "/restapis", true),
            ("localhost:4566", "/_aws/execute-api/abc/prod/x", true),
            ("localhost:4566", "/restapis/abc/prod/_user_request_/x", true),
            ("localhost:4566", "/restapis/abc/prod/_user_request_", true),
            ("localhost:4566", "/restapis/abc/resources/_x_/methods", false),
            ("execute-api.us-east-1.amazonaws.com", "/restapis", false),
            ("localhost:4566", "/restapis", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert_eq!(is_traffic(&Uri::from_static(path), &headers), expected, "{host}{path}");
        }
    }
}
