//! Calling what stands behind a method, unless the stage's cache has its answer.

use std::pin::pin;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, StatusCode, header};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::AnsweredBy;
use super::hold::{Delivery, Limits, hold};
use crate::cache::{Answer, BODY_BYTES_MAX, Claim, Codings, Entry, Freshness, Lead, Outcome, Turn};
use crate::context::Arrival;
use crate::error::GatewayError;
use crate::headers::names;
use crate::stages::{CacheCall, Demand};
use crate::transport::{Body, Response};

/// Of an answer by Lambda's API: the payload is an error object.
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// An endpoint's answer, and where it comes from.
pub(super) struct Fetched {
    pub(super) response: Response,
    pub(super) from: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Cache,
    Endpoint,
}

impl CacheCall<'_> {
    /// The answer in the cache, or that of the endpoint, which `ask` asks. One that can be kept is whole.
    pub(super) async fn fetch(
        &self,
        deadline: Instant,
        limits: Limits,
        ask: impl Future<Output = Result<Response, GatewayError>> + Send,
    ) -> Result<Fetched, GatewayError> {
        if self.demand == Demand::New {
            let claim = self.cache.claim(self.key, self.codings, Freshness::Renewed);
            return self.miss(Asking::Alone(claim), deadline, limits, ask).await;
        }
        // Half of the time is for those who wait in vain to ask for themselves.
        let now = Instant::now();
        let wait_until = now + deadline.saturating_duration_since(now) / 2;
        loop {
            let entry = match self.cache.turn(self.key, self.codings, self.caching.ttl) {
                Turn::Hit(entry) => Some(entry),
                Turn::Lead(lead) => return self.miss(Asking::ForAll(lead), deadline, limits, ask).await,
                Turn::Ask(claim) => return self.miss(Asking::Alone(claim), deadline, limits, ask).await,
                Turn::Wait(outcome) => match awaited(outcome, wait_until).await {
                    Awaited::Kept(entry) => Some(entry),
                    Awaited::Nothing => None,
                    // Its client went away: somebody else leads now.
                    Awaited::LeaderGone => continue,
                    Awaited::StillPending(outcome) => return self.first_of(outcome, deadline, limits, ask).await,
                },
            };
            if let Some(answer) = entry.and_then(|entry| self.cache.open(&entry, &self.key)) {
                return Ok(self.hit(answer));
            }
            let claim = self.cache.claim(self.key, self.codings, Freshness::Missed);
            return self.miss(Asking::Alone(claim), deadline, limits, ask).await;
        }
    }

    /// Asks as well, and takes what comes first: the endpoint's answer, or that of the one who leads.
    async fn first_of(
        &self,
        outcome: watch::Receiver<Outcome>,
        deadline: Instant,
        limits: Limits,
        ask: impl Future<Output = Result<Response, GatewayError>> + Send,
    ) -> Result<Fetched, GatewayError> {
        let claim = self.cache.claim(self.key, self.codings, Freshness::Missed);
        let mut own = pin!(self.asked(Asking::Alone(claim), deadline, limits, ask));
        let first = tokio::select! {
            biased;
            awaited = awaited(outcome, deadline) => awaited,
            fetched = &mut own => {
                self.stage.metrics().cache_miss(self.method);
                return fetched;
            }
        };
        if let Awaited::Kept(entry) = first
            && let Some(answer) = self.cache.open(&entry, &self.key)
        {
            return Ok(self.hit(answer));
        }
        self.stage.metrics().cache_miss(self.method);
        own.await
    }

    fn hit(&self, answer: Answer) -> Fetched {
        self.stage.metrics().cache_hit(self.method);
        if let Some(log) = self.log {
            log.cache_hit();
        }
        let Answer { status, headers, body } = answer;
        Fetched { response: Response { status, headers, body: Body::full(body) }, from: Place::Cache }
    }

    async fn miss(
        &self,
        asking: Asking,
        deadline: Instant,
        limits: Limits,
        ask: impl Future<Output = Result<Response, GatewayError>> + Send,
    ) -> Result<Fetched, GatewayError> {
        self.stage.metrics().cache_miss(self.method);
        self.asked(asking, deadline, limits, ask).await
    }

    async fn asked(
        &self,
        asking: Asking,
        deadline: Instant,
        limits: Limits,
        ask: impl Future<Output = Result<Response, GatewayError>> + Send,
    ) -> Result<Fetched, GatewayError> {
        let answered = async { gathered(pin!(ask).await?, deadline, limits).await };
        let fetched = |response| Fetched { response, from: Place::Endpoint };
        match answered.await {
            Ok(Gathered::Whole(answer)) => {
                let kept = asking.claim().keep(answer.clone(), self.caching.ttl, self.caching.protection);
                asking.finish(kept);
                let Answer { status, headers, body } = answer;
                Ok(fetched(Response { status, headers, body: Body::full(body) }))
            }
            Ok(Gathered::Unkept(response)) => {
                // An endpoint that fails is not to be asked more often than one that does not.
                if !response.status.is_server_error() {
                    asking.claim().was_not_for_keeping();
                }
                asking.finish(None);
                Ok(fetched(response))
            }
            Err(error) => {
                asking.finish(None);
                Err(error)
            }
        }
    }
}

