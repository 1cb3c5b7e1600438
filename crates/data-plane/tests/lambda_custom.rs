//! Lambda integrations that are mapped both ways: what the function gets, and which integration response its answer chooses.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::apigateway::{ContentHandlingStrategy, IntegrationType};
use postern_api_model::ports::{FunctionError, Invocation};
use postern_api_model::rest_api::{IntegrationResponse, Method, MethodResponse};
use support::functions::{FUNCTION, Fake, answer, lambda, raised, serving};
use support::{Answer, api, definition, map, with};

/// Responses by status and pattern; all declare the header `X-Of-Function`.
fn custom(responses: &[(&str, &str)]) -> Method {
    let mut method = with(lambda(FUNCTION), |integration| {
        integration.kind = IntegrationType::Aws;
        for (status, pattern) in responses {
            let response = IntegrationResponse {
                selection_pattern: Some((*pattern).to_owned()).filter(|pattern| !pattern.is_empty()),
                ..IntegrationResponse::default()
            };
            integration.responses.insert((*status).to_owned(), response);
        }
    });
    for (status, _) in responses {
        let response_parameters = [("method.response.header.X-Of-Function".to_owned(), false)].into();
        let response = MethodResponse { response_parameters, ..MethodResponse::default() };
        method.responses.insert((*status).to_owned(), response);
    }
    method
}

fn response<'a>(method: &'a mut Method, status: &str) -> &'a mut IntegrationResponse {
    method.integration.as_mut().unwrap().responses.get_mut(status).unwrap()
}

async fn call(fake: &Arc<Fake>, method: Method, body: &str) -> Answer {
    let fields: &[&str] = if body.is_empty() { &[] } else { &["Content-Type: application/json"] };
    serving(fake, api(vec![("/a", "POST", method)])).call("POST", "/s/a", fields, body).await
}

#[tokio::test]
async fn a_result_is_passed_through() {
    let fake = Fake::returning("{\"message\": \"hello world\"}");
    let answer = call(&fake, custom(&[("200", "")]), "{\"a\": 1}").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "{\"message\": \"hello world\"}"));
    assert_eq!(answer.field("content-type"), "application/json");
    assert!(answer.field("x-amzn-trace-id").starts_with("Root="));
    assert_eq!(fake.event(), serde_json::json!({"a": 1}));
}

#[tokio::test]
async fn selection_patterns_as_recorded() {
    let error = |text: &str| {
        format!(
            "{{\"errorMessage\": \"Error: Raising {text} from within the Lambda function\", \"errorType\": \"Exception\", \"requestId\": \"x\", \
             \"stackTrace\": []}}"
        )
    };
    let patterns = || custom(&[("200", ""), ("400", ".*four hundred.*"), ("500", ".*five hundred.*")]);
    for (text, status) in [("four hundred", 400), ("five hundred", 500), ("something else", 200)] {
        let payload = error(text);
        let returned = payload.clone();
        let fake = Fake::new(move |_| Ok(answer(returned.clone())));
        let answer = call(&fake, patterns(), "").await;
        assert_eq!((answer.status, answer.text()), (status, payload), "{text}");
    }
    let answer = call(&Fake::returning("\"Pass\""), patterns(), "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "\"Pass\""));
}

#[tokio::test]
async fn a_result_matches_no_pattern_whatever_it_is() {
    for payload in ["\"200\"", "200", "{\"statusCode\": 200}", "{\"errorMessage\": 400}", "null"] {
        let answer = call(&Fake::returning(payload), custom(&[("200", ".*"), ("202", "")]), "").await;
        assert_eq!(answer.status, 202, "{payload}");
        let answer = call(&Fake::returning(payload), custom(&[("200", "200|.*")]), "").await;
        assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"), "{payload}");
    }
}

#[tokio::test]
async fn a_template_may_choose_the_status_as_recorded() {
    let template = "#set($root = $input.path('$'))#if($root.body.contains('error') && !$root.body.contains('noerror'))\
                    #set($context.responseOverride.status = 400)#else#set($context.responseOverride.status = 202)#end$input.json('$')";
    for (payload, status) in
        [("{\"statusCode\":200,\"body\":\"noerror\"}", 202), ("{\"statusCode\":200,\"body\":\"customerror\"}", 400)]
    {
        let mut method = custom(&[("200", "")]);
        response(&mut method, "200").response_templates = Some(map(&[("application/json", template)]));
        let answer = call(&Fake::returning(payload), method, "").await;
        assert_eq!((answer.status, answer.text().as_str()), (status, payload));
    }
}

