//! Lambda authorizers in traffic: what they are asked, what their answers do, and the attacks on both.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::apigateway::{AuthorizerType, IntegrationType};
use postern_api_model::ports::FunctionError;
use postern_api_model::rest_api::{Authorizer, Method};
use serde_json::{Value, json};
use support::authorizers::{
    OWN, URI, allowing, answering, asking, calls, denied, get, guarded, misconfigured, policy, request, says, shown, stage,
    token, unauthorized,
};
use support::functions::{Fake, answer, raised, serving};
use support::{Backend, api, definition, integration, method, ok, proxy};

#[tokio::test]
async fn what_a_token_authorizer_is_asked() {
    let fake = answering(allowing());
    let test = serving(&fake, guarded(&token()));
    assert_eq!(get(&test, "/s/pets/7?x=1", &["authorization: Bearer abc"]).await.status, 200);
    let expected = json!({"type": "TOKEN", "methodArn": format!("{OWN}/s/GET/pets/7"), "authorizationToken": "Bearer abc"});
    assert_eq!(fake.event(), expected);
    assert_eq!(fake.calls.lock().unwrap()[0].function, "arn:aws:lambda:eu-west-1:000000000000:function:hello-auth");
}

#[tokio::test]
async fn what_a_request_authorizer_is_asked() {
    let fake = answering(allowing());
    let test = serving(&fake, guarded(&request("method.request.header.X-Id")));
    assert_eq!(get(&test, "/s/pets/7?x=1&x=2", &["X-Id: me", "A: 1", "A: 2"]).await.status, 200);
    let event = fake.event();
    for (member, expected) in [
        ("type", json!("REQUEST")),
        ("methodArn", json!(format!("{OWN}/s/GET/pets/7"))),
        ("resource", json!("/pets/{id}")),
        ("path", json!("/pets/7")),
        ("httpMethod", json!("GET")),
        ("queryStringParameters", json!({"x": "2"})),
        ("multiValueQueryStringParameters", json!({"x": ["1", "2"]})),
        ("pathParameters", json!({"id": "7"})),
        ("stageVariables", json!({"fn": "auth", "v": "1"})),
    ] {
        assert_eq!(event[member], expected, "{member}");
    }
    assert_eq!((&event["headers"]["X-Id"], &event["multiValueHeaders"]["A"]), (&json!("me"), &json!(["1", "2"])));
    assert_eq!(event["requestContext"]["apiId"], "abcde12345");
    let members: Vec<&String> = event.as_object().unwrap().keys().collect();
    assert!(!members.iter().any(|member| ["body", "isBase64Encoded"].contains(&member.as_str())), "{members:?}");
    assert_eq!(event["requestContext"].get("authorizer"), None);
}

#[tokio::test]
async fn what_is_not_there_is_an_empty_map() {
    let fake = answering(allowing());
    let mut asks = request("");
    asks.authorizer_result_ttl_in_seconds = Some(0);
    asks.authorizer_uri = Some(URI.replace("-${stageVariables.fn}", ""));
    let mut source = guarded(&asks);
    stage(&mut source).variables.clear();
    let test = serving(&fake, source);
    assert_eq!(get(&test, "/s/pets", &[]).await.status, 200);
    let event = fake.event();
    for member in ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables"] {
        assert_eq!(event[member], json!({}), "{member}");
    }
}

