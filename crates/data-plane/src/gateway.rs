//! The data plane as the binary sees it: APIs go in, requests are answered.

use std::sync::Arc;

use postern_api_model::ports::{
    ApiKeyLoader, ApiLoader, ApiSource, CallerKeys, PublishError, TestAnswer, TestAuthorizerAnswer, TestAuthorizerCall, TestCall,
    TestInvokeError, UsageSink,
};
use postern_api_model::scope::Scope;
use postern_api_model::usage_plan::UsagePlan;

use crate::access::{Callers, NoKeys};
use crate::access_log::{AccessLog, LogDestinations};
use crate::authorizers::Results;
use crate::backends::Backends;
use crate::cache::{CacheLimits, Caches};
use crate::compile::PublishedStage;
use crate::counters::{Counters, GatewayMetrics};
use crate::execution_log::token::{LogKey, Tokens};
use crate::heavy_work::HeavyWork;
use crate::links::{self, LinkTargets};
use crate::metering::{Limit, Metering};
use crate::metrics::ApiMetrics;
use crate::pipeline;
use crate::record::{self, Logs};
use crate::registry::Registry;
use crate::test_invoke::{self, Tests};
use crate::tokens::KeySets;
use crate::traces::Tracing;
use crate::transport::{Handler, Refused, Request, Response, Upstreams};

/// Bytes of a body, either way: AWS's payload limit for REST APIs.
pub const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Bytes of an answer that are held back: what ends or fails within behaves exactly as on AWS, what is longer streams.
pub const BUFFER_BYTES: usize = 64 * 1024;
/// APIs in memory: at some tens of kilobytes each, a few hundred megabytes at most.
pub const RESIDENT_APIS_MAX: usize = 10_000;

/// The data plane's limits.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// See [`BODY_BYTES_MAX`].
    pub max_body_bytes: u64,
    /// See [`BUFFER_BYTES`].
    pub buffer_bytes: usize,
    /// See [`RESIDENT_APIS_MAX`].
    pub resident_apis_max: usize,
    /// What clients that ask for the log of a request prove their right with; without one nobody can.
    pub log_key: Option<LogKey>,
    /// What AWS's names stand for here.
    pub backends: Backends,
    /// How fast all APIs of one account in one Region may be called; `None`: as fast as they can be served.
    pub account_limit: Option<AccountLimit>,
    /// Where the access logs of stages go.
    pub log_destinations: LogDestinations,
    /// Where the spans of stages that are traced go.
    pub tracing: Tracing,
    /// How much of endpoints' answers stages may keep.
    pub cache: CacheLimits,
}

/// The account throttle, which AWS has by default at 10,000 requests a second with bursts of 5,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLimit {
    /// Requests a second, over time.
    pub rate_per_second: u32,
    /// Requests at one moment.
    pub burst: u32,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            max_body_bytes: BODY_BYTES_MAX,
            buffer_bytes: BUFFER_BYTES,
            resident_apis_max: RESIDENT_APIS_MAX,
            log_key: None,
            backends: Backends::default(),
            account_limit: None,
            log_destinations: LogDestinations::default(),
            tracing: Tracing::default(),
            cache: CacheLimits::default(),
        }
    }
}

/// Serves deployed APIs. Shared by all workers.
pub struct Gateway {
    settings: GatewaySettings,
    registry: Registry,
    logs: Logs,
    counters: Counters,
    heavy_work: HeavyWork,
    metering: Metering,
    log_tokens: Tokens,
    tests: Tests,
    links: Arc<LinkTargets>,
    callers: Callers,
    caches: Arc<Caches>,
    token_keys: Arc<KeySets>,
    authorizer_results: Results,
}

