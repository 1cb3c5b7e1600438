//! Calling what stands behind a method.

mod hold;
mod http;
mod http_proxy;
mod mock;

use std::pin::pin;
use std::time::Duration;

use crate::compile::{CompiledResponse, MockExchange};
use crate::error::GatewayError;
use crate::stages::{Context, IntegrationRequest};
use crate::transport::{Body, Response, Upstreams};
pub(crate) use hold::{Delivery, Limits};

/// What came back.
pub(crate) enum IntegrationResponse<'a> {
    HttpProxy(ProxyAnswer<'a>),
    Http(HttpAnswer<'a>),
    /// A MOCK's answer is made of its integration response alone.
    Mock(MockAnswer<'a>),
}

/// A backend's answer that goes to the client as it is.
pub(crate) struct ProxyAnswer<'a> {
    pub(crate) response: Response,
    pub(crate) delivery: Delivery,
    pub(crate) latency: Duration,
    pub(crate) context: Context<'a>,
}

/// A backend's answer and the integration response that was chosen for it.
pub(crate) struct HttpAnswer<'a> {
    pub(crate) compiled: &'a CompiledResponse,
    pub(crate) headers: ::http::HeaderMap,
    pub(crate) body: Body,
    pub(crate) delivery: Delivery,
    pub(crate) latency: Duration,
    pub(crate) accept: Option<Box<str>>,
    pub(crate) context: Context<'a>,
}

/// The status a MOCK was asked for, from which its integration response is chosen.
pub(crate) struct MockAnswer<'a> {
    pub(crate) status: ::http::StatusCode,
    pub(crate) exchange: &'a MockExchange,
    pub(crate) accept: Option<Box<str>>,
    pub(crate) context: Context<'a>,
}

/// Calls the integration. The less common types are boxed, which keeps this future small for the common one.
pub(crate) async fn integrate<'a>(
    upstreams: &Upstreams,
    request: IntegrationRequest<'a>,
    limits: Limits,
) -> Result<IntegrationResponse<'a>, GatewayError> {
    match request {
        IntegrationRequest::HttpProxy { call, transfer, context } => {
            pin!(http_proxy::call(upstreams, call, transfer, context, limits)).await.map(IntegrationResponse::HttpProxy)
        }
        IntegrationRequest::Http { call, exchange, accept, context } => {
            Box::pin(http::call(upstreams, call, exchange, accept, context, limits)).await.map(IntegrationResponse::Http)
        }
        IntegrationRequest::Mock(call) => mock::call(call).map(IntegrationResponse::Mock),
    }
}
