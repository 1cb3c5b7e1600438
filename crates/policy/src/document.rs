//! The document: parsed once, into what evaluation reads.

use crate::condition::Condition;
use crate::json::Json;
use crate::pattern::{Form, Pattern};
use crate::principal::Principals;
use crate::variables::Variables;

/// Bytes of a document: eight times AWS's bound on a resource policy, and more than an authorizer's answer may have.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// What matching all of a document's patterns may take, in tokens that are looked at for each character of a text: as many as AWS's bound on
/// a resource policy has characters, so that only variables and long lists of values can take one of that length past it. The worst of patterns took 0.8 ms for an ARN of
/// 1,600 characters and 12 ms for a header field of 10 KiB (measured on a busy machine).
const WORK_MAX: usize = 8 * 1024;

const MEMBERS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// A policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub(crate) statements: Vec<Statement>,
}

/// Where a policy is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To what is called: each statement says whom it means.
    Resource,
    /// To the caller, whom each statement means.
    Identity,
}

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy is invalid: {0}")]
pub struct PolicyError(String);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    pub(crate) who: Who,
    pub(crate) actions: Named<Pattern>,
    pub(crate) resources: Named<Pattern>,
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

/// Whom a statement means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Who {
    /// The caller that the policy is attached to.
    Bearer,
    Are(Principals),
    AreNot(Principals),
}

/// What a statement names: these, or all but these.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Named<T> {
    Any(Vec<T>),
    AllBut(Vec<T>),
}

/// Which language the document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// `2008-10-17`, which has no variables. It holds where no version is given.
    Old,
    /// `2012-10-17`.
    Current,
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is no policy of this kind, in words.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, PolicyError> {
        if text.len() > DOCUMENT_BYTES_MAX {
            return Err(PolicyError(format!("it is longer than {DOCUMENT_BYTES_MAX} bytes")));
        }
        Json::parse(text).and_then(|json| read(&json, kind)).map_err(PolicyError)
    }

    /// Reads a document that is part of something larger, whose length somebody else bounds.
    ///
    /// # Errors
    /// As with [`Self::parse`].
    pub fn of_json(json: &Json, kind: Kind) -> Result<Self, PolicyError> {
        read(json, kind).map_err(PolicyError)
    }

    /// Characters of the longest resource that a statement names.
    pub fn resource_chars_max(&self) -> usize {
        let resources = self.statements.iter().flat_map(|statement| statement.resources.these());
        resources.map(Pattern::written_chars).max().unwrap_or_default()
    }
}

fn read(json: &Json, kind: Kind) -> Result<Policy, String> {
    let policy = Members::of(json, "the policy", MEMBERS)?;
    let version = match policy.find("Version") {
        None => Version::Old,
        Some(Json::Text(text)) if text == "2012-10-17" => Version::Current,
        Some(Json::Text(text)) if text == "2008-10-17" => Version::Old,
        Some(_) => return Err("Version is 2012-10-17 or 2008-10-17".to_owned()),
    };
    let statements = policy.find("Statement").ok_or("it has no Statement")?.one_or_many();
    if statements.is_empty() {
        return Err("it has no statement".to_owned());
    }
    let statements =
        statements.iter().map(|statement| Statement::read(statement, kind, version)).collect::<Result<Vec<_>, _>>()?;
    let work: usize = statements.iter().map(Statement::work).sum();
    if work > WORK_MAX {
        return Err(format!("its wildcards, variables and values take too much work: {work} of at most {WORK_MAX}"));
    }
    Ok(Policy { statements })
}

impl Statement {
    fn read(json: &Json, kind: Kind, version: Version) -> Result<Self, String> {
        let statement = Members::of(json, "a statement", STATEMENT_MEMBERS)?;
        let effect = match statement.find("Effect") {
            Some(Json::Text(text)) if text == "Allow" => Effect::Allow,
            Some(Json::Text(text)) if text == "Deny" => Effect::Deny,
            _ => return Err("a statement's Effect is Allow or Deny".to_owned()),
        };
        let who = match (kind, statement.find("Principal"), statement.find("NotPrincipal")) {
            (Kind::Identity, None, None) => Who::Bearer,
            (Kind::Identity, ..) => return Err("the policy of a caller names no principals".to_owned()),
            (Kind::Resource, Some(principals), None) => Who::Are(Principals::parse(principals)?),
            (Kind::Resource, None, Some(principals)) => Who::AreNot(Principals::parse(principals)?),
            (Kind::Resource, ..) => return Err("a statement has one of Principal and NotPrincipal".to_owned()),
        };
        let action = |text: &str| action(text);
        let resource = |text: &str| resource(text, version);
        Ok(Self {
            effect,
            who,
            actions: statement.named("Action", "NotAction", &action)?,
            resources: statement.named("Resource", "NotResource", &resource)?,
            conditions: match statement.find("Condition") {
                Some(conditions) => Condition::read_all(conditions, version)?,
                None => Vec::new(),
            },
        })
    }

