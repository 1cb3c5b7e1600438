//! Stages, ready to serve: a compiled deployment under a stage's name, variables and settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use postern_api_model::ports::{ApiSource, CertificateAndKey, PublishError};
use postern_api_model::rest_api::{Definition, Stage, vpc_link_id};
use postern_api_model::scope::Scope;

use super::caching::StageCaching;
use super::credentials::Signatory;
use super::lambda::LambdaFunction;
use super::logging::{self, MethodLogging};
use super::service::ResolvedService;
use super::stage_authorizers::StageAuthorizers;
use super::uri::{AddressError, Endpoint};
use super::variants::{Variants, canary_stage};
use super::{
    AuthorizerIndex, Blocked, CompiledApi, CompiledIntegration, CompiledMethod, HttpEndpoint, MethodIndex, Throttles, ledger,
};
use crate::access::ResourcePolicy;
use crate::access_log::StageLog;
use crate::authorizers::ResultScope;
use crate::cache::{Caches, StageCache};
use crate::error::GatewayError;
use crate::execution_log::Detail;
use crate::links::LinkTargets;
use crate::metering::Bucket;
use crate::metrics::{ApiMetrics, StageMetrics};
use crate::tokens::UserPools;
use crate::transport::ClientIdentity;

/// What the log group of a canary is called behind the stage's (AWS docs, "Set up a canary release deployment").
const CANARY_LOG_SUFFIX: &str = "/Canary";

/// One API as this node serves it; replaced whole.
#[derive(Debug)]
pub(crate) struct PublishedApi {
    pub(crate) version: u64,
    /// Whether the default endpoint is switched off.
    pub(crate) is_disabled: bool,
    /// By name, sorted.
    stages: Vec<(Box<str>, Variants)>,
    /// Kept to be used again by the next version.
    deployments: BTreeMap<String, Arc<CompiledApi>>,
    /// Whose it is.
    scope: Scope,
    /// The VPC links that its stages name, there or not.
    vpc_link_ids: BTreeSet<String>,
    last_used_seconds: AtomicU64,
}

/// One stage: immutable, shared by the requests that it serves.
#[derive(Debug)]
pub(crate) struct PublishedStage {
    name: Box<str>,
    /// The same, with what AWS adds for a canary to the name of its log group.
    log_name: Box<str>,
    api_id: Box<str>,
    api_id_value: HeaderValue,
    user_agent: HeaderValue,
    deployment_id: Box<str>,
    scope: Scope,
    pub(crate) api: Arc<CompiledApi>,
    variables: BTreeMap<String, String>,
    /// By method; `None` for methods that call no backend.
    endpoints: Vec<Option<Result<Endpoint, Unreachable>>>,
    /// Of the methods that call an AWS service.
    services: BTreeMap<MethodIndex, Result<ResolvedService, AddressError>>,
    /// By method; `None` for methods that call no function.
    functions: Vec<Option<Result<LambdaFunction, AddressError>>>,
    /// By authorizer.
    authorizers: StageAuthorizers,
    /// By method; empty when the stage logs nothing.
    logging: Vec<MethodLogging>,
    throttles: Throttles,
    /// `None` when nothing is cached.
    caching: Option<Box<StageCaching>>,
    /// The stage's cache, used or not; `None` of a canary, which has no cache but its stage's.
    cache: Option<Arc<StageCache>>,
    metrics: StageMetrics,
    access_log: Option<StageLog>,
    is_traced: bool,
    purpose: Purpose,
}

/// Why a method's requests go nowhere, for the log.
#[derive(Debug)]
enum Unreachable {
    /// The integration's URI is none.
    Address(AddressError),
    /// What the method or the stage names is not there, or not configured.
    Unconfigured(String),
}

