//! The resource policy: checked and expanded when it is stored, escaped when it is shown.

use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Scope;
use postern_policy::{Kind, Policy};
use serde_json::Value;

/// AWS's bound on a resource policy, "Amazon API Gateway quotas".
const POLICY_CHARS_MAX: usize = 8_192;
/// How a resource of this very API may be written.
pub(in super::super) const SHORTHAND: &str = "execute-api:/";

/// The policy as it is stored: plain compact JSON, `execute-api:/...` written out. An empty text is no policy.
pub(super) fn stored(text: &str, scope: &Scope, api_id: &str) -> ApiResult<Option<String>> {
    let own = format!("{}/", own_arn(scope, api_id));
    checked(text, |resource| expand(resource, &own))
}

/// The same for any resource that carries policies; `expand` writes one of the policy's resources out.
pub(in super::super) fn checked(text: &str, expand: impl Fn(&mut String)) -> ApiResult<Option<String>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    if text.chars().count() > POLICY_CHARS_MAX {
        return Err(ApiError::bad_request(format!("Invalid policy document. It can be at most {POLICY_CHARS_MAX} characters.")));
    }
    // What traffic could not obey must not be stored: it would deny everything.
    Policy::parse(text, Kind::Resource).map_err(|_| invalid())?;
    let mut policy: Value = serde_json::from_str(text).map_err(|_| invalid())?;
    for statement in statements(&mut policy) {
        for member in ["Resource", "NotResource"] {
            statement.get_mut(member).into_iter().flat_map(texts_mut).for_each(&expand);
        }
    }
    Ok(Some(policy.to_string()))
}

/// The policy as answers carry it: the inside of a JSON string, so every quote has a backslash (recorded by Terraform's
/// provider, which puts quotes around it and reads it as one).
pub(super) fn shown(policy: &str) -> String {
    let quoted = Value::from(policy).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The policy of one API for a copy of it.
pub(super) fn moved(policy: &str, scope: &Scope, from_api_id: &str, to_api_id: &str) -> String {
    policy.replace(&own_arn(scope, from_api_id), &own_arn(scope, to_api_id))
}

fn own_arn(scope: &Scope, api_id: &str) -> String {
    format!("arn:{}:execute-api:{}:{}:{api_id}", scope.partition(), scope.region, scope.account)
}

fn invalid() -> ApiError {
    ApiError::bad_request("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
}

/// One statement or a list of them.
fn statements(policy: &mut Value) -> &mut [Value] {
    match policy.get_mut("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(one) => std::slice::from_mut(one),
        None => &mut [],
    }
}

fn texts_mut(value: &mut Value) -> Vec<&mut String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter_mut().flat_map(texts_mut).collect(),
        _ => Vec::new(),
    }
}

fn expand(resource: &mut String, own: &str) {
    if let Some(path) = resource.strip_prefix(SHORTHAND) {
        *resource = format!("{own}{path}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn scope() -> Scope {
        Scope { account: "123456789012".into(), region: "eu-west-1".into() }
    }

    fn with_statement(members: &str) -> String {
        format!(r#"{{"Version": "2012-10-17", "Statement": [{{{members}}}]}}"#)
    }

    #[test]
    fn the_shorthand_is_written_out_and_the_text_compacted() {
        let text = with_statement(
            r#""Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": ["execute-api:/*", "arn:x"]"#,
        );
        let plain = stored(&text, &scope(), "abc").unwrap().unwrap();
        assert!(plain.contains(r#""Resource":["arn:aws:execute-api:eu-west-1:123456789012:abc/*","arn:x"]"#), "{plain}");
        assert!(plain.starts_with(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow""#), "{plain}");
        assert!(moved(&plain, &scope(), "abc", "def").contains("123456789012:def/*"));
    }

    #[test]
    fn answers_carry_the_inside_of_a_json_string() {
        let plain = r#"{"Id":"a\"b"}"#;
        let escaped = shown(plain);
        assert_eq!(escaped, r#"{\"Id\":\"a\\\"b\"}"#);
        let back: String = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
        assert_eq!(back, plain);
    }

    #[test]
    fn empty_is_no_policy() {
        assert_eq!(stored("", &scope(), "abc"), Ok(None));
    }

    #[test]
    fn principals_have_a_form() {
        let valid = [
            r#""*""#,
            r#"{"AWS": "*"}"#,
            r#"{"AWS": ["123456789012", "arn:aws:iam::123456789012:root"]}"#,
            r#"{"Service": "apigateway.amazonaws.com"}"#,
        ];
        let invalid = [
            r#"{"AWS": "arn:aws:iam::123456789012:user/a*"}"#,
            r#""me""#,
            "{}",
            r#"{"AWS": []}"#,
            r#"{"AWS": "arn:aws:s3:::bucket"}"#,
            r#"{"Who": "*"}"#,
            "1",
        ];
        let policy =
            |principal| with_statement(&format!(r#""Effect":"Deny","Principal":{principal},"Action":"*","Resource":"*""#));
        for principal in valid {
            assert!(stored(&policy(principal), &scope(), "abc").is_ok(), "{principal}");
        }
        for principal in invalid {
            assert!(stored(&policy(principal), &scope(), "abc").is_err(), "{principal}");
        }
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let whole = r#""Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*""#;
        let cases = [
            "{".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            r#"{"Statement": []}"#.to_owned(),
            r#"{"Version": "2020-01-01", "Statement": []}"#.to_owned(),
            with_statement(r#""Effect":"Maybe","Principal":"*","Action":"*","Resource":"*""#),
            with_statement(r#""Effect":"Allow","Action":"*","Resource":"*""#),
            with_statement(r#""Effect":"Allow","Principal":"*","Resource":"*""#),
            with_statement(r#""Effect":"Allow","Principal":"*","Action":"invoke","Resource":"*""#),
            with_statement(&format!(r#"{whole},"Sids":"x""#)),
            with_statement(&format!(r#"{whole},"Condition":"x""#)),
            with_statement(&format!(r#"{whole},"Condition":{{"StringsEqual":{{"aws:Referer":"x"}}}}"#)),
            with_statement(&format!(r#"{whole},"Condition":{{"IpAddress":{{"aws:SourceIp":"somewhere"}}}}"#)),
            with_statement(&format!(r#"{whole},"Effect":"Deny""#)),
            format!("{{\"Statement\":{{{whole}}},\"Id\":\"{}\"}}", "x".repeat(POLICY_CHARS_MAX)),
        ];
        for case in cases {
            assert!(stored(&case, &scope(), "abc").is_err(), "{case}");
        }
        assert!(stored(&with_statement(whole), &scope(), "abc").is_ok());
    }
}
