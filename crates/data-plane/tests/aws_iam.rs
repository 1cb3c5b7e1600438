//! Methods with `AWS_IAM`: who may call them, by key, signature and policies, and the attacks on each.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use postern_api_model::ports::ApiSource;
use postern_data_plane::{AccessLog, GatewaySettings};
use support::signing::{Call, HOST, Keys, ROOT, call, iam, now, send};
use support::{API, Answer, Backend, Lines, TestGateway, api, definition, mock, ok, proxy};

const OWN: &str = "arn:aws:execute-api:eu-west-1:000000000000:abcde12345";

fn guarded(policy: Option<&str>) -> ApiSource {
    let ok = || iam(mock("{statusCode: 200}", &[]));
    let mut source = api(vec![("/pets", "ANY", ok()), ("/{proxy+}", "ANY", ok())]);
    definition(&mut source).policy = policy.map(|statement| with(&[statement]));
    source
}

fn with(statements: &[&str]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

fn serving(source: ApiSource, keys: Arc<Keys>) -> TestGateway {
    let test = TestGateway::start_with_keys(GatewaySettings::default(), AccessLog::off(), keys);
    test.gateway.publish(source).unwrap();
    test
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.field("x-amzn-errortype").to_owned())
}

fn denied() -> (u16, String) {
    (403, "AccessDeniedException".to_owned())
}