impl Gateway {
    /// A gateway that serves what is published to it, and asks `loader` for what is not.
    pub fn new(settings: GatewaySettings, loader: Arc<dyn ApiLoader>, access_log: AccessLog) -> Self {
        let caches = Arc::new(Caches::new(settings.cache));
        let links = Arc::new(LinkTargets::new(settings.backends.link_targets.clone()));
        let registry =
            Registry::new(loader, settings.resident_apis_max).linked_to(Arc::clone(&links)).caching_in(Arc::clone(&caches));
        let log_tokens = Tokens::new(settings.log_key.clone());
        let (counters, heavy_work) = (Counters::default(), HeavyWork::default());
        let limit = settings.account_limit.map(|limit| Limit::new(f64::from(limit.rate_per_second), limit.burst));
        let metering = Metering::default().limiting_accounts(limit);
        let destinations = settings.log_destinations.clone().for_accounts(settings.backends.accounts);
        let tracing = settings.tracing.clone();
        let logs = Logs { own: access_log, destinations, tracing };
        let (tests, callers) = (Tests::default(), Callers::new(Arc::new(NoKeys)));
        let token_keys = Arc::new(KeySets::new(settings.backends.tokens.clone()));
        let authorizer_results = Results::default();
        Self {
            settings,
            registry,
            logs,
            counters,
            heavy_work,
            metering,
            log_tokens,
            tests,
            links,
            callers,
            token_keys,
            authorizer_results,
            caches,
        }
    }

    /// Lets clients in with the API keys that `loader` finds; without one, no key opens anything.
    #[must_use]
    pub fn with_api_keys(self, loader: Arc<dyn ApiKeyLoader>) -> Self {
        Self { metering: self.metering.with_api_keys(loader), ..self }
    }

    /// Hands what was counted of usage plans over to `sink`.
    ///
    /// # Errors
    /// When it cannot be stored; it is kept for the next time. Says so in words for the log.
    pub async fn flush_usage(&self, sink: &dyn UsageSink) -> Result<(), String> {
        self.metering.flush(sink).await
    }

    /// Looks at the API key with this value anew: it changed, is new, or is gone.
    pub fn api_key_changed(&self, scope: &Scope, value: &str) {
        self.metering.key_changed(scope, value);
    }

    /// The same by the SHA-256 of the value, in hexadecimal digits.
    pub fn api_key_of_sha256_changed(&self, scope: &Scope, digest: &str) {
        self.metering.key_of_sha256_changed(scope, digest);
    }

    /// A usage plan is at this version now, or is gone.
    pub fn usage_plan_changed(&self, scope: &Scope, plan_id: &str, now: Option<(u64, &UsagePlan)>) {
        self.metering.plan_changed(scope, plan_id, now);
    }

    /// Looks at all API keys anew: nobody knows what changed.
    pub fn api_keys_changed(&self) {
        self.metering.all_changed();
    }

    /// Takes the keys that callers of methods with `AWS_IAM` sign with from `keys`; without them nobody can call such a method.
    #[must_use]
    pub fn with_caller_keys(self, keys: Arc<dyn CallerKeys>) -> Self {
        Self { callers: Callers::new(keys), ..self }
    }

    /// Serves this version of an API from now on; a lower version never replaces a higher one. Deployments that are being
    /// served already are not compiled again.
    ///
    /// # Errors
    /// When a stage points to a deployment that `source` lacks; the version served before goes on being served.
    pub fn publish(&self, source: ApiSource) -> Result<(), PublishError> {
        self.logs.destinations.say_unmapped(&source, &self.logs.own);
        self.registry.publish(source)
    }

    /// Forgets what authorizers answered for a stage, and what they are being asked for it now.
    pub fn flush_authorizers(&self, api_id: &str, stage: &str) {
        // An API that is not here has no answers here.
        if let Some(api) = self.registry.resident(api_id) {
            api.flush_authorizers(stage);
        }
    }

    /// Stops serving an API.
    pub fn withdraw(&self, api_id: &str) {
        self.registry.withdraw(api_id);
    }