/// What a method calls.
#[derive(Debug)]
pub(crate) enum Calls<'a> {
    Function(&'a LambdaFunction),
    Service(&'a ResolvedService),
    /// An HTTP backend, or nothing: there is nothing to configure.
    Somewhere,
    /// Every request fails, and why.
    Nowhere(String),
}

/// What a stage is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Traffic,
    /// The share of it that tries another deployment.
    Canary,
    /// One call of TestInvokeMethod.
    Test,
}

/// Makes a version servable, compiling only deployments that `before` does not hold already.
///
/// # Errors
/// When a stage points to a deployment that `source` lacks. Nothing of the version is served then.
pub(crate) fn publish_with(
    source: ApiSource,
    before: Option<&PublishedApi>,
    links: &LinkTargets,
    caches: &Arc<Caches>,
) -> Result<PublishedApi, PublishError> {
    ledger::api_source(&source);
    let (deployments, vpc_link_ids) = (BTreeMap::new(), BTreeSet::new());
    let mut publishing = Publishing { source: &source, before, links, caches, deployments, vpc_link_ids };
    let mut stages = Vec::with_capacity(source.stages.len());
    for (name, stage) in &source.stages {
        stages.push((Box::from(name.as_str()), publishing.variants(name, stage)?));
    }
    let Publishing { deployments, vpc_link_ids, .. } = publishing;
    Ok(PublishedApi {
        version: source.version,
        is_disabled: source.disable_execute_api_endpoint,
        stages,
        deployments,
        vpc_link_ids,
        scope: source.scope,
        last_used_seconds: AtomicU64::new(0),
    })
}

/// A version that is being made servable.
struct Publishing<'a> {
    source: &'a ApiSource,
    before: Option<&'a PublishedApi>,
    links: &'a LinkTargets,
    caches: &'a Arc<Caches>,
    deployments: BTreeMap<String, Arc<CompiledApi>>,
    vpc_link_ids: BTreeSet<String>,
}

impl Publishing<'_> {
    /// A stage, with its canary if it has one.
    fn variants(&mut self, name: &str, stage: &Stage) -> Result<Variants, PublishError> {
        let before = self.before.and_then(|before| before.stage(name));
        let kept: Vec<&PublishedStage> = before.into_iter().flat_map(Variants::all).collect();
        let api = self.compiled(&stage.deployment_id, || format!("stage {name}"))?;
        let cache = self.cache(stage, &kept);
        let mut production = self.stage(stage, api, &kept);
        production.caching = cache.as_ref().and_then(|cache| StageCaching::new(cache, &production.api, &stage.method_settings));
        production.cache.clone_from(&cache);
        let Some(settings) = &stage.canary_settings else { return Ok(Variants::alone(production)) };
        let api = self.compiled(&settings.deployment_id, || format!("the canary of stage {name}"))?;
        let kept: Vec<&PublishedStage> = std::iter::once(&production).chain(kept).collect();
        let canary = self.stage(&canary_stage(stage, settings), api, &kept);
        let log_name = format!("{name}{CANARY_LOG_SUFFIX}").into();
        let cache = cache.filter(|_| settings.use_stage_cache);
        let caching = cache.as_ref().and_then(|cache| StageCaching::new(cache, &canary.api, &stage.method_settings));
        let canary = PublishedStage { purpose: Purpose::Canary, log_name, caching, ..canary };
        Ok(Variants::alone(production).with_canary(canary, settings))
    }

    /// The stage's cache, as it is if its size is what it was (AWS docs, "Cache settings for REST APIs": another size begins empty).
    fn cache(&self, stage: &Stage, kept: &[&PublishedStage]) -> Option<Arc<StageCache>> {
        let size = stage.cache_cluster_size.filter(|_| stage.cache_cluster_enabled)?;
        let known = kept.iter().find_map(|kept| kept.cache.as_ref()).filter(|cache| cache.size() == size);
        Some(known.map_or_else(|| self.caches.open(size), Arc::clone))
    }

    fn stage(&mut self, stage: &Stage, api: Arc<CompiledApi>, kept: &[&PublishedStage]) -> PublishedStage {
        let uses = api.methods().iter().filter_map(|method| method.endpoint()?.link.as_ref());
        self.vpc_link_ids.extend(uses.map(|link| vpc_link_id(&link.connection_id, &stage.variables).to_owned()));
        PublishedStage::new(stage, api, self.source, self.links, kept)
    }

    /// A deployment that `whose` points to.
    fn compiled(&mut self, id: &str, whose: impl FnOnce() -> String) -> Result<Arc<CompiledApi>, PublishError> {
        let known = self.deployments.get(id).or_else(|| self.before?.deployments.get(id)).map(Arc::clone);
        let api = match known {
            Some(api) => api,
            None => {
                let definition = self.source.deployments.get(id).ok_or_else(|| PublishError {
                    api_id: self.source.api_id.clone(),
                    reason: format!("{} points to deployment {id}, which is missing", whose()),
                })?;
                compile(definition, self.source, id)
            }
        };
        self.deployments.insert(id.to_owned(), Arc::clone(&api));
        Ok(api)
    }
}