    fn work(&self) -> usize {
        let patterns = self.actions.these().iter().chain(self.resources.these());
        patterns.map(Pattern::work).sum::<usize>() + self.conditions.iter().map(Condition::work).sum::<usize>()
    }
}

impl<T> Named<T> {
    fn these(&self) -> &[T] {
        match self {
            Self::Any(these) | Self::AllBut(these) => these,
        }
    }
}

/// Names of actions do not differ by case (IAM user guide, "IAM JSON policy elements: Action").
fn action(text: &str) -> Result<Pattern, String> {
    let is_action =
        text == "*" || text.split_once(':').is_some_and(|(service, action)| !service.is_empty() && !action.is_empty());
    if !is_action {
        return Err(format!("{text:?} is no action: one is written service:Action"));
    }
    Ok(Pattern::new(&Variables::none(&text.to_ascii_lowercase()), Form::Plain))
}

fn resource(text: &str, version: Version) -> Result<Pattern, String> {
    if text.is_empty() {
        return Err("a resource is empty".to_owned());
    }
    Ok(Pattern::new(&version.text(text)?, Form::Arn))
}

impl Version {
    /// A text that may have variables in this language.
    pub(crate) fn text(self, text: &str) -> Result<Variables, String> {
        match self {
            Self::Old => Ok(Variables::none(text)),
            Self::Current => Variables::parse(text).ok_or_else(|| format!("{text:?} has a malformed variable")),
        }
    }
}

/// The members of an object, all of them known.
struct Members<'a>(&'a [(String, Json)]);

impl<'a> Members<'a> {
    fn of(json: &'a Json, what: &str, known: &[&str]) -> Result<Self, String> {
        let Json::Object(members) = json else { return Err(format!("{what} is no object")) };
        match members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(format!("{what} has no member {name:?}")),
            None => Ok(Self(members)),
        }
    }

    fn find(&self, name: &str) -> Option<&'a Json> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn named<T>(&self, name: &str, but: &str, read: &dyn Fn(&str) -> Result<T, String>) -> Result<Named<T>, String> {
        let all = |json: &Json, name: &str| -> Result<Vec<T>, String> {
            let these = json.one_or_many();
            if these.is_empty() {
                return Err(format!("{name} is empty"));
            }
            let text = |json: &Json| match json {
                Json::Text(text) => read(text),
                _ => Err(format!("{name} holds something that is no text")),
            };
            these.iter().map(text).collect()
        };
        match (self.find(name), self.find(but)) {
            (Some(these), None) => Ok(Named::Any(all(these, name)?)),
            (None, Some(these)) => Ok(Named::AllBut(all(these, but)?)),
            _ => Err(format!("a statement has one of {name} and {but}")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{NoKeys, Principal, Request};

    fn with_resources(resources: &[String]) -> Result<Policy, PolicyError> {
        let texts = resources.iter().map(|resource| Json::Text(resource.clone()).to_string()).collect::<Vec<_>>().join(",");
        let statement = format!(r#"{{"Effect":"Allow","Action":"execute-api:Invoke","Resource":[{texts}]}}"#);
        Policy::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#), Kind::Identity)
    }

    #[test]
    fn the_work_of_a_policy_is_bounded() {
        let hostile = format!("{}!", "*a".repeat(250));
        assert!(with_resources(&vec![hostile.clone(); WORK_MAX / 501]).is_ok());
        let error = with_resources(&vec![hostile; WORK_MAX / 501 + 1]).unwrap_err().to_string();
        assert!(error.contains("too much work"), "{error}");
        assert!(with_resources(&vec!["${aws:useragent}".to_owned(); 100]).is_err());
        // Many plain resources, with or without a run at the end, are little work.
        let arn = "arn:aws:execute-api:eu-west-1:111111111111:abcde12345/prod/GET/pets/*".to_owned();
        assert!(with_resources(&vec![arn; 800]).is_ok());
        let values = vec![r#""a""#; WORK_MAX].join(",");
        let condition = format!(r#""Condition":{{"StringEquals":{{"aws:useragent":[{values}]}}}}"#);
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*",{condition}}}"#);
        assert!(Policy::parse(&format!(r#"{{"Statement":{statement}}}"#), Kind::Identity).is_err());
    }

    #[test]
    fn names_are_literal() {
        let allows = |resource: &str, asked: &str| {
            let request =
                Request { principal: Principal::Anonymous, action: "execute-api:Invoke", resource: asked, keys: &NoKeys };
            with_resources(&[resource.to_owned()]).unwrap().allows_by_name(&request)
        };
        assert!(allows("arn:a%20b", "arn:a%20b"));
        assert!(!allows("arn:a%20b", "arn:a%20") && !allows("arn:a%20", "arn:a%20b"));
        assert!(!allows("arn:a%20*", "arn:a%20b") && !allows("arn:a%20*", "arn:a%20*"));
    }
}