#[tokio::test]
async fn every_outcome() {
    let context =
        |context: &str| format!(r#"{{"principalId":"me","policyDocument":{},"context":{context}}}"#, policy("Allow", "*"));
    let table = [
        (allowing(), None),
        (says(&policy("Allow", &format!("{OWN}/s/GET/pets"))), None),
        (says(&policy("Allow", &format!("{OWN}/*/GET/*"))), None),
        (says(&policy("Allow", &format!("{OWN}/s/POST/pets"))), Some(denied(""))),
        (says(&policy("Allow", &format!("{OWN}/other/GET/pets"))), Some(denied(""))),
        (says(&policy("Allow", &OWN.replace("abcde12345", "*/s/POST/pets"))), Some(denied(""))),
        (says(&policy("Allow", "arn:aws:execute-api:*:*:other12345/*")), Some(denied(""))),
        (says(&policy("Allow", "*")).replace("Invoke", "InvalidateCache"), Some(denied(""))),
        (says(&policy("Deny", "*")), Some(denied(" with an explicit deny"))),
        (says(&policy("Deny", &format!("{OWN}/s/POST/pets"))), Some(denied(""))),
        (context(r#"{"a":"x","b":1,"c":true}"#), None),
        (context(r#"{"a":{}}"#), Some(misconfigured())),
        (context(r#"{"a":[]}"#), Some(misconfigured())),
        (context(r#"{"a":null}"#), Some(misconfigured())),
        (allowing().replace(r#""principalId":"me","#, ""), Some(misconfigured())),
        (allowing().replace(r#""me""#, "7"), Some(misconfigured())),
        (allowing().replace("\"Allow\"", "\"allow\""), Some(misconfigured())),
        (r#"{"principalId":"me"}"#.to_owned(), Some(misconfigured())),
        (r#"{"principalId":"me","policyDocument":{}}"#.to_owned(), Some(misconfigured())),
        (r#"{"isAuthorized":true}"#.to_owned(), Some(misconfigured())),
        ("true".to_owned(), Some(misconfigured())),
        ("null".to_owned(), Some(misconfigured())),
        (String::new(), Some(misconfigured())),
        (format!("{}{}", allowing(), " ".repeat(200_000)), Some(misconfigured())),
        (says(&policy("Allow", &format!("{OWN}/{}*", "*/".repeat(200)))), Some(denied(""))),
        (says(&policy("Allow", &format!("{OWN}/{}", "a".repeat(500)))), Some(misconfigured())),
        (
            says(&policy("Allow", "LIST").replace("\"LIST\"", &json!(vec!["*a".repeat(200); 30]).to_string())),
            Some(misconfigured()),
        ),
    ];
    for (text, expected) in table {
        let fake = answering(text.clone());
        let test = serving(&fake, guarded(&token()));
        let answer = get(&test, "/s/pets", &["Authorization: x"]).await;
        match expected {
            None => assert_eq!(answer.status, 200, "{text}"),
            Some(expected) => assert_eq!(shown(&answer), expected, "{text}"),
        }
        assert_eq!(calls(&fake), 1);
    }
}

#[tokio::test]
async fn functions_that_fail() {
    let failed = || (500, "AuthorizerFailureException", r#"{"message":null}"#.to_owned());
    let refused = |status: u16, code: &'static str| Err(FunctionError { code, status, message: "x".to_owned() });
    type Outcome = Result<postern_api_model::ports::FunctionAnswer, FunctionError>;
    let table: [(Outcome, _); 10] = [
        (Ok(raised(r#"{"errorMessage":"Unauthorized","errorType":"Exception"}"#)), unauthorized()),
        (Ok(raised(r#"{"errorMessage":"unauthorized"}"#)), misconfigured()),
        (Ok(raised(r#"{"errorMessage":"Unauthorized!"}"#)), misconfigured()),
        (Ok(raised(r#"{"errorMessage":"boom","errorType":"Error"}"#)), misconfigured()),
        // An answer that comes as a failure is none, whatever it says.
        (
            Ok(raised(r#"{"principalId":"me","policyDocument":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}}"#)),
            misconfigured(),
        ),
        // Only a failure says so.
        (Ok(answer(r#"{"errorMessage":"Unauthorized"}"#)), misconfigured()),
        (refused(403, "AccessDeniedException"), misconfigured()),
        (refused(404, "ResourceNotFoundException"), misconfigured()),
        (refused(429, "TooManyRequestsException"), failed()),
        (refused(500, "ServiceException"), failed()),
    ];
    for (outcome, expected) in table {
        let fake = Fake::new(move |_| outcome.clone());
        let test = serving(&fake, guarded(&token()));
        for _ in 0..2 {
            assert_eq!(shown(&get(&test, "/s/pets", &["Authorization: x"]).await), expected);
        }
        assert_eq!(calls(&fake), 2, "a failure is not kept");
    }
}

#[tokio::test]
async fn who_shows_nothing_is_not_asked_about() {
    let cases: [(Authorizer, &[&[&str]]); 3] = [
        (
            token(),
            &[
                &[],
                &["Authorization:"],
                &["Authorization:   "],
                &["X-Authorization: good"],
                &["Authorization: good", "Authorization: good"],
                &["Authorization: good", "authorization: evil"],
            ],
        ),
        (
            request("method.request.header.A, method.request.querystring.q, stageVariables.v, context.httpMethod"),
            &[&["A: x"], &[], &["B: x"]],
        ),
        (request("method.request.header.A, stageVariables.none"), &[&["A: x"]]),
    ];
    for (authorizer, cases) in cases {
        let fake = answering(allowing());
        let test = serving(&fake, guarded(&authorizer));
        for fields in cases {
            assert_eq!(shown(&get(&test, "/s/pets", fields).await), unauthorized(), "{fields:?}");
        }
        assert_eq!(calls(&fake), 0);
    }
}

#[tokio::test]
async fn what_is_no_text_is_no_token() {
    let fake = answering(allowing());
    let test = serving(&fake, guarded(&token()));
    let request =
        b"GET /s/pets HTTP/1.1\r\nHost: abcde12345.execute-api.local\r\nConnection: close\r\nAuthorization: \xfe\xff\r\n\r\n";
    assert_eq!(shown(&test.raw_bytes(request).await), unauthorized());
    assert_eq!(calls(&fake), 0);
}

#[tokio::test]
async fn a_source_that_is_there_twice_is_refused() {
    let mut uncached = request("method.request.header.A,method.request.querystring.q");
    uncached.authorizer_result_ttl_in_seconds = Some(0);
    let fake = answering(allowing());
    let test = serving(&fake, guarded(&uncached));
    for (path, fields) in [("/s/pets?q=1&q=2", &["A: x"][..]), ("/s/pets?q=1;q=2", &["A: x"]), ("/s/pets?q=1", &["A: x", "a: x"])]
    {
        assert_eq!(shown(&get(&test, path, fields).await), unauthorized(), "{path} {fields:?}");
    }
    assert_eq!(calls(&fake), 0);
    // Without caching nothing has to be there.
    assert_eq!(get(&test, "/s/pets", &[]).await.status, 200);
}

#[tokio::test]
async fn a_token_must_look_as_the_authorizer_says() {
    let mut authorizer = token();
    authorizer.identity_validation_expression = Some("Bearer [a-z]+".to_owned());
    let fake = answering(allowing());
    let test = serving(&fake, guarded(&authorizer));
    for wrong in ["Bearer", "Bearer ABC", "bearer abc", "xBearer abc", "Bearer abc!"] {
        assert_eq!(shown(&get(&test, "/s/pets", &[&format!("Authorization: {wrong}")]).await), unauthorized(), "{wrong}");
    }
    assert_eq!(calls(&fake), 0);
    assert_eq!(get(&test, "/s/pets", &["Authorization: Bearer abc"]).await.status, 200);
}

#[tokio::test]
async fn authorizers_that_are_none() {
    let mut without_sources = request("");
    without_sources.authorizer_result_ttl_in_seconds = Some(300);
    let mut no_function = token();
    no_function.authorizer_uri = Some("http://example.com/".to_owned());
    let mut of_caller = token();
    of_caller.authorizer_credentials = Some("arn:aws:iam::*:user/*".to_owned());
    let mut unknown = token();
    unknown.authorizer_uri = Some(URI.replace("hello", "unknown"));
    let mut foreign = token();
    foreign.authorizer_uri = Some(URI.replace("000000000000:function:hello", "111111111111:function:other"));
    for authorizer in [without_sources, no_function, of_caller, unknown, foreign] {
        let test = serving(&answering(allowing()), guarded(&authorizer));
        assert_eq!(shown(&get(&test, "/s/pets", &["Authorization: x"]).await), misconfigured());
    }
    for break_it in [
        |method: &mut Method| method.authorizer_id = None,
        |method: &mut Method| method.authorizer_id = Some("none12".to_owned()),
    ] {
        let mut source = guarded(&token());
        let resources = definition(&mut source).resources.values_mut();
        resources.flat_map(|resource| resource.methods.values_mut()).for_each(break_it);
        let test = serving(&answering(allowing()), source);
        assert_eq!(shown(&get(&test, "/s/pets", &["Authorization: x"]).await), misconfigured());
    }
    let mut source = guarded(&token());
    definition(&mut source).authorizers.get_mut("tok123").unwrap().kind = AuthorizerType::CognitoUserPools;
    let test = serving(&answering(allowing()), source);
    assert_eq!(shown(&get(&test, "/s/pets", &["Authorization: x"]).await), misconfigured(), "of the wrong type");
}

/// Every way to spell a path that a policy denies, or does not allow, ends at the same refusal.
#[tokio::test]
async fn no_spelling_of_a_path_gets_round_an_authorizers_policy() {
    let statement = |effect: &str, path: &str| {
        format!(r#"{{"Effect":"{effect}","Action":"execute-api:Invoke","Resource":"{OWN}/s/*/{path}"}}"#)
    };
    let document = |statements: &[String]| format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    let denying = answering(says(&document(&[
        statement("Allow", "*"),
        statement("Deny", "pets"),
        statement("Deny", "files/secret"),
        statement("Deny", "any/secret*"),
    ])));
    let allowing = answering(says(&document(&[statement("Allow", "any/public/*"), statement("Allow", "files/public")])));
    let gateways = [serving(&denying, guarded(&token())), serving(&allowing, guarded(&token()))];
    for path in [
        "/pets",
        "/pets/",
        "//pets",
        "/%70ets",
        "/files/secret",
        "/files/%73ecret",
        "/files/%2573ecret",
        "/files/secret;v=1",
        "/files/secret%3Bv=1",
        "/files/%2e%2fsecret",
        "/any/secret",
        "/any//secret",
        "/any/./secret",
        "/any/x/../secret",
        "/any/x/..%2fsecret",
        "/any/x%2f..%2fsecret",
        "/any/x/..;/secret",
        "/any/x/..;a=b/secret",
        "/any/x/%2e%2e/secret",
        "/any/x/%252e%252e/secret",
        "/any/x%5c..%5csecret",
        "/any/%252573ecret",
        "/any/x/%c0%ae%c0%ae/secret",
        "/any/a%00/secret",
    ] {
        for test in &gateways {
            let answer = get(test, &format!("/s{path}"), &["Authorization: x"]).await;
            assert_eq!(
                (answer.status, answer.field("x-amzn-errortype")),
                (403, "AccessDeniedException"),
                "{path}: {}",
                answer.text()
            );
        }
    }
    for path in [
        "/any/public/../secret",
        "/any/public/..%2fsecret",
        "/any/public/..;/secret",
        "/any/public/%252e%252e/secret",
        "/any/public/a%2fb/../../secret",
    ] {
        assert_eq!(get(&gateways[1], &format!("/s{path}"), &["Authorization: x"]).await.status, 403, "{path}");
    }
    for path in ["/any/public/a", "/any/public/a%20b", "/any/public/a%2Fb", "//any/public/a/"] {
        assert_eq!(get(&gateways[1], &format!("/s{path}"), &["Authorization: x"]).await.status, 200, "{path}");
    }
}

/// AWS's blueprint allows the very `methodArn` that it is asked about.
#[tokio::test]
async fn what_is_allowed_by_its_own_name_may_be_called_however_it_is_spelled() {
    let echoing = |more: &'static str| {
        Fake::new(move |call| {
            let event: Value = serde_json::from_slice(&call.payload).unwrap();
            let own = policy("Allow", event["methodArn"].as_str().unwrap());
            Ok(answer(says(&own.replace("\"Statement\":[", &format!("\"Statement\":[{more}")))))
        })
    };
    let mut uncached = token();
    uncached.authorizer_result_ttl_in_seconds = Some(0);
    let test = serving(&echoing(""), guarded(&uncached));
    for path in
        ["/pets/a%20b", "/pets/me%40example.com", "/any/a%2Fb", "/any/a/", "/any/a;v=1", "/any/%2573ecret", "//pets/a%C3%A9"]
    {
        assert_eq!(get(&test, &format!("/s{path}"), &["Authorization: x"]).await.status, 200, "{path}");
    }
    // A wildcard in what was sent is one in the policy too, and no name.
    assert_eq!(shown(&get(&test, "/s/any/*%2F..%2Fa", &["Authorization: x"]).await), denied(" with an explicit deny"));
    assert_eq!(shown(&get(&test, "/s/pets/a*%20", &["Authorization: x"]).await), denied(""));
    // What is denied stays denied in every reading.
    let deny = r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:execute-api:*:*:*/secret"},"#;
    let test = serving(&echoing(deny), guarded(&uncached));
    for path in ["/any/%73ecret", "/any/secret/", "/any/%2573ecret", "/any/secret;v=1"] {
        assert_eq!(
            shown(&get(&test, &format!("/s{path}"), &["Authorization: x"]).await),
            denied(" with an explicit deny"),
            "{path}"
        );
    }
    // A kept answer names what was asked about then, and nothing else.
    let test = serving(&echoing(""), guarded(&token()));
    for (path, status) in [("/pets/a%20b", 200), ("/pets/a%20b", 200), ("/pets/a%20c", 403), ("/pets/a%2520b", 403)] {
        assert_eq!(get(&test, &format!("/s{path}"), &["Authorization: x"]).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_path_without_a_clear_reading_is_not_asked_about() {
    let fake = answering(allowing());
    let test = serving(&fake, guarded(&token()));
    assert_eq!(shown(&get(&test, "/s/any/a/../b", &["Authorization: x"]).await), denied(" with an explicit deny"));
    assert_eq!(calls(&fake), 0);
    let long = format!("/s/any/{}", "a".repeat(1600));
    assert_eq!(get(&test, &long, &["Authorization: x"]).await.status, 414);
}

#[tokio::test]
async fn policies_may_have_conditions() {
    let with = |operator: &str, key: &str, value: &str| {
        says(
            &policy("Allow", "*")
                .replace("\"Resource\"", &format!(r#""Condition":{{"{operator}":{{"{key}":"{value}"}}}},"Resource""#)),
        )
    };
    for (text, status) in [
        (with("IpAddress", "aws:SourceIp", "127.0.0.0/8"), 200),
        (with("IpAddress", "aws:SourceIp", "10.0.0.0/8"), 403),
        (with("StringEquals", "aws:PrincipalAccount", "000000000000"), 403),
        (with("Nonsense", "aws:SourceIp", "x"), 500),
    ] {
        let test = serving(&answering(text.clone()), guarded(&token()));
        assert_eq!(get(&test, "/s/pets", &["Authorization: x"]).await.status, status, "{text}");
    }
}

#[tokio::test]
async fn what_it_says_reaches_backends_functions_and_templates() {
    let backend = Backend::answering(ok("hi")).await;
    let said = format!(
        r#"{{"principalId":"ann","policyDocument":{},"context":{{"tenant":"acme","n":1,"b":true}}}}"#,
        policy("Allow", "*")
    );
    let fake = Fake::new(move |call| {
        let event: Value = serde_json::from_slice(&call.payload).unwrap();
        if event["type"] == "TOKEN" { Ok(answer(said.clone())) } else { Ok(answer(r#"{"statusCode":200}"#)) }
    });
    let authorizer = token();
    let mut to_backend = proxy(&backend.uri("/"));
    let mapped = [
        ("integration.request.header.X-Tenant", "context.authorizer.tenant"),
        ("integration.request.header.X-Who", "context.authorizer.principalId"),
        ("integration.request.header.X-N", "context.authorizer.n"),
    ];
    to_backend.integration.as_mut().unwrap().request_parameters = support::map(&mapped);
    let function = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/hello/invocations";
    let mut to_function = method(integration(IntegrationType::AwsProxy, function));
    to_function.integration.as_mut().unwrap().http_method = Some("POST".to_owned());
    let mut source = guarded(&authorizer);
    let routes =
        api(vec![("/backend", "GET", asking(to_backend, &authorizer)), ("/function", "GET", asking(to_function, &authorizer))]);
    definition(&mut source).resources.extend(routes.deployments["d1"].resources.clone());
    let test = serving(&fake, source);
    for _ in 0..2 {
        assert_eq!(get(&test, "/s/backend", &["Authorization: Bearer abc"]).await.status, 200);
    }
    let sent = backend.requests.lock().unwrap()[1].to_ascii_lowercase();
    for line in ["x-tenant: acme", "x-who: ann", "x-n: 1", "authorization: bearer abc"] {
        assert!(sent.contains(line), "{sent}");
    }
    assert_eq!(get(&test, "/s/function", &["Authorization: Bearer abc"]).await.status, 200);
    let calls = fake.calls.lock().unwrap();
    let event: Value = serde_json::from_slice(&calls.last().unwrap().payload).unwrap();
    let expected = json!({"principalId": "ann", "tenant": "acme", "n": "1", "b": "true", "integrationLatency": 0});
    assert_eq!(event["requestContext"]["authorizer"], expected);
}

#[tokio::test]
async fn failures_are_customised_by_their_kind() {
    use postern_api_model::apigateway::GatewayResponseType as Kind;
    use postern_api_model::rest_api::GatewayResponse;
    let table = [
        (Kind::Unauthorized, "UNAUTHORIZED", raised(r#"{"errorMessage":"Unauthorized"}"#)),
        (Kind::AuthorizerConfigurationError, "AUTHORIZER_CONFIGURATION_ERROR", answer("{}")),
        (Kind::AccessDenied, "ACCESS_DENIED", answer(says(&policy("Deny", "*")))),
    ];
    for (kind, name, said) in table {
        let mut source = guarded(&token());
        let templates = support::map(&[("application/json", "$context.error.responseType $context.error.messageString")]);
        let response = GatewayResponse { status_code: Some("418".into()), response_templates: templates, ..Default::default() };
        definition(&mut source).gateway_responses.insert(kind, response);
        let test = serving(&Fake::new(move |_| Ok(said.clone())), source);
        let answer = get(&test, "/s/pets", &["Authorization: x"]).await;
        assert_eq!(answer.status, 418);
        assert!(answer.text().starts_with(name), "{}", answer.text());
    }
}
