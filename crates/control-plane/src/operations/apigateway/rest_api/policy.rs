//! The resource policy: checked and expanded when it is stored, escaped when it is shown.

use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Scope;
use serde_json::{Map, Value};

/// AWS's bound on a resource policy, "Amazon API Gateway quotas".
const POLICY_CHARS_MAX: usize = 8_192;
/// How a resource of this very API may be written.
pub(in super::super) const SHORTHAND: &str = "execute-api:/";
const VERSIONS: &[&str] = &["2012-10-17", "2008-10-17"];
const POLICY_MEMBERS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

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
    let mut policy: Value = serde_json::from_str(text).map_err(|_| invalid())?;
    let statements = statements(&mut policy).ok_or_else(invalid)?;
    for statement in statements {
        let statement = statement.as_object_mut().filter(|statement| is_statement(statement)).ok_or_else(invalid)?;
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

/// The statements of a policy, of which there is at least one; `None` when it is no policy.
fn statements(policy: &mut Value) -> Option<&mut [Value]> {
    let policy = policy.as_object_mut()?;
    let has_version = policy.get("Version").is_none_or(|version| version.as_str().is_some_and(|text| VERSIONS.contains(&text)));
    if !has_version || !policy.keys().all(|member| POLICY_MEMBERS.contains(&member.as_str())) {
        return None;
    }
    let statements = match policy.get_mut("Statement")? {
        Value::Array(statements) => statements.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    (!statements.is_empty()).then_some(statements)
}

fn is_statement(statement: &Map<String, Value>) -> bool {
    let is_known = statement.keys().all(|member| STATEMENT_MEMBERS.contains(&member.as_str()));
    let has_effect = matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny"));
    is_known
        && has_effect
        && has_one_of(statement, ["Principal", "NotPrincipal"], is_principal)
        && has_one_of(statement, ["Action", "NotAction"], |action| are_texts(action, is_action))
        && has_one_of(statement, ["Resource", "NotResource"], |resource| are_texts(resource, |text| !text.is_empty()))
        && statement.get("Condition").is_none_or(is_condition)
}

fn has_one_of(statement: &Map<String, Value>, members: [&str; 2], is_valid: impl Fn(&Value) -> bool) -> bool {
    match members.map(|member| statement.get(member)) {
        [Some(value), None] | [None, Some(value)] => is_valid(value),
        _ => false,
    }
}

/// `"*"`, or kinds of principals with one or many of each.
fn is_principal(principal: &Value) -> bool {
    match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => {
            let is_valid = |kind: &str, value: &Value| match kind {
                "AWS" => are_texts(value, is_aws_principal),
                "Service" | "Federated" | "CanonicalUser" => are_texts(value, |text| !text.is_empty()),
                _ => false,
            };
            !kinds.is_empty() && kinds.iter().all(|(kind, value)| is_valid(kind, value))
        }
        _ => false,
    }
}

/// Everyone, an account, or the ARN of a user, role or session.
fn is_aws_principal(text: &str) -> bool {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["*"] => true,
        [account] => is_account(account),
        ["arn", partition, "iam" | "sts", "", account, resource] => {
            partition.starts_with("aws") && is_account(account) && !resource.is_empty()
        }
        _ => false,
    }
}

fn is_action(text: &str) -> bool {
    text == "*" || text.split_once(':').is_some_and(|(service, action)| !service.is_empty() && !action.is_empty())
}

/// Operators with condition keys with one or many values.
fn is_condition(condition: &Value) -> bool {
    let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let are_scalars = |value: &Value| is_scalar(value) || value.as_array().is_some_and(|values| values.iter().all(is_scalar));
    let is_operator = |keys: &Value| keys.as_object().is_some_and(|keys| keys.values().all(are_scalars));
    condition.as_object().is_some_and(|operators| operators.values().all(is_operator))
}

/// One text or a list of at least one, all of which are valid.
fn are_texts(value: &Value, is_valid: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_valid(text),
        Value::Array(values) => !values.is_empty() && values.iter().all(|value| value.as_str().is_some_and(&is_valid)),
        _ => false,
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
        let invalid = [r#""me""#, "{}", r#"{"AWS": []}"#, r#"{"AWS": "arn:aws:s3:::bucket"}"#, r#"{"Who": "*"}"#, "1"];
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
            format!("{{\"Statement\":{{{whole}}},\"Id\":\"{}\"}}", "x".repeat(POLICY_CHARS_MAX)),
        ];
        for case in cases {
            assert!(stored(&case, &scope(), "abc").is_err(), "{case}");
        }
        assert!(stored(&with_statement(whole), &scope(), "abc").is_ok());
    }
}