/// Compiles a deployment, and says in the log what its owner should know of it.
fn compile(definition: &Definition, source: &ApiSource, id: &str) -> Arc<CompiledApi> {
    let (api, inert) = CompiledApi::compile(definition);
    if !inert.is_empty() {
        tracing::warn!(api = source.api_id, deployment = id, fields = ?inert, "stored and echoed, without effect on traffic");
    }
    let fields = api.refusing_fields();
    if !fields.is_empty() {
        tracing::warn!(api = source.api_id, deployment = id, ?fields, "requests that need what is not built answer 501");
    }
    if let ResourcePolicy::Broken(reason) = &api.policy {
        tracing::error!(api = source.api_id, deployment = id, %reason, "the resource policy denies every request");
    }
    Arc::new(api)
}

impl PublishedApi {
    /// The stages, by name, each with its canary behind it.
    pub(crate) fn stages(&self) -> impl Iterator<Item = &PublishedStage> {
        self.stages.iter().flat_map(|(_, variants)| variants.all())
    }

    /// All that was counted of its stages.
    pub(crate) fn read_metrics(&self, all: &mut Vec<ApiMetrics>) {
        for (name, variants) in &self.stages {
            let mut read: Option<&StageMetrics> = None;
            for stage in variants.all() {
                stage.metrics.read(&stage.api_id, name, read, all);
                read = Some(&stage.metrics);
            }
        }
    }

    /// A stage by its exact name.
    pub(crate) fn stage(&self, name: &str) -> Option<&Variants> {
        let at = self.stages.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.stages[at].1)
    }

    /// Nothing that authorizers answered for a stage, or for its canary, is used again.
    pub(crate) fn flush_authorizers(&self, stage: &str) {
        self.stage(stage).into_iter().flat_map(Variants::all).for_each(PublishedStage::flush_authorizers);
    }

    /// Whether a stage goes through this VPC link, or names it.
    pub(crate) fn names_vpc_link(&self, scope: &Scope, id: &str) -> bool {
        self.scope == *scope && self.vpc_link_ids.contains(id)
    }

    /// Whether a stage goes through any VPC link.
    pub(crate) fn names_vpc_links(&self) -> bool {
        !self.vpc_link_ids.is_empty()
    }

    /// Notes a use, so that cold APIs can be told from warm ones. Written at most once a second.
    pub(crate) fn touch(&self, seconds: u64) {
        if self.last_used_seconds.load(Ordering::Relaxed) != seconds {
            self.last_used_seconds.store(seconds, Ordering::Relaxed);
        }
    }

    pub(crate) fn last_used_seconds(&self) -> u64 {
        self.last_used_seconds.load(Ordering::Relaxed)
    }
}

