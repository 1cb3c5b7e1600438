//! HTTP_PROXY: the backend's answer is the client's.

use std::pin::pin;

use super::cached::Fetched;
use super::hold::{Delivery, Limits, hold};
use super::{AnsweredBy, ProxyAnswer};
use crate::compile::Transfer;
use crate::context::Arrival;
use crate::error::GatewayError;
use crate::links;
use crate::stages::{CacheCall, Context, HttpCall};
use crate::transport::{Response, Upstreams};

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
    let answered_by = AnsweredBy::Endpoint(context.arrival.integration_latency());
    Ok(ProxyAnswer { response, delivery, answered_by, context })
}

/// The same where the stage's cache may have the answer.
pub(super) async fn cached<'a>(
    upstreams: &Upstreams,
    call: HttpCall,
    context: Context<'a>,
    limits: Limits,
    cache: &CacheCall<'_>,
) -> Result<ProxyAnswer<'a>, GatewayError> {
    let deadline = call.deadline;
    let Fetched { mut response, from } = cache.fetch(deadline, limits, ask(upstreams, call, context.arrival)).await?;
    let (body, delivery) = hold(response.body, deadline, limits).await?;
    response.body = body;
    Ok(ProxyAnswer { response, delivery, answered_by: from.answered_by(context.arrival), context })
}

/// Asks a backend, and tells the logs.
async fn ask(upstreams: &Upstreams, mut call: HttpCall, arrival: &Arrival) -> Result<Response, GatewayError> {
    let log = arrival.log();
    if let Some(log) = log {
        log.endpoint_request(&mut call.request).await;
    }
    let HttpCall { request, deadline, way } = call;
    let mut response = match way {
        None => upstreams.send(request, deadline).await?,
        Some(way) => links::send(upstreams, &way, request, deadline).await?,
    };
    if let Some(observed) = arrival.observed() {
        observed.answered(response.status, &response.headers);
    }
    if let Some(log) = log {
        response.body = response.body.with_deadline(deadline);
        log.endpoint_response(&mut response, Transfer::Buffered).await;
    }
    Ok(response)
}
