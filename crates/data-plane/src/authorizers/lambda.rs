//! Asking a Lambda authorizer: what the caller shows, the answer that is kept for it, or a call of the function.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::attempt::Called;
use super::fault::AuthorizerFault;
use super::identity::{Needed, Presented, Unidentified};
use super::output::Output;
use super::results::{Answered, Results};
use crate::compile::{AuthorizerIndex, LambdaAuthorizer, Shows};
use crate::error::GatewayError;
use crate::execution_log::IdentityShown;
use crate::heavy_work::HeavyWork;
use crate::integrations::AuthorizerAnswer;
use std::sync::Arc;

/// How long a function may take; what integrations may take on AWS, where nothing is documented for authorizers of REST APIs.
const TIMEOUT_MS: u64 = 29_000;

/// Who is asked about what.
pub(crate) struct Asking<'a> {
    pub(crate) authorizer: &'a LambdaAuthorizer,
    pub(crate) id: &'a str,
    pub(crate) index: AuthorizerIndex,
    pub(crate) presented: Presented<'a>,
    pub(crate) heavy_work: &'a HeavyWork,
    /// `None`: every answer is asked for.
    pub(crate) results: Option<&'a Results>,
}

/// What came of it, and of the call, if there was one.
pub(crate) struct Answer {
    pub(crate) answered: Result<Arc<Output>, GatewayError>,
    pub(crate) called: Option<Called>,
}

/// Asks. `call` calls the function: it is given the token, where there is one, and the time by which the answer must be there.
pub(crate) async fn ask<F: Future<Output = AuthorizerAnswer>>(
    asking: Asking<'_>,
    call: impl FnOnce(Option<&str>, Instant) -> F,
) -> Answer {
    let Presented { arrival, stage, headers, .. } = asking.presented;
    let log = arrival.log();
    let shown_by = (headers, arrival.uri.query().unwrap_or_default());
    let refused = |error| Answer { answered: Err(error), called: None };
    let identity = match Identity::of(&asking) {
        Ok(identity) => identity,
        Err(Unidentified) => {
            if let Some(log) = log {
                log.authorizer_started(&arrival.ids, asking.id, shown_by, &IdentityShown::Nothing);
                log.authorizer_unasked();
            }
            return refused(GatewayError::Unauthorized);
        }
    };
    if let Some(log) = log {
        log.authorizer_started(&arrival.ids, asking.id, shown_by, &identity.shown(&asking));
    }
    match identity.is_acceptable(&asking).await {
        Ok(true) => {}
        Ok(false) => {
            log.into_iter().for_each(|log| log.authorizer_unasked());
            return refused(GatewayError::Unauthorized);
        }
        Err(error) => return refused(error),
    }
    let deadline = Instant::now() + Duration::from_millis(TIMEOUT_MS);
    let mut called = None;
    let calling = async {
        let begun = Instant::now();
        let AuthorizerAnswer { status, request_id, payload } = call(identity.token(), deadline).await;
        let latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        called = Some(Called { latency_ms, status, request_id });
        let payload = payload?;
        if let Some(log) = log {
            log.authorizer_answered(&payload);
        }
        Output::parse(&payload).map(Arc::new).map_err(AuthorizerFault::Configuration)
    };
    let ttl = asking.authorizer.ttl;
    let answering = async {
        match asking.results.filter(|_| !ttl.is_zero()) {
            Some(results) => {
                let key = stage.authorizer_results(asking.index).key(identity.values());
                results.answer(key, ttl, calling).await
            }
            None => calling.await,
        }
    };
    let answered: Answered = timeout_at(deadline, answering)
        .await
        .unwrap_or_else(|_elapsed| Err(AuthorizerFault::Failure(format!("it took more than {TIMEOUT_MS} ms"))));
    if let (Some(log), Ok(output)) = (log, &answered) {
        log.authorizer_accepted(&output.principal_id);
    }
    Answer { answered: answered.map_err(GatewayError::from), called }
}

/// What a caller shows.
enum Identity<'a> {
    Token(&'a str),
    Sources(Vec<String>),
}

impl<'a> Identity<'a> {
    fn of(asking: &Asking<'a>) -> Result<Self, Unidentified> {
        match &asking.authorizer.shows {
            Shows::Token { header, .. } => asking.presented.token(header).map(Self::Token),
            Shows::Request(sources) => {
                let needed = if asking.authorizer.ttl.is_zero() { Needed::Any } else { Needed::Every };
                asking.presented.sources(sources, needed).map(Self::Sources)
            }
        }
    }

    /// Whether it looks as the authorizer says it must.
    async fn is_acceptable(&self, asking: &Asking<'_>) -> Result<bool, GatewayError> {
        match (&asking.authorizer.shows, self) {
            (Shows::Token { expression: Some(expression), .. }, Self::Token(token)) => {
                expression.matches(token, asking.presented.stage.api_id(), asking.heavy_work).await
            }
            _ => Ok(true),
        }
    }

    fn token(&self) -> Option<&str> {
        match self {
            Self::Token(token) => Some(token),
            Self::Sources(_) => None,
        }
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        let (token, sources) = match self {
            Self::Token(token) => (Some(*token), &[][..]),
            Self::Sources(values) => (None, values.as_slice()),
        };
        token.into_iter().chain(sources.iter().map(String::as_str))
    }

    fn shown<'s>(&'s self, asking: &'s Asking<'_>) -> IdentityShown<'s> {
        match (&asking.authorizer.shows, self) {
            (Shows::Request(sources), Self::Sources(values)) => {
                let expressions = sources.iter().map(|source| &*source.expression);
                IdentityShown::Sources(expressions.zip(values.iter().map(String::as_str)).collect())
            }
            (_, identity) => identity.token().map_or(IdentityShown::Nothing, IdentityShown::Token),
        }
    }
}
