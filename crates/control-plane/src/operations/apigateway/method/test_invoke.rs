//! TestInvokeMethod: one call of a method as it is stored, deployed or not, with the log of how it went.

use std::collections::{BTreeMap, BTreeSet};

use postern_api_model::apigateway::{TestInvokeMethodInput, TestInvokeMethodResponse};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::ports::{TestAnswer, TestCall, TestInvokeError};
use postern_api_model::rest_api::{Definition, OrderedMap};
use postern_api_model::scope::Caller;

use super::{VERBS, missing_method, missing_resource};
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::operations::apigateway::stage;

/// The key of a method for every verb.
const ANY: &str = "ANY";
/// What is sent to such a method when the test names no verb of its own.
const ANY_TESTED_AS: &str = "GET";

pub(in crate::operations::apigateway) async fn test_invoke(
    plane: &ControlPlane,
    caller: &Caller,
    input: TestInvokeMethodInput,
) -> ApiResult<TestInvokeMethodResponse> {
    let api = plane.rest_api(caller, &input.rest_api_id, missing_resource).await?;
    let (method, verb) = tested(&api.definition, &input.resource_id, &input.http_method)?;
    let stage_variables: OrderedMap<String> = input.stage_variables.unwrap_or_default();
    stage::check_variables(&stage_variables)?;
    let stage_variables: BTreeMap<String, String> = stage_variables.into_iter().collect();
    let client_certificate_id = input.client_certificate_id.filter(|id| !id.is_empty());
    let certificates = client_certificate_id.iter().cloned().collect();
    let method_links = vpc_links(&api.definition, &input.resource_id, &method, &stage_variables);
    let found = postern_store::references(plane.store(), &caller.scope, &method_links, &certificates).await;
    let references = found.map_err(store_failure)?;
    if let Some(id) = client_certificate_id.as_ref().filter(|id| !references.client_certificates.contains_key(*id)) {
        return Err(ApiError::bad_request(format!("Invalid Client Certificate identifier specified: {id}")));
    }
    let call = TestCall {
        api_id: api.id,
        scope: api.scope,
        definition: api.definition,
        resource_id: input.resource_id,
        method,
        verb,
        path_with_query_string: input.path_with_query_string.filter(|path| !path.is_empty()),
        headers: headers(input.headers.unwrap_or_default(), input.multi_value_headers.unwrap_or_default()),
        body: input.body.unwrap_or_default(),
        stage_variables,
        client_certificate_id,
        references,
    };
    plane.test_invoker().test_invoke(call).await.map(show).map_err(refusal)
}

/// The VPC link that the method goes through.
fn vpc_links(definition: &Definition, resource_id: &str, method: &str, variables: &BTreeMap<String, String>) -> BTreeSet<String> {
    let method = definition.resources.get(resource_id).and_then(|resource| resource.methods.get(method));
    let integration = method.and_then(|method| method.integration.as_ref());
    integration.and_then(|integration| integration.vpc_link_id(variables)).map(str::to_owned).into_iter().collect()
}

/// The method's key and the verb to call it with: a method for every verb is tested with one of them.
fn tested(definition: &Definition, resource_id: &str, asked: &str) -> ApiResult<(String, String)> {
    let methods = &definition.resources.get(resource_id).ok_or_else(missing_resource)?.methods;
    let has = |key: &str| methods.contains_key(key);
    match asked {
        ANY if has(ANY) => Ok((ANY.to_owned(), ANY_TESTED_AS.to_owned())),
        verb if has(verb) => Ok((verb.to_owned(), verb.to_owned())),
        verb if has(ANY) && VERBS.contains(&verb) => Ok((ANY.to_owned(), verb.to_owned())),
        _ => Err(missing_method()),
    }
}

/// A field that is given both ways has the values of the second.
pub(in crate::operations::apigateway) fn headers(
    single: OrderedMap<String>,
    multi: OrderedMap<Vec<String>>,
) -> Vec<(String, String)> {
    let is_given_again = |name: &str| multi.keys().any(|known| known.eq_ignore_ascii_case(name));
    let mut headers: Vec<_> = single.into_iter().filter(|(name, _)| !is_given_again(name)).collect();
    headers.extend(multi.into_iter().flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value))));
    headers
}