impl PublishedStage {
    /// What requests used up of the limits goes over from `kept`: the stage's other release, and the same stage as it was. The first that
    /// has a method's counts for it.
    fn new(stage: &Stage, api: Arc<CompiledApi>, source: &ApiSource, links: &LinkTargets, kept: &[&Self]) -> Self {
        let fields = ledger::stage(stage);
        if !fields.is_empty() {
            tracing::warn!(api = source.api_id, stage = stage.name, ?fields, "stored and echoed, without effect on traffic");
        }
        let functions = api.methods().iter().map(|method| {
            let resolved = method.lambda()?.resolve(&stage.variables);
            resolved.as_ref().err().into_iter().for_each(|reason| warn_of(reason, method, &api, stage, source));
            Some(resolved)
        });
        let identity = stage.client_certificate_id.as_deref().map(|id| identity(id, source));
        let endpoints = api.methods().iter().map(|method| {
            let endpoint = method.endpoint()?;
            let resolved = resolve(endpoint, stage, source, identity.as_ref(), links);
            resolved.as_ref().err().into_iter().for_each(|reason| warn_of(reason.text(), method, &api, stage, source));
            Some(resolved)
        });
        let services = api.methods().iter().enumerate().filter_map(|(index, method)| {
            let resolved = method.service()?.resolve(&stage.variables);
            resolved.as_ref().err().into_iter().for_each(|reason| warn_of(reason, method, &api, stage, source));
            Some((index, resolved))
        });
        let same = kept.iter().find(|kept| Arc::ptr_eq(&kept.api, &api) && kept.variables == stage.variables);
        let authorizers = StageAuthorizers::new(&api, stage, source, same.map(|same| &same.authorizers));
        let throttles: Vec<&Throttles> = kept.iter().map(|kept| &kept.throttles).collect();
        let metrics: Vec<&StageMetrics> = kept.iter().map(|kept| &kept.metrics).collect();
        // Ids are letters and digits; one that were none would only be missing from a field.
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        Self {
            name: stage.name.as_str().into(),
            log_name: stage.name.as_str().into(),
            api_id_value: value(&source.api_id),
            user_agent: value(&format!("AmazonAPIGateway_{}", source.api_id)),
            api_id: source.api_id.as_str().into(),
            deployment_id: stage.deployment_id.as_str().into(),
            scope: source.scope.clone(),
            endpoints: endpoints.collect(),
            functions: functions.collect(),
            services: services.collect(),
            authorizers,
            logging: logging::of_methods(&api, &stage.method_settings),
            throttles: Throttles::new(&api, &stage.method_settings, &throttles),
            access_log: StageLog::of(stage, source),
            is_traced: stage.tracing_enabled,
            metrics: StageMetrics::new(&api, source, stage, &metrics),
            caching: None,
            cache: None,
            purpose: Purpose::Traffic,
            variables: stage.variables.clone(),
            api,
        }
    }

    /// A stage for one call of TestInvokeMethod.
    pub(crate) fn tested(stage: &Stage, api: CompiledApi, source: &ApiSource, links: &LinkTargets) -> Self {
        Self { purpose: Purpose::Test, ..Self::new(stage, Arc::new(api), source, links, &[]) }
    }

    /// The function that a method calls.
    pub(crate) fn function(&self, method: MethodIndex) -> Result<&LambdaFunction, AddressError> {
        match self.functions.get(method) {
            Some(Some(Ok(function))) => Ok(function),
            Some(Some(Err(reason))) => Err(reason),
            Some(None) | None => Err("the method calls no function"),
        }
    }

    /// What a function sees as the source of its calls: `verb` and `path` as the method is defined.
    pub(crate) fn source_arn(&self, verb: &str, path: &str) -> String {
        let Scope { account, region } = &self.scope;
        format!("arn:aws:execute-api:{region}:{account}:{}/{}/{verb}{path}", self.api_id, self.name)
    }

    /// The function that an authorizer is.
    pub(crate) fn authorizer_function(&self, authorizer: AuthorizerIndex) -> Result<&LambdaFunction, AddressError> {
        self.authorizers.function(authorizer)
    }

