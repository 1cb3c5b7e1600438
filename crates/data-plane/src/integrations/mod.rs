//! Calling what stands behind a method.

mod aws;
mod cached;
mod hold;
mod http_proxy;
mod lambda;
mod mapped;

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use crate::backends::Backends;
use crate::compile::CompiledResponse;
use crate::error::GatewayError;
use crate::stages::{Asked, CacheCall, Context, IntegrationRequest};
use crate::transport::{Body, Response, Upstreams};
pub(crate) use aws::check as check_service;
pub(crate) use aws::{Place, Service, SignedRequest, send_signed};
pub(crate) use hold::{Delivery, Limits};
#[cfg(any(test, fuzzing))]
pub(crate) use lambda::fuzzing;
pub(crate) use lambda::{AuthorizerAnswer, Event, LambdaFailure, ask_authorizer, check as check_function, token_event};

/// What came back.
#[allow(clippy::large_enum_variant, reason = "the large one is the common one")]
pub(crate) enum IntegrationResponse<'a> {
    /// Of HTTP_PROXY and AWS_PROXY.
    Proxied(ProxyAnswer<'a>),
    /// Of all that is not passed on as it is.
    Mapped(Box<MappedAnswer<'a>>),
}

/// A backend's answer that goes to the client as it is.
pub(crate) struct ProxyAnswer<'a> {
    pub(crate) response: Response,
    pub(crate) delivery: Delivery,
    pub(crate) answered_by: AnsweredBy,
    pub(crate) context: Context<'a>,
}

/// The integration response that was chosen, and what was made by it.
pub(crate) struct MappedAnswer<'a> {
    pub(crate) compiled: &'a CompiledResponse,
    /// The backend's fields; a MOCK has none.
    pub(crate) headers: HeaderMap,
    pub(crate) answer: Answer,
    /// What mappings read of the integration's body.
    pub(crate) values: Vec<Option<String>>,
    /// With the overrides of both templates.
    pub(crate) asked: Box<Asked<'a>>,
    pub(crate) answered_by: AnsweredBy,
}

/// Who answered a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnsweredBy {
    /// A MOCK, which calls nobody.
    Mock,
    /// The stage's cache.
    Cache,
    /// An endpoint, and how long it took.
    Endpoint(Duration),
}

impl AnsweredBy {
    /// How long the integration took, if one was called.
    pub(crate) fn latency(self) -> Option<Duration> {
        match self {
            Self::Mock | Self::Cache => None,
            Self::Endpoint(latency) => Some(latency),
        }
    }
}

/// The body that the client gets.
pub(crate) struct Answer {
    pub(crate) body: Body,
    pub(crate) delivery: Delivery,
}

impl Answer {
    fn whole(body: Bytes) -> Self {
        Self { body: Body::full(body), delivery: Delivery::Whole }
    }
}

impl<'a> MappedAnswer<'a> {
    fn new(compiled: &'a CompiledResponse, headers: HeaderMap, answer: Answer, asked: Box<Asked<'a>>) -> Box<Self> {
        Box::new(Self { compiled, headers, answer, values: Vec::new(), asked, answered_by: AnsweredBy::Mock })
    }
}

/// Calls the integration. The less common types are boxed, which keeps this future small for the common one.
pub(crate) async fn integrate<'a>(
    upstreams: &Upstreams,
    backends: &Backends,
    request: IntegrationRequest<'a>,
    limits: Limits,
) -> Result<IntegrationResponse<'a>, GatewayError> {
    match request {
        IntegrationRequest::HttpProxy { call, transfer, context } => {
            pin!(http_proxy::call(upstreams, call, transfer, context, limits)).await.map(IntegrationResponse::Proxied)
        }
        IntegrationRequest::Mapped { call, exchange, asked } => {
            Box::pin(mapped::mapped(upstreams, backends, call, exchange, asked, limits, None))
                .await
                .map(IntegrationResponse::Mapped)
        }
        IntegrationRequest::LambdaProxy(proxy) => {
            Box::pin(lambda::proxy(upstreams, backends, *proxy, limits, None)).await.map(IntegrationResponse::Proxied)
        }
        IntegrationRequest::ServiceProxy(proxy) => {
            Box::pin(aws::proxy(upstreams, backends, *proxy, limits)).await.map(IntegrationResponse::Proxied)
        }
        IntegrationRequest::Mock { status, exchange, asked } => {
            Box::pin(mapped::mock(status, exchange, asked)).await.map(IntegrationResponse::Mapped)
        }
    }
}

/// The same for a request of which the stage's cache may have the answer.
pub(crate) async fn integrate_cached<'a>(
    upstreams: &Upstreams,
    backends: &Backends,
    request: IntegrationRequest<'a>,
    limits: Limits,
    cache: &CacheCall<'_>,
) -> Result<IntegrationResponse<'a>, GatewayError> {
    match request {
        IntegrationRequest::HttpProxy { call, transfer: _, context } => {
            http_proxy::cached(upstreams, *call, context, limits, cache).await.map(IntegrationResponse::Proxied)
        }
        IntegrationRequest::Mapped { call, exchange, asked } => {
            mapped::mapped(upstreams, backends, call, exchange, asked, limits, Some(cache)).await.map(IntegrationResponse::Mapped)
        }
        IntegrationRequest::LambdaProxy(proxy) => {
            lambda::proxy(upstreams, backends, *proxy, limits, Some(cache)).await.map(IntegrationResponse::Proxied)
        }
        // What is put into a stream has not been put there by the request before: it is never answered from the cache.
        IntegrationRequest::ServiceProxy(proxy) => {
            aws::proxy(upstreams, backends, *proxy, limits).await.map(IntegrationResponse::Proxied)
        }
        // It has no endpoint, and is never compiled to be cached.
        IntegrationRequest::Mock { status, exchange, asked } => {
            mapped::mock(status, exchange, asked).await.map(IntegrationResponse::Mapped)
        }
    }
}
