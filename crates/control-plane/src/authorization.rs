//! What a caller may do. A key without a policy may do everything in its account; a key with one may do what the policy allows.
//!
//! The actions are the verbs, `apigateway:GET` and so on, and the resources are the paths of the calls:
//! `arn:aws:apigateway:eu-west-1::/restapis/abcde12345/stages` (service authorization reference, "Actions, resources, and condition keys
//! for Amazon API Gateway Management"). Tag operations are on `/tags/{ARN}`, as there.

use std::borrow::Cow;

use http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use postern_api_model::apigateway::Operation;
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::function_arn::FunctionArn;
use postern_api_model::identity::{Identity, IdentityKind, Session};
use postern_api_model::scope::{Caller, Scope};
use postern_api_model::wire::{AnyOperation, Route};
use postern_policy::{Keys, Kind, Policy, PolicyError, Principal, Request as Question, Verdict};
use postern_store::AccessKey;

/// How clients write a path's segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where ARNs stand in paths.
const TAG_PATHS: &[&str] = &["/tags/", "/v2/tags/"];

/// A caller whose signature is good, and whose rights have not been asked for.
#[derive(Debug)]
pub(crate) struct Authenticated {
    caller: Caller,
    identity: Identity,
    rights: Rights,
    session: Option<Session>,
    now_s: i64,
}

#[derive(Debug)]
enum Rights {
    All,
    Limited(Policy),
    /// A policy that does not parse allows nothing.
    Unreadable(PolicyError),
}

/// What a call does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Need {
    action: String,
    /// What must be allowed, as clients spell it.
    resource: String,
    /// The same with its segments decoded, where that differs.
    decoded: Option<Decoded>,
}

/// Another spelling of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decoded {
    /// Of a tagged resource's ARN, which policies may name so.
    Named(String),
    /// Counts where it is denied: a slash in a segment must not make another resource of it.
    Denied(String),
}

impl Authenticated {
    /// The holder of a key.
    pub(crate) fn of_key(key: AccessKey, region: String, now_s: i64) -> Self {
        let AccessKey { id, account, policy, session, .. } = key;
        let kind = if policy.is_some() { IdentityKind::User } else { IdentityKind::Root };
        let rights = match policy.map(|text| Policy::parse(&text, Kind::Identity)) {
            None => Rights::All,
            Some(Ok(policy)) => Rights::Limited(policy),
            Some(Err(error)) => Rights::Unreadable(error),
        };
        let identity = Identity { account: account.clone(), access_key_id: id.clone(), kind };
        Self { caller: Caller { scope: Scope { account, region }, access_key_id: id }, identity, rights, session, now_s }
    }

    /// Whoever calls while signatures are not verified.
    pub(crate) fn of_anyone(caller: Caller) -> Self {
        let (account, access_key_id) = (caller.scope.account.clone(), caller.access_key_id.clone());
        let identity = Identity { account, access_key_id, kind: IdentityKind::Root };
        Self { caller, identity, rights: Rights::All, session: None, now_s: 0 }
    }

    /// Who it is, which everyone may ask.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the call reads and writes.
    pub(crate) fn scope(&self) -> &Scope {
        &self.caller.scope
    }

    /// The caller, when it may do what the request asks for; `None` stands for a path that no operation has.
    ///
    /// # Errors
    /// AWS's refusal, which names what is missing.
    pub(crate) fn permitted<B: AsRef<[u8]>>(self, request: &Request<B>, route: Option<&Route<'_>>) -> ApiResult<Caller> {
        let needs = self.needs(request, route);
        self.with(&needs)
    }

    /// The caller, when it may invoke the function that a call of Lambda's Invoke API names.
    ///
    /// # Errors
    /// AWS's refusal, which names what is missing.
    pub(crate) fn permitted_to_invoke<B>(self, request: &Request<B>) -> ApiResult<Caller> {
        let need = self.invocation(request.uri().path(), request.uri().query().unwrap_or_default());
        self.with(&[need])
    }

    fn with(self, needs: &[Need]) -> ApiResult<Caller> {
        let policy = match &self.rights {
            Rights::All => return Ok(self.caller),
            Rights::Limited(policy) => Some(policy),
            Rights::Unreadable(error) => {
                tracing::error!(access_key = self.caller.access_key_id, %error, "the key may do nothing");
                None
            }
        };
        for need in needs {
            let verdict = policy.map_or(Verdict::Deny, |policy| self.verdict(policy, need));
            if verdict != Verdict::Allow {
                return Err(self.refusal(need, verdict));
            }
        }
        Ok(self.caller)
    }

    /// The function's ARN, with its qualifier. Here every qualifier is the same function, so that a denial of the function itself holds
    /// for all of them.
    fn invocation(&self, path: &str, query: &str) -> Need {
        let name = path.split('/').nth(3).unwrap_or_default();
        let named = FunctionArn::of(&percent_decode_str(name).decode_utf8_lossy(), self.scope());
        let FunctionArn { arn, unqualified: function } = named;
        let qualifier = query.split('&').find_map(|pair| pair.strip_prefix("Qualifier=")).filter(|_| arn == function);
        let resource = match qualifier {
            Some(qualifier) => format!("{arn}:{}", percent_decode_str(qualifier).decode_utf8_lossy()),
            None => arn,
        };
        let decoded = (resource != function).then_some(Decoded::Denied(function));
        Need { action: "lambda:InvokeFunction".to_owned(), resource, decoded }
    }

