//! What CloudWatch would show of an API, under AWS's names: Count, 4XXError, 5XXError, Latency, IntegrationLatency, CacheHitCount and
//! CacheMissCount, for each stage, and for each method whose stage asks for it with `metricsEnabled`.
//!
//! A stage's numbers live in its `PublishedStage` and go over to the next version of it. They are sharded by thread and only ever
//! added to: a request takes no lock and, but for the first of a method, allocates nothing. They start anew when an API that went cold is loaded again, which every reader
//! of counters expects of a restart as well.

mod series;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::StatusCode;
use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::Stage;

use crate::compile::{CompiledApi, MethodIndex, of_settings};
use series::Series;
pub use series::{HistogramCounts, LATENCY_BOUNDS_MS, SeriesCounts};

/// The series of one stage.
#[derive(Debug)]
pub(crate) struct StageMetrics {
    /// `ApiName`, as AWS writes it into its dimensions.
    api_name: Box<str>,
    stage: Arc<Series>,
    /// By method; empty when the stage asks for none, so that a request looks no further.
    methods: Vec<MethodSeries>,
}

#[derive(Debug)]
struct MethodSeries {
    path: Box<str>,
    verb: Box<str>,
    series: Option<Counted>,
}

/// Made when something is counted: few of all methods that are deployed are called, and a series is large. The stage's versions and its
/// canary share it from before that.
type Counted = Arc<OnceLock<Series>>;

/// The counts of one stage, or of one method of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiMetrics {
    /// The API's id.
    pub api_id: String,
    /// Its name, or its id where the name has no ASCII character.
    pub api_name: String,
    /// The stage's name.
    pub stage: String,
    /// The resource's path and the verb, as the method is defined; `None` for all of the stage.
    pub method: Option<(String, String)>,
    /// What was counted.
    pub counts: SeriesCounts,
}

impl StageMetrics {
    /// Series for a stage; those of `kept`, the stage's other release and the same stage as it was, go on.
    pub(crate) fn new(api: &CompiledApi, source: &ApiSource, stage: &Stage, kept: &[&Self]) -> Self {
        let known: Vec<_> = kept.iter().map(|kept| kept.by_method()).collect();
        let name = source.deployments.get(&stage.deployment_id).map_or("", |definition| &definition.name);
        let methods = api.methods().iter().map(|method| {
            let path = &api.resource(method.resource).path;
            let is_asked =
                of_settings(&stage.method_settings, path, &method.verb).into_iter().any(|setting| setting.metrics_enabled);
            let of_known = || known.iter().find_map(|known| known.get(&(&**path, &*method.verb)));
            let series = is_asked.then(|| of_known().map(|series| Counted::clone(series)).unwrap_or_default());
            MethodSeries { path: path.clone(), verb: method.verb.clone(), series }
        });
        let methods: Vec<_> = methods.collect();
        Self {
            api_name: dimension(name, &source.api_id),
            stage: kept.first().map(|kept| Arc::clone(&kept.stage)).unwrap_or_default(),
            methods: if methods.iter().all(|method| method.series.is_none()) { Vec::new() } else { methods },
        }
    }

    /// Counts a request that was answered, or whose client is gone. `integration` is how long the integration took, if one was called.
    pub(crate) fn answered(
        &self,
        method: Option<MethodIndex>,
        status: StatusCode,
        latency: Duration,
        integration: Option<Duration>,
    ) {
        self.each(method, |series| series.answered(status, latency, integration));
    }

    /// A request was answered from the cache.
    pub(crate) fn cache_hit(&self, method: MethodIndex) {
        self.each(Some(method), Series::cache_hit);
    }

    /// The cache was looked into, and the integration called.
    pub(crate) fn cache_miss(&self, method: MethodIndex) {
        self.each(Some(method), Series::cache_miss);
    }

    /// Of the methods that are counted, by path and verb.
    fn by_method(&self) -> HashMap<(&str, &str), &Counted> {
        self.methods.iter().filter_map(|known| Some(((&*known.path, &*known.verb), known.series.as_ref()?))).collect()
    }

    fn each(&self, method: Option<MethodIndex>, count: impl Fn(&Series)) {
        count(&self.stage);
        if let Some(series) = method.and_then(|method| self.methods.get(method)?.series.as_ref()) {
            count(series.get_or_init(Series::default));
        }
    }

    /// All its counts: the stage's, then those of methods that were called. `read`: the stage's other release, which shares series with it.
    pub(crate) fn read(&self, api_id: &str, stage: &str, read: Option<&Self>, all: &mut Vec<ApiMetrics>) {
        let shown = |method: Option<(String, String)>, series: &Series| ApiMetrics {
            api_id: api_id.to_owned(),
            api_name: self.api_name.to_string(),
            stage: stage.to_owned(),
            method,
            counts: series.read(),
        };
        if read.is_none() {
            all.push(shown(None, &self.stage));
        }
        let known = read.map(Self::by_method).unwrap_or_default();
        for MethodSeries { path, verb, series } in &self.methods {
            if known.contains_key(&(&**path, &**verb)) {
                continue;
            }
            let series = series.as_ref().and_then(|series| series.get());
            all.extend(series.map(|series| shown(Some((path.to_string(), verb.to_string())), series)));
        }
    }
}

/// AWS docs, "Amazon API Gateway dimensions and metrics": characters that are no ASCII are left out of `ApiName`; a name without any
/// other is replaced by the API's id.
fn dimension(name: &str, api_id: &str) -> Box<str> {
    let ascii: String = name.chars().filter(|character| character.is_ascii() && !character.is_ascii_control()).collect();
    if ascii.trim().is_empty() { api_id.into() } else { ascii.into() }
}

#[cfg(test)]
mod tests;
