//! TestInvokeAuthorizer: one question to an authorizer as it is stored, with the log of how it went.

use postern_api_model::apigateway::{TestInvokeAuthorizerInput, TestInvokeAuthorizerResponse};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::ports::{TestAuthorizerAnswer, TestAuthorizerCall};
use postern_api_model::scope::Caller;

use super::super::{method, stage};
use super::missing;
use crate::ControlPlane;

/// Bytes of `additionalContext`: as much as a request's fields may have.
const ADDITIONAL_BYTES_MAX: usize = 10_240;

pub(in super::super) async fn test_invoke(
    plane: &ControlPlane,
    caller: &Caller,
    input: TestInvokeAuthorizerInput,
) -> ApiResult<TestInvokeAuthorizerResponse> {
    let api = plane.rest_api(caller, &input.rest_api_id, missing).await?;
    if !api.definition.authorizers.contains_key(&input.authorizer_id) {
        return Err(missing());
    }
    let stage_variables = input.stage_variables.unwrap_or_default();
    stage::check_variables(&stage_variables)?;
    let additional_context = input.additional_context.unwrap_or_default();
    if additional_context.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > ADDITIONAL_BYTES_MAX {
        return Err(ApiError::bad_request(format!("additionalContext is longer than {ADDITIONAL_BYTES_MAX} bytes")));
    }
    let call = TestAuthorizerCall {
        api_id: api.id,
        scope: api.scope,
        definition: api.definition,
        authorizer_id: input.authorizer_id,
        path_with_query_string: input.path_with_query_string.filter(|path| !path.is_empty()),
        headers: method::test_headers(input.headers.unwrap_or_default(), input.multi_value_headers.unwrap_or_default()),
        body: input.body.unwrap_or_default(),
        stage_variables: stage_variables.into_iter().collect(),
        additional_context: additional_context.into_iter().collect(),
    };
    plane.test_invoker().test_invoke_authorizer(call).await.map(show).map_err(method::test_refusal)
}

fn show(answer: TestAuthorizerAnswer) -> TestInvokeAuthorizerResponse {
    let TestAuthorizerAnswer { client_status, log, latency_ms, principal_id, policy, claims } = answer;
    TestInvokeAuthorizerResponse {
        authorization: None,
        claims,
        client_status: Some(client_status.into()),
        latency: Some(i64::try_from(latency_ms).unwrap_or(i64::MAX)),
        log: Some(log),
        policy,
        principal_id,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use crate::server::fixture::{API, Bench};

    const AUTHORIZERS: &str = "/restapis/abcde12345/authorizers";

    #[tokio::test]
    async fn a_call_is_passed_on_and_answered() {
        let bench = Bench::dev().await;
        let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations";
        let made = json!({
            "name": "a", "type": "TOKEN", "authorizerUri": uri, "identitySource": "method.request.header.Auth",
        });
        let (status, _, authorizer) = bench.call("POST", AUTHORIZERS, &made.to_string()).await;
        assert_eq!(status, 201, "{authorizer}");
        let target = format!("{AUTHORIZERS}/{}", authorizer["id"].as_str().unwrap());
        let body = json!({
            "headers": {"Auth": "1", "x": "2"}, "multiValueHeaders": {"X": ["3", "4"]}, "pathWithQueryString": "/a?b=c",
            "body": "text", "stageVariables": {"v": "1"}, "additionalContext": {"identity.user": "me"},
        });
        let (status, _, answer) = bench.call("POST", &target, &body.to_string()).await;
        assert_eq!(status, 200, "{answer}");
        let expected = json!({
            "clientStatus": 0, "log": "log\n", "latency": 7, "principalId": "me", "policy": "{}", "claims": {"sub": "1"},
        });
        assert_eq!(answer, expected);
        let call = bench.notebook.tested_authorizers.lock().unwrap().remove(0);
        assert_eq!((call.api_id.as_str(), call.body.as_str()), (API, "text"));
        let headers = [("Auth", "1"), ("X", "3"), ("X", "4")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(call.headers, headers);
        assert_eq!((&*call.stage_variables["v"], &*call.additional_context["identity.user"]), ("1", "me"));
        for (body, status) in [
            (json!({"pathWithQueryString": "/busy"}), 429),
            (json!({"stageVariables": {"no name": "1"}}), 400),
            (json!({"additionalContext": {"a": "x".repeat(20_000)}}), 400),
        ] {
            let (answered, _, answer) = bench.call("POST", &target, &body.to_string()).await;
            assert_eq!(answered, status, "{answer}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there() {
        let bench = Bench::dev().await;
        for target in [format!("{AUTHORIZERS}/none12"), "/restapis/none/authorizers/none12".to_owned()] {
            let (status, _, answer) = bench.call("POST", &target, "{}").await;
            assert_eq!((status, answer["message"].as_str()), (404, Some("Invalid Authorizer identifier specified")));
        }
    }
}