    /// A denial of either spelling denies.
    fn verdict(&self, policy: &Policy, need: &Need) -> Verdict {
        let arn = self.arn();
        let principal = Principal::Aws { account: &self.identity.account, arn: &arn, role_arn: None };
        let asked = |resource: &str| {
            let question = Question { principal, action: &need.action, resource, keys: self };
            policy.verdict(&question)
        };
        let verdict = asked(&need.resource);
        match &need.decoded {
            None => verdict,
            Some(Decoded::Named(decoded)) => verdict.max(asked(decoded)),
            Some(Decoded::Denied(decoded)) if asked(decoded) == Verdict::Deny => Verdict::Deny,
            Some(Decoded::Denied(_)) => verdict,
        }
    }

    fn needs<B: AsRef<[u8]>>(&self, request: &Request<B>, route: Option<&Route<'_>>) -> Vec<Need> {
        let path = request.uri().path();
        let Some(route) = route else { return vec![self.need(request.method().as_str(), path)] };
        match route.operation {
            // Connections belong to an API whose id is in the host; until they are built, nobody who is limited reaches them.
            AnyOperation::Management(_) => vec![Need {
                action: "execute-api:ManageConnections".to_owned(),
                resource: self.resource("execute-api", &self.scope().account, path),
                decoded: None,
            }],
            AnyOperation::V1(operation) => {
                let mut needs = vec![self.need(request.method().as_str(), path)];
                // A copy holds all of the API that it is made from.
                if operation == Operation::CreateRestApi
                    && let Some(source) = clone_source(request.body().as_ref())
                {
                    needs.push(self.need("GET", &format!("/restapis/{}", utf8_percent_encode(&source, SEGMENT))));
                }
                needs
            }
            AnyOperation::V2(_) => vec![self.need(request.method().as_str(), path)],
        }
    }

    /// As the path is routed: each segment decoded and encoded again, so that no spelling of an id is another resource.
    fn need(&self, verb: &str, path: &str) -> Need {
        let decoded =
            path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy()).collect::<Vec<Cow<'_, str>>>();
        let encoded = decoded.iter().map(|segment| utf8_percent_encode(segment, SEGMENT).to_string()).collect::<Vec<_>>();
        let (encoded, decoded) = (encoded.join("/"), decoded.join("/"));
        let resource = |path: &str| self.resource("apigateway", "", path);
        let is_tag = TAG_PATHS.iter().any(|start| path.starts_with(start));
        let spelling = if is_tag { Decoded::Named } else { Decoded::Denied };
        let other = (encoded != decoded).then(|| spelling(resource(&decoded)));
        Need { action: format!("apigateway:{verb}"), resource: resource(&encoded), decoded: other }
    }

    fn resource(&self, service: &str, account: &str, path: &str) -> String {
        let scope = self.scope();
        format!("arn:{}:{service}:{}:{account}:{path}", scope.partition(), scope.region)
    }

    fn arn(&self) -> String {
        self.identity.arn(self.scope().partition())
    }

    fn refusal(&self, need: &Need, verdict: Verdict) -> ApiError {
        let Need { action, resource, decoded: _ } = need;
        let end = match verdict {
            Verdict::Deny => "with an explicit deny in an identity-based policy".to_owned(),
            Verdict::Silent | Verdict::Delegated | Verdict::Allow => {
                format!("because no identity-based policy allows the {action} action")
            }
        };
        let user = self.arn();
        ApiError::forbidden(
            "AccessDeniedException",
            format!("User: {user} is not authorized to perform: {action} on resource: {resource} {end}"),
        )
    }
}

/// The API that a new one is to be a copy of. A body that is no JSON is refused by the operation.
fn clone_source(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("cloneFrom").and_then(serde_json::Value::as_str).map(str::to_owned)
}

