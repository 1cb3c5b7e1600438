//! A REST API's request, from its arrival to its answer.

use std::pin::pin;
use std::time::Duration;

use http::{HeaderMap, header};
use tokio::time::Instant;

use crate::context::{Arrival, Message};
use crate::error::{Fault, GatewayError};
use crate::gateway::Gateway;
use crate::gateway_response::{self, Reached};
use crate::integrations::{Delivery, Limits, integrate, integrate_cached};
use crate::record::{self, Abandoned, Outcome};
use crate::stages::{
    Admitting, Authorizing, Building, Demand, Located, MethodResponse, Reading, Validating, admit, authorize, begin_log,
    cache_call, check_parameters, integration_request, locate, log_endpoint_request, log_method_request, method_response,
    read_body, route, validate,
};
use crate::traces::TraceContext;
use crate::transport::{Body, Request, Response, Upstreams};

/// Answers one request. Whatever happens becomes a response, a line in the access log and a count.
pub(crate) async fn serve(gateway: &Gateway, upstreams: &Upstreams, request: Request) -> Response {
    let (mut arrival, mut message) = Arrival::new(request);
    let abandoned = Abandoned::unless_over(gateway, &arrival, None);
    let located = pin!(locate(gateway.registry(), &arrival)).await;
    abandoned.over();
    let located = match located {
        Ok(located) => located,
        Err(ref error) => return record::finish(gateway, &arrival, None, refused(error, &arrival, None)),
    };
    let kept = kept_for_failures(&located, &message);
    if located.stage.is_observed() {
        let tracing = &gateway.settings().tracing;
        let is_traced = located.stage.is_traced() && tracing.is_on();
        let trace = is_traced.then(|| TraceContext::begin(&message.headers, &arrival.ids.trace, tracing));
        arrival.observe(trace);
    }
    let abandoned = Abandoned::unless_over(gateway, &arrival, Some(&located.stage));
    // Pinned where it is made: an awaited future is moved first, and this one is large.
    let answered = pin!(answer(gateway, upstreams, &arrival, &located, &mut message)).await;
    abandoned.over();
    let outcome = match answered {
        Ok(answered) => succeeded(answered, &arrival),
        Err(ref error) => {
            gateway.counters().count_refusal(error);
            let reached = Reached { stage: &located.stage, path: located.path(&arrival), headers: &kept.unwrap_or_default() };
            refused(error, &arrival, Some(reached))
        }
    };
    record::finish(gateway, &arrival, Some(&located.stage), outcome)
}

/// Answers a request that TestInvokeMethod made up. The answer is whole: it goes into that of a management call.
pub(crate) async fn test(
    gateway: &Gateway,
    upstreams: &Upstreams,
    arrival: &Arrival,
    located: &Located,
    message: &mut Message,
    timeout: Duration,
) -> Response {
    let kept = kept_for_failures(located, message);
    let answering = async {
        let (mut response, _, _) = answer(gateway, upstreams, arrival, located, message).await?.into_parts();
        let max_bytes = usize::try_from(gateway.settings().max_body_bytes).unwrap_or(usize::MAX);
        let body = response.body.collect(max_bytes).await.map_err(GatewayError::from_response_body)?;
        response.body = Body::full(body);
        Ok(response)
    };
    let error = match tokio::time::timeout(timeout, Box::pin(answering)).await.unwrap_or(Err(GatewayError::Timeout)) {
        Ok(response) => {
            if let Some(log) = arrival.log() {
                log.succeeded(response.status);
            }
            return response;
        }
        Err(error) => error,
    };
    let reached = Reached { stage: &located.stage, path: located.path(arrival), headers: &kept.unwrap_or_default() };
    let mut response = refused(&error, arrival, Some(reached)).response;
    if error.kind().and_then(|kind| located.stage.api.gateway_responses.of(kind)).is_none() {
        // Seen of a failed validation: the gateway's own answers show nothing but what kind of error it was.
        response.headers.remove(header::CONTENT_TYPE);
    }
    response
}

