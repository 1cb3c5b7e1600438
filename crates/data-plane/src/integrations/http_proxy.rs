//! HTTP_PROXY: the backend's answer is the client's.

use std::pin::pin;

use super::ProxyAnswer;
use super::hold::{Delivery, Limits, hold};
use crate::compile::Transfer;
use crate::error::GatewayError;
use crate::links;
use crate::stages::{Context, HttpCall};
use crate::transport::Upstreams;

pub(super) async fn call<'a>(
    upstreams: &Upstreams,
    call: Box<HttpCall>,
    transfer: Transfer,
    context: Context<'a>,
    limits: Limits,
) -> Result<ProxyAnswer<'a>, GatewayError> {
    let HttpCall { request, deadline, way } = *call;
    let mut response = match way {
        None => pin!(upstreams.send(request, deadline)).await?,
        // Boxed because it is rare: what a future may have to hold is copied for every request.
        Some(way) => Box::pin(links::send(upstreams, &way, request, deadline)).await?,
    };
    if let Some(observed) = context.arrival.observed() {
        observed.answered(response.status, &response.headers);
    }
    if let Some(log) = context.arrival.log() {
        response.body = response.body.with_deadline(deadline);
        // Boxed because it is rare: what a future may have to hold is copied for every request.
        Box::pin(log.endpoint_response(&mut response, transfer)).await;
    }
    let (body, delivery) = match transfer {
        Transfer::Buffered => pin!(hold(response.body, deadline, limits)).await?,
        Transfer::Stream => (response.body.with_deadline(deadline), Delivery::Streaming),
    };
    response.body = body;
    let latency = context.arrival.integration_latency();
    Ok(ProxyAnswer { response, delivery, latency, context })
}