/// Every row of both tables, for a caller of the API's account and one of another.
#[tokio::test]
async fn the_tables_of_the_two_policies() {
    let allow = r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","Action":"execute-api:*","Resource":"arn:aws:execute-api:*:*:abcde12345/*"}"#;
    let other = r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:abcde/*"}"#;
    let of_resource = |statement: &str| statement.replace(r#""Action""#, r#""Principal":"*","Action""#);
    let own = [("allow", with(&[allow])), ("silent", with(&[other])), ("deny", with(&[allow, deny]))];
    let resource = [
        ("allow", Some(of_resource(allow))),
        ("silent", Some(of_resource(other))),
        ("deny", Some(of_resource(deny))),
        ("none", None),
    ];
    for (own_row, policy) in &own {
        for (resource_row, statement) in &resource {
            let keys = Keys::with(&[("AKIAOWN", "000000000000", Some(policy)), ("AKIAFOREIGN", "111111111111", Some(policy))]);
            let test = serving(guarded(statement.as_deref()), keys);
            for (key, is_own) in [("AKIAOWN", true), ("AKIAFOREIGN", false)] {
                let allows = |row: &str| row == "allow";
                let denies = *own_row == "deny" || *resource_row == "deny";
                let passes = !denies
                    && if is_own { allows(own_row) || allows(resource_row) } else { allows(own_row) && allows(resource_row) };
                let expected_end = if denies { " with an explicit deny\"}" } else { "GET/pets\"}" };
                for verb in ["GET", "POST", "DELETE"] {
                    let answer = Call { key, ..call(verb, "/s/pets") }.send(&test).await;
                    let cell = format!("{key} {own_row} {resource_row} {verb}");
                    if passes {
                        assert_eq!(answer.status, 200, "{cell}");
                        continue;
                    }
                    assert_eq!(refused(&answer), denied(), "{cell}");
                    let text = answer.text();
                    let account = if is_own { "000000000000" } else { "111111111111" };
                    let start = format!(
                        "{{\"Message\":\"User: arn:aws:iam::{account}:user/{key} is not authorized to perform: execute-api:Invoke on \
                         resource: arn:aws:execute-api:eu-west-1:********0000:abcde12345/s/{verb}/pets"
                    );
                    assert!(text.starts_with(&start) && text.ends_with(&expected_end.replace("GET", verb)), "{cell}: {text}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_key_without_a_policy_is_its_accounts_root() {
    let keys = || Keys::with(&[(ROOT, "000000000000", None), ("AKIAOTHER", "111111111111", None)]);
    let statement = |effect: &str, principal: &str| {
        format!(r#"{{"Effect":"{effect}","Principal":{principal},"Action":"execute-api:Invoke","Resource":"{OWN}/*"}}"#)
    };
    for (policy, root, other) in [
        (None, 200, 403),
        (Some(statement("Allow", r#"{"AWS":"111111111111"}"#)), 200, 200),
        (Some(statement("Allow", r#"{"AWS":"arn:aws:iam::111111111111:root"}"#)), 200, 200),
        (Some(statement("Allow", r#"{"AWS":"arn:aws:iam::111111111111:user/a"}"#)), 200, 403),
        (Some(statement("Deny", r#"{"AWS":"000000000000"}"#)), 403, 403),
        (Some(statement("Deny", r#""*""#)), 403, 403),
    ] {
        let test = serving(guarded(policy.as_deref()), keys());
        let status = [
            call("GET", "/s/pets").send(&test).await.status,
            Call { key: "AKIAOTHER", ..call("GET", "/s/pets") }.send(&test).await.status,
        ];
        assert_eq!(status, [root, other], "{policy:?}");
        assert_eq!(test.call("GET", "/s/pets", &[], "").await.message(), "Missing Authentication Token", "{policy:?}");
    }
}

#[tokio::test]
async fn what_is_not_signed_right_is_told_so() {
    let keys = Keys::with(&[(ROOT, "000000000000", None)]);
    let test = serving(guarded(None), keys);
    let good = || call("GET", "/s/pets");
    let mismatch = "The request signature we calculated does not match the signature you provided.";
    let table: Vec<(Call<'_>, &str, &str)> = vec![
        (
            Call { key: "AKIANOBODY", ..good() },
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (Call { secret: Some("wrong"), ..good() }, "InvalidSignatureException", mismatch),
        (Call { service: "apigateway", ..good() }, "InvalidSignatureException", "Credential should be scoped to correct service"),
        (Call { region: "us-east-1", ..good() }, "InvalidSignatureException", "Credential should be scoped to a valid region"),
        (Call { at: now() - 330, ..good() }, "InvalidSignatureException", "Signature expired: "),
        (Call { at: now() + 330, ..good() }, "InvalidSignatureException", "Signature not yet current: "),
    ];
    for (call, code, text) in table {
        let answer = call.send(&test).await;
        assert_eq!(refused(&answer), (403, code.to_owned()), "{text}");
        assert!(answer.message().starts_with(text), "{}", answer.message());
    }
    let answer = test.call("GET", "/s/pets", &["Authorization: Bearer x"], "").await;
    assert_eq!(refused(&answer), (403, "IncompleteSignatureException".to_owned()));
    let answer = Call { key: "AKIADOWN", ..good() }.send(&test).await;
    assert_eq!(refused(&answer), (500, "InternalServerErrorException".to_owned()), "a store that is away lets nobody in");
    assert_eq!(Call { at: now() - 270, ..good() }.send(&test).await.status, 200, "within the skew");
}

/// A signature is good for the request that was signed, and for no other.
#[tokio::test]
async fn a_signature_cannot_be_moved() {
    let test = serving(guarded(None), Keys::with(&[(ROOT, "000000000000", None)]));
    let good = call("GET", "/s/x/pets").signed();
    assert_eq!(send(&test, "GET", "/s/x/pets", &good, "").await.status, 200);
    let moved = [
        ("POST", "/s/pets", "", ""),
        ("GET", "/s/other", "", ""),
        ("GET", "/s/x/pets?a=1", "", ""),
        ("GET", "/s//x/pets", "", ""),
        ("GET", "//s/x/pets", "", ""),
        ("GET", "/s/x/./pets", "", ""),
        ("GET", "/s/y/../x/pets", "", ""),
        ("GET", "/s/x/%70ets", "", ""),
        ("GET", "/s/x%2Fpets", "", ""),
        ("GET", "/s/x/pets/", "", ""),
        ("GET", "/s/x/pets", "a body", ""),
        ("GET", "/s/x/pets", "", "x-amz-meta: not signed"),
        ("GET", "/s/x/pets", "", "X-HTTP-Method-Override: DELETE"),
    ];
    for (verb, uri, body, field) in moved {
        let mut fields = good.clone();
        if !field.is_empty() {
            fields.push(field.to_owned());
        }
        let answer = send(&test, verb, uri, &fields, body).await;
        assert_eq!(refused(&answer), (403, "InvalidSignatureException".to_owned()), "{verb} {uri} {body} {field}");
    }
    let mut elsewhere = good.clone();
    elsewhere[0] = "host: abcde12345.execute-api.elsewhere".to_owned();
    assert_eq!(send(&test, "GET", "/s/x/pets", &elsewhere, "").await.status, 403, "the host is signed");
    let twice: Vec<String> = good.iter().chain(good.iter().filter(|line| line.starts_with("authorization"))).cloned().collect();
    let answer = send(&test, "GET", "/s/x/pets", &twice, "").await;
    assert_eq!(refused(&answer), (403, "IncompleteSignatureException".to_owned()), "one signature");
}

/// What is signed as `%3B` and `%2B` may not arrive as `;`, which separates, and `+`, which is a space.
#[tokio::test]
async fn a_signed_query_has_one_meaning() {
    let test = serving(guarded(None), Keys::with(&[(ROOT, "000000000000", None)]));
    for (sent, other) in [("a=x%3Bb%3D1", "a=x;b%3D1"), ("a=1%2B1", "a=1+1")] {
        let good = Call { query: sent, ..call("GET", "/s/x/pets") }.signed();
        assert_eq!(send(&test, "GET", &format!("/s/x/pets?{sent}"), &good, "").await.status, 200, "{sent}");
        let answer = send(&test, "GET", &format!("/s/x/pets?{other}"), &good, "").await;
        assert_eq!(refused(&answer), (403, "InvalidSignatureException".to_owned()), "{other}");
    }
}

#[tokio::test]
async fn an_overridden_verb_must_be_signed() {
    let policy = r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:execute-api:*:*:*/s/DELETE/*"}"#;
    let test = serving(guarded(Some(policy)), Keys::with(&[(ROOT, "000000000000", None)]));
    let fields = [("x-http-method-override", "PATCH")];
    assert_eq!(Call { fields: &fields, ..call("POST", "/s/pets") }.send(&test).await.status, 200);
    let fields = [("x-http-method-override", "DELETE")];
    let answer = Call { fields: &fields, ..call("POST", "/s/pets") }.send(&test).await;
    assert_eq!(refused(&answer), denied(), "the verb that is served decides");
}

#[tokio::test]
async fn presigned_urls() {
    let test = serving(guarded(None), Keys::with(&[(ROOT, "000000000000", None)]));
    let good = call("GET", "/s/pets").presigned(60);
    let host = vec![format!("host: {HOST}")];
    assert_eq!(send(&test, "GET", &format!("/s/pets?{good}"), &host, "").await.status, 200);
    assert_eq!(send(&test, "POST", &format!("/s/pets?{good}"), &host, "").await.status, 403);
    assert_eq!(send(&test, "GET", &format!("/s/other?{good}"), &host, "").await.status, 403);
    assert_eq!(send(&test, "GET", &format!("/s/pets?{good}&a=1"), &host, "").await.status, 403);
    let forever = good.replace("X-Amz-Expires=60", "X-Amz-Expires=600000");
    assert_eq!(send(&test, "GET", &format!("/s/pets?{forever}"), &host, "").await.status, 403);
    let expired = Call { at: now() - 61, ..call("GET", "/s/pets") }.presigned(60);
    let answer = send(&test, "GET", &format!("/s/pets?{expired}"), &host, "").await;
    assert!(answer.message().starts_with("Signature expired: "), "{}", answer.message());
    let both = call("GET", "/s/pets").signed();
    let answer = send(&test, "GET", &format!("/s/pets?{good}"), &both, "").await;
    assert_eq!(refused(&answer), (403, "IncompleteSignatureException".to_owned()), "one form at a time");
}

#[tokio::test]
async fn the_body_is_signed_and_passed_on() {
    let backend = Backend::answering(ok("done")).await;
    let test = serving(api(vec![("/pets", "POST", iam(proxy(&backend.uri("/b"))))]), Keys::with(&[(ROOT, "000000000000", None)]));
    let good = Call { body: "{\"a\":1}", ..call("POST", "/s/pets") };
    let answer = send(&test, "POST", "/s/pets", &good.signed(), "{\"a\":2}").await;
    assert_eq!(refused(&answer), (403, "InvalidSignatureException".to_owned()));
    assert_eq!(backend.connections(), 0, "nothing is called");
    let mut unsigned = good.signed();
    unsigned.push("x-amz-content-sha256: UNSIGNED-PAYLOAD".to_owned());
    assert_eq!(send(&test, "POST", "/s/pets", &unsigned, good.body).await.status, 403);
    assert_eq!(good.send(&test).await.text(), "done");
    let request = backend.request().to_ascii_lowercase();
    assert!(request.ends_with("\r\n\r\n{\"a\":1}") && !request.contains("aws4-hmac"), "{request}");
}

#[tokio::test]
async fn a_revoked_key_signs_no_longer() {
    let keys = Keys::with(&[(ROOT, "000000000000", None)]);
    let test = serving(guarded(None), Arc::clone(&keys));
    assert_eq!(call("GET", "/s/pets").send(&test).await.status, 200);
    keys.0.lock().unwrap().clear();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(1);
    let answer = loop {
        let answer = call("GET", "/s/pets").send(&test).await;
        if answer.status != 200 || std::time::Instant::now() > until {
            break answer;
        }
    };
    assert_eq!(refused(&answer), (403, "UnrecognizedClientException".to_owned()));
}

#[tokio::test]
async fn what_templates_and_conditions_see_of_the_caller() {
    let policy = |condition: &str| {
        with(&[&format!(
            r#"{{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"{OWN}/*","Condition":{{{condition}}}}}"#
        )])
    };
    let met = policy(
        r#""StringEquals":{"aws:username":"AKIAUSER","aws:userid":"AKIAUSER","aws:PrincipalAccount":"000000000000","aws:PrincipalType":"User"},
           "ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::000000000000:user/AKIAUSER"}"#,
    );
    let unmet = policy(r#""Bool":{"aws:MultiFactorAuthPresent":"true"}"#);
    let keys = Keys::with(&[("AKIAUSER", "000000000000", Some(&met)), ("AKIANOMFA", "000000000000", Some(&unmet))]);
    let headers = [
        ("X-Arn", "context.identity.userArn"),
        ("X-Account", "context.identity.accountId"),
        ("X-Key", "context.identity.accessKey"),
        ("X-User", "context.identity.user"),
        ("X-Caller", "context.identity.caller"),
        ("X-Org", "context.identity.principalOrgId"),
    ];
    let backend = Backend::answering(ok("done")).await;
    let method = support::with(iam(proxy(&backend.uri("/b"))), |integration| {
        integration.request_parameters =
            headers.iter().map(|(name, source)| (format!("integration.request.header.{name}"), (*source).to_owned())).collect();
    });
    let test = serving(api(vec![("/pets", "GET", method)]), keys);
    assert_eq!(Call { key: "AKIAUSER", ..call("GET", "/s/pets") }.send(&test).await.status, 200);
    let request = backend.request();
    for field in [
        "x-arn: arn:aws:iam::000000000000:user/AKIAUSER",
        "x-account: 000000000000",
        "x-key: AKIAUSER",
        "x-user: AKIAUSER",
        "x-caller: AKIAUSER",
    ] {
        assert!(request.contains(&format!("{field}\r\n")), "{field}: {request}");
    }
    assert!(!request.contains("x-org"), "{request}");
    assert_eq!(refused(&Call { key: "AKIANOMFA", ..call("GET", "/s/pets") }.send(&test).await), denied());
}

#[tokio::test]
async fn other_forms_of_the_address_are_signed_as_they_are_sent() {
    let test = serving(guarded(None), Keys::with(&[(ROOT, "000000000000", None)]));
    for path in [format!("/_aws/execute-api/{API}/s/pets"), format!("/restapis/{API}/s/_user_request_/pets")] {
        assert_eq!(Call { host: "localhost:8080", ..call("GET", &path) }.send(&test).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_access_log_names_the_caller() {
    let (log, lines) = Lines::log();
    let test = TestGateway::start_with_keys(GatewaySettings::default(), log.clone(), Keys::with(&[(ROOT, "000000000000", None)]));
    test.gateway.publish(guarded(None)).unwrap();
    assert_eq!(call("GET", "/s/pets").send(&test).await.status, 200);
    assert_eq!(test.call("GET", "/s/pets", &[], "").await.status, 403);
    log.close();
    let lines = lines.parsed();
    assert_eq!(lines[0]["caller"], "arn:aws:iam::000000000000:root");
    assert!(lines[1].get("caller").is_none(), "{lines:?}");
}
