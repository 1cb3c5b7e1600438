//! The cache, between validation and the integration request: whether a request is one for the cache, under which key, and whether it may
//! have its answer fetched anew.
//!
//! A [`CacheCall`] is made of a request that was authorized, admitted and validated, and of no other: no entry is ever given to a request
//! that would not have reached the endpoint.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, header};

use super::mapping::request_value;
use super::route::Routed;
use super::validate::Validated;
use crate::access::{Asked, MethodArn};
use crate::cache::key::KeyWriter;
use crate::cache::{Codings, Key, StageCache};
use crate::compile::{
    CacheParameters, Caching, CompiledIntegration, MethodIndex, PublishedStage, Renewal, RequestSource, accept_of,
};
use crate::encode::raw_query_values;
use crate::error::GatewayError;
use crate::execution_log::ExecutionLog;
use crate::headers::names_fields_of_the_connection;

/// A request for the cache.
pub(crate) struct CacheCall<'a> {
    pub(crate) stage: &'a PublishedStage,
    pub(crate) method: MethodIndex,
    pub(crate) cache: &'a Arc<StageCache>,
    pub(crate) caching: &'a Caching,
    pub(crate) key: Key,
    /// What the client takes.
    pub(crate) codings: Codings,
    pub(crate) demand: Demand,
    pub(crate) log: Option<&'a ExecutionLog>,
}

/// What the client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// An answer, from wherever.
    Any,
    /// The same; it wanted a new one, may not have it, and is told so.
    AnyWithWarning,
    /// A new answer.
    New,
}

/// Finds out whether a request is one for the cache. Most stages have none, and their requests pay for one look.
pub(crate) fn cache_call<'a>(validated: &Validated<'a>) -> Result<Option<Box<CacheCall<'a>>>, GatewayError> {
    let routed = validated.routed();
    match routed.received.stage.caching() {
        None => Ok(None),
        Some(_) => of_cached_stage(validated),
    }
}

fn of_cached_stage<'a>(validated: &Validated<'a>) -> Result<Option<Box<CacheCall<'a>>>, GatewayError> {
    let routed = validated.routed();
    let (arrival, stage) = (routed.received.arrival, &**routed.received.stage);
    let Some(stage_caching) = stage.caching() else { return Ok(None) };
    let method = routed.found.method;
    let caching = stage_caching.of(method, &arrival.method);
    let (Some(caching), Some(parameters)) = (caching, &routed.method.cache_parameters) else { return Ok(None) };
    let demand = demand(routed, caching)?;
    let Some(key) = key(validated, parameters) else { return Ok(None) };
    let codings = Codings::accepted(&routed.received.message.headers);
    Ok(Some(Box::new(CacheCall {
        stage,
        method,
        cache: stage_caching.cache(),
        caching,
        key,
        codings,
        demand,
        log: arrival.log(),
    })))
}

/// `Cache-Control: max-age=0` asks for a new answer; nothing else in that field does anything (AWS docs, "Cache settings for REST APIs").
fn demand(routed: &Routed<'_>, caching: &Caching) -> Result<Demand, GatewayError> {
    let headers = &routed.received.message.headers;
    if !asks_for_renewal(headers) {
        return Ok(Demand::Any);
    }
    if caching.renewal == Renewal::Anyone {
        return Ok(Demand::New);
    }
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    let asked = Asked { arrival, stage, arn: MethodArn::of(stage, &arrival.method, &routed.found, routed.received.path)? };
    match (asked.may_invalidate_cache(headers), caching.renewal) {
        (Ok(()), _) => Ok(Demand::New),
        (Err(refusal), Renewal::OrRefuse) => Err(refusal),
        (Err(_), Renewal::OrWarn) => Ok(Demand::AnyWithWarning),
        (Err(_), Renewal::OrIgnore | Renewal::Anyone) => Ok(Demand::Any),
    }
}