    /// The user pools that an authorizer believes.
    pub(crate) fn authorizer_pools(&self, authorizer: AuthorizerIndex) -> Result<&UserPools, AddressError> {
        self.authorizers.user_pools(authorizer)
    }

    /// Whose the answers of an authorizer are.
    pub(crate) fn authorizer_results(&self, authorizer: AuthorizerIndex) -> &ResultScope {
        self.authorizers.results(authorizer)
    }

    fn flush_authorizers(&self) {
        self.authorizers.flush();
    }

    /// What an authorizer's function sees as the source of its calls.
    pub(crate) fn authorizer_arn(&self, id: &str) -> String {
        let Scope { account, region } = &self.scope;
        format!("arn:aws:execute-api:{region}:{account}:{}/authorizers/{id}", self.api_id)
    }

    /// Whether it serves a test and no traffic.
    pub(crate) fn is_test(&self) -> bool {
        self.purpose == Purpose::Test
    }

    /// Whether it is the canary release of its stage.
    pub(crate) fn is_canary(&self) -> bool {
        self.purpose == Purpose::Canary
    }

    /// What the stage logs of requests with this verb to a method.
    pub(crate) fn logging(&self, method: MethodIndex, verb: &http::Method) -> Option<Detail> {
        self.logging.get(method)?.of(verb)
    }

    /// What is cached of it, if anything is.
    pub(crate) fn caching(&self) -> Option<&StageCaching> {
        self.caching.as_deref()
    }

    /// Forgets the answers that are kept.
    pub(crate) fn flush_cache(&self) {
        if let Some(cache) = &self.cache {
            cache.flush();
        }
    }

    /// The bucket that requests with this verb to a method take from, whoever sends them.
    pub(crate) fn throttle(&self, method: MethodIndex, verb: &http::Method) -> Option<&Arc<Bucket>> {
        self.throttles.of(method, verb)
    }

    /// Its access log, if it has one.
    pub(crate) fn access_log(&self) -> Option<&StageLog> {
        self.access_log.as_ref()
    }

    /// Whether anybody asks more of a request than what is known at its end.
    pub(crate) fn is_observed(&self) -> bool {
        self.access_log.is_some() || self.is_traced
    }

    /// Whether its requests are traced, where traces are reported at all.
    pub(crate) fn is_traced(&self) -> bool {
        self.is_traced
    }

    /// What is counted of it, under AWS's names.
    pub(crate) fn metrics(&self) -> &StageMetrics {
        &self.metrics
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Under which its execution log is found.
    pub(crate) fn log_name(&self) -> &str {
        &self.log_name
    }

    pub(crate) fn api_id(&self) -> &str {
        &self.api_id
    }

    pub(crate) fn deployment_id(&self) -> &str {
        &self.deployment_id
    }

    /// Whose API it is.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn account(&self) -> &str {
        &self.scope.account
    }

    /// `X-Amzn-Apigateway-Api-Id`.
    pub(crate) fn api_id_value(&self) -> &HeaderValue {
        &self.api_id_value
    }

    /// The `User-Agent` of backend requests that have none of their own.
    pub(crate) fn user_agent(&self) -> &HeaderValue {
        &self.user_agent
    }

    /// A stage variable.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// All stage variables.
    pub(crate) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Where a method's backend is.
    pub(crate) fn endpoint(&self, method: MethodIndex) -> Result<&Endpoint, GatewayError> {
        match &self.endpoints[method] {
            Some(Ok(endpoint)) => Ok(endpoint),
            Some(Err(Unreachable::Address(reason))) => Err(GatewayError::Address((*reason).to_owned())),
            Some(Err(Unreachable::Unconfigured(reason))) => Err(GatewayError::Unconfigured(reason.clone())),
            None => Err(GatewayError::Configuration("the method calls no backend")),
        }
    }

