//! Who asks, and whom a statement means (IAM user guide, "AWS JSON policy elements: Principal").

use crate::json::Json;

/// A caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// Somebody whose identity nobody asked for or proved.
    Anonymous,
    /// A user, role or session of an account.
    Aws {
        /// Twelve digits.
        account: &'a str,
        /// `arn:aws:iam::123456789012:user/name`, or of a session.
        arn: &'a str,
        /// The ARN of the role that a session belongs to.
        role_arn: Option<&'a str>,
    },
    /// An AWS service, such as `apigateway.amazonaws.com`.
    Service(&'a str),
}

/// The principals that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Principals {
    /// `"*"` or `{"AWS": "*"}`, which mean the same in a policy of a resource.
    Everyone,
    These(Vec<One>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum One {
    /// Everybody in an account: its number, or the ARN of its root.
    Account(String),
    /// A user, role or session.
    Arn(String),
    Service(String),
    /// Federated and canonical users, which do not call here: named, and never met.
    Unmet,
}

impl Principals {
    /// Reads `Principal` or `NotPrincipal`.
    pub(crate) fn parse(json: &Json) -> Result<Self, String> {
        let kinds = match json {
            Json::Text(text) if text == "*" => return Ok(Self::Everyone),
            Json::Object(kinds) if !kinds.is_empty() => kinds,
            _ => return Err("a principal is \"*\" or an object of AWS, Service, Federated or CanonicalUser".to_owned()),
        };
        let mut these = Vec::new();
        let mut everyone = false;
        for (kind, names) in kinds {
            let names = names.one_or_many();
            if names.is_empty() {
                return Err(format!("the principals of {kind} are an empty list"));
            }
            for name in names {
                let Json::Text(name) = name else { return Err(format!("a principal of {kind} is no text")) };
                match (kind.as_str(), name.as_str()) {
                    (_, "") => return Err(format!("a principal of {kind} is empty")),
                    ("AWS", "*") => everyone = true,
                    ("AWS", name) => these.push(One::aws(name)?),
                    ("Service", name) => these.push(One::Service(name.to_owned())),
                    ("Federated" | "CanonicalUser", _) => these.push(One::Unmet),
                    _ => return Err(format!("there is no kind of principal {kind}")),
                }
            }
        }
        Ok(if everyone { Self::Everyone } else { Self::These(these) })
    }

    /// Whether the caller is among them.
    pub(crate) fn hold(&self, caller: Principal<'_>) -> bool {
        match self {
            Self::Everyone => true,
            Self::These(these) => these.iter().any(|one| one.is(caller)),
        }
    }

    /// Whether only the account of the caller is among them, and the caller is not the account itself.
    pub(crate) fn delegate(&self, caller: Principal<'_>) -> bool {
        let (Self::These(these), Principal::Aws { account, arn, .. }) = (self, caller) else { return false };
        arn != root_of(account) && !these.iter().any(|one| !matches!(one, One::Account(_)) && one.is(caller))
    }

    /// Whether the caller is exempt from a `Deny` with `NotPrincipal`. Documented: a session is only when it and what it stands
    /// on, its role and its account, are all named.
    pub(crate) fn exempt(&self, caller: Principal<'_>) -> bool {
        let Self::These(these) = self else { return true };
        let names = |wanted: &One| these.contains(wanted);
        match caller {
            Principal::Aws { account, arn, role_arn } => {
                names(&One::Account(account.to_owned()))
                    && (arn == root_of(account) || names(&One::Arn(arn.to_owned())))
                    && role_arn.is_none_or(|role| names(&One::Arn(role.to_owned())))
            }
            other => self.hold(other),
        }
    }
}

fn root_of(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

impl One {
    fn aws(name: &str) -> Result<Self, String> {
        if is_account(name) {
            return Ok(Self::Account(name.to_owned()));
        }
        match name.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", partition, "iam", "", account, "root"] if partition.starts_with("aws") && is_account(account) => {
                Ok(Self::Account(account.to_owned()))
            }
            ["arn", partition, "iam" | "sts", "", account, resource]
                if partition.starts_with("aws") && is_account(account) && !resource.is_empty() =>
            {
                // Documented: there are no wildcards in the middle of a principal.
                if resource.contains(['*', '?']) {
                    return Err(format!("the principal {name} has a wildcard; only \"*\" alone may be one"));
                }
                Ok(Self::Arn(name.to_owned()))
            }
            _ => Err(format!("{name:?} is no account, and no ARN of a user, role or session")),
        }
    }

    fn is(&self, caller: Principal<'_>) -> bool {
        match (self, caller) {
            (Self::Account(known), Principal::Aws { account, .. }) => known == account,
            (Self::Arn(known), Principal::Aws { arn, role_arn, .. }) => known == arn || Some(known.as_str()) == role_arn,
            (Self::Service(known), Principal::Service(name)) => known == name,
            _ => false,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
