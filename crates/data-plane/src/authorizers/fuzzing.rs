//! Targets of the fuzzer: what authorizers answer.

use std::sync::Arc;

use super::facts::Identified;
use super::output::Output;
use crate::fuzzing::Target;

/// An answer: whatever it is, it is refused or can be obeyed, and nothing of it leaves its place.
pub(crate) const AUTHORIZER_OUTPUT: Target = ("authorizer-output", output, || {
    const POLICY: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:*"}]}"#;
    let texts = [
        format!(r#"{{"principalId":"me","policyDocument":{POLICY}}}"#),
        format!(r#"{{"principalId":"me","policyDocument":{POLICY},"context":{{"s":"x","n":1.5,"b":true}}}}"#),
        format!(r#"{{"principalId":"me","policyDocument":{POLICY},"usageIdentifierKey":"aBcDeFgHiJkLmNoPqRsTuV"}}"#),
        format!(r#"{{"principalId":"me","principalId":"you","policyDocument":{POLICY}}}"#),
        format!(r#"{{"principalId":"me","policyDocument":{POLICY},"context":{{"o":{{"a":[1]}}}}}}"#),
        r#"{"errorMessage": "Unauthorized", "errorType": "Exception", "stackTrace": []}"#.to_owned(),
        r#"{"principalId":"me","policyDocument":{"Statement":[]}}"#.to_owned(),
    ];
    texts.map(String::into_bytes).to_vec()
});

fn output(input: &[u8]) {
    let Ok(output) = Output::parse(input) else { return };
    let said = Identified { facts: Arc::clone(&output.facts), integration_latency_ms: 0 };
    assert_eq!(said.variable("principalId").as_deref(), Some(&*output.principal_id));
    let event = said.event();
    let members = event.as_object().expect("an event's authorizer is an object");
    assert!(members.iter().all(|(name, value)| value.is_string() || name == "integrationLatency"));
    // The policy as it is shown is the policy that is obeyed.
    let again = format!(r#"{{"principalId":"","policyDocument":{}}}"#, output.document);
    assert_eq!(Output::parse(again.as_bytes()).map(|again| again.policy), Ok(output.policy));
}