    /// Forgets the answers that a stage keeps: FlushStageCache. An API that is not in memory keeps none.
    pub fn flush_stage_cache(&self, api_id: &str, stage_name: &str) {
        if let Some(variants) = self.registry.resident(api_id).as_deref().and_then(|api| api.stage(stage_name)) {
            variants.all().for_each(PublishedStage::flush_cache);
        }
    }

    /// The version of an API that is in memory, if it is.
    pub fn resident_version(&self, api_id: &str) -> Option<u64> {
        self.registry.resident(api_id).map(|api| api.version)
    }

    /// Counts since the start.
    pub fn metrics(&self) -> GatewayMetrics {
        GatewayMetrics {
            resident_apis: self.registry.len() as u64,
            access_log_dropped: self.logs.own.dropped(),
            cache_bytes: self.caches.used() as u64,
            resident_api_keys: self.metering.resident_keys() as u64,
            usage_unwritten: self.metering.unwritten() as u64,
            ..self.counters.sum()
        }
    }

    /// What was counted of the APIs in memory, by API and stage.
    pub fn api_metrics(&self) -> Vec<ApiMetrics> {
        let mut all = Vec::new();
        self.registry.each_resident(|api| api.read_metrics(&mut all));
        all.sort_unstable_by(|a, b| (&a.api_id, &a.stage, &a.method).cmp(&(&b.api_id, &b.stage, &b.method)));
        all
    }

    /// Runs one method of an API as it is stored, deployed or not: TestInvokeMethod. Neither counted nor in the access log.
    ///
    /// # Errors
    /// When the request cannot be one, or too many tests run already.
    pub async fn test_invoke(&self, upstreams: &Upstreams, call: TestCall) -> Result<TestAnswer, TestInvokeError> {
        test_invoke::run(self, &self.tests, upstreams, call).await
    }

    /// Asks one authorizer of an API as it is stored: TestInvokeAuthorizer. No kept answer is used, and none is left.
    ///
    /// # Errors
    /// When the request cannot be one, or too many tests run already.
    pub async fn test_invoke_authorizer(
        &self,
        upstreams: &Upstreams,
        call: TestAuthorizerCall,
    ) -> Result<TestAuthorizerAnswer, TestInvokeError> {
        test_invoke::authorizer(self, &self.tests, upstreams, call).await
    }

    /// The APIs in memory that name a VPC link of an account in a region, or any link at all: to be published again when it changes.
    pub fn apis_naming_vpc_link(&self, link: Option<(&Scope, &str)>) -> Vec<String> {
        self.registry.naming_vpc_link(link)
    }

    /// Checks the addresses behind VPC links again and again, until it is dropped. Without any it only waits.
    pub async fn check_links(&self, upstreams: &Upstreams) {
        links::check_for_ever(&self.links, upstreams).await;
    }

    pub(crate) fn links(&self) -> &Arc<LinkTargets> {
        &self.links
    }

    pub(crate) fn settings(&self) -> &GatewaySettings {
        &self.settings
    }

    pub(crate) fn token_keys(&self) -> &Arc<KeySets> {
        &self.token_keys
    }

    pub(crate) fn callers(&self) -> &Callers {
        &self.callers
    }

    pub(crate) fn authorizer_results(&self) -> &Results {
        &self.authorizer_results
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn logs(&self) -> &Logs {
        &self.logs
    }

    pub(crate) fn heavy_work(&self) -> &HeavyWork {
        &self.heavy_work
    }

    pub(crate) fn metering(&self) -> &Metering {
        &self.metering
    }

    pub(crate) fn log_tokens(&self) -> &Tokens {
        &self.log_tokens
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl Handler for Gateway {
    /// The pipeline's own future, unwrapped: each future around another is a copy of it per request.
    fn handle(&self, upstreams: &Upstreams, request: Request) -> impl Future<Output = Response> + Send {
        pipeline::rest::serve(self, upstreams, request)
    }

    fn refused(&self, refused: &Refused<'_>) {
        record::refused(self, refused);
    }
}
