//! TestInvokeAuthorizer: one authorizer of an API as it is stored, asked by the code that serves traffic.
//!
//! The definition is stripped to the authorizer and to one method that asks it; then it is compiled, and a stage is made for this one
//! request. The method's own policy and integration are not reached: what an authorizer says is the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::Method as Verb;
use postern_api_model::ports::{References, TestAuthorizerAnswer, TestAuthorizerCall, TestInvokeError};
use postern_api_model::rest_api::{Authorizer, Definition, Method, Resource, Stage};

use super::{Tests, bare_source, compiled, headers, no_turn, uri};
use crate::compile::{CompiledApi, PublishedStage};
use crate::context::{Arrival, WrittenNames};
use crate::error::GatewayError;
use crate::execution_log::{ExecutionLog, Spellings};
use crate::gateway::Gateway;
use crate::links::LinkTargets;
use crate::stages::{Tested, route, test_authorizer};
use crate::transport::Upstreams;

/// The stage in the method ARN that an authorizer under test is asked about, as reported of AWS.
const STAGE: &str = "ESTestInvoke-stage";
/// The verb in it.
const VERB: &str = "GET";

/// Runs one test.
pub(crate) async fn run(
    gateway: &Gateway,
    tests: &Tests,
    upstreams: &Upstreams,
    call: TestAuthorizerCall,
) -> Result<TestAuthorizerAnswer, TestInvokeError> {
    let _turn = tests.0.try_acquire().map_err(no_turn)?;
    let uri = uri(call.path_with_query_string.as_deref(), || "/".to_owned())?;
    let body = Bytes::from(call.body.clone());
    let (mut arrival, mut message) = Arrival::tested(Verb::GET, uri, headers(&call.headers)?, body);
    arrival.names = WrittenNames::Given(call.headers.iter().map(|(name, _)| name.as_str().into()).collect());
    let mut spellings = Spellings::default();
    call.headers.iter().for_each(|(name, _)| spellings.add(name));
    let log = Arc::new(ExecutionLog::answered(&arrival.ids.request, spellings));
    let _ = arrival.log.set(Arc::clone(&log));
    let additional = call.additional_context.clone();
    let links = Arc::clone(gateway.links());
    let located = compiled("authorizer", move || stage(call, &links)).await?;
    let asked = async {
        let routed = route(located.receive(&arrival, &mut message))?;
        test_authorizer(routed, &additional, gateway, upstreams).await
    };
    let said = Box::pin(asked).await;
    if let Err(error) = &said {
        log.authorizer_failed(error);
    }
    Ok(answer(said, &log, &arrival))
}

fn answer(said: Result<Tested, GatewayError>, log: &ExecutionLog, arrival: &Arrival) -> TestAuthorizerAnswer {
    let (client_status, said) = match said {
        Ok(said) => (0, said),
        Err(error) => (error.status().as_u16(), Tested::default()),
    };
    let Tested { principal_id, policy, claims } = said;
    let latency_ms = u64::try_from(arrival.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    TestAuthorizerAnswer { client_status, log: log.text(), latency_ms, principal_id, policy, claims }
}

/// A stage whose only method asks the authorizer.
fn stage(call: TestAuthorizerCall, links: &LinkTargets) -> PublishedStage {
    let TestAuthorizerCall { api_id, scope, definition, authorizer_id, stage_variables, .. } = call;
    let (api, _) = CompiledApi::compile(&stripped(definition, &authorizer_id));
    let source = bare_source(api_id, scope, References::default());
    let stage = Stage { variables: stage_variables, ..Stage::new(STAGE, "", 0) };
    PublishedStage::tested(&stage, api, &source, links)
}

fn stripped(definition: Definition, authorizer_id: &str) -> Definition {
    let Definition { name, root_resource_id, mut authorizers, .. } = definition;
    authorizers.retain(|_, authorizer| authorizer.id == authorizer_id);
    let kind = authorizers.values().next().map(|authorizer| Authorizer::authorization_type(authorizer.kind));
    let method = Method {
        http_method: VERB.to_owned(),
        authorization_type: kind.unwrap_or_default().to_owned(),
        authorizer_id: Some(authorizer_id.to_owned()),
        authorization_scopes: Vec::new(),
        api_key_required: false,
        operation_name: None,
        request_validator_id: None,
        request_parameters: Default::default(),
        request_models: Default::default(),
        responses: BTreeMap::new(),
        integration: None,
    };
    let methods = [(VERB.to_owned(), method)].into();
    let root = Resource { id: root_resource_id.clone(), parent_id: None, path_part: String::new(), methods };
    Definition {
        resources: [(root_resource_id.clone(), root)].into(),
        authorizers,
        ..Definition::empty(&name, &root_resource_id)
    }
}