/// Who an endpoint is asked for.
enum Asking {
    Alone(Claim),
    ForAll(Lead),
}

impl Asking {
    fn claim(&self) -> &Claim {
        match self {
            Self::Alone(claim) => claim,
            Self::ForAll(lead) => &lead.claim,
        }
    }

    fn finish(self, kept: Option<Arc<Entry>>) {
        match self {
            Self::Alone(_) => {}
            Self::ForAll(lead) => lead.finish(kept),
        }
    }
}

enum Awaited {
    Kept(Arc<Entry>),
    Nothing,
    LeaderGone,
    StillPending(watch::Receiver<Outcome>),
}

async fn awaited(mut outcome: watch::Receiver<Outcome>, until: Instant) -> Awaited {
    let changed = timeout_at(until, outcome.changed()).await;
    match changed {
        Err(_elapsed) => Awaited::StillPending(outcome),
        Ok(Err(_gone)) => Awaited::LeaderGone,
        Ok(Ok(())) => match &*outcome.borrow() {
            Outcome::Kept(entry) => Awaited::Kept(Arc::clone(entry)),
            Outcome::Nothing | Outcome::Pending => Awaited::Nothing,
        },
    }
}

enum Gathered {
    Whole(Answer),
    /// Not for the cache.
    Unkept(Response),
}

/// Reads an answer that can be kept to its end, or as far as an entry goes.
async fn gathered(response: Response, deadline: Instant, limits: Limits) -> Result<Gathered, GatewayError> {
    let len = response.body.exact_len();
    if !may_be_kept(response.status, &response.headers) || len.is_some_and(|len| len > BODY_BYTES_MAX as u64) {
        return Ok(Gathered::Unkept(response));
    }
    let Response { status, mut headers, body } = response;
    let buffer_bytes = usize::try_from(limits.max_body_bytes).unwrap_or(usize::MAX).min(BODY_BYTES_MAX);
    let (mut body, delivery) = hold(body, deadline, Limits { buffer_bytes, ..limits }).await?;
    match (delivery, body.take_whole()) {
        (Delivery::Whole, Some(body)) => {
            // It names the request that is being answered, and no other.
            headers.remove(names::TRACE_ID);
            Ok(Gathered::Whole(Answer { status, headers, body }))
        }
        (Delivery::Whole | Delivery::Streaming, _) => Ok(Gathered::Unkept(Response { status, headers, body })),
    }
}

/// Only what is a success for every client: not a part of a body or a "not modified", which answer fields that are no part of the key, and
/// not what sets a cookie, which is for one client.
fn may_be_kept(status: StatusCode, headers: &HeaderMap) -> bool {
    let is_for_all = (status.is_success() || status.is_redirection())
        && !matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED);
    is_for_all
        && !headers.contains_key(header::SET_COOKIE)
        && !headers.contains_key(FUNCTION_ERROR)
        && Codings::tells_apart(headers)
}

impl Place {
    /// Who answered a request.
    pub(super) fn answered_by(self, arrival: &Arrival) -> AnsweredBy {
        match self {
            Self::Cache => AnsweredBy::Cache,
            Self::Endpoint => AnsweredBy::Endpoint(arrival.integration_latency()),
        }
    }
}