impl Keys for Authenticated {
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>> {
        let value = match key {
            "aws:currenttime" => jiff::Timestamp::from_second(self.now_s).ok()?.to_string(),
            "aws:epochtime" => self.now_s.to_string(),
            "aws:requestedregion" => self.scope().region.clone(),
            // When the key was lent.
            "aws:tokenissuetime" => jiff::Timestamp::from_second(self.session?.issued_s).ok()?.to_string(),
            key => self.identity.condition_value(key, self.scope().partition())?,
        };
        Some(vec![value.into()])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use postern_api_model::wire;
    use postern_store::{AccessKeyStatus, Secret};

    use super::*;

    fn key(statements: &str) -> Authenticated {
        let policy = Some(format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#));
        let (id, account, secret) = ("AKIAUSER".into(), "000000000000".into(), Secret::new("s".into()));
        let key = AccessKey { id, secret, account, created: 0, status: AccessKeyStatus::Active, policy, session: None };
        Authenticated::of_key(key, "eu-west-1".into(), 1_700_000_000)
    }

    fn ask(key: Authenticated, verb: &str, target: &str, body: &'static str) -> Result<(), String> {
        let request = Request::builder().method(verb).uri(target).body(body).unwrap();
        let route = wire::find(verb, request.uri().path(), request.uri().query().unwrap_or_default());
        key.permitted(&request, route.as_ref()).map(drop).map_err(|error| {
            assert_eq!((error.code, error.status), ("AccessDeniedException", 403));
            error.message
        })
    }

    const READ: &str = r#"{"Effect":"Allow","Action":"apigateway:GET","Resource":"*"}"#;
    const ONE: &str = r#"{"Effect":"Allow","Action":"apigateway:*","Resource":["arn:aws:apigateway:*::/restapis/abc","arn:aws:apigateway:*::/restapis/abc/*"]}"#;

    #[test]
    fn a_reader_writes_nothing() {
        for target in
            ["/restapis", "/restapis/abc/stages/s", "/v2/apis", "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabc"]
        {
            assert_eq!(ask(key(READ), "GET", target, ""), Ok(()), "{target}");
        }
        for (verb, target) in [
            ("POST", "/restapis"),
            ("DELETE", "/restapis/abc"),
            ("PATCH", "/restapis/abc/stages/s"),
            ("PUT", "/restapis/abc?mode=overwrite"),
            ("PUT", "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabc"),
            ("POST", "/v2/apis"),
            ("POST", "/restapis/abc/resources/r/methods/GET"),
        ] {
            ask(key(READ), verb, target, "").unwrap_err();
        }
        let expected = "User: arn:aws:iam::000000000000:user/AKIAUSER is not authorized to perform: apigateway:POST on resource: \
                        arn:aws:apigateway:eu-west-1::/restapis because no identity-based policy allows the apigateway:POST action";
        assert_eq!(ask(key(READ), "POST", "/restapis", ""), Err(expected.to_owned()));
    }

    #[test]
    fn a_key_of_one_api_reaches_no_other() {
        for (verb, target) in [
            ("GET", "/restapis/abc"),
            ("DELETE", "/restapis/abc"),
            ("PATCH", "/restapis/abc/stages/s"),
            ("GET", "/restapis/%61bc"),
        ] {
            assert_eq!(ask(key(ONE), verb, target, ""), Ok(()), "{target}");
        }
        for target in [
            "/restapis",
            "/restapis/abcd",
            "/restapis/xyz",
            "/restapis/ab",
            "/v2/apis/abc",
            "/restapis/x%2F..%2Fabc",
            "/domainnames",
            "/nothing",
        ] {
            ask(key(ONE), "GET", target, "").unwrap_err();
        }
        ask(key(ONE), "PUT", "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabc", "").unwrap_err();
    }

    #[test]
    fn no_spelling_of_an_id_gets_round_a_denial() {
        let deny = r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"apigateway:*","Resource":"arn:aws:apigateway:*::/restapis/abc*"}"#;
        for target in ["/restapis/abc", "/restapis/%61bc", "/restapis/%61%62%63/stages", "/restapis/abc/"] {
            let error = ask(key(deny), "GET", target, "").unwrap_err();
            assert!(error.ends_with("with an explicit deny in an identity-based policy"), "{error}");
        }
        assert_eq!(ask(key(deny), "GET", "/restapis/xyz", ""), Ok(()));
    }

    #[test]
    fn a_copy_needs_the_right_to_read_what_is_copied() {
        let create = r#"{"Effect":"Allow","Action":"apigateway:POST","Resource":"arn:aws:apigateway:*::/restapis"}"#;
        let both = format!("{create},{ONE}");
        assert_eq!(ask(key(create), "POST", "/restapis", r#"{"name":"a"}"#), Ok(()));
        assert!(
            ask(key(create), "POST", "/restapis", r#"{"name":"a","cloneFrom":"abc"}"#).unwrap_err().contains("apigateway:GET")
        );
        assert_eq!(ask(key(&both), "POST", "/restapis", r#"{"name":"a","cloneFrom":"abc"}"#), Ok(()));
        ask(key(&both), "POST", "/restapis", r#"{"name":"a","cloneFrom":"xyz"}"#).unwrap_err();
    }

    #[test]
    fn conditions_and_what_is_unreadable() {
        let region = r#"{"Effect":"Allow","Action":"apigateway:GET","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"},"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}}"#;
        assert_eq!(ask(key(region), "GET", "/restapis", ""), Ok(()));
        ask(key(&region.replace("2030", "2020")), "GET", "/restapis", "").unwrap_err();
        ask(key("no json"), "GET", "/restapis", "").unwrap_err();
        ask(key(r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}"#), "GET", "/restapis", "").unwrap_err();
        ask(key(READ), "POST", "/@connections/a", "").unwrap_err();
    }
}
