//! What is kept of a request when it is over: its line in the access log, its counts, and the reason of a failure.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::{Frame, SizeHint};

use crate::access::Caller;
use crate::access_log::{AccessLog, Ending, Entry, LogDestinations, Values};
use crate::clock;
use crate::compile::PublishedStage;
use crate::context::Arrival;
use crate::error::{Fault, GatewayError};
use crate::gateway::Gateway;
use crate::integrations::Delivery;
use crate::observed::Observed;
use crate::stages::MethodResponse;
use crate::traces::{Reported, Tracing};
use crate::transport::{Body, BodyError, Refused, Response};

/// How a request ended, but for the delivery of a streaming body.
pub(crate) struct Outcome<'e> {
    pub(crate) response: Response,
    pub(crate) delivery: Delivery,
    pub(crate) integration_latency: Option<Duration>,
    /// Why there is no answer of the API's.
    pub(crate) error: Option<&'e GatewayError>,
}

impl From<MethodResponse> for Outcome<'_> {
    fn from(answered: MethodResponse) -> Self {
        let (response, delivery, integration_latency) = answered.into_parts();
        Self { response, delivery, integration_latency, error: None }
    }
}

/// Counts the request and logs it: now when its body is whole, else when the body has been delivered or broken off.
pub(crate) fn finish(
    gateway: &Gateway,
    arrival: &Arrival,
    stage: Option<&Arc<PublishedStage>>,
    outcome: Outcome<'_>,
) -> Response {
    let Outcome { mut response, delivery, integration_latency, error } = outcome;
    gateway.counters().count(response.status, error.map(GatewayError::fault));
    let latency = arrival.started.elapsed();
    if let Some(stage) = stage {
        stage.metrics().answered(arrival.method_index.get().copied(), response.status, latency, integration_latency);
    }
    let status = response.status;
    match delivery {
        Delivery::Whole => {
            let bytes = response.body.exact_len().unwrap_or(0);
            let ended =
                Ended { bytes, integration_latency, error, ..Ended::now(arrival, stage.map(|stage| &**stage), status, latency) };
            ended.write(gateway.logs());
        }
        Delivery::Streaming if gateway.logs().own.is_on() || arrival.observed().is_some() => {
            let body = std::mem::take(&mut response.body);
            response.body = Body::stream(LoggedBody {
                body,
                has_ended: false,
                bytes: 0,
                logs: gateway.logs().clone(),
                arrival: arrival.clone(),
                stage: stage.cloned(),
                status,
                integration_latency,
            });
        }
        Delivery::Streaming => {}
    }
    response
}

/// Where lines of requests go.
#[derive(Clone)]
pub(crate) struct Logs {
    /// The gateway's own access log.
    pub(crate) own: AccessLog,
    /// What the stages' destinations stand for.
    pub(crate) destinations: LogDestinations,
    /// Where spans go.
    pub(crate) tracing: Tracing,
}

/// A request that never got into the pipeline, because the transport answered it: a line and a count all the same.
pub(crate) fn refused(gateway: &Gateway, refused: &Refused<'_>) {
    let (method, path) = refused.line.map_or(("-", "-"), |(method, path)| (method.as_str(), path));
    gateway.counters().count(refused.status, Some(Fault::Client));
    gateway.logs().own.write(&Entry {
        time: clock::now(),
        request_id: b"-",
        api: "-",
        stage: "-",
        method,
        path,
        status: refused.status.as_u16(),
        latency_ms: 0,
        integration_latency_ms: None,
        bytes: 0,
        ending: Ending::Whole,
        peer: refused.peer.ip().to_canonical(),
        caller: None,
    });
}

/// Counts and logs a request whose client goes away before there is an answer: its future is dropped where it waits.
pub(crate) struct Abandoned<'a> {
    gateway: &'a Gateway,
    arrival: &'a Arrival,
    stage: Option<&'a PublishedStage>,
}

impl<'a> Abandoned<'a> {
    /// Waits for [`Self::over`].
    pub(crate) fn unless_over(gateway: &'a Gateway, arrival: &'a Arrival, stage: Option<&'a PublishedStage>) -> Self {
        Self { gateway, arrival, stage }
    }

    /// There is an answer.
    pub(crate) fn over(self) {
        std::mem::forget(self);
    }
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        let Self { gateway, arrival, stage } = self;
        gateway.counters().count(client_gone(), Some(Fault::Client));
        let latency = arrival.started.elapsed();
        if let Some(stage) = stage {
            stage.metrics().answered(arrival.method_index.get().copied(), client_gone(), latency, None);
        }
        Ended::now(arrival, *stage, client_gone(), latency).write(gateway.logs());
    }
}