#[tokio::test]
async fn templates_and_mappings_of_both_ways() {
    let mut method = with(custom(&[("200", "")]), |integration| {
        integration.request_templates =
            map(&[("application/json", "{\"name\": $input.json('$.n'), \"id\": \"$context.requestId\"}")]);
        integration.request_parameters = map(&[("integration.request.header.X-Amz-Client-Context", "'e30='")]);
    });
    response(&mut method, "200").response_templates = Some(map(&[("application/json", "<$input.path('$.greeting')>")]));
    response(&mut method, "200").response_parameters =
        map(&[("method.response.header.X-Of-Function", "integration.response.header.X-Amz-Executed-Version")]);
    let fake = Fake::returning("{\"greeting\": \"hi\"}");
    let answer = call(&fake, method, "{\"n\": \"x\"}").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "<hi>"));
    assert_eq!(answer.field("x-of-function"), "$LATEST");
    assert_eq!(fake.event(), serde_json::json!({"name": "x", "id": answer.field("x-amzn-requestid")}));
    assert_eq!(fake.calls.lock().unwrap()[0].client_context.as_deref(), Some("e30="));
}

#[tokio::test]
async fn an_asynchronous_call() {
    for source in ["'Event'", "method.request.header.Kind"] {
        let method = with(custom(&[("202", "")]), |integration| {
            integration
                .request_parameters
                .insert("integration.request.header.X-Amz-Invocation-Type".to_owned(), source.to_owned());
        });
        let fake = Fake::returning("");
        let test = serving(&fake, api(vec![("/a", "POST", method)]));
        let answer = test.call("POST", "/s/a", &["Kind: Event", "Content-Type: application/json"], "{\"a\": 1}").await;
        assert_eq!((answer.status, answer.text().as_str()), (202, ""));
        assert_eq!(fake.calls.lock().unwrap()[0].invocation, Invocation::Event);
    }
}

#[tokio::test]
async fn what_lambda_does_not_take() {
    let fake = Fake::returning("{}");
    let method = with(custom(&[("200", "")]), |integration| {
        integration.request_templates = map(&[("application/json", "no json: $input.body")]);
    });
    let answer = call(&fake, method, "{}").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().starts_with("{\"Type\":\"User\",\"message\":\"Could not parse request body into json: "), "{answer:?}");
    let method = with(custom(&[("200", "")]), |integration| {
        integration.request_parameters = map(&[("integration.request.header.X-Amz-Invocation-Type", "'Later'")]);
    });
    let answer = call(&fake, method, "").await;
    assert!(answer.status == 200 && answer.text().contains("X-Amz-Invocation-Type"), "{answer:?}");
    assert!(fake.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn refusals_are_no_results() {
    for (code, status) in [("ResourceNotFoundException", 404), ("AccessDeniedException", 403), ("TooManyRequestsException", 429)]
    {
        let fake = Fake::new(move |_| Err(FunctionError { code, status, message: "x".to_owned() }));
        let answer = call(&fake, custom(&[("200", "")]), "").await;
        assert_eq!((answer.status, answer.text().as_str()), (500, "{\"message\": \"Internal server error\"}"), "{code}");
    }
    let slow = with(custom(&[("200", "")]), |integration| integration.timeout_in_millis = 50);
    assert_eq!(call(&Fake::returning("hang"), slow, "").await.status, 504);
}

#[tokio::test]
async fn a_failure_that_the_function_raised_is_mapped() {
    let fake = Fake::new(|_| Ok(raised("{\"errorMessage\": \"[404] none\", \"errorType\": \"NotFound\"}")));
    let mut method = custom(&[("200", ""), ("404", "\\[404\\].*")]);
    response(&mut method, "404").response_templates = Some(map(&[("application/json", "$input.path('$.errorMessage')")]));
    let answer = call(&fake, method, "").await;
    assert_eq!((answer.status, answer.text().as_str()), (404, "[404] none"));
}

#[tokio::test]
async fn long_messages_and_patterns_that_take_long() {
    let message = |len: usize| format!("{{\"errorMessage\": \"{}b\"}}", "a".repeat(len));
    for (len, pattern, expected) in [
        (10_000, "a+b", 400),
        (20_000, "a+b", 500),
        // More steps than there may be.
        (60, "(a|aa)+(c)\\2?d", 500),
    ] {
        let payload = message(len);
        let fake = Fake::new(move |_| Ok(answer(payload.clone())));
        let answer = call(&fake, custom(&[("200", ""), ("400", pattern)]), "").await;
        assert_eq!(answer.status, expected, "{len} {pattern}");
    }
}

#[tokio::test]
async fn content_handling_of_a_result() {
    let mut method = custom(&[("200", "")]);
    response(&mut method, "200").content_handling = Some(ContentHandlingStrategy::ConvertToBinary);
    let mut source = api(vec![("/a", "POST", method)]);
    definition(&mut source).binary_media_types = vec!["image/png".to_owned()];
    let answer = serving(&Fake::returning("\"/wA=\""), source).call("POST", "/s/a", &[], "").await;
    assert_eq!((answer.status, &*answer.body), (200, &b"\xff\x00"[..]));
}

#[tokio::test]
async fn a_large_result_with_an_error_message() {
    let payload = format!("{{\"x\": \"{}\", \"errorMessage\": \"late\"}}", "x".repeat(500_000));
    let returned = payload.clone();
    let fake = Fake::new(move |_| Ok(answer(returned.clone())));
    let answer = call(&fake, custom(&[("200", ""), ("400", "late")]), "").await;
    assert_eq!((answer.status, answer.body.len()), (400, payload.len()));
}
