//! The document: parsed once, into what evaluation reads.

use crate::condition::Condition;
use crate::json::Json;
use crate::pattern::{Form, Pattern};
use crate::principal::Principals;
use crate::variables::Variables;

/// Bytes of a document: eight times AWS's bound on a resource policy, and more than an authorizer's answer may have.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

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
    let statements = statements.iter().map(|statement| Statement::read(statement, kind, version)).collect::<Result<_, _>>()?;
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