    /// What a method calls, as far as it is known before a request.
    pub(crate) fn calls(&self, method: MethodIndex) -> Calls<'_> {
        let failing = |reason: &str| Calls::Nowhere(reason.to_owned());
        let compiled = self.api.method(method);
        if let CompiledIntegration::Broken(reason) = compiled.integration {
            return failing(reason);
        }
        match (self.endpoints.get(method), self.functions.get(method), self.services.get(&method)) {
            (Some(Some(Err(reason))), ..) => failing(reason.text()),
            (_, Some(Some(Err(reason))), _) | (.., Some(Err(reason))) => failing(reason),
            (_, Some(Some(Ok(function))), _) => Calls::Function(function),
            (.., Some(Ok(service))) => Calls::Service(service),
            _ => Calls::Somewhere,
        }
    }

    /// Whether a method's integration is called with the caller's own credentials.
    pub(crate) fn acts_for_caller(&self, method: MethodIndex) -> bool {
        match self.calls(method) {
            Calls::Function(function) => function.signatory == Signatory::Caller,
            Calls::Service(service) => service.signatory == Signatory::Caller,
            Calls::Somewhere | Calls::Nowhere(_) => false,
        }
    }

    /// Which AWS service a method calls.
    pub(crate) fn service(&self, method: MethodIndex) -> Result<&ResolvedService, AddressError> {
        match self.services.get(&method) {
            Some(Ok(service)) => Ok(service),
            Some(Err(reason)) => Err(reason),
            None => Err("the method calls no service"),
        }
    }

    /// What keeps a method from being served, of the API or the method.
    pub(crate) fn blocked(&self, method: MethodIndex) -> Option<&Blocked> {
        self.api.blocked.as_ref().or(self.api.method(method).blocked.as_ref())
    }
}

fn warn_of(reason: &str, method: &CompiledMethod, api: &CompiledApi, stage: &Stage, source: &ApiSource) {
    let path = &api.resource(method.resource).path;
    tracing::warn!(api = source.api_id, stage = stage.name, method = %method.verb, %path, reason, "requests will fail");
}

impl Unreachable {
    fn text(&self) -> &str {
        match self {
            Self::Address(reason) => reason,
            Self::Unconfigured(reason) => reason,
        }
    }
}

impl From<AddressError> for Unreachable {
    fn from(reason: AddressError) -> Self {
        Self::Address(reason)
    }
}

/// Where a method's requests go under a stage.
fn resolve(
    endpoint: &HttpEndpoint,
    stage: &Stage,
    source: &ApiSource,
    identity: Option<&Result<ClientIdentity, String>>,
    links: &LinkTargets,
) -> Result<Endpoint, Unreachable> {
    let uri = endpoint.uri.as_ref().map_err(|reason| Unreachable::Address(reason))?;
    let mut resolved = uri.resolve(&stage.variables, endpoint.verify)?;
    // Without TLS nobody asks for a certificate.
    if let Some(identity) = identity.filter(|_| resolved.is_tls()) {
        resolved = resolved.presenting(identity.clone().map_err(Unreachable::Unconfigured)?);
    }
    match &endpoint.link {
        None => Ok(resolved),
        Some(link) => Ok(resolved.through(&links.find(link, stage, source).map_err(Unreachable::Unconfigured)?)?),
    }
}

/// What a stage shows to its backends. One that has expired is shown all the same, and they decide.
fn identity(id: &str, source: &ApiSource) -> Result<ClientIdentity, String> {
    let found = source.references.client_certificates.get(id);
    let CertificateAndKey { certificate, private_key } =
        found.ok_or_else(|| format!("the stage's client certificate {id} does not exist"))?;
    ClientIdentity::from_pem(certificate, private_key.expose()).map_err(|error| format!("client certificate {id}: {error}"))
}

/// Makes a version servable where no load balancer is configured.
///
/// # Errors
/// As [`publish_with`].
#[cfg(any(test, fuzzing))]
pub(crate) fn publish(source: ApiSource, before: Option<&PublishedApi>) -> Result<PublishedApi, PublishError> {
    publish_with(source, before, &LinkTargets::default(), &Arc::default())
}
