//! TestInvokeMethod: one method of an API as it is stored, deployed or not, through the pipeline that serves traffic.
//!
//! The definition is stripped to the method and of everything that a test passes by (AWS docs, "Use the API Gateway console to test
//! a REST API method": authorization is not enforced); then it is compiled, and a stage is made for this one request. The pipeline
//! knows nothing of it but that the method need not be found by its path.

mod authorizer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use postern_api_model::apigateway::EndpointType;
use postern_api_model::ports::{ApiSource, References, TestAnswer, TestCall, TestInvokeError};
use postern_api_model::rest_api::{AUTHORIZATION_NONE, Definition, OrderedMap, Stage};
use postern_api_model::scope::Scope;
use tokio::sync::{Semaphore, TryAcquireError};

use crate::compile::{CompiledApi, MEDIA_TYPE_DEFAULT, PublishedStage};
use crate::context::{Arrival, Message, WrittenNames};
use crate::encode::{self, Place, Spelling};
use crate::execution_log::{ExecutionLog, Spellings, shown_of};
use crate::gateway::Gateway;
use crate::links::LinkTargets;
use crate::pipeline;
use crate::stages::Located;
use crate::transport::{Response, Upstreams};

pub(crate) use authorizer::run as authorizer;

/// Tests at one time: each may compile a method and hold an answer of the longest kind, 160 MB together.
const TESTS_MAX: usize = 16;
/// The longest that a test may take: what AWS's clients wait for an answer.
const TEST_MS_MAX: u64 = 60_000;
/// `$context.stage` of a test, as AWS names it.
const STAGE: &str = "test-invoke-stage";

/// The turns of tests.
pub(crate) struct Tests(Semaphore);

impl Default for Tests {
    fn default() -> Self {
        Self(Semaphore::new(TESTS_MAX))
    }
}

/// Runs one test.
pub(crate) async fn run(
    gateway: &Gateway,
    tests: &Tests,
    upstreams: &Upstreams,
    call: TestCall,
) -> Result<TestAnswer, TestInvokeError> {
    let _turn = tests.0.try_acquire().map_err(no_turn)?;
    let spellings = spellings(&call);
    let Made { mut arrival, mut message } = request(&call)?;
    arrival.names = WrittenNames::Given(call.headers.iter().map(|(name, _)| name.as_str().into()).collect());
    let log = Arc::new(ExecutionLog::answered(&arrival.ids.request, spellings));
    let _ = arrival.log.set(Arc::clone(&log));
    let links = Arc::clone(gateway.links());
    let located = compiled("method", move || stage(call, &links)).await?;
    let timeout = Duration::from_millis(TEST_MS_MAX);
    let response = pipeline::rest::test(gateway, upstreams, &arrival, &located, &mut message, timeout).await;
    let latency = arrival.started.elapsed();
    Ok(answer(response, &log, latency))
}

/// Where a test's request goes. Compiling takes long enough to hold up the other calls of this thread.
async fn compiled(
    what: &'static str,
    stage: impl FnOnce() -> PublishedStage + Send + 'static,
) -> Result<Located, TestInvokeError> {
    let stage = tokio::task::spawn_blocking(stage).await;
    let stage = stage.map_err(|_| TestInvokeError::Failed(format!("compiling the {what} panicked; the log has the details")))?;
    Ok(Located::tested(Arc::new(stage)))
}

/// An API that has nothing but what is tested, which is handed over beside it.
fn bare_source(api_id: String, scope: Scope, references: References) -> ApiSource {
    ApiSource {
        api_id,
        version: 0,
        scope,
        disable_execute_api_endpoint: false,
        stages: BTreeMap::new(),
        deployments: BTreeMap::new(),
        references,
    }
}

fn no_turn(_: TryAcquireError) -> TestInvokeError {
    TestInvokeError::Busy
}