fn asks_for_renewal(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter();
    let mut directives = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    directives.any(|directive| directive.eq_ignore_ascii_case(b"max-age=0"))
}

/// `None` when a parameter is in a body that is not read, or the endpoint may see another value of one than the gateway.
fn key(validated: &Validated<'_>, cache: &CacheParameters) -> Option<Key> {
    let routed = validated.routed();
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    // What the caller may do with its own credentials is found out by asking.
    if is_ambiguous(routed, cache) || stage.acts_for_caller(routed.found.method) {
        return None;
    }
    let mut key = KeyWriter::new(stage.deployment_id(), &cache.namespace, arrival.method.as_str());
    for (name, source) in &cache.parameters {
        if matches!(source, RequestSource::Body(_)) {
            // Of the whole body: whatever a mapping reads of two equal ones is equal.
            let body = validated.whole_body()?;
            key.parameter(name, std::iter::once(Cow::Borrowed(&*body)));
        } else {
            parameter(&mut key, name, source, routed);
        }
    }
    if let CompiledIntegration::LambdaProxy(_) = routed.method.integration {
        // A function's answer is kept as it is decoded, which the client's media types decide.
        let accepted = stage.api.binary_media_types.accepted(accept_of(&routed.received.message.headers));
        key.part(&[accepted as u8]);
    }
    Some(key.finish())
}

/// Whether an endpoint may be sent another value of a parameter than the key would hold, so that one client could put an answer under the
/// key of others: a field that `Connection` names is removed on the way, and backends differ in whether `;` separates what is in a query.
fn is_ambiguous(routed: &Routed<'_>, cache: &CacheParameters) -> bool {
    let received = &routed.received;
    let has_query =
        || cache.parameters.iter().any(|(_, source)| matches!(source, RequestSource::Query(_) | RequestSource::QueryAll(_)));
    let passes_query = matches!(routed.method.integration, CompiledIntegration::HttpProxy(_));
    let is_split_two_ways = passes_query && received.arrival.uri.query().is_some_and(|query| query.contains(';')) && has_query();
    is_split_two_ways || names_fields_of_the_connection(&received.message.headers)
}

/// All values of a parameter that was sent several times, whichever of them a mapping takes: endpoints may read another one than the last,
/// and an answer made by one value must not be kept under another.
fn parameter(key: &mut KeyWriter, name: &str, source: &RequestSource, routed: &Routed<'_>) {
    let received = &routed.received;
    match source {
        RequestSource::Query(query_key) | RequestSource::QueryAll(query_key) => {
            // As they were sent, which is how a backend may get them: what is no UTF-8 would be decoded to the same.
            let values = raw_query_values(received.arrival.uri.query().unwrap_or(""), query_key);
            key.parameter(name, values.map(|value| Cow::Borrowed(value.as_bytes())));
        }
        RequestSource::Header(field) | RequestSource::HeaderAll(field) => {
            key.parameter(name, received.message.headers.get_all(field).iter().map(|value| Cow::Borrowed(value.as_bytes())));
        }
        RequestSource::Path(_)
        | RequestSource::Body(_)
        | RequestSource::StageVariable(_)
        | RequestSource::Static(_)
        | RequestSource::Context(_)
        | RequestSource::Absent => {
            let value = request_value(source, routed, &[]);
            key.parameter(name, value.into_iter().map(|value| bytes(value.text)));
        }
    }
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_asks_for_a_new_answer() {
        let asks = |values: &[&'static str]| {
            let headers = values.iter().map(|value| (header::CACHE_CONTROL, HeaderValue::from_static(value))).collect();
            asks_for_renewal(&headers)
        };
        assert!(asks(&["max-age=0"]) && asks(&["no-transform, Max-Age=0"]) && asks(&["no-store", "max-age=0"]));
        for other in ["no-cache", "no-store", "max-age=1", "max-age=00", "max-age=0;x", "s-maxage=0", "x=\"max-age=0\"", ""] {
            assert!(!asks(&[other]), "{other}");
        }
    }
}
