//! Requests to AWS services, or to what stands in for them here: the endpoint is looked up, the request signed with Signature Version 4
//! for the service and region that the integration names, and sent.
//!
//! Nothing is kept here: credentials come from a [`CredentialSource`](postern_api_model::ports::CredentialSource), which caches them,
//! and connections from the worker's pool. What is not configured fails with an error that says which key to set.

mod place;
mod query_xml;
mod service;
mod stand_in;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Uri, header};
use postern_api_model::ports::{Credentials, WantedCredentials};
use postern_sigv4::{Payload, SecretKey, SigningRequest, SigningTarget, sign};
use tokio::time::Instant;

use crate::access::Signer;
use crate::backends::Backends;
use crate::clock;
use crate::compile::ResolvedService;
use crate::compile::Transfer;
use crate::error::GatewayError;
use crate::execution_log::ExecutionLog;
use crate::integrations::hold::hold;
use crate::integrations::{AnsweredBy, Limits, ProxyAnswer};
use crate::stages::ServiceProxy;
use crate::transport::{Response, UpstreamRequest, Upstreams};
use place::Located;
pub(crate) use place::Place;
pub(crate) use service::Service;
use stand_in::Translation;

/// Fields that are the signature's own. One that came from elsewhere would be sent next to it, or in its place.
const SIGNATURE_FIELDS: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::HOST,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-security-token"),
    HeaderName::from_static("x-amz-content-sha256"),
];

/// A request to a service, not yet signed.
pub(crate) struct SignedRequest<'a> {
    pub(crate) service: Service<'a>,
    /// Such as `eu-west-1`.
    pub(crate) region: &'a str,
    /// Whose API asks.
    pub(crate) account: &'a str,
    pub(crate) place: Place<'a>,
    pub(crate) method: Method,
    /// Origin form, encoded.
    pub(crate) uri: Uri,
    /// `Host` and what belongs to a signature is replaced.
    pub(crate) headers: HeaderMap,
    /// Whole, since it is signed as well.
    pub(crate) body: Bytes,
    /// In whose name it is made.
    pub(crate) signer: Signer<'a>,
    /// By when the answer's head must be there; the body's is for the caller to set.
    pub(crate) deadline: Instant,
}

/// Sends an integration's request, and gives the answer as the service at AWS would.
///
/// # Errors
/// As with [`send_signed`].
pub(super) async fn call(
    upstreams: &Upstreams,
    backends: &Backends,
    mut request: SignedRequest<'_>,
    log: Option<&ExecutionLog>,
    limits: Limits,
) -> Result<Response, GatewayError> {
    let deadline = request.deadline;
    let is_aws = request.place.is_aws(&request.service, &backends.services);
    let translation = if is_aws { None } else { Translation::begin(&mut request) };
    let response = send_signed(upstreams, backends, request, log).await?;
    if let Some(log) = log {
        log.service_answered(&response.headers);
    }
    match translation {
        Some(translation) => translation.end(response, deadline, limits).await,
        None => Ok(response),
    }
}

/// AWS_PROXY with Firehose: what the service answers is the client's.
///
/// # Errors
/// As with [`send_signed`].
pub(super) async fn proxy<'a>(
    upstreams: &Upstreams,
    backends: &Backends,
    proxy: ServiceProxy<'a>,
    limits: Limits,
) -> Result<ProxyAnswer<'a>, GatewayError> {
    let ServiceProxy { request, context } = proxy;
    let (deadline, log) = (request.deadline, context.arrival.log());
    let mut response = call(upstreams, backends, request, log, limits).await?;
    if let Some(log) = log {
        response.body = response.body.with_deadline(deadline);
        log.endpoint_response(&mut response, Transfer::Buffered).await;
    }
    let (body, delivery) = hold(response.body, deadline, limits).await?;
    response.body = body;
    let answered_by = AnsweredBy::Endpoint(context.arrival.integration_latency());
    Ok(ProxyAnswer { response, delivery, answered_by, context })
}