/// A request that is over.
struct Ended<'a> {
    arrival: &'a Arrival,
    stage: Option<&'a PublishedStage>,
    status: StatusCode,
    latency: Duration,
    integration_latency: Option<Duration>,
    bytes: u64,
    ending: Ending,
    error: Option<&'a GatewayError>,
}

impl<'a> Ended<'a> {
    /// One that ends now, without a body.
    fn now(arrival: &'a Arrival, stage: Option<&'a PublishedStage>, status: StatusCode, latency: Duration) -> Self {
        Self { arrival, stage, status, latency, integration_latency: None, bytes: 0, ending: Ending::Whole, error: None }
    }

    /// Writes its line, and that of its stage if that has a log, and reports its spans.
    fn write(&self, logs: &Logs) {
        if logs.own.is_on() {
            logs.own.write(&self.entry());
        }
        let Some(stage) = self.stage.filter(|stage| stage.is_observed()) else { return };
        if let Some(trace) = self.arrival.observed().and_then(Observed::trace) {
            let Self { arrival, status, latency, integration_latency, error, .. } = *self;
            Reported { arrival, stage, trace, status, latency, integration_latency, error }.report(&logs.tracing);
        }
        let Some(log) = stage.access_log() else { return };
        let values = Values {
            arrival: self.arrival,
            stage,
            status: self.status,
            latency: self.latency,
            integration_latency: self.integration_latency,
            bytes: self.bytes,
            error: self.error,
            endpoint_type: log.endpoint_type(),
        };
        log.write(&values, &logs.destinations, &logs.own);
    }

    fn entry(&self) -> Entry<'a> {
        let Self { arrival, stage, .. } = *self;
        Entry {
            time: arrival.epoch,
            request_id: arrival.ids.request.as_bytes(),
            api: stage.map_or("-", PublishedStage::api_id),
            stage: stage.map_or("-", PublishedStage::name),
            method: arrival.method.as_str(),
            path: arrival.uri.path(),
            status: self.status.as_u16(),
            latency_ms: millis(self.latency),
            integration_latency_ms: self.integration_latency.map(millis),
            bytes: self.bytes,
            ending: self.ending,
            peer: arrival.peer,
            caller: arrival.caller().map(Caller::arn),
        }
    }
}

/// What the log shows for a client that did not wait for its answer. HTTP has no status for what nobody is sent; this is the
/// one that readers of nginx's logs know.
fn client_gone() -> StatusCode {
    StatusCode::from_u16(499).expect("it has three digits")
}

/// Says in the log what the client is not told.
pub(crate) fn log_failure(error: &GatewayError, arrival: &Arrival, stage: Option<&PublishedStage>) {
    let Some(detail) = error.log_detail() else { return };
    let (api, stage) = stage.map_or(("-", "-"), |stage| (stage.api_id(), stage.name()));
    let request = arrival.ids.request.to_str().unwrap_or("-");
    match error.fault() {
        Fault::Gateway => tracing::warn!(request, api, stage, detail, "a request failed"),
        // A backend that is down fails every request; the access log has them all.
        Fault::Integration | Fault::Client => tracing::debug!(request, api, stage, detail, "a request failed"),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A streaming body that writes its request's line when it is dropped, however far it got.
struct LoggedBody {
    body: Body,
    has_ended: bool,
    bytes: u64,
    logs: Logs,
    arrival: Arrival,
    stage: Option<Arc<PublishedStage>>,
    status: StatusCode,
    integration_latency: Option<Duration>,
}

impl LoggedBody {
    /// A body of known length is not asked for its end.
    fn is_whole(&self) -> bool {
        self.has_ended || self.body.exact_len() == Some(0) || http_body::Body::is_end_stream(&self.body)
    }
}

impl http_body::Body for LoggedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = std::task::ready!(http_body::Body::poll_frame(Pin::new(&mut this.body), cx));
        match &frame {
            Some(Ok(frame)) => this.bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) => {}
            None => this.has_ended = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for LoggedBody {
    fn drop(&mut self) {
        let ended = Ended {
            bytes: self.bytes,
            integration_latency: self.integration_latency,
            ending: if self.is_whole() { Ending::Whole } else { Ending::BrokenOff },
            ..Ended::now(&self.arrival, self.stage.as_deref(), self.status, self.arrival.started.elapsed())
        };
        ended.write(&self.logs);
    }
}
