//! What a stage caches of its methods, and by which of a request's parameters an integration's answers are told apart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Method as Verb;
use postern_api_model::apigateway::{IntegrationType, ResponseTransferMode, UnauthorizedCacheControlHeaderStrategy as Strategy};
use postern_api_model::rest_api::{Integration, MethodSetting};

use super::expression::{Destination, RequestSource};
use super::lambda;
use super::method_settings::of_settings;
use super::{ANY_COVERS, CompiledApi, MethodIndex};
use crate::cache::{Protection, StageCache};

/// A stage's method settings, by key.
type Settings = BTreeMap<String, MethodSetting>;

/// A stage's cache, and the methods that use it.
#[derive(Debug)]
pub(crate) struct StageCaching {
    cache: Arc<StageCache>,
    methods: Vec<MethodCaching>,
}

/// How a method's requests with a verb are cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caching {
    pub(crate) ttl: Duration,
    pub(crate) protection: Protection,
    pub(crate) renewal: Renewal,
}

/// Who may have an answer fetched anew with `Cache-Control: max-age=0`, and what becomes of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    Anyone,
    /// Those who are permitted; others are refused.
    OrRefuse,
    /// Those who are permitted; others are answered from the cache, with a warning.
    OrWarn,
    /// Those who are permitted; others are answered from the cache.
    OrIgnore,
}

/// By verb.
type MethodCaching = Vec<(Verb, Caching)>;

/// What tells an integration's answers apart.
#[derive(Debug)]
pub(crate) struct CacheParameters {
    pub(crate) namespace: Box<str>,
    /// By AWS's names of them.
    pub(crate) parameters: Vec<(Box<str>, RequestSource)>,
}

impl StageCaching {
    /// `None` when nothing is cached, so that a request looks no further.
    pub(super) fn new(cache: &Arc<StageCache>, api: &CompiledApi, settings: &Settings) -> Option<Box<Self>> {
        let of_method = |method: &super::CompiledMethod| match method.cache_parameters {
            Some(_) => of_method(settings, &api.resource(method.resource).path, &method.verb),
            None => Vec::new(),
        };
        let methods: Vec<_> = api.methods().iter().map(of_method).collect();
        let is_off = methods.iter().all(Vec::is_empty);
        (!is_off).then(|| Box::new(Self { cache: Arc::clone(cache), methods }))
    }

    pub(crate) fn cache(&self) -> &Arc<StageCache> {
        &self.cache
    }

    pub(crate) fn of(&self, method: MethodIndex, verb: &Verb) -> Option<&Caching> {
        self.methods.get(method)?.iter().find(|(known, _)| known == verb).map(|(_, caching)| caching)
    }
}

fn of_method(settings: &Settings, path: &str, verb: &str) -> MethodCaching {
    let verbs = if verb == "ANY" { ANY_COVERS.to_vec() } else { Verb::from_bytes(verb.as_bytes()).into_iter().collect() };
    let caching = verbs.into_iter().filter_map(|asked| {
        let caching = of_verb(settings, path, verb, &asked)?;
        Some((asked, caching))
    });
    caching.collect()
}

/// A setting that names no verb is for `GET` alone (AWS docs, "Cache settings for REST APIs").
fn of_verb(settings: &Settings, path: &str, defined: &str, verb: &Verb) -> Option<Caching> {
    let named = |verbs: &[&str]| -> Settings {
        let is_named = |key: &str| key.rsplit_once('/').is_some_and(|(_, verb)| verbs.contains(&verb));
        settings.iter().filter(|(key, _)| is_named(key)).map(|(key, setting)| (key.clone(), setting.clone())).collect()
    };
    let own = named(&[verb.as_str()]);
    let found = of_settings(&own, path, verb.as_str());
    if !found.is_empty() || *verb != Verb::GET {
        return strictest(&found);
    }
    strictest(&of_settings(&named(&["*", defined]), path, defined))
}

/// Where several settings could be meant, what all of them allow.
fn strictest(settings: &[&MethodSetting]) -> Option<Caching> {
    let is_cached = |setting: &&&MethodSetting| setting.caching_enabled && setting.cache_ttl_in_seconds > 0;
    if settings.is_empty() || settings.iter().filter(is_cached).count() < settings.len() {
        return None;
    }
    let seconds = settings.iter().filter_map(|setting| u64::try_from(setting.cache_ttl_in_seconds).ok()).min()?;
    let is_sealed = settings.iter().any(|setting| setting.cache_data_encrypted);
    let renewals = settings.iter().map(|setting| match setting.unauthorized_cache_control_header_strategy {
        _ if !setting.require_authorization_for_cache_control => Renewal::Anyone,
        Strategy::FailWith403 => Renewal::OrRefuse,
        Strategy::SucceedWithResponseHeader => Renewal::OrWarn,
        Strategy::SucceedWithoutResponseHeader => Renewal::OrIgnore,
    });
    let rank = |renewal: &Renewal| match renewal {
        Renewal::OrRefuse => 0,
        Renewal::OrWarn => 1,
        Renewal::OrIgnore => 2,
        Renewal::Anyone => 3,
    };
    Some(Caching {
        ttl: Duration::from_secs(seconds),
        protection: if is_sealed { Protection::Sealed } else { Protection::None },
        renewal: renewals.min_by_key(rank)?,
    })
}

impl CacheParameters {
    /// `None` for integrations whose answers cannot be cached: MOCK, which has no endpoint, STREAM (AWS docs, "Stream the integration
    /// response"), Firehose behind AWS_PROXY, and those with a parameter that nobody could tell the value of, because answers would be mixed up.
    pub(super) fn compile(integration: &Integration, path_parameters: &[Box<str>]) -> Option<Box<Self>> {
        let is_streamed = integration.response_transfer_mode == Some(ResponseTransferMode::Stream);
        // What is put into a stream has not been put there by the request before.
        let puts_records = integration.kind == IntegrationType::AwsProxy && !lambda::is_lambda(integration);
        if is_streamed || puts_records || integration.kind == IntegrationType::Mock {
            return None;
        }
        let parameters = integration.cache_key_parameters.iter().map(|name| {
            let expression = if name.starts_with("integration.request.") { mapped(integration, name)? } else { name };
            // What is read of a body is its whole: see where keys are made.
            match RequestSource::parse(expression, path_parameters, &mut Vec::new()).ok()? {
                // Such as a path parameter that the resource lacks: all of its paths would have one entry.
                RequestSource::Absent => None,
                source => Some((Box::from(name.as_str()), source)),
            }
        });
        Some(Box::new(Self {
            namespace: integration.cache_namespace.as_str().into(),
            parameters: parameters.collect::<Option<_>>()?,
        }))
    }
}

/// What is mapped to a parameter of the integration request.
fn mapped<'a>(integration: &'a Integration, name: &str) -> Option<&'a str> {
    let wanted = Destination::parse(name).ok()?;
    let mut mappings = integration.request_parameters.iter();
    mappings.find(|(key, _)| Destination::parse(key).is_ok_and(|known| known == wanted)).map(|(_, source)| source.as_str())
}

#[cfg(test)]
mod tests;
