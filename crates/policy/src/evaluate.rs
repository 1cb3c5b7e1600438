//! Asking a policy.

use std::borrow::Cow;

use crate::document::{Effect, Named, Policy, Statement, Who};
use crate::principal::Principal;

/// What is asked for, by whom.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The caller.
    pub principal: Principal<'a>,
    /// Such as `execute-api:Invoke`.
    pub action: &'a str,
    /// An ARN.
    pub resource: &'a str,
    /// The condition keys of the request.
    pub keys: &'a dyn Keys,
}

/// Gives condition keys their values.
pub trait Keys {
    /// The values of a key, whose name is in lower case; `None` when the request has no such key.
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>>;
}

/// A request without condition keys.
#[derive(Clone, Copy, Debug)]
pub struct NoKeys;

impl Keys for NoKeys {
    fn values(&self, _key: &str) -> Option<Vec<Cow<'_, str>>> {
        None
    }
}

/// What a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No statement applies.
    Silent,
    /// A statement allows the caller's account, which says itself which of its callers may (IAM user guide, "AWS account principals").
    Delegated,
    /// A statement allows, and none denies.
    Allow,
    /// A statement denies.
    Deny,
}

impl Policy {
    /// What it says of a request.
    pub fn verdict(&self, request: &Request<'_>) -> Verdict {
        let action = request.action.to_ascii_lowercase();
        let request = &Request { action: &action, ..*request };
        let mut verdict = Verdict::Silent;
        for statement in &self.statements {
            if !statement.applies(request) {
                continue;
            }
            match statement.effect {
                Effect::Deny => return Verdict::Deny,
                Effect::Allow if statement.delegates(request.principal) => verdict = verdict.max(Verdict::Delegated),
                Effect::Allow => verdict = Verdict::Allow,
            }
        }
        verdict
    }

    /// Whether a statement that applies allows the request's resource by its very name, without wildcards.
    pub fn allows_by_name(&self, request: &Request<'_>) -> bool {
        let action = request.action.to_ascii_lowercase();
        let request = &Request { action: &action, ..*request };
        let names = |statement: &Statement| match &statement.resources {
            Named::Any(these) => these.iter().any(|resource| resource.is_literally(request.resource)),
            Named::AllBut(_) => false,
        };
        let mut allowing = self.statements.iter().filter(|statement| statement.effect == Effect::Allow);
        allowing.any(|statement| names(statement) && statement.applies(request) && !statement.delegates(request.principal))
    }
}

impl Statement {
    /// The request's action is in lower case here.
    fn applies(&self, request: &Request<'_>) -> bool {
        self.means(request.principal)
            && self.actions.holds(|action| action.matches(request.action, request.keys))
            && self.resources.holds(|resource| resource.matches(request.resource, request.keys))
            && self.conditions.iter().all(|condition| condition.holds(request.keys))
    }

    /// Whether it means the caller by its account alone.
    fn delegates(&self, caller: Principal<'_>) -> bool {
        matches!(&self.who, Who::Are(principals) if principals.delegate(caller))
    }

    fn means(&self, caller: Principal<'_>) -> bool {
        match &self.who {
            Who::Bearer => true,
            Who::Are(principals) => principals.hold(caller),
            Who::AreNot(principals) => match self.effect {
                Effect::Allow => !principals.hold(caller),
                Effect::Deny => !principals.exempt(caller),
            },
        }
    }
}

impl<T> Named<T> {
    fn holds(&self, matches: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Any(these) => these.iter().any(matches),
            Self::AllBut(these) => !these.iter().any(matches),
        }
    }
}