/// The stages, in AWS's order.
async fn answer<'a>(
    gateway: &'a Gateway,
    upstreams: &'a Upstreams,
    arrival: &'a Arrival,
    located: &'a Located,
    message: &'a mut Message,
) -> Result<MethodResponse, GatewayError> {
    let settings = gateway.settings();
    let received = located.receive(arrival, message);
    let routed = route(received)?;
    begin_log(&routed, gateway.log_tokens());
    // What is not waited for takes no time worth a look at the clock.
    let mut has_waited = arrival.log().is_some() || arrival.observed().is_some();
    let authorized = match authorize(routed, gateway, upstreams)? {
        Authorizing::Done(authorized) => authorized,
        Authorizing::Waiting(authorizing) => {
            has_waited = true;
            authorizing.await?
        }
    };
    let moment = if has_waited { Instant::now() } else { arrival.started };
    let mut admitted = match admit(authorized, gateway, moment)? {
        Admitting::Done(admitted) => admitted,
        Admitting::Waiting(loading) => {
            has_waited = true;
            loading.await?
        }
    };
    if let Some(log) = arrival.log() {
        // Boxed because it is rare, as below: what a future may have to hold is copied for every request.
        Box::pin(log_method_request(log, &mut admitted)).await;
    }
    let checked = check_parameters(admitted)?;
    let read = match read_body(checked, settings.max_body_bytes) {
        Reading::Done(read) => read,
        Reading::Waiting(reading) => {
            has_waited = true;
            reading.await?
        }
    };
    let validated = match validate(read) {
        Validating::Valid(validated) => validated,
        // Boxed because few methods need it: what a future may have to hold is copied for every request.
        Validating::Body(check) => {
            has_waited = true;
            Box::pin(check.run(gateway.heavy_work(), settings.max_body_bytes)).await?
        }
    };
    let cache = cache_call(&validated)?;
    let mut integration_request = match integration_request(validated, gateway.heavy_work(), settings.max_body_bytes)? {
        Building::Done(request) => request,
        Building::Waiting(building) => {
            has_waited = true;
            building.await?
        }
    };
    // Whether the endpoint is asked at all is known later where there is a cache.
    if let (Some(log), None) = (arrival.log(), &cache) {
        Box::pin(log_endpoint_request(log, &mut integration_request)).await;
    }
    if has_waited {
        arrival.integration_begins();
        integration_request.begins_after(arrival.waited());
    }
    let limits = Limits { buffer_bytes: settings.buffer_bytes, max_body_bytes: settings.max_body_bytes };
    let Some(cache) = cache else {
        let integration_response = pin!(integrate(upstreams, &settings.backends, integration_request, limits)).await?;
        return method_response(integration_response);
    };
    let integrating = integrate_cached(upstreams, &settings.backends, integration_request, limits, &cache);
    let mut answer = method_response(Box::pin(integrating).await?)?;
    if cache.demand == Demand::AnyWithWarning {
        answer.warn_of_cache_control();
    }
    Ok(answer)
}

/// What of a message customised gateway responses read; APIs without one pay nothing.
fn kept_for_failures(located: &Located, message: &Message) -> Option<Box<HeaderMap>> {
    let mut kept: Option<Box<HeaderMap>> = None;
    for name in located.stage.api.gateway_responses.fields() {
        for value in message.headers.get_all(name) {
            kept.get_or_insert_default().append(name.clone(), value.clone());
        }
    }
    kept
}

fn succeeded(answered: MethodResponse, arrival: &Arrival) -> Outcome<'static> {
    let outcome = Outcome::from(answered);
    if let Some(log) = arrival.log() {
        log.succeeded(outcome.response.status);
    }
    outcome
}

fn refused<'e>(error: &'e GatewayError, arrival: &Arrival, reached: Option<Reached<'_>>) -> Outcome<'e> {
    record::log_failure(error, arrival, reached.as_ref().map(|reached| reached.stage));
    let response = gateway_response::render(error, arrival, reached.as_ref());
    if let Some(log) = arrival.log() {
        log.failed(error, response.status);
    }
    let integration_latency = (error.fault() == Fault::Integration).then(|| arrival.integration_latency());
    Outcome { response, delivery: Delivery::Whole, integration_latency, error: Some(error) }
}