/// Signs `request` and sends it.
///
/// # Errors
/// [`GatewayError::Unconfigured`] when there is no endpoint or there are no credentials, and as for every backend.
pub(crate) async fn send_signed(
    upstreams: &Upstreams,
    backends: &Backends,
    request: SignedRequest<'_>,
    log: Option<&ExecutionLog>,
) -> Result<Response, GatewayError> {
    let located = request.place.locate(&request.service, request.region, &backends.services)?;
    let deadline = request.deadline;
    let credentials = credentials(backends, &request).await?;
    // A moment that is neither the arrival's nor a paused clock's: a signature is worth some minutes.
    let now_s = i64::try_from(clock::now().seconds()).unwrap_or(i64::MAX);
    let mut request = signed(request, located, &credentials, now_s)?;
    if let Some(log) = log {
        log.endpoint_request(&mut request).await;
    }
    Ok(upstreams.send(request, deadline).await?)
}

/// The key of whoever makes the request.
async fn credentials(backends: &Backends, request: &SignedRequest<'_>) -> Result<Credentials, GatewayError> {
    let wanted = match request.signer {
        Signer::Caller(caller) => return caller.credentials(backends.accounts),
        Signer::Role(arn) if !backends.accounts.allow(arn, request.account) => {
            let account = request.account;
            let reason = format!("Cross-account pass role is not allowed for an API of {account}");
            return Err(unlent(WantedCredentials::Role(arn), &reason));
        }
        Signer::Role(arn) => WantedCredentials::Role(arn),
        Signer::Default => WantedCredentials::Default,
    };
    let found = tokio::time::timeout_at(request.deadline, backends.credentials.credentials(wanted)).await;
    found.map_err(|_elapsed| GatewayError::Timeout)?.map_err(|reason| unlent(wanted, &reason))
}

/// Whether a service is somewhere.
///
/// # Errors
/// When it is not; the text names the keys to set.
pub(crate) fn check(backends: &Backends, service: &ResolvedService) -> Result<(), GatewayError> {
    let named = Service { subdomain: service.subdomain.as_deref(), name: &service.name };
    Place::Configured.locate(&named, &service.region, &backends.services).map(drop)
}

/// AWS's words, and then which key to set.
fn unlent(wanted: WantedCredentials<'_>, reason: &str) -> GatewayError {
    GatewayError::Unconfigured(match wanted {
        WantedCredentials::Role(arn) => {
            format!("API Gateway does not have permission to assume the provided role {arn}: {reason}")
        }
        WantedCredentials::Default => format!("no credentials for an AWS service: {reason}"),
    })
}

/// The request as it goes over the wire.
fn signed(
    request: SignedRequest<'_>,
    located: Located,
    credentials: &Credentials,
    now_s: i64,
) -> Result<UpstreamRequest, GatewayError> {
    let SignedRequest { service, region, method, uri, mut headers, body, .. } = request;
    let Located { origin, host, prefix } = located;
    let uri = place::behind(&prefix, uri)?;
    for name in SIGNATURE_FIELDS {
        headers.remove(name);
    }
    headers.insert(header::HOST, host);
    let unsigned = SigningRequest {
        method: method.as_str(),
        raw_path: uri.path(),
        raw_query: uri.query().unwrap_or(""),
        headers: &headers,
        body: Payload::Bytes(&body),
    };
    let secret = SecretKey::new(credentials.secret_access_key.expose());
    let signer = postern_sigv4::Credentials {
        access_key_id: &credentials.access_key_id,
        secret: &secret,
        session_token: credentials.session_token.as_ref().map(|token| token.expose()),
    };
    let target = SigningTarget {
        region: service.signing_region(region),
        service: service.signing_name(),
        path_style: service.path_style(),
        content_sha256: service.content_sha256(),
    };
    let unsignable = |error| GatewayError::Unconfigured(format!("the request to {service} cannot be signed: {error}"));
    let added = sign(&unsigned, &signer, &target, now_s).map_err(unsignable)?;
    headers.extend(added);
    Ok(UpstreamRequest { origin, method, uri, headers, body: body.into() })
}

#[cfg(test)]
mod tests;