fn answer(mut response: Response, log: &ExecutionLog, latency: Duration) -> TestAnswer {
    let body = response.body.take_whole().unwrap_or_default();
    let mut headers: OrderedMap<Vec<String>> = OrderedMap::new();
    for (name, value) in &shown_of(&response.headers) {
        headers.entry(log.spelled(name).into_owned()).or_default().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    TestAnswer {
        status: response.status.as_u16(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        log: log.text(),
        latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
    }
}

/// A stage that serves the tested method and nothing else.
fn stage(call: TestCall, links: &LinkTargets) -> PublishedStage {
    let TestCall { api_id, scope, definition, resource_id, method, stage_variables, client_certificate_id, references, .. } =
        call;
    let definition = stripped(definition, &resource_id, &method);
    let (api, _) = CompiledApi::compile(&definition);
    let source = bare_source(api_id, scope, references);
    let stage = Stage { variables: stage_variables, client_certificate_id, ..Stage::new(STAGE, "", 0) };
    PublishedStage::tested(&stage, api, &source, links)
}

/// The definition with this method alone, and without what only a request from outside meets: who may call, and how the endpoint is
/// reached. Compression is the connection's matter as well.
fn stripped(mut definition: Definition, resource_id: &str, key: &str) -> Definition {
    for resource in definition.resources.values_mut() {
        let is_tested = resource.id == resource_id;
        resource.methods.retain(|known, _| is_tested && known == key);
        for method in resource.methods.values_mut() {
            AUTHORIZATION_NONE.clone_into(&mut method.authorization_type);
            method.authorizer_id = None;
            method.authorization_scopes.clear();
            method.api_key_required = false;
        }
    }
    definition.policy = None;
    definition.security_policy = None;
    definition.endpoint_access_mode = None;
    definition.endpoint_configuration.types = vec![EndpointType::Regional];
    definition.minimum_compression_size = None;
    definition
}

/// A request made up.
struct Made {
    arrival: Arrival,
    message: Message,
}

fn request(call: &TestCall) -> Result<Made, TestInvokeError> {
    let verb = Method::from_bytes(call.verb.as_bytes())
        .map_err(|_| TestInvokeError::Invalid(format!("Invalid HTTP method specified: {}", call.verb)))?;
    // Without a path it is that of the resource, braces and all (recorded).
    let own = || call.definition.path(&call.resource_id).unwrap_or_default();
    let uri = uri(call.path_with_query_string.as_deref(), own)?;
    let mut headers = headers(&call.headers)?;
    // AWS docs, TestInvokeMethod: the media type of a test is always this one.
    if headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE_DEFAULT));
    }
    let (arrival, message) = Arrival::tested(verb, uri, headers, Bytes::from(call.body.clone()));
    Ok(Made { arrival, message })
}

/// Path and query as they are given; `own` is the path where none is.
fn uri(given: Option<&str>, own: impl FnOnce() -> String) -> Result<Uri, TestInvokeError> {
    let given = given.unwrap_or_default();
    let (path, query) = given.split_once('?').map_or((given, None), |(path, query)| (path, Some(query)));
    let own = if path.is_empty() { own() } else { String::new() };
    let path = if path.is_empty() { &own } else { path };
    let mut target = String::from(if path.starts_with('/') { "" } else { "/" });
    push_lenient(&mut target, path, Place::Path);
    if let Some(query) = query {
        target.push('?');
        push_lenient(&mut target, query, Place::Query);
    }
    target.parse().map_err(|_| TestInvokeError::Invalid("pathWithQueryString is too long or is no path with a query".to_owned()))
}

/// Encodes only what no URI can hold: what is there already is meant so.
fn push_lenient(out: &mut String, text: &str, place: Place) {
    for piece in
        text.split_inclusive(|character: char| !character.is_ascii_graphic() || matches!(character, '"' | '#' | '<' | '>' | '`'))
    {
        let kept = piece.trim_end_matches(|character: char| {
            !character.is_ascii_graphic() || matches!(character, '"' | '#' | '<' | '>' | '`')
        });
        out.push_str(kept);
        encode::push(out, &piece[kept.len()..], place, Spelling::Plain);
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, TestInvokeError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let invalid = || TestInvokeError::Invalid(format!("Invalid header specified: {name}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid())?;
        headers.try_append(name, value).map_err(|_| TestInvokeError::Invalid("Too many headers specified".to_owned()))?;
    }
    Ok(headers)
}

/// Names as the tester and the API's owner wrote them.
fn spellings(call: &TestCall) -> Spellings {
    let mut spellings = Spellings::default();
    call.headers.iter().for_each(|(name, _)| spellings.add(name));
    let method = call.definition.resources.get(&call.resource_id).and_then(|resource| resource.methods.get(&call.method));
    let declared =
        method.into_iter().flat_map(|method| method.responses.values()).flat_map(|response| response.response_parameters.keys());
    let mapped = method
        .and_then(|method| method.integration.as_ref())
        .into_iter()
        .flat_map(|integration| integration.request_parameters.keys());
    let customised = call.definition.gateway_responses.values().flat_map(|response| response.response_parameters.keys());
    for key in declared.chain(mapped).chain(customised) {
        if let Some((_, name)) = key.split_once(".header.") {
            spellings.add(name);
        }
    }
    spellings
}

#[cfg(test)]
mod tests;