fn show(answer: TestAnswer) -> TestInvokeMethodResponse {
    let last = answer.headers.iter().filter_map(|(name, values)| Some((name.clone(), values.last()?.clone()))).collect();
    TestInvokeMethodResponse {
        status: Some(answer.status.into()),
        body: Some(answer.body),
        headers: Some(last),
        multi_value_headers: Some(answer.headers),
        log: Some(answer.log),
        latency: Some(i64::try_from(answer.latency_ms).unwrap_or(i64::MAX)),
    }
}

pub(in crate::operations::apigateway) fn refusal(error: TestInvokeError) -> ApiError {
    match error {
        TestInvokeError::Busy => ApiError::too_many_requests("Too Many Requests"),
        TestInvokeError::Invalid(text) => ApiError::bad_request(text),
        TestInvokeError::Failed(_) => {
            tracing::error!(%error, "a test broke off");
            ApiError::internal()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::server::fixture::{API, Bench, ROOT, method};

    const TARGET: &str = "/restapis/abcde12345/resources/root123456/methods/GET";

    #[tokio::test]
    async fn a_call_is_passed_on_and_answered() {
        let bench = Bench::dev().await;
        let body = json!({
            "pathWithQueryString": "/x?a=b", "body": "text", "stageVariables": {"v": "1"},
            "headers": {"A": "1", "b": "2"}, "multiValueHeaders": {"B": ["3", "4"]},
        });
        let (status, _, answer) = bench.call("POST", TARGET, &body.to_string()).await;
        assert_eq!(status, 200);
        let expected = json!({
            "status": 200, "body": "/x?a=b", "headers": {"A": "1", "B": "2"}, "multiValueHeaders": {"A": ["1"], "B": ["1", "2"]},
            "log": "log\n", "latency": 7,
        });
        assert_eq!(answer, expected);
        let call = bench.notebook.tested.lock().unwrap().remove(0);
        assert_eq!(
            (call.api_id.as_str(), call.method.as_str(), call.verb.as_str(), call.body.as_str()),
            (API, "GET", "GET", "text")
        );
        let headers = [("A", "1"), ("B", "3"), ("B", "4")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(call.headers, headers);
        assert_eq!(call.stage_variables["v"], "1");
        assert_eq!(call.definition, bench.stored().await.definition);
        assert!(bench.notebook.published.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn refusals() {
        let bench = Bench::dev().await;
        let resources = "/restapis/abcde12345/resources";
        let table = [
            (format!("{resources}/{ROOT}/methods/PUT"), json!({}), 404, "Invalid Method identifier specified"),
            (format!("{resources}/{ROOT}/methods/nonsense"), json!({}), 404, "Invalid Method identifier specified"),
            (format!("{resources}/none/methods/GET"), json!({}), 404, "Invalid Resource identifier specified"),
            (format!("/restapis/none/resources/{ROOT}/methods/GET"), json!({}), 404, "Invalid Resource identifier specified"),
            (TARGET.to_owned(), json!({"pathWithQueryString": "/busy"}), 429, "Too Many Requests"),
            (TARGET.to_owned(), json!({"pathWithQueryString": "/invalid"}), 400, "not this"),
            (TARGET.to_owned(), json!({"pathWithQueryString": "/failed"}), 500, "Internal Failure"),
        ];
        for (target, body, status, message) in table {
            let (answered, _, answer) = bench.call("POST", &target, &body.to_string()).await;
            assert_eq!((answered, answer["message"].as_str()), (status, Some(message)), "{target} {body}");
        }
        let (status, _, answer) = bench.call("POST", TARGET, r#"{"clientCertificateId": "abc123"}"#).await;
        assert_eq!(status, 400);
        assert!(answer["message"].as_str().unwrap().contains("abc123"), "{answer}");
    }

    #[test]
    fn the_verb_of_a_method_for_all() {
        let mut definition = crate::server::fixture::api().definition;
        definition.resources.get_mut(ROOT).unwrap().methods.insert("ANY".into(), method("ANY"));
        let of = |asked: &str| tested(&definition, ROOT, asked).map(|(method, verb)| format!("{method} {verb}"));
        assert_eq!(of("GET").unwrap(), "GET GET");
        assert_eq!(of("POST").unwrap(), "ANY POST");
        assert_eq!(of("ANY").unwrap(), "ANY GET");
        assert!(of("TRACE").is_err());
    }
}
