//! Lambda's Invoke API as an SDK sees it.
#![allow(clippy::unwrap_used)]

mod support;

use base64::Engine as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use postern_api_model::scope::Scope;
use postern_functions::{InvokeApi, InvokeBody};
use support::{Declared, Running, end};

const HANDLER: &str = "def handler(event, context):\n    print('said')\n    if event == 'fail':\n        raise ValueError('boom')\n    open('ran', 'a').write('x')\n    return [event, context.invoked_function_arn]\n";

async fn post(
    running: &Running,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> (http::response::Parts, String) {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response: Response<InvokeBody> =
        InvokeApi::new(running.functions.clone()).serve(request.body(body.into()).unwrap()).await;
    let (parts, body) = response.into_parts();
    (parts, String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

const HELLO: &str = "/2015-03-31/functions/hello/invocations";

#[tokio::test]
async fn a_call_and_its_answer() {
    let running = Declared::python(HANDLER).start();
    let (head, body) = post(&running, HELLO, &[("x-amz-log-type", "Tail")], "1").await;
    assert_eq!((head.status, body.as_str()), (StatusCode::OK, r#"[1, "arn:aws:lambda:us-east-1:000000000000:function:hello"]"#));
    assert_eq!(head.headers["x-amz-executed-version"], "$LATEST");
    assert_eq!(head.headers["content-type"], "application/json");
    assert!(head.headers["x-amzn-trace-id"].to_str().unwrap().starts_with("Root=1-"));
    let log = base64::engine::general_purpose::STANDARD.decode(&head.headers["x-amz-log-result"]).unwrap();
    let id = head.headers["x-amzn-requestid"].to_str().unwrap();
    assert!(String::from_utf8(log).unwrap().starts_with(&format!("START RequestId: {id} Version: $LATEST\nsaid\n")));
    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello";
    let (head, body) = post(&running, &format!("/2015-03-31/functions/{arn}/invocations?Qualifier=7"), &[], "1").await;
    assert_eq!(body, r#"[1, "arn:aws:lambda:us-east-1:000000000000:function:hello:7"]"#);
    assert_eq!(head.headers["x-amz-executed-version"], "7");
    let (head, body) = post(&running, HELLO, &[], r#""fail""#).await;
    assert_eq!((head.status, &head.headers["x-amz-function-error"]), (StatusCode::OK, &"Unhandled".parse().unwrap()));
    assert!(body.contains(r#""errorMessage": "boom""#), "{body}");
    end(running).await;
}

#[tokio::test]
async fn what_is_refused_is_refused_in_the_words_of_aws() {
    let running = Declared::python(HANDLER).start();
    let long = "1".repeat(6 * 1024 * 1024 + 1);
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str, &'a str);
    let cases: [Case<'_>; 8] = [
        (
            "/2015-03-31/functions/none/invocations",
            &[],
            "{}",
            404,
            "ResourceNotFoundException",
            r#"{"Type":"User","Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:none"}"#,
        ),
        (
            HELLO,
            &[],
            "{",
            400,
            "InvalidRequestContentException",
            r#"{"Type":"User","message":"Could not parse request body into json: "#,
        ),
        (
            HELLO,
            &[],
            &long,
            413,
            "RequestEntityTooLargeException",
            r#"{"Type":"User","message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}"#,
        ),
        (
            HELLO,
            &[("x-amz-invocation-type", "Event")],
            &long[..1024 * 1024 + 1],
            413,
            "RequestEntityTooLargeException",
            r#"{"Type":"User","message":"1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"}"#,
        ),
        (
            HELLO,
            &[("x-amz-invocation-type", "Later")],
            "{}",
            400,
            "ValidationException",
            r#"{"message":"1 validation error detected: Value 'Later' at 'invocationType' "#,
        ),
        (
            HELLO,
            &[("x-amz-client-context", "?")],
            "{}",
            400,
            "InvalidParameterValueException",
            r#"{"Type":"User","message":"Client context"#,
        ),
        (
            "/2015-03-31/functions/hello:a/invocations?Qualifier=b",
            &[],
            "{}",
            400,
            "InvalidParameterValueException",
            r#"{"Type":"User","message":"The derived qualifier from the function name does not match the specified qualifier."}"#,
        ),
        (
            "/2015-03-31/functions/123456789012:function:hello/invocations",
            &[],
            "{}",
            403,
            "AccessDeniedException",
            r#"{"Message":"User is not authorized to perform: lambda:InvokeFunction on resource: "#,
        ),
    ];
    for (path, headers, body, status, code, says) in cases {
        let (head, text) = post(&running, path, headers, body.to_owned()).await;
        assert_eq!((head.status.as_u16(), &head.headers["x-amzn-errortype"]), (status, &code.parse().unwrap()), "{text}");
        assert!(text.starts_with(says), "{text}");
    }
    end(running).await;
}

#[tokio::test]
async fn an_event_is_taken_and_run_and_a_dry_run_is_not() {
    let running = Declared::python(HANDLER).start();
    let (head, body) = post(&running, HELLO, &[("x-amz-invocation-type", "DryRun")], "1").await;
    assert_eq!((head.status, body.as_str()), (StatusCode::NO_CONTENT, ""));
    assert!(!running.declared.path().join("ran").exists());
    let (head, body) = post(&running, HELLO, &[("x-amz-invocation-type", "Event")], "1").await;
    assert_eq!((head.status, body.as_str()), (StatusCode::ACCEPTED, ""));
    tokio::time::timeout(support::PATIENCE, async {
        while !running.declared.path().join("ran").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    end(running).await;
}

#[tokio::test]
async fn a_declared_name_is_everybodys_and_a_declared_arn_only_its_own() {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:hello";
    let running = Declared::python(HANDLER).with(|settings| arn.clone_into(&mut settings.name)).start();
    let api = InvokeApi::new(running.functions.clone());
    for (account, region, status) in
        [("123456789012", "eu-west-1", 200), ("123456789012", "us-east-1", 404), ("000000000000", "eu-west-1", 404)]
    {
        let caller = Scope { account: account.to_owned(), region: region.to_owned() };
        let response = api.serve_as(&caller, Request::post(HELLO).body(Bytes::from_static(b"1")).unwrap()).await;
        assert_eq!(response.status(), status, "{account} {region}");
    }
    end(running).await;
    let running = Declared::python(HANDLER).start();
    let api = InvokeApi::new(running.functions.clone());
    let caller = Scope { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
    let response = api.serve_as(&caller, Request::post(HELLO).body(Bytes::from_static(b"1")).unwrap()).await;
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, format!(r#"[1, "{arn}"]"#));
    end(running).await;
}
